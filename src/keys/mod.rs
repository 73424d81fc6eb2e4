//! Keys and certificates that providers publish: fetched when the user says so, checked, and kept for a while.
//!
//! Only from the hosts that a manifest lists, over TLS, without redirects or credentials; bounded in size, time and
//! number. One that could not be had is not asked for again at once, so that no flood of forged requests becomes a
//! flood of ours.

mod cache;
mod chain;
mod fetch;
mod resolve;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Mutex, OnceCell, Semaphore};

use crate::model::{Reason, Request};
use crate::provider::{Circumstances, PublishedKind, Supplied, Unsupplied, Verifier, Wanted};
use cache::Cache;
use chain::Roots;
use fetch::Fetcher;

/// Certificates are replaced once a year or so; a new one has an address of its own.
const CERTIFICATE_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// Key sets are rotated under one address; providers announce new keys hours before they use them.
const KEY_SET_AGE: Duration = Duration::from_secs(60 * 60);
/// A key that is not in the set is looked for again, but a stranger who makes ids up costs no more than this.
const REFRESH_AGE: Duration = Duration::from_secs(60);
/// What could not be had is not asked for again before this.
const FAILURE_AGE: Duration = Duration::from_secs(30);
/// Addresses that are remembered: a provider has one or a few, strangers may name any number.
const MAX_ADDRESSES: usize = 64;
/// Addresses that are asked in a minute, whatever requests name.
const MAX_A_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// Addresses that are asked at a time.
const MAX_FETCHES: usize = 4;

/// The published keys of all providers.
pub struct PublishedKeys {
    cache: Option<Cache>,
    addresses: Mutex<HashMap<String, Arc<Mutex<Option<Kept>>>>>,
    fetches: Semaphore,
    budget: Budget,
    fetcher: Fetcher,
    roots: OnceCell<Result<Arc<Roots>, String>>,
}

/// What came of the last fetch from an address.
#[derive(Clone)]
struct Kept {
    /// When it was fetched.
    at: Instant,
    /// When the address was asked last: a try that failed takes nothing away that was fetched before.
    asked: Instant,
    outcome: Result<Arc<[u8]>, Unsupplied>,
}

impl std::fmt::Debug for PublishedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublishedKeys")
    }
}

impl PublishedKeys {
    /// Keeps what it fetches in this folder, where there is one.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            cache: folder.map(Cache::new),
            addresses: Mutex::default(),
            fetches: Semaphore::new(MAX_FETCHES),
            budget: Budget::default(),
            fetcher: Fetcher::default(),
            roots: OnceCell::new(),
        }
    }

    /// What the provider of this request publishes; nothing where keys are pinned. A key set without the sender's
    /// key is looked at anew.
    pub async fn supply(
        &self,
        verifier: &Verifier,
        request: &Request,
        circumstances: &Circumstances<'_>,
    ) -> Vec<Supplied> {
        let wants = verifier.wants(request, circumstances);
        let supplied = self.supply_all(&wants, circumstances.now, false).await;
        if !wants.iter().any(|wanted| wanted.kind() == PublishedKind::KeySet) {
            return supplied;
        }
        let verdict = verifier.verify(request, &Circumstances { supplied: Some(&supplied), ..*circumstances });
        match verdict.reason {
            Some(Reason::UnknownKey { .. }) => self.supply_all(&wants, circumstances.now, true).await,
            _ => supplied,
        }
    }

    async fn supply_all(&self, wants: &[Wanted], now: Timestamp, anew: bool) -> Vec<Supplied> {
        let mut supplied = Vec::with_capacity(wants.len());
        for wanted in wants {
            supplied.push(self.supply_one(wanted, now, anew).await);
        }
        supplied
    }

    /// What these keys are, for an event of this moment. With `anew`, those that were fetched a while ago count no
    /// more: the sender used a key that is not among them.
    async fn supply_one(&self, wanted: &Wanted, now: Timestamp, anew: bool) -> Supplied {
        let outcome = match self.find(wanted, anew).await {
            Ok(bytes) if wanted.kind() == PublishedKind::Certificate => self.trusted(wanted, bytes, now).await,
            found => found,
        };
        Supplied { url: wanted.url().clone(), outcome }
    }

    /// From memory, from the folder, or from the provider. Only one asks at a time; those who want the same wait.
    async fn find(&self, wanted: &Wanted, anew: bool) -> Result<Arc<[u8]>, Unsupplied> {
        let address = self.address(wanted.url().as_str()).await?;
        let mut kept = address.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.counts(wanted.kind(), anew)) {
            return kept.outcome.clone();
        }
        let on_disk = || self.cache.as_ref()?.read(wanted.url(), age(wanted.kind()));
        let found = if !anew && let Some((bytes, old)) = on_disk() {
            let at = Instant::now().checked_sub(old).unwrap_or_else(Instant::now);
            Kept { at, asked: at, outcome: Ok(bytes.into()) }
        } else {
            let outcome = self.fetch(wanted).await;
            Kept::after(kept.take(), outcome, wanted.kind())
        };
        kept.insert(found).outcome.clone()
    }

    async fn fetch(&self, wanted: &Wanted) -> Result<Arc<[u8]>, Unsupplied> {
        let Ok(_permit) = self.fetches.try_acquire() else {
            return Err(Unsupplied::Unavailable("too many are fetched at the moment".into()));
        };
        if !self.budget.take(Instant::now()) {
            return Err(Unsupplied::Unavailable("too many were fetched in the last minute".into()));
        }
        let bytes = self.fetcher.fetch(wanted).await?;
        if let Some(cache) = &self.cache {
            cache.write(wanted.url(), &bytes);
        }
        Ok(bytes.into())
    }

    /// The place where what an address gave is remembered.
    async fn address(&self, url: &str) -> Result<Arc<Mutex<Option<Kept>>>, Unsupplied> {
        let mut addresses = self.addresses.lock().await;
        if let Some(known) = addresses.get(url) {
            return Ok(Arc::clone(known));
        }
        if addresses.len() >= MAX_ADDRESSES {
            // Those that are being asked stay, and those that gave something.
            addresses.retain(|_, kept| {
                kept.try_lock().map_or(true, |kept| kept.as_ref().is_some_and(|kept| kept.outcome.is_ok()))
            });
        }
        if addresses.len() >= MAX_ADDRESSES {
            let age = |kept: &Mutex<Option<Kept>>| Some(kept.try_lock().ok()?.as_ref()?.asked);
            let oldest = addresses.iter().filter_map(|(url, kept)| Some((age(kept)?, url.clone()))).min();
            let Some((_, oldest)) = oldest else {
                return Err(Unsupplied::Unavailable("too many are fetched at the moment".into()));
            };
            addresses.remove(&oldest);
        }
        let new = Arc::new(Mutex::new(None));
        addresses.insert(url.to_owned(), Arc::clone(&new));
        Ok(new)
    }

    /// A certificate counts when its chain leads to an authority that this machine trusts.
    async fn trusted(&self, wanted: &Wanted, bytes: Arc<[u8]>, now: Timestamp) -> Result<Arc<[u8]>, Unsupplied> {
        let roots = self.roots.get_or_init(|| async {
            let loaded = tokio::task::spawn_blocking(Roots::load).await;
            loaded.unwrap_or_else(|error| Err(error.to_string())).map(Arc::new)
        });
        let roots = roots.await.clone().map_err(Unsupplied::Unavailable)?;
        let (chain, name) = wanted.chain(&bytes).map_err(Unsupplied::Refused)?;
        roots.check(chain, name, now).map_err(Unsupplied::Refused)?;
        Ok(bytes)
    }
}

