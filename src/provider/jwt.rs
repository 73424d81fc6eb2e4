//! JSON Web Tokens, RFC 7519, in the compact form of RFC 7515.
//!
//! The manifest says which algorithms count, and with them the kind of the key; the token chooses among
//! them and nothing else. `none` is no algorithm here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};
use toml::Spanned;

use super::circumstances::{Circumstances, Tolerance};
use super::compile::template_problem;
use super::condition::Condition;
use super::digest::{Digest, Mac};
use super::format::shorten;
use super::key::{EcdsaKind, Key, RsaKind, RsaPadding};
use super::manifest::{BindTable, SignatureTable};
use super::problem::{Compiled, duration_seconds, problem, unknown};
use super::template::{RenderError, Scope, Template};
use crate::json::{self, Missing, Pointer};
use crate::model::Reason;

/// The algorithms of RFC 7518 that providers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JwtAlgorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Es256,
}

/// The kind of key that an algorithm takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JwtKey {
    Secret,
    Rsa,
    Ecdsa,
}

impl JwtAlgorithm {
    const NAMES: [&str; 5] = ["HS256", "HS384", "HS512", "RS256", "ES256"];
    const ALL: [Self; 5] = [Self::Hs256, Self::Hs384, Self::Hs512, Self::Rs256, Self::Es256];

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    pub(crate) fn key(self) -> JwtKey {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => JwtKey::Secret,
            Self::Rs256 => JwtKey::Rsa,
            Self::Es256 => JwtKey::Ecdsa,
        }
    }

    fn mac(self, secret: &[u8], message: &[u8]) -> Vec<u8> {
        let digest = match self {
            Self::Hs384 => Digest::Sha384,
            Self::Hs512 => Digest::Sha512,
            _ => Digest::Sha256,
        };
        Mac::new(digest, secret).sign(message)
    }

    fn verify(self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        use subtle::ConstantTimeEq as _;
        match (self.key(), key) {
            (JwtKey::Secret, Key::Secret(secret)) => self.mac(secret, message).ct_eq(signature).into(),
            (JwtKey::Rsa, Key::Rsa(key)) => rs256().is_some_and(|kind| key.verify(kind, message, signature)),
            (JwtKey::Ecdsa, Key::Ecdsa(key)) => key.verify(EcdsaKind::ES256, message, signature),
            _ => false,
        }
    }

    fn sign(self, key: &Key, message: &[u8]) -> Result<Vec<u8>, RenderError> {
        let signed = match (self.key(), key) {
            (JwtKey::Secret, Key::Secret(secret)) => Ok(self.mac(secret, message)),
            (JwtKey::Rsa, Key::Rsa(key)) => match rs256() {
                Some(kind) => key.sign(kind, message),
                None => Err("RS256 is not there"),
            },
            (JwtKey::Ecdsa, Key::Ecdsa(key)) => key.sign(EcdsaKind::ES256, message),
            _ => Err("the key is of another kind"),
        };
        signed.map_err(RenderError::unusable)
    }
}

/// RFC 7518 section 3.3.
fn rs256() -> Option<RsaKind> {
    RsaKind::new(RsaPadding::Pkcs1, Digest::Sha256)
}

/// What a token must say besides being signed.
#[derive(Debug, Clone)]
pub(crate) struct JwtRules {
    /// At least one, all with one kind of key; the first is the one to sign with.
    pub(crate) algorithms: Vec<JwtAlgorithm>,
    claims: Vec<(String, Template)>,
    /// Claims that only a sender knows how to make, such as the token's id.
    made: Vec<(String, Template)>,
    bind: Vec<Bind>,
    max_age: Option<i64>,
    leeway: i64,
    lifetime: Option<i64>,
}

/// A claim that ties the token to the request.
#[derive(Debug, Clone)]
struct Bind {
    claim: String,
    equals: Template,
    when: Vec<Condition>,
    otherwise_absent: bool,
}

impl Bind {
    fn applies(&self, scope: &Scope<'_>) -> bool {
        self.when.iter().all(|condition| condition.holds(scope))
    }
}

