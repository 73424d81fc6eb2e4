//! What a template does to a value on its way.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use unicode_normalization::UnicodeNormalization as _;

use super::render::{Pairs, RenderError, Scope, Value};
use super::{Expression, canonical};
use crate::json::{self, Pointer};
use crate::provider::digest::{Digest, Mac};

/// Accepts padded and unpadded text: senders differ, and the bytes are compared, not the text.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT.with_encode_padding(false));

/// One step after `|`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::provider) enum Filter {
    Hash(Digest),
    Hmac(Digest),
    Crc32,
    Hex,
    Base64,
    Base64Url,
    Unhex,
    Unbase64,
    Lower,
    Upper,
    Trim,
    Nfkd,
    Strip(Box<str>),
    After(Box<str>),
    Before(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    UrlEncode,
    UrlDecode,
    EncodeUri,
    PercentDecode(Box<str>),
    /// A value of a JSON text.
    Json(Pointer),
    JsonCompact,
    /// With `true`, as Box does: `\\` and CR are escaped once more.
    JsonAscii(bool),
    Sort,
    SortAll,
    Dedupe,
    Omit(Box<[String]>),
    Pick(Box<Expression>),
    Pairs(Box<str>, Box<str>),
    /// Fields as an array in PHP.
    PhpSerialize,
    /// The canonical request of this target.
    Qsh,
}

const NAMES: [&str; 36] = [
    "sha1",
    "sha256",
    "sha384",
    "sha512",
    "md5",
    "hmac",
    "crc32",
    "hex",
    "base64",
    "base64url",
    "unhex",
    "unbase64",
    "lower",
    "upper",
    "trim",
    "nfkd",
    "strip",
    "after",
    "before",
    "prefix",
    "suffix",
    "urlencode",
    "urldecode",
    "encodeuri",
    "percent_decode",
    "json",
    "json_compact",
    "json_ascii",
    "sort",
    "sort_all",
    "dedupe",
    "omit",
    "pick",
    "pairs",
    "php_serialize",
    "qsh",
];

impl Filter {
    pub(super) fn new(name: &str, arguments: &[String], variables: &[&str]) -> Result<Self, String> {
        let one = || match arguments {
            [one] => Ok(Box::from(one.as_str())),
            _ => Err(format!("`{name}` takes one argument")),
        };
        let filter = match name {
            "hmac" => {
                let digest = one()?;
                Self::Hmac(Digest::parse(&digest).ok_or_else(|| format!("unknown digest `{digest}`"))?)
            }
            "json" => Self::Json(Pointer::parse(&one()?).map_err(|error| error.to_string())?),
            "strip" => Self::Strip(one()?),
            "after" => Self::After(one()?),
            "before" => Self::Before(one()?),
            "prefix" => Self::Prefix(one()?),
            "suffix" => Self::Suffix(one()?),
            "percent_decode" => Self::PercentDecode(one()?),
            "omit" => Self::Omit(arguments.into()),
            "json_ascii" if arguments == ["escapes"] => Self::JsonAscii(true),
            "json_ascii" if arguments.is_empty() => Self::JsonAscii(false),
            "json_ascii" => return Err("`json_ascii` takes no argument, or `escapes`".into()),
            "pick" => Self::Pick(Box::new(Expression::parse(&one()?, variables).map_err(|error| error.to_string())?)),
            "pairs" => match arguments {
                [key, item] => Self::Pairs(key.as_str().into(), item.as_str().into()),
                _ => return Err("`pairs` takes two arguments: `pairs(\"=\",\"&\")`".into()),
            },
            _ => Self::without_arguments(name, arguments)?,
        };
        Ok(filter)
    }

    fn without_arguments(name: &str, arguments: &[String]) -> Result<Self, String> {
        let filter = match name {
            "hex" => Self::Hex,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            "unhex" => Self::Unhex,
            "unbase64" => Self::Unbase64,
            "crc32" => Self::Crc32,
            "lower" => Self::Lower,
            "upper" => Self::Upper,
            "trim" => Self::Trim,
            "nfkd" => Self::Nfkd,
            "urlencode" => Self::UrlEncode,
            "urldecode" => Self::UrlDecode,
            "encodeuri" => Self::EncodeUri,
            "json_compact" => Self::JsonCompact,
            "sort" => Self::Sort,
            "sort_all" => Self::SortAll,
            "dedupe" => Self::Dedupe,
            "php_serialize" => Self::PhpSerialize,
            "qsh" => Self::Qsh,
            other => match Digest::parse(other) {
                Some(digest) => Self::Hash(digest),
                None => return Err(unknown_filter(other)),
            },
        };
        if arguments.is_empty() { Ok(filter) } else { Err(format!("`{name}` takes no argument")) }
    }

