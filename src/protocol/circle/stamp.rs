//! Writing: catch up, then stamp.

use std::sync::Arc;

use super::super::archive::Write;
use super::super::body::Decision;
use super::super::entry::{Place, Run, Said};
use super::super::limits::{CATCH_UP_MS, RUN_BYTES_MAX, RUN_ENTRIES_MAX};
use super::super::packet::circle::Packet;
use super::super::planted::{self, Bug};
use super::{Circle, Now, Output};

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
pub(super) enum Gate {
    /// Just started: a link may come up.
    Starting { until: u64 },
    /// Knows others but has never spoken: waits for a link, however long.
    Newcomer,
    /// Linked: first takes what that peer holds.
    CatchingUp { until: u64 },
    /// Stamps.
    Open,
}

impl Circle {
    /// The first link after none: what its peer holds comes before what is written here.
    pub(super) fn gate_link_up(&mut self, now: Now) {
        if self.links.len() == 1 && !matches!(self.gate, Gate::CatchingUp { .. }) {
            self.gate = Gate::CatchingUp { until: now.mono + CATCH_UP_MS };
        }
    }

    pub(super) fn pass_gate(&mut self, now: Now) {
        let speechless = self.members[&self.me].head.is_none();
        let lonely =
            if speechless && self.settings.knows_others { Gate::Newcomer } else { Gate::Open };
        let next = match self.gate {
            Gate::Starting { until } if now.mono >= until => lonely,
            Gate::CatchingUp { .. } if self.links.is_empty() => lonely,
            Gate::CatchingUp { until } if now.mono >= until || self.caught_up() => Gate::Open,
            _ => return,
        };
        self.gate = next;
        if self.gate == Gate::Open {
            self.introduce_myself();
        }
    }

    /// The name that is held stays, unless the settings have another than the last one `named`.
    pub(super) fn choose_name(&mut self, named: Option<String>) {
        let held = &self.members[&self.me].name;
        if named.as_ref() != Some(&self.settings.name) {
            self.name_set = Some(self.settings.name.clone());
        } else if !held.is_empty() {
            self.settings.name.clone_from(held);
        }
    }

    /// A profile first, and again where the name has changed.
    fn introduce_myself(&mut self) {
        let me = &self.members[&self.me];
        if me.head.is_none() || (me.name != self.settings.name && !self.leaving) {
            let body = Decision::Profile(self.settings.name.clone()).encode();
            self.unsaid.push_front(Unsaid { token: None, body, reference: None });
        } else {
            self.writes.extend(self.name_set.take().map(Write::Named));
        }
    }

    /// Queues it; after `leave` nothing more is said.
    pub(super) fn say(&mut self, unsaid: Unsaid) {
        if self.leaving {
            return self.outputs.extend(unsaid.token.map(Output::Refused));
        }
        self.leaving = Decision::read(&unsaid.body) == Some(Decision::Leave);
        self.unsaid.push_back(unsaid);
    }

    /// Some peer's vector is held.
    fn caught_up(&self) -> bool {
        self.links.values().any(|link| {
            link.vector_complete
                && link.targets.iter().all(|(author, seq)| {
                    self.members
                        .get(author)
                        .is_some_and(|member| member.head_seq() >= *seq || member.dispute.is_some())
                })
        })
    }

    pub(super) fn gate_wake(&self) -> Option<u64> {
        match self.gate {
            Gate::Starting { until } | Gate::CatchingUp { until } => Some(until),
            Gate::Newcomer | Gate::Open => None,
        }
    }

    /// Stamps all that is unsaid as one run, unless one is still on its way to the disk: so what is
    /// written meanwhile shares the next signature.
    pub(super) fn stamp(&mut self, now: Now) {
        let me = self.me;
        let quiet = self.members[&me].fresh.is_empty();
        if self.gate != Gate::Open || !quiet || self.rolled_back || self.unsaid.is_empty() {
            return;
        }
        let (entries, taken) = self.next_entries(now);
        let head = self.members[&me].head;
        let prev = head.map(|head| head.hash);
        let top = self.top;
        let first = Place {
            author: me,
            seq: head.map_or(1, |head| head.seq + 1),
            prev,
            seen: top.map(|(_, hash)| hash).filter(|hash| Some(*hash) != prev),
            lamport: 1 + top.map_or(0, |(top, _)| top.lamport),
        };
        let run = Arc::new(Run::sign(first, entries, &self.key));
        debug_assert!(run.bytes() <= RUN_BYTES_MAX);
        if planted::is(Bug::SentBeforeCommit) {
            let peers: Vec<_> = self.links.keys().copied().collect();
            peers.into_iter().for_each(|peer| self.send(peer, Packet::Message(run.clone())));
        }
        self.extend_log(run, now);
        // With the profile, which stands before all else: one is not kept without the other.
        self.writes.extend(self.name_set.take().map(Write::Named));
        for (seq, unsaid) in (first.seq..).zip(taken) {
            self.said.extend(unsaid.token.map(|token| (token, seq)));
            let sent = unsaid.reference.map(|reference| Write::Sent { reference, seq });
            self.writes.extend(sent);
        }
    }

    fn next_entries(&mut self, now: Now) -> (Vec<Said>, Vec<Unsaid>) {
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
