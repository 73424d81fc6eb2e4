//! The shape of `provider.toml`, as it is typed. What it means is decided in [`super::compile`].
//!
//! Unknown keys are refused everywhere, with file, line and key.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub provider: ProviderTable,
    #[serde(default)]
    pub variable: BTreeMap<Spanned<String>, VariableTable>,
    #[serde(default)]
    pub signature: Vec<SignatureTable>,
    #[serde(default)]
    pub identify: IdentifyTable,
    #[serde(default)]
    pub event: EventTable,
    #[serde(default)]
    pub delivery: DeliveryTable,
    #[serde(default)]
    pub fresh: BTreeMap<Spanned<String>, FreshEntry>,
    #[serde(default)]
    pub scenario: Vec<ScenarioTable>,
    #[serde(default)]
    pub handshake: Vec<HandshakeTable>,
    #[serde(default)]
    pub probe: Vec<ProbeTable>,
    pub api: Option<ApiTable>,
    #[serde(default)]
    pub fixture: BTreeMap<Spanned<String>, FixtureTable>,
}

/// `[provider]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderTable {
    pub id: Spanned<String>,
    pub name: String,
    #[serde(default)]
    pub docs: Vec<String>,
    #[serde(default)]
    pub secret_env: Vec<String>,
    #[serde(default)]
    pub notes: Vec<String>,
    pub proof: Option<Spanned<String>>,
}

/// `[variable.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableTable {
    pub description: String,
    #[serde(default)]
    pub env: Vec<String>,
    pub default: Option<String>,
    pub example: Option<String>,
}

/// One value or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    /// As a list.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Pairs in the order of the file, each value with its place.
#[derive(Debug, Default)]
pub struct OrderedTable(pub Vec<(String, Spanned<String>)>);

