//! The commands: what was typed is given its meaning, services are started, the outcome is printed.

mod came;
mod captured;
mod chosen;
mod config;
mod confirm;
mod doctor;
mod editor;
mod ending;
mod events;
mod expect;
mod expectations;
mod fixtures;
mod handed_over;
mod handshake;
mod input;
mod inspect;
mod listen;
mod mock;
mod notes;
mod payload;
mod place;
mod printed;
mod progress;
mod providers;
mod resume;
mod send;
mod shortfall;
mod verifiers;
mod verify;
mod watch;
mod webhooks;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::FromArgMatches as _;
use serde::Serialize;

use crate::cli::{self, Cli, Color, Command, GlobalArgs, Shell};
use crate::error::{Exit, Failure, Outcome};
use crate::folders;
use crate::output::{self, ColorChoice, Format, Human, Palette, Presenter};
use crate::provider::Catalogue;
use crate::settings::{self, Settings};
use crate::store::{Reader, Stored, Writer};

/// What every command needs to know.
pub(crate) struct Context {
    pub(crate) global: GlobalArgs,
    /// The global flags of the command line, by long name.
    pub(crate) typed: Vec<(String, String)>,
    pub(crate) settings: Settings,
    pub(crate) catalogue: Catalogue,
    pub(crate) directory: PathBuf,
}

/// Runs a command line and reports how it ended.
pub(crate) fn run(args: Vec<OsString>) -> Exit {
    let mut json = asks_for_json(&args);
    let outcome = parse(args).and_then(|(cli, context)| {
        json = context.json();
        dispatch(cli.command, &context)
    });
    match outcome {
        Ok(exit) => exit,
        Err(failure) if failure.exit == Exit::Done => Exit::Done,
        Err(failure) => failure.report(json),
    }
}

fn dispatch(command: Command, context: &Context) -> Outcome {
    match command {
        Command::Listen(args) => listen::run(&args, context),
        Command::Send(args) => send::run(&args, context),
        Command::Verify(args) => verify::verify(&args, context),
        Command::Sign(args) => verify::sign(&args, context),
        Command::Inspect(args) => inspect::run(&args, context),
        Command::Events(command) => events::run(&command, context),
        Command::Expect(args) => expect::run(&args, context),
        Command::Mock(args) => mock::run(&args, context),
        Command::Resend(args) => events::replay(&args, context),
        Command::Webhooks(command) => webhooks::run(&command, context),
        Command::Providers(command) => providers::run(&command, context),
        Command::Fixtures(command) => fixtures::run(&command, context),
        Command::Config(args) => config::run(args.command, context),
        Command::Doctor => doctor::run(context),
        Command::Completions { shell } => completions(shell),
        Command::Man => man(),
    }
}

/// The configuration is read first: its values are the defaults of the command line.
fn parse(args: Vec<OsString>) -> Result<(Cli, Context), Failure> {
    let directory = std::env::current_dir()
        .map_err(|error| Failure::machine("no_directory", anyhow::anyhow!("the working directory: {error}")))?;
    let named = early_value(&args, "config").map(PathBuf::from);
    let profile = early_value(&args, "profile").and_then(|name| name.into_string().ok());
    let settings = match Settings::load(named.as_deref(), profile.as_deref(), &directory) {
        Ok(settings) => settings,
        Err(_) if works_without_settings(&args) => Settings::default(),
        Err(failure) => return Err(failure),
    };
    let command = settings::preset(cli::command(), &settings);
    let parsed = command.try_get_matches_from(args).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((cli, cli::typed_globals(&matches)))
    });
    let (cli, typed) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Err(with_origin(usage(&error)?, &settings)),
    };
    let catalogue = folders::catalogue(&directory, cli.global.providers.as_deref());
    settings.check_providers(&catalogue.ids())?;
    let context = Context { global: cli.global.clone(), typed, settings, catalogue, directory };
    if let Some(folder) = context.global.providers.as_deref().filter(|folder| !context.path(folder).is_dir()) {
        context.say(&format!("warning: --providers: {} is not a folder", folder.display()));
    }
    Ok((cli, context))
}

/// Help, version and completions work with a broken configuration too, and so does writing a new one.
fn works_without_settings(args: &[OsString]) -> bool {
    use clap::error::ErrorKind;
    let parsed = cli::command().try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed.map(|cli| cli.command) {
        Ok(Command::Completions { .. } | Command::Man) => true,
        Ok(Command::Config(args)) => matches!(args.command, Some(cli::ConfigCommand::Init { .. })),
        Ok(_) => false,
        Err(error) => matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion),
    }
}

