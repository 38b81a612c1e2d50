//! Log lines that strangers can cause: a few a minute, the rest counted, or they could fill a disk.

use std::time::Duration;

use tokio::time::Instant;

/// Lines written in one [`WINDOW`].
const LINES_MAX: u32 = 10;
/// What lines are counted in.
const WINDOW: Duration = Duration::from_secs(60);

/// Says which lines are written.
#[derive(Debug)]
pub(super) struct Seldom {
    began: Instant,
    lines: u32,
    unwritten: u64,
}

impl Seldom {
    pub(super) fn new(now: Instant) -> Seldom {
        Seldom { began: now, lines: 0, unwritten: 0 }
    }

    /// How many lines were left out before this one; none where it is left out too.
    pub(super) fn line(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.began) >= WINDOW {
            (self.began, self.lines) = (now, 0);
        }
        if self.lines == LINES_MAX {
            self.unwritten += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.unwritten))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_writes_a_few_lines_a_minute_and_says_how_many_it_left_out() {
        let start = Instant::now();
        let mut seldom = Seldom::new(start);
        let written = (0..10_000).filter_map(|_| seldom.line(start)).collect::<Vec<_>>();
        assert_eq!(written, [0; LINES_MAX as usize]);
        assert_eq!(seldom.line(start + WINDOW), Some(10_000 - u64::from(LINES_MAX)));
        assert_eq!(seldom.line(start + WINDOW), Some(0));
    }
}