impl<'de> Deserialize<'de> for OrderedTable {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = OrderedTable;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<OrderedTable, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(OrderedTable(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// `[[signature]]`, also what `[provider.NAME.signature]` in the configuration holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureTable {
    #[serde(default)]
    pub id: Option<String>,
    pub scheme: Spanned<String>,
    pub algorithm: Option<Spanned<String>>,
    pub source: Spanned<OneOrMany>,
    pub format: Option<Spanned<OneOrMany>>,
    pub split: Option<Spanned<OneOrMany>>,
    pub encoding: Option<Spanned<String>>,
    pub signed: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub vars: BTreeMap<String, Spanned<OneOrMany>>,
    pub item: Option<Spanned<String>>,
    pub key: Option<Spanned<String>>,
    pub key_format: Option<Spanned<String>>,
    pub kid: Option<Spanned<String>>,
    pub cert: Option<Spanned<CertTable>>,
    pub keys: Option<Spanned<KeysTable>>,
    pub signature_form: Option<Spanned<String>>,
    pub padding: Option<Spanned<String>>,
    #[serde(default)]
    pub algorithms: Vec<Spanned<String>>,
    #[serde(default)]
    pub claims: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub made: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub bind: Vec<BindTable>,
    pub max_age: Option<Spanned<String>>,
    pub leeway: Option<Spanned<String>>,
    pub lifetime: Option<Spanned<String>>,
    pub timestamp: Option<TimestampTable>,
    #[serde(default)]
    pub url_variants: Vec<Spanned<String>>,
    #[serde(default)]
    pub when: Vec<Spanned<String>>,
    #[serde(default)]
    pub checks: Vec<CheckTable>,
    pub expect: Option<Spanned<String>>,
    #[serde(default)]
    pub secret_prefixes: Vec<String>,
    pub secret_hint: Option<SecretHintTable>,
    #[serde(default)]
    pub deprecated: bool,
    #[serde(default)]
    pub optional: bool,
}

/// `cert` of a signature.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertTable {
    pub url: Spanned<String>,
    pub hosts: Vec<Spanned<String>>,
    pub cn: Option<Spanned<String>>,
}

/// `keys` of a signature.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysTable {
    pub jwks: Spanned<String>,
    pub hosts: Vec<Spanned<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampTable {
    pub value: Spanned<String>,
    pub unit: Spanned<String>,
    pub tolerance: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindTable {
    pub claim: String,
    pub equals: Spanned<String>,
    #[serde(default)]
    pub when: Vec<Spanned<String>>,
    pub otherwise: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckTable {
    pub name: String,
    pub left: Spanned<String>,
    pub right: Spanned<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretHintTable {
    pub pattern: Option<String>,
    pub bytes: Option<String>,
    pub note: Option<String>,
}

/// `[identify]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifyTable {
    #[serde(default)]
    pub when: Vec<Spanned<String>>,
    #[serde(default)]
    pub never: bool,
}

/// `[event]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTable {
    pub r#type: Option<Spanned<OneOrMany>>,
    pub outer_type: Option<Spanned<OneOrMany>>,
    pub id: Option<Spanned<OneOrMany>>,
    pub dedupe: Option<Spanned<String>>,
    pub time: Option<Spanned<String>>,
    pub batch: Option<Spanned<String>>,
    pub payload_field: Option<Spanned<String>>,
}

/// `[delivery]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryTable {
    pub method: Option<Spanned<String>>,
    pub path: Option<Spanned<String>>,
    #[serde(default)]
    pub query: OrderedTable,
    #[serde(default)]
    pub content_types: Vec<String>,
    pub form_field: Option<String>,
    #[serde(default)]
    pub headers: OrderedTable,
    pub timeout: Option<Spanned<String>>,
    pub connect_timeout: Option<Spanned<String>>,
    #[serde(default)]
    pub success: Vec<Spanned<String>>,
    pub redirects: Option<String>,
    pub retries: Option<Spanned<Retries>>,
    #[serde(default)]
    pub retry_on: Vec<Spanned<String>>,
    #[serde(default)]
    pub stop_on: Vec<Spanned<String>>,
    #[serde(default)]
    pub retry_headers: OrderedTable,
    pub stop_on_response_header: Option<Spanned<String>>,
    pub retry_after: Option<bool>,
    pub retry_window: Option<Spanned<String>>,
    #[serde(default)]
    pub gone_status: Vec<u16>,
    #[serde(default)]
    pub throttle_status: Vec<u16>,
    pub resign_on_retry: Option<bool>,
    pub same_id_on_retry: Option<bool>,
    pub disable_after: Option<String>,
    pub disable: Option<DisableTable>,
    pub max_batch: Option<u32>,
    pub source: Option<String>,
    pub verified: Option<Spanned<String>>,
}

/// `[delivery.disable]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisableTable {
    pub failures: Option<Spanned<u32>>,
    pub of: Option<Spanned<String>>,
    pub window: Option<Spanned<String>>,
    pub action: Spanned<String>,
}

/// The retry schedule: the waits one by one, or their count and window.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Retries {
    Delays(Vec<String>),
    Window { count: Option<u32>, window: Option<String>, backoff: Option<String> },
}

/// A generator for one place, or the places of one event.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum FreshEntry {
    Generator(String),
    Event(BTreeMap<String, String>),
}

