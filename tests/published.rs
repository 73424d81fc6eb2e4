//! Keys that providers publish: fetched only when asked for, only from where they may be, and checked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::sandbox::{Ended, Sandbox};

/// Larger than what is read, slower than what is waited for.
const LARGE: usize = 100 * 1024;
const SLOW: Duration = Duration::from_secs(8);

/// An authority, certificates of it for the server and for signers, and one that nobody vouches for.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl").args(args).current_dir(at).output().unwrap();
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let ec = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"];
    let rsa = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"];
    openssl(&[&ec[..], &["ca.key"]].concat());
    openssl(&["req", "-x509", "-key", "ca.key", "-subj", "/CN=ca", "-out", "ca.pem"]);
    for (name, host, key, days) in [
        ("server", "localhost", &ec, "30"),
        ("signer", "sns.acme.test", &rsa, "30"),
        ("other", "other.test", &rsa, "30"),
        ("expired", "sns.acme.test", &rsa, "-1"),
    ] {
        openssl(&[&key[..], &[&format!("{name}.key")]].concat());
        let request = format!("{name}.csr");
        openssl(&["req", "-new", "-key", &format!("{name}.key"), "-subj", &format!("/CN={host}"), "-out", &request]);
        std::fs::write(at.join("san"), format!("subjectAltName=DNS:{host}\n")).unwrap();
        let sign = ["x509", "-req", "-in", &request, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
        let more = ["-extfile", "san", "-days", days, "-out", &format!("{name}.pem")];
        openssl(&[&sign[..], &more].concat());
    }
    let own = ["req", "-x509", "-key", "signer.key", "-subj", "/CN=sns.acme.test", "-addext"];
    openssl(&[&own[..], &["subjectAltName=DNS:sns.acme.test", "-out", "self.pem"]].concat());
    folder
});

fn file(name: &str) -> Vec<u8> {
    std::fs::read(FOLDER.path().join(name)).unwrap()
}

/// A server of keys, with what was asked of it.
struct Publisher {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    key_set: Arc<Mutex<String>>,
    open: Arc<AtomicUsize>,
}

impl Publisher {
    fn start() -> Self {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&file("server.pem")).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(&file("server.key")).unwrap();
        let config = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let publisher = Self { port, asked: Arc::default(), key_set: Arc::default(), open: Arc::default() };
        let (asked, key_set, open) =
            (Arc::clone(&publisher.asked), Arc::clone(&publisher.key_set), Arc::clone(&publisher.open));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (asked, key_set, config) = (Arc::clone(&asked), Arc::clone(&key_set), Arc::clone(&config));
                open.fetch_add(1, SeqCst);
                std::thread::spawn(move || {
                    let connection = ServerConnection::new(config).unwrap();
                    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
                    let mut line = String::new();
                    if stream.read_line(&mut line).is_err() {
                        return;
                    }
                    let mut header = String::new();
                    while stream.read_line(&mut header).is_ok_and(|read| read > 2) {
                        header.clear();
                    }
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    asked.lock().unwrap().push(path.clone());
                    let key_set = key_set.lock().unwrap().clone();
                    let answer = answer(&path, &key_set);
                    let _ = stream.get_mut().write_all(&answer);
                    stream.get_mut().conn.send_close_notify();
                    let _ = stream.get_mut().flush();
                });
            }
        });
        publisher
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Connections, whatever came over them.
    fn connections(&self) -> usize {
        self.open.load(SeqCst)
    }
}

fn answer(path: &str, key_set: &str) -> Vec<u8> {
    let (status, more, body) = match path {
        "/jwks" => ("200 OK", "", key_set.as_bytes().to_vec()),
        "/redirect" => ("302 Found", "Location: /signer.pem\r\n", Vec::new()),
        "/large" => ("200 OK", "", vec![b' '; LARGE]),
        "/slow" => {
            std::thread::sleep(SLOW);
            ("200 OK", "", file("signer.pem"))
        }
        "/broken" => ("500 Internal Server Error", "", Vec::new()),
        path => match std::fs::read(FOLDER.path().join(path.trim_start_matches('/'))) {
            Ok(body) if path.ends_with(".pem") => ("200 OK", "", body),
            _ => ("404 Not Found", "", Vec::new()),
        },
    };
    let head = format!("HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.into_bytes(), body].concat()
}

/// A folder with providers that publish keys here; this machine trusts the authority.
fn sandbox(publisher: &Publisher) -> Sandbox {
    let sandbox = Sandbox::new().env("SSL_CERT_FILE", FOLDER.path().join("ca.pem").to_str().unwrap());
    let head = |id: &str| format!("[provider]\nid = \"{id}\"\nname = \"Acme\"\n[[signature]]\nid = \"v1\"\n");
    let sns = "scheme = \"rsa\"\nsource = \"json:/Signature\"\nencoding = \"base64\"\nsigned = \"{json:/Message}\"\n\
               cert = { url = \"{json:/Cert}\", hosts = [\"sns.*.acme.test\", \"localhost:*\"], cn = \"sns.acme.test\" }\n\
               [identify]\nwhen = [\"json:/Cert exists\"]\n";
    let tokens = format!(
        "scheme = \"jwt\"\nsource = \"header:X-Token\"\nalgorithms = [\"ES256\"]\nkeys = {{ jwks = \"{}\", hosts = [\"localhost:*\"] }}\n",
        publisher.url("/jwks")
    );
    sandbox.write("p/sns/provider.toml", head("sns") + sns);
    sandbox.write("p/tokens/provider.toml", head("tokens") + &tokens);
    sandbox
}

/// A message signed with the key of this name, that says its certificate is there.
fn message(key: &str, certificate: &str) -> String {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("message"), "hello").unwrap();
    let key = FOLDER.path().join(key);
    let args = ["dgst", "-sha256", "-sign", key.to_str().unwrap(), "message"];
    let output = Command::new("openssl").args(args).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success());
    json!({ "Message": "hello", "Signature": STANDARD.encode(output.stdout), "Cert": certificate }).to_string()
}

