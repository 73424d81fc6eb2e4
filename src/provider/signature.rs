//! One signature of a manifest, compiled: where it stands, how it is written, what it covers.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::condition::Condition;
use super::digest::Digest;
use super::format::Format;
use super::item::ItemRule;
use super::jwt::JwtRules;
use super::key::{EcdsaKind, Published, RsaKind};
use super::template::{Expression, RenderError, Scope, Source, Template};
use crate::model::Request;

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Keyed hash, RFC 2104.
    Hmac(Digest),
    /// Plain hash with the secret in the content.
    Hash(Digest),
    /// RFC 8032.
    Ed25519(KeyFormat),
    /// FIPS 186-5, on P-256.
    Ecdsa(EcdsaKind),
    /// RFC 8017.
    Rsa(RsaKind),
    /// RFC 7519; its algorithms and claims stand in [`JwtRules`].
    Jwt,
    /// A fixed value, sent as it is.
    Token,
    /// RFC 7617.
    Basic,
}

impl Scheme {
    /// The names in a manifest.
    pub(crate) const NAMES: [&str; 8] = ["hmac", "hash", "ed25519", "ecdsa", "rsa", "jwt", "token", "basic"];

    /// The name as people write it: `HMAC-SHA-256`.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Hmac(digest) => format!("HMAC-{}", digest.name()),
            Self::Hash(digest) => digest.name().to_owned(),
            Self::Ed25519(_) => "Ed25519".to_owned(),
            Self::Ecdsa(kind) => kind.describe(),
            Self::Rsa(kind) => kind.describe(),
            Self::Jwt => "JWT".to_owned(),
            Self::Token => "token".to_owned(),
            Self::Basic => "Basic authentication".to_owned(),
        }
    }
}

/// How an Ed25519 key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFormat {
    Hex,
    Base64,
    /// PEM, or a JWK.
    Contained,
}

/// How signature bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Hex,
    Base64,
    Base64Url,
}

impl Encoding {
    pub(crate) const NAMES: [&str; 3] = ["hex", "base64", "base64url"];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "hex" => Self::Hex,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            _ => return None,
        })
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    /// Bytes of any length, or what is wrong with the text and where.
    pub(crate) fn decode_any(self, text: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Hex => decode_hex(text),
            Self::Base64 => decode_base64(text, |text| STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text))),
            Self::Base64Url => {
                decode_base64(text, |text| URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)))
            }
        }
    }

    /// Bytes of exactly `length`, or what is wrong with the text and where.
    pub(crate) fn decode(self, text: &str, length: usize) -> Result<Vec<u8>, String> {
        let bytes = self.decode_any(text)?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            let unit = if self == Self::Hex { "hex digits" } else { "characters" };
            let expected = self.encode(&vec![0; length]).len();
            Err(format!("expected {expected} {unit}, found {}", text.chars().count()))
        }
    }
}

fn decode_hex(text: &str) -> Result<Vec<u8>, String> {
    match hex::decode(text) {
        Ok(bytes) => Ok(bytes),
        Err(hex::FromHexError::InvalidHexCharacter { c, index }) => {
            Err(format!("`{}` at character {} is not a hex digit", c.escape_default(), index + 1))
        }
        Err(_) => Err(format!("expected an even number of hex digits, found {}", text.chars().count())),
    }
}

fn decode_base64(text: &str, decode: impl Fn(&str) -> Result<Vec<u8>, base64::DecodeError>) -> Result<Vec<u8>, String> {
    decode(text).map_err(|error| match error {
        base64::DecodeError::InvalidByte(index, byte) => {
            format!("`{}` at character {} is not base64", byte.escape_ascii(), index + 1)
        }
        _ => format!("not base64 ({} characters)", text.chars().count()),
    })
}

/// When a signature was made, and how long it holds.
#[derive(Debug, Clone)]
pub(crate) struct TimestampRule {
    pub(crate) value: Template,
    pub(crate) unit: TimeUnit,
    /// Seconds; `None` when the provider's documentation asks for no check.
    pub(crate) tolerance: Option<i64>,
}

