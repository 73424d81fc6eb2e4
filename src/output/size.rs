//! Sizes as people read them.

/// `612 B`, `14.2 KiB`, `3.0 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths, rounded down: integers, so that no size is shown as the next unit's 1024.0.
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        let shown = [0, 612, 1023, 1024, 14_541, 1_048_575, 26_214_400, u64::MAX].map(size);
        assert_eq!(shown[..6], ["0 B", "612 B", "1023 B", "1.0 KiB", "14.2 KiB", "1023.9 KiB"]);
        assert_eq!(shown[6..], ["25.0 MiB", "16777215.9 TiB"]);
    }
}
