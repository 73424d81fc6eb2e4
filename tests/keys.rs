//! Signatures by key pairs, with keys that OpenSSL made: forgeries are refused, OpenSSL agrees in both
//! directions, and a key of the wrong kind is refused with what is needed.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookctl::model::{Request, Secret, Verdict, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Draft, Generator, Provider, Verifier, compile, compose};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::sandbox::Sandbox;
use crate::senders::now;

const HEADER: &str = "x-signature";
const BODY: &[u8] = b"{\"a\": 1}\n";

/// A folder of keys; made once.
static KEYS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    for (name, kind) in [
        ("ec", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..]),
        ("other-ec", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("other-rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("short-rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]),
        ("ed25519", &["-algorithm", "ed25519"]),
    ] {
        openssl(at, &[&["genpkey", "-out", name][..], kind].concat());
        openssl(at, &["pkey", "-in", name, "-pubout", "-out", &format!("{name}.pub")]);
    }
    openssl(at, &["ec", "-in", "ec", "-out", "ec.sec1"]);
    openssl(at, &["rsa", "-in", "rsa", "-traditional", "-out", "rsa.pkcs1"]);
    openssl(at, &["pkey", "-pubin", "-in", "rsa.pub", "-outform", "DER", "-out", "rsa.pub.der"]);
    openssl(at, &["rsa", "-in", "rsa", "-RSAPublicKey_out", "-out", "rsa.pub.pkcs1"]);
    openssl(at, &["pkcs8", "-topk8", "-in", "ec", "-passout", "pass:x", "-out", "ec.encrypted"]);
    openssl(at, &["req", "-x509", "-key", "ec", "-subj", "/CN=a.test", "-out", "ec.certificate"]);
    openssl(at, &["pkey", "-pubin", "-in", "ec.pub", "-outform", "DER", "-out", "ec.pub.der"]);
    openssl(at, &["pkcs8", "-topk8", "-nocrypt", "-in", "ec", "-outform", "DER", "-out", "ec.der"]);
    openssl(at, &["ec", "-in", "ec", "-outform", "DER", "-out", "ec.sec1.der"]);
    openssl(at, &["rsa", "-in", "rsa", "-traditional", "-outform", "DER", "-out", "rsa.pkcs1.der"]);
    openssl(at, &["pkey", "-in", "ed25519", "-outform", "DER", "-out", "ed25519.der"]);
    openssl(at, &["pkey", "-pubin", "-in", "ed25519.pub", "-outform", "DER", "-out", "ed25519.pub.der"]);
    openssl(at, &["req", "-x509", "-key", "ed25519", "-subj", "/CN=a.test", "-out", "ed25519.certificate"]);
    openssl(at, &["x509", "-in", "ec.certificate", "-outform", "DER", "-out", "ec.certificate.der"]);
    folder
});