/// How a timestamp is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Seconds,
    Millis,
    Rfc3339,
    /// ISO 8601 without a zone, meaning UTC.
    IsoUtc,
    /// As in the header `Date`.
    HttpDate,
}

impl TimeUnit {
    pub(crate) const NAMES: [&str; 5] = ["s", "ms", "rfc3339", "iso-utc", "http-date"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "s" => Self::Seconds,
            "ms" => Self::Millis,
            "rfc3339" => Self::Rfc3339,
            "iso-utc" => Self::IsoUtc,
            "http-date" => Self::HttpDate,
            _ => return None,
        })
    }
}

/// A pair of templates that must render to the same bytes.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) left: Template,
    pub(crate) right: Template,
}

/// Forms of the URL that the provider's own verifier tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlVariant {
    DefaultPort,
    Scheme,
    Slash,
}

/// What a right secret looks like.
#[derive(Debug, Clone, Default)]
pub struct SecretHint {
    /// Such as `whsec_*`.
    pub pattern: Option<String>,
    /// Length in bytes, such as `24..64`.
    pub bytes: Option<String>,
    /// A sentence for people.
    pub note: Option<String>,
}

/// What stands at one of a signature's sources.
pub(crate) struct Found<'s, 'a> {
    /// Which source of the manifest it is.
    pub(crate) index: usize,
    pub(crate) source: Cow<'s, Source>,
    pub(crate) text: Cow<'a, [u8]>,
}

/// A compiled `[[signature]]`.
#[derive(Debug, Clone)]
pub struct Signature {
    pub(crate) id: Arc<str>,
    pub(crate) scheme: Scheme,
    pub(crate) sources: Vec<Expression>,
    pub(crate) formats: Vec<Format>,
    pub(crate) encoding: Encoding,
    pub(crate) signed: Vec<Template>,
    /// Each with one place, or one for each source: what belongs together stays together.
    pub(crate) variables: Vec<(Box<str>, Vec<Expression>)>,
    /// Where the items of the body are that are signed one by one.
    pub(crate) item: Option<ItemRule>,
    pub(crate) key: Template,
    /// Which key of a set, where the request says it outside a JWT.
    pub(crate) key_id: Option<Template>,
    /// Where its keys are published, for who has none pinned.
    pub(crate) published: Option<Published>,
    pub(crate) timestamp: Option<TimestampRule>,
    pub(crate) url_variants: Vec<UrlVariant>,
    pub(crate) when: Vec<Condition>,
    pub(crate) checks: Vec<Check>,
    pub(crate) expect: Template,
    pub(crate) secret_prefixes: Vec<String>,
    pub(crate) secret_hint: SecretHint,
    pub(crate) deprecated: bool,
    pub(crate) optional: bool,
    /// Of scheme `jwt`, and only of it.
    pub(crate) jwt: Option<JwtRules>,
}

impl Signature {
    /// Its id in the manifest, such as `sha256`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm as people write it.
    pub fn algorithm(&self) -> String {
        self.jwt.as_ref().map_or_else(|| self.scheme.describe(), JwtRules::describe)
    }

    /// Where it stands, as people say it.
    pub fn place(&self) -> String {
        self.sources.first().map(|source| source.source().place()).unwrap_or_default()
    }

    /// The header that carries it, where it is one.
    pub fn header(&self) -> Option<&http::HeaderName> {
        self.sources.iter().find_map(|source| match source.source() {
            Source::Header(name) => Some(name),
            Source::HeaderPattern(pattern) => Some(pattern.first()),
            _ => None,
        })
    }

    /// Whether it is written into the body.
    pub fn is_in_body(&self) -> bool {
        self.sources.first().is_some_and(|source| source.source().is_in_body())
    }

