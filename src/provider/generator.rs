//! Ids and times that a sender makes up for each delivery.

use std::collections::HashMap;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use uuid::Uuid;

/// What a sender makes up anew for each delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generate {
    /// A random UUID (version 4).
    Uuid,
    /// A time-ordered UUID (version 7).
    Uuid7,
    /// Lower-case hexadecimal digits.
    Hex(usize),
    /// Letters and digits.
    Alphanumeric(usize),
    /// Decimal digits, the first not zero.
    Digits(usize),
    /// A positive 31-bit number.
    Integer,
    /// Now, in seconds.
    Unix,
    /// Now, in milliseconds.
    UnixMillis,
    /// Now, RFC 3339 in UTC; the precision of the value it replaces, else seconds.
    Rfc3339,
    /// The value made under this name, the same throughout one delivery.
    Same(Box<str>),
}

/// The longest run of characters a manifest may ask for; ids are far shorter.
const MAX_GENERATED: usize = 256;

impl Generate {
    /// Reads `uuid`, `hex:24`, `same:thread` …
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, argument) = match text.split_once(':') {
            Some((kind, argument)) => (kind, Some(argument)),
            None => (text, None),
        };
        let length = || argument.and_then(|text| text.parse().ok()).filter(|n| (1..=MAX_GENERATED).contains(n));
        Some(match (kind, argument) {
            ("uuid", None) => Self::Uuid,
            ("uuid7", None) => Self::Uuid7,
            ("int", None) => Self::Integer,
            ("unix", None) => Self::Unix,
            ("unix_ms", None) => Self::UnixMillis,
            ("rfc3339", None) => Self::Rfc3339,
            ("hex", Some(_)) => Self::Hex(length()?),
            ("alnum", Some(_)) => Self::Alphanumeric(length()?),
            ("digits", Some(_)) => Self::Digits(length()?),
            ("same", Some(name)) if !name.is_empty() => Self::Same(name.into()),
            _ => return None,
        })
    }
}

/// Makes up ids and times for one delivery. With a seed and a time the values are reproducible.
#[derive(Debug)]
pub struct Generator {
    random: StdRng,
    now: Timestamp,
    /// When ids that hold a time were made.
    born: Timestamp,
    shared: HashMap<Box<str>, String>,
}

impl Generator {
    /// Values from this seed, times at this moment.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self { random: StdRng::seed_from_u64(seed), now, born: now, shared: HashMap::new() }
    }

    /// Dates ids at another moment than times: a retry keeps its ids and tells its own time.
    #[must_use]
    pub fn with_ids_of(self, born: Timestamp) -> Self {
        Self { born, ..self }
    }

    /// The moment of the delivery.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// One value. `replaced` is the text that it takes the place of, whose precision a time keeps.
    pub fn make(&mut self, kind: &Generate, replaced: Option<&str>) -> String {
        match kind {
            Generate::Uuid => self.uuid(uuid::Builder::from_random_bytes),
            Generate::Uuid7 => {
                let millis = u64::try_from(self.born.as_millisecond()).unwrap_or_default();
                self.uuid(|random| {
                    let mut counter = [0; 10];
                    counter.copy_from_slice(&random[..10]);
                    uuid::Builder::from_unix_timestamp_millis(millis, &counter)
                })
            }
            Generate::Hex(length) => self.pick(*length, b"0123456789abcdef"),
            Generate::Alphanumeric(length) => {
                self.pick(*length, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
            }
            Generate::Digits(length) => {
                let first = self.pick(1, b"123456789");
                first + &self.pick(length - 1, b"0123456789")
            }
            Generate::Integer => (self.random.next_u32() >> 1).max(1).to_string(),
            Generate::Unix => self.now.as_second().to_string(),
            Generate::UnixMillis => self.now.as_millisecond().to_string(),
            Generate::Rfc3339 => rfc3339(self.now, replaced),
            Generate::Same(name) => {
                if let Some(value) = self.shared.get(name) {
                    return value.clone();
                }
                let value = self.make(&Generate::Uuid, None);
                self.shared.insert(name.clone(), value.clone());
                value
            }
        }
    }

    fn uuid(&mut self, build: impl FnOnce([u8; 16]) -> uuid::Builder) -> String {
        let mut random = [0; 16];
        self.random.fill_bytes(&mut random);
        let id: Uuid = build(random).into_uuid();
        id.to_string()
    }

    fn pick(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| char::from(alphabet[self.random.random_range(0..alphabet.len())])).collect()
    }
}

/// UTC with `Z`, with as many fraction digits as the text it replaces.
fn rfc3339(now: Timestamp, replaced: Option<&str>) -> String {
    let digits = replaced
        .and_then(|text| text.split_once('.'))
        .map_or(0, |(_, fraction)| fraction.bytes().take_while(u8::is_ascii_digit).count());
    format!("{now:.precision$}", precision = digits.min(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_values() {
        let now: Timestamp = "2026-11-21T10:00:00.123456Z".parse().unwrap();
        let make = |seed| {
            let mut generator = Generator::new(seed, now);
            [Generate::Uuid, Generate::Uuid7, Generate::Hex(8)].map(|kind| generator.make(&kind, None))
        };
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }

    #[test]
    fn ids_of_an_earlier_moment_are_the_same_again() {
        let now = Timestamp::from_second(2_000_000_000).unwrap();
        let earlier = Timestamp::from_second(1_900_000_000).unwrap();
        let mut again = Generator::new(7, now).with_ids_of(earlier);
        assert_eq!(again.make(&Generate::Uuid7, None), Generator::new(7, earlier).make(&Generate::Uuid7, None));
        assert_eq!(again.make(&Generate::Unix, None), "2000000000");
    }

    #[test]
    fn a_time_keeps_the_precision_of_the_one_it_replaces() {
        let mut generator = Generator::new(1, "2026-11-21T10:00:00.123456Z".parse().unwrap());
        let mut time = |replaced| generator.make(&Generate::Rfc3339, Some(replaced));
        assert_eq!(time("2025-11-03T16:44:01.005482Z"), "2026-11-21T10:00:00.123456Z");
        assert_eq!(time("2026-04-26T12:34:56.000Z"), "2026-11-21T10:00:00.123Z");
        assert_eq!(time("2026-04-25T14:30:00Z"), "2026-11-21T10:00:00Z");
    }
}
