//! Verification: bytes in, verdict out.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::Provider;
use super::circumstances::Circumstances;
use super::digest::Digest;
use super::explain::{self, Effort, Facts, Guess};
use super::format::{Group, SIGNATURE, shorten};
use super::generator::Generator;
use super::jwt::JwtRules;
use super::key::{Key, Keys, Published, Wanted};
use super::sign::sign;
use super::signature::{Scheme, Signature, UrlVariant};
use super::template::{RenderError, Scope, Source};
use super::timestamp;
use crate::model::{Expected, Reason, Request, Secret, Verdict, VerdictStatus};

/// A provider's signatures with the keys for its secrets: made once, used for every request.
#[derive(Clone)]
pub struct Verifier {
    provider: Arc<Provider>,
    keyrings: Vec<Keyring>,
}

/// One secret, with its key for each signature that can have one before the request is known.
#[derive(Clone)]
struct Keyring {
    secret: Secret,
    keys: Vec<Option<Result<Keys, String>>>,
}

impl Verifier {
    /// Prepares the keys. A request is valid that any of the secrets signed: during a rotation there are two.
    /// Without a secret every verdict is `unchecked`.
    pub fn new(provider: Arc<Provider>, secrets: impl IntoIterator<Item = Secret>) -> Self {
        let keyring = |secret: Secret| Keyring {
            keys: provider.signatures.iter().map(|signature| Keys::prepare(signature, &secret)).collect(),
            secret,
        };
        let keyrings = secrets.into_iter().map(keyring).collect();
        Self { provider, keyrings }
    }

    /// The provider.
    pub fn provider(&self) -> &Arc<Provider> {
        &self.provider
    }

    /// Whether there is a secret to check with.
    pub fn has_secret(&self) -> bool {
        !self.keyrings.is_empty()
    }

    /// What it checks with first, and what is signed with.
    pub fn secret(&self) -> Option<&Secret> {
        self.secrets().next()
    }

