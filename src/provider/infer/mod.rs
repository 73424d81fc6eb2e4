//! From one signed request and its secret to the manifest that says how it is signed: the usual readings are tried,
//! the plainest first, and one that the verifier itself calls valid is the answer.

mod content;
mod place;

use std::sync::Arc;

use jiff::Timestamp;

use super::circumstances::{Circumstances, Tolerance};
use super::compile::compile;
use super::digest::Digest;
use super::verify::Verifier;
use crate::model::{Request, Secret, VerdictStatus};

use content::{Content, contents};
use place::{Moment, Place, Reading, moments, names, places};

/// More readings than this are not tried: an unlucky request would keep a person waiting.
const MAX_TRIES: usize = 20_000;
/// Larger bodies make every try slow; a smaller event of the same sender tells the same.
pub const MAX_BODY: usize = 1024 * 1024;

/// How a request is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// `scheme` of the manifest.
    pub scheme: &'static str,
    /// `algorithm`, where the scheme has one.
    pub algorithm: Option<&'static str>,
    /// `source`, such as `header:x-acme-signature`.
    pub source: String,
    /// `format`.
    pub format: String,
    /// `split`, where the header has several items.
    pub split: Option<&'static str>,
    /// `encoding`, where the scheme has one.
    pub encoding: Option<&'static str>,
    /// `signed`, where the scheme has it.
    pub signed: Option<String>,
    /// `vars`: name and place.
    pub variables: Vec<(&'static str, String)>,
    /// `key`.
    pub key: &'static str,
    /// Unit of the time that is signed.
    pub unit: Option<&'static str>,
    /// How many readings were tried.
    pub tries: usize,
}

/// What was tried in vain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unexplained {
    /// Places in which something stands that may be a signature.
    pub places: Vec<String>,
    /// How many readings were tried.
    pub tries: usize,
}

/// Works out how `request` was signed with `secret`. `url` is where it was sent, as its sender wrote it.
pub fn infer(request: &Request, secret: &Secret, url: Option<&str>) -> Result<Inferred, Unexplained> {
    let mut search = Search { request, secret, url, tries: 0 };
    let places = places(request);
    if let Some(found) = places.iter().find_map(|place| search.credential(place)) {
        return Ok(found);
    }
    for place in &places {
        for reading in place.readings() {
            if let Some(found) = search.computed(place, &reading) {
                return Ok(found);
            }
        }
    }
    let suspicious = places.iter().filter(|place| !place.readings().is_empty());
    Err(Unexplained { places: suspicious.map(|place| place.source.clone()).collect(), tries: search.tries })
}

struct Search<'a> {
    request: &'a Request,
    secret: &'a Secret,
    url: Option<&'a str>,
    tries: usize,
}

impl Search<'_> {
    /// The secret itself, or a user's password.
    fn credential(&mut self, place: &Place) -> Option<Inferred> {
        let secret = std::str::from_utf8(self.secret.expose()).ok()?;
        let plain = |scheme, format: String| Inferred {
            scheme,
            algorithm: None,
            source: place.source.clone(),
            format,
            split: None,
            encoding: None,
            signed: None,
            variables: Vec::new(),
            key: "{secret}",
            unit: None,
            tries: 0,
        };
        let basic = plain("basic", "{signature}".to_owned());
        let token =
            place.text.strip_suffix(secret).map(|before| plain("token", place::literal(before) + "{signature}"));
        let is_basic = place.source == "header:authorization" && place.text.starts_with("Basic ");
        [is_basic.then_some(basic), token].into_iter().flatten().find_map(|candidate| self.tried(candidate))
    }

    /// A signature that is computed from the request.
    fn computed(&mut self, place: &Place, reading: &Reading) -> Option<Inferred> {
        let keys = keys(self.secret);
        let moments = moments(self.request, reading);
        let names = names(self.request, place);
        for content in contents(self.request, reading, &moments, &names) {
            for (scheme, algorithm) in schemes(reading.length) {
                for key in keys.iter().filter(|key| scheme == "hmac" || **key == "{secret}") {
                    let candidate = self.candidate(place, reading, &content, (scheme, algorithm), key);
                    if let Some(found) = candidate.into_iter().find_map(|candidate| self.tried(candidate)) {
                        return Some(found);
                    }
                }
            }
        }
        None
    }

    /// The hypotheses of one content: a plain hash may have the secret before it or behind.
    fn candidate(
        &self,
        place: &Place,
        reading: &Reading,
        content: &Content,
        (scheme, algorithm): (&'static str, Option<&'static str>),
        key: &'static str,
    ) -> Vec<Inferred> {
        let signed = match scheme {
            "hash" => vec![format!("{{secret}}{}", content.template), format!("{}{{secret}}", content.template)],
            _ => vec![content.template.clone()],
        };
        let one = |signed| Inferred {
            scheme,
            algorithm,
            source: place.source.clone(),
            format: reading.format.clone(),
            split: reading.split,
            encoding: Some(reading.encoding),
            signed: Some(signed),
            variables: content.variables.clone(),
            key,
            unit: content.moment.as_ref().map(Moment::unit),
            tries: 0,
        };
        signed.into_iter().map(one).collect()
    }

    fn tried(&mut self, candidate: Inferred) -> Option<Inferred> {
        if self.tries >= MAX_TRIES {
            return None;
        }
        self.tries += 1;
        let manifest = format!("[provider]\nid = \"x\"\nname = \"x\"\n\n{}", candidate.manifest());
        let provider = compile("inferred", &manifest).ok()?;
        let verifier = Verifier::new(Arc::new(provider), [self.secret.clone()]);
        let circumstances = Circumstances {
            url: self.url,
            tolerance: Tolerance::Unlimited,
            ..Circumstances::at(Timestamp::UNIX_EPOCH)
        };
        let is_valid = verifier.verify(self.request, &circumstances).status == VerdictStatus::Valid;
        is_valid.then_some(Inferred { tries: self.tries, ..candidate })
    }
}

