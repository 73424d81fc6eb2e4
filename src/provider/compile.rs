//! From what was typed to what it means: a [`Manifest`] becomes a [`Provider`], or an error with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderName, Method};
use toml::Spanned;

use super::answers::Answers;
use super::condition::Condition;
use super::digest::Digest;
use super::disable::DisableRule;
use super::event::{DeliveryRules, EventRules};
use super::format::{Format, SIGNATURE};
use super::fresh::{FreshPlace, FreshRule};
use super::generator::Generate;
use super::item::ItemRule;
use super::jwt::JwtRules;
use super::key::{EcdsaForm, EcdsaKind, Published, RsaKind, RsaPadding};
use super::manifest::{Manifest, OneOrMany, OrderedTable, SignatureTable, TimestampTable};
use super::problem::{Compiled, ManifestError, Problem, SENDER_NAMES, duration, duration_seconds, problem, unknown};
use super::scenario::Scenario;
use super::schedule::Schedule;
use super::signature::{
    Check, Encoding, KeyFormat, Scheme, SecretHint, Signature, TimeUnit, TimestampRule, UrlVariant,
};
use super::template::{Expression, Source, Template, TemplateError};
use super::variable::{Given, Variable};
use super::{About, FixtureNote, Proof, Provider, api, handshake, validate};

pub(super) fn template_problem<T>(key: &str, at: &Spanned<T>) -> impl FnOnce(TemplateError) -> Problem {
    let span = at.span();
    move |error| Problem { span, text: format!("`{key}`: {error}") }
}

/// Reads and compiles one manifest. `file` is only used in errors.
pub fn compile(file: &str, text: &str) -> Result<Provider, ManifestError> {
    let manifest: Manifest =
        toml::from_str(text).map_err(|error| ManifestError::at(file, text, error.span(), error.message()))?;
    let compiled = validate::variables(&manifest, text).and_then(|()| provider(manifest));
    compiled.map_err(|problem| ManifestError::at(file, text, Some(problem.span), problem.text))
}

