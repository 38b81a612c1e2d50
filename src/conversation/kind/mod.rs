//! The kinds of things that are said, a file each: its fields and bounds, how it is written, what
//! a reader sees of it. A new one is a file and a line in [`KINDS`].

pub mod circle;
mod definition;
pub mod leave;
pub mod newer;
pub mod profile;
pub mod text;

pub use self::definition::Kind;
use crate::protocol::body::Fields;

/// Every kind that this version knows.
pub const KINDS: &[&Kind] = &[&text::KIND, &profile::KIND, &circle::KIND, &leave::KIND];

/// Grows with each change of what is known, or of what is read from a body: what a database holds
/// of another version is read again.
pub const VERSION: u64 = 1;

/// What pages see as the kind of a body that cannot be read.
pub const UNREADABLE: &str = "unreadable";

/// A body as a reader finds it: never a reason to refuse an entry.
#[derive(Debug, Clone)]
pub enum Reading {
    /// Understood: its kind, and the text to show.
    Known(&'static Kind, String),
    /// A kind of a newer version.
    Newer(newer::Newer),
    /// Not JSON with a kind, or a known kind without its fields.
    Unreadable,
}

/// The kind of this name.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// Reads a body.
pub fn read(body: &str) -> Reading {
    let Some(fields) = Fields::read(body) else { return Reading::Unreadable };
    match named(&fields.kind) {
        Some(kind) => {
            (kind.shown)(&fields).map_or(Reading::Unreadable, |text| Reading::Known(kind, text))
        }
        None => Reading::Newer(newer::read(fields)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_kinds_share_a_name_or_a_number() {
        let names: BTreeSet<_> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
        let numbers: Vec<_> = KINDS.iter().filter_map(|kind| kind.number).collect();
        let different: BTreeSet<_> = numbers.iter().chain([&newer::QUIET]).collect();
        assert_eq!(different.len(), numbers.len() + 1);
    }
}
