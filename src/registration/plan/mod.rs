//! What it takes to get from the webhooks that a provider has to those that are wanted. Pure: it only decides.

mod abilities;
#[cfg(test)]
mod tests;

use url::Url;

use crate::model::Webhook;

pub use abilities::Abilities;

/// A webhook that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where events are to go. It is what tells one webhook from another.
    pub url: String,
    /// Names of the API's events; [`Webhook::ALL`] alone is all of them.
    pub events: Vec<String>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// A note; `None` leaves whatever is there.
    pub description: Option<String>,
}

/// One thing to do, or to leave alone.
#[derive(Debug, Clone)]
pub struct Step {
    /// Which.
    pub action: Action,
    /// The wanted webhook, by its place in the list; `None` for one that nobody asked for.
    pub wanted: Option<usize>,
    /// The webhook as the provider has it.
    pub actual: Option<Webhook>,
    /// What will be changed.
    pub differences: Vec<Difference>,
    /// What would have to be changed, and the API cannot.
    pub impossible: Vec<Difference>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Make it.
    Create,
    /// Change it.
    Update,
    /// It is as it is wanted.
    Unchanged,
    /// It is not as it is wanted, and the API has no call for that.
    Impossible,
    /// The provider has it and nobody asked for it.
    Unmanaged,
}

impl Action {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Impossible => "impossible",
            Self::Unmanaged => "unmanaged",
        }
    }
}

/// One property in which a webhook is not as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// There is none.
    Missing,
    /// Other events.
    Events {
        /// As they are.
        is: Vec<String>,
        /// As they are wanted.
        wanted: Vec<String>,
    },
    /// Switched on or off.
    Enabled {
        /// As it is wanted.
        wanted: bool,
    },
    /// Another note.
    Description {
        /// As it is.
        is: String,
        /// As it is wanted.
        wanted: String,
    },
}

/// Two wanted webhooks, by their places, that nothing would tell apart: each event would come twice.
pub fn repeated(wanted: &[Wanted], are_same: impl Fn(&[String], &[String]) -> bool) -> Option<(usize, usize)> {
    let same =
        |one: &Wanted, other: &Wanted| normal(&one.url) == normal(&other.url) && are_same(&one.events, &other.events);
    let earlier = |place: usize| (0..place).find(|&before| same(&wanted[before], &wanted[place]));
    (0..wanted.len()).find_map(|place| Some((earlier(place)?, place)))
}

/// Compares what is wanted, without [`repeated`] ones, with what there is. `are_same` says whether two lists mean the same events.
/// The steps stand in the order of `wanted`, then come those that nobody asked for.
pub fn plan(
    wanted: &[Wanted],
    actual: &[Webhook],
    abilities: &Abilities,
    are_same: impl Fn(&[String], &[String]) -> bool,
) -> Vec<Step> {
    let pairs = pair(wanted, actual, abilities, &are_same);
    let steps = wanted.iter().zip(&pairs).enumerate().map(|(place, (wanted, pair))| {
        let actual = pair.map(|at| &actual[at]);
        let needed = match actual {
            Some(actual) => differences(wanted, actual, &are_same),
            None => creation(wanted),
        };
        step(place, actual, needed, abilities)
    });
    let left = actual.iter().enumerate().filter(|(at, _)| !pairs.contains(&Some(*at)));
    let unmanaged = left.map(|(_, webhook)| Step {
        action: Action::Unmanaged,
        wanted: None,
        actual: Some(webhook.clone()),
        differences: Vec::new(),
        impossible: Vec::new(),
    });
    steps.chain(unmanaged).collect()
}

fn step(place: usize, actual: Option<&Webhook>, needed: Vec<Difference>, abilities: &Abilities) -> Step {
    let can = |difference: &Difference| match actual {
        Some(_) => abilities.can_make(difference),
        None => abilities.can_begin_with(difference),
    };
    let (differences, impossible): (Vec<_>, Vec<_>) = needed.into_iter().partition(can);
    let action = match actual {
        None if impossible.contains(&Difference::Missing) => Action::Impossible,
        None => Action::Create,
        Some(_) if !differences.is_empty() => Action::Update,
        Some(_) if !impossible.is_empty() => Action::Impossible,
        Some(_) => Action::Unchanged,
    };
    Step { action, wanted: Some(place), actual: actual.cloned(), differences, impossible }
}

/// What a new webhook needs beside being made: it is switched on unless that is changed.
fn creation(wanted: &Wanted) -> Vec<Difference> {
    let off = (!wanted.enabled).then_some(Difference::Enabled { wanted: false });
    let note = wanted.description.clone().filter(|note| !note.is_empty());
    let note = note.map(|wanted| Difference::Description { is: String::new(), wanted });
    [Some(Difference::Missing), off, note].into_iter().flatten().collect()
}

fn differences(wanted: &Wanted, actual: &Webhook, are_same: impl Fn(&[String], &[String]) -> bool) -> Vec<Difference> {
    let mut found = Vec::new();
    if !are_same(&wanted.events, &actual.events) {
        found.push(Difference::Events { is: actual.events.clone(), wanted: wanted.events.clone() });
    }
    // A provider that does not say whether it is on has no switch.
    if actual.enabled.unwrap_or(true) != wanted.enabled {
        found.push(Difference::Enabled { wanted: wanted.enabled });
    }
    let is = actual.description.clone().unwrap_or_default();
    match &wanted.description {
        Some(wanted) if *wanted != is => found.push(Difference::Description { is, wanted: wanted.clone() }),
        _ => {}
    }
    found
}

/// Which of the provider's webhooks each wanted one is: first those that are the same in URL and events,
/// then the others of the same URL, the oldest first. Where a webhook is for one event, another event is
/// another webhook.
fn pair(
    wanted: &[Wanted],
    actual: &[Webhook],
    abilities: &Abilities,
    are_same: impl Fn(&[String], &[String]) -> bool,
) -> Vec<Option<usize>> {
    let [wanted_urls, actual_urls] = [
        wanted.iter().map(|wanted| normal(&wanted.url)).collect::<Vec<_>>(),
        actual.iter().map(|webhook| normal(&webhook.url)).collect(),
    ];
    let mut by_age: Vec<usize> = (0..actual.len()).collect();
    by_age.sort_by(|left, right| {
        let age = |at: usize| (actual[at].created_at, &actual[at].id);
        age(*left).cmp(&age(*right))
    });
    let mut pairs = vec![None; wanted.len()];
    for exact in [true, false] {
        for place in 0..wanted.len() {
            if pairs[place].is_some() || (!exact && abilities.one_each) {
                continue;
            }
            let mut free = by_age.iter().copied().filter(|at| !pairs.contains(&Some(*at)));
            pairs[place] = free.find(|&at| {
                wanted_urls[place] == actual_urls[at] && (!exact || are_same(&wanted[place].events, &actual[at].events))
            });
        }
    }
    pairs
}

/// The same address in the same spelling: `HTTPS://Host` is `https://host/`.
pub fn normal(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), String::from)
}
