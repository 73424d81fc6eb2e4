//! C2SP's Wycheproof vectors (<https://github.com/C2SP/wycheproof>), against the verifiers of manifests: what is
//! valid is accepted, and what is not, or only nearly so, is refused.
//!
//! Each message is the body of a request, and its signature stands in a header, in hex.

use std::cell::Cell;
use std::sync::Arc;

use hookctl::model::{Request, Secret, VerdictStatus};
use hookctl::provider::{Circumstances, Provider, Verifier, compile};
use http::HeaderValue;
use wycheproof::{HashFunction, TestResult};

use crate::senders::now;

/// A manifest whose signature is of this kind.
fn provider(kind: &str) -> Arc<Provider> {
    let text = format!(
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[[signature]]\nid = \"v1\"\nsource = \"header:x-signature\"\n\
         encoding = \"hex\"\nsigned = \"{{body}}\"\n{kind}\n"
    );
    Arc::new(compile("acme/provider.toml", &text).unwrap_or_else(|error| panic!("{error}")))
}

fn is_valid(provider: &Arc<Provider>, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let mut request = Request { body: message.to_vec().into(), ..Request::default() };
    request.headers.insert("x-signature", HeaderValue::from_str(&hex::encode(signature)).unwrap());
    let secret = Secret::new(key, "vector").unwrap();
    let verdict = Verifier::new(Arc::clone(provider), Some(secret)).verify(&request, &Circumstances::at(now()));
    verdict.status == VerdictStatus::Valid
}

/// How many vectors were held against a verifier, and how many of them it accepted.
#[derive(Default)]
struct Count {
    all: Cell<usize>,
    accepted: Cell<usize>,
}

impl Count {
    #[track_caller]
    fn check(&self, id: usize, comment: &str, is_valid: bool, expected: bool) {
        assert_eq!(is_valid, expected, "vector {id}: {comment}");
        self.all.set(self.all.get() + 1);
        self.accepted.set(self.accepted.get() + usize::from(is_valid));
    }

    /// At least so many of each, so that no set is empty by mistake.
    fn at_least(&self, all: usize, accepted: usize) {
        let (got_all, got_accepted) = (self.all.get(), self.accepted.get());
        assert!(got_all >= all && got_accepted >= accepted, "only {got_all}, of which {got_accepted} are accepted");
    }
}

#[test]
fn hmac_accepts_whole_tags_only() {
    use wycheproof::mac::{TestName, TestSet};
    let count = Count::default();
    for (name, algorithm, bits) in [
        (TestName::HmacSha1, "sha1", 160),
        (TestName::HmacSha256, "sha256", 256),
        (TestName::HmacSha384, "sha384", 384),
        (TestName::HmacSha512, "sha512", 512),
    ] {
        let provider = provider(&format!("scheme = \"hmac\"\nalgorithm = \"{algorithm}\""));
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let got = is_valid(&provider, &test.key, &test.msg, &test.tag);
                // Half a tag is half as hard to guess; no provider cuts its own.
                let expected = test.result == TestResult::Valid && group.tag_size == bits;
                count.check(test.tc_id, &test.comment, got, expected);
            }
        }
    }
    count.at_least(600, 100);
}

#[test]
fn ed25519_accepts_no_signature_that_could_be_written_in_another_way() {
    use wycheproof::eddsa::{TestName, TestSet};
    let provider = provider("scheme = \"ed25519\"\nkey_format = \"ed25519-hex\"");
    let count = Count::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = hex::encode(&group.key.pk);
        for test in group.tests {
            let got = is_valid(&provider, key.as_bytes(), &test.msg, &test.sig);
            count.check(test.tc_id, &test.comment, got, test.result == TestResult::Valid);
        }
    }
    count.at_least(140, 80);
}

#[test]
fn ecdsa_accepts_only_what_is_valid() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, form) in [(TestName::EcdsaSecp256r1Sha256, "der"), (TestName::EcdsaSecp256r1Sha256P1363, "fixed")] {
        let provider = provider(&format!("scheme = \"ecdsa\"\nsignature_form = \"{form}\""));
        let count = Count::default();
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let got = is_valid(&provider, group.pem.as_bytes(), &test.msg, &test.sig);
                count.check(test.tc_id, &test.comment, got, test.result == TestResult::Valid);
            }
        }
        count.at_least(200, 100);
    }
}

/// What a manifest calls this digest, and its length in bytes; `None` for those that no scheme takes.
fn digest(hash: HashFunction) -> Option<(&'static str, usize)> {
    match hash {
        HashFunction::Sha2_256 => Some(("sha256", 32)),
        HashFunction::Sha2_384 => Some(("sha384", 48)),
        HashFunction::Sha2_512 => Some(("sha512", 64)),
        _ => None,
    }
}

/// From 2048 to 8192 bits; Wycheproof has no shorter keys for signatures, and tests/keys.rs shows that they are refused.
#[test]
fn rsa_with_pkcs1_padding_accepts_only_what_is_valid() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    let count = Count::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some((algorithm, _)) = digest(group.hash) else { continue };
            let provider = provider(&format!("scheme = \"rsa\"\nalgorithm = \"{algorithm}\""));
            for test in group.tests {
                let got = is_valid(&provider, group.pem.as_bytes(), &test.msg, &test.sig);
                // What is merely acceptable lacks the NULL of its AlgorithmIdentifier, which no sender writes so.
                count.check(test.tc_id, &test.comment, got, test.result == TestResult::Valid);
            }
        }
    }
    count.at_least(3000, 80);
}

#[test]
fn rsa_pss_wants_a_salt_as_long_as_the_digest_and_one_digest_throughout() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let (count, others) = (Count::default(), Count::default());
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some((algorithm, length)) = digest(group.hash) else { continue };
            let provider = provider(&format!("scheme = \"rsa\"\npadding = \"pss\"\nalgorithm = \"{algorithm}\""));
            // A key that is bound to its parameters is of a kind that no provider hands out, and is not read.
            let is_plain = !format!("{name:?}").ends_with("WithParams");
            let is_ours = is_plain && group.salt_size == length && group.mgf_hash == Some(group.hash);
            for test in group.tests {
                let is_right = test.result == TestResult::Valid;
                let got = is_valid(&provider, group.pem.as_bytes(), &test.msg, &test.sig);
                if is_ours {
                    count.check(test.tc_id, &test.comment, got, is_right);
                } else if is_right {
                    others.check(test.tc_id, &test.comment, got, false);
                }
            }
        }
    }
    count.at_least(700, 500);
    others.at_least(700, 0);
}
