//! One test binary; a module per verb or promise.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod api_server;
mod app;
mod apply;
mod case;
mod catalogue;
mod config;
mod credentials;
mod deliver;
mod drift;
mod durable;
mod ending;
mod events;
mod expect;
#[cfg(target_os = "linux")]
mod faults;
mod forgery;
mod forward;
mod hints;
mod history;
mod hostile;
#[cfg(target_os = "linux")]
mod keyring;
mod layers;
mod leaks;
mod leases;
mod life;
mod limits;
mod listen;
mod manage;
mod manifests;
mod manners;
mod mock;
mod openapi;
mod port;
mod readme;
mod registration_faults;
mod replay;
mod routes;
mod sandbox;
mod schema;
mod screen;
mod sdk;
mod search;
mod secrets;
mod secure;
mod send;
mod senders;
mod target;
mod times;
mod vectors;
mod verify;
mod walk;
mod webhooks;
mod webhooks_mock;
mod wire;
