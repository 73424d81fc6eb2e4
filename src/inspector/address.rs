//! Where the inspector listens: as it is typed.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// Tried in this order where no port is named; other tools like the first one too.
pub const DEFAULT_PORTS: RangeInclusive<u16> = 4040..=4049;
/// Nobody but this machine.
const DEFAULT_HOST: &str = "127.0.0.1";

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an address.
    pub host: String,
    /// 0 takes a free one; `None` one of [`DEFAULT_PORTS`].
    pub port: Option<u16>,
}

/// Text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address: write 4040, 127.0.0.1:4040 or [::1]:4040")]
pub struct AddressError(String);

impl Default for Address {
    fn default() -> Self {
        Self { host: DEFAULT_HOST.to_owned(), port: None }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads `4040`, `:4040`, `localhost`, `127.0.0.1:4040`, `[::1]:4040`; `true` or nothing is the default.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() || text == "true" {
            return Ok(Self::default());
        }
        let invalid = || AddressError(text.to_owned());
        let port = |digits: &str| digits.parse().map(Some).map_err(|_| invalid());
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self { port: port(text)?, ..Self::default() });
        }
        if text.parse::<std::net::Ipv6Addr>().is_ok() {
            return Ok(Self { host: text.to_owned(), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, digits)) if !digits.ends_with(']') => (host, port(digits)?),
            _ => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_strange = |character: char| !character.is_ascii_alphanumeric() && !"-._".contains(character);
        match bare {
            Some(bare) if bare.parse::<std::net::Ipv6Addr>().is_err() => Err(invalid()),
            None if host.contains(is_strange) => Err(invalid()),
            // What a variable says that is to turn it off names no host.
            _ if host == "false" => Err(invalid()),
            _ if host.is_empty() => Ok(Self { port, ..Self::default() }),
            _ => Ok(Self { host: bare.unwrap_or(host).to_owned(), port }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_short() {
        for (text, host, port) in [
            ("", "127.0.0.1", None),
            ("true", "127.0.0.1", None),
            ("4041", "127.0.0.1", Some(4041)),
            (":4041", "127.0.0.1", Some(4041)),
            ("0", "127.0.0.1", Some(0)),
            ("localhost", "localhost", None),
            ("localhost:0", "localhost", Some(0)),
            ("127.0.0.2:4040", "127.0.0.2", Some(4040)),
            ("[::1]:4040", "::1", Some(4040)),
            ("[::1]", "::1", None),
            ("::1", "::1", None),
        ] {
            assert_eq!(text.parse(), Ok(Address { host: host.to_owned(), port }), "{text}");
        }
        for text in ["99999", "http://127.0.0.1:4040", "localhost:port", "a b:1", "[x]:1", "false", "127.0.0.1:4040/"] {
            assert_eq!(text.parse::<Address>(), Err(AddressError(text.to_owned())), "{text}");
        }
    }
}
