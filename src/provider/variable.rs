//! Values that a scheme signs though no request carries them: a webhook's id, an application's id, the public URL.

use std::collections::BTreeMap;

use super::manifest::VariableTable;
use crate::model::Request;

/// The variable that every provider has: the URL at which the provider sees the endpoint.
pub const PUBLIC_URL: &str = "public_url";

/// A variable that a manifest declares in `[variable.NAME]`.
#[derive(Debug, Clone)]
pub struct Variable {
    /// As it is written in `{var:NAME}` and `--var NAME=VALUE`.
    pub name: String,
    /// What it is and where its users find it.
    pub description: String,
    /// Environment variables in which its users keep it.
    pub env: Vec<String>,
    /// What it is unless given.
    pub default: Option<String>,
    /// A value of the right form.
    pub example: Option<String>,
}

impl Variable {
    pub(super) fn new(name: &str, table: &VariableTable) -> Self {
        Self {
            name: name.to_owned(),
            description: table.description.clone(),
            env: table.env.clone(),
            default: table.default.clone(),
            example: table.example.clone(),
        }
    }
}

/// The values of a provider's variables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given(BTreeMap<Box<str>, Box<str>>);

impl Given {
    pub(crate) const NONE: &'static Self = &Self(BTreeMap::new());

    /// What counts before anything is given.
    pub(super) fn defaults(variables: &[Variable]) -> Self {
        let default = |variable: &Variable| Some((variable.name.as_str().into(), variable.default.as_deref()?.into()));
        Self(variables.iter().filter_map(default).collect())
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.into(), value.into());
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| &**value)
    }

    /// The URL of this request as the provider sees it, where a public URL is given. One without a path is a
    /// scheme and a host: the request's own path follows. One with a path is the endpoint, to which a query belongs.
    pub(super) fn public_url(&self, request: &Request) -> Option<String> {
        let given = self.get(PUBLIC_URL)?;
        let has_path = given.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'));
        if !has_path {
            let path = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            return Some(format!("{}{path}", given.trim_end_matches('/')));
        }
        match request.uri.query() {
            Some(query) if !given.contains('?') => Some(format!("{given}?{query}")),
            _ => Some(given.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn seen(given: &str, target: &str) -> String {
        let mut values = Given::default();
        values.set(PUBLIC_URL, given);
        values.public_url(&Request { uri: target.parse().unwrap(), ..Request::default() }).unwrap()
    }

    #[test]
    fn a_public_host_keeps_the_path_and_a_public_endpoint_the_query() {
        assert_eq!(seen("https://a.test", "/in?x=1"), "https://a.test/in?x=1");
        assert_eq!(seen("https://a.test/", "/in"), "https://a.test/in");
        assert_eq!(seen("https://a.test/hooks", "/in?x=1"), "https://a.test/hooks?x=1");
        assert_eq!(seen("https://a.test/hooks?k=v", "/in?x=1"), "https://a.test/hooks?k=v");
        assert_eq!(seen("https://a.test/hooks", "/in"), "https://a.test/hooks");
    }
}
