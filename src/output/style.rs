//! Colours: whether there are any, and which thing has which.

use std::sync::Once;

use colored::{Color, Colorize};

/// What `--color` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// Colours when the stream is a terminal and the environment does not say otherwise.
    #[default]
    Auto,
    /// Colours, also into a pipe.
    Always,
    /// No colours.
    Never,
}

impl ColorChoice {
    /// Decides for one stream. The variables are taken as found in the environment: `NO_COLOR`
    /// (<https://no-color.org>) counts when it is not empty, `CLICOLOR_FORCE`
    /// (<https://bixense.com/clicolors/>) when it is neither empty nor `0`.
    pub fn resolve(self, no_color: Option<&str>, clicolor_force: Option<&str>, is_terminal: bool) -> bool {
        let forbidden = no_color.is_some_and(|value| !value.is_empty());
        let forced = clicolor_force.is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => !forbidden && (forced || is_terminal),
        }
    }
}

/// What a piece of output is; the palette knows how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A valid signature, a 2xx.
    Good,
    /// An invalid signature, a failure.
    Bad,
    /// Something to look at.
    Warning,
    /// Of less interest.
    Dim,
    /// Of more interest.
    Strong,
    /// The name of a field.
    Key,
    /// A string value.
    Text,
    /// A number.
    Number,
    /// `true`, `false`, `null`.
    Literal,
}

/// Paints text, or leaves it plain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Palette {
    colors: bool,
}

impl Palette {
    /// A palette that paints nothing.
    pub const PLAIN: Self = Self { colors: false };

    /// A palette with or without colours.
    pub fn new(colors: bool) -> Self {
        if colors {
            // `colored` asks its own global switch on every write; here the palette is the switch.
            static SWITCH_ON: Once = Once::new();
            SWITCH_ON.call_once(|| colored::control::set_override(true));
        }
        Self { colors }
    }

    /// `text` as it looks in this role. The text must be clean already.
    pub fn paint(self, role: Role, text: &str) -> String {
        if !self.colors || text.is_empty() {
            return text.to_owned();
        }
        match role {
            Role::Good => text.color(Color::Green),
            Role::Bad => text.color(Color::Red),
            Role::Warning => text.color(Color::Yellow),
            Role::Dim => text.dimmed(),
            Role::Strong => text.bold(),
            Role::Key => text.color(Color::Blue),
            Role::Text => text.color(Color::Green),
            Role::Number => text.color(Color::Cyan),
            Role::Literal => text.color(Color::Magenta),
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_the_environment() {
        assert!(ColorChoice::Always.resolve(Some("1"), None, false));
        assert!(!ColorChoice::Never.resolve(None, Some("1"), true));
    }

    #[test]
    fn auto_follows_the_terminal_unless_the_environment_speaks() {
        let auto = |no_color, force, terminal| ColorChoice::Auto.resolve(no_color, force, terminal);
        assert!(auto(None, None, true) && !auto(None, None, false));
        assert!(!auto(Some("1"), None, true) && !auto(Some("1"), Some("1"), true));
        assert!(auto(Some(""), None, true));
        assert!(auto(None, Some("1"), false));
        assert!(!auto(None, Some("0"), false) && !auto(None, Some(""), false));
    }

    #[test]
    fn a_plain_palette_adds_nothing() {
        assert_eq!(Palette::PLAIN.paint(Role::Bad, "x"), "x");
        assert_eq!(Palette::new(true).paint(Role::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