/// Runs OpenSSL in this folder.
fn openssl(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("openssl").args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One of the keys, by its file.
pub fn key(name: &str) -> Vec<u8> {
    std::fs::read(KEYS.path().join(name)).unwrap()
}

fn secret(bytes: impl Into<Vec<u8>>) -> Secret {
    Secret::new(bytes, "test").unwrap()
}

fn provider(scheme: &str) -> Arc<Provider> {
    let text = format!(
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[[signature]]\nid = \"v1\"\nsource = \"header:{HEADER}\"\n\
         encoding = \"base64\"\nsigned = \"v1.{{body}}\"\n{scheme}\n"
    );
    Arc::new(compile("acme/provider.toml", &text).unwrap_or_else(|error| panic!("{error}")))
}

fn signed(provider: &Provider, private: &Secret, body: &[u8]) -> Request {
    let draft = Draft {
        event: "e",
        body,
        content_type: None,
        headers: &HeaderMap::new(),
        url: "https://hooks.example.test/in",
        signature: None,
    };
    compose(provider, &draft, Some(private), &RefCell::new(Generator::new(1, now()))).unwrap()
}

fn verify(provider: &Arc<Provider>, secret: &Secret, request: &Request) -> Verdict {
    Verifier::new(Arc::clone(provider), Some(secret.clone())).verify(request, &Circumstances::at(now()))
}

fn is_valid(provider: &Arc<Provider>, secret: &Secret, request: &Request) -> bool {
    verify(provider, secret, request).status == VerdictStatus::Valid
}

/// One way to sign with a key pair.
struct Pair {
    provider: Arc<Provider>,
    private: Secret,
    public: Secret,
    other: Secret,
}

static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    let pair = |scheme: &str, name: &str, other: &str| Pair {
        provider: provider(scheme),
        private: secret(key(name)),
        public: secret(key(&format!("{name}.pub"))),
        other: secret(key(&format!("{other}.pub"))),
    };
    vec![
        pair("scheme = \"ecdsa\"", "ec", "other-ec"),
        pair("scheme = \"ecdsa\"\nsignature_form = \"fixed\"", "ec", "other-ec"),
        pair("scheme = \"rsa\"", "rsa", "other-rsa"),
        pair("scheme = \"rsa\"\npadding = \"pss\"", "rsa", "other-rsa"),
        pair("scheme = \"rsa\"\nalgorithm = \"sha512\"", "rsa", "other-rsa"),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tampered_body_or_signature_is_never_valid(
        which in 0..PAIRS.len(),
        body in proptest::collection::vec(any::<u8>(), 0..100),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let pair = &PAIRS[which];
        let request = signed(&pair.provider, &pair.private, &body);
        prop_assert!(is_valid(&pair.provider, &pair.public, &request));
        prop_assert!(is_valid(&pair.provider, &pair.private, &request));
        prop_assert!(!is_valid(&pair.provider, &pair.other, &request));

        let mut longer = body.clone();
        longer.push(flip);
        let mut changed = body.clone();
        if let Some(byte) = changed.len().checked_sub(1).map(|last| at.index(last + 1)).and_then(|at| changed.get_mut(at)) {
            *byte ^= flip;
        }
        for forged in [longer, changed].into_iter().filter(|forged| *forged != body) {
            let request = Request { body: forged.into(), ..request.clone() };
            prop_assert!(!is_valid(&pair.provider, &pair.public, &request));
        }

        let genuine = STANDARD.decode(request.headers[HEADER].as_bytes()).unwrap();
        let mut flipped = genuine.clone();
        let at = at.index(flipped.len());
        flipped[at] ^= flip;
        let mut longer = genuine.clone();
        longer.push(flip);
        for forged in [&flipped[..], &genuine[..at], &longer] {
            let mut request = request.clone();
            request.headers.insert(HEADER, HeaderValue::from_str(&STANDARD.encode(forged)).unwrap());
            prop_assert!(!is_valid(&pair.provider, &pair.public, &request));
        }
    }

    #[test]
    fn any_text_in_place_of_a_signature_is_never_valid(which in 0..PAIRS.len(), text in "[ -~]{0,400}") {
        let pair = &PAIRS[which];
        let mut request = signed(&pair.provider, &pair.private, BODY);
        request.headers.insert(HEADER, HeaderValue::from_str(&text).unwrap());
        prop_assert!(!is_valid(&pair.provider, &pair.public, &request));
    }
}

/// What OpenSSL signs is valid here.
fn openssl_signs(provider: &Arc<Provider>, name: &str, options: &[&str]) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("message"), [b"v1.", BODY].concat()).unwrap();
    let private = KEYS.path().join(name);
    let sign = ["dgst", "-sign", private.to_str().unwrap(), "-out", "signature", "message"];
    openssl(folder.path(), &[&sign[..1], options, &sign[1..]].concat());
    let signature = std::fs::read(folder.path().join("signature")).unwrap();
    let mut request = Request { body: BODY.into(), ..Request::default() };
    request.headers.insert(HEADER, HeaderValue::from_str(&STANDARD.encode(&signature)).unwrap());
    let verdict = verify(provider, &secret(key(&format!("{name}.pub"))), &request);
    assert_eq!(verdict.status, VerdictStatus::Valid, "{verdict:?}");
    request.body = "{}".into();
    assert!(!is_valid(provider, &secret(key(name)), &request));
}

