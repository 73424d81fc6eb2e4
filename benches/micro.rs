//! What one signature costs inside the process, by scheme, beside the bare primitive over as many bytes; and what it
//! costs to find out whose request it is.

#[path = "figures.rs"]
mod figures;

use std::cell::RefCell;
use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use ed25519_dalek::Signer as _;
use figures::{Target, median, row};
use hmac::Hmac;
use hookctl::model::{Request, Secret, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Draft, Generator, Provider, Verifier, compose, identify};
use http::HeaderMap;
use jiff::Timestamp;
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::DecodePrivateKey as _;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// Samples, and about how long one of them takes.
const SAMPLES: usize = 7;
const SAMPLE_NANOS: f64 = 20e6;
const MAC_SECRET: &[u8] = b"a secret for benchmarks only";

/// A provider for each way of signing, with what it is made of.
const SUBJECTS: [(&str, Primitive); 15] = [
    ("github", Primitive::HmacSha256),
    ("stripe", Primitive::HmacSha256),
    ("slack", Primitive::HmacSha256),
    ("standard-webhooks", Primitive::HmacSha256),
    ("square", Primitive::HmacSha256),
    ("adyen", Primitive::HmacSha256),
    ("twilio", Primitive::HmacSha1),
    ("paystack", Primitive::HmacSha512),
    ("cloudinary", Primitive::Sha256),
    ("livekit", Primitive::HmacSha256),
    ("telegram", Primitive::Sha256),
    ("discord", Primitive::Ed25519),
    ("sendgrid", Primitive::EcdsaP256),
    ("plaid", Primitive::EcdsaP256),
    ("wise", Primitive::Rsa2048),
];

fn main() -> Result<()> {
    let catalogue = Catalogue::default();
    let (providers, _) = catalogue.all();
    let keys = Keys::generate()?;
    let mut sample = None;
    for (id, primitive) in SUBJECTS {
        let provider = providers.iter().find(|provider| **provider.id() == *id).with_context(|| format!("no {id}"))?;
        let subject = Subject::new(&catalogue, provider, &keys.secrets(primitive)?)?;
        subject.measure(primitive, keys.bare(primitive, &subject.body))?;
        if id == "github" {
            sample = Some(subject.request);
        }
    }
    let request = sample.context("no request of GitHub")?;
    let one = nanos(|| identify(&providers, black_box(&request)));
    row(&format!("identify among {} providers, ns", providers.len()), "", "", one, Target::None);
    let list = format!(r#"{{"list":[{}0]}}"#, r#"{"key":"value"},"#.repeat(4_000));
    let stranger = Request { body: list.into(), ..Request::default() };
    let none = nanos(|| drop(black_box(identify(&providers, black_box(&stranger)))));
    row("a stranger's 64 KB of JSON among them, ns", "", "", none, Target::None);
    let own = providers.iter().find(|provider| **provider.id() == *"slack").context("no Slack")?;
    let none = nanos(|| assert!(black_box(own.handshake(black_box(&request))).is_none()));
    row("an event is no handshake of its provider, ns", "", "", none, Target::None);
    let none = nanos(|| assert!(providers.iter().all(|one| black_box(one.handshake(black_box(&request))).is_none())));
    row(&format!("nor of {} providers, ns", providers.len()), "", "", none, Target::None);
    Ok(())
}

/// What a scheme is made of.
#[derive(Debug, Clone, Copy)]
enum Primitive {
    HmacSha1,
    HmacSha256,
    HmacSha512,
    Sha256,
    Ed25519,
    EcdsaP256,
    Rsa2048,
}

/// One key of each kind.
struct Keys {
    ed25519: ed25519_dalek::SigningKey,
    ecdsa: Vec<u8>,
    rsa: Vec<u8>,
}

impl Keys {
    fn generate() -> Result<Self> {
        let file = tempfile::NamedTempFile::new()?;
        let openssl = |command: &[&str]| -> Result<Vec<u8>> {
            let output = Command::new("openssl").args(command).output()?;
            anyhow::ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
            Ok(output.stdout)
        };
        let path = file.path().to_str().context("a path that is no text")?;
        let generated = |kind: &[&str]| -> Result<Vec<u8>> {
            openssl(&[&["genpkey", "-out", path], kind].concat())?;
            openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", path, "-outform", "DER"])
        };
        Ok(Self {
            ed25519: ed25519_dalek::SigningKey::from_bytes(&[7; 32]),
            ecdsa: generated(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])?,
            rsa: generated(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])?,
        })
    }

    /// Secrets in the forms that such schemes take.
    fn secrets(&self, primitive: Primitive) -> Result<Vec<Secret>> {
        let texts = match primitive {
            Primitive::Ed25519 => vec![hex::encode(self.ed25519.to_keypair_bytes()).into_bytes()],
            Primitive::EcdsaP256 => vec![self.ecdsa.clone()],
            Primitive::Rsa2048 => vec![self.rsa.clone()],
            _ => vec![
                MAC_SECRET.to_vec(),
                b"whsec_C2FVsBQIhrscChlQIMV+b5sSYob7oD8y".to_vec(),
                b"00112233445566778899aabbccddeeff".to_vec(),
            ],
        };
        texts.into_iter().map(|text| Ok(Secret::new(text, "bench")?)).collect()
    }

    /// Nanoseconds of the bare primitive over these bytes: to verify, and to sign.
    fn bare(&self, primitive: Primitive, body: &[u8]) -> Result<(f64, f64)> {
        Ok(match primitive {
            Primitive::HmacSha1 => mac::<Hmac<Sha1>>(body)?,
            Primitive::HmacSha256 => mac::<Hmac<Sha256>>(body)?,
            Primitive::HmacSha512 => mac::<Hmac<Sha512>>(body)?,
            Primitive::Sha256 => {
                let time = nanos(|| Sha256::digest(black_box(body)));
                (time, time)
            }
            Primitive::Ed25519 => {
                let (public, signature) = (self.ed25519.verifying_key(), self.ed25519.sign(body));
                let verified = nanos(|| assert!(public.verify_strict(black_box(body), &signature).is_ok()));
                (verified, nanos(|| self.ed25519.sign(black_box(body))))
            }
            Primitive::EcdsaP256 => {
                let key = p256::ecdsa::SigningKey::from_pkcs8_der(&self.ecdsa)?;
                let signature: p256::ecdsa::Signature = key.sign(body);
                let verified = nanos(|| assert!(key.verifying_key().verify(black_box(body), &signature).is_ok()));
                let sign = || {
                    let signature: p256::ecdsa::Signature = key.sign(black_box(body));
                    black_box(signature);
                };
                (verified, nanos(sign))
            }
            Primitive::Rsa2048 => {
                let key = RsaKeyPair::from_pkcs8(&self.rsa).map_err(|error| anyhow::anyhow!("{error}"))?;
                let random = ring::rand::SystemRandom::new();
                let sign = || {
                    let mut signature = vec![0; key.public().modulus_len()];
                    key.sign(&RSA_PKCS1_SHA256, &random, black_box(body), &mut signature).map(|()| signature)
                };
                let signature = sign().map_err(|error| anyhow::anyhow!("{error}"))?;
                let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().as_ref());
                let verified = nanos(|| assert!(public.verify(black_box(body), &signature).is_ok()));
                (verified, nanos(sign))
            }
        })
    }
}

