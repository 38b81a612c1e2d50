//! `profile`: an author's name; its first entry, and again when the name changes.

use super::definition::Kind;
use crate::protocol::body::PROFILE;
use crate::protocol::name::clean_name;

/// The field `name` is what its author is called from here on.
pub const KIND: Kind = Kind {
    name: PROFILE,
    number: Some(1),
    shown: |fields| fields.name().map(|name| clean_name(&name).unwrap_or_default()),
    told: Some(|seq, _| if seq == 1 { "joined" } else { "has this name now" }.to_owned()),
};