fn verify(sandbox: &Sandbox, body: &str, more: &[&str]) -> Ended {
    sandbox.write("body", body);
    let args = ["verify", "--provider", "sns", "--providers", "p", "--body", "body", "--json"];
    sandbox.run(&[&args[..], more].concat())
}

/// Status and reason.
fn verdict(ended: &Ended) -> (String, String) {
    let line: Value = serde_json::from_str(ended.stdout.lines().last().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {} {}", ended.stdout, ended.stderr));
    let text = |key: &str| line["verdict"][key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

#[test]
fn nothing_is_fetched_unless_the_user_says_so() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    let ended = verify(&sandbox, &message("signer.key", &publisher.url("/signer.pem")), &[]);
    assert_eq!(ended.code, 1);
    let line: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(line["verdict"]["status"], "unchecked");
    let reason = "the keys of this signature are published at localhost, and were not fetched";
    assert_eq!(line["verdict"]["reason"], reason);
    let hint = line["verdict"]["hint"].as_str().unwrap();
    assert!(hint.contains("--fetch-keys") && hint.contains("--secret-file"), "{hint}");
    assert_eq!(publisher.connections(), 0);
}

#[test]
fn a_certificate_is_fetched_checked_and_kept() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    let body = message("signer.key", &publisher.url("/signer.pem"));
    let first = verify(&sandbox, &body, &["--fetch-keys"]);
    assert_eq!(verdict(&first).0, "valid", "{}", first.stdout);
    assert_eq!(publisher.asked(), ["/signer.pem"]);
    let again = verify(&sandbox, &body, &["--fetch-keys"]);
    assert_eq!(
        (verdict(&again).0.as_str(), publisher.connections()),
        ("valid", 1),
        "the second run has it on the disk"
    );
    let tampered = verify(&sandbox, &body.replace("hello", "hallo"), &["--fetch-keys"]);
    assert_eq!(verdict(&tampered).0, "invalid");
    let folder = sandbox.path().join(".cache/hookctl/keys");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    is_private(&folder);
    // As of a time before the certificate.
    let early = verify(&sandbox, &body, &["--fetch-keys", "--at", "2020-01-01T00:00:00Z"]);
    let (status, reason) = verdict(&early);
    assert!(status == "invalid" && reason.contains("valid"), "{status}: {reason}");
}

#[cfg(unix)]
fn is_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        assert_eq!(mode(&entry.path()), 0o600);
    }
}

#[cfg(not(unix))]
fn is_private(_: &Path) {}

#[test]
fn a_certificate_that_is_not_the_providers_is_refused() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    for (key, path, said) in [
        ("signer.key", "/self.pem", "the certificate does not come from an authority that this machine trusts"),
        ("other.key", "/other.pem", "is for other.test, not for sns.acme.test"),
        ("expired.key", "/expired.pem", "had expired when the event came"),
        ("signer.key", "/ca.pem", "is for ca, not for sns.acme.test"),
        ("signer.key", "/missing", "could not be had: localhost answered 404"),
        ("signer.key", "/redirect", "could not be had: localhost answered 302"),
        ("signer.key", "/large", "is larger than 64 KiB"),
    ] {
        let ended = verify(&sandbox, &message(key, &publisher.url(path)), &["--fetch-keys"]);
        let (status, reason) = verdict(&ended);
        assert_eq!((ended.code, status.as_str()), (1, "invalid"), "{path}: {reason}");
        assert!(reason.contains(said), "{path}: {reason}");
    }
    assert!(!publisher.asked().contains(&"/signer.pem".to_owned()), "no redirect is followed");
}

