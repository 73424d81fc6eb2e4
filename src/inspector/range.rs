//! One range of a longer content (RFC 9110 section 14). What is no single range of bytes is as good as none.

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_RANGE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::answer::Refused;
use crate::http::Answer;

/// The length of the whole, whatever part of it is answered.
const TOTAL: HeaderName = HeaderName::from_static("hookctl-total-bytes");

/// What a `Range` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// From here to there, both included; without an end to the end.
    From(usize, Option<usize>),
    /// The last so many.
    Last(usize),
}

/// Puts the content into an answer, or the range of it that these headers of a request ask for.
pub(super) fn ranged(mut answer: Answer, content: &Bytes, asked: &HeaderMap) -> Result<Answer, Refused> {
    let total = content.len();
    answer.headers.insert(TOTAL, HeaderValue::from(total));
    answer.headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let Some(wanted) = wanted(asked) else {
        return Ok(Answer { body: content.clone(), ..answer });
    };
    let (first, last) = match wanted {
        Wanted::From(first, last) => (first, last.unwrap_or(usize::MAX).min(total.saturating_sub(1))),
        Wanted::Last(count) => (total.saturating_sub(count), total.saturating_sub(1)),
    };
    if first >= total || wanted == Wanted::Last(0) {
        return Err(Refused::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "no_such_range",
            format!("the range lies behind the end: there are {total} bytes"),
        ));
    }
    if let Ok(range) = HeaderValue::from_str(&format!("bytes {first}-{last}/{total}")) {
        answer.headers.insert(CONTENT_RANGE, range);
    }
    Ok(Answer { status: StatusCode::PARTIAL_CONTENT, body: content.slice(first..=last), ..answer })
}

fn wanted(headers: &HeaderMap) -> Option<Wanted> {
    let range = headers.get(RANGE)?.to_str().ok()?.trim().strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => last.parse().ok().map(Wanted::Last),
        (false, true) => first.parse().ok().map(|first| Wanted::From(first, None)),
        (false, false) => {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(Wanted::From(first, Some(last)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(range: &str) -> (u16, Option<String>, Vec<u8>) {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]);
        match ranged(Answer::default(), &Bytes::from_static(b"0123456789"), &headers) {
            Ok(answer) => {
                let range = answer.headers.get(CONTENT_RANGE).map(|value| value.to_str().unwrap().to_owned());
                assert_eq!(answer.headers[TOTAL], "10");
                (answer.status.as_u16(), range, answer.body.to_vec())
            }
            Err(refused) => (refused.status.as_u16(), None, Vec::new()),
        }
    }

    #[test]
    fn one_range_is_answered_with_just_its_bytes() {
        for (range, said, bytes) in [
            ("bytes=0-3", "bytes 0-3/10", "0123"),
            ("bytes=7-", "bytes 7-9/10", "789"),
            ("bytes=-2", "bytes 8-9/10", "89"),
            ("bytes=-20", "bytes 0-9/10", "0123456789"),
            ("bytes=5-99", "bytes 5-9/10", "56789"),
            ("bytes=9-9", "bytes 9-9/10", "9"),
        ] {
            assert_eq!(answered(range), (206, Some(said.to_owned()), bytes.as_bytes().to_vec()), "{range}");
        }
    }

    #[test]
    fn a_range_behind_the_end_is_refused_and_what_is_none_is_not_heeded() {
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=18446744073709551615-"] {
            assert_eq!(answered(range).0, 416, "{range}");
        }
        for range in ["bytes=", "bytes=-", "bytes=3-1", "items=0-1", "bytes=0-1,3-4", "bytes=a-b", "0-1"] {
            assert_eq!(answered(range), (200, None, b"0123456789".to_vec()), "{range}");
        }
    }
}