impl JwtRules {
    /// Reads the keys of scheme `jwt`.
    pub(super) fn read(table: &SignatureTable, names: &[&str]) -> Compiled<Self> {
        let template = |key: &'static str, text: &Spanned<String>| {
            Template::parse(text.get_ref(), names).map_err(template_problem(key, text))
        };
        let seconds = |key: &str, text: &Option<Spanned<String>>| {
            text.as_ref().map(|text| duration_seconds(key, text)).transpose()
        };
        let claims = |key: &'static str, table: &BTreeMap<String, Spanned<String>>| {
            table.iter().map(|(name, value)| Ok((name.clone(), template(key, value)?))).collect::<Compiled<_>>()
        };
        Ok(Self {
            algorithms: algorithms(table)?,
            claims: claims("claims", &table.claims)?,
            made: claims("made", &table.made)?,
            bind: table.bind.iter().map(|table| bind(table, names)).collect::<Compiled<_>>()?,
            max_age: seconds("max_age", &table.max_age)?,
            leeway: seconds("leeway", &table.leeway)?.unwrap_or_default(),
            lifetime: seconds("lifetime", &table.lifetime)?,
        })
    }

    /// The kind of key that all algorithms take.
    pub(crate) fn key(&self) -> JwtKey {
        self.algorithms.first().map_or(JwtKey::Secret, |algorithm| algorithm.key())
    }

    /// Whether sender and receiver share the key.
    pub(crate) fn takes_secret(&self) -> bool {
        self.key() == JwtKey::Secret
    }

    /// `JWT HS256`, or all of them.
    pub(crate) fn describe(&self) -> String {
        let names: Vec<&str> = self.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        format!("JWT {}", names.join("/"))
    }

    /// Templates whose values the token must repeat.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.claims.iter().map(|(_, template)| template).chain(self.bind.iter().map(|bind| &bind.equals))
    }

    /// What a claim must say, where the manifest tells; `name` is as a failed check has it.
    pub(crate) fn checked(&self, name: &str) -> Option<&Template> {
        let bound = self.bind.iter().map(|bind| (&bind.claim, &bind.equals));
        let mut all = self.claims.iter().map(|(claim, template)| (claim, template)).chain(bound);
        all.find(|(claim, _)| check_name(claim) == name).map(|(_, template)| template)
    }

    /// Whether a token says nothing of an empty body, so that it goes with any.
    pub(crate) fn leaves_empty_body_unbound(&self) -> bool {
        self.bind.iter().any(|bind| !bind.when.is_empty() && !bind.otherwise_absent)
    }

    /// A token for this request that has these claims, as JSON, besides its own.
    pub(crate) fn sign(
        &self,
        (id, key): (Option<&str>, &Key),
        claims: &[u8],
        scope: &Scope<'_>,
        now: Timestamp,
    ) -> Result<Vec<u8>, RenderError> {
        let algorithm = self.algorithms.first().ok_or_else(|| RenderError::unusable("no algorithm"))?;
        let mut claims = claims.to_vec();
        let mut set = |name: &str, value: &str| {
            let place = Pointer::of(vec![name.to_owned()]);
            claims = json::set(&claims, &place, value.as_bytes(), Missing::Add).map_err(|_| {
                RenderError::unusable("the body is no JSON object, so it cannot be the claims of a JWT")
            })?;
            Ok(())
        };
        for (name, template) in self.claims.iter().chain(&self.made) {
            set(name, &json::quote(&template.render_text(scope)?))?;
        }
        for bind in self.bind.iter().filter(|bind| bind.applies(scope)) {
            set(&bind.claim, &json::quote(&bind.equals.render_text(scope)?))?;
        }
        set("iat", &now.as_second().to_string())?;
        if let Some(lifetime) = self.lifetime {
            set("nbf", &now.as_second().to_string())?;
            set("exp", &now.as_second().saturating_add(lifetime).to_string())?;
        }
        let id = id.map(|id| format!(r#","kid":{}"#, json::quote(id))).unwrap_or_default();
        let header = format!(r#"{{"alg":"{}","typ":"JWT"{id}}}"#, algorithm.name());
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = algorithm.sign(key, message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes())
    }

    /// The id of the key that a token names.
    pub(crate) fn key_id(token: &str) -> Option<String> {
        let header = object("header", token.split('.').next()?).ok()?;
        header.get("kid")?.as_str().map(str::to_owned)
    }

    /// Judges a token; `place` is where it stands.
    pub(crate) fn judge(
        &self,
        token: &str,
        key: &Key,
        scope: &Scope<'_>,
        circumstances: &Circumstances<'_>,
        place: &str,
    ) -> Result<(), Reason> {
        let malformed = |problem: String| Reason::MalformedSignature { place: place.to_owned(), problem };
        let Some((message, signature)) = token.rsplit_once('.') else {
            return Err(malformed("a JWT has three parts between dots, this has none".into()));
        };
        let Some((header, claims)) = message.split_once('.').filter(|(_, claims)| !claims.contains('.')) else {
            let count = token.split('.').count();
            return Err(malformed(format!("a JWT has three parts between dots, this has {count}")));
        };
        let header = object("header", header).map_err(malformed)?;
        let algorithm = self.algorithm(&header).map_err(malformed)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| malformed("the signature of the JWT is not base64url without padding".into()))?;
        if !algorithm.verify(key, message.as_bytes(), &signature) {
            return Err(Reason::Mismatch { place: place.to_owned(), algorithm: format!("JWT {}", algorithm.name()) });
        }
        let claims = object("payload", claims).map_err(malformed)?;
        self.check_claims(&claims, scope)?;
        self.check_times(&claims, circumstances).map_err(|refusal| match refusal {
            Refusal::Malformed(problem) => malformed(problem),
            Refusal::Reason(reason) => reason,
        })
    }

    fn algorithm(&self, header: &Map<String, Value>) -> Result<JwtAlgorithm, String> {
        let Some(name) = header.get("alg").and_then(Value::as_str) else {
            return Err("the JWT does not say its `alg`".into());
        };
        let found = self.algorithms.iter().find(|algorithm| algorithm.name() == name);
        let taken: Vec<&str> = self.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        let algorithm =
            found.ok_or_else(|| format!("the JWT says `alg` {}, {} is taken", shorten(name), taken.join(" or ")))?;
        // RFC 7515 section 4.1.11: what is critical and not understood makes the token invalid.
        if header.contains_key("crit") {
            return Err("the JWT has critical extensions (`crit`), none of which is known".into());
        }
        Ok(*algorithm)
    }

    fn check_claims(&self, claims: &Map<String, Value>, scope: &Scope<'_>) -> Result<(), Reason> {
        let failed = |name: &str| Reason::CheckFailed { name: check_name(name) };
        for (name, template) in &self.claims {
            let expected = template.render(scope).map_err(|_| failed(name))?;
            if !claims.get(name).is_some_and(|value| says(value, &expected)) {
                return Err(failed(name));
            }
        }
        for bind in &self.bind {
            let value = claims.get(&bind.claim);
            let agrees = if bind.applies(scope) {
                let expected = bind.equals.render(scope).map_err(|error| match error {
                    RenderError::NotGiven(name) => Reason::MissingVariable { name },
                    _ => failed(&bind.claim),
                })?;
                value.is_some_and(|value| says(value, &expected))
            } else {
                !bind.otherwise_absent || value.is_none()
            };
            if !agrees {
                return Err(failed(&bind.claim));
            }
        }
        Ok(())
    }

    /// `exp` and `nbf` where the token has them, and the age where the manifest limits it.
    fn check_times(&self, claims: &Map<String, Value>, circumstances: &Circumstances<'_>) -> Result<(), Refusal> {
        let (leeway, max_age) = match circumstances.tolerance {
            Tolerance::Provider => (self.leeway, self.max_age),
            Tolerance::Seconds(seconds) => (seconds, self.max_age.map(|_| seconds)),
            Tolerance::Unlimited => return Ok(()),
        };
        let now = circumstances.now.as_second();
        if let Some(expires) = seconds(claims, "exp")? {
            let age = now.saturating_sub(expires);
            // RFC 7519 section 4.1.4: on or after this moment it is not accepted.
            if age >= leeway {
                let by = age - leeway;
                return Err(Refusal::Reason(Reason::TooOld { by, age, tolerance: leeway }));
            }
        }
        if let Some(starts) = seconds(claims, "nbf")? {
            let ahead = starts.saturating_sub(now);
            if ahead > leeway {
                return Err(Refusal::Reason(Reason::TooNew { by: ahead - leeway, ahead, tolerance: leeway }));
            }
        }
        let Some(tolerance) = max_age else { return Ok(()) };
        let made = seconds(claims, "iat")?
            .ok_or_else(|| Refusal::Malformed("the JWT does not say when it was made (`iat`)".into()))?;
        let age = now.saturating_sub(made);
        if age > tolerance {
            return Err(Refusal::Reason(Reason::TooOld { by: age - tolerance, age, tolerance }));
        }
        let ahead = age.saturating_neg();
        if ahead > tolerance {
            return Err(Refusal::Reason(Reason::TooNew { by: ahead - tolerance, ahead, tolerance }));
        }
        Ok(())
    }
}

/// How a failed check is called.
fn check_name(claim: &str) -> String {
    format!("claim `{claim}` of the JWT")
}

enum Refusal {
    Malformed(String),
    Reason(Reason),
}

/// A `NumericDate`, RFC 7519 section 2, in whole seconds.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let wrong = || Refusal::Malformed(format!("`{name}` of the JWT is not a time in seconds"));
    #[allow(clippy::cast_possible_truncation, reason = "a float that is too large saturates")]
    let whole = value.as_i64().or_else(|| value.as_f64().map(|number| number.floor() as i64));
    whole.map(Some).ok_or_else(wrong)
}