/// What OpenSSL signs is valid here; what is signed here is verified by OpenSSL.
fn openssl_agrees(provider: &Arc<Provider>, name: &str, options: &[&str]) {
    let folder = TempDir::new().unwrap();
    let message = [b"v1.", BODY].concat();
    std::fs::write(folder.path().join("message"), &message).unwrap();
    openssl_signs(provider, name, options);
    let public = KEYS.path().join(format!("{name}.pub"));
    let request = signed(provider, &secret(key(name)), BODY);
    let signature = STANDARD.decode(request.headers[HEADER].as_bytes()).unwrap();
    std::fs::write(folder.path().join("signature"), signature).unwrap();
    let check = ["dgst", "-verify", public.to_str().unwrap(), "-signature", "signature", "message"];
    let said = openssl(folder.path(), &[&check[..1], options, &check[1..]].concat());
    assert!(said.contains("Verified OK"), "{said}");
}

#[test]
fn openssl_and_ecdsa_agree_in_both_directions() {
    openssl_agrees(&provider("scheme = \"ecdsa\""), "ec", &["-sha256"]);
}

#[test]
fn openssl_and_rsa_agree_in_both_directions() {
    openssl_agrees(&provider("scheme = \"rsa\""), "rsa", &["-sha256"]);
    openssl_agrees(&provider("scheme = \"rsa\"\nalgorithm = \"sha384\""), "rsa", &["-sha384"]);
    let pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"];
    openssl_agrees(&provider("scheme = \"rsa\"\npadding = \"pss\""), "rsa", &pss);
}

#[test]
fn rsa_with_sha1_is_verified_and_never_signed() {
    let provider = provider("scheme = \"rsa\"\nalgorithm = \"sha1\"");
    openssl_signs(&provider, "rsa", &["-sha1"]);
    let draft =
        Draft { event: "e", body: BODY, content_type: None, headers: &HeaderMap::new(), url: "/", signature: None };
    let error = compose(&provider, &draft, Some(&secret(key("rsa"))), &RefCell::new(Generator::new(1, now())));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("SHA-1 is verified only") && error.contains("SHA-256"), "{error}");
}

#[test]
fn a_signature_with_one_padding_is_not_valid_with_the_other() {
    let (pkcs1, pss) = (provider("scheme = \"rsa\""), provider("scheme = \"rsa\"\npadding = \"pss\""));
    let private = secret(key("rsa"));
    assert!(!is_valid(&pss, &private, &signed(&pkcs1, &private, BODY)));
    assert!(!is_valid(&pkcs1, &private, &signed(&pss, &private, BODY)));
}

#[test]
fn an_rsa_key_is_taken_in_each_of_its_forms() {
    let provider = provider("scheme = \"rsa\"");
    let request = signed(&provider, &secret(key("rsa")), BODY);
    assert!(is_valid(&provider, &secret(STANDARD.encode(key("rsa.pub.der"))), &request));
    assert!(is_valid(&provider, &secret(key("rsa.pkcs1")), &request));
    assert!(is_valid(&provider, &secret(key("rsa.pub.pkcs1")), &request));
    assert!(is_valid(&provider, &secret(jwk("rsa", false)), &request));
    assert_eq!(signed(&provider, &secret(jwk("rsa", true)), BODY).headers, request.headers);
    assert_eq!(signed(&provider, &secret(key("rsa.pkcs1")), BODY).headers, request.headers);
}

#[test]
fn a_key_of_another_kind_is_refused_with_what_rsa_needs() {
    let provider = provider("scheme = \"rsa\"");
    for (name, said) in [
        ("ec", "it is an EC (P-256) private key: RSA needs"),
        ("ec.sec1", "it is an EC private key: RSA needs"),
        ("ec.pub", "it is an EC (P-256) public key: RSA needs"),
        ("ed25519", "it is an Ed25519 private key: RSA needs"),
        ("short-rsa", "2048 to 4096 bits"),
        ("short-rsa.pub", "1024 bits, 2048 to 8192 are taken"),
    ] {
        let reason = refusal(&provider, &key(name));
        assert!(reason.contains(said), "{name}: {reason}");
    }
    let reason = refusal(&provider, b"aHVudGVyMg==");
    assert!(reason.contains("RSA needs") && !reason.contains("aHVudGVyMg"), "{reason}");
}

#[test]
fn a_signature_that_is_not_as_long_as_the_rsa_key_is_malformed() {
    let reason = refusal(&provider("scheme = \"rsa\""), &key("rsa.pub"));
    assert!(reason.contains("expected 344 characters, found 4"), "{reason}");
}

