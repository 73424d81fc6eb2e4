//! What a signature may cover, the plainest first.

use super::place::{Moment, Reading};
use crate::model::Request;

/// Between the parts of what is signed.
const JOINTS: [&str; 10] = [".", "", ":", "|", "\n", ",", ";", "_", "-", " "];

/// What may be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) template: String,
    pub(super) variables: Vec<(&'static str, String)>,
    pub(super) moment: Option<Moment>,
}

/// Every usual content of this request.
pub(super) fn contents(request: &Request, reading: &Reading, moments: &[Moment], names: &[String]) -> Vec<Content> {
    let mut all: Vec<Content> = Vec::new();
    let mut add = |templates: Vec<String>, moment: Option<&Moment>, id: Option<&String>| {
        for template in templates {
            let time = moment.and_then(|moment| Some(("timestamp", moment.place.clone()?)));
            let id = id.filter(|_| template.contains("{id}")).map(|place| ("id", place.clone()));
            let variables = time.into_iter().chain(id).collect();
            all.push(Content { template, variables, moment: moment.cloned() });
        }
    };
    add(plain(request), None, None);
    for moment in moments {
        add(timed(reading), Some(moment), None);
    }
    for name in names {
        for moment in moments {
            let orders = [
                ["{id}", "{timestamp}", "{body}"],
                ["{timestamp}", "{id}", "{body}"],
                ["{body}", "{id}", "{timestamp}"],
            ];
            add(joined(&orders), Some(moment), Some(name));
        }
        add(joined(&[["{id}", "{body}"], ["{body}", "{id}"], ["{url}", "{id}"]]), None, Some(name));
    }
    all
}

/// Without a time and without an id.
fn plain(request: &Request) -> Vec<String> {
    let mut templates: Vec<&str> =
        vec!["{body}", "{url}{body}", "{body}{url}", "{method}{url}{body}", "{method}{path}{body}", "{path}{body}"];
    if request.media_type().as_deref() == Some("application/x-www-form-urlencoded") {
        templates.extend([
            r#"{url}{form|sort|pairs("","")}"#,
            r#"{form|sort|pairs("=","&")}"#,
            r#"{form|sort|pairs("","")}"#,
        ]);
    }
    templates.extend(["{url}", "{body|sha256|hex}", "{body|json_ascii}", "{body|json_compact}"]);
    templates.into_iter().map(str::to_owned).collect()
}

/// With a time, and with the name of the signature's item before it (`v0:{timestamp}:{body}`).
fn timed(reading: &Reading) -> Vec<String> {
    let mut templates = joined(&[["{timestamp}", "{body}"], ["{body}", "{timestamp}"]]);
    if let Some(label) = reading.label.as_deref().filter(|label| !label.contains(['{', '}', '"'])) {
        templates.extend(joined(&[[label, "{timestamp}", "{body}"]]));
    }
    templates.extend(joined(&[
        ["{method}", "{url}", "{body}", "{timestamp}"],
        ["{timestamp}", "{method}", "{path}", "{body}"],
        ["{timestamp}", "{method}", "{url}", "{body}"],
        ["{method}", "{path}", "{timestamp}", "{body}"],
    ]));
    templates.extend(joined(&[
        ["{timestamp}", "{url}", "{body}"],
        ["{url}", "{timestamp}", "{body}"],
        ["{timestamp}", "{path}", "{body}"],
    ]));
    templates.extend(joined(&[["{timestamp}", "{body|sha256|hex}"]]));
    templates
}

/// Each order of parts with each joint between them.
fn joined<const N: usize>(orders: &[[&str; N]]) -> Vec<String> {
    JOINTS.iter().flat_map(|joint| orders.iter().map(move |parts| parts.join(joint))).collect()
}
