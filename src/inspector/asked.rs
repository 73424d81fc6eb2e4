//! Which events a call asks for: parameters with the names that flags have, and a text of words.

use jiff::Timestamp;

use super::answer::Refused;
use super::parameters::Parameters;
use crate::history::{Filter, FilterError, Given, Since};
use crate::model::VerdictStatus;

/// A filter, and what it was made of.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) filter: Filter,
    /// The same for the same parameters.
    pub(super) key: String,
}

impl Asked {
    /// Takes the parameters of a filter out.
    pub(super) fn take(parameters: &mut Parameters, now: Timestamp) -> Result<Self, Refused> {
        // An empty search box asks for nothing in particular.
        let filter = parameters.take_all("filter").into_iter().filter(|text| !text.trim().is_empty()).collect();
        let verdicts = list(parameters, "verdict");
        let given = Given {
            filter,
            provider: list(parameters, "provider"),
            event: list(parameters, "event"),
            verdict: verdicts.iter().map(|name| verdict(name)).collect::<Result<_, _>>()?,
            since: time(parameters, "since")?,
            until: time(parameters, "until")?,
            r#where: parameters.take_all("where"),
            failed: parameters.take_flag("failed")?,
            pinned: parameters.take_flag("pinned")?,
        };
        let key = format!("{given:?}");
        Ok(Self { filter: given.read(now)?, key })
    }
}

/// Values of a name, in one parameter with commas or in several.
fn list(parameters: &mut Parameters, name: &str) -> Vec<String> {
    let values = parameters.take_all(name);
    let parts = values.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn verdict(name: &str) -> Result<VerdictStatus, Refused> {
    let known = VerdictStatus::ALL.map(VerdictStatus::as_str).join(", ");
    VerdictStatus::parse(name).ok_or_else(|| refused(format!("`{name}` is no verdict")).hint(format!("known: {known}")))
}

fn time(parameters: &mut Parameters, name: &str) -> Result<Option<Since>, Refused> {
    let text = parameters.take(name)?.filter(|text| !text.trim().is_empty());
    text.map(|text| text.trim().parse::<Since>().map_err(refused)).transpose()
}

fn refused(message: String) -> Refused {
    Refused::new(http::StatusCode::BAD_REQUEST, "filter", message)
}

impl From<FilterError> for Refused {
    fn from(error: FilterError) -> Self {
        refused(error.to_string()).hint(error.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Asked, Refused> {
        Asked::take(&mut Parameters::parse(Some(query)), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn parameters_have_the_names_and_forms_of_flags() {
        let filter =
            asked("provider=github,stripe&provider=shopify&verdict=valid&failed=true&since=2h&where=json:/a=1");
        let filter = filter.unwrap().filter;
        assert_eq!(filter.providers, ["github", "stripe", "shopify"]);
        assert!(filter.failed && filter.since.is_some() && filter.conditions.len() == 1);
        let filter = asked("filter=is:pinned+event:a&filter=some+text&pinned=false").unwrap().filter;
        assert!(filter.pinned && filter.texts.len() == 2 && filter.events.len() == 1);
        assert!(asked("filter=+&event=&since=").unwrap().filter.is_empty());
    }

    #[test]
    fn what_cannot_be_read_says_what_and_names_the_cure() {
        for (query, message) in [
            ("filter=povider:x", "there is no `povider:`"),
            ("verdict=bad", "`bad` is no verdict"),
            ("since=yesterday", "neither a time nor an age"),
            ("where=nowhere:x", "nowhere"),
        ] {
            let refused = asked(query).unwrap_err();
            assert_eq!((refused.status.as_u16(), refused.code), (400, "filter"));
            assert!(refused.message.contains(message), "{query}: {}", refused.message);
        }
    }
}
