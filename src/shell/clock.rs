//! The wall clock, read here and nowhere else. Nothing is ordered, accepted or expired by it.

use std::time::{Duration, SystemTime};

#[allow(clippy::disallowed_methods)] // this is the one place
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Milliseconds since 1970; 0 before.
pub fn wall_ms() -> u64 {
    u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970; 0 before.
pub fn wall_seconds() -> u64 {
    since_1970().as_secs()
}
