//! The vendors' own SDKs as clients and servers: what one of them signs and Node posts is valid in `listen`, what
//! `send` sends is accepted by its verifier, and both refuse the same spoiled requests.
//!
//! The adapters are in tests/interop/sdks, one for each provider; one Node process drives all of them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookctl::provider::{Catalogue, Fixture, Signature};
use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::sdk::{folder, installed};
use crate::wire;

/// SDKs that are tried at a time: more only wait for each other.
const AT_A_TIME: usize = 4;

/// The Node process. It ends with its stdin, so with this one.
struct Server {
    _child: Child,
    address: String,
    sdks: Vec<Sdk>,
}

/// One signature of one provider, as an SDK makes or verifies it.
struct Sdk {
    provider: String,
    signature: String,
    signs: String,
    verifies: String,
    /// Another secret that signs, for key pairs.
    other: Option<String>,
    /// What is signed and not sent, as `NAME=VALUE`.
    variables: Vec<String>,
    /// Whether the SDK refuses what was signed yesterday.
    looks_at_the_time: bool,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    installed("svix");
    let mut command = Command::new("node");
    command.arg("serve.mjs").current_dir(folder()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let problem = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap_or_default());
    let mut line = String::new();
    if BufReader::new(stdout).read_line(&mut line).unwrap_or(0) == 0 {
        panic!("the SDKs do not start: {}", problem.join().unwrap_or_default());
    }
    let told: Value = serde_json::from_str(&line).unwrap();
    let sdks = told["sdks"].as_array().unwrap().iter().map(Sdk::of).collect();
    let address = told["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
    Server { _child: child, address, sdks }
});

impl Sdk {
    fn of(told: &Value) -> Self {
        let text = |key: &str| told[key].as_str().unwrap_or_else(|| panic!("no {key} in {told}")).to_owned();
        let other = told["other"].as_str().map(str::to_owned);
        let (provider, signature) = (text("provider"), text("signature"));
        let variables = told["variables"].as_object().into_iter().flatten();
        let variables = variables.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        let looks_at_the_time = told["looks_at_the_time"] == true;
        let (signs, verifies) = (text("signs"), text("verifies"));
        Self { provider, signature, signs, verifies, other, variables, looks_at_the_time }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.provider, self.signature)
    }

    /// The flags that give the secret, and what else is signed.
    fn flags<'s>(&'s self, secret: &'s Path) -> Vec<&'s str> {
        let variables = self.variables.iter().flat_map(|variable| ["--var", variable]);
        ["--secret-file", secret.to_str().unwrap()].into_iter().chain(variables).collect()
    }

    /// The first sample of the provider, which is what is sent in both directions.
    fn fixture(&self) -> Fixture {
        let catalogue = Catalogue::default();
        let event = catalogue.events(&self.provider).into_iter().next().unwrap_or_default();
        catalogue.fixture(&self.provider, &event).unwrap_or_else(|error| panic!("{}: {error}", self.name()))
    }
}

fn signature<'f>(sdk: &Sdk, fixture: &'f Fixture) -> Option<&'f Signature> {
    fixture.provider.signatures().iter().find(|known| known.id() == sdk.signature)
}

/// A request that Node posted: what the SDK and the listener say of it.
struct Posted {
    kind: String,
    is_accepted: bool,
    told: String,
    verdict: Value,
}

/// What becomes of a body that the SDK signs and Node posts to a listener, untouched and spoiled in every way.
fn posted(sdk: &Sdk) -> Vec<Posted> {
    let fixture = sdk.fixture();
    let sandbox = Sandbox::new();
    let secret = sandbox.write("secret", &sdk.verifies);
    let listening = sandbox.listen(&[&["--provider", &sdk.provider][..], &sdk.flags(&secret)].concat());
    let to: String = form_urlencoded::byte_serialize(format!("{}/hooks/in", listening.url).as_bytes()).collect();
    let target = format!("/deliver/{}?to={to}", sdk.name());
    let content_type = format!("content-type: {}", fixture.content_type);
    let answered = wire::post(&SERVER.address, &target, &[&content_type], &fixture.body);
    assert_eq!(answered.status, 200, "{}: {}", sdk.name(), answered.text());
    let told = answered.json();
    let told = told.as_array().unwrap().iter().map(|told| {
        let verdict = listening.next_of("received")["event"]["verdict"].clone();
        let expected = if verdict["status"] == "valid" { 200 } else { 401 };
        assert_eq!(told["status"], expected, "{}: {told} {verdict}", sdk.name());
        let kind = told["kind"].as_str().unwrap().to_owned();
        Posted { kind, is_accepted: told["accepted"] == true, told: told.to_string(), verdict }
    });
    told.collect()
}

