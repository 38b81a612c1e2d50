//! Whose link stands where there is no place for everybody.
//!
//! Identities cost nothing, and whoever makes them chooses their ids, comes first, and comes back
//! at once. So a link that stands gives way to nobody but those that places are kept for, and never
//! does one of theirs; kept are places for whom no newcomer can pretend to be.

use std::collections::BTreeSet;

use super::super::id::NodeId;
use super::super::limits::LINKS_MAX;
use super::super::packet::LinkId;
use super::super::planted::{self, Bug};
use super::{Mesh, MeshOutput};

/// Places for whom an address of `RODA_PEERS` reached: a person has chosen them.
const CALLED: usize = 8;
/// Places for the members met first: nobody who comes later passes for one.
const OLDEST: usize = 8;
/// Places for the members met first of those one has written with: silent crowds do not count.
const WRITTEN: usize = 8;
/// Places for the members met next before oneself, and as many for those met next after: since
/// these keep places for oneself too, they make a chain of all members that nobody who comes later
/// can get between.
const BESIDE: usize = 8;
/// Places for the members next on the ring of ids, on each side: they join two crowds that have met
/// their members in other orders. Ids can be chosen, so these places can be taken.
const RING: usize = 2;
/// Places for those without an entry, who came first: newcomers must get the log to write one.
const VISITORS: usize = 4;

/// Links that are never given up, whoever comes: those that have stood the longest.
const OTHERS: usize = LINKS_MAX - CALLED - OLDEST - WRITTEN - 2 * BESIDE - 2 * RING - VISITORS;
const _: () = assert!(OTHERS >= LINKS_MAX / 4);

/// What is known of somebody that a place may be kept for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// No entry of it is held.
    #[default]
    Unmet,
    /// A member.
    Member {
        /// Members met earlier have a smaller number here.
        met: u64,
        /// It has said more than its name, and this node has written since it is here.
        written: bool,
    },
    /// It has left, is set aside, or is disputed.
    Apart,
}

/// What there is for a link that has come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Free,
    /// Somebody else's, once the link stands: the other end may have none for it, and then this
    /// one would have given up a link that stands for nothing.
    OnTrial,
    None,
}

/// Somebody that is linked, or wants to be.
struct Present {
    id: NodeId,
    /// Since when it is linked; none of whom comes.
    since: Option<(u64, LinkId)>,
    on_trial: bool,
    standing: Standing,
    called: bool,
}

impl Mesh {
    /// Links that hold a place: not those that give it up already, or have none yet.
    pub fn taken(&self) -> usize {
        let going = |link: &&LinkId| self.links[*link].going;
        self.active.len() - self.active.values().filter(going).count() - self.trials.len()
    }

    /// Whether there is a place for a link with `peer` that has come up.
    pub(super) fn place_for(&mut self, peer: &NodeId) -> Admission {
        if self.taken() < LINKS_MAX {
            return Admission::Free;
        }
        let present = self.with(peer);
        let kept = self.kept(&present);
        let Some(given) = self.given_up(&present, &kept) else { return Admission::None };
        let given = (given.id, given.standing);
        if given.1 == Standing::Apart {
            // It keeps nobody waiting.
            self.send_off(&given.0);
            return Admission::Free;
        }
        let outdone = |it: &&Present| it.on_trial && !kept.contains(&it.id);
        let outdone: Vec<NodeId> = present.iter().filter(outdone).map(|it| it.id).collect();
        outdone.iter().for_each(|id| self.send_off(id));
        if planted::is(Bug::GivenUpAtOnce) {
            self.send_off(&given.0);
            return Admission::Free;
        }
        Admission::OnTrial
    }

