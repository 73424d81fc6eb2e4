//! Tables: framed and fitted on a terminal, plain columns anywhere else.

use tabled::builder::Builder;
use tabled::settings::peaker::Priority;
use tabled::settings::style::{HorizontalLine, Style};
use tabled::settings::{Padding, Width};

use super::terminal::untrusted;

/// Lays out rows below their headers, with a final line break. `width` is the terminal's, `None` when
/// there is no terminal: then nothing is framed and nothing is cut. Cells are cleaned here.
pub fn table(headers: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut builder = Builder::with_capacity(rows.len() + 1, headers.len());
    builder.push_record(headers.iter().map(|header| (*header).to_owned()));
    for row in rows {
        builder.push_record(row.iter().map(untrusted));
    }
    let mut table = builder.build();
    match width {
        Some(width) => {
            let rule = HorizontalLine::new('─').intersection('─');
            table.with(Style::empty().vertical(' ').horizontals([(1, rule)]));
            table.with(Padding::new(0, 1, 0, 0));
            table.with(Width::truncate(width.max(1)).suffix("…").priority(Priority::max(true)));
        }
        None => {
            table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
        }
    }
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn sample(width: Option<usize>) -> String {
        let rows = [vec!["prospektr".to_owned(), "世界\n\u{1b}[2J".to_owned()], vec!["x".to_owned(), String::new()]];
        table(&["PROVIDER", "NAME"], &rows, width)
    }

    #[test]
    fn without_a_terminal_columns_are_plain() {
        assert_eq!(sample(None), "PROVIDER   NAME\nprospektr  世界\\n\\u{1b}[2J\nx\n");
    }

    #[test]
    fn on_a_terminal_rows_are_ruled_and_fit() {
        let shown = sample(Some(20));
        assert!(shown.lines().all(|line| line.width() <= 20), "{shown}");
        assert!(shown.contains('─') && shown.contains('…'), "{shown}");
    }

    #[test]
    fn a_table_without_rows_is_its_headers() {
        assert_eq!(table(&["A", "B"], &[], None), "A  B\n");
    }
}
