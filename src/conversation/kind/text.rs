//! `text`: a message.

use serde::Deserialize;
use serde_json::json;

use super::definition::Kind;
use crate::protocol::body::Fields;
use crate::protocol::limits::TEXT_MAX;

/// A message; the field `text` is what was written.
pub const KIND: Kind = Kind { name: "text", number: None, shown, told: None };

fn shown(fields: &Fields) -> Option<String> {
    #[derive(Deserialize)]
    struct Text {
        text: String,
    }
    fields.get().map(|Text { text }| text)
}

/// Why a text cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing but white space.
    #[error("the text is empty; write something first")]
    Empty,
    /// Above [`TEXT_MAX`].
    #[error("the text has {0} bytes, at most {TEXT_MAX} fit; send it in parts")]
    TooLong(usize),
}

/// Checks a text that somebody wants to send.
///
/// # Errors
/// Empty or too long: the writer's to mend.
pub fn check(text: &str) -> Result<(), BadText> {
    match text.len() {
        _ if text.trim().is_empty() => Err(BadText::Empty),
        bytes if bytes > TEXT_MAX => Err(BadText::TooLong(bytes)),
        _ => Ok(()),
    }
}

/// The body of a message.
pub fn body(text: &str) -> String {
    json!({"kind": KIND.name, "text": text}).to_string()
}
