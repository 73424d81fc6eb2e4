//! Medians, and the rows of the table that `benches/run` prints.

/// The middle of several figures; the upper one of two.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What a figure should be.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no benchmark has targets of every kind")]
pub enum Target {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// For information only.
    None,
}

/// Prints one row: what was measured, the yardstick, ours, the figure that counts, its target.
pub fn row(what: &str, yardstick: &str, ours: &str, figure: f64, target: Target) {
    let (wanted, is_met) = match target {
        Target::AtLeast(least) => (format!(">= {least:.2}"), figure >= least),
        Target::AtMost(most) => (format!("<= {most:.2}"), figure <= most),
        Target::None => (String::new(), true),
    };
    let mark = if is_met { "" } else { "MISSED" };
    println!("{what:<44} {yardstick:>14} {ours:>14} {figure:>8.2} {wanted:>9} {mark}");
}
