//! One step: when it is, and what is committed by then.

use super::super::archive::Archive;

/// The time, as the driver sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds on a clock that never goes back; the only one that decides anything.
    pub mono: u64,
    /// Milliseconds since 1970 on the wall, for people to read.
    pub wall: u64,
}

/// What one step of the circle sees of the world.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) now: Now,
    pub(super) archive: &'a dyn Archive,
}
