//! The next page of a list, as a `Link` header names it (RFC 8288).

use url::Url;

/// The cursor of the next page: what the link that is marked `rel="next"` has for this query parameter.
/// The link itself is never followed, so it cannot lead elsewhere.
pub(super) fn next_page(header: &str, base: &Url, parameter: &str) -> Option<String> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (target, behind) = rest[start + 1..].split_once('>')?;
        let (parameters, further) = behind.split_at(border(behind));
        if parameters.split(';').any(is_next) {
            let url = base.join(target).ok()?;
            return url.query_pairs().find(|(name, _)| name == parameter).map(|(_, value)| value.into_owned());
        }
        rest = further;
    }
    None
}

/// Where the parameters of a link end: at the first comma that stands in no quoted text.
fn border(parameters: &str) -> usize {
    let mut is_quoted = false;
    let ends = |letter: char| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    };
    parameters.find(ends).unwrap_or(parameters.len())
}

/// `rel=next`, or among several: `rel="next last"`.
fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut values = value.trim().trim_matches('"').split_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && values.any(|value| value.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(header: &str) -> Option<String> {
        next_page(header, &Url::parse("https://api.test/hooks").unwrap(), "page")
    }

    #[test]
    fn the_next_page_is_found_among_the_links() {
        let github = "<https://api.test/hooks?per_page=2&page=1>; rel=\"prev\", <https://api.test/hooks?per_page=2&page=3>; \
                      rel=\"next\", <https://api.test/hooks?page=9>; rel=\"last\"";
        assert_eq!(next(github), Some("3".into()));
        assert_eq!(next("</hooks?page=a%2Cb,<c>;title=\"x, y\";REL=\"last Next\""), Some("a,b,<c".into()));
        let mixed = "<?page=1>; rel=prev, <?page=2>; rel=next,<?page=3>; rel=last";
        assert_eq!(next(mixed), Some("2".into()), "with a blank behind the comma and without");
        assert_eq!(next("<?page=1>; title=\"a, <b>\"; rel=prev,<?page=2>; rel=next"), Some("2".into()));
        assert_eq!(next("<https://evil.test/?page=4>;rel=next"), Some("4".into()), "only the number is taken");
    }

    #[test]
    fn without_one_there_is_none() {
        for header in
            ["", "<", "<https://api.test/?page=2>", "<https://api.test/?page=2>; rel=prev", "<?x=1>; rel=next"]
        {
            assert_eq!(next(header), None, "{header}");
        }
    }
}