/// `[[scenario]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioTable {
    pub name: String,
    pub description: Option<String>,
    pub steps: Vec<StepTable>,
    #[serde(default)]
    pub shared: BTreeMap<String, SharedTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTable {
    pub event: Spanned<String>,
    pub after: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedTable {
    pub kind: Spanned<String>,
    pub places: Vec<Spanned<String>>,
}

/// `[[handshake]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandshakeTable {
    pub name: Spanned<String>,
    #[serde(default)]
    pub when: Vec<Spanned<String>>,
    #[serde(default)]
    pub signed: bool,
    #[serde(default)]
    pub vars: BTreeMap<String, Spanned<String>>,
    pub key: Option<Spanned<String>>,
    #[serde(default)]
    pub checks: Vec<CheckTable>,
    pub send: Option<MessageTable>,
    #[serde(default)]
    pub reply: ReplyTable,
    #[serde(default)]
    pub success: Vec<Spanned<String>>,
    #[serde(default)]
    pub accept: Vec<Spanned<String>>,
    #[serde(default)]
    pub require: Vec<Spanned<String>>,
    #[serde(default)]
    pub accept_headers: OrderedTable,
    #[serde(default)]
    pub capture: BTreeMap<String, Spanned<String>>,
    pub then_get: Option<Spanned<String>>,
    #[serde(default)]
    pub then_get_hosts: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageTable {
    pub method: Option<Spanned<String>>,
    pub target: Option<Spanned<String>>,
    #[serde(default)]
    pub headers: OrderedTable,
    pub body: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyTable {
    pub status: Option<Spanned<u16>>,
    #[serde(default)]
    pub headers: OrderedTable,
    pub body: Option<Spanned<String>>,
}

/// `[[probe]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeTable {
    pub name: Spanned<String>,
    pub mutate: Spanned<String>,
    pub expect_status: Vec<Spanned<u16>>,
}

/// `[api]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiTable {
    pub base_url: Spanned<String>,
    pub docs: Option<String>,
    #[serde(default)]
    pub scopes: Vec<Spanned<String>>,
    #[serde(default)]
    pub variables: Vec<String>,
    pub auth: Option<AuthTable>,
    pub body: Option<Spanned<String>>,
    #[serde(default)]
    pub headers: OrderedTable,
    #[serde(default)]
    pub https_only: bool,
    pub idempotency: Option<Spanned<String>>,
    pub request_id: Option<Spanned<String>>,
    pub webhook: Spanned<toml::Value>,
    pub item: Option<Spanned<toml::Value>>,
    pub items: Option<Spanned<toml::Value>>,
    pub on_create: Option<Spanned<String>>,
    #[serde(default)]
    pub webhook_headers: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub made: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub defaults: BTreeMap<String, toml::Value>,
    #[serde(default)]
    pub events: ApiEventsTable,
    pub paging: Option<PagingTable>,
    pub create: Option<CallTable>,
    pub list: Option<CallTable>,
    pub get: Option<CallTable>,
    #[serde(default)]
    pub update: Calls,
    pub delete: Option<CallTable>,
    pub enable: Option<CallTable>,
    pub disable: Option<CallTable>,
    pub ping: Option<CallTable>,
    pub secret: Option<CallTable>,
    pub whoami: Option<CallTable>,
    #[serde(default)]
    pub errors: ErrorsTable,
}

/// `[api] auth`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthTable {
    pub kind: Spanned<String>,
    pub name: Option<Spanned<String>>,
    #[serde(default)]
    pub schemes: Vec<String>,
    #[serde(default)]
    pub username_env: Vec<String>,
    #[serde(default)]
    pub env: Vec<String>,
    pub made: Option<Spanned<String>>,
}

/// `[api.events]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiEventsTable {
    #[serde(default)]
    pub names: Vec<String>,
    pub all: Option<Spanned<String>>,
    #[serde(default)]
    pub open: bool,
    #[serde(default)]
    pub one_each: bool,
    pub name: Option<Spanned<String>>,
}

/// `[api.paging]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagingTable {
    pub style: Spanned<String>,
    pub parameter: String,
    pub limit: Option<String>,
    pub size: u32,
    pub max: u32,
}

/// One call of the registration API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallTable {
    pub method: Spanned<String>,
    pub path: Spanned<String>,
    pub body: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub success: Vec<u16>,
    pub adds: Option<Spanned<toml::Value>>,
    pub answer: Option<Spanned<toml::Value>>,
    pub emits: Option<Spanned<String>>,
}

/// One call, or several that together do one thing.
#[derive(Debug, Default)]
pub struct Calls(pub Vec<CallTable>);

impl<'de> Deserialize<'de> for Calls {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
        use serde::de::{MapAccess, SeqAccess, Visitor};
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Calls;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a call or a list of calls")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Calls, A::Error> {
                Ok(Calls(vec![CallTable::deserialize(MapAccessDeserializer::new(map))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Calls, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Calls)
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

/// `[api.errors]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorsTable {
    pub unauthorized: Option<ErrorTable>,
    pub not_found: Option<ErrorTable>,
    pub invalid: Option<ErrorTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorTable {
    pub status: u16,
    pub body: Option<Spanned<toml::Value>>,
}

/// `[fixture."event"]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixtureTable {
    pub documented: bool,
    pub source: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}