impl Kept {
    /// What is known once an address was asked again.
    fn after(before: Option<Self>, outcome: Result<Arc<[u8]>, Unsupplied>, kind: PublishedKind) -> Self {
        let now = Instant::now();
        match before.filter(|before| outcome.is_err() && before.outcome.is_ok() && before.at.elapsed() < age(kind)) {
            Some(before) => Self { asked: now, ..before },
            None => Self { at: now, asked: now, outcome },
        }
    }

    /// Whether it need not be asked for again.
    fn counts(&self, kind: PublishedKind, anew: bool) -> bool {
        match &self.outcome {
            Err(_) => self.asked.elapsed() < FAILURE_AGE,
            Ok(_) if anew => self.asked.elapsed() < REFRESH_AGE,
            Ok(_) => self.at.elapsed() < age(kind),
        }
    }
}

/// Counts what is fetched: since when, and how often.
#[derive(Default)]
struct Budget(std::sync::Mutex<Option<(Instant, u32)>>);

impl Budget {
    /// Whether there is one left of this minute.
    fn take(&self, now: Instant) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (since, count) = spent.filter(|(since, _)| now.duration_since(*since) < MINUTE).unwrap_or((now, 0));
        *spent = Some((since, count.saturating_add(1)));
        count < MAX_A_MINUTE
    }
}

fn age(kind: PublishedKind) -> Duration {
    match kind {
        PublishedKind::Certificate => CERTIFICATE_AGE,
        PublishedKind::KeySet => KEY_SET_AGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(keys: &str) -> Result<Arc<[u8]>, Unsupplied> {
        Ok(keys.as_bytes().into())
    }

    fn bad() -> Result<Arc<[u8]>, Unsupplied> {
        Err(Unsupplied::Unavailable("away".into()))
    }

    #[test]
    fn a_try_that_failed_takes_no_good_keys_away() {
        let set = PublishedKind::KeySet;
        let kept = Kept::after(Some(Kept::after(None, good("one"), set)), bad(), set);
        assert_eq!(kept.outcome, good("one"));
        assert!(kept.counts(set, true), "it is not asked again at once");
        let renewed = Kept::after(Some(kept), good("two"), set);
        assert_eq!(renewed.outcome, good("two"));
        assert_eq!(Kept::after(None, bad(), set).outcome, bad());
    }

    #[test]
    fn no_more_than_some_are_fetched_in_a_minute() {
        let (budget, now) = (Budget::default(), Instant::now());
        assert!((0..MAX_A_MINUTE).all(|_| budget.take(now)));
        assert!(!budget.take(now));
        assert!(budget.take(now + MINUTE));
    }

    #[tokio::test]
    async fn a_stranger_who_names_many_addresses_shuts_nobody_out() {
        let keys = PublishedKeys::new(None);
        for number in 0..MAX_ADDRESSES * 2 {
            let address = keys.address(&format!("https://keys.example.test/{number}")).await.unwrap();
            *address.lock().await = Some(Kept::after(None, good("x"), PublishedKind::Certificate));
        }
        assert_eq!(keys.addresses.lock().await.len(), MAX_ADDRESSES);
    }
}
