//! What waits to be said here, and whether it may be: catch up first.

use std::collections::VecDeque;

use super::super::body::Decision;
use super::super::entry::Said;
use super::super::limits::{ALONE_MS, CATCH_UP_MS, RUN_BYTES_MAX, RUN_ENTRIES_MAX};
use super::step::Now;

/// Bytes set aside in a run for all but its entries.
const RUN_HEAD_BYTES: usize = 1_024;

/// Something to say that has no place in the order yet.
#[derive(Debug)]
pub(super) struct Unsaid {
    pub(super) token: Option<u64>,
    /// As it will be signed.
    pub(super) body: String,
    pub(super) reference: Option<String>,
}

/// Whether this node may stamp.
#[derive(Debug, PartialEq, Eq)]
enum Gate {
    /// Just started: a link may come up.
    Starting { until: u64 },
    /// Knows others but has never spoken: waits for a link, however long.
    Newcomer,
    /// Linked: first takes what that peer holds.
    CatchingUp { until: u64 },
    /// Stamps.
    Open,
}

/// What this member will say.
#[derive(Debug)]
pub(super) struct Outbox {
    gate: Gate,
    unsaid: VecDeque<Unsaid>,
    /// The name of the settings, until it is taken.
    name: Option<String>,
    /// `leave` was said: nothing may follow.
    leaving: bool,
    /// This identity has spoken elsewhere: it says nothing more.
    rolled_back: bool,
}

impl Outbox {
    pub(super) fn new(now: Now, left: bool, name: Option<String>) -> Outbox {
        let gate = Gate::Starting { until: now.mono + ALONE_MS };
        Outbox { gate, unsaid: VecDeque::new(), name, leaving: left, rolled_back: false }
    }

    /// The first link after none: what its peer holds comes before what is written here.
    pub(super) fn linked(&mut self, now: Now) {
        if !matches!(self.gate, Gate::CatchingUp { .. }) {
            self.gate = Gate::CatchingUp { until: now.mono + CATCH_UP_MS };
        }
    }

    /// Whether the gate has opened just now. A `newcomer` knows others and has never spoken.
    pub(super) fn pass_gate(
        &mut self,
        now: Now,
        newcomer: bool,
        linked: bool,
        caught_up: impl FnOnce() -> bool,
    ) -> bool {
        let lonely = if newcomer { Gate::Newcomer } else { Gate::Open };
        self.gate = match self.gate {
            Gate::Starting { until } if now.mono >= until => lonely,
            Gate::CatchingUp { .. } if !linked => lonely,
            Gate::CatchingUp { until } if now.mono >= until || caught_up() => Gate::Open,
            _ => return false,
        };
        self.gate == Gate::Open
    }

    /// When the gate opens by itself; none where it is open, or waits however long.
    pub(super) fn wake(&self) -> Option<u64> {
        match self.gate {
            Gate::Starting { until } | Gate::CatchingUp { until } => Some(until),
            Gate::Newcomer | Gate::Open => None,
        }
    }

    /// Queues it, unless a `leave` was said before.
    pub(super) fn say(&mut self, unsaid: Unsaid) -> Result<(), Unsaid> {
        if self.leaving {
            return Err(unsaid);
        }
        self.leaving = Decision::read(&unsaid.body) == Some(Decision::Leave);
        self.unsaid.push_back(unsaid);
        Ok(())
    }

    /// Queues a profile before all else.
    pub(super) fn say_first(&mut self, body: String) {
        self.unsaid.push_front(Unsaid { token: None, body, reference: None });
    }

    pub(super) fn leaving(&self) -> bool {
        self.leaving
    }

    /// The name of the settings, once: now it is taken.
    pub(super) fn take_name(&mut self) -> Option<String> {
        self.name.take()
    }

    /// Nothing more is said with this identity. Whether that is news.
    pub(super) fn roll_back(&mut self) -> bool {
        !std::mem::replace(&mut self.rolled_back, true)
    }

    /// Sends that wait.
    pub(super) fn len(&self) -> usize {
        self.unsaid.len()
    }

    /// Whether something waits that may be stamped.
    pub(super) fn may_stamp(&self) -> bool {
        self.gate == Gate::Open && !self.rolled_back && !self.unsaid.is_empty()
    }

    /// Takes as much as one run holds: its entries, and what they were asked with.
    pub(super) fn next_entries(&mut self, now: Now) -> (Vec<Said>, Vec<Unsaid>) {
        let (mut entries, mut taken) = (Vec::new(), Vec::new());
        let mut bytes = RUN_HEAD_BYTES;
        while let Some(unsaid) = self.unsaid.front() {
            let said = Said { at: now.wall, body: unsaid.body.clone() };
            let more = serde_json::to_string(&said).expect("plain data").len() + 1;
            if entries.len() == RUN_ENTRIES_MAX || bytes + more > RUN_BYTES_MAX {
                break;
            }
            bytes += more;
            entries.push(said);
            taken.extend(self.unsaid.pop_front());
        }
        (entries, taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> Unsaid {
        Unsaid { token: Some(1), body: body.to_owned(), reference: None }
    }

    fn at(mono: u64) -> Now {
        Now { mono, wall: 0 }
    }

    #[test]
    fn nothing_is_said_after_a_leave() {
        let mut outbox = Outbox::new(at(0), false, None);
        assert!(outbox.say(text(&Decision::Leave.encode())).is_ok());
        assert!(outbox.say(text("late")).is_err());
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn a_newcomer_without_a_link_waits_however_long_and_others_do_not() {
        let (mut newcomer, mut known) =
            (Outbox::new(at(0), false, None), Outbox::new(at(0), false, None));
        assert!(!newcomer.pass_gate(at(ALONE_MS), true, false, || false));
        assert!(known.pass_gate(at(ALONE_MS), false, false, || false));
        assert_eq!(newcomer.wake(), None);
        newcomer.linked(at(ALONE_MS));
        assert!(newcomer.pass_gate(at(ALONE_MS), true, true, || true), "its peer's log is held");
    }

    #[test]
    fn what_one_run_does_not_hold_waits_for_the_next() {
        let mut outbox = Outbox::new(at(0), false, None);
        let long = "a".repeat(RUN_BYTES_MAX / 3);
        for _ in 0..4 {
            outbox.say(text(&long)).expect("nobody has left");
        }
        assert_eq!(outbox.next_entries(at(0)).0.len(), 2);
        assert_eq!(outbox.next_entries(at(0)).1.len(), 2);
        assert_eq!(outbox.len(), 0);
    }

    #[test]
    fn whoever_has_spoken_elsewhere_says_nothing_more() {
        let mut outbox = Outbox::new(at(0), false, None);
        outbox.say(text("a")).expect("nobody has left");
        outbox.pass_gate(at(ALONE_MS), false, false, || false);
        assert!(outbox.may_stamp());
        assert!(outbox.roll_back() && !outbox.roll_back(), "told once");
        assert!(!outbox.may_stamp());
    }
}