#[test]
fn the_same_body_and_key_give_the_same_ecdsa_signature() {
    let pair = &PAIRS[0];
    let text = || signed(&pair.provider, &pair.private, BODY).headers[HEADER].clone();
    assert_eq!(text(), text());
}

#[test]
fn a_p256_key_is_taken_in_each_of_its_forms() {
    let provider = provider("scheme = \"ecdsa\"");
    let request = signed(&provider, &secret(key("ec")), BODY);
    let public = key("ec.pub.der");
    let point = public[public.len() - 65..].to_vec();
    let mut compressed = vec![2 + (point[64] & 1)];
    compressed.extend(&point[1..33]);
    for (name, text) in [
        ("SPKI in base64", STANDARD.encode(&public)),
        ("PKCS#8 in base64", STANDARD.encode(key("ec.der"))),
        ("SPKI in base64 on two lines", STANDARD.encode(&public).replace('E', "E\n")),
        ("a point", STANDARD.encode(&point)),
        ("a compressed point", STANDARD.encode(&compressed)),
        ("SEC 1", String::from_utf8(key("ec.sec1")).unwrap()),
        ("text around PEM", format!("mine:\n{}\nbye", String::from_utf8(key("ec.pub")).unwrap())),
        ("CR LF", String::from_utf8(key("ec.pub")).unwrap().replace('\n', "\r\n")),
        ("one line", String::from_utf8(key("ec.pub")).unwrap().replace('\n', "")),
        ("line breaks as text", String::from_utf8(key("ec.pub")).unwrap().replace('\n', "\\n")),
        ("a certificate", String::from_utf8(key("ec.certificate")).unwrap()),
        ("a point in hex", hex::encode(&point)),
        ("a JWK", jwk("ec", false)),
        ("a set of one JWK", format!("{{\"keys\":[{}]}}", jwk("ec", false))),
    ] {
        let verdict = verify(&provider, &secret(text), &request);
        assert_eq!(verdict.status, VerdictStatus::Valid, "{name}: {verdict:?}");
    }
    assert!(is_valid(&provider, &secret(key("ec.certificate.der")), &request));
    assert_eq!(signed(&provider, &secret(key("ec.sec1")), BODY).headers, request.headers);
    assert_eq!(signed(&provider, &secret(jwk("ec", true)), BODY).headers, request.headers);
}

#[test]
fn an_ed25519_key_is_taken_in_each_of_its_forms() {
    let provider = provider("scheme = \"ed25519\"\nkey_format = \"ed25519-hex\"");
    let request = signed(&provider, &secret(key("ed25519")), BODY);
    let (public, private) = (tail(&key("ed25519.pub.der"), 32), tail(&key("ed25519.der"), 32));
    let pair = [private, public.clone()].concat();
    for (name, text) in [
        ("PEM", String::from_utf8(key("ed25519.pub")).unwrap()),
        ("a certificate", String::from_utf8(key("ed25519.certificate")).unwrap()),
        ("hex", hex::encode(&public)),
        ("base64", STANDARD.encode(&public)),
        ("SPKI in base64", STANDARD.encode(key("ed25519.pub.der"))),
        ("a JWK", jwk("ed25519", false)),
    ] {
        let verdict = verify(&provider, &secret(text.clone()), &request);
        assert_eq!(verdict.status, VerdictStatus::Valid, "{name}: {verdict:?}");
        let headers = HeaderMap::new();
        let draft = Draft { event: "e", body: BODY, content_type: None, headers: &headers, url: "/", signature: None };
        let error = compose(&provider, &draft, Some(&secret(text)), &RefCell::new(Generator::new(1, now())));
        assert!(error.unwrap_err().to_string().contains("needs the private key"), "{name}");
    }
    for text in [hex::encode(&pair), STANDARD.encode(&pair), jwk("ed25519", true)] {
        assert_eq!(signed(&provider, &secret(text), BODY).headers, request.headers);
    }
    let reason = refusal(&provider, &key("ec.pub"));
    assert!(reason.contains("it is an EC (P-256) public key: Ed25519 needs"), "{reason}");
    let reason =
        refusal(&provider, &pair[..63].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes());
    assert!(reason.contains("Ed25519"), "{reason}");
}

/// The last bytes of a DER structure, which are the key of many.
fn tail(der: &[u8], length: usize) -> Vec<u8> {
    der[der.len() - length..].to_vec()
}

