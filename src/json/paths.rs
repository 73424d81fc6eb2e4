//! The paths of all values of a JSON text.

use super::{Kind, Pointer, scalar, tokens};

/// Deeper values are left out: nobody types such a path, and a path is as long as its depth.
const MAX_PATH_DEPTH: usize = 64;

/// The step that leads to the value being read.
enum Step {
    Key(String),
    Index(usize),
}

/// The dotted paths (`data.items[0].name`) of the values in `text`, in order, at most `limit`. What
/// stands before a syntax error is listed.
pub fn paths(text: &[u8], limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut too_deep = 0_usize;
    for token in tokens(text).map_while(Result::ok) {
        if found.len() >= limit {
            break;
        }
        match token.kind {
            Kind::ObjectEnd | Kind::ArrayEnd if too_deep > 0 => too_deep -= 1,
            Kind::ObjectEnd | Kind::ArrayEnd => drop(steps.pop()),
            Kind::ObjectStart | Kind::ArrayStart if too_deep > 0 || steps.len() == MAX_PATH_DEPTH => too_deep += 1,
            _ if too_deep > 0 => {}
            Kind::Key => {
                steps.pop();
                steps.push(Step::Key(String::from_utf8_lossy(&scalar(token.text)).into_owned()));
            }
            Kind::Comma => {
                if let Some(Step::Index(index)) = steps.last_mut() {
                    *index += 1;
                }
            }
            Kind::Colon => {}
            kind => {
                found.extend((!steps.is_empty()).then(|| dotted(&steps)));
                match kind {
                    Kind::ObjectStart => steps.push(Step::Key(String::new())),
                    Kind::ArrayStart => steps.push(Step::Index(0)),
                    _ => {}
                }
            }
        }
    }
    found
}

fn dotted(steps: &[Step]) -> String {
    let segment = |step: &Step| match step {
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string(),
    };
    Pointer::of(steps.iter().map(segment).collect()).dotted()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::find;

    #[test]
    fn every_value_is_listed_in_order() {
        let text = br#"{"data":{"items":[{"name":"x"},[]],"a.b":1},"n":null}"#;
        let expected = ["data", "data.items", "data.items[0]", "data.items[0].name", "data.items[1]", "/data/a.b", "n"];
        assert_eq!(paths(text, 100), expected);
        assert_eq!(paths(text, 2), expected[..2]);
        assert_eq!(paths(b"1", 9), Vec::<String>::new());
    }

    #[test]
    fn every_listed_path_leads_to_a_value() {
        let text = br#"[[1,[2]],{"a":{"":[{}]},"b":[]},"x"]"#;
        for path in paths(text, 100) {
            assert!(find(text, &Pointer::from_path(&path).unwrap()).is_some(), "{path}");
        }
    }

    #[test]
    fn hostile_depth_costs_little() {
        let text = "[".repeat(100_000);
        assert_eq!(paths(text.as_bytes(), 1_000_000).len(), MAX_PATH_DEPTH - 1);
        let text = format!("[{}{},1]", "[".repeat(200), "]".repeat(200));
        assert_eq!(paths(text.as_bytes(), 1_000).last().unwrap(), "[1]");
    }
}
