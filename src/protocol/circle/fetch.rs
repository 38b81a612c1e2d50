//! What is fetched from each peer: ranges of an author's log, and entries by their hash.

use std::collections::BTreeMap;

use super::super::archive::Archive;
use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::limits::{
    FETCH_AHEAD_BYTES, RANGE_FLOWS_MS, RANGE_PATIENCE, RANGE_RETRY_MS, WANT_RANGES_MAX,
};
use super::super::packet::circle::{Packet, Range, Want};
use super::super::planted::{self, Bug};
use super::sync::Link;
use super::{Circle, Now};

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

/// A window of an author's log asked of one peer.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) peer: NodeId,
    /// Who was asked last of those that take turns with the author.
    turn: NodeId,
    to: u64,
    /// How far it has come from the peer, taken or not.
    reached: u64,
    asked_at: u64,
    /// Where it stands in `fetch_due`.
    due: u64,
    /// When the author's log last grew, or it was asked.
    grew: u64,
    tries: u32,
    doublings: u32,
    /// Another peer is to be asked now.
    given_up: bool,
    /// Who was asked for some of this author last, and brought nothing.
    silent: Option<NodeId>,
}

impl Fetch {
    fn new(peer: NodeId, turn: NodeId, held: u64, to: u64, now: Now) -> Fetch {
        let at = now.mono;
        let (reached, given_up) = (held, false);
        let (tries, doublings) = (0, 0);
        Fetch {
            peer,
            turn,
            to,
            reached,
            asked_at: at,
            due: at,
            grew: at,
            tries,
            doublings,
            given_up,
            silent: None,
        }
    }
}

impl Circle {
    /// Entries known to be missing here.
    pub(super) fn missing(&self) -> u64 {
        self.lacking
            .iter()
            .map(|author| {
                let held = self.members.get(author).map_or(0, |member| member.head_seq());
                self.known_elsewhere(author).saturating_sub(held)
            })
            .fold(0, u64::saturating_add)
    }

    /// How far the author's log is known to go, up to its fork.
    fn known_elsewhere(&self, author: &NodeId) -> u64 {
        let known =
            self.links.values().filter_map(|link| link.has.get(author)).max().copied().unwrap_or(0);
        let common = self.members.get(author).and_then(|member| member.disputed());
        common.map_or(known, |from| known.min(from - 1))
    }

    /// A run came that was asked for, or some other. What was asked of the peer is under way for as
    /// long as it brings more of that: what is live, or sent again, shows nothing.
    pub(super) fn fetch_progressed(
        &mut self,
        peer: NodeId,
        run: &CheckedRun,
        live: bool,
        now: Now,
    ) {
        let (first, last) = (run.run().first.seq, run.run().last_seq());
        let asked = |fetch: &&mut Fetch| {
            !live && fetch.peer == peer && first <= fetch.to && fetch.reached < last
        };
        let fetch = self.fetches.get_mut(&run.author()).filter(asked);
        if (fetch.is_some() || planted::is(Bug::LiveIsProgress))
            && let Some(link) = self.links.get_mut(&peer)
        {
            link.history_at = now.mono;
        }
        if let Some(fetch) = fetch {
            fetch.reached = last;
        }
    }

    /// The author's log has grown by what was asked of the peer, and has come.
    pub(super) fn fetch_grew(&mut self, peer: NodeId, author: NodeId, now: Now) {
        if let Some(fetch) = self.fetches.get_mut(&author).filter(|fetch| fetch.peer == peer) {
            (fetch.tries, fetch.doublings) = (0, 0);
            self.source = Some(peer);
            self.fetched_at = now.mono;
        }
    }

    /// The author's log has grown.
    pub(super) fn note_growth(&mut self, author: &NodeId, now: Now) {
        if let Some(fetch) = self.fetches.get_mut(author) {
            fetch.grew = now.mono;
        }
    }

    /// The peer says that it holds more of the author than it did. Whoever was asked after others
    /// have let us wait, and has brought nothing either, is asked no longer: this may do better.
    pub(super) fn fetch_elsewhere(&mut self, author: &NodeId, peer: NodeId) {
        let Some(fetch) = self.fetches.get_mut(author) else { return };
        let brings =
            self.links.get(&fetch.peer).is_some_and(|link| link.history_at > fetch.asked_at);
        fetch.given_up |= fetch.peer != peer && fetch.tries > 0 && !brings;
    }

    /// Whether the peer is bringing what it was asked for in ranges.
    pub(super) fn range_comes_from(&self, peer: &NodeId, now: Now) -> bool {
        let brings = |link: &Link| now.mono < link.history_at + RANGE_FLOWS_MS;
        self.links.get(peer).is_some_and(brings)
            && self.fetches.values().any(|fetch| fetch.peer == *peer)
            && !planted::is(Bug::RangeNotAwaited)
    }

    /// Nothing comes from the peer any more that was asked for: it is asked again, of whoever is
    /// there.
    pub(super) fn fetch_nothing_from(&mut self, peer: NodeId) {
        let lost = self.fetches.extract_if(.., |_, fetch| fetch.peer == peer);
        for (author, fetch) in lost {
            self.fetch_due.remove(&(fetch.due, author));
            self.replan.insert(author);
        }
        self.source = self.source.filter(|source| *source != peer);
    }

    pub(super) fn fetch_when_due(&mut self, now: Now, archive: &dyn Archive) {
        let mut wants: BTreeMap<NodeId, Want> = BTreeMap::new();
        while self.fetch_due.first().is_some_and(|(at, _)| *at <= now.mono) {
            self.replan.extend(self.fetch_due.pop_first().map(|(_, author)| author));
        }
        for author in std::mem::take(&mut self.replan) {
            self.plan_fetch(author, now, &mut wants);
            self.note_stall(author);
        }
        self.want_hashes(now, archive, &mut wants);
        for (peer, want) in wants {
            self.send(peer, Packet::Want(want));
        }
    }