/// The numbers of a flat sequence in DER.
fn numbers(der: &[u8]) -> Vec<Vec<u8>> {
    let length = |at: usize| match der[at] {
        short if short < 0x80 => (usize::from(short), at + 1),
        long => {
            let count = usize::from(long & 0x7f);
            (der[at + 1..at + 1 + count].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), at + 1 + count)
        }
    };
    let (mut at, mut numbers) = (length(1).1, Vec::new());
    while at < der.len() {
        let (long, start) = length(at + 1);
        let number = &der[start..start + long];
        numbers.push(number.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(number).to_vec());
        at = start + long;
    }
    numbers
}

/// One of the keys as a JWK, made from OpenSSL's DER.
fn jwk(name: &str, private: bool) -> String {
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let mut members = match name {
        "rsa" => {
            let all = numbers(&key("rsa.pkcs1.der"));
            let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
            let count = if private { names.len() } else { 2 };
            let mut members = vec![("kty", "RSA".to_owned())];
            members.extend(names.iter().zip(&all[1..]).take(count).map(|(name, number)| (*name, encode(number))));
            members
        }
        "ed25519" => {
            let public = encode(&tail(&key("ed25519.pub.der"), 32));
            vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", public)]
        }
        _ => {
            let point = tail(&key("ec.pub.der"), 64);
            let (x, y) = (encode(&point[..32]), encode(&point[32..]));
            vec![("kty", "EC".to_owned()), ("crv", "P-256".to_owned()), ("x", x), ("y", y)]
        }
    };
    match name {
        "ec" if private => members.push(("d", encode(&key("ec.sec1.der")[7..39]))),
        "ed25519" if private => members.push(("d", encode(&tail(&key("ed25519.der"), 32)))),
        _ => {}
    }
    members.push(("kid", name.to_owned()));
    let members: Vec<String> = members.into_iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn the_keys_of_rfc_7515_and_8037_are_read() {
    let jwt = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let text = format!(
        "[provider]\nid = \"acme\"\nname = \"A\"\n[[signature]]\nscheme = \"jwt\"\nalgorithms = [\"ES256\"]\nsource = \"header:{HEADER}\"\n"
    );
    let acme = Arc::new(compile("acme/provider.toml", &text).unwrap());
    let mut request = Request::default();
    request.headers.insert(HEADER, jwt.parse().unwrap());
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    let at = |seconds| {
        let key = secret(format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\"}}"));
        let time = jiff::Timestamp::from_second(seconds).unwrap();
        Verifier::new(Arc::clone(&acme), Some(key)).verify(&request, &Circumstances::at(time)).status
    };
    assert_eq!((at(1_300_819_379), at(1_300_819_380)), (VerdictStatus::Valid, VerdictStatus::Invalid));

    // RFC 8037 appendix A.1 is the key of RFC 8032 section 7.1, test 1.
    let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let provider = provider("scheme = \"ed25519\"\nkey_format = \"jwk\"");
    let request = signed(&provider, &secret(ed25519), BODY);
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    assert!(is_valid(&provider, &secret(public), &request));
    let other = ed25519.replace("11qY", "11qZ");
    assert!(refusal(&provider, other.as_bytes()).contains("cannot be read"), "the halves belong together");
}