/// A global value that is needed before the command line can be parsed as a whole.
fn early_value(args: &[OsString], name: &str) -> Option<OsString> {
    let flag = format!("--{name}");
    let prefix = format!("--{name}=");
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        if *arg == *flag {
            return args.next().cloned();
        }
        if let Some(value) = arg.to_str().and_then(|arg| arg.strip_prefix(&prefix)) {
            return Some(value.into());
        }
    }
    std::env::var_os(format!("HOOKCTL_{}", name.to_uppercase())).filter(|value| !value.is_empty())
}

/// Errors can be about the command line itself, so this is decided before it is parsed.
fn asks_for_json(args: &[OsString]) -> bool {
    let format = early_value(args, "format").is_some_and(|format| format == "json");
    format
        || args.iter().any(|arg| arg == "--json")
        || std::env::var_os("HOOKCTL_JSON")
            .is_some_and(|on| !["", "0", "n", "no", "f", "false", "off"].iter().any(|off| on == *off))
}

/// Help and version are what was asked for; everything else is a usage error in our own form.
fn usage(error: &clap::Error) -> Result<Failure, Failure> {
    use clap::error::ErrorKind;
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = if color_of_stdout(Color::Auto) { text.ansi().to_string() } else { text.to_string() };
            output::print(text)?;
            Err(Failure::new(Exit::Done, "help", anyhow::anyhow!("help was asked for")))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::talk(text.to_string())?;
            let text = text.to_string();
            let usage = text.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or_default();
            let command: Vec<&str> = usage.split(' ').take_while(|word| !word.starts_with(['[', '<'])).collect();
            let missing = if usage.contains("[COMMAND]") { "nothing was asked for" } else { "no command was given" };
            Ok(Failure::usage(missing).hint(format!("`{} --help` shows examples", command.join(" "))))
        }
        _ => {
            let text = text.to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let message = lines.next().unwrap_or("invalid arguments").to_owned();
            let rest: Vec<&str> = lines.take_while(|line| !line.starts_with("Usage:")).collect();
            let more: Vec<&str> = rest.iter().map(|line| line.trim_start_matches("tip: ")).collect();
            let message = if message.ends_with(':') { format!("{message} {}", more.join(", ")) } else { message };
            let hint = rest.iter().find_map(|line| line.strip_prefix("tip: "));
            let failure = Failure::usage(message);
            Ok(match hint {
                Some(tip) => failure.hint(tip),
                None => failure.hint("--help shows what can be given"),
            })
        }
    }
}

/// Names the file when the value that is wrong stands in one.
fn with_origin(failure: Failure, settings: &Settings) -> Failure {
    let message = failure.error.to_string();
    let configured = ["", "listen", "send", "verify", "sign"].into_iter().flat_map(|command| settings.flags(command));
    let is_meant = |value: &settings::FlagValue| {
        message.contains(&format!("'--{} ", value.name))
            && value.values.iter().any(|typed| message.contains(&format!("'{typed}'")))
    };
    match configured.into_iter().find(is_meant) {
        Some(value) => failure.hint(format!("the value stands in {}", value.origin)),
        None => failure,
    }
}

/// Threads that carry connections. With two, one connection's work never waits for another's, and more
/// gain nothing; on a single core the second one would only be woken in vain.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(2)
}

fn color_of_stdout(color: Color) -> bool {
    color_of(color, std::io::stdout().is_terminal())
}

/// Whether a stream is coloured.
pub(crate) fn color_of(color: Color, is_terminal: bool) -> bool {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let variable = |name| std::env::var(name).ok();
    let (no_color, force) = (variable("NO_COLOR"), variable("CLICOLOR_FORCE"));
    choice.resolve(no_color.as_deref(), force.as_deref(), is_terminal)
}

impl Context {
    /// Whether stdout carries JSON lines.
    pub(crate) fn json(&self) -> bool {
        self.global.wants_json()
    }

    /// Whether stdout is coloured.
    pub(crate) fn color(&self) -> bool {
        color_of_stdout(self.global.color)
    }

    /// How lines for people look.
    pub(crate) fn human(&self, verbosity: u8) -> Human {
        Human {
            palette: Palette::new(self.color()),
            verbosity: verbosity.max(self.global.verbose),
            quiet: self.global.quiet,
            answers: true,
            zone: None,
        }
    }

