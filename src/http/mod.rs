//! HTTP on both sides: a server in which every wait and size is bounded, and a client that sends a
//! request byte for byte and explains what went wrong.
//!
//! The server has one seam, [`Handler`]: it is given whole requests and returns whole answers. The
//! client has one too, [`Session`]: at most one kept connection to one authority.

mod address;
mod client;
mod limits;
mod retry_after;
mod server;

pub use address::is_private_address;
pub use client::{
    Client, ClientError, ClientOptions, HeaderCase, Outcome, Proxies, Session, system_certificates, tls_config,
    tls_problem,
};
pub use limits::Limits;
pub use retry_after::retry_after;
pub use server::{Answer, Handler, Received, Refusal, Reply, Tail, bind, serve};