fn mac<M: hmac::Mac + hmac::KeyInit + Clone>(body: &[u8]) -> Result<(f64, f64)> {
    let keyed = <M as hmac::KeyInit>::new_from_slice(MAC_SECRET)?;
    let time = nanos(|| keyed.clone().chain_update(black_box(body)).finalize());
    Ok((time, time))
}

/// A provider with a body, a secret that fits, and a request that is valid with it.
struct Subject<'p> {
    provider: &'p Arc<Provider>,
    event: String,
    body: Vec<u8>,
    secret: Secret,
    request: Request,
    now: Timestamp,
}

impl<'p> Subject<'p> {
    fn new(catalogue: &Catalogue, provider: &'p Arc<Provider>, secrets: &[Secret]) -> Result<Self> {
        let event = catalogue.events(provider.id()).into_iter().next().context("no fixture")?;
        let body = catalogue.fixture(provider.id(), &event)?.body;
        let now = Timestamp::now();
        for secret in secrets {
            let Some(request) = sign(provider, &event, &body, secret, now) else { continue };
            let verifier = Verifier::new(Arc::clone(provider), [secret.clone()]);
            if verifier.verify(&request, &Circumstances::at(now)).status == VerdictStatus::Valid {
                return Ok(Self { provider, event, body, secret: secret.clone(), request, now });
            }
        }
        anyhow::bail!("no secret for {}", provider.id())
    }

    fn measure(&self, primitive: Primitive, bare: Result<(f64, f64)>) -> Result<()> {
        let verifier = Verifier::new(Arc::clone(self.provider), [self.secret.clone()]);
        let (to_verify, to_sign) = bare?;
        let circumstances = Circumstances::at(self.now);
        let verified = nanos(|| verifier.verify(black_box(&self.request), &circumstances));
        let signed = nanos(|| sign(self.provider, &self.event, black_box(&self.body), &self.secret, self.now));
        let id = self.provider.id();
        let text = |time: f64| format!("{time:.0} ns");
        let verify = format!("verify {id} / {primitive:?}");
        row(&verify, &text(to_verify), &text(verified), verified / to_verify, Target::None);
        row(&format!("sign {id} / {primitive:?}"), &text(to_sign), &text(signed), signed / to_sign, Target::None);
        Ok(())
    }
}

fn sign(provider: &Provider, event: &str, body: &[u8], secret: &Secret, now: Timestamp) -> Option<Request> {
    let headers = HeaderMap::new();
    let draft = Draft {
        event,
        body,
        content_type: None,
        headers: &headers,
        url: "http://127.0.0.1:4000/hook",
        signature: None,
    };
    compose(provider, &draft, Some(secret), &RefCell::new(Generator::new(1, now))).ok()
}

/// Nanoseconds a call, the median of the samples.
fn nanos<T>(mut call: impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    black_box(call());
    let calls = (SAMPLE_NANOS / (started.elapsed().as_secs_f64() * 1e9)).clamp(1.0, 20_000.0) as u32;
    let mut sample = || {
        let started = Instant::now();
        (0..calls).for_each(|_| drop(black_box(call())));
        started.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    };
    sample();
    median((0..SAMPLES).map(|_| sample()).collect())
}
