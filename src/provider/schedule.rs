//! When a provider tries again: the waits it publishes, or waits that are made of what it publishes.

use std::time::Duration;

use toml::Spanned;

use super::manifest::{DeliveryTable, Retries};
use super::problem::{Compiled, duration, problem};

/// Providers that retry most often stay far below; a schedule is held in memory.
const MAX_RETRIES: u32 = 1000;
/// The first wait of a computed schedule, unless its window is too short for it.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// Each wait of a computed schedule is at most this many times the one before.
const MAX_GROWTH: f64 = 2.0;
/// Halvings that find the growth; more would not change a second of a month.
const HALVINGS: u32 = 60;

/// Waits before each further attempt, and how they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// One wait for each retry.
    pub waits: Vec<Duration>,
    /// How they are known.
    pub basis: Basis,
}

/// How a schedule is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The provider publishes the waits, or that there are none.
    Published,
    /// Only their count or window is published; the waits grow as an exponential backoff does.
    Computed,
    /// Nothing is published: there is one attempt.
    Unpublished,
}

impl Basis {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Computed => "computed",
            Self::Unpublished => "unpublished",
        }
    }
}

impl Schedule {
    /// Reads `retries` and `retry_window`.
    pub(super) fn read(table: &DeliveryTable) -> Compiled<Self> {
        let window = table.retry_window.as_ref().map(|text| duration("retry_window", text)).transpose()?;
        let Some(retries) = &table.retries else {
            return Ok(match window {
                Some(window) => Self::computed(spread(count_within(window), window, false)),
                None => Self { waits: Vec::new(), basis: Basis::Unpublished },
            });
        };
        let within = |text: &String| duration("retries", &Spanned::new(retries.span(), text.clone()));
        match retries.get_ref() {
            Retries::Delays(delays) => {
                Ok(Self { waits: delays.iter().map(within).collect::<Compiled<_>>()?, basis: Basis::Published })
            }
            Retries::Window { count, window: own, backoff } => {
                let is_even = match backoff.as_deref() {
                    None | Some("exponential") => false,
                    Some("fixed") => true,
                    Some(other) => {
                        let text = format!("`retries`: unknown backoff `{other}` (known: exponential, fixed)");
                        return Err(problem(retries, text));
                    }
                };
                if count.is_some_and(|count| count > MAX_RETRIES) {
                    return Err(problem(retries, format!("`retries`: more than {MAX_RETRIES}")));
                }
                let own = own.as_ref().map(within).transpose()?.or(window);
                Ok(Self::computed(match (*count, own) {
                    (Some(count), Some(window)) => spread(count, window, is_even),
                    (None, Some(window)) => spread(count_within(window), window, is_even),
                    (Some(count), None) => doubling(count),
                    (None, None) => return Err(problem(retries, "`retries` needs `count` or `window`")),
                }))
            }
        }
    }

    fn computed(waits: Vec<Duration>) -> Self {
        Self { waits, basis: Basis::Computed }
    }

    /// All waits together.
    pub fn total(&self) -> Duration {
        self.waits.iter().fold(Duration::ZERO, |sum, wait| sum.saturating_add(*wait))
    }

    /// How it is known, as a person is told.
    pub fn remark(&self) -> &'static str {
        match (self.basis, self.waits.is_empty()) {
            (Basis::Published, false) => "as published",
            (Basis::Published, true) => "no retries, as published",
            (Basis::Computed, _) => "computed: only their count or window is published",
            (Basis::Unpublished, _) => "nothing is published about them, so there is one attempt",
        }
    }
}

/// How many waits fit into a window when they double from [`FIRST_WAIT`]; at least one.
fn count_within(window: Duration) -> u32 {
    let first = FIRST_WAIT.as_secs_f64();
    let fits = (1..=MAX_RETRIES).take_while(|count| sum(first, MAX_GROWTH, *count) <= window.as_secs_f64());
    fits.last().unwrap_or(1)
}

/// Without a window the waits double, and stop growing after a day.
fn doubling(count: u32) -> Vec<Duration> {
    let day = Duration::from_secs(24 * 3600);
    (0..count).map(|number| FIRST_WAIT.saturating_mul(2_u32.saturating_pow(number)).min(day)).collect()
}

/// So many waits that together are the window: even, or growing from [`FIRST_WAIT`] as fast as they must
/// and at most twofold.
fn spread(count: u32, window: Duration, is_even: bool) -> Vec<Duration> {
    if count == 0 {
        return Vec::new();
    }
    let window = window.as_secs_f64();
    let even = window / f64::from(count);
    let mut first = FIRST_WAIT.as_secs_f64().min(even);
    let mut growth = 1.0;
    if !is_even {
        let (mut low, mut high) = (1.0, MAX_GROWTH);
        for _ in 0..HALVINGS {
            growth = f64::midpoint(low, high);
            if sum(first, growth, count) < window { low = growth } else { high = growth }
        }
        // With few waits in a long window even the fastest growth is too slow: the first is longer then.
        first *= window / sum(first, growth, count);
    }
    (0..count).map(|number| first * growth.powf(f64::from(number))).map(whole_millis).collect()
}

fn whole_millis(seconds: f64) -> Duration {
    Duration::try_from_secs_f64((seconds * 1000.0).round() / 1000.0).unwrap_or_default()
}

/// The sum of `count` waits that begin with `first` and grow by `growth`.
fn sum(first: f64, growth: f64, count: u32) -> f64 {
    (0..count).map(|number| first * growth.powf(f64::from(number))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(waits: &[Duration]) -> Vec<u64> {
        waits.iter().map(Duration::as_secs).collect()
    }

    #[test]
    fn computed_waits_grow_and_fill_their_window() {
        for (count, window) in [(8, 14_400), (25, 259_200), (3, 36_000), (1, 60), (10, 86_400), (8, 80)] {
            let waits = spread(count, Duration::from_secs(window), false);
            let total: Duration = waits.iter().sum();
            assert!(total.abs_diff(Duration::from_secs(window)) < Duration::from_secs(1), "{waits:?}");
            assert!(waits.is_sorted(), "{waits:?}");
        }
    }

    #[test]
    fn the_first_wait_is_a_minute_where_the_window_allows_it() {
        assert_eq!(spread(8, Duration::from_secs(14_400), false)[0], FIRST_WAIT);
        assert_eq!(seconds(&spread(4, Duration::from_secs(40), true)), [10; 4]);
        assert_eq!(seconds(&doubling(4)), [60, 120, 240, 480]);
        assert_eq!(doubling(100)[99], Duration::from_secs(86_400));
    }

    #[test]
    fn a_window_alone_says_how_many_waits_it_holds() {
        assert_eq!(count_within(Duration::from_secs(72 * 3600)), 12);
        assert_eq!(count_within(Duration::from_secs(600)), 3);
        assert_eq!(count_within(Duration::from_secs(5)), 1);
    }
}
