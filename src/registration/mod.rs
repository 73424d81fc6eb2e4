//! Registrations at the provider's side: a client of the API that a manifest describes.
//!
//! A credential goes to the API's own origin, encrypted, and nowhere else; a call is made again only
//! where that does no more than once; what an API says is cleaned before anyone sees it.

mod address;
mod answer;
mod check;
mod client;
mod credentials;
mod cure;
mod error;
mod failure;
pub mod lease;
mod link;
mod options;
mod place;
pub mod plan;
mod prepared;
mod redirect;
mod retry;
mod transport;
mod webhook;

pub use address::base_url;
pub use check::{api_of, check_call};
pub use client::Client;
pub use credentials::Credentials;
pub use error::{RegistrationError, Said};
pub use options::{Options, Progress, RETRIES, TIMEOUT, Tell};
pub use place::{is_loopback, is_private};
pub use prepared::{CredentialPlace, PreparedRequest, prepare};
pub use webhook::{Changes, Registration};
