//! What a text must be to be sent.

use std::fmt;

use super::{Measure, TextTooLong, measure};

/// A text that may be sent, with its measure.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    text: String,
    measure: Measure,
}

/// Why a text may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBody {
    #[error("the text is empty")]
    Empty,
    #[error(transparent)]
    TooLong(#[from] TextTooLong),
    /// NUL ends a string for many carriers. The position counts characters from 0.
    #[error("the text has a NUL character at position {position}")]
    Nul { position: usize },
}

impl Body {
    /// Takes the text as it is, white space included; only white space is no text.
    ///
    /// Of the control characters NUL alone is refused. Line breaks and form feed
    /// are in GSM-7; a tab and the others make the text UCS-2, as its offenders
    /// show, and arrive as they were sent.
    pub fn parse(text: &str) -> Result<Self, InvalidBody> {
        if text.trim().is_empty() {
            return Err(InvalidBody::Empty);
        }
        if let Some(position) = text.chars().position(|character| character == '\0') {
            return Err(InvalidBody::Nul { position });
        }
        Ok(Self { text: text.to_owned(), measure: measure(text)? })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub const fn measure(&self) -> Measure {
        self.measure
    }
}

/// Shows the length only: texts are in no log.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} characters)", self.measure.characters)
    }
}