/// A provider whose requests carry a JWT.
fn jwt_provider(algorithm: &str) -> Arc<Provider> {
    let text = format!(
        "[provider]\nid = \"acme\"\nname = \"Acme\"\n[[signature]]\nid = \"v1\"\nsource = \"header:{HEADER}\"\n\
         scheme = \"jwt\"\nalgorithms = [\"{algorithm}\"]\n"
    );
    Arc::new(compile("acme/provider.toml", &text).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn the_token_names_the_key_of_a_set() {
    let provider = jwt_provider("ES256");
    let request = signed(&provider, &secret(jwk("ec", true)), BODY);
    let set = |first: &str, second: &str| secret(format!("{{\"keys\":[{first},{second}]}}"));
    let renamed = |id: &str| jwk("ec", false).replace("\"kid\":\"ec\"", &format!("\"kid\":\"{id}\""));
    assert!(
        is_valid(&provider, &set(&jwk("rsa", false), &jwk("ec", false)), &request),
        "keys of other kinds are passed over"
    );
    assert!(
        is_valid(&provider, &set(&jwk("ec", false).replace("\"x\":\"", "\"x\":\"A"), &jwk("ec", false)), &request),
        "a broken key is passed over"
    );
    assert!(is_valid(&provider, &secret(key("ec.pub")), &request), "a key without an id is taken");
    let verdict = verify(&provider, &set(&renamed("a"), &renamed("b")), &request);
    assert_eq!(verdict.status, VerdictStatus::Invalid);
    assert_eq!(
        verdict.reason.unwrap().to_string(),
        "the signature was made with the key `ec`, which is none of the known ones (a, b)"
    );
    assert!(verdict.hint.unwrap().contains("--secret-file"));
    let encryption = jwk("ec", false).replace('}', ",\"use\":\"enc\"}");
    assert!(refusal(&provider, format!("{{\"keys\":[{encryption}]}}").as_bytes()).contains("no key that can be read"));
}

#[test]
fn without_a_name_every_key_of_a_set_is_tried() {
    let provider = provider("scheme = \"ecdsa\"");
    let request = signed(&provider, &secret(key("ec")), BODY);
    let set = format!("{{\"keys\":[{},{}]}}", jwk("ed25519", false), jwk("ec", false));
    assert!(is_valid(&provider, &secret(set), &request));
    let both = [key("other-ec.pub"), key("ec.pub")].concat();
    assert!(is_valid(&provider, &secret(both), &request));
    assert!(!is_valid(&provider, &secret(key("other-ec.pub")), &request));
}

#[test]
fn the_manifest_says_where_the_id_of_the_key_stands() {
    let provider = provider("scheme = \"ecdsa\"\nkid = \"{header:x-key|unbase64|json(/kid)}\"");
    let mut request = signed(&provider, &secret(key("ec")), BODY);
    let set = secret(format!("{{\"keys\":[{}]}}", jwk("ec", false)));
    assert!(is_valid(&provider, &set, &request), "without a name");
    for (id, valid) in [("ec", true), ("other", false)] {
        request.headers.insert("x-key", STANDARD.encode(format!("{{\"kid\":\"{id}\"}}")).parse().unwrap());
        assert_eq!(is_valid(&provider, &set, &request), valid, "{id}");
    }
}

#[test]
fn a_jwk_of_the_kind_oct_is_a_shared_secret() {
    let (hmac, hs256) = (provider("scheme = \"hmac\""), jwt_provider("HS256"));
    for provider in [hmac, hs256] {
        let request = signed(&provider, &secret("hunter2"), BODY);
        assert!(is_valid(&provider, &secret(r#"{"kty":"oct","k":"aHVudGVyMg"}"#), &request));
        assert!(!is_valid(&provider, &secret(r#"{"kty":"oct","k":"aHVudGVyMw"}"#), &request));
        let reason = verify(&provider, &secret(jwk("ec", false)), &request).reason.unwrap().to_string();
        assert!(reason.contains("a shared secret is needed"), "{reason}");
        let reason = verify(&provider, &secret(r#"{"kty":"oct","k":""}"#), &request).reason.unwrap().to_string();
        assert!(reason.contains("nothing is left"), "{reason}");
    }
}

#[test]
fn ecdsa_with_sha1_is_verified_and_never_signed() {
    let provider = provider("scheme = \"ecdsa\"\nalgorithm = \"sha1\"");
    openssl_signs(&provider, "ec", &["-sha1"]);
    let draft =
        Draft { event: "e", body: BODY, content_type: None, headers: &HeaderMap::new(), url: "/", signature: None };
    let error = compose(&provider, &draft, Some(&secret(key("ec"))), &RefCell::new(Generator::new(1, now())));
    assert!(error.unwrap_err().to_string().contains("SHA-1 is verified only"));
    let request = signed(&self::provider("scheme = \"ecdsa\""), &secret(key("ec")), BODY);
    assert!(!is_valid(&provider, &secret(key("ec.pub")), &request));
}

#[test]
fn a_signature_inside_another_form_is_read_and_not_written() {
    // As eBay sends it: base64 of JSON that holds the signature and the id of the key.
    let text = "[provider]\nid = \"acme\"\nname = \"A\"\n[[signature]]\nscheme = \"ecdsa\"\nencoding = \"base64\"\nsigned = \"v1.{body}\"\n\
         source = \"header:x-signature|unbase64|json(/signature)\"\nkid = \"{header:x-signature|unbase64|json(/kid)}\"\n";
    let wrapping = Arc::new(compile("acme/provider.toml", text).unwrap());
    let plain = signed(&provider("scheme = \"ecdsa\""), &secret(key("ec")), BODY);
    let with = |value: String| {
        let mut request = plain.clone();
        request.headers.insert(HEADER, STANDARD.encode(value).parse().unwrap());
        request
    };
    let signature = plain.headers[HEADER].to_str().unwrap();
    let request = with(format!("{{\"alg\":\"ecdsa\",\"kid\":\"ec\",\"signature\":\"{signature}\"}}"));
    for known in [key("ec.pub"), jwk("ec", false).into_bytes()] {
        assert!(is_valid(&wrapping, &secret(known), &request));
    }
    assert!(!is_valid(&wrapping, &secret(jwk("ec", false).replace("\"kid\":\"ec\"", "\"kid\":\"x\"")), &request));
    assert!(!is_valid(&wrapping, &secret(key("ec.pub")), &with("{}".into())));
    let headers = HeaderMap::new();
    let draft = Draft { event: "e", body: BODY, content_type: None, headers: &headers, url: "/", signature: None };
    let error = compose(&wrapping, &draft, Some(&secret(key("ec"))), &RefCell::new(Generator::new(1, now())));
    assert!(error.unwrap_err().to_string().contains("cannot be written"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broken_keys_are_refused_and_never_panic(
        which in 0..6_usize,
        scheme in 0..4_usize,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = match which {
            0 => key("ec.certificate.der"),
            1 => key("rsa.pub.der"),
            2 => key("ec.der"),
            3 => jwk("rsa", true).into_bytes(),
            4 => format!("{{\"keys\":[{},{}]}}", jwk("ec", true), jwk("ed25519", true)).into_bytes(),
            _ => key("ec.certificate"),
        };
        let at = at.index(bytes.len());
        bytes[at] ^= byte;
        if cut {
            bytes.truncate(at);
        }
        let schemes =
            ["scheme = \"ecdsa\"", "scheme = \"rsa\"", "scheme = \"ed25519\"\nkey_format = \"pem\"", "scheme = \"hmac\""];
        let mut request = Request { body: BODY.into(), ..Request::default() };
        request.headers.insert(HEADER, HeaderValue::from_static("AAAA"));
        if !bytes.is_empty() {
            prop_assert!(!is_valid(&provider(schemes[scheme]), &secret(bytes), &request));
        }
    }

    #[test]
    fn any_bytes_as_a_key_never_panic(bytes in proptest::collection::vec(any::<u8>(), 1..200), json in "\\{\"(kty|keys|n|x|crv|k)\":[\\[\\]{}\",:A-Za-z0-9]{0,60}\\}") {
        let mut request = Request { body: BODY.into(), ..Request::default() };
        request.headers.insert(HEADER, HeaderValue::from_static("AAAA"));
        for text in [bytes, json.into_bytes()] {
            for scheme in ["scheme = \"ecdsa\"", "scheme = \"rsa\""] {
                prop_assert!(!is_valid(&provider(scheme), &secret(text.clone()), &request));
            }
        }
    }
}

#[test]
fn manifests_with_key_pairs_verify_what_they_sign() {
    for (id, name) in [("sendgrid", "ec"), ("wise", "rsa")] {
        let path = format!("{}/tests/manifests/{id}.toml", env!("CARGO_MANIFEST_DIR"));
        let provider = match std::fs::read_to_string(&path) {
            Ok(text) => Arc::new(compile(&path, &text).unwrap()),
            Err(_) => Catalogue::default().provider(id).unwrap(),
        };
        let request = signed(&provider, &secret(key(name)), BODY);
        let public = secret(key(&format!("{name}.pub")));
        let verdict = verify(&provider, &public, &request);
        assert_eq!(verdict.status, VerdictStatus::Valid, "{id}: {verdict:?}");
        let tampered = Request { body: "{}".into(), ..request };
        assert_eq!(verify(&provider, &public, &tampered).status, VerdictStatus::Invalid, "{id}");
    }
}

/// The reason why this secret cannot be used.
fn refusal(provider: &Arc<Provider>, text: &[u8]) -> String {
    let mut request = Request::default();
    request.headers.insert(HEADER, HeaderValue::from_static("AAAA"));
    let verdict = verify(provider, &secret(text), &request);
    assert_eq!(verdict.status, VerdictStatus::Invalid);
    verdict.reason.unwrap().to_string()
}

#[test]
fn a_key_of_another_kind_is_refused_with_what_ecdsa_needs() {
    let provider = provider("scheme = \"ecdsa\"");
    for (name, said) in [
        ("p384", "it is an EC (P-384) private key"),
        ("p384.pub", "it is an EC (P-384) public key"),
        ("rsa", "it is an RSA private key"),
        ("rsa.pub", "it is an RSA public key"),
        ("ed25519.pub", "it is an Ed25519 public key"),
    ] {
        let reason = refusal(&provider, &key(name));
        assert!(reason.contains(said) && reason.contains("P-256"), "{name}: {reason}");
    }
    let reason = refusal(&provider, &key("ec.encrypted"));
    assert!(reason.contains("encrypted") && reason.contains("openssl pkey"), "{reason}");
    let cut = String::from_utf8(key("ec.pub")).unwrap().replace("-----END", "");
    let reason = refusal(&provider, cut.as_bytes());
    assert!(reason.contains("from BEGIN to END"), "{reason}");
    let reason = refusal(&provider, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
    assert!(reason.contains("certificate cannot be read") && reason.contains("P-256"), "{reason}");
    let reason = refusal(&provider, jwk("rsa", false).as_bytes());
    assert!(reason.contains("it is an RSA public key"), "{reason}");
    let reason = refusal(&provider, br#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#);
    assert!(reason.contains("it is a JWK of the curve P-521") && reason.contains("P-256"), "{reason}");
    let reason = refusal(&provider, br#"{"kty":"oct","k":"aHVudGVyMg"}"#);
    assert!(reason.contains("shared secret") && !reason.contains("aHVudGVyMg"), "{reason}");
    let reason = refusal(&provider, b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----");
    assert!(reason.contains("no key") && reason.contains("P-256"), "{reason}");
}

#[test]
fn a_secret_that_is_no_key_is_refused_and_not_repeated() {
    let provider = provider("scheme = \"ecdsa\"");
    for (text, said) in [("whsec_hunter2!", "neither PEM nor base64"), ("aHVudGVyMg==", "7 bytes that are no key")] {
        let reason = refusal(&provider, text.as_bytes());
        assert!(reason.contains(said) && reason.contains("P-256"), "{reason}");
        assert!(!reason.contains("hunter2") && !reason.contains("aHVudGVyMg"), "{reason}");
    }
}

#[test]
fn a_public_key_signs_nothing_and_says_what_is_needed() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("key", key("ec.pub"));
    let flags = ["--signature-scheme", "ecdsa", "--signature-encoding", "base64"];
    let args = ["sign", "--provider", "generic", "--secret-file", file.to_str().unwrap()];
    let ended = sandbox.run_with(&[&args[..], &flags].concat(), BODY);
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("needs the private key"), "{}", ended.stderr);
}

#[test]
fn the_binary_signs_with_a_private_key_and_verifies_with_its_public_key() {
    let sandbox = Sandbox::new();
    let (private, public) = (sandbox.write("key", key("ec")), sandbox.write("key.pub", key("ec.pub")));
    let flags = ["--provider", "generic", "--signature-scheme", "ecdsa", "--signature-encoding", "base64"];
    let args = ["sign", "--secret-file", private.to_str().unwrap()];
    let signed = sandbox.run_with(&[&args[..], &flags].concat(), BODY);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let header = signed.stdout.lines().find(|line| line.to_ascii_lowercase().contains("signature")).unwrap();
    let args = ["verify", "--secret-file", public.to_str().unwrap(), "-H", header];
    let verified = sandbox.run_with(&[&args[..], &flags].concat(), BODY);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    assert!(verified.stdout.contains("ECDSA P-256"), "{}", verified.stdout);
    let tampered = sandbox.run_with(&[&args[..], &flags].concat(), b"{\"a\": 2}\n");
    assert_eq!(tampered.code, 1, "{}", tampered.stdout);
}
