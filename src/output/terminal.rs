//! Cleans foreign text before a terminal sees it.
//!
//! Bodies, headers, names and error texts come from strangers. A terminal obeys control characters,
//! and a reader is misled by characters that reorder or hide text, so both are shown as escapes
//! (`\u{1b}`, `\xff`) instead.

use unicode_width::UnicodeWidthChar;

/// Which white space besides the blank stays as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    NewlinesAndTabs,
}

/// Foreign text on one line: every control character is escaped, line breaks included.
pub fn untrusted(text: impl AsRef<[u8]>) -> String {
    clean(text.as_ref(), Keep::Nothing)
}

/// Foreign text of several lines: `\n` and `\t` stay. Only for output inside a gutter, where a line
/// cannot pass for one of hookctl's own.
pub fn untrusted_lines(text: impl AsRef<[u8]>) -> String {
    clean(text.as_ref(), Keep::NewlinesAndTabs)
}

/// Foreign text on one line of at most `width` terminal columns, cut with `…`.
pub fn one_line(text: impl AsRef<[u8]>, width: usize) -> String {
    /// An escape is at most this many times as long as what it stands for; more source than this
    /// many bytes a column is never needed.
    const BYTES_A_COLUMN: usize = 16;
    let text = text.as_ref();
    let needed = width.saturating_add(1).saturating_mul(BYTES_A_COLUMN).min(text.len());
    truncate(untrusted(&text[..needed]), width)
}

/// Whether a terminal would show every character of `text` as itself; line feeds count as such.
pub fn is_plain(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(|c| c != '\n' && is_hostile(c)))
}

fn truncate(mut text: String, width: usize) -> String {
    let mut used = 0;
    let mut cut = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > width {
            text.truncate(cut);
            text.push('…');
            return text;
        }
        // The cut leaves one column for the ellipsis.
        if used < width {
            cut = at + character.len_utf8();
        }
    }
    text
}

fn clean(text: &[u8], keep: Keep) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        clean_chunk(&mut out, chunk.valid(), keep);
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

fn clean_chunk(out: &mut String, text: &str, keep: Keep) {
    let mut copied = 0;
    for (at, character) in text.char_indices() {
        let kept = keep == Keep::NewlinesAndTabs && matches!(character, '\n' | '\t');
        if !kept && is_hostile(character) {
            out.push_str(&text[copied..at]);
            escape(out, character);
            copied = at + character.len_utf8();
        }
    }
    out.push_str(&text[copied..]);
}

fn escape(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => out.push_str(&format!("\\u{{{:02x}}}", u32::from(other))),
    }
}

/// Controls a terminal obeys (C0, DEL, C1), and characters that reorder, hide or break text:
/// <https://www.unicode.org/reports/tr36/> section 3 and <https://trojansource.codes/>.
fn is_hostile(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn escape_sequences_become_text() {
        assert_eq!(untrusted("\u{1b}]0;owned\u{7}"), "\\u{1b}]0;owned\\u{07}");
        assert_eq!(untrusted("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        assert_eq!(untrusted(b"\x9b31m\xff"), "\\x9b31m\\xff");
    }

    #[test]
    fn text_that_hides_or_reorders_is_shown() {
        assert_eq!(
            untrusted("a\u{202e}b\u{200b}c\u{2066}d\u{feff}\u{e0041}"),
            "a\\u{202e}b\\u{200b}c\\u{2066}d\\u{feff}\\u{e0041}"
        );
        assert_eq!(untrusted("\u{2028}\u{61c}\u{2060}"), "\\u{2028}\\u{61c}\\u{2060}");
    }

    #[test]
    fn line_breaks_stay_only_where_a_gutter_is() {
        assert_eq!(untrusted("a\r\n\tb"), "a\\r\\n\\tb");
        assert_eq!(untrusted_lines("a\r\n\tb"), "a\\r\n\tb");
    }

    #[test]
    fn ordinary_text_of_any_language_stays() {
        let text = "grüße 世界 😀 שלום e\u{301} \u{1f468}\u{fe0f}";
        assert_eq!(untrusted(text), text);
        assert!(is_plain(text.as_bytes()));
    }

    #[test]
    fn long_text_is_cut_by_its_width_on_screen() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line("世界世界", 5), "世界…");
        assert_eq!(one_line("世界世界", 4), "世…");
        assert_eq!(one_line("ab", 0), "…");
        assert_eq!(one_line("a".repeat(1_000_000), 3), "aa…");
    }

    proptest! {
        #[test]
        fn nothing_hostile_is_left(text in proptest::collection::vec(any::<u8>(), 0..64), width in 1_usize..40) {
            prop_assert!(!untrusted(&text).chars().any(is_hostile));
            let line = one_line(&text, width);
            prop_assert!(!line.chars().any(is_hostile));
            prop_assert!(line.width() <= width);
        }

        #[test]
        fn nothing_hostile_is_left_of_characters(text in any::<String>()) {
            prop_assert!(!untrusted(&text).chars().any(is_hostile));
            prop_assert!(!untrusted_lines(&text).chars().any(|c| is_hostile(c) && c != '\n' && c != '\t'));
        }
    }
}
