//! hookctl: receive, verify, explain and send webhooks.
//!
//! The layers, from the bottom: [`model`], [`json`] and `private`; [`provider`], [`output`], [`store`] and [`http`];
//! [`delivery`], [`history`], [`keys`] and [`registration`]; [`listener`], [`inspector`], [`mock`] and [`load`]; the
//! commands. Imports point down only.

mod cli;
mod commands;
pub mod delivery;
mod error;
mod folders;
pub mod history;
pub mod http;
pub mod inspector;
pub mod json;
pub mod keys;
pub mod listener;
pub mod load;
pub mod mock;
pub mod model;
pub mod output;
mod private;
pub mod provider;
pub mod registration;
mod settings;
pub mod store;

/// Runs the command line of this process and gives its exit code.
pub fn run() -> std::process::ExitCode {
    forbid_core_dumps();
    survive_file_size_limit();
    cli::complete_if_asked();
    commands::run(std::env::args_os().collect()).into()
}

/// A core file would hold the secrets in memory.
#[cfg(unix)]
fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Lowering a limit is always allowed; where it is not, nothing is lost but this protection.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

#[cfg(not(unix))]
fn forbid_core_dumps() {}

/// A write beyond the limit on the size of files is to fail with an error that can be told, not to end the
/// process: a signal that is handled does that.
#[cfg(unix)]
fn survive_file_size_limit() {
    let noticed = std::sync::Arc::default();
    // Where it cannot be handled, such a write ends the process as it would have anyway.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noticed);
}

#[cfg(not(unix))]
fn survive_file_size_limit() {}
