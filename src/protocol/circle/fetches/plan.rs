//! Whom to ask for an author's log, and how far.

use std::collections::BTreeMap;

use super::super::super::id::NodeId;
use super::super::super::limits::{FETCH_AHEAD_BYTES, WANT_RANGES_MAX};
use super::super::super::packet::circle::{Range, Want};
use super::super::super::planted::{self, Bug};
use super::super::others::Others;
use super::super::peer::Peer;
use super::super::step::Now;
use super::{Fetch, Fetches};

/// A stalled range is asked again after up to this many doublings of its first wait: few, where the
/// author is a member, since those that say they hold more may be liars, and the next is not.
const STALL_DOUBLINGS_MAX: u32 = 2;
/// The same, where nobody has met the author: a vector can invent thousands.
const UNMET_DOUBLINGS_MAX: u32 = 5;

/// Bytes of an entry where nothing of its author has come yet: more than most have.
const ENTRY_BYTES_GUESS: usize = 4 * 1024;

/// So many windows are one where nothing of anybody else is missing: nothing of it has to wait, and
/// questions cost a moment each.
const WINDOWS_ALONE: usize = 8;

impl Fetches {
    /// Entries known to be missing.
    pub fn missing(&self, others: Others<'_>) -> u64 {
        let missing = self.lacking.iter().map(|author| {
            others.known_elsewhere(author).saturating_sub(others.members.head_seq(author))
        });
        missing.fold(0, u64::saturating_add)
    }

    /// Adds the ranges that are to be asked for now to what is asked of each peer.
    pub fn ask_due(&mut self, others: Others<'_>, now: Now, wants: &mut BTreeMap<NodeId, Want>) {
        for author in self.take_due(now) {
            self.plan(author, others, now, wants);
            self.note_stall(author, others);
        }
    }

    fn plan(
        &mut self,
        author: NodeId,
        others: Others<'_>,
        now: Now,
        wants: &mut BTreeMap<NodeId, Want>,
    ) {
        let held = others.members.head_seq(&author);
        let known = others.known_elsewhere(&author);
        if known <= held {
            self.lacking.remove(&author);
            self.under_way.remove(&author);
            return;
        }
        let asked = self.under_way.get(&author);
        let stalled = match asked.filter(|fetch| held < fetch.to) {
            Some(fetch) if now.mono < self.stalls_at(&author, fetch, others) => return,
            stalled => stalled,
        };
        if let (None, Some(first)) = (stalled, others.waits_next(&author, held)) {
            // Its turn has come, and what it names may be on its way. Not for ever: its author may
            // have signed it for us alone.
            let mut fetch = Fetch::new(author, author, held, first, now);
            fetch.due = asked.map_or(fetch.due, |asked| asked.due);
            fetch.silent = asked.and_then(|asked| asked.silent);
            self.under_way.insert(author, fetch);
            return;
        }
        let holds = |link: &Peer| link.hints.has_more(&author, held);
        let held_by = |peer: &NodeId| others.peers.get(peer).is_some_and(holds);
        let (turn, tries) = stalled.map_or((author, 0), |fetch| (fetch.turn, fetch.tries + 1));
        let failed = stalled.map(|fetch| fetch.peer);
        let silent = failed.or(asked.and_then(|asked| asked.silent));
        // The author itself, if it can be asked, takes turns with all the others.
        let own_turn = held_by(&author) && silent != Some(author);
        // Whoever brings the rest sends it all in one order: nothing has to wait.
        let may = |source: &NodeId| {
            stalled.is_none_or(|fetch| fetch.tries == 0) && silent != Some(*source)
        };
        let source = self.source.filter(|source| may(source) && held_by(source));
        let next = match (source, own_turn) {
            (Some(source), _) => Some(source),
            (None, true) => Some(author),
            (None, false) => match silent.filter(|_| tries == 0) {
                Some(silent) => others.peers.after(silent, true, holds),
                None => others.peers.after(turn, tries > 0, holds),
            },
        };
        let Some(peer) = next else { return };
        let want = wants.entry(peer).or_default();
        if want.ranges.len() >= WANT_RANGES_MAX {
            self.replan.insert(author);
            return;
        }
        let to = self
            .window(&author, held, others)
            .min(others.peers[&peer].hints.has(&author).unwrap_or(0))
            .min(known);
        let to = match others.waiting.first_waiting(&author).filter(|first| *first > held + 1) {
            Some(first) => to.min(first - 1),
            None => to,
        };
        let to = to.max(held + 1);
        want.ranges.push(Range { author, from: held + 1, to });
        let most = match others.members.knows(&author) {
            true => STALL_DOUBLINGS_MAX,
            false => UNMET_DOUBLINGS_MAX,
        };
        let turn = if own_turn && tries > 0 { turn } else { peer };
        let mut fetch = Fetch::new(peer, turn, held, to, now);
        (fetch.tries, fetch.doublings) = (tries, tries.min(most));
        fetch.due = asked.map_or(fetch.due, |asked| asked.due);
        fetch.silent = silent;
        self.source = self.source.filter(|source| Some(*source) != failed).or(Some(peer));
        self.under_way.insert(author, fetch);
    }

    /// How far the author is asked for at once: as much as may wait, should it come before what it
    /// names.
    fn window(&self, author: &NodeId, held: u64, others: Others<'_>) -> u64 {
        if planted::is(Bug::RangesUnbounded) {
            return u64::MAX;
        }
        let each = others.members.get(author).map_or(0, |member| member.entry_bytes());
        let each = if each == 0 { ENTRY_BYTES_GUESS } else { each };
        let windows = if self.lacking.len() == 1 { WINDOWS_ALONE } else { 1 };
        held + (windows * FETCH_AHEAD_BYTES / each).max(1) as u64
    }

    /// Keeps in `due` when the author is to be looked at again.
    fn note_stall(&mut self, author: NodeId, others: Others<'_>) {
        let Some(fetch) = self.under_way.get(&author) else { return };
        let at = self.stalls_at(&author, fetch, others);
        self.due.remove(&(fetch.due, author));
        self.due.insert((at, author));
        self.under_way.get_mut(&author).expect("looked up above").due = at;
    }

    fn stalls_at(&self, author: &NodeId, fetch: &Fetch, others: Others<'_>) -> u64 {
        let waits = others.waits_next(author, others.members.head_seq(author));
        fetch.stalls_at(others.peers.get(&fetch.peer), waits.map(|_| self.grew_at))
    }
}