/// Whether nothing but the age speaks against it.
fn is_only_old(verdict: &Value) -> bool {
    verdict["reason"].as_str().is_some_and(|reason| reason.contains("the signature itself matches"))
}

/// What is wrong about what was posted.
fn disagreements(sdk: &Sdk) -> Vec<String> {
    let problem = |posted: &Posted| {
        let is_valid = posted.verdict["status"] == "valid";
        let right = match posted.kind.as_str() {
            "none" => posted.is_accepted && is_valid && posted.verdict["scheme"] == *sdk.signature,
            // A request of yesterday is refused by an SDK that looks at the time, and then here too; some leave
            // it to their user.
            "age" => posted.is_accepted == is_valid || posted.is_accepted && is_only_old(&posted.verdict),
            _ => !posted.is_accepted && !is_valid,
        };
        (!right).then(|| format!("{} {}: {} but {}", sdk.name(), posted.kind, posted.told, posted.verdict))
    };
    let posted = posted(sdk);
    assert!(posted.len() >= 4, "{}: only {} requests", sdk.name(), posted.len());
    posted.iter().filter_map(problem).collect()
}

/// Runs this for every SDK, several at a time, and gives all that is wrong.
fn of_all(check: impl Fn(&Sdk) -> Vec<String> + Sync) -> Vec<String> {
    let sdks = &SERVER.sdks;
    let next = AtomicUsize::new(0);
    let work = || {
        let taken = std::iter::from_fn(|| sdks.get(next.fetch_add(1, Ordering::Relaxed)));
        taken.flat_map(&check).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn what_an_sdk_signs_is_valid_in_listen_and_both_refuse_it_spoiled() {
    let problems = of_all(disagreements);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A request of `send`, and whether the SDK must accept it.
struct Trial<'s> {
    tamper: &'static str,
    secret: &'s str,
    is_right: bool,
}

/// What `send` is asked to send: the right thing, and everything that `--tamper` and this signature allow.
fn trials<'s>(sdk: &'s Sdk, signature: &Signature) -> Vec<Trial<'s>> {
    let trial = |tamper, is_right| Trial { tamper, secret: &sdk.signs, is_right };
    let mut trials = vec![trial("", true), trial("signature", false), trial("missing", false)];
    if signature.covers_body() {
        trials.push(trial("body", false));
    }
    if signature.has_timestamp() {
        trials.push(trial("timestamp", !sdk.looks_at_the_time));
    }
    trials.push(match &sdk.other {
        Some(other) => Trial { tamper: "", secret: other, is_right: false },
        None => trial("secret", false),
    });
    trials
}

/// What the SDK gets wrong, in hookctl's eyes, about what `send` sends.
fn refusals(sdk: &Sdk) -> Vec<String> {
    let fixture = sdk.fixture();
    let Some(signature) = signature(sdk, &fixture) else { return vec![format!("no signature {}", sdk.name())] };
    let sandbox = Sandbox::new();
    let problem = |trial: &Trial| {
        let secret = sandbox.write("secret", trial.secret);
        let to = format!("http://{}/judge/{}/in", SERVER.address, sdk.name());
        let event = format!("{}/{}", sdk.provider, fixture.event);
        let mut args = vec!["send", &event, "--to", &to, "--signature", signature.id()];
        args.extend(sdk.flags(&secret));
        if !trial.tamper.is_empty() {
            args.extend(["--tamper", trial.tamper]);
        }
        args.extend(["--expect-status", if trial.is_right { "200" } else { "401" }]);
        let ended = sandbox.run(&args);
        (ended.code != 0).then(|| format!("{} `{}`: {}{}", sdk.name(), trial.tamper, ended.stdout, ended.stderr))
    };
    trials(sdk, signature).iter().filter_map(problem).collect()
}

#[test]
fn what_send_signs_is_accepted_by_the_sdk_and_refused_once_it_is_tampered_with() {
    let problems = of_all(refusals);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