    /// Everything it checks with.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.keyrings.iter().map(|keyring| &keyring.secret)
    }

    /// The value of the header that is a credential in itself under this signature, for the secret of this
    /// label or the first.
    pub fn credential(&self, id: &str, label: Option<&str>) -> Option<HeaderValue> {
        let secret = self.secrets().find(|secret| label.is_none_or(|label| secret.label() == label))?;
        let name = self.provider.credential_header(id)?;
        let generator = RefCell::new(Generator::new(0, Timestamp::UNIX_EPOCH));
        let mut request = Request::default();
        sign(&self.provider, Some(id), secret, &mut request, &generator).ok()?;
        request.headers.remove(name)
    }

    /// Verifies one request. The best verdict over the provider's alternatives counts.
    pub fn verify(&self, request: &Request, circumstances: &Circumstances<'_>) -> Verdict {
        let id = || self.provider.id().to_string();
        if self.provider.signatures.is_empty() {
            return Verdict::unchecked(Reason::NotSigned { provider: id() });
        }
        let public_url = self.provider.given.public_url(request);
        let url = circumstances.url.or(public_url.as_deref());
        let scope = Scope { url, ..self.provider.scope(request) };
        if self.keyrings.is_empty() {
            let verdict = self.verify_published(&scope, circumstances);
            let has_published = self.provider.signatures.iter().any(Signature::has_published_keys);
            return verdict.unwrap_or_else(|| match circumstances.supplied {
                Some(_) if has_published => self.unsigned(&scope),
                _ => Verdict::unchecked(Reason::NoSecret { provider: id() }),
            });
        }
        let mut best: Option<Verdict> = None;
        for keyring in &self.keyrings {
            let verdict = self.verify_with(keyring, &scope, circumstances);
            let Some(mut verdict) = verdict else { continue };
            if verdict.status == VerdictStatus::Valid {
                verdict.secret = (self.keyrings.len() > 1).then(|| keyring.secret.label().into());
                return verdict;
            }
            if best.as_ref().is_none_or(|best| rank(&verdict) > rank(best)) {
                best = Some(verdict);
            }
        }
        let mut verdict = best.unwrap_or_else(|| self.unsigned(&scope));
        if circumstances.effort != Effort::NONE {
            let facts = Facts::new(&self.provider, request, circumstances);
            explain::explain(&mut verdict, &facts, &self.guesses(&scope));
        }
        verdict
    }

    /// The request under each secret and signature that may have made it, as an explanation begins with.
    fn guesses<'a>(&'a self, scope: &Scope<'a>) -> Vec<Guess<'a>> {
        let mut guesses = Vec::new();
        for keyring in &self.keyrings {
            let scope = Scope { secret: Some(keyring.secret.expose()), ..*scope };
            for (signature, keys) in self.provider.signatures.iter().zip(&keyring.keys) {
                let keys = keys.as_ref().and_then(|keys| keys.as_ref().ok());
                let standing = explain::standing(&self.provider, signature, &scope);
                guesses.extend(standing.into_iter().map(|guess| guess.by(&keyring.secret, keys)));
            }
        }
        // What was changed may have chosen another alternative than the sender's, by its conditions or its secret.
        guesses.sort_by_key(|guess| !(guess.applies() && self.provider.takes(guess.signature(), guess.secret())));
        guesses
    }

    /// Hands on the request under each secret and signature that may have made it.
    pub(super) fn with_guesses<T>(
        &self,
        request: &Request,
        circumstances: &Circumstances<'_>,
        read: impl FnOnce(&[Guess<'_>]) -> T,
    ) -> T {
        let public_url = self.provider.given.public_url(request);
        let url = circumstances.url.or(public_url.as_deref());
        read(&self.guesses(&Scope { url, ..self.provider.scope(request) }))
    }

    /// The published keys that must be fetched to verify this request; none where keys are pinned.
    pub fn wants(&self, request: &Request, circumstances: &Circumstances<'_>) -> Vec<Wanted> {
        if !self.keyrings.is_empty() {
            return Vec::new();
        }
        let scope = Scope { url: circumstances.url, ..self.provider.scope(request) };
        let mut wanted: Vec<Wanted> = Vec::new();
        for (_, rule, scope) in self.published(&scope) {
            match self.provider.with_token(scope, |scope| rule.wanted(scope)) {
                Ok(one) if !wanted.contains(&one) && wanted.len() < MAX_WANTED => wanted.push(one),
                _ => {}
            }
        }
        wanted
    }

    /// The signatures of this request whose keys are published.
    fn published<'s, 'a>(
        &'s self,
        scope: &'s Scope<'a>,
    ) -> impl Iterator<Item = (&'s Signature, &'s Published, Scope<'a>)> {
        let stands = |signature: &&Signature| signature.applies(scope) && signature.find(scope).next().is_some();
        let signatures = self.provider.signatures.iter().filter(stands);
        signatures.filter_map(|signature| Some((signature, signature.published.as_ref()?, *scope)))
    }

    /// The best verdict with published keys; none where no such signature stands in the request.
    fn verify_published(&self, scope: &Scope<'_>, circumstances: &Circumstances<'_>) -> Option<Verdict> {
        let mut best: Option<Verdict> = None;
        for (signature, rule, scope) in self.published(scope) {
            let wanted = self.provider.with_token(scope, |scope| rule.wanted(scope));
            let keys =
                wanted.and_then(|wanted| rule.keys(signature, &wanted, circumstances.supplied, circumstances.now));
            let verdict = match keys {
                Ok(keys) => examine(signature, Some(&Ok(keys)), &scope, circumstances)?,
                Err(reason) => without_keys(signature, reason),
            };
            if verdict.status == VerdictStatus::Valid {
                return Some(verdict);
            }
            if best.as_ref().is_none_or(|best| rank(&verdict) > rank(best)) {
                best = Some(verdict);
            }
        }
        best
    }

    /// The best verdict over the alternatives that take this secret; none where none of them stands in the request.
    fn verify_with(&self, keyring: &Keyring, scope: &Scope<'_>, circumstances: &Circumstances<'_>) -> Option<Verdict> {
        let scope = Scope { secret: Some(keyring.secret.expose()), ..*scope };
        let mut best: Option<Verdict> = None;
        for (signature, key) in self.alternatives(keyring, &scope) {
            let Some(verdict) = examine(signature, key.as_ref(), &scope, circumstances) else { continue };
            if verdict.status == VerdictStatus::Valid {
                return Some(verdict);
            }
            if best.as_ref().is_none_or(|best| rank(&verdict) > rank(best)) {
                best = Some(verdict);
            }
        }
        best
    }

    fn alternatives<'s>(
        &'s self,
        keyring: &'s Keyring,
        scope: &'s Scope<'_>,
    ) -> impl Iterator<Item = (&'s Signature, &'s Option<Result<Keys, String>>)> {
        let takes = |signature: &Signature| self.provider.takes(signature, keyring.secret.expose());
        let all = self.provider.signatures.iter().zip(&keyring.keys);
        all.filter(move |(signature, _)| takes(signature) && signature.applies(scope))
    }

    fn unsigned(&self, scope: &Scope<'_>) -> Verdict {
        let mut places: Vec<String> = Vec::new();
        let alternatives = self.keyrings.iter().flat_map(|keyring| self.alternatives(keyring, scope));
        let published = self.provider.signatures.iter().filter(|signature| signature.has_published_keys());
        let published = published.filter(|signature| self.keyrings.is_empty() && signature.applies(scope));
        for signature in alternatives.map(|(signature, _)| signature).chain(published).filter(|one| !one.deprecated) {
            let place = signature.place();
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let place = if places.is_empty() { "signature".to_owned() } else { places.join(" or ") };
        Verdict::new(VerdictStatus::Unsigned, None, Some(Reason::MissingSignature { place }))
            .with_hint(explain::missing(&self.provider, scope.request))
    }
}

/// The verdict over this signature, for all items of the body where they are signed one by one; `None` where it
/// stands nowhere.
fn examine(
    signature: &Signature,
    keys: Option<&Result<Keys, String>>,
    scope: &Scope<'_>,
    circumstances: &Circumstances<'_>,
) -> Option<Verdict> {
    let Some(rule) = &signature.item else { return examine_one(signature, keys, scope, circumstances) };
    let items = match rule.items(scope.body) {
        Ok(items) => items,
        Err(problem) => {
            let place = format!("items `{}`", rule.text());
            return Some(refused(signature, Reason::MalformedSignature { place, problem }));
        }
    };
    let with = |item| Scope { item: Some(item), ..*scope };
    if !items.iter().any(|item| signature.find(&with(*item)).next().is_some()) {
        return None;
    }
    let mut valid = None;
    for item in items {
        let scope = with(item);
        let verdict = examine_one(signature, keys, &scope, circumstances).unwrap_or_else(|| {
            let place = signature.places().next().map(|place| scope.name(place)).unwrap_or_default();
            let reason = Reason::MissingSignature { place };
            Verdict::new(VerdictStatus::Unsigned, Some(signature.id.clone()), Some(reason))
        });
        if verdict.status != VerdictStatus::Valid {
            return Some(verdict);
        }
        valid = Some(verdict);
    }
    valid
}

/// The best verdict over the places where this signature stands.
fn examine_one(
    signature: &Signature,
    keys: Option<&Result<Keys, String>>,
    scope: &Scope<'_>,
    circumstances: &Circumstances<'_>,
) -> Option<Verdict> {
    let mut best: Option<Verdict> = None;
    for found in signature.find(scope) {
        let verdict = match keys {
            Some(Err(problem)) => refused(signature, Reason::UnusableSecret { problem: problem.clone() }),
            _ => {
                let keys = keys.and_then(|keys| keys.as_ref().ok());
                let (index, source) = (found.index, &*found.source);
                Attempt { signature, index, source, scope: *scope, keys, circumstances }.verdict(&found.text)
            }
        };
        if verdict.status == VerdictStatus::Valid {
            return Some(verdict);
        }
        if best.as_ref().is_none_or(|best| rank(&verdict) > rank(best)) {
            best = Some(verdict);
        }
    }
    best
}

/// The nearer a verdict is to `valid`, the more it tells.
fn rank(verdict: &Verdict) -> u8 {
    match verdict.reason {
        Some(Reason::TooOld { .. } | Reason::TooNew { .. } | Reason::CheckFailed { .. }) => 3,
        Some(Reason::Mismatch { .. } | Reason::NoneMatch { .. } | Reason::WrongCredential { .. }) => 2,
        Some(Reason::MissingPart { .. } | Reason::MalformedTimestamp { .. } | Reason::MissingVariable { .. }) => 1,
        Some(Reason::UnknownKey { .. } | Reason::BadCertificate { .. } | Reason::ForeignKeys { .. }) => 1,
        _ => 0,
    }
}

fn refused(signature: &Signature, reason: Reason) -> Verdict {
    Verdict::new(VerdictStatus::Invalid, Some(signature.id.clone()), Some(reason))
}

/// A request names one place of keys for each of its signatures, and has one or two of these.
const MAX_WANTED: usize = 2;

/// Nothing is known until the keys are there; a request that leads elsewhere is refused.
fn without_keys(signature: &Signature, reason: Reason) -> Verdict {
    let (status, hint) = match &reason {
        Reason::KeysNotFetched { .. } => (
            VerdictStatus::Unchecked,
            "fetch them with --fetch-keys, or pin them with --secret-file (a certificate, a public key or a JWK set)",
        ),
        Reason::KeysUnavailable { .. } => (VerdictStatus::Unchecked, "pin the keys with --secret-file"),
        Reason::MissingVariable { .. } => (VerdictStatus::Unchecked, "give it with --var NAME=VALUE"),
        Reason::ForeignKeys { .. } => {
            (VerdictStatus::Invalid, "it is forged, or the provider has a host that its manifest does not list")
        }
        _ => (VerdictStatus::Invalid, "it is forged, or pin the right certificate with --secret-file"),
    };
    Verdict::new(status, Some(signature.id.clone()), Some(reason)).with_hint(hint)
}

/// What to do about a key that is not known.
const OTHER_KEYS: &str = "get the provider's current keys and give them with --secret-file";

/// Nothing can be checked before the user says what no request carries.
fn not_given(signature: &Signature, name: &str) -> Verdict {
    let reason = Reason::MissingVariable { name: name.to_owned() };
    Verdict::new(VerdictStatus::Unchecked, Some(signature.id.clone()), Some(reason))
        .with_hint(format!("give it with --var {name}=VALUE"))
}

/// Constant-time comparison of texts of any length: their digests have one length.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    Digest::Sha256.hash(left).ct_eq(&Digest::Sha256.hash(right)).into()
}