    fn plan_fetch(&mut self, author: NodeId, now: Now, wants: &mut BTreeMap<NodeId, Want>) {
        let held = self.members.get(&author).map_or(0, |member| member.head_seq());
        let known = self.known_elsewhere(&author);
        if known <= held {
            self.lacking.remove(&author);
            self.fetches.remove(&author);
            return;
        }
        let asked = self.fetches.get(&author);
        let stalled = match asked.filter(|fetch| held < fetch.to) {
            Some(fetch) if now.mono < self.stalls_at(&author, fetch) => return,
            stalled => stalled,
        };
        let waits = self.waiting.first_waiting(&author);
        if let (None, Some(first)) = (stalled, waits.filter(|first| *first <= held + 1)) {
            // Its turn has come, and what it names may be on its way. Not for ever: its author may
            // have signed it for us alone.
            let mut fetch = Fetch::new(author, author, held, first, now);
            fetch.due = asked.map_or(fetch.due, |asked| asked.due);
            fetch.silent = asked.and_then(|asked| asked.silent);
            self.fetches.insert(author, fetch);
            return;
        }
        let holds = |link: &Link| link.has.get(&author).is_some_and(|has| *has > held);
        let held_by = |peer: &NodeId| self.links.get(peer).is_some_and(holds);
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
                Some(silent) => self.peer_after(silent, true, holds),
                None => self.peer_after(turn, tries > 0, holds),
            },
        };
        let Some(peer) = next else { return };
        let want = wants.entry(peer).or_default();
        if want.ranges.len() < WANT_RANGES_MAX {
            let to = self.window(&author, held).min(self.links[&peer].has[&author]).min(known);
            let first = waits.filter(|first| *first > held + 1);
            let to = to.min(first.map_or(to, |first| first - 1)).max(held + 1);
            want.ranges.push(Range { author, from: held + 1, to });
            let met = self.members.contains_key(&author);
            let most = if met { STALL_DOUBLINGS_MAX } else { UNMET_DOUBLINGS_MAX };
            let turn = if own_turn && tries > 0 { turn } else { peer };
            let mut fetch = Fetch::new(peer, turn, held, to, now);
            (fetch.tries, fetch.doublings) = (tries, tries.min(most));
            fetch.due = asked.map_or(fetch.due, |asked| asked.due);
            fetch.silent = silent;
            self.source = self.source.filter(|source| Some(*source) != failed).or(Some(peer));
            self.fetches.insert(author, fetch);
        } else {
            self.replan.insert(author);
        }
    }

    /// How far the author is asked for at once: as much as may wait, should it come before what it
    /// names.
    fn window(&self, author: &NodeId, held: u64) -> u64 {
        if planted::is(Bug::RangesUnbounded) {
            return u64::MAX;
        }
        let each = self.members.get(author).map_or(0, |member| member.entry_bytes);
        let each = if each == 0 { ENTRY_BYTES_GUESS } else { each };
        let windows = if self.lacking.len() == 1 { WINDOWS_ALONE } else { 1 };
        held + (windows * FETCH_AHEAD_BYTES / each).max(1) as u64
    }

    /// Keeps in `fetch_due` when the author is to be looked at again.
    fn note_stall(&mut self, author: NodeId) {
        let Some(fetch) = self.fetches.get(&author) else { return };
        let at = self.stalls_at(&author, fetch);
        self.fetch_due.remove(&(fetch.due, author));
        self.fetch_due.insert((at, author));
        self.fetches.get_mut(&author).expect("looked up above").due = at;
    }

    fn stalls_at(&self, author: &NodeId, fetch: &Fetch) -> u64 {
        if planted::is(Bug::StallIgnored) {
            return u64::MAX;
        }
        if fetch.given_up {
            return 0;
        }
        let link = self.links.get(&fetch.peer);
        let rtt = link.and_then(|link| link.rtt_ms).unwrap_or(0);
        let wait = RANGE_RETRY_MS.max(4 * u64::from(rtt)) << fetch.doublings;
        let mut moved = fetch.asked_at.max(link.map_or(0, |link| link.history_at));
        let head = self.members.get(author).map_or(0, |member| member.head_seq());
        if self.waiting.first_waiting(author).is_some_and(|first| first <= head + 1) {
            // It has come, and what it names may come with anybody else's.
            moved = moved.max(self.fetched_at);
        }
        // Whoever sends something else for ever must not hold this author up.
        (moved + wait).min(fetch.grew + RANGE_PATIENCE * wait)
    }

    /// A linked peer that `fits`: `start` itself unless `past`, else the next after it on the ring
    /// of ids.
    pub(super) fn peer_after(
        &self,
        start: NodeId,
        past: bool,
        fits: impl Fn(&Link) -> bool,
    ) -> Option<NodeId> {
        let ring = self.links.range(start..).chain(self.links.range(..start));
        let fitting: Vec<NodeId> = ring.filter(|(_, link)| fits(link)).map(|(id, _)| *id).collect();
        let skip = usize::from(past && fitting.first() == Some(&start) && fitting.len() > 1);
        fitting.get(skip).copied()
    }

    pub(super) fn fetch_wake(&self) -> Option<u64> {
        let stalls = self.fetch_due.first().map(|(at, _)| *at);
        [stalls, self.waiting.wants.wake()]
            .into_iter()
            .flatten()
            .min()
            .filter(|_| !self.links.is_empty())
    }
}
