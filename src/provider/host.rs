//! Names of hosts as a manifest writes them: `sns.*.amazonaws.com`.

use wildmatch::WildMatch;

/// A host name in which a star stands for (part of) one label: with `sns.*.amazonaws.com` the host
/// `sns.eu-west-1.amazonaws.com` is meant, and `sns.anyone.s3.amazonaws.com` is not.
#[derive(Debug, Clone)]
pub(super) struct HostGlob(Vec<WildMatch>);

impl HostGlob {
    /// Reads one; `None` where the last two labels are not fixed, since anybody could register a match.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let labels: Vec<&str> = text.split('.').collect();
        let fixed = labels.iter().rev().take_while(|label| !label.is_empty() && !label.contains(['*', '?'])).count();
        (fixed >= 2).then(|| Self(labels.iter().map(|label| WildMatch::new(label)).collect()))
    }

    /// Whether this host is meant.
    pub(super) fn matches(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let labels: Vec<&str> = host.split('.').collect();
        labels.len() == self.0.len() && self.0.iter().zip(labels).all(|(glob, label)| glob.matches(label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_no_more_than_a_label() {
        let glob = HostGlob::parse("sns.*.amazonaws.com").unwrap();
        assert!(glob.matches("sns.eu-west-1.amazonaws.com") && glob.matches("SNS.us-east-1.AMAZONAWS.com"));
        for host in
            ["sns.mine.s3.amazonaws.com", "sns.amazonaws.com", "sns.x.amazonaws.com.evil.test", "x.sns.a.amazonaws.com"]
        {
            assert!(!glob.matches(host), "{host}");
        }
    }

    #[test]
    fn the_registered_name_is_fixed() {
        for text in ["*", "*.com", "sns.*.com", "a.*", "com"] {
            assert!(HostGlob::parse(text).is_none(), "{text}");
        }
    }
}
