//! `hookctl inspect`, and the page of `listen --inspect`.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::ending::interrupt;
use super::place::{Cure, cannot_serve, shown_host};
use super::verifiers::{Chosen, Verifiers as Found};
use super::{Context, chosen};
use crate::cli::{InspectArgs, TlsArgs};
use crate::delivery::Target;
use crate::error::{Exit, Failure, Outcome};
use crate::http::{Client, ClientOptions, HeaderCase, bind};
use crate::inspector::{Address, DEFAULT_PORTS, Desk, Listening, Options, Token, Verifiers, inspect};
use crate::listener;
use crate::provider::Verifier;

/// As long as the command line gives a target by default.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// The token stands beside the history, as private as that.
const TOKEN_FILE: &str = "inspector.token";

/// Runs the command.
pub(super) fn run(args: &InspectArgs, context: &Context) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(super::workers()).enable_all().build()?;
    runtime.block_on(serve(args, context))
}

async fn serve(args: &InspectArgs, context: &Context) -> Outcome {
    let chosen = Chosen {
        ids: args.provider.iter().collect(),
        secret: &args.secret,
        signature: &args.signature,
        variables: &args.variables.variables,
        takes_others: false,
    };
    let Found { named, others } = chosen.verifiers(context)?;
    let verifiers: Vec<Arc<Verifier>> = named.into_iter().chain(others).map(Arc::new).collect();
    let page = open(args.address.as_ref().unwrap_or(&Address::default()), &COMMAND)?;
    let history = context.history()?;
    if context.global.db.is_some() && !history.exists() {
        context.say(&format!("note: there was no {}: it is made, and empty", history.display()));
    }
    let writer = match context.writer() {
        Ok(writer) => Some(Arc::new(writer)),
        Err(failure) => {
            // Looking does not need it; where nothing can be read either, that says so.
            context.reader()?;
            context.say(&format!("warning: the history is only read, so replays are not kept: {:#}", failure.error));
            None
        }
    };
    let desk = Desk {
        verifiers: Verifiers::new(move || verifiers.clone()),
        catalogue: context.catalogue.clone(),
        client: page.client(&args.tls, context)?,
        writer,
        listener: None,
        forward: targets(context)?,
        tolerance: chosen::tolerance(None),
        public_url: None,
    };
    let mut stop = std::pin::pin!(interrupt());
    page.warn_of_network(context);
    let inspecting = page.serve(history, None, desk)?;
    say_ready(&inspecting, context)?;
    stop.as_mut().await;
    inspecting.end().await;
    Ok(Exit::Done)
}

/// The targets of `[[route]]`.
fn targets(context: &Context) -> Result<Vec<Target>, Failure> {
    let routes = context.settings.routes();
    let routed = routes.iter().flat_map(|route| &route.to);
    Ok(routed.map(|target| Target::parse(target)).collect::<Result<_, _>>()?)
}

/// The line of `--json`; for people the URL is talk.
#[derive(Serialize)]
struct Ready<'r> {
    url: &'r str,
    inspector: &'r str,
}

fn say_ready(inspecting: &Inspecting, context: &Context) -> Result<(), Failure> {
    let inspector = &inspecting.url;
    let url = inspector.split("/#").next().unwrap_or_default();
    if context.json() {
        context.print_item("ready", &Ready { url, inspector })?;
    }
    context.say(&format!("Ready! Inspect at {inspector} (^C to quit)"));
    Ok(())
}

/// What to write instead of an address that cannot be had.
const COMMAND: Cure = Cure { free_port: "`hookctl inspect 0`", higher_port: "a higher port", host: "127.0.0.1" };
const FLAG: Cure = Cure { free_port: "--inspect=0", higher_port: "a higher port", host: "--inspect=127.0.0.1" };

/// The page beside a listener.
pub(super) fn open_beside(address: &Address) -> Result<Page, Failure> {
    open(address, &FLAG)
}

