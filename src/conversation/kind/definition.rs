//! What a kind is.

use crate::protocol::body::Fields;

/// One kind of thing that is said.
#[derive(Debug)]
pub struct Kind {
    /// `kind` in the body, and in the message that pages see.
    pub name: &'static str,
    /// Its number in the database, where something looks for it there; never given to another.
    pub number: Option<i64>,
    /// The text that a reader sees; none where the body lacks a field.
    pub(super) shown: fn(&Fields) -> Option<String>,
    /// What happened, in words behind the author's name, for a line of a terminal: of the entry's
    /// place in its log, and its text. None: a message, of which the text itself is shown.
    pub told: Option<fn(u64, &str) -> String>,
}