    /// The presenter of a service that runs. `answers` shows what targets answered even when it is 2xx;
    /// `on_closed` is told when nobody reads stdout any more.
    pub(crate) fn presenter(
        &self,
        answers: bool,
        on_closed: impl FnOnce(std::io::Error) + Send + 'static,
    ) -> Result<Presenter, Failure> {
        let format = if self.json() {
            Format::Json
        } else {
            let (verbosity, quiet) = (self.global.verbose, self.global.quiet);
            Format::Human { color: self.color(), verbosity, quiet, answers }
        };
        let (out, talk) = (Box::new(std::io::stdout()), Box::new(std::io::stderr()));
        Ok(Presenter::start(format, out, talk, Box::new(on_closed))?)
    }

    /// Says something on stderr, unless asked to be quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.global.quiet {
            // Nobody is left to tell when stderr is gone.
            let _ = output::talk(format!("{text}\n"));
        }
    }

    /// Prints one object as a JSON line.
    pub(crate) fn print_item(&self, kind: &str, value: &impl Serialize) -> Result<(), Failure> {
        let line = output::item_line(kind, value).map_err(|error| Failure::machine("json", error))?;
        Ok(output::print(line)?)
    }

    /// Prints a table, as wide as the terminal.
    pub(crate) fn print_table(&self, headers: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        Ok(output::print(output::table(headers, rows, self.width()))?)
    }

    /// Columns of the terminal that stdout is; `None` without one.
    pub(crate) fn width(&self) -> Option<usize> {
        let size = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal());
        size.map(|(width, _)| usize::from(width.0))
    }

    /// Prints an event of the past as a JSON line.
    pub(crate) fn print_past(&self, reader: &Reader, stored: &Stored) -> Result<(), Failure> {
        let (deliveries, waiting) = (reader.deliveries(stored.seq)?, reader.waiting_for(stored.seq)?);
        let mut line = Vec::new();
        output::write_past(&mut line, &stored.event, &deliveries, &waiting);
        Ok(output::print(line)?)
    }

    /// The file of the history.
    pub(crate) fn history(&self) -> Result<PathBuf, Failure> {
        match &self.global.db {
            Some(path) => Ok(self.path(path)),
            None => folders::history_file().ok_or_else(|| {
                Failure::usage("there is no place for the history: neither XDG_DATA_HOME nor HOME is set")
                    .hint("name a file with --db or HOOKCTL_DB")
            }),
        }
    }

    /// The history, for reading.
    pub(crate) fn reader(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(&self.history()?)?)
    }

    /// The history, for writing.
    pub(crate) fn writer(&self) -> Result<Writer, Failure> {
        Ok(Writer::open(&self.history()?, self.settings.retention()?)?)
    }

    /// Waits for the history's writer, in a command that has no other use for a runtime.
    pub(crate) fn wait_for<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        Ok(tokio::runtime::Builder::new_current_thread().build()?.block_on(work))
    }

    /// A path that was typed, from the working directory.
    pub(crate) fn path(&self, typed: &Path) -> PathBuf {
        self.directory.join(typed)
    }
}

/// The script that asks hookctl itself for names, so providers and events of one's own complete too.
pub(crate) fn completion_script(shell: &str) -> Result<Vec<u8>, Failure> {
    let shells = clap_complete::env::Shells::builtins();
    let Some(completer) = shells.completer(shell) else {
        return Err(Failure::usage(format!("no completions for {shell}")));
    };
    let mut script = Vec::new();
    completer.write_registration("COMPLETE", "hookctl", "hookctl", "hookctl", &mut script)?;
    Ok(script)
}

fn completions(shell: Shell) -> Outcome {
    output::print(completion_script(shell.name())?)?;
    Ok(Exit::Done)
}

/// The page of hookctl itself, then one for each command behind it.
fn man() -> Outcome {
    let mut page = Vec::new();
    render_man(cli::command(), "hookctl", &mut page)?;
    output::print(page)?;
    Ok(Exit::Done)
}

fn render_man(command: clap::Command, name: &str, page: &mut Vec<u8>) -> Result<(), Failure> {
    let inner: Vec<clap::Command> =
        command.get_subcommands().filter(|inner| inner.get_name() != "help").cloned().collect();
    clap_mangen::Man::new(command.name(name.to_owned())).render(page)?;
    for inner in inner {
        let name = format!("{name}-{}", inner.get_name());
        render_man(inner, &name, page)?;
    }
    Ok(())
}
