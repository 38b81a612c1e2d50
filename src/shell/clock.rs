//! The wall clock, read here and nowhere else. Nothing is ordered, accepted or expired by it.

use std::time::{Duration, SystemTime};

/// The first second, since 1970, of the year 10000.
const YEAR_10000: u64 = 253_402_300_800;

/// None before 1970.
#[allow(clippy::disallowed_methods)] // this is the one place
fn since_1970() -> Option<Duration> {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// Whether the clock stands in the years 1970 to 9999: hyper writes no other date, and panics.
pub fn is_usable() -> bool {
    usable(since_1970())
}

fn usable(since_1970: Option<Duration>) -> bool {
    since_1970.is_some_and(|since| since.as_secs() < YEAR_10000)
}

/// Milliseconds since 1970; 0 before.
pub fn wall_ms() -> u64 {
    u64::try_from(since_1970().unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970; 0 before.
pub fn wall_seconds() -> u64 {
    since_1970().unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_usable_in_the_years_that_http_can_write() {
        let seconds = |seconds| usable(Some(Duration::from_secs(seconds)));
        assert!(seconds(0) && seconds(1_795_359_600) && seconds(YEAR_10000 - 1));
        assert!(!seconds(YEAR_10000) && !usable(None));
    }
}