    /// Whose link is given up for the last of those present; none where it gets no place.
    fn given_up<'a>(&self, present: &'a [Present], kept: &BTreeSet<NodeId>) -> Option<&'a Present> {
        let (newcomer, linked) = present.split_last()?;
        let apart = |it: &Present| it.standing == Standing::Apart;
        let mut rest = linked.iter().filter(|it| !it.on_trial && !kept.contains(&it.id));
        let given = if planted::is(Bug::LongestGivesWay) {
            rest.next()
        } else if planted::is(Bug::StandingGivesWay) {
            rest.min_by_key(|it| it.id)
        } else {
            // Of equals the last: the youngest.
            rest.max_by_key(|it| apart(it))
        }?;
        let better = apart(given) && !apart(newcomer);
        let place = better || kept.contains(&newcomer.id) || planted::is(Bug::StandingGivesWay);
        place.then_some(given)
    }

    /// The other end keeps this link too, or has not ended it: it takes its place.
    pub(super) fn settle(&mut self, peer: &NodeId) {
        if self.trials.contains_key(peer) && self.taken() >= LINKS_MAX {
            let present = self.with(peer);
            let kept = self.kept(&present);
            match self.given_up(&present, &kept).map(|it| it.id) {
                Some(given) => self.send_off(&given),
                None => return self.send_off(peer),
            }
        }
        self.trials.remove(peer);
    }

    pub(super) fn settle_when_due(&mut self, now: u64) {
        let due = self.trials.iter().filter(|(_, at)| **at <= now);
        let due: Vec<NodeId> = due.map(|(peer, _)| *peer).collect();
        due.iter().for_each(|peer| self.settle(peer));
    }

    /// Ends the link of a pair. Links that were replaced go too, or one would take its place.
    fn send_off(&mut self, peer: &NodeId) {
        self.trials.remove(peer);
        for (link, held) in self.links.iter_mut().filter(|(_, held)| held.peer == *peer) {
            if !held.refused && !held.going {
                held.going = true;
                self.outputs.push(MeshOutput::Drain(*link));
            }
        }
    }

    /// Whether a place would be kept for one of these.
    pub(super) fn wanted<'a>(&self, mut peers: impl Iterator<Item = &'a NodeId>) -> bool {
        peers.any(|peer| self.kept(&self.with(peer)).contains(peer))
    }

    /// Who holds a place, the longest-standing first, and `newcomer`.
    fn with(&self, newcomer: &NodeId) -> Vec<Present> {
        let present = |id: &NodeId, link: Option<LinkId>| Present {
            id: *id,
            since: link.map(|link| (self.links[&link].since, link)),
            on_trial: link.is_some() && self.trials.contains_key(id),
            standing: self.standing.get(id).copied().unwrap_or_default(),
            called: self.first.iter().any(|address| self.there(address) == Some(id)),
        };
        let standing =
            self.active.iter().filter(|(id, link)| *id != newcomer && !self.links[*link].going);
        let mut all: Vec<Present> = standing.map(|(id, link)| present(id, Some(*link))).collect();
        all.sort_unstable_by_key(|it| it.since);
        all.push(present(newcomer, None));
        all
    }

    /// Of those who are there, whom places are kept for.
    fn kept(&self, present: &[Present]) -> BTreeSet<NodeId> {
        let mut members: Vec<(u64, bool, NodeId)> = present
            .iter()
            .filter_map(|it| match it.standing {
                Standing::Member { met, written } => Some((met, written, it.id)),
                _ => None,
            })
            .collect();
        members.sort_unstable();
        let own = match self.standing.get(&self.me) {
            Some(Standing::Member { met, .. }) => *met,
            _ => u64::MAX,
        };
        let (before, after) = members.split_at(members.partition_point(|(met, ..)| *met < own));
        let mut kept = BTreeSet::new();
        let mut keep = |bug: Bug, places: usize, whom: &mut dyn Iterator<Item = NodeId>| {
            if !planted::is(bug) {
                kept.extend(whom.take(places));
            }
        };
        let id = |(_, _, id): &(u64, bool, NodeId)| *id;
        keep(Bug::OldestUnkept, OLDEST, &mut members.iter().map(id));
        keep(Bug::WrittenUnkept, WRITTEN, &mut members.iter().filter(|m| m.1).map(id));
        keep(Bug::BesideUnkept, BESIDE, &mut before.iter().rev().map(id));
        keep(Bug::BesideUnkept, BESIDE, &mut after.iter().map(id));
        let ring: BTreeSet<NodeId> = members.iter().map(id).collect();
        let (below, above) = (ring.range(..self.me), ring.range(self.me..));
        keep(Bug::RingUnkept, RING, &mut above.clone().chain(below.clone()).copied());
        keep(Bug::RingUnkept, RING, &mut below.rev().chain(above.rev()).copied());
        let called = present.iter().filter(|it| it.called && it.standing != Standing::Apart);
        keep(Bug::CalledUnkept, CALLED, &mut called.map(|it| it.id));
        let visitors = present.iter().filter(|it| it.standing == Standing::Unmet);
        keep(Bug::VisitorsUnkept, VISITORS, &mut visitors.map(|it| it.id));
        kept
    }
}
