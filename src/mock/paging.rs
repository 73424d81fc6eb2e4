//! Cutting the list of webhooks into pages, as the API does.

use http::{HeaderName, HeaderValue};

use super::webhook::Fields;
use crate::provider::api::{Api, Paging, PagingStyle};

/// One page.
pub(super) struct PageOf {
    pub(super) body: Vec<u8>,
    /// `Link`, where the API tells further pages there.
    pub(super) link: Option<(HeaderName, HeaderValue)>,
}

/// The page that `query` asks for; `url` is the list's own, without a query.
pub(super) fn page(api: &Api, all: &[Fields], query: &str, url: &str) -> PageOf {
    let Some(paging) = api.paging() else {
        return PageOf { body: api.write_page(all, false, None), link: None };
    };
    let asked = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    let size = paging.limit.as_deref().and_then(asked).and_then(|text| text.parse().ok()).unwrap_or(paging.size);
    let size = usize::try_from(size.clamp(1, paging.max.max(1))).unwrap_or(1);
    let position = asked(&paging.parameter);
    let begin = match paging.style {
        PagingStyle::Link => {
            let number = position.and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).max(1);
            (number - 1).saturating_mul(size)
        }
        PagingStyle::After | PagingStyle::Cursor => after(all, position.as_deref()),
    };
    let begin = begin.min(all.len());
    let end = begin.saturating_add(size).min(all.len());
    let more = end < all.len();
    let chosen = &all[begin..end];
    let next = chosen.last().and_then(id).filter(|_| more || paging.style == PagingStyle::Cursor);
    let link =
        (paging.style == PagingStyle::Link).then(|| link(paging, url, begin / size + 1, size, all.len())).flatten();
    PageOf { body: api.write_page(chosen, more, next), link }
}

fn id(fields: &Fields) -> Option<&str> {
    fields.get("id").and_then(serde_json::Value::as_str)
}

/// Behind the webhook of this id; from the beginning where there is none of it.
fn after(all: &[Fields], last: Option<&str>) -> usize {
    last.and_then(|last| all.iter().position(|fields| id(fields) == Some(last))).map_or(0, |position| position + 1)
}

/// The pages beside this one (RFC 8288), as far as there are any.
fn link(paging: &Paging, url: &str, number: usize, size: usize, count: usize) -> Option<(HeaderName, HeaderValue)> {
    let last = count.div_ceil(size).max(1);
    let limit = paging.limit.as_ref().map(|name| format!("&{name}={size}")).unwrap_or_default();
    let to = |page: usize, relation: &str| format!("<{url}?{}={page}{limit}>; rel=\"{relation}\"", paging.parameter);
    let mut links = Vec::new();
    if number > 1 {
        links.push(to((number - 1).min(last), "prev"));
    }
    if number < last {
        links.push(to(number + 1, "next"));
        links.push(to(last, "last"));
    }
    if number > 1 {
        links.push(to(1, "first"));
    }
    let value = HeaderValue::from_str(&links.join(", ")).ok().filter(|_| !links.is_empty())?;
    Some((http::header::LINK, value))
}
