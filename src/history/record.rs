//! An event with everything that belongs to it, as it leaves the history or comes into it.

use crate::model::{Attempt, Event};

/// An event with its deliveries.
#[derive(Debug, Clone)]
pub struct Record {
    /// The event.
    pub event: Event,
    /// Every attempt to send it on, in the order in which they ended.
    pub deliveries: Vec<Attempt>,
    /// Targets that have still to get it.
    pub waiting: Vec<String>,
}

impl Record {
    /// Where the request went: the host that its sender named, with its path and query. The scheme is
    /// not known: a listener receives plain HTTP, whatever stands before it.
    pub fn url(&self) -> String {
        let request = &self.event.request;
        let path = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let host =
            request.header("host").filter(|host| !host.contains('@') && host.parse::<http::uri::Authority>().is_ok());
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("http://{}{slash}{path}", host.unwrap_or("localhost"))
    }
}