/// Sockets for the page. The default port may be taken, by another hookctl or another tool: then the next will do.
fn open(address: &Address, cure: &Cure) -> Result<Page, Failure> {
    let host = address.host.clone();
    let taken = |error: &io::Error| error.kind() == ErrorKind::AddrInUse;
    let bound = match address.port {
        Some(port) => bind(&host, port).map_err(|error| cannot_serve(port, error, cure)),
        None => {
            let tried = DEFAULT_PORTS.chain([0]).map(|port| bind(&host, port));
            let first = tried.into_iter().find(|bound| !bound.as_ref().is_err_and(taken));
            let first = first.unwrap_or_else(|| Err(ErrorKind::AddrInUse.into()));
            first.map_err(|error| cannot_serve(*DEFAULT_PORTS.start(), error, cure))
        }
    };
    let sockets = bound?;
    let addresses = sockets.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
    Ok(Page { host, sockets, addresses })
}

/// A page that is not served yet.
pub(super) struct Page {
    host: String,
    sockets: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
}

impl Page {
    /// Where it is.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves it beside a listener.
    pub(super) fn beside(
        self,
        url: &str,
        options: &listener::Options,
        tls: &TlsArgs,
        context: &Context,
    ) -> Result<Inspecting, Failure> {
        let providers = Arc::clone(&options.providers);
        let forward: Vec<Target> = options.destinations.iter().map(|one| one.target.clone()).collect();
        let listening = Listening {
            url: url.to_owned(),
            forward: forward.iter().map(|target| target.url().to_string()).collect(),
            providers: options.providers.named().map(ToString::to_string).collect(),
            in_flight: Arc::clone(&options.in_flight),
        };
        let desk = Desk {
            verifiers: Verifiers::new(move || providers.verifiers()),
            catalogue: context.catalogue.clone(),
            client: self.client(tls, context)?,
            writer: options.store.clone(),
            listener: Some(Target::parse(url)?),
            forward,
            tolerance: options.tolerance,
            public_url: options.public_url.clone(),
        };
        self.warn_of_network(context);
        self.serve(context.history()?, Some(listening), desk)
    }

    /// Says so where others can reach it.
    fn warn_of_network(&self, context: &Context) {
        if !self.addresses.iter().all(|address| address.ip().is_loopback()) {
            context.say("warning: the page is open to the network: who gets its URL can read and send, and so can who listens in");
        }
    }

    /// What sends for the page: anywhere but to the page itself.
    fn client(&self, tls: &TlsArgs, context: &Context) -> Result<Client, Failure> {
        Ok(Client::new(ClientOptions {
            timeout: Some(SEND_TIMEOUT),
            insecure: tls.insecure,
            ca_certs: tls.ca_cert.iter().map(|path| context.path(path)).collect(),
            header_case: HeaderCase::Title,
            forbid: self.addresses.clone(),
            ..ClientOptions::default()
        })?)
    }

    fn serve(self, history: PathBuf, listening: Option<Listening>, desk: Desk) -> Result<Inspecting, Failure> {
        let token = token(&history)?;
        let url = self.url(&token);
        let (stop, stopped) = oneshot::channel::<()>();
        let options = Options { history, token, listening, desk };
        let served = tokio::spawn(inspect(self.sockets, options, async {
            // Dropping it means the same.
            let _ = stopped.await;
        }));
        Ok(Inspecting { url, stop, served })
    }

    /// The URL to open, with the token in its fragment, which no browser sends.
    fn url(&self, token: &Token) -> String {
        let port = self.addresses.first().map_or(0, SocketAddr::port);
        let is_localhost = self.host.eq_ignore_ascii_case("localhost");
        let host = match self.addresses.first().map(SocketAddr::ip) {
            Some(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
            // The inspector answers to addresses: any other name could be made to lead here.
            Some(ip) if !is_localhost => shown_host(&ip.to_string()),
            _ => self.host.clone(),
        };
        format!("http://{host}:{port}/#token={}", token.expose())
    }
}

fn token(history: &Path) -> Result<Token, Failure> {
    let path = history.with_file_name(TOKEN_FILE);
    Token::kept_in(&path).map_err(|error| {
        Failure::machine("inspector_token", anyhow::anyhow!("{}: {error}", path.display()))
            .hint("the page's token is kept beside the history: make that folder writable, or name another with --db")
    })
}

/// A page that is served.
pub(super) struct Inspecting {
    /// With the token.
    pub(super) url: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Inspecting {
    /// Ends it, after what it still sends.
    pub(super) async fn end(self) {
        drop(self.stop);
        // A panic of the task has been reported by itself.
        let _ = self.served.await;
    }
}
