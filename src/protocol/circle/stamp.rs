//! Writing: catch up, then stamp.

use std::sync::Arc;

use super::super::archive::Write;
use super::super::body::Decision;
use super::super::entry::{Place, Run};
use super::super::id::NodeId;
use super::super::limits::RUN_BYTES_MAX;
use super::super::packet::circle::Packet;
use super::super::planted::{self, Bug};
use super::Circle;
use super::driver::{Output, Settings};
use super::members::{Member, Members};
use super::outbox::Unsaid;
use super::peers::Peers;
use super::step::Now;

/// The name that is to be taken, where the settings have another than the last one `named`; if not,
/// the name that is held stays.
pub(super) fn name_to_take(
    settings: &mut Settings,
    named: Option<String>,
    held: &str,
) -> Option<String> {
    if named.as_ref() != Some(&settings.name) {
        return Some(settings.name.clone());
    }
    if !held.is_empty() {
        held.clone_into(&mut settings.name);
    }
    None
}

/// Some peer's vector is held.
fn caught_up(peers: &Peers, members: &Members) -> bool {
    let holds = |author: &NodeId, seq| {
        let holds = |member: &Member| member.head_seq() >= seq || member.dispute.is_some();
        members.get(author).is_some_and(holds)
    };
    peers.values().any(|link| link.hints.is_caught_up_with(holds))
}

impl Circle {
    pub(super) fn pass_gate(&mut self, now: Now) {
        let (peers, members) = (&self.peers, &self.members);
        let newcomer = members.own().head.is_none() && self.settings.knows_others;
        let held = || caught_up(peers, members);
        if self.outbox.pass_gate(now, newcomer, !peers.is_empty(), held) {
            self.introduce_myself();
        }
    }

    /// A profile first, and again where the name has changed.
    fn introduce_myself(&mut self) {
        let me = self.members.own();
        if me.head.is_none() || (me.name != self.settings.name && !self.outbox.leaving()) {
            self.outbox.say_first(Decision::Profile(self.settings.name.clone()).encode());
        } else {
            self.batches.write_all(self.outbox.take_name().map(Write::Named));
        }
    }

    /// Queues it; after `leave` nothing more is said.
    pub(super) fn say(&mut self, unsaid: Unsaid) {
        if let Err(late) = self.outbox.say(unsaid) {
            self.outputs.extend(late.token.map(Output::Refused));
        }
    }

    /// This identity has spoken elsewhere: the driver is told once.
    pub(super) fn roll_back(&mut self) {
        if self.outbox.roll_back() {
            self.outputs.push(Output::RolledBack);
        }
    }

    /// Stamps all that is unsaid as one run, unless one is still on its way to the disk: so what is
    /// written meanwhile shares the next signature.
    pub(super) fn stamp(&mut self, now: Now) {
        if !self.outbox.may_stamp() || self.members.own().has_fresh() {
            return;
        }
        let (entries, taken) = self.outbox.next_entries(now);
        let head = self.members.own().head;
        let prev = head.map(|head| head.hash);
        let top = self.members.top();
        let first = Place {
            author: self.me,
            seq: head.map_or(1, |head| head.seq + 1),
            prev,
            seen: top.map(|(_, hash)| hash).filter(|hash| Some(*hash) != prev),
            lamport: 1 + top.map_or(0, |(top, _)| top.lamport),
        };
        let run = Arc::new(Run::sign(first, entries, &self.key));
        debug_assert!(run.bytes() <= RUN_BYTES_MAX);
        if planted::is(Bug::SentBeforeCommit) {
            for peer in self.peers.ids() {
                self.send(peer, Packet::Message(run.clone()));
            }
        }
        self.extend_log(run, now);
        // With the profile, which stands before all else: one is not kept without the other.
        self.batches.write_all(self.outbox.take_name().map(Write::Named));
        for (seq, unsaid) in (first.seq..).zip(taken) {
            if let Some(token) = unsaid.token {
                self.batches.said(token, seq);
            }
            let sent = unsaid.reference.map(|reference| Write::Sent { reference, seq });
            self.batches.write_all(sent);
        }
    }
}
