//! A filter in parts, as flags and parameters give it.

use jiff::Timestamp;
use wildmatch::WildMatch;

use super::{Filter, FilterError};
use crate::history::Since;
use crate::model::VerdictStatus;

/// The parts of a filter, with the names that flags and parameters have. All must hold.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Texts of words.
    pub filter: Vec<String>,
    /// Ids of providers.
    pub provider: Vec<String>,
    /// Globs of event types.
    pub event: Vec<String>,
    /// Verdicts.
    pub verdict: Vec<VerdictStatus>,
    /// Received at this time or later.
    pub since: Option<Since>,
    /// Received before this time.
    pub until: Option<Since>,
    /// Conditions.
    pub r#where: Vec<String>,
    /// Only those that a target did not get.
    pub failed: bool,
    /// Only those that are pinned.
    pub pinned: bool,
}

impl Given {
    /// Reads it; times are seen from `now`.
    pub fn read(self, now: Timestamp) -> Result<Filter, FilterError> {
        let Self { filter, provider, event, verdict, since, until, r#where, failed, pinned } = self;
        // An unset variable in a script: `--event "$TYPE"` must not select events without a type.
        for (name, values) in
            [("--event", &event), ("--provider", &provider), ("--where", &r#where), ("--filter", &filter)]
        {
            if values.iter().any(|value| value.trim().is_empty()) {
                return Err(FilterError::Empty(name));
            }
        }
        let own = Filter {
            providers: provider,
            events: event.iter().map(|glob| WildMatch::new(glob.trim())).collect(),
            verdicts: verdict,
            since: since.map(|since| since.from(now)),
            until: until.map(|until| until.from(now)),
            conditions: r#where.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            failed,
            pinned,
            ..Filter::default()
        };
        filter.iter().try_fold(own, |own, text| Ok(own.and(Filter::parse_text(text, now)?)))
    }
}
