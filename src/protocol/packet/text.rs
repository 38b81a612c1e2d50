//! The text of a packet before its tag's file reads it, and why it may not be taken.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::error::Category;

use super::super::entry::BadRun;
use super::super::json::{Object, OutOfBounds, scan};

/// A packet that is not taken: always the sender's fault.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// No text that is read.
    #[error(transparent)]
    Bounds(#[from] OutOfBounds),
    /// Not the JSON of its tag. Its words are not serde's, which repeat the value: it may be a
    /// text, or fill the log.
    #[error("not a packet: {} at column {}", fault(.0), .0.column())]
    Json(#[from] serde_json::Error),
    /// A list longer than its limit.
    #[error("too many {0} in one packet")]
    TooMany(&'static str),
    /// A receipt that names an author of which nothing is stored or read.
    #[error("a receipt with a 0 in it")]
    NothingReached,
    /// A run that is not one.
    #[error("a run that is not one: {0}")]
    Run(#[from] BadRun),
}

fn fault(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        Category::Data => "a field is missing or of another kind",
        Category::Eof => "it is cut off",
        Category::Syntax | Category::Io => "no JSON",
    }
}

/// A packet's text, within the bounds of all JSON, of which only tag and number are read: what is
/// out of turn, or of a tag that nobody here knows, costs no more.
#[derive(Debug)]
pub struct Text<'a> {
    /// Whose file reads the rest.
    pub tag: Cow<'a, str>,
    /// The packet's number on its link.
    pub n: u64,
    json: &'a str,
}

impl<'a> Text<'a> {
    /// The text in what a token held. Fields may stand in any order.
    ///
    /// # Errors
    /// [`PacketError`].
    pub fn of(opened: &'a [u8]) -> Result<Text<'a>, PacketError> {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(borrow)]
            tag: Cow<'a, str>,
            n: u64,
        }
        let json = scan(opened)?;
        let Object(Head { tag, n }) = serde_json::from_str(json)?;
        Ok(Text { tag, n, json })
    }

    /// The fields that `T` names; others are ignored.
    pub(super) fn fields<T: Deserialize<'a>>(&self) -> Result<T, PacketError> {
        let Object(fields) = serde_json::from_str(self.json)?;
        Ok(fields)
    }
}
