//! stub

mod credentials;
pub mod lease;
pub mod plan;

pub use credentials::Credentials;
