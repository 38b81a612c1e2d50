//! Kinds of newer versions: kept, ordered and passed on like all others.

use serde::Deserialize;

use crate::protocol::body::Fields;
use crate::protocol::id::Hash;

/// The number in the database of what is only told under its target.
pub const QUIET: i64 = 4;

/// Something that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newer {
    /// Its kind.
    pub kind: String,
    /// The entry that it is about, where it says that it is no row of its own: `to` with a hash,
    /// and `quiet` true.
    pub about: Option<Hash>,
}

pub(super) fn read(fields: Fields) -> Newer {
    #[derive(Deserialize)]
    struct Quiet {
        to: Hash,
        quiet: bool,
    }
    let about = fields.get().and_then(|Quiet { to, quiet }| quiet.then_some(to));
    Newer { kind: fields.kind, about }
}

#[cfg(test)]
mod tests {
    use super::super::{Reading, read};
    use super::*;

    #[test]
    fn only_what_says_so_and_names_its_target_is_quiet() {
        let to = "ab".repeat(32);
        let about = |body: &str| match read(body) {
            Reading::Newer(newer) => newer.about,
            other => panic!("{body} is {other:?}"),
        };
        let quiet = format!(r#"{{"quiet":true,"x":[1],"to":"{to}","kind":"react"}}"#);
        assert_eq!(about(&quiet), Some(Hash([0xab; 32])));
        for loud in [
            format!(r#"{{"kind":"react","to":"{to}"}}"#),
            format!(r#"{{"kind":"react","to":"{to}","quiet":false}}"#),
            format!(r#"{{"kind":"react","to":"{to}","quiet":1}}"#),
            format!(r#"{{"kind":"react","to":"{to}","to":"{to}","quiet":true}}"#),
            r#"{"kind":"react","to":"ab","quiet":true}"#.to_owned(),
            r#"{"kind":"react","quiet":true}"#.to_owned(),
        ] {
            assert_eq!(about(&loud), None, "{loud}");
        }
    }
}
