//! `hookctl doctor`: what could stand in the way, and what to do about it.

use std::net::TcpListener;
use std::time::Duration;

use serde::Serialize;

use super::webhooks::accepted;
use super::{Context, chosen, config};
use crate::error::{Exit, Failure, Outcome};
use crate::http;
use crate::output::{self, Role};
use crate::store::{self, Extent, Reader, Retention, Soundness, StoreError};

/// The port that `listen` takes by default.
const DEFAULT_PORT: u16 = 4000;

/// How long the history is looked through for damage.
const SOUNDNESS_TIME: Duration = Duration::from_secs(2);

/// One thing that was looked at.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    found: String,
    hint: Option<String>,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, ok: true, found: found.into(), hint: None }
    }

    fn bad(name: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, ok: false, found: found.into(), hint: Some(hint.into()) }
    }
}

/// Runs the command.
pub(super) fn run(context: &Context) -> Outcome {
    let mut checks = vec![version(), configuration(context)];
    checks.extend(manifests(context));
    checks.extend(secrets(context));
    checks.extend(credentials(context));
    checks.extend(history(context));
    checks.extend([port(context), certificates(), proxies()]);
    let exit = if checks.iter().all(|check| check.ok) { Exit::Done } else { Exit::No };
    match checks.iter().try_for_each(|check| print(check, context)) {
        Ok(()) => Ok(exit),
        Err(failure) => failure.unless_closed(exit),
    }
}

fn print(check: &Check, context: &Context) -> Result<(), Failure> {
    if context.json() {
        return context.print_item("check", check);
    }
    let palette = context.human(0).palette;
    let glyph = match (check.ok, &check.hint) {
        (true, None) => palette.paint(Role::Good, "✓"),
        // Nothing is wrong, and something was not tried.
        (true, Some(_)) => palette.paint(Role::Warning, "·"),
        (false, _) => palette.paint(Role::Bad, "✗"),
    };
    let hint = check.hint.as_ref().map(|hint| format!("    hint: {hint}\n")).unwrap_or_default();
    Ok(output::print(format!("{glyph} {}: {}\n{hint}", check.name, output::untrusted(&check.found)))?)
}

fn version() -> Check {
    Check::good("version", format!("hookctl {}", env!("CARGO_PKG_VERSION")))
}

fn configuration(context: &Context) -> Check {
    let files: Vec<String> = context.settings.files().iter().map(|file| file.path().display().to_string()).collect();
    Check::good("configuration", if files.is_empty() { "no file, defaults apply".to_owned() } else { files.join(", ") })
}

fn manifests(context: &Context) -> Vec<Check> {
    let (providers, problems) = context.catalogue.all();
    let mut checks = vec![Check::good("providers", format!("{} are usable", providers.len()))];
    checks.extend(problems.iter().map(|problem| {
        Check::bad("provider", problem.to_string(), problem.hint().unwrap_or_else(|| "look at the file".to_owned()))
    }));
    checks
}

/// Secrets that the configuration names must be readable.
fn secrets(context: &Context) -> Vec<Check> {
    let ids = context.catalogue.ids().into_iter().filter(|id| context.settings.secrets(id).is_some());
    let providers = ids.filter_map(|id| context.catalogue.provider(&id).ok());
    providers
        .map(|provider| match chosen::own_secrets(context, &provider) {
            Ok(_) => Check::good("secret", format!("{} has one", provider.id())),
            Err(failure) => Check::bad(
                "secret",
                format!("{}: {:#}", provider.id(), failure.error),
                failure.hint.unwrap_or_else(|| "mend the configuration".to_owned()),
            ),
        })
        .collect()
}

