//! Names of hosts as manifests list them: `sns.*.amazonaws.com`. A `*` stands for text within one label, so that
//! nobody else's name fits (`sns.x.s3.amazonaws.com` is anyone's); alone at the beginning, `*.example.com`, it stands
//! for one label or more.

use url::{Host, Url};
use wildmatch::WildMatch;

/// A pattern of host names, with a port where it is not the usual one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HostGlob {
    text: Box<str>,
    labels: Vec<WildMatch>,
    port: Option<WildMatch>,
}

impl HostGlob {
    /// Compiles `NAME` or `NAME:PORT`; `None` where it does not say whose name it is: the last two labels are fixed,
    /// since anybody could register another.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(WildMatch::new(port))),
            None => (text, None),
        };
        let labels: Vec<&str> = name.split('.').collect();
        let is_label = |label: &&str| {
            let is_character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'*');
            !label.is_empty() && label.bytes().all(is_character)
        };
        let is_owned = labels.len() > 1 && labels.iter().rev().take(2).all(|label| !label.contains('*'));
        if !labels.iter().all(is_label) || !(is_owned || name == "localhost") {
            return None;
        }
        let labels = labels.iter().map(|label| WildMatch::new(&label.to_ascii_lowercase())).collect();
        Some(Self { text: text.into(), labels, port })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a name fits, label by label.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        let beyond = labels.len().checked_sub(self.labels.len());
        let fits = |labels: &[&str]| labels.iter().zip(&self.labels).all(|(label, own)| own.matches(label));
        !name.split('.').any(str::is_empty)
            && beyond.is_some_and(|beyond| (beyond == 0 || self.text.starts_with("*.")) && fits(&labels[beyond..]))
    }

    /// Whether a URL leads to such a host, at the right port.
    pub(crate) fn leads_to(&self, url: &Url) -> bool {
        let is_port = match (&self.port, url.port()) {
            (None, port) => port.is_none(),
            (Some(pattern), port) => {
                pattern.matches(&port.or(url.port_or_known_default()).unwrap_or_default().to_string())
            }
        };
        // An address fits only where it stands in the list as it is.
        let is_named = !matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) || !self.text.contains('*');
        is_port && is_named && url.host_str().is_some_and(|host| self.matches(host))
    }

    /// Whether it names one host and no family of them.
    pub(crate) fn is_literal(&self) -> bool {
        !self.text.split(':').next().unwrap_or_default().contains('*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_its_label() {
        let pattern = HostGlob::parse("sns.*.amazonaws.com").unwrap();
        for (url, fits) in [
            ("https://sns.eu-west-1.amazonaws.com/c.pem", true),
            ("https://SNS.EU-WEST-1.AMAZONAWS.COM/c.pem", true),
            ("https://sns.eu-west-1.amazonaws.com:443/c.pem", true),
            ("https://sns.eu-west-1.amazonaws.com:8443/c.pem", false),
            ("https://sns.x.s3.amazonaws.com/c.pem", false),
            ("https://sns.eu-west-1.amazonaws.com.evil.test/c.pem", false),
            ("https://sns.eu-west-1.amazonaws.com@evil.test/c.pem", false),
            ("https://evil.test/sns.eu-west-1.amazonaws.com", false),
            ("https://evil.test#sns.eu-west-1.amazonaws.com", false),
            ("https://sns.evil.test\\.amazonaws.com/c.pem", false),
            ("https://sns.eu-west-1.amazonaws.com./c.pem", false),
            ("https://sns..amazonaws.com/c.pem", false),
            ("https://x.sns.eu-west-1.amazonaws.com/c.pem", false),
            ("https://sns.amazonaws.com/c.pem", false),
        ] {
            let parsed = Url::parse(url);
            assert_eq!(parsed.is_ok_and(|url| pattern.leads_to(&url)), fits, "{url}");
        }
    }

    #[test]
    fn a_star_at_the_beginning_stands_for_all_below() {
        let pattern = HostGlob::parse("*.example.com").unwrap();
        for (name, fits) in [
            ("a.example.com", true),
            ("a.b.Example.com", true),
            ("example.com", false),
            (".example.com", false),
            ("a.example.com.evil.test", false),
            ("aexample.com", false),
        ] {
            assert_eq!(pattern.matches(name), fits, "{name}");
        }
    }

    #[test]
    fn a_pattern_says_whose_host_it_is() {
        for text in [
            "*",
            "*.com",
            "a.*",
            "sns.*.com",
            "com",
            "*.*.com",
            "a..com",
            "a?.b.com.d?",
            "",
            "a b.com",
            "user@a.com",
            "a.com/x",
        ] {
            assert!(HostGlob::parse(text).is_none(), "{text}");
        }
        for text in ["localhost:*", "api.example.com", "*.example.com", "127.0.0.1:*"] {
            assert!(HostGlob::parse(text).is_some(), "{text}");
        }
    }
}