#[test]
fn trouble_on_the_way_leaves_a_request_unchecked() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    for url in [publisher.url("/broken"), "https://localhost:9/signer.pem".to_owned()] {
        let (status, reason) = verdict(&verify(&sandbox, &message("signer.key", &url), &["--fetch-keys"]));
        assert!(
            status == "unchecked" && reason.starts_with("the keys at localhost cannot be used"),
            "{status}: {reason}"
        );
    }
}

#[test]
fn no_request_leads_hookctl_to_another_place() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    let port = publisher.port;
    for url in [
        format!("http://localhost:{port}/signer.pem"),
        format!("https://127.0.0.1:{port}/signer.pem"),
        format!("https://2130706433:{port}/signer.pem"),
        format!("https://0x7f.1:{port}/signer.pem"),
        format!("https://[::1]:{port}/signer.pem"),
        format!("https://[::ffff:127.0.0.1]:{port}/signer.pem"),
        format!("https://user@localhost:{port}/signer.pem"),
        format!("https://user:password@localhost:{port}/signer.pem"),
        format!("https://localhost.:{port}/signer.pem"),
        format!("https://localhost.evil.test:{port}/signer.pem"),
        format!("https://sns.eu.acme.test@localhost.evil.test:{port}/"),
        format!("https://sns.eu.acme.test:{port}/"),
        "https://sns.a.b.acme.test/".to_owned(),
        "https://sns.eu.acme.test.evil.test/".to_owned(),
        "https://evil.test/?https://sns.eu.acme.test/".to_owned(),
        "https://evil.test\\@sns.eu.acme.test/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://localhost/".to_owned(),
        "//localhost/signer.pem".to_owned(),
        String::new(),
    ] {
        for more in [&["--fetch-keys"][..], &[]] {
            let ended = verify(&sandbox, &message("signer.key", &url), more);
            let (status, reason) = verdict(&ended);
            assert_eq!(status, "invalid", "{url}: {reason}");
            assert!(reason.contains("sns.*.acme.test or localhost:* only"), "{url}: {reason}");
        }
    }
    assert_eq!(publisher.connections(), 0);
}

#[test]
fn a_key_of_ones_own_counts_first() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    sandbox.write("self.pem", file("self.pem"));
    sandbox.write("other.pem", file("other.pem"));
    let body = message("signer.key", &publisher.url("/other.pem"));
    let pinned = verify(&sandbox, &body, &["--fetch-keys", "--secret-file", "self.pem"]);
    assert_eq!(verdict(&pinned).0, "valid", "{}", pinned.stdout);
    let other = verify(&sandbox, &body, &["--fetch-keys", "--secret-file", "other.pem"]);
    assert_eq!(verdict(&other).0, "invalid");
    assert_eq!(publisher.connections(), 0);
}

#[test]
fn a_request_without_a_signature_is_unsigned_where_keys_can_be_had() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    let body = json!({ "Message": "hello", "Cert": publisher.url("/signer.pem") }).to_string();
    let (status, reason) = verdict(&verify(&sandbox, &body, &["--fetch-keys"]));
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("unsigned", "missing signature: the request has no JSON value `/Signature`")
    );
    assert_eq!(publisher.connections(), 0);
}

/// A key set of one key, and a token signed with it.
fn key_set(name: &str, id: &str) -> (String, String) {
    let folder = TempDir::new().unwrap();
    let key = FOLDER.path().join(format!("{name}.key"));
    let public =
        Command::new("openssl").args(["pkey", "-in", key.to_str().unwrap(), "-pubout", "-outform", "DER"]).output();
    let public = public.unwrap().stdout;
    let point = &public[public.len() - 64..];
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let set = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": id, "x": encode(&point[..32]), "y": encode(&point[32..]) }] });
    let message = format!(
        "{}.{}",
        encode(json!({ "alg": "ES256", "kid": id }).to_string().as_bytes()),
        encode(json!({ "sub": "x" }).to_string().as_bytes())
    );
    std::fs::write(folder.path().join("message"), &message).unwrap();
    let args = ["dgst", "-sha256", "-sign", key.to_str().unwrap(), "message"];
    let der = Command::new("openssl").args(args).current_dir(folder.path()).output().unwrap().stdout;
    (set.to_string(), format!("{message}.{}", encode(&fixed(&der))))
}

/// The two numbers of a signature in DER, one after the other.
fn fixed(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| (usize::from(der[at + 1]), at + 2);
    let (r_length, r) = number(2);
    let (s_length, s) = number(r + r_length);
    let padded = |bytes: &[u8]| {
        let bytes = if bytes.len() > 32 { &bytes[bytes.len() - 32..] } else { bytes };
        [vec![0; 32 - bytes.len()], bytes.to_vec()].concat()
    };
    [padded(&der[r..r + r_length]), padded(&der[s..s + s_length])].concat()
}

