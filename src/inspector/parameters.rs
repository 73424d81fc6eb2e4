//! The query of a call. What a call does not know is an error, never ignored.

use std::str::FromStr;

use super::answer::Refused;

/// Names and values, decoded, in their order.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// Takes the one value of a name out.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<String>, Refused> {
        let mut values = self.take_all(name).into_iter();
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refused::invalid(format!("`{name}` is given more than once"))),
        }
    }

    /// Takes all values of a name out.
    pub(super) fn take_all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(known, _)| known == name).map(|(_, value)| value).collect()
    }

    /// The same as a number or another thing that can be read; `expected` says what.
    pub(super) fn take_as<T: FromStr>(&mut self, name: &str, expected: &str) -> Result<Option<T>, Refused> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let value = text.parse().map_err(|_| Refused::invalid(format!("`{name}={text}`: that is not {expected}")));
        value.map(Some)
    }

    /// `true` or `false`; false where it is not given.
    pub(super) fn take_flag(&mut self, name: &str) -> Result<bool, Refused> {
        Ok(self.take_as(name, "true or false")?.unwrap_or(false))
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Refused> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Refused::invalid(format!("unknown parameter `{name}`"))
                .hint("/api/openapi.json describes what each call takes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ignored() {
        let mut parameters = Parameters::parse(Some("limit=5&event=a%20b&event=c&fold=true&x=1"));
        assert_eq!(parameters.take_as::<u64>("limit", "a number").unwrap(), Some(5));
        assert_eq!(parameters.take_all("event"), ["a b", "c"]);
        assert!(parameters.take_flag("fold").unwrap() && !parameters.take_flag("none").unwrap());
        assert_eq!(parameters.end().unwrap_err().message, "unknown parameter `x`");
        let mut twice = Parameters::parse(Some("limit=1&limit=2"));
        assert!(twice.take("limit").is_err());
        let mut wrong = Parameters::parse(Some("limit=x"));
        assert_eq!(wrong.take_as::<u64>("limit", "a number").unwrap_err().message, "`limit=x`: that is not a number");
    }
}
