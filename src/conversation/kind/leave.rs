//! `leave`: an author's last entry.

use super::definition::Kind;
use crate::protocol::body::LEAVE;

/// Without fields: its author is gone for good.
pub const KIND: Kind = Kind {
    name: LEAVE,
    number: Some(3),
    shown: |_| Some(String::new()),
    told: Some(|_, _| "left for good".to_owned()),
};
