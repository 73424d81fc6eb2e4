//! A registration API of a few lines, which keeps what it is asked and answers as a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::app::{App, Seen};
use crate::sandbox::{Ended, Sandbox};

/// What no other server, no line and no file may ever hold.
pub const TOKEN: &str = "sentinel-token-4711";

/// An answer as it stands on the wire.
pub fn answer(status: u16, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// An answer of JSON.
pub fn json(status: u16, body: &Value) -> Vec<u8> {
    answer(status, &["content-type: application/json"], &body.to_string())
}

/// Answers the first requests with these, one each; the last one repeats.
pub fn in_turn(answers: Vec<Vec<u8>>) -> impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static {
    let given = Arc::new(AtomicUsize::new(0));
    move |_| answers[given.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)].clone()
}

/// A folder with a provider `acme` that has every call, and its token in `ACME_TOKEN`.
pub fn acme() -> Sandbox {
    acme_with("auth = { kind = \"bearer\", env = [\"ACME_TOKEN\"] }")
}

/// The same with other lines at the head of `[api]`.
pub fn acme_with(head: &str) -> Sandbox {
    let sandbox = Sandbox::new().env("ACME_TOKEN", TOKEN);
    let manifest = format!(
        r#"
[provider]
id = "acme"
name = "Acme"
docs = ["https://acme.test/docs"]

[[signature]]
id = "v1"
scheme = "hmac"
algorithm = "sha256"
source = "header:X-Acme-Signature"
format = "{{signature}}"
encoding = "hex"
signed = "{{body}}"

[api]
base_url = "https://api.acme.test/v1"
docs = "https://acme.test/docs"
request_id = "x-request-id"
items = {{ data = "{{webhooks}}", next = "{{?next}}" }}
{head}

[api.webhook]
id = "{{id}}"
url = "{{url}}"
events = "{{events}}"
active = "{{?enabled}}"
note = "{{?description}}"
secret = "{{?secret|masked}}"
created = "{{?created_at}}"

[api.made]
id = "{{$digits:6}}"

[api.events]
names = ["order.paid", "order.sent", "user.made"]
all = "*"

[api.paging]
style = "cursor"
parameter = "after"
size = 2
max = 2

[api.create]
method = "POST"
path = "/hooks"
success = [201]
body = {{ url = "{{url}}", events = "{{events}}", secret = "{{?secret}}", note = "{{?description}}", active = "{{?enabled}}" }}
adds = {{ secret = "{{?secret}}" }}

[api.list]
method = "GET"
path = "/hooks"

[api.get]
method = "GET"
path = "/hooks/{{id}}"

[api.update]
method = "PATCH"
path = "/hooks/{{id}}"
body = {{ url = "{{?url}}", events = "{{?events}}", active = "{{?enabled}}", note = "{{?description}}", secret = "{{?secret}}" }}

[api.delete]
method = "DELETE"
path = "/hooks/{{id}}"
success = [204]

[api.ping]
method = "POST"
path = "/hooks/{{id}}/ping"
success = [204]

[api.whoami]
method = "GET"
path = "/me"
answer = {{ name = "{{login}}" }}
"#
    );
    sandbox.write(".hookctl/providers/acme/provider.toml", manifest);
    sandbox
}

/// Runs `webhooks COMMAND --provider acme --api-url …` with more arguments.
pub fn call(sandbox: &Sandbox, app: &App, args: &[&str]) -> Ended {
    let url = format!("{}/v1", app.url());
    sandbox.run(&[&["webhooks"], args, &["--provider", "acme", "--api-url", &url]].concat())
}

/// The same to make a webhook for `order.paid`.
pub fn create(sandbox: &Sandbox, app: &App, args: &[&str]) -> Ended {
    let wanted = ["create", "--target", "https://app.test/hooks", "--events", "order.paid"];
    call(sandbox, app, &[&wanted, args].concat())
}

/// A webhook as acme shows it.
pub fn hook(id: &str) -> Value {
    serde_json::json!({ "id": id, "url": "https://app.test/hooks", "events": ["order.paid"], "active": true,
        "created": "2026-11-20T10:00:00Z" })
}

/// How many requests have this method.
pub fn count(seen: &[Seen], method: &str) -> usize {
    seen.iter().filter(|request| request.line().starts_with(&format!("{method} "))).count()
}