/// Credentials of the registration APIs that the configuration names are tried out. That an API cannot be
/// reached now says nothing about them.
fn credentials(context: &Context) -> Vec<Check> {
    let ids = context.catalogue.ids().into_iter().filter(|id| context.settings.has_api(id));
    ids.map(|id| match accepted(context, &id) {
        Ok(accepted) => Check::good("credentials", format!("{id}: {accepted}")),
        Err(failure) if failure.exit == Exit::Machine => {
            let cure = format!("`hookctl webhooks whoami --provider {id}` tries them");
            Check { hint: Some(cure), ..Check::good("credentials", format!("{id}: not tried: {:#}", failure.error)) }
        }
        Err(failure) => Check::bad(
            "credentials",
            format!("{id}: {:#}", failure.error),
            failure.hint.unwrap_or_else(|| "mend the configuration".to_owned()),
        ),
    })
    .collect()
}

/// The history: where it is, whether it can be written and read, and how full it is.
fn history(context: &Context) -> Vec<Check> {
    let failed = |failure: Failure| {
        let hint = failure.hint.unwrap_or_else(|| "give another file with --db".to_owned());
        vec![Check::bad("history", format!("{:#}", failure.error), hint)]
    };
    let path = match context.history() {
        Ok(path) => path,
        Err(failure) => return failed(failure),
    };
    let mut reader = match Reader::open(&path) {
        Ok(reader) => reader,
        Err(StoreError::Absent(_)) => {
            return vec![Check::good("history", format!("none yet; `listen` begins {}", path.display()))];
        }
        Err(error) => return failed(error.into()),
    };
    let mut checks = vec![match store::check_writable(&path) {
        Ok(()) => Check::good("history", path.display().to_string()),
        Err(error) => return failed(error.into()),
    }];
    checks.push(match reader.check(SOUNDNESS_TIME) {
        Ok(Soundness::Sound) => Check::good("history content", "sound"),
        Ok(Soundness::SoundSoFar) => Check::good("history content", "sound, as far as was looked"),
        Ok(Soundness::Damaged(problem)) => {
            let found = format!("{} is damaged: {problem}", path.display());
            checks.push(Check::bad("history content", found, "`hookctl events salvage` copies what can be read"));
            return checks;
        }
        Err(error) => return failed(error.into()),
    });
    checks.push(match (reader.extent(), context.settings.retention()) {
        (Ok(extent), Ok(limits)) => Check::good("history size", fullness(&extent, &limits)),
        (Err(error), _) => return failed(error.into()),
        (_, Err(failure)) => return failed(failure),
    });
    checks
}

fn fullness(extent: &Extent, limits: &Retention) -> String {
    let events = limits.max_events.map_or_else(|| "any number".to_owned(), |max| max.to_string());
    let bytes = limits.max_bytes.map_or_else(|| "any size".to_owned(), output::size);
    let days = limits.max_age.map_or_else(|| "any age".to_owned(), |age| config::shown_age(&age));
    format!(
        "{} of {events} events, {} of {bytes}, kept for {days}; {} on the disk",
        extent.events,
        output::size(extent.used_bytes),
        output::size(extent.file_bytes)
    )
}

/// The port that `listen` would take.
fn port(context: &Context) -> Check {
    let configured = std::env::var("HOOKCTL_PORT").ok().or_else(|| {
        let flags = context.settings.flags("listen");
        flags.into_iter().find(|flag| flag.name == "port")?.values.pop()
    });
    let port = configured.and_then(|port| port.parse().ok()).unwrap_or(DEFAULT_PORT);
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Check::good("port", format!("{port} is free")),
        Err(error) => {
            Check::bad("port", format!("{port}: {error}"), "use `listen --port 0`, or end what listens there")
        }
    }
}

fn certificates() -> Check {
    match http::system_certificates() {
        0 => Check::bad(
            "certificates",
            "the system has none, so no https target can be trusted",
            "install ca-certificates, or use --ca-cert FILE",
        ),
        count => Check::good("certificates", format!("{count} authorities of the system")),
    }
}

fn proxies() -> Check {
    let set: Vec<&str> = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
        .into_iter()
        .filter(|name| std::env::var_os(name).is_some())
        .collect();
    let found = if set.is_empty() { "none in the environment".to_owned() } else { format!("from {}", set.join(", ")) };
    Check::good("proxy", found)
}