fn provider(manifest: Manifest) -> Compiled<Provider> {
    validate::manifest(&manifest)?;
    let signatures = signatures(&manifest.signature)?;
    let variables: Vec<Variable> =
        manifest.variable.iter().map(|(name, table)| Variable::new(name.get_ref(), table)).collect();
    Ok(Provider {
        given: Given::defaults(&variables),
        variables,
        identify: manifest
            .identify
            .when
            .iter()
            .map(|when| Condition::parse(when.get_ref(), &[]).map_err(template_problem("when", when)))
            .collect::<Compiled<_>>()?,
        never_identified: manifest.identify.never,
        event: EventRules {
            types: alternatives("type", manifest.event.r#type.as_ref())?,
            outer_types: alternatives("outer_type", manifest.event.outer_type.as_ref())?,
            ids: alternatives("id", manifest.event.id.as_ref())?,
        },
        fresh: fresh(&manifest)?,
        fixtures: fixtures(&manifest),
        api: manifest.api.as_ref().map(|table| api::compile(table).map(Arc::new)).transpose()?,
        handshakes: handshake::handshakes(&manifest.handshake)?,
        probes: handshake::probes(&manifest.probe)?,
        delivery: delivery(&manifest)?,
        scenarios: manifest.scenario.iter().map(Scenario::read).collect::<Compiled<_>>()?,
        about: about(manifest.provider)?,
        signatures,
    })
}

fn about(table: super::manifest::ProviderTable) -> Compiled<About> {
    let proof = match &table.proof {
        None => Proof::Documented,
        Some(name) => Proof::parse(name.get_ref()).ok_or_else(|| unknown("proof", name, &Proof::NAMES))?,
    };
    Ok(About {
        proof,
        id: table.id.into_inner().into(),
        name: table.name,
        docs: table.docs,
        secret_env: table.secret_env,
        notes: table.notes,
    })
}

/// Compiles signatures; those without an id are numbered.
pub(super) fn signatures(tables: &[SignatureTable]) -> Compiled<Vec<Signature>> {
    tables.iter().enumerate().map(|(index, table)| signature(table, index)).collect()
}

/// Compiles one signature.
pub(super) fn signature(table: &SignatureTable, index: usize) -> Compiled<Signature> {
    let scheme = scheme(table)?;
    let (formats, names) = formats(table)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sources = sources(table)?;
    Ok(Signature {
        id: table.id.clone().unwrap_or_else(|| format!("signature-{}", index + 1)).into(),
        scheme,
        encoding: encoding(table, scheme)?,
        signed: signed(table, scheme, &names)?,
        variables: table
            .vars
            .iter()
            .map(|(name, places)| Ok((name.as_str().into(), variable(places, sources.len())?)))
            .collect::<Compiled<_>>()?,
        item: table.item.as_ref().map(item).transpose()?,
        sources,
        key: template("key", table.key.as_ref(), "{secret}", &names)?,
        published: published(table, &names)?,
        key_id: table.kid.as_ref().map(|kid| template("kid", Some(kid), "", &names)).transpose()?,
        timestamp: table.timestamp.as_ref().map(|table| timestamp(table, &names)).transpose()?,
        url_variants: table.url_variants.iter().map(url_variant).collect::<Compiled<_>>()?,
        when: table
            .when
            .iter()
            .map(|when| Condition::parse(when.get_ref(), &[]).map_err(template_problem("when", when)))
            .collect::<Compiled<_>>()?,
        checks: checks(table, &names)?,
        expect: template("expect", table.expect.as_ref(), "{secret}", &names)?,
        secret_prefixes: table.secret_prefixes.clone(),
        secret_hint: table
            .secret_hint
            .clone()
            .map(|hint| SecretHint { pattern: hint.pattern, bytes: hint.bytes, note: hint.note })
            .unwrap_or_default(),
        deprecated: table.deprecated,
        optional: table.optional,
        jwt: if scheme == Scheme::Jwt { Some(JwtRules::read(table, &names)?) } else { None },
        formats,
    })
}

/// Places where a signature can stand, and be written.
fn sources(table: &SignatureTable) -> Compiled<Vec<Expression>> {
    let source = |text: &String| {
        let source = Expression::parse_pattern(text, &[]).map_err(template_problem("source", &table.source))?;
        match source.source() {
            Source::Body if table.scheme.get_ref() == "jwt" => Ok(source),
            place if place.is_place() => Ok(source),
            _ => Err(problem(
                &table.source,
                format!("`source`: no signature stands in `{text}` (known: header query form json; body for jwt)"),
            )),
        }
    };
    table.source.get_ref().as_slice().iter().map(source).collect()
}

/// The place of a declared name, or one for each source.
fn variable(places: &Spanned<OneOrMany>, sources: usize) -> Compiled<Vec<Expression>> {
    let texts = places.get_ref().as_slice();
    if texts.len() != 1 && texts.len() != sources {
        return Err(problem(
            places,
            format!("`vars`: one place is needed, or one for each of the {sources} of `source`"),
        ));
    }
    texts.iter().map(|text| Expression::parse(text, &[]).map_err(template_problem("vars", places))).collect()
}

/// Where keys are published that nobody needs to keep secret.
fn published(table: &SignatureTable, names: &[&str]) -> Compiled<Option<Published>> {
    let schemes = &["ed25519", "ecdsa", "rsa", "jwt"];
    only_for("cert", table.cert.as_ref(), table, schemes)?;
    only_for("keys", table.keys.as_ref(), table, schemes)?;
    let is_shared = table.algorithms.iter().any(|algorithm| algorithm.get_ref().starts_with("HS"));
    match (&table.cert, &table.keys) {
        (Some(cert), Some(_)) => Err(problem(cert, "`cert` and `keys` exclude each other")),
        (Some(cert), None) if is_shared => Err(problem(cert, "`cert` is not for a shared secret")),
        (None, Some(keys)) if is_shared => Err(problem(keys, "`keys` is not for a shared secret")),
        (Some(cert), None) => Published::certificate(cert.get_ref(), names).map(Some),
        (None, Some(keys)) => Published::key_set(keys.get_ref(), names).map(Some),
        (None, None) => Ok(None),
    }
}

fn item(text: &Spanned<String>) -> Compiled<ItemRule> {
    ItemRule::parse(text.get_ref()).map_err(|error| problem(text, format!("`item`: {error}")))
}

fn scheme(table: &SignatureTable) -> Compiled<Scheme> {
    let digest = match &table.algorithm {
        None => Digest::Sha256,
        Some(name) => Digest::parse(name.get_ref()).ok_or_else(|| unknown("algorithm", name, &Digest::NAMES))?,
    };
    only_for("signature_form", table.signature_form.as_ref(), table, &["ecdsa"])?;
    only_for("padding", table.padding.as_ref(), table, &["rsa"])?;
    jwt_keys(table)?;
    Ok(match table.scheme.get_ref().as_str() {
        "hmac" => Scheme::Hmac(digest),
        "hash" => Scheme::Hash(digest),
        "ed25519" => Scheme::Ed25519(match &table.key_format {
            Some(format) if format.get_ref() == "ed25519-hex" => KeyFormat::Hex,
            Some(format) if format.get_ref() == "ed25519-base64" => KeyFormat::Base64,
            Some(format) if ["pem", "spki-base64", "jwk"].contains(&format.get_ref().as_str()) => KeyFormat::Contained,
            Some(format) => {
                let known = ["ed25519-hex", "ed25519-base64", "pem", "spki-base64", "jwk"];
                return Err(unknown("key_format", format, &known));
            }
            None => return Err(problem(&table.scheme, "scheme `ed25519` needs `key_format`")),
        }),
        "ecdsa" => Scheme::Ecdsa(ecdsa(table, digest)?),
        "rsa" => Scheme::Rsa(rsa(table, digest)?),
        "jwt" => Scheme::Jwt,
        "token" => Scheme::Token,
        "basic" => Scheme::Basic,
        _ => return Err(unknown("scheme", &table.scheme, &Scheme::NAMES)),
    })
}

/// A JWT says by itself how it is written and what it covers; other signatures have no claims.
fn jwt_keys(table: &SignatureTable) -> Compiled<()> {
    let jwt = &["jwt"];
    only_for("algorithms", table.algorithms.first(), table, jwt)?;
    only_for("claims", table.claims.values().next(), table, jwt)?;
    only_for("made", table.made.values().next(), table, jwt)?;
    only_for("bind", table.bind.first().map(|bind| &bind.equals), table, jwt)?;
    only_for("max_age", table.max_age.as_ref(), table, jwt)?;
    only_for("leeway", table.leeway.as_ref(), table, jwt)?;
    only_for("lifetime", table.lifetime.as_ref(), table, jwt)?;
    if table.scheme.get_ref() == "jwt" {
        let useless = [("algorithm", &table.algorithm), ("encoding", &table.encoding)];
        if let Some((key, value)) = useless.into_iter().find_map(|(key, value)| Some((key, value.as_ref()?))) {
            return Err(problem(value, format!("`{key}` is not for scheme jwt, which has `algorithms`")));
        }
        if let Some(signed) = &table.signed {
            return Err(problem(signed, "`signed` is not for scheme jwt, which has `claims` and `bind`"));
        }
        public_key_format(table)?;
    }
    Ok(())
}

/// Refuses a key that says nothing under this scheme.
fn only_for<T>(key: &str, value: Option<&Spanned<T>>, table: &SignatureTable, schemes: &[&str]) -> Compiled<()> {
    match value {
        Some(value) if !schemes.contains(&table.scheme.get_ref().as_str()) => {
            Err(problem(value, format!("`{key}` is for scheme {} only", schemes.join(" or "))))
        }
        _ => Ok(()),
    }
}

fn ecdsa(table: &SignatureTable, digest: Digest) -> Compiled<EcdsaKind> {
    public_key_format(table)?;
    let form = match &table.signature_form {
        None => EcdsaForm::Der,
        Some(form) => {
            EcdsaForm::parse(form.get_ref()).ok_or_else(|| unknown("signature_form", form, &EcdsaForm::NAMES))?
        }
    };
    EcdsaKind::new(form, digest).ok_or_else(|| {
        let at = table.algorithm.as_ref().unwrap_or(&table.scheme);
        problem(at, "scheme `ecdsa` is P-256 with `sha256`, or `sha1`, which is verified only")
    })
}

fn rsa(table: &SignatureTable, digest: Digest) -> Compiled<RsaKind> {
    public_key_format(table)?;
    let padding = match &table.padding {
        None => RsaPadding::Pkcs1,
        Some(name) => RsaPadding::parse(name.get_ref()).ok_or_else(|| unknown("padding", name, &RsaPadding::NAMES))?,
    };
    RsaKind::new(padding, digest).ok_or_else(|| {
        let at = table.algorithm.as_ref().unwrap_or(&table.scheme);
        problem(at, format!("scheme `rsa` with this padding has no {} (pkcs1: sha1 sha256 sha384 sha512; pss: sha256 sha384 sha512)", digest.name()))
    })
}

/// How the provider hands its public key out. Containers are told apart as they are read, so it is checked only.
fn public_key_format(table: &SignatureTable) -> Compiled<()> {
    let known = ["pem", "x509", "spki-base64", "jwk"];
    match &table.key_format {
        Some(format) if !known.contains(&format.get_ref().as_str()) => Err(unknown("key_format", format, &known)),
        _ => Ok(()),
    }
}

/// The formats, and every name that templates of this signature may use.
fn formats(table: &SignatureTable) -> Compiled<(Vec<Format>, Vec<String>)> {
    let split = table.split.as_ref().map(|split| split.get_ref().as_slice().to_vec()).unwrap_or_default();
    let default = Spanned::new(table.source.span(), OneOrMany::One("{signature}".into()));
    let written = table.format.as_ref().unwrap_or(&default);
    let mut names: Vec<String> = table.vars.keys().cloned().collect();
    let mut formats = Vec::new();
    for text in written.get_ref().as_slice() {
        let captures = capture_names(text);
        let known: Vec<&str> = captures.iter().map(String::as_str).chain([SIGNATURE]).collect();
        let format = Format::parse(text, &split, &known).map_err(template_problem("format", written))?;
        names.extend(format.captures().map(str::to_owned));
        formats.push(format);
    }
    Ok((formats, names))
}

/// The words between braces: a format declares its captures by naming them.
fn capture_names(format: &str) -> Vec<String> {
    format.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

fn encoding(table: &SignatureTable, scheme: Scheme) -> Compiled<Encoding> {
    match &table.encoding {
        Some(name) => Encoding::parse(name.get_ref()).ok_or_else(|| unknown("encoding", name, &Encoding::NAMES)),
        None if matches!(scheme, Scheme::Token | Scheme::Basic | Scheme::Jwt) => Ok(Encoding::Base64),
        None => Err(problem(&table.scheme, "a signature needs `encoding` (hex, base64 or base64url)")),
    }
}

fn signed(table: &SignatureTable, scheme: Scheme, names: &[&str]) -> Compiled<Vec<Template>> {
    match &table.signed {
        Some(signed) => signed
            .get_ref()
            .as_slice()
            .iter()
            .map(|text| Template::parse(text, names).map_err(template_problem("signed", signed)))
            .collect(),
        None if matches!(scheme, Scheme::Token | Scheme::Basic | Scheme::Jwt) => Ok(Vec::new()),
        None => Err(problem(&table.scheme, "a signature needs `signed`, the template of what it covers")),
    }
}

fn template(key: &str, text: Option<&Spanned<String>>, default: &str, names: &[&str]) -> Compiled<Template> {
    let default = Spanned::new(0..0, default.to_owned());
    let text = text.unwrap_or(&default);
    Template::parse(text.get_ref(), names).map_err(template_problem(key, text))
}

fn timestamp(table: &TimestampTable, names: &[&str]) -> Compiled<TimestampRule> {
    let unit = TimeUnit::parse(table.unit.get_ref()).ok_or_else(|| unknown("unit", &table.unit, &TimeUnit::NAMES))?;
    let tolerance = table.tolerance.as_ref().map(|text| duration_seconds("tolerance", text)).transpose()?;
    Ok(TimestampRule { value: template("value", Some(&table.value), "", names)?, unit, tolerance })
}

fn url_variant(name: &Spanned<String>) -> Compiled<UrlVariant> {
    Ok(match name.get_ref().as_str() {
        "default-port" => UrlVariant::DefaultPort,
        "scheme" => UrlVariant::Scheme,
        "slash" => UrlVariant::Slash,
        _ => return Err(unknown("url_variants", name, &["default-port", "scheme", "slash"])),
    })
}

fn checks(table: &SignatureTable, names: &[&str]) -> Compiled<Vec<Check>> {
    let check = |check: &super::manifest::CheckTable| {
        Ok(Check {
            name: check.name.clone(),
            left: template("left", Some(&check.left), "", names)?,
            right: template("right", Some(&check.right), "", names)?,
        })
    };
    table.checks.iter().map(check).collect()
}

fn alternatives(key: &str, value: Option<&Spanned<OneOrMany>>) -> Compiled<Vec<Template>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    value
        .get_ref()
        .as_slice()
        .iter()
        .map(|text| Template::parse(text, &[]).map_err(template_problem(key, value)))
        .collect()
}

fn delivery(manifest: &Manifest) -> Compiled<DeliveryRules> {
    let table = &manifest.delivery;
    let method = match &table.method {
        None => Method::POST,
        Some(name) => Method::from_bytes(name.get_ref().as_bytes())
            .map_err(|_| problem(name, format!("`{}` is not a method", name.get_ref())))?,
    };
    Ok(DeliveryRules {
        method,
        path: table
            .path
            .as_ref()
            .map(|path| Template::parse(path.get_ref(), &SENDER_NAMES).map_err(template_problem("path", path)))
            .transpose()?,
        query: query(&table.query)?,
        content_types: table.content_types.clone(),
        headers: headers("headers", &table.headers)?,
        timeout: table.timeout.as_ref().map(|text| text.get_ref().clone()),
        time_limit: table.timeout.as_ref().map(|text| duration("timeout", text)).transpose()?,
        connect_limit: table.connect_timeout.as_ref().map(|text| duration("connect_timeout", text)).transpose()?,
        retries: table.retries.as_ref().map(|retries| retries.get_ref().clone()),
        schedule: Schedule::read(table)?,
        retry_on: Answers::read("retry_on", &table.retry_on)?,
        stop_on: Answers::read("stop_on", &table.stop_on)?,
        stop_header: table.stop_on_response_header.as_ref().map(stop_header).transpose()?,
        gone_status: table.gone_status.clone(),
        throttle_status: table.throttle_status.clone(),
        retry_after: table.retry_after.unwrap_or_default(),
        disable: table.disable.as_ref().map(DisableRule::read).transpose()?,
        resign_on_retry: table.resign_on_retry.unwrap_or_default(),
        same_id_on_retry: table.same_id_on_retry.unwrap_or(true),
        retry_headers: headers("retry_headers", &table.retry_headers)?,
        success: table.success.iter().map(|text| text.get_ref().clone()).collect(),
        accepted: Answers::read("success", &table.success)?,
        source: table.source.clone(),
        verified: table.verified.as_ref().map(|date| date.get_ref().clone()),
    })
}

/// `Name: value` of an answer.
fn stop_header(line: &Spanned<String>) -> Compiled<(HeaderName, String)> {
    let wrong = || problem(line, "`stop_on_response_header`: write `Name: value`");
    let (name, value) = line.get_ref().split_once(':').ok_or_else(wrong)?;
    Ok((HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?, value.trim().to_owned()))
}

/// Header templates of a sender, in the order of the file.
fn headers(key: &str, table: &OrderedTable) -> Compiled<Vec<(HeaderName, Template)>> {
    let header = |(name, value): &(String, Spanned<String>)| {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| problem(value, format!("`{name}` in [delivery.{key}] is not a header name")))?;
        let template = Template::parse(value.get_ref(), &SENDER_NAMES)
            .map_err(|error| problem(value, format!("header `{name}` in [delivery.{key}]: {error}")))?;
        Ok((header, template))
    };
    table.0.iter().map(header).collect()
}

