//! Keys that one secret holds: one as a rule, several in a key set, where the sender names the one it used.

use super::Key;
use super::material::{Material, Named};
use crate::model::Reason;

/// Keys that are made ready, each with its id where it has one.
#[derive(Clone)]
pub(crate) struct Keys(Vec<(Option<String>, Key)>);

impl Keys {
    pub(crate) fn one(key: Key) -> Self {
        Self(vec![(None, key)])
    }

    /// The keys that `make` can use; where it can use none, what is wrong with the first.
    pub(super) fn of(named: Vec<Named>, make: impl Fn(&Material) -> Result<Key, String>) -> Result<Self, String> {
        let mut keys = Vec::new();
        let mut problem = None;
        for Named { id, material } in named {
            match make(&material) {
                Ok(key) => keys.push((id, key)),
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        match problem {
            Some(problem) if keys.is_empty() => Err(problem),
            _ => Ok(Self(keys)),
        }
    }

    /// The keys to try: the one that the sender names; all where it names none, or where they have no ids.
    pub(crate) fn named(&self, id: Option<&str>) -> Result<Vec<&Key>, Reason> {
        let has_ids = self.0.iter().any(|(id, _)| id.is_some());
        let Some(id) = id.filter(|_| has_ids) else { return Ok(self.0.iter().map(|(_, key)| key).collect()) };
        let found: Vec<&Key> =
            self.0.iter().filter(|(own, _)| own.as_deref() == Some(id)).map(|(_, key)| key).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let known: Vec<String> =
            self.0.iter().filter_map(|(id, _)| Some(super::shorten(id.as_deref()?).into())).collect();
        Err(Reason::UnknownKey { id: super::shorten(id).into(), known: known.join(", ") })
    }

    /// The key to sign with, and its id: the first that is private.
    pub(crate) fn signing(&self) -> Option<(Option<&str>, &Key)> {
        let found = self.0.iter().find(|(_, key)| key.signs()).or(self.0.first());
        found.map(|(id, key)| (id.as_deref(), key))
    }
}
