//! hookctl: receive, verify, explain and send webhooks.
//!
//! The layers, from the bottom: [`model`] and [`json`]; [`provider`], [`output`] and [`http`];
//! [`delivery`]; [`listener`] and [`load`]; the commands. Imports point down only.

mod cli;
mod commands;
pub mod delivery;
mod error;
pub mod http;
pub mod json;
pub mod listener;
pub mod load;
pub mod model;
pub mod output;
pub mod provider;
mod settings;

/// Runs the command line of this process and gives its exit code.
pub fn run() -> std::process::ExitCode {
    cli::complete_if_asked();
    commands::run(std::env::args_os().collect()).into()
}
