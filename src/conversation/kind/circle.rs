//! `circle`: the circle's name; the last in order counts.

use super::definition::Kind;
use crate::protocol::body::CIRCLE;
use crate::protocol::name::clean_name;

/// The field `name` is what the circle is called from here on.
pub const KIND: Kind = Kind {
    name: CIRCLE,
    number: Some(2),
    shown: |fields| fields.name().map(|name| clean_name(&name).unwrap_or_default()),
    told: Some(|_, name| format!("named the circle {name}").trim_end().to_owned()),
};
