//! Hash functions and HMACs by name.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The hash functions that providers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Md5,
}

impl Digest {
    pub(crate) const ALL: [Self; 5] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512, Self::Md5];
    pub(crate) const NAMES: [&str; 5] = ["sha1", "sha256", "sha384", "sha512", "md5"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "md5" => Self::Md5,
            _ => return None,
        })
    }

    /// The name as people write it: `SHA-256`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Md5 => "MD5",
        }
    }

    /// Length of the digest in bytes.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
            Self::Md5 => 16,
        }
    }

    pub(crate) fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
            Self::Md5 => Md5::digest(bytes).to_vec(),
        }
    }
}

/// An HMAC (RFC 2104) with its key already mixed in; clone it for each message.
#[derive(Clone)]
pub(crate) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
    Md5(Hmac<Md5>),
}

/// HMAC takes keys of every length, so this constructor cannot fail.
macro_rules! keyed {
    ($variant:ident, $key:expr) => {
        match Hmac::new_from_slice($key) {
            Ok(mac) => Mac::$variant(mac),
            Err(_) => unreachable!("HMAC takes keys of any length"),
        }
    };
}

macro_rules! each {
    ($mac:expr, $inner:ident => $body:expr) => {
        match $mac {
            Mac::Sha1($inner) => $body,
            Mac::Sha256($inner) => $body,
            Mac::Sha384($inner) => $body,
            Mac::Sha512($inner) => $body,
            Mac::Md5($inner) => $body,
        }
    };
}

impl Mac {
    pub(crate) fn new(digest: Digest, key: &[u8]) -> Self {
        match digest {
            Digest::Sha1 => keyed!(Sha1, key),
            Digest::Sha256 => keyed!(Sha256, key),
            Digest::Sha384 => keyed!(Sha384, key),
            Digest::Sha512 => keyed!(Sha512, key),
            Digest::Md5 => keyed!(Md5, key),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        each!(self, mac => mac.update(bytes));
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        each!(self, mac => mac.finalize().into_bytes().to_vec())
    }

    pub(crate) fn sign(mut self, bytes: &[u8]) -> Vec<u8> {
        self.update(bytes);
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 section 4.3 (test case 2) and RFC 2202 section 3 (test case 2).
    #[test]
    fn agrees_with_the_rfc_vectors() {
        let message = b"what do ya want for nothing?";
        let hmac = |digest| hex::encode(Mac::new(digest, b"Jefe").sign(message));
        assert_eq!(hmac(Digest::Sha256), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(hmac(Digest::Sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(
            hmac(Digest::Sha512),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
    }
}
