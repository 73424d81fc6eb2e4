//! `[provider.NAME.api]`: how a provider's registration API is reached, and as whom.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::secret::SecretOrigin;

/// The table as it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiTable {
    base_url: Option<Spanned<String>>,
    /// Any values, so that an error about their type does not repeat them.
    username: Option<Spanned<toml::Value>>,
    password: Option<Spanned<toml::Value>>,
    token: Option<Spanned<toml::Value>>,
    #[serde(default)]
    vars: Vars,
}

/// Values of the variables of an API: `{ subdomain = "acme" }`.
pub(super) type Vars = BTreeMap<String, Spanned<toml::Value>>;

/// What was wrong, and where.
pub(super) type Wrong = (std::ops::Range<usize>, &'static str);

/// A value, and the file that says so.
pub(crate) type Said<T> = (T, String);

/// What the configuration says of an API.
#[derive(Debug, Default)]
pub(crate) struct ApiSettings {
    /// The address, instead of the provider's own.
    pub(crate) base_url: Option<Said<String>>,
    /// The user name.
    pub(crate) username: Option<Said<UserName>>,
    /// Where the password is.
    pub(crate) password: Option<Said<SecretOrigin>>,
    /// Where the token is.
    pub(crate) token: Option<Said<SecretOrigin>>,
    /// Values of variables in addresses.
    pub(crate) vars: BTreeMap<String, Said<String>>,
}

/// A user name is no secret, so it may stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserName {
    /// The name itself.
    Plain(String),
    /// It is kept there.
    Kept(SecretOrigin),
}

impl UserName {
    fn parse(value: &toml::Value) -> Result<Self, &'static str> {
        match value.as_str() {
            Some(text) if SecretOrigin::is_place(text) => SecretOrigin::parse(value).map(Self::Kept),
            Some(text) if !text.is_empty() => Ok(Self::Plain(text.to_owned())),
            _ => Err("a user name is a text, or says where it is: \"env:NAME\", \"file:PATH\""),
        }
    }
}

impl ApiTable {
    /// Credentials must say where they are.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        for kept in [&self.password, &self.token].into_iter().flatten() {
            SecretOrigin::parse(kept.get_ref()).map_err(|problem| (kept.span(), problem))?;
        }
        if let Some(name) = &self.username {
            UserName::parse(name.get_ref()).map_err(|problem| (name.span(), problem))?;
        }
        if let Some(url) = &self.base_url
            && url::Url::parse(url.get_ref()).is_err()
        {
            return Err((url.span(), "this is not a URL (write https://host/path)"));
        }
        check_vars(&self.vars)
    }

    /// Adds what this table says where nothing before it did.
    pub(super) fn add_to(&self, settings: &mut ApiSettings, file: &Path) {
        let origin = file.display().to_string();
        let folder = file.parent();
        let said = |kept: &Option<Spanned<toml::Value>>| {
            let place = SecretOrigin::parse(kept.as_ref()?.get_ref()).ok()?;
            Some((place.relative_to(folder), origin.clone()))
        };
        let name = || match UserName::parse(self.username.as_ref()?.get_ref()).ok()? {
            UserName::Kept(place) => Some((UserName::Kept(place.relative_to(folder)), origin.clone())),
            plain @ UserName::Plain(_) => Some((plain, origin.clone())),
        };
        let base_url = || Some((self.base_url.as_ref()?.get_ref().clone(), origin.clone()));
        settings.base_url = settings.base_url.take().or_else(base_url);
        settings.username = settings.username.take().or_else(name);
        settings.password = settings.password.take().or_else(|| said(&self.password));
        settings.token = settings.token.take().or_else(|| said(&self.token));
        for (name, value) in texts(&self.vars) {
            settings.vars.entry(name).or_insert_with(|| (value, origin.clone()));
        }
    }
}

impl std::fmt::Display for UserName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("***"),
            Self::Kept(place) => place.fmt(f),
        }
    }
}

/// A number is as good as its text: ids of organisations often are numbers.
pub(super) fn check_vars(vars: &Vars) -> Result<(), Wrong> {
    let wrong = vars.values().find(|value| text(value.get_ref()).is_none_or(|text| text.is_empty()));
    wrong.map_or(Ok(()), |value| Err((value.span(), "the value of a variable is a text or a number")))
}

/// The variables as texts.
pub(super) fn texts(vars: &Vars) -> impl Iterator<Item = (String, String)> {
    vars.iter().filter_map(|(name, value)| Some((name.clone(), text(value.get_ref())?)))
}

fn text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::secret::NOT_THE_SECRET;

    fn table(text: &str) -> ApiTable {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn each_value_is_that_of_the_first_table_that_says_it() {
        let mut settings = ApiSettings::default();
        table("token = \"env:A\"\nvars = { org = 7 }").add_to(&mut settings, Path::new("/a/one.toml"));
        let second =
            "token = \"env:B\"\nusername = \"me\"\npassword = \"file:p\"\nvars = { org = \"x\", repo = \"y\" }";
        table(second).add_to(&mut settings, Path::new("/b/two.toml"));
        let (one, two) = ("/a/one.toml".to_owned(), "/b/two.toml".to_owned());
        assert_eq!(settings.token, Some((SecretOrigin::Variable("A".into()), one.clone())));
        assert_eq!(settings.username, Some((UserName::Plain("me".into()), two.clone())));
        assert_eq!(settings.password, Some((SecretOrigin::File("/b/p".into()), two.clone())));
        let vars = [("org".to_owned(), ("7".to_owned(), one)), ("repo".to_owned(), ("y".to_owned(), two))];
        assert_eq!(settings.vars, BTreeMap::from(vars));
    }

    #[test]
    fn credentials_themselves_are_refused_and_a_user_name_is_not() {
        for text in ["token = \"hunter2\"", "password = 2", "token = \"keyring:x\"", "password = \"keyring:/y\""] {
            assert_eq!(table(text).check().unwrap_err().1, NOT_THE_SECRET, "{text}");
        }
        for text in ["username = \"\"", "username = 3", "username = \"env:\"", "base_url = \"x\"", "vars = { a = [] }"]
        {
            assert!(table(text).check().is_err(), "{text}");
        }
        for text in
            ["username = \"me\"", "username = \"a:b\"", "token = \"keyring:a/b/c\"", "base_url = \"http://x/y\""]
        {
            assert!(table(text).check().is_ok(), "{text}");
        }
    }
}
