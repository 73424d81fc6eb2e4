//! A value that can be given in three ways: itself, or the variable or the file that holds it.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;

/// The one way that counts most. What is typed counts before the environment, and that before a file,
/// whichever of the flags it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    /// In an environment variable.
    pub(crate) env: Option<String>,
    /// In a file.
    pub(crate) file: Option<PathBuf>,
    /// The value itself.
    pub(crate) value: Option<String>,
    is_typed: bool,
}

impl Given {
    /// Chooses among what `--NAME-env`, `--NAME-file` and `--NAME` hold.
    pub(super) fn choose(
        matches: &ArgMatches,
        name: &str,
        env: Option<String>,
        file: Option<PathBuf>,
        value: Option<String>,
    ) -> Self {
        let ids = [format!("{name}_env"), format!("{name}_file"), name.to_owned()];
        let weights = ids.map(|id| weight(matches.value_source(&id)));
        let most = weights.into_iter().max().unwrap_or_default();
        let [is_env, is_file, is_own] = weights.map(|weight| weight == most);
        Self {
            env: env.filter(|_| is_env),
            file: file.filter(|_| is_file),
            value: value.filter(|_| is_own),
            is_typed: most == weight(Some(ValueSource::CommandLine)),
        }
    }

    /// The same where the first two flags can be repeated: all of those that count most, in the order they were
    /// typed in.
    pub(super) fn choose_all(
        matches: &ArgMatches,
        name: &str,
        env: Vec<String>,
        file: Vec<PathBuf>,
        value: Option<String>,
    ) -> Vec<Self> {
        let ids = [format!("{name}_env"), format!("{name}_file"), name.to_owned()];
        let weights = ids.clone().map(|id| weight(matches.value_source(&id)));
        let most = weights.into_iter().max().unwrap_or_default();
        let is_typed = most == weight(Some(ValueSource::CommandLine));
        let places =
            |at: usize| matches.indices_of(&ids[at]).into_iter().flatten().filter(move |_| weights[at] == most);
        let variables = places(0).zip(env).map(|(at, env)| (at, Self { env: Some(env), is_typed, ..Self::default() }));
        let files = places(1).zip(file).map(|(at, file)| (at, Self { file: Some(file), is_typed, ..Self::default() }));
        let own =
            places(2).zip(value).map(|(at, value)| (at, Self { value: Some(value), is_typed, ..Self::default() }));
        let mut all: Vec<(usize, Self)> = variables.chain(files).chain(own).collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, given)| given).collect()
    }

    /// Whether it stands on the command line, in whatever way.
    pub(crate) fn is_typed(&self) -> bool {
        self.is_typed && self.is_given()
    }

    /// Whether the value itself stands on the command line, where others can see it.
    pub(crate) fn is_visible(&self) -> bool {
        self.is_typed && self.env.is_none() && self.file.is_none() && self.value.is_some()
    }

    /// Whether it is given in any way.
    pub(crate) fn is_given(&self) -> bool {
        self.env.is_some() || self.file.is_some() || self.value.is_some()
    }
}

fn weight(source: Option<ValueSource>) -> u8 {
    match source {
        Some(ValueSource::CommandLine) => 3,
        Some(ValueSource::EnvVariable) => 2,
        Some(_) => 1,
        None => 0,
    }
}
