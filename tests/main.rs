//! One test binary; a module per verb or promise.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod wire;
mod secrets;
mod screen;
mod schema;
mod routes;
mod listen;
mod limits;
mod hostile;
mod forward;
mod ending;
mod app;
mod case;
mod catalogue;
mod config;
mod deliver;
mod drift;
mod forgery;
mod hints;
mod layers;
mod leaks;
mod manage;
mod manifests;
mod sandbox;
mod secure;
mod send;
mod senders;
mod target;
mod times;
mod vectors;
mod verify;
