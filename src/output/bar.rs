//! Small pictures of numbers, drawn with block characters.

/// Eighths of a column.
const ACROSS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Eighths of a line.
const UP: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar as long as `value` is of `largest`, at most `width` columns. Anything but nothing shows.
pub fn bar(value: u64, largest: u64, width: usize) -> String {
    let room = u128::try_from(width * ACROSS.len()).unwrap_or_default();
    let eighths = u128::from(value.min(largest)) * room / u128::from(largest.max(1));
    let eighths = usize::try_from(eighths).unwrap_or_default().max(usize::from(value > 0 && width > 0));
    let (whole, rest) = (eighths / ACROSS.len(), eighths % ACROSS.len());
    let mut out = ACROSS[7].to_string().repeat(whole);
    out.extend(rest.checked_sub(1).map(|index| ACROSS[index]));
    out
}

/// One character a value, as high as it is of the largest; a blank for nothing.
pub fn sparkline(values: impl IntoIterator<Item = u64> + Clone) -> String {
    let largest = u128::from(values.clone().into_iter().max().unwrap_or_default());
    let high = |value: u64| match value {
        0 => ' ',
        value => UP[usize::try_from((u128::from(value) * 8).div_ceil(largest.max(1)) - 1).unwrap_or_default().min(7)],
    };
    values.into_iter().map(high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!(bar(8, 8, 4), "████");
        assert_eq!(bar(5, 8, 4), "██▌");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!((bar(0, 8, 4), bar(0, 0, 4), bar(5, 5, 0)), (String::new(), String::new(), String::new()));
        assert_eq!(bar(u64::MAX, u64::MAX, 2), "██");
    }

    #[test]
    fn a_sparkline_is_as_high_as_its_values() {
        assert_eq!(sparkline([0, 1, 4, 8]), " ▁▄█");
        assert_eq!(sparkline([1, u64::MAX]), "▁█");
        assert_eq!(sparkline([0]), " ");
    }
}
