//! What never falls, compared after each step with what it was before it. Of members only those are
//! looked at that the step has changed.

use std::collections::BTreeMap;

use super::super::super::id::NodeId;

/// Numbers of one member that never fall, each by its name.
pub(super) type Promised = [(&'static str, u64); 7];

/// Members that this step has changed, as they were before.
#[derive(Debug, Default)]
pub(super) struct Kept {
    before: BTreeMap<NodeId, Promised>,
    clock: u64,
}

impl Kept {
    /// The member is about to change: so it was until now.
    pub(super) fn note(&mut self, id: NodeId, promised: impl FnOnce() -> Promised) {
        self.before.entry(id).or_insert_with(promised);
    }

    /// Ends the step.
    ///
    /// # Panics
    ///
    /// Where something has fallen.
    pub(super) fn check(&mut self, now: impl Fn(&NodeId) -> Option<Promised>, clock: u64) {
        for (id, before) in std::mem::take(&mut self.before) {
            for ((name, before), (_, after)) in
                before.into_iter().zip(now(&id).into_iter().flatten())
            {
                assert!(before <= after, "{name} of {id:?} fell from {before} to {after}");
            }
        }
        let before = std::mem::replace(&mut self.clock, clock);
        assert!(before <= clock, "the committed clock fell from {before} to {clock}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: NodeId = NodeId([1; 32]);

    fn all_at(value: u64) -> Promised {
        ["count", "committed", "delivered", "shown", "here", "read", "shown"]
            .map(|name| (name, value))
    }

    fn step(before: u64, between: u64, after: u64) {
        let mut kept = Kept::default();
        kept.note(MEMBER, || all_at(before));
        kept.note(MEMBER, || all_at(between));
        kept.check(|id| (*id == MEMBER).then(|| all_at(after)), 1);
    }

    #[test]
    fn what_grows_or_stays_is_as_promised() {
        step(1, 1, 1);
        step(1, 2, 3);
    }

    #[test]
    #[should_panic(expected = "fell from 2 to 1")]
    fn what_is_less_than_before_the_step_has_fallen() {
        step(2, 1, 1);
    }

    #[test]
    #[should_panic(expected = "the committed clock fell from 2 to 1")]
    fn the_committed_clock_is_compared_over_all_steps() {
        let mut kept = Kept::default();
        kept.check(|_| None, 2);
        kept.check(|_| None, 1);
    }
}