    pub(super) fn apply<'a>(&self, value: Value<'a>, scope: &Scope<'a>) -> Result<Value<'a>, RenderError> {
        match (self, value) {
            (Self::Sort, Value::Pairs(mut pairs)) => {
                pairs.sort_by(|a, b| a.0.cmp(&b.0));
                Ok(Value::Pairs(pairs))
            }
            (Self::SortAll, Value::Pairs(mut pairs)) => {
                pairs.sort();
                Ok(Value::Pairs(pairs))
            }
            (Self::Dedupe, Value::Pairs(pairs)) => Ok(Value::Pairs(dedupe(pairs))),
            (Self::Omit(names), Value::Pairs(mut pairs)) => {
                pairs.retain(|(key, _)| !names.iter().any(|name| name.as_bytes() == &**key));
                Ok(Value::Pairs(pairs))
            }
            (Self::Pick(names), Value::Pairs(pairs)) => pick(&pairs, &names.bytes(scope)?),
            (Self::Pairs(key, item), Value::Pairs(pairs)) => Ok(join(&pairs, key, item)),
            (Self::PhpSerialize, Value::Pairs(pairs)) => Ok(Value::Bytes(canonical::php_serialize(pairs).into())),
            (_, Value::Pairs(_)) => Err(RenderError::unusable("join the fields with `pairs` first")),
            (_, Value::Bytes(bytes)) => self.apply_bytes(bytes, scope).map(Value::Bytes),
        }
    }

    fn apply_bytes<'a>(&self, bytes: Cow<'a, [u8]>, scope: &Scope<'a>) -> Result<Cow<'a, [u8]>, RenderError> {
        let owned = |bytes: Vec<u8>| Ok(Cow::Owned(bytes));
        match self {
            Self::Hash(digest) => owned(digest.hash(&bytes)),
            Self::Hmac(digest) => {
                let key = scope.secret.ok_or_else(|| RenderError::Absent("secret".into()))?;
                owned(Mac::new(*digest, key).sign(&bytes))
            }
            Self::Qsh => owned(canonical::request(scope.request.method.as_str(), &bytes)),
            Self::Crc32 => owned(crc32fast::hash(&bytes).to_string().into_bytes()),
            Self::Hex => owned(hex::encode(&bytes).into_bytes()),
            Self::Base64 => owned(BASE64.encode(&bytes).into_bytes()),
            Self::Base64Url => owned(BASE64_URL.encode(&bytes).into_bytes()),
            Self::Unhex => hex::decode(&bytes).map(Cow::Owned).map_err(|_| RenderError::unusable("not hexadecimal")),
            Self::Unbase64 => {
                let decoded = BASE64.decode(without_line_breaks(&bytes));
                decoded.map(Cow::Owned).map_err(|_| RenderError::unusable("not base64"))
            }
            Self::Lower => owned(text(&bytes)?.to_lowercase().into_bytes()),
            Self::Upper => owned(text(&bytes)?.to_uppercase().into_bytes()),
            Self::Trim => owned(bytes.trim_ascii().to_vec()),
            Self::Nfkd => owned(text(&bytes)?.nfkd().collect::<String>().into_bytes()),
            Self::Strip(prefix) => owned(bytes.strip_prefix(prefix.as_bytes()).unwrap_or(&bytes).to_vec()),
            Self::After(separator) => owned(around(&bytes, separator).map_or(&*bytes, |(_, after)| after).to_vec()),
            Self::Before(separator) => owned(around(&bytes, separator).map_or(&*bytes, |(before, _)| before).to_vec()),
            Self::Prefix(prefix) => owned([prefix.as_bytes(), &bytes].concat()),
            Self::Suffix(suffix) => owned([&bytes, suffix.as_bytes()].concat()),
            Self::UrlEncode => owned(form_urlencoded::byte_serialize(&bytes).collect::<String>().into_bytes()),
            Self::UrlDecode => owned(percent_encoding::percent_decode(&plus_as_space(&bytes)).collect()),
            Self::EncodeUri => owned(percent_encoding::percent_encode(&bytes, ENCODE_URI).to_string().into_bytes()),
            Self::PercentDecode(characters) => owned(percent_decode_only(&bytes, characters.as_bytes())),
            Self::Json(pointer) => match json::find(&bytes, pointer) {
                Some(place) => owned(json::scalar(&bytes[place]).into_owned()),
                None => Err(RenderError::unusable(format!("there is no JSON value `{pointer}`"))),
            },
            Self::JsonCompact => {
                json::compact(&bytes).map(Cow::Owned).ok_or_else(|| RenderError::unusable("the value is not JSON"))
            }
            Self::JsonAscii(escapes) => owned(json_ascii(text(&bytes)?, *escapes).into_bytes()),
            Self::Sort
            | Self::SortAll
            | Self::Dedupe
            | Self::Omit(_)
            | Self::Pick(_)
            | Self::Pairs(..)
            | Self::PhpSerialize => Err(RenderError::unusable("only `form`, `query` and `headers` have fields")),
        }
    }
}