/// One signature of a manifest against one request.
pub(super) struct Attempt<'a> {
    pub(super) signature: &'a Signature,
    /// Which of the signature's sources it is.
    pub(super) index: usize,
    pub(super) source: &'a Source,
    pub(super) scope: Scope<'a>,
    pub(super) keys: Option<&'a Keys>,
    pub(super) circumstances: &'a Circumstances<'a>,
}

impl Attempt<'_> {
    fn verdict(&self, text: &[u8]) -> Verdict {
        match self.judge(text) {
            Ok(()) => {
                let verdict = Verdict::valid(self.signature.id.clone());
                if self.signature.deprecated {
                    verdict.with_hint(format!("`{}` is deprecated by the provider", self.signature.id))
                } else {
                    verdict
                }
            }
            Err(verdict) => *verdict,
        }
    }

    fn place(&self) -> String {
        self.scope.name(self.source)
    }

    fn refuse<T>(&self, reason: Reason) -> Result<T, Box<Verdict>> {
        Err(Box::new(refused(self.signature, reason)))
    }

    fn malformed<T>(&self, problem: impl Into<String>) -> Result<T, Box<Verdict>> {
        let mut problem = problem.into();
        // What stands there is perhaps the secret itself, in the wrong form: it is not repeated.
        if matches!(self.signature.scheme, Scheme::Token | Scheme::Basic)
            && let Some(found) = problem.find(", found ")
        {
            problem.truncate(found);
        }
        self.refuse(Reason::MalformedSignature { place: self.place(), problem })
    }

    pub(super) fn judge(&self, text: &[u8]) -> Result<(), Box<Verdict>> {
        if let Source::Header(name) = self.source {
            let count = self.scope.request.headers.get_all(name).iter().count();
            if count > 1 {
                return self.malformed(format!("the header is there {count} times"));
            }
        }
        let Ok(text) = std::str::from_utf8(text) else { return self.malformed("it is not UTF-8 text") };
        if self.signature.scheme == Scheme::Basic {
            return self.judge_basic(text);
        }
        let groups = match self.extract(text) {
            Ok(groups) => groups,
            Err(problem) => return self.malformed(problem),
        };
        let mut last = None;
        for group in &groups {
            match self.judge_group(group) {
                Ok(()) => return Ok(()),
                Err(verdict) if last.as_deref().is_none_or(|last: &Verdict| rank(&verdict) > rank(last)) => {
                    last = Some(verdict);
                }
                Err(_) => {}
            }
        }
        last.map_or_else(|| self.malformed("it is empty"), Err)
    }

    fn extract<'t>(&self, text: &'t str) -> Result<Vec<Group<'t>>, String> {
        let mut problem = None;
        for format in &self.signature.formats {
            match format.extract(text) {
                Ok(groups) => return Ok(groups),
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        Err(problem.unwrap_or_default())
    }

    fn judge_group(&self, group: &Group<'_>) -> Result<(), Box<Verdict>> {
        let mut variables: Vec<(&str, Cow<'_, [u8]>)> = Vec::new();
        self.signature.bind(self.index, &self.scope, &mut variables);
        variables.extend(group.captures.iter().map(|(name, value)| (name.as_str(), value.as_bytes().into())));
        let scope = Scope { variables: &variables, ..self.scope };
        if self.signature.scheme == Scheme::Token {
            return self.judge_token(group, &scope);
        }
        let made;
        let keys = match self.keys {
            Some(keys) => keys,
            None => match Keys::make(self.signature, &scope) {
                Ok(keys) => {
                    made = keys;
                    &made
                }
                Err(problem) => return self.refuse(Reason::UnusableSecret { problem }),
            },
        };
        let keys = match keys.named(self.key_id(group, &scope).as_deref()) {
            Ok(keys) => keys,
            Err(reason) => return Err(Box::new(refused(self.signature, reason).with_hint(OTHER_KEYS))),
        };
        let mut best = None;
        for key in keys {
            match self.judge_with(group, &scope, key) {
                Ok(()) => return Ok(()),
                Err(verdict) if best.as_deref().is_none_or(|best: &Verdict| rank(&verdict) > rank(best)) => {
                    best = Some(verdict);
                }
                Err(_) => {}
            }
        }
        best.map_or_else(|| self.refuse(Reason::UnusableSecret { problem: "it holds no key".into() }), Err)
    }

    /// The id of the key that the sender names.
    fn key_id(&self, group: &Group<'_>, scope: &Scope<'_>) -> Option<String> {
        if self.signature.jwt.is_some() {
            return JwtRules::key_id(group.signatures.first()?);
        }
        self.signature.key_id.as_ref()?.render_text(scope).ok().filter(|id| !id.is_empty())
    }

    fn judge_with(&self, group: &Group<'_>, scope: &Scope<'_>, key: &Key) -> Result<(), Box<Verdict>> {
        if let Some(rules) = &self.signature.jwt {
            return self.judge_jwt(rules, group, scope, key);
        }
        let candidates = self.decode(group, key)?;
        match self.matches(scope, key, &candidates) {
            Ok(true) => self.check_rest(scope),
            Ok(false) => Err(Box::new(self.mismatch(scope, key, &candidates))),
            Err(RenderError::Unusable { problem }) => self.refuse(Reason::UnusableSecret { problem }),
            Err(RenderError::NotGiven(name)) => Err(Box::new(not_given(self.signature, &name))),
            Err(error) => {
                self.refuse(Reason::MissingPart { place: self.signature.describe_absence(&error, self.index) })
            }
        }
    }

    /// The signatures as bytes of the right length; an error when none is.
    fn decode(&self, group: &Group<'_>, key: &Key) -> Result<Vec<Vec<u8>>, Box<Verdict>> {
        let decode = |text: &str| {
            let encoding = self.signature.encoding;
            match (self.signature.scheme, key) {
                (Scheme::Hmac(digest) | Scheme::Hash(digest), _) => encoding.decode(text, digest.len()),
                (_, Key::Rsa(key)) => encoding.decode(text, key.length()),
                (Scheme::Ecdsa(kind), _) => {
                    let bytes = encoding.decode_any(text)?;
                    kind.check(&bytes).map(|()| bytes)
                }
                _ => encoding.decode(text, ed25519_dalek::SIGNATURE_LENGTH),
            }
        };
        let mut problem = None;
        let mut decoded = Vec::with_capacity(group.signatures.len());
        for text in &group.signatures {
            match decode(text) {
                Ok(bytes) => decoded.push(bytes),
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        match problem {
            Some(problem) if decoded.is_empty() => self.malformed(problem),
            _ => Ok(decoded),
        }
    }

    fn matches(&self, scope: &Scope<'_>, key: &Key, candidates: &[Vec<u8>]) -> Result<bool, RenderError> {
        for url in urls(self.signature, scope) {
            let scope = Scope { url: url.as_deref().or(scope.url), ..*scope };
            for index in 0..self.signature.signed.len() {
                if self.signature.proves(index, &scope, key, candidates)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The signature is right; what remains is its time and what it binds.
    fn check_rest(&self, scope: &Scope<'_>) -> Result<(), Box<Verdict>> {
        if let Some(place) = self.signature.signed_sources().find(|source| source.is_ambiguous(scope)) {
            let problem = format!("the {} is there more than once, and only one is signed", scope.name(place));
            return self.malformed(problem);
        }
        for check in &self.signature.checks {
            let agree = match (check.left.render(scope), check.right.render(scope)) {
                (Ok(left), Ok(right)) => same(&left, &right),
                _ => false,
            };
            if !agree {
                return self.reject(Reason::CheckFailed { name: check.name.clone() });
            }
        }
        let Some(rule) = &self.signature.timestamp else { return Ok(()) };
        match timestamp::check(rule, scope, self.circumstances) {
            Ok(()) => Ok(()),
            Err(reason) => self.reject(reason),
        }
    }

    /// Refuses what is signed rightly.
    fn reject(&self, reason: Reason) -> Result<(), Box<Verdict>> {
        let hint = explain::rejected(self.signature, &reason);
        let mut verdict = refused(self.signature, reason);
        verdict.hint = hint;
        Err(Box::new(verdict))
    }

    fn mismatch(&self, scope: &Scope<'_>, key: &Key, candidates: &[Vec<u8>]) -> Verdict {
        let (place, algorithm) = (self.place(), self.signature.algorithm());
        let reason = match candidates.len() {
            1 => Reason::Mismatch { place, algorithm },
            count => Reason::NoneMatch { place, algorithm, count },
        };
        let mut verdict = refused(self.signature, reason);
        if self.circumstances.reveal {
            verdict.expected = self.expected(scope, key);
        }
        verdict
    }

    /// The header value that would have matched, as the provider writes it.
    fn expected(&self, scope: &Scope<'_>, key: &Key) -> Option<Expected> {
        let bytes = self.signature.compute(0, scope, key).ok()?;
        let mut variables = scope.variables.to_vec();
        variables.push((SIGNATURE, self.signature.encoding.encode(&bytes).into_bytes().into()));
        let value = self.signature.formats.first()?.render(&Scope { variables: &variables, ..*scope }).ok()?;
        Some(Expected { place: self.place(), value })
    }

    fn judge_jwt(&self, rules: &JwtRules, group: &Group<'_>, scope: &Scope<'_>, key: &Key) -> Result<(), Box<Verdict>> {
        let place = self.place();
        let mut last = None;
        for token in &group.signatures {
            let scope = &Scope { token: Some(token), ..*scope };
            match rules.judge(token, key, scope, self.circumstances, &place) {
                Ok(()) => return self.check_rest(scope),
                Err(reason) => last = last.or(Some(reason)),
            }
        }
        match last {
            Some(Reason::MissingVariable { name }) => Err(Box::new(not_given(self.signature, &name))),
            Some(reason) => self.reject(reason),
            None => self.malformed("it is empty"),
        }
    }

    fn judge_token(&self, group: &Group<'_>, scope: &Scope<'_>) -> Result<(), Box<Verdict>> {
        let expected = match self.signature.expect.render(scope) {
            Ok(expected) => expected,
            Err(error) => return self.refuse(Reason::UnusableSecret { problem: error.to_string() }),
        };
        if group.signatures.iter().any(|token| same(token.as_bytes(), &expected)) {
            Ok(())
        } else {
            self.refuse(Reason::WrongCredential { place: self.place() })
        }
    }

    /// RFC 7617: `Basic base64(user:password)`; the secret is `user:password`.
    fn judge_basic(&self, text: &str) -> Result<(), Box<Verdict>> {
        let Some((scheme, credentials)) = text.split_once(' ') else {
            return self.malformed(format!("expected `Basic …`, found `{}`", shorten(text)));
        };
        if !scheme.eq_ignore_ascii_case("basic") {
            return self.malformed(format!("expected `Basic`, found `{}`", shorten(scheme)));
        }
        let Ok(credentials) = STANDARD.decode(credentials.trim()) else {
            return self.malformed("what follows `Basic` is not base64");
        };
        if same(&credentials, self.scope.secret.unwrap_or_default()) {
            Ok(())
        } else {
            self.refuse(Reason::WrongCredential { place: self.place() })
        }
    }
}

/// The URL as known, then the forms that the provider's own verifier tries too.
fn urls(signature: &Signature, scope: &Scope<'_>) -> Vec<Option<String>> {
    let mut urls = vec![None];
    if signature.url_variants.is_empty() {
        return urls;
    }
    let Ok(url) = url::Url::parse(&scope.full_url()) else { return urls };
    let text = scope.full_url();
    for variant in &signature.url_variants {
        urls.push(match variant {
            UrlVariant::DefaultPort => toggle_default_port(&url, &text),
            UrlVariant::Scheme => match text.split_once("://") {
                Some(("http", rest)) => Some(format!("https://{rest}")),
                Some(("https", rest)) => Some(format!("http://{rest}")),
                _ => None,
            },
            UrlVariant::Slash => Some(match text.strip_suffix('/') {
                Some(without) => without.to_owned(),
                None => format!("{text}/"),
            }),
        });
    }
    urls
}

/// Adds `:443` or `:80` where it is left out, or takes it away, touching nothing else.
fn toggle_default_port(url: &url::Url, text: &str) -> Option<String> {
    let port = match url.scheme() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let start = text.find("://")? + 3;
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
    let authority = &text[start..end];
    let changed = match authority.strip_suffix(port) {
        Some(without) => without.to_owned(),
        None if url.port().is_none() => format!("{authority}{port}"),
        None => return None,
    };
    Some(format!("{}{changed}{}", &text[..start], &text[end..]))
}