/// Schemes whose signature has this many bytes.
fn schemes(length: usize) -> Vec<(&'static str, Option<&'static str>)> {
    let named = Digest::NAMES.into_iter().filter(|name| Digest::parse(name).is_some_and(|one| one.len() == length));
    let named: Vec<&'static str> = named.collect();
    let keyed = named.iter().map(|name| ("hmac", Some(*name)));
    let plain = named.iter().map(|name| ("hash", Some(*name)));
    let ed25519 = (length == ed25519_dalek::SIGNATURE_LENGTH).then_some(("ed25519", None));
    // DER of two numbers of 32 bytes; RSA from 2048 bits up.
    let ecdsa = (66..=72).contains(&length).then_some(("ecdsa", None));
    let rsa = (length >= 256).then_some(("rsa", Some("sha256")));
    keyed.chain(plain).chain(ed25519).chain(ecdsa).chain(rsa).collect()
}

/// Templates of the key that this secret allows, the plainest first.
fn keys(secret: &Secret) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(secret.expose());
    let mut keys = vec!["{secret}"];
    if text.starts_with("whsec_") {
        keys.extend([r#"{secret|strip("whsec_")|unbase64}"#, r#"{secret|strip("whsec_")}"#]);
    } else if text.contains('_') {
        keys.push(r#"{secret|after("_")|unbase64}"#);
    }
    keys.extend(["{secret|unbase64}", "{secret|unhex}", "{secret|sha1}", "{secret|trim}"]);
    keys
}

impl Inferred {
    /// The table `[[signature]]` of a manifest.
    pub fn manifest(&self) -> String {
        let mut table = toml::Table::new();
        let mut set = |key: &str, value: toml::Value| table.insert(key.to_owned(), value);
        set("id", "v1".into());
        set("scheme", self.scheme.into());
        let texts = [
            ("algorithm", self.algorithm),
            ("source", Some(self.source.as_str())),
            ("format", (self.format != "{signature}").then_some(self.format.as_str())),
            ("split", self.split),
            ("encoding", self.encoding),
            ("signed", self.signed.as_deref()),
            ("key", (self.key != "{secret}").then_some(self.key)),
            ("key_format", (self.scheme == "ed25519").then_some("ed25519-hex")),
        ];
        for (key, value) in texts.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            set(key, value.into());
        }
        if !self.variables.is_empty() {
            let variables = self.variables.iter().map(|(name, place)| ((*name).to_owned(), place.as_str().into()));
            set("vars", toml::Value::Table(variables.collect()));
        }
        if let Some(unit) = self.unit {
            let time = [("value".to_owned(), "{timestamp}".into()), ("unit".to_owned(), unit.into())];
            set("timestamp", toml::Value::Table(time.into_iter().collect()));
        }
        let lines = table.iter().map(|(key, value)| format!("{key} = {value}\n"));
        format!("[[signature]]\n{}", lines.collect::<String>())
    }

    /// Why, in words: where it stands, how it is written, what it covers, what the key is.
    pub fn sentences(&self) -> Vec<String> {
        let place = self.source.replace(':', " ");
        let mut said = match self.scheme {
            "token" => return vec![format!("{place} holds the secret itself, written `{}`", self.format)],
            "basic" => return vec![format!("{place} holds user name and password (RFC 7617)")],
            scheme => {
                let algorithm = self.algorithm.and_then(Digest::parse).map(Digest::name).unwrap_or_default();
                let made = match scheme {
                    "hmac" => format!("HMAC-{algorithm}"),
                    "hash" => format!("a plain {algorithm} with the secret in the content"),
                    "rsa" => format!("RSA with {algorithm}"),
                    "ecdsa" => "ECDSA P-256".to_owned(),
                    _ => "Ed25519".to_owned(),
                };
                vec![format!(
                    "{place} holds {made} in {}, written `{}`",
                    self.encoding.unwrap_or_default(),
                    self.format
                )]
            }
        };
        said.extend(self.signed.as_ref().map(|signed| format!("it covers `{}`", signed.escape_debug())));
        said.extend(self.variables.iter().map(|(name, place)| format!("`{name}` is {}", place.replace(':', " "))));
        said.push(match self.key {
            "{secret}" => "the key is the secret as it is".to_owned(),
            key => format!("the key is made by `{key}`"),
        });
        said
    }
}

#[cfg(test)]
mod tests;
