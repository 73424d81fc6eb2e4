//! What can be wrong with a filter, and what to write instead.

/// A filter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A condition names no place.
    #[error("`{condition}`: {problem}")]
    Condition {
        /// As typed.
        condition: String,
        /// What is wrong.
        problem: String,
    },
    /// A comparison of numbers with something else.
    #[error("`{0}` compares with something that is no number")]
    NotNumber(String),
    /// A word of the text language that means nothing.
    #[error("`{word}`: {problem}")]
    Word {
        /// As typed.
        word: String,
        /// What is wrong.
        problem: String,
        /// What to write instead.
        cure: String,
    },
    /// A part of a filter that is there and says nothing.
    #[error("{0} is empty")]
    Empty(&'static str),
}

impl FilterError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Condition { .. } | Self::NotNumber(_) => {
                "write PLACE=VALUE, such as json:/data/id=42 or header:X-Topic=orders (operators: = != ~ > >= < <=)"
                    .into()
            }
            Self::Word { cure, .. } => cure.clone(),
            Self::Empty(_) => "leave it out to select all".into(),
        }
    }
}