/// What JavaScript's `encodeURI` leaves alone (ECMA-262 section 19.2.6.4).
const ENCODE_URI: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

fn unknown_filter(name: &str) -> String {
    let nearest = NAMES.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    format!("unknown filter `{name}` (nearest: `{}`)", nearest.unwrap_or(&"hex"))
}

fn text(bytes: &[u8]) -> Result<&str, RenderError> {
    std::str::from_utf8(bytes).map_err(|_| RenderError::unusable("the value is not UTF-8"))
}

fn around<'b>(bytes: &'b [u8], separator: &str) -> Option<(&'b [u8], &'b [u8])> {
    let at = memchr::memmem::find(bytes, separator.as_bytes())?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

fn dedupe(pairs: Pairs<'_>) -> Pairs<'_> {
    let mut seen = std::collections::HashSet::new();
    pairs.into_iter().filter(|pair| seen.insert(pair.clone())).collect()
}

fn pick<'a>(pairs: &Pairs<'a>, names: &[u8]) -> Result<Value<'a>, RenderError> {
    let mut picked = Pairs::new();
    for name in text(names)?.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        picked.extend(pairs.iter().filter(|(key, _)| &**key == name.as_bytes()).cloned());
    }
    Ok(Value::Pairs(picked))
}

fn join<'a>(pairs: &Pairs<'_>, key: &str, item: &str) -> Value<'a> {
    let mut joined = Vec::new();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            joined.extend_from_slice(item.as_bytes());
        }
        joined.extend_from_slice(name);
        joined.extend_from_slice(key.as_bytes());
        joined.extend_from_slice(value);
    }
    Value::Bytes(Cow::Owned(joined))
}

/// MIME breaks base64 into lines (RFC 2045), as Braintree's payloads are.
fn without_line_breaks(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes.iter().any(|byte| b"\r\n".contains(byte)) {
        true => bytes.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect::<Vec<_>>().into(),
        false => bytes.into(),
    }
}

fn plus_as_space(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
}

/// Decodes `%XX` only where it stands for one of `characters`.
fn percent_decode_only(bytes: &[u8], characters: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let decoded = bytes
            .get(at..at + 3)
            .filter(|triple| triple[0] == b'%')
            .and_then(|triple| hex::decode(&triple[1..]).ok())
            .filter(|byte| characters.contains(&byte[0]));
        match decoded {
            Some(byte) => {
                out.push(byte[0]);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

/// Writes every character past ASCII as `\uXXXX`, lower case, as Meta and Box do before signing. Box also
/// escapes backslashes (but not in `\/`) and CR: <https://github.com/box/box-python-sdk>, `webhook` tests.
fn json_ascii(text: &str, escapes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if escapes && characters.peek() != Some(&'/') => out.push_str("\\\\"),
            '\r' if escapes => out.push_str("\\r"),
            _ if character.is_ascii() => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}