    /// The places where it may stand.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().map(Expression::source)
    }

    /// Whether its keys can be fetched from where the provider publishes them.
    pub fn has_published_keys(&self) -> bool {
        self.published.is_some()
    }

    /// Whether what is sent is the secret itself.
    pub fn is_credential(&self) -> bool {
        matches!(self.scheme, Scheme::Token | Scheme::Basic)
    }

    /// Whether a time is signed with it.
    pub fn has_timestamp(&self) -> bool {
        self.timestamp.is_some()
    }

    /// Whether a change of the body shows.
    pub fn covers_body(&self) -> bool {
        let compared: Vec<&Template> = match self.scheme {
            Scheme::Basic => Vec::new(),
            Scheme::Token => vec![&self.expect],
            _ => self.computed_from().collect(),
        };
        let checks = self.checks.iter().flat_map(|check| [&check.left, &check.right]);
        compared.into_iter().chain(checks).any(|template| template.uses(|source| self.place_of(source).is_of_body()))
    }

    /// Whether the check of this name compares a place of this kind.
    pub(crate) fn checks(&self, name: &str, is_it: impl Fn(&Source) -> bool) -> bool {
        let named = self.checks.iter().filter(|check| check.name == name);
        let claim = self.jwt.iter().filter_map(|rules| rules.checked(name));
        let mut compared = named.flat_map(|check| [&check.left, &check.right]).chain(claim).flat_map(Template::sources);
        compared.any(|source| is_it(self.place_of(source)))
    }

    /// The templates whose values the signature depends on.
    fn computed_from(&self) -> impl Iterator<Item = &Template> {
        self.signed.iter().chain([&self.key]).chain(self.jwt.iter().flat_map(JwtRules::templates))
    }

    /// Names that its templates may use.
    pub(crate) fn names(&self) -> Vec<&str> {
        let declared = self.variables.iter().map(|(name, _)| &**name);
        declared.chain(self.formats.iter().flat_map(Format::captures)).collect()
    }

    /// Whether what is signed holds the value of this header.
    pub(crate) fn reads_header(&self, header: &http::HeaderName) -> bool {
        self.signed_sources().any(|source| matches!(source, Source::Header(name) if name == header))
    }

    /// The places whose values are signed.
    pub(crate) fn signed_sources(&self) -> impl Iterator<Item = &Source> {
        self.computed_from().flat_map(Template::sources).map(|source| self.place_of(source))
    }

    /// Whether what is signed, or held against the request beside it, comes from such a place.
    pub(crate) fn reads(&self, is_it: impl Fn(&Source) -> bool) -> bool {
        let checks = self.checks.iter().flat_map(|check| [&check.left, &check.right]);
        let checked = checks.flat_map(Template::sources).map(|source| self.place_of(source));
        self.signed_sources().chain(checked).any(is_it)
    }

    /// The place whose value is the signed time; `None` where the signature itself holds it.
    pub(crate) fn time_place(&self) -> Option<&Source> {
        let sources = self.timestamp.iter().flat_map(|rule| rule.value.sources());
        sources.map(|source| self.place_of(source)).find(|place| place.is_place())
    }

    /// The place that a declared name stands for.
    fn place_of<'a>(&'a self, source: &'a Source) -> &'a Source {
        let Source::Variable(name) = source else { return source };
        let places = self.variables.iter().find(|(known, _)| known == name).map(|(_, places)| places);
        places.and_then(|places| places.first()).map_or(source, Expression::source)
    }

    /// How it is written there: `t={timestamp},v1={signature}`.
    pub fn format(&self) -> &str {
        self.formats.first().map_or("{signature}", Format::text)
    }

    /// Whether a provider may leave it out.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Whether the provider advises against it.
    pub fn is_deprecated(&self) -> bool {
        self.deprecated
    }

    /// What a right secret looks like.
    pub fn secret_hint(&self) -> &SecretHint {
        &self.secret_hint
    }

    /// The templates of what is signed, as text.
    pub fn signed(&self) -> impl Iterator<Item = &str> {
        self.signed.iter().map(Template::text)
    }

    pub(crate) fn applies(&self, scope: &Scope<'_>) -> bool {
        self.when.iter().all(|condition| condition.holds(scope))
    }

    /// What stands at each of its sources that is there.
    pub(crate) fn find<'s, 'a>(&'s self, scope: &'s Scope<'a>) -> impl Iterator<Item = Found<'s, 'a>> {
        self.sources.iter().enumerate().flat_map(move |(index, expression)| {
            let (pattern, source) = match expression.source() {
                Source::HeaderPattern(pattern) => (Some(pattern), None),
                Source::Body if scope.body.is_empty() => (None, None),
                source => (None, Some(source)),
            };
            let direct = source.and_then(|source| {
                Some(Found { index, source: Cow::Borrowed(source), text: expression.found(scope)? })
            });
            let names = pattern.into_iter().flat_map(|pattern| pattern.names(&scope.request.headers));
            let matching = names.filter_map(move |name| {
                let source = Source::Header(name.clone());
                let text = Expression::of(source.clone()).lookup(scope)?;
                Some(Found { index, source: Cow::Owned(source), text })
            });
            direct.into_iter().chain(matching)
        })
    }

    /// The places where it stands in this request: of each item, where items are signed one by one.
    pub(crate) fn standing_at(&self, request: &Request) -> Vec<Source> {
        let items = self.item.as_ref().and_then(|rule| rule.items(&request.body).ok());
        let places = self.places().flat_map(|place| match (place, &items) {
            (Source::Json(pointer), Some(items)) => {
                items.iter().filter_map(|item| item.resolve(pointer)).map(Source::Json).collect()
            }
            _ => vec![place.clone()],
        });
        places.collect()
    }

    /// The JWT in this request, where one stands at its place.
    pub(crate) fn token(&self, scope: &Scope<'_>) -> Option<String> {
        self.jwt.as_ref()?;
        let found = self.find(scope).next()?;
        let text = std::str::from_utf8(&found.text).ok()?;
        let groups = self.formats.iter().find_map(|format| format.extract(text).ok())?;
        Some((*groups.first()?.signatures.first()?).to_owned())
    }

    /// Whether this secret is of the kind that this signature takes.
    pub(crate) fn takes(&self, secret: &[u8]) -> bool {
        self.secret_prefixes.is_empty()
            || self.secret_prefixes.iter().any(|prefix| secret.starts_with(prefix.as_bytes()))
    }

    /// Values of `vars` that go with the source of this index, in a form that a scope can hold; absent ones are
    /// left out.
    pub(crate) fn bind<'a>(&'a self, index: usize, scope: &Scope<'a>, bound: &mut Vec<(&'a str, Cow<'a, [u8]>)>) {
        for (name, places) in &self.variables {
            if let Some(value) = places.get(index).or(places.last()).and_then(|place| place.lookup(scope)) {
                bound.push((name, value));
            }
        }
    }

    /// What else stands in a signature that was written before, such as the id of its key.
    pub(crate) fn captured<'a>(&'a self, text: &'a str) -> Vec<(&'a str, &'a str)> {
        let Some(format) = self.formats.first() else { return Vec::new() };
        let groups = format.extract(text).unwrap_or_default();
        let captures = groups.into_iter().next().map(|group| group.captures).unwrap_or_default();
        let named = |name: String| format.captures().find(|known| *known == name);
        captures.into_iter().filter_map(|(name, value)| Some((named(name)?, value))).collect()
    }

    /// What an absent variable is called by people: the header it comes from, not its short name.
    pub(crate) fn describe_absence(&self, error: &RenderError, index: usize) -> String {
        match error {
            RenderError::Absent(place) => self
                .variables
                .iter()
                .find(|(name, _)| *place == format!("value `{name}`"))
                .and_then(|(_, places)| places.get(index).or(places.last()))
                .map_or_else(|| place.clone(), |variable| variable.source().place()),
            RenderError::NotGiven(name) => format!("value for `{name}`"),
            RenderError::Unusable { problem } => problem.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_encoding_is_placed() {
        assert_eq!(Encoding::Hex.decode("0g", 1).unwrap_err(), "`g` at character 2 is not a hex digit");
        assert_eq!(Encoding::Hex.decode("00", 32).unwrap_err(), "expected 64 hex digits, found 2");
        assert_eq!(Encoding::Base64.decode("AA-A", 3).unwrap_err(), "`-` at character 3 is not base64");
        assert_eq!(Encoding::Base64.decode("AAAA", 32).unwrap_err(), "expected 44 characters, found 4");
    }
}