/// Parameter templates of a sender, in the order of the file.
fn query(table: &OrderedTable) -> Compiled<Vec<(Source, Template)>> {
    let parameter = |(name, value): &(String, Spanned<String>)| {
        let template = Template::parse(value.get_ref(), &SENDER_NAMES)
            .map_err(|error| problem(value, format!("parameter `{name}` in [delivery.query]: {error}")))?;
        Ok((Source::QueryParameter(name.as_str().into()), template))
    };
    table.0.iter().map(parameter).collect()
}

fn fresh(manifest: &Manifest) -> Compiled<Vec<FreshRule>> {
    use super::manifest::FreshEntry;
    let mut rules = Vec::new();
    for (key, entry) in &manifest.fresh {
        match entry {
            FreshEntry::Generator(value) => rules.push(fresh_rule(key, None, key.get_ref(), value)?),
            FreshEntry::Event(places) => {
                for (place, value) in places {
                    rules.push(fresh_rule(key, Some(key.get_ref()), place, value)?);
                }
            }
        }
    }
    Ok(rules)
}

fn fresh_rule(at: &Spanned<String>, event: Option<&str>, place: &str, value: &str) -> Compiled<FreshRule> {
    let wrong = |text: String| problem(at, format!("[fresh] `{place}`: {text}"));
    let value = match Generate::parse(value) {
        Some(kind) => super::fresh::FreshValue::Generator(kind),
        None if value.contains('{') => super::fresh::FreshValue::Template(
            Template::parse(value, &SENDER_NAMES).map_err(|error| wrong(error.to_string()))?,
        ),
        None => {
            return Err(wrong(format!(
                "unknown generator `{value}` (known: uuid uuid7 rfc3339 unix unix_ms hex:N alnum:N digits:N same:NAME)"
            )));
        }
    };
    let place = match place.strip_prefix("form:") {
        Some(field) => FreshPlace::Field(field.into()),
        None => FreshPlace::Json(crate::json::Pointer::parse(place).map_err(|error| wrong(error.to_string()))?),
    };
    Ok(FreshRule { event: event.map(Into::into), place, value })
}

fn fixtures(manifest: &Manifest) -> BTreeMap<String, FixtureNote> {
    let note = |table: &super::manifest::FixtureTable| FixtureNote {
        documented: table.documented,
        source: table.source.clone(),
        description: table.description.clone(),
        headers: table.headers.clone().into_iter().collect(),
    };
    manifest.fixture.iter().map(|(name, table)| (name.get_ref().clone(), note(table))).collect()
}

/// Whether a template needs nothing from the request, so that its value can be prepared once.
pub(super) fn only_secret(template: &Template) -> bool {
    !template.uses(|source| !matches!(source, Source::Secret))
}

/// Compiles a signature that stands in the configuration or on the command line.
pub fn signature_override(file: &str, text: &str, table: &SignatureTable) -> Result<Signature, ManifestError> {
    signature(table, 0).map_err(|problem| ManifestError::at(file, text, Some(problem.span), problem.text))
}