/// Whether a claim has this value; of a list (`aud`) one must.
fn says(value: &Value, expected: &[u8]) -> bool {
    match value {
        Value::String(text) => super::verify::same(text.as_bytes(), expected),
        Value::Array(items) => items.iter().any(|item| item.as_str().is_some_and(|text| text.as_bytes() == expected)),
        Value::Number(_) | Value::Bool(_) => value.to_string().as_bytes() == expected,
        Value::Null | Value::Object(_) => false,
    }
}

fn object(part: &str, text: &str) -> Result<Map<String, Value>, String> {
    let bytes =
        URL_SAFE_NO_PAD.decode(text).map_err(|_| format!("the {part} of the JWT is not base64url without padding"))?;
    serde_json::from_slice(&bytes).map_err(|_| format!("the {part} of the JWT is not a JSON object"))
}

fn algorithms(table: &SignatureTable) -> Compiled<Vec<JwtAlgorithm>> {
    let mut algorithms = Vec::new();
    for name in &table.algorithms {
        let algorithm =
            JwtAlgorithm::parse(name.get_ref()).ok_or_else(|| unknown("algorithms", name, &JwtAlgorithm::NAMES))?;
        // One secret for two kinds of key would let a public key pass as an HMAC secret.
        if algorithms.first().is_some_and(|first: &JwtAlgorithm| first.key() != algorithm.key()) {
            return Err(problem(name, "`algorithms`: all must take one kind of key (HS…, RS… or ES…)"));
        }
        algorithms.push(algorithm);
    }
    if algorithms.is_empty() {
        return Err(problem(&table.scheme, "scheme `jwt` needs `algorithms`, such as [\"HS256\"]"));
    }
    Ok(algorithms)
}

fn bind(table: &BindTable, names: &[&str]) -> Compiled<Bind> {
    let otherwise_absent = match &table.otherwise {
        None => false,
        Some(word) if word.get_ref() == "absent" => true,
        Some(word) => return Err(unknown("otherwise", word, &["absent"])),
    };
    Ok(Bind {
        claim: table.claim.clone(),
        equals: Template::parse(table.equals.get_ref(), names).map_err(template_problem("equals", &table.equals))?,
        when: table
            .when
            .iter()
            .map(|when| Condition::parse(when.get_ref(), &[]).map_err(template_problem("when", when)))
            .collect::<Compiled<_>>()?,
        otherwise_absent,
    })
}