#[test]
fn a_key_set_is_fetched_and_looked_at_anew_for_a_new_key() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    let check = |token: &str| {
        let header = format!("X-Token: {token}");
        let args = ["verify", "--provider", "tokens", "--providers", "p", "--fetch-keys", "--json", "-H", &header];
        verdict(&sandbox.run_with(&args, b"{}"))
    };
    let (old_set, old_token) = key_set("server", "old");
    let (new_set, new_token) = key_set("ca", "new");
    *publisher.key_set.lock().unwrap() = old_set;
    assert_eq!(check(&old_token).0, "valid");
    let (status, reason) = check(&new_token);
    assert_eq!(status, "invalid");
    assert_eq!(reason, "the signature was made with the key `new`, which is none of the known ones (old)");
    // Two minutes later the provider has another key.
    *publisher.key_set.lock().unwrap() = new_set;
    for entry in std::fs::read_dir(sandbox.path().join(".cache/hookctl/keys")).unwrap().flatten() {
        let file = std::fs::File::options().write(true).open(entry.path()).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(120)).unwrap();
    }
    let before = publisher.asked().len();
    assert_eq!(check(&new_token).0, "valid");
    assert_eq!(publisher.asked().len(), before + 1);
    *publisher.key_set.lock().unwrap() = "no key set".to_owned();
    for entry in std::fs::read_dir(sandbox.path().join(".cache/hookctl/keys")).unwrap().flatten() {
        std::fs::remove_file(entry.path()).unwrap();
    }
    let (status, reason) = check(&new_token);
    assert!(status == "unchecked" && reason.contains("cannot be used"), "{status}: {reason}");
}

/// The status with which a listener answers this body.
fn status_of(address: &str, body: &str) -> u16 {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head =
        format!("POST / HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_listener_that_fetches_keys_lets_nothing_through_without_them() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    let listening = sandbox.listen(&["--port", "0", "--provider", "sns", "--providers", "p", "--fetch-keys"]);
    let status = |url: String| status_of(&listening.address(), &message("signer.key", &url));
    assert_eq!(status(publisher.url("/signer.pem")), 200);
    for url in [publisher.url("/broken"), publisher.url("/missing"), "https://sns.nowhere.acme.test/c.pem".to_owned()] {
        assert_eq!(status(url.clone()), 401, "{url}");
    }
    assert_eq!(status_of(&listening.address(), &json!({ "Cert": publisher.url("/signer.pem") }).to_string()), 401);
}

#[test]
fn a_slow_fetch_holds_up_nobody_else_and_is_made_once() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    let listening = sandbox.listen(&["--port", "0", "--providers", "p", "--fetch-keys", "--accept-invalid"]);
    let address = listening.address();
    let post = |address: &str, body: String| assert_eq!(status_of(address, &body), 200);
    let slow = message("signer.key", &publisher.url("/slow"));
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let (address, slow) = (address.clone(), slow.clone());
            std::thread::spawn(move || post(&address, slow))
        })
        .collect();
    while publisher.connections() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let began = Instant::now();
    post(&address, "{\"other\":1}".to_owned());
    post(&address, message("signer.key", &publisher.url("/signer.pem")));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    waiting.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(began.elapsed() < SLOW, "the wait has an end");
    post(&address, slow);
    assert_eq!(publisher.connections(), 2, "four that wanted the same, and one that came after, asked once");
    let mut statuses: Vec<String> = (0..7)
        .map(|_| listening.next_of("received")["event"]["verdict"]["status"].as_str().unwrap().to_owned())
        .collect();
    statuses.sort();
    assert_eq!(statuses.iter().filter(|status| *status == "valid").count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| *status == "unchecked").count(), 6, "{statuses:?}");
}

#[test]
fn send_says_that_it_signs_with_the_users_key() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    sandbox.write("key", file("signer.key"));
    sandbox.write("body.json", message("signer.key", &publisher.url("/signer.pem")));
    let args = ["send", "@body.json", "--provider", "sns", "--providers", "p", "--secret-file", "key", "--dry-run"];
    let ended = sandbox.run(&[&args[..], &["--to", "http://127.0.0.1:9/"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("signed with your key: a receiver that knows only Acme's own"), "{}", ended.stderr);
}

#[test]
fn the_configuration_file_turns_fetching_on() {
    let publisher = Publisher::start();
    let sandbox = sandbox(&publisher);
    sandbox.write("hookctl.toml", "[verify]\nfetch_keys = true\n");
    let ended = verify(&sandbox, &message("signer.key", &publisher.url("/signer.pem")), &[]);
    assert_eq!(verdict(&ended).0, "valid", "{} {}", ended.stdout, ended.stderr);
}
