//! The circles of a home, and the group keys that open them.

use std::collections::BTreeMap;
use std::fmt;

use crate::seal::GroupKey;

/// A circle's number: which of a home's circles it is. No other node is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CircleId(pub u32);

impl CircleId {
    /// The circle of the settings: meant where none is named.
    pub const FIRST: CircleId = CircleId(1);
}

impl fmt::Display for CircleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The group keys of all circles of a home. Whoever needs one looks it up then and there, since
/// they may change while the home runs.
#[derive(Debug, Clone, Default)]
pub struct Keyring(BTreeMap<CircleId, Vec<GroupKey>>);

impl Keyring {
    /// These are the circle's keys from now on: the first to speak with, all to listen with.
    ///
    /// # Panics
    /// Without a key: nobody could speak in it.
    pub fn put(&mut self, circle: CircleId, keys: Vec<GroupKey>) {
        assert!(!keys.is_empty(), "a circle has a group key");
        self.0.insert(circle, keys);
    }

    /// The circle's keys, the one to speak with first; none where the circle is not here.
    pub fn of(&self, circle: CircleId) -> &[GroupKey] {
        self.0.get(&circle).map_or(&[], Vec::as_slice)
    }

    /// All keys, each with its circle.
    pub fn all(&self) -> impl Iterator<Item = (CircleId, &GroupKey)> {
        self.0.iter().flat_map(|(circle, keys)| keys.iter().map(|key| (*circle, key)))
    }
}
