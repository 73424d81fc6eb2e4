//! Texts as far as anybody reads them.

/// The text, or so many bytes of it with a sign that there is more.
pub(super) fn cut(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most);
    if end == text.len() { text.to_owned() } else { format!("{}…", &text[..end]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_with_a_sign_and_between_characters() {
        for (text, shown) in [("", ""), ("abc", "abc"), ("abcd", "abc…"), ("aäö", "aä…"), ("aaäö", "aa…")] {
            assert_eq!(cut(text, 3), shown, "{text}");
        }
    }
}
