//! Receipts of others: each is asked of one peer, and comes within seconds, whoever offers it and
//! does not answer. One node, fed by hand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::limits::{INTEGER_MAX, RECEIPT_RETRY_MS, RECEIPTS_UNMET_MAX, SYNC_AUTHORS_MAX};
use roda::protocol::packet::circle::{Packet, Sync};
use roda::protocol::receipt::{Receipt, Watermarks};

use crate::archive::Disk;
use crate::liar::{Tip, text};

/// Milliseconds from a question to its answer.
const TRIP_MS: u64 = 50;
/// Milliseconds within which an honest peer's receipts are here, where nobody has to be waited for.
const SOON_MS: u64 = 1_000;

type Receipts = BTreeMap<NodeId, Receipt>;

struct Asker {
    circle: Circle,
    disk: Disk,
    time: u64,
    members: Vec<SigningKey>,
    /// What peers that answer hold.
    holders: BTreeMap<NodeId, Receipts>,
    answers: VecDeque<(u64, NodeId, Receipt)>,
    /// Whose receipts were asked of whom.
    asks: Vec<(NodeId, NodeId)>,
    /// Receipts that it sent.
    sent: Vec<(NodeId, u64)>,
    /// Who was asked for an entry by its hash.
    asked_hash: Vec<NodeId>,
    /// It takes a new identity.
    rolled_back: bool,
}

fn id(key: &SigningKey) -> NodeId {
    NodeId(key.verifying_key().to_bytes())
}

fn key(number: u16) -> SigningKey {
    let mut secret = [7; 32];
    secret[..2].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_bytes(&secret)
}

fn peer(number: u8) -> NodeId {
    NodeId([number; 32])
}

fn run_of(key: &SigningKey) -> Arc<CheckedRun> {
    let mut tip = Tip { key: key.clone(), seq: 0, prev: None, lamport: 0 };
    tip.sign(None, None, vec![text("here")])
}

fn word(key: &SigningKey, count: u64) -> Receipt {
    let stored = Arc::new(Watermarks::from([(id(key), 1)]));
    Receipt::sign(count, stored, Arc::default(), 1, key)
}

impl Asker {
    /// One of so many members, linked with as many peers.
    fn new(members: u16, peers: u8) -> Asker {
        let settings =
            Settings { name: "Ana".to_owned(), knows_others: false, sync_ms: 180_000, seed: 1 };
        let disk = Disk::new();
        let circle = Circle::new(key(0), settings, disk.restored(), Now { mono: 0, wall: 0 });
        let members: Vec<SigningKey> = (1..=members).map(key).collect();
        let (holders, answers) = (BTreeMap::new(), VecDeque::new());
        let (asks, sent, asked_hash, rolled_back) = (Vec::new(), Vec::new(), Vec::new(), false);
        let mut asker = Asker {
            circle,
            disk,
            time: 0,
            members,
            holders,
            answers,
            asks,
            sent,
            asked_hash,
            rolled_back,
        };
        asker.pass(2_000);
        for number in 1..=peers {
            asker.feed(Input::Up(peer(number)));
            asker.gets(peer(number), Packet::Sync(Sync { whole: true, ..Sync::default() }));
        }
        for key in asker.members.clone() {
            asker.gets(peer(1), Packet::History(vec![run_of(&key)]));
        }
        asker.pass(2_000);
        asker
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = Now { mono: self.time, wall: self.time };
            for output in self.circle.handle(input, now, &self.disk) {
                match output {
                    Output::Commit(batch, writes) => {
                        self.disk.commit(&writes);
                        inputs.push_back(Input::Committed(batch));
                    }
                    Output::Send(to, _, Packet::Sync(sync)) if !sync.whole => {
                        sync.receipts.iter().for_each(|(node, held)| self.asked(to, *node, *held));
                    }
                    Output::Send(to, lane, Packet::Receipt(changes)) => {
                        self.sent.extend(changes.iter().map(|change| (change.node, change.count)));
                        if lane == roda::protocol::packet::Lane::History {
                            inputs.push_back(Input::Written(to, 1));
                        }
                    }
                    Output::Send(to, _, Packet::Want(want)) if !want.hashes.is_empty() => {
                        self.asked_hash.push(to);
                    }
                    Output::RolledBack => self.rolled_back = true,
                    Output::Misbehaved(peer, why) => panic!("{peer:?} blamed: {why}"),
                    _ => {}
                }
            }
        }
    }

    fn asked(&mut self, to: NodeId, node: NodeId, held: u64) {
        let theirs = self.holders.get(&to).and_then(|holds| holds.get(&node));
        let ours = self.count(&node);
        if held == ours {
            self.asks.push((to, node));
        }
        if let Some(receipt) = theirs.filter(|receipt| receipt.count > held) {
            self.answers.push_back((self.time + TRIP_MS, to, receipt.clone()));
        }
    }

    fn gets(&mut self, from: NodeId, packet: Packet) {
        self.feed(Input::Received(from, packet));
    }

    fn offers(&mut self, from: NodeId, counts: impl IntoIterator<Item = (NodeId, u64)>) {
        let receipts = counts.into_iter().collect();
        self.gets(from, Packet::Sync(Sync { receipts, ..Sync::default() }));
    }

    /// The peer offers every member's receipt with this count, and has it.
    fn offers_all(&mut self, from: NodeId, count: u64) {
        let receipts = self.members.iter().map(|key| (id(key), word(key, count)));
        let receipts: Receipts = receipts.collect();
        let counts: Vec<_> = receipts.keys().map(|node| (*node, count)).collect();
        self.holders.insert(from, receipts);
        self.offers(from, counts);
    }

    /// The peer says that it has far newer ones of everybody, and has none.
    fn boasts(&mut self, from: NodeId) {
        let ids: Vec<NodeId> = self.members.iter().map(id).collect();
        self.offers(from, ids.into_iter().map(|node| (node, INTEGER_MAX)));
    }

    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / TRIP_MS {
            self.time += TRIP_MS;
            while self.answers.front().is_some_and(|(at, ..)| *at <= self.time) {
                let (_, from, receipt) = self.answers.pop_front().expect("looked at above");
                self.gets(from, Packet::Receipt(vec![receipt.whole()]));
            }
            self.feed(Input::Tick);
        }
    }

    fn count(&self, node: &NodeId) -> u64 {
        self.circle.receipt(node).map_or(0, |receipt| receipt.count)
    }

    /// Milliseconds until it holds everybody's receipt with this count.
    fn until_all(&mut self, count: u64) -> u64 {
        let start = self.time;
        let lacks = |asker: &Asker| {
            asker.members.iter().filter(|key| asker.count(&id(key)) < count).count()
        };
        while lacks(self) > 0 {
            assert!(self.time < start + 60_000, "{} receipts never come", lacks(self));
            self.pass(TRIP_MS);
        }
        self.time - start
    }
}

/// Eight hold the receipts of forty.
pub fn offered_by_many() {
    let mut asker = Asker::new(40, 8);
    for number in 1..=8 {
        asker.offers_all(peer(number), 1);
    }
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
    assert_eq!(asker.asks.len(), 40, "each is asked of one");
}

/// Three offer everything before one does that has it.
pub fn offered_in_vain() {
    let mut asker = Asker::new(40, 4);
    let liars_round = |asker: &mut Asker, count| {
        [2, 3, 4].into_iter().for_each(|liar| asker.boasts(peer(liar)));
        asker.pass(100);
        asker.offers_all(peer(1), count);
        asker.until_all(count)
    };
    let took = liars_round(&mut asker, 1);
    assert!(took <= RECEIPT_RETRY_MS + SOON_MS, "{took} ms, where nobody was known");
    for count in 2..6 {
        let took = liars_round(&mut asker, count);
        assert!(took <= SOON_MS, "{took} ms, though these have let it wait before");
    }
}

/// One boasts twice in a second, for ever.
pub fn offered_in_vain_again_and_again() {
    let mut asker = Asker::new(40, 2);
    for count in 1..=10 {
        asker.offers_all(peer(1), count);
        let start = asker.time;
        while asker.members.iter().any(|key| asker.count(&id(key)) < count) {
            asker.boasts(peer(2));
            asker.pass(500);
            let took = asker.time - start;
            assert!(took <= RECEIPT_RETRY_MS + SOON_MS, "receipts are not here after {took} ms");
        }
    }
}

/// One offers receipts of thousands whom nobody has met.
pub fn offered_of_strangers() {
    let mut asker = Asker::new(40, 2);
    for part in 0..10_u8 {
        let ids = (0..SYNC_AUTHORS_MAX).map(|number| {
            let mut bytes = [part; 32];
            bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
            (NodeId(bytes), 7)
        });
        asker.offers(peer(2), ids);
    }
    asker.offers_all(peer(1), 1);
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
}

/// The room for receipts of those without an entry is taken when one is offered.
pub fn offered_before_the_entry() {
    let mut asker = Asker::new(0, 2);
    for number in 0..RECEIPTS_UNMET_MAX as u16 {
        let stranger = word(&key(1_000 + number), 1);
        asker.gets(peer(2), Packet::Receipt(vec![stranger.whole()]));
    }
    asker.members = vec![key(1)];
    asker.offers_all(peer(1), 1);
    asker.pass(5_000);
    assert_eq!(asker.count(&id(&key(1))), 0, "there is no room for it");
    asker.gets(peer(1), Packet::History(vec![run_of(&key(1))]));
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
}

/// A peer says that it does not hold this node's receipt, though it was sent to it.
pub fn own_asked_for_again() {
    let mut asker = Asker::new(0, 1);
    let me = asker.circle.me();
    let body = text("here");
    asker.feed(Input::Say { token: 1, body, reference: None });
    asker.pass(5_000);
    let before = asker.sent.len();
    assert!(asker.sent.iter().any(|(node, _)| *node == me), "it was sent");
    asker.offers(peer(1), [(me, 0)]);
    assert_eq!(asker.sent[before..].len(), 1, "it goes out again");
    asker.pass(1_000);
    let again = asker.sent.len();
    asker.gets(peer(1), Packet::Sync(Sync { whole: true, ..Sync::default() }));
    assert_eq!(asker.sent[again..].len(), 1, "and so after a vector that does not name it");
}

/// A member whose older database was put back names a smaller count than it has used.
pub fn own_forgotten() {
    let mut asker = Asker::new(1, 0);
    let member = asker.members[0].clone();
    asker.feed(Input::Up(peer(1)));
    asker.gets(peer(1), Packet::Receipt(vec![word(&member, 17).whole()]));
    asker.feed(Input::Up(id(&member)));
    let receipts = [(id(&member), 2)].into();
    asker.gets(id(&member), Packet::Sync(Sync { whole: true, receipts, ..Sync::default() }));
    assert!(asker.sent.contains(&(id(&member), 17)), "it learns what it has said");
}

/// A peer's newest receipt was lost with a link that only the other end has seen replaced: its
/// vector comes again, and no vector of this node that it could answer.
pub fn own_lost() {
    let mut asker = Asker::new(1, 0);
    let member = asker.members[0].clone();
    asker.feed(Input::Up(id(&member)));
    let vector = |count| {
        let receipts = [(id(&member), count)].into();
        Packet::Sync(Sync { whole: true, receipts, ..Sync::default() })
    };
    asker.gets(id(&member), vector(17));
    assert_eq!(asker.asks, [], "it sends its own by itself");
    asker.gets(id(&member), Packet::Receipt(vec![word(&member, 17).whole()]));
    asker.gets(id(&member), vector(17));
    assert_eq!(asker.asks, [], "nothing is missing");
    asker.gets(id(&member), vector(18));
    assert_eq!(asker.asks, [(id(&member), id(&member))]);
}

/// Who has sent an entry that names what is not held goes, and the next two on the ring of ids do
/// not answer.
pub fn wanted_of_who_has_gone() {
    let mut asker = Asker::new(0, 6);
    let author = key(1);
    let mut tip = Tip { key: author, seq: 0, prev: None, lamport: 6 };
    let run = tip.sign(Some((Hash([9; 32]), 6)), None, vec![text("names it")]);
    asker.gets(peer(4), Packet::History(vec![run]));
    asker.feed(Input::Down(peer(4)));
    asker.pass(40_000);
    let asked: BTreeSet<NodeId> = asker.asked_hash.iter().copied().collect();
    assert_eq!(asked.len(), 5, "all that are linked: {:?}", asker.asked_hash);
}

/// Whoever made an entry wanted answers nothing, is cut off, and comes back.
pub fn wanted_of_who_comes_back() {
    let mut asker = Asker::new(0, 3);
    let mut tip = Tip { key: key(1), seq: 0, prev: None, lamport: 6 };
    let run = tip.sign(Some((Hash([9; 32]), 6)), None, vec![text("names it")]);
    asker.gets(peer(2), Packet::History(vec![run]));
    asker.pass(20_000);
    asker.feed(Input::Down(peer(2)));
    let before = asker.asked_hash.len();
    asker.feed(Input::Up(peer(2)));
    asker.pass(SOON_MS);
    assert_eq!(asker.asked_hash[before..].first(), Some(&peer(2)), "{:?}", asker.asked_hash);
}

/// An entry was asked for in vain, of all that were there; then another sends what names it.
pub fn wanted_of_who_sends_it_later() {
    let mut asker = Asker::new(0, 3);
    let mut tip = Tip { key: key(1), seq: 0, prev: None, lamport: 6 };
    let run = tip.sign(Some((Hash([9; 32]), 6)), None, vec![text("names it")]);
    asker.gets(peer(2), Packet::History(vec![run.clone()]));
    asker.pass(20_000);
    for expected in [1, 0] {
        let before = asker.asked_hash.len();
        asker.gets(peer(3), Packet::History(vec![run.clone()]));
        asker.pass(SOON_MS / 2);
        let asked = asker.asked_hash[before..].iter().filter(|to| **to == peer(3)).count();
        assert_eq!(asked, expected, "once: {:?}", asker.asked_hash);
    }
}

/// A member whose older database was put back goes on above the counts that it may have used, and
/// says less than before.
pub fn taken_back() {
    let mut asker = Asker::new(1, 0);
    let member = asker.members[0].clone();
    let says = |count, clock| {
        let stored = Arc::new(Watermarks::from([(id(&member), clock)]));
        Receipt::sign(count, stored, Arc::default(), clock, &member)
    };
    asker.feed(Input::Up(peer(1)));
    asker.gets(peer(1), Packet::Receipt(vec![says(17, 9).whole()]));
    asker.feed(Input::Up(id(&member)));
    for count in [1_025, 1_026] {
        asker.gets(id(&member), Packet::Receipt(vec![says(count, 2).whole()]));
    }
    let shown = asker.sent.iter().filter(|(node, count)| (*node, *count) == (id(&member), 17));
    assert_eq!(shown.count(), 1, "it is shown what it has said, once");
}

/// A peer holds a newer receipt of somebody else that takes back the one that is held here.
pub fn taken_back_by_another() {
    let mut asker = Asker::new(1, 1);
    let member = asker.members[0].clone();
    let says = |count, clock| Receipt::sign(count, Arc::default(), Arc::default(), clock, &member);
    asker.gets(peer(1), Packet::Receipt(vec![says(17, 9).whole()]));
    asker.holders.insert(peer(1), [(id(&member), says(1_025, 2))].into());
    asker.offers(peer(1), [(id(&member), 1_025)]);
    asker.pass(5_000);
    let asked = asker.asks.iter().filter(|(_, node)| *node == id(&member)).count();
    assert_eq!((asked, asker.count(&id(&member))), (1, 17), "asked for once, and refused");
}

/// A member whose older database was put back cannot get again what an author has said from its
/// fork on: its receipts name less of that. The fork is known here before, or comes after.
pub fn taken_back_past_a_fork(known_before: bool) {
    let mut asker = Asker::new(2, 1);
    let [member, forked] = [0, 1].map(|index| asker.members[index].clone());
    let says = |count, seq| {
        let stored = Arc::new(Watermarks::from([(id(&forked), seq)]));
        Receipt::sign(count, stored, Arc::default(), 2, &member)
    };
    let mut tip = Tip { key: forked.clone(), seq: 0, prev: None, lamport: 0 };
    let other = Packet::History(vec![tip.sign(None, None, vec![text("elsewhere")])]);
    let receipt = |count, seq| Packet::Receipt(vec![says(count, seq).whole()]);
    asker.gets(peer(1), receipt(17, 5));
    asker.holders.insert(peer(1), [(id(&member), says(1_025, 1))].into());
    if known_before {
        asker.gets(peer(1), other);
        asker.gets(peer(1), receipt(1_025, 1));
    } else {
        asker.gets(peer(1), receipt(1_025, 1));
        assert_eq!(asker.count(&id(&member)), 17, "nothing is known that could excuse it");
        asker.gets(peer(1), other);
        asker.pass(5_000);
    }
    assert_eq!(asker.count(&id(&member)), 1_025);
}

/// A receipt comes back that vouches for entries of its own that it does not hold, or for none.
pub fn vouched_for_more() {
    for (vouched, count, rolled_back) in [(9, 3, true), (9, 5_000, true), (1, 5_000, false)] {
        let mut asker = Asker::new(0, 1);
        asker.feed(Input::Say { token: 1, body: text("here"), reference: None });
        asker.pass(5_000);
        assert!(asker.count(&id(&key(0))) > 0);
        let stored = Arc::new(Watermarks::from([(id(&key(0)), vouched)]));
        let earlier = Receipt::sign(count, stored, Arc::default(), 1, &key(0));
        asker.gets(peer(1), Packet::Receipt(vec![earlier.whole()]));
        assert_eq!(asker.rolled_back, rolled_back, "{vouched} with count {count}");
    }
}

#[test]
fn each_receipt_is_asked_of_one_peer_however_many_offer_it() {
    offered_by_many();
}

#[test]
fn who_offers_receipts_and_does_not_answer_is_waited_for_once() {
    offered_in_vain();
    offered_in_vain_again_and_again();
}

#[test]
fn receipts_of_strangers_keep_no_members_out() {
    offered_of_strangers();
}

#[test]
fn a_receipt_that_found_no_room_comes_with_the_first_entry() {
    offered_before_the_entry();
}

#[test]
fn the_own_receipt_goes_to_whoever_does_not_hold_it_any_more() {
    own_asked_for_again();
}

#[test]
fn a_member_that_goes_back_to_smaller_counts_is_told_its_last_receipt() {
    own_forgotten();
}

#[test]
fn a_receipt_may_take_back_what_was_said_past_a_fork() {
    taken_back_past_a_fork(true);
    taken_back_past_a_fork(false);
}

#[test]
fn a_receipt_that_takes_back_another_is_asked_for_once() {
    taken_back_by_another();
}

#[test]
fn what_somebody_named_who_has_gone_is_asked_of_all_others_in_turn() {
    wanted_of_who_has_gone();
}

#[test]
fn a_peers_own_receipt_that_was_lost_is_asked_for_with_its_next_vector() {
    own_lost();
}

#[test]
fn whoever_sends_what_names_an_entry_is_asked_for_it_once_others_were_in_vain() {
    wanted_of_who_sends_it_later();
}

#[test]
fn whoever_made_an_entry_wanted_is_asked_for_it_when_it_comes_back() {
    wanted_of_who_comes_back();
}

#[test]
fn a_member_that_takes_back_what_it_said_is_shown_it() {
    taken_back();
}

#[test]
fn who_has_vouched_for_more_of_its_own_log_than_it_holds_takes_a_new_identity() {
    vouched_for_more();
}

#[test]
fn who_learns_of_its_own_later_receipt_goes_on_above_it() {
    let mut asker = Asker::new(0, 1);
    let body = text("here");
    asker.feed(Input::Say { token: 1, body, reference: None });
    asker.pass(5_000);
    let nothing: Arc<Watermarks> = Arc::default();
    let later = Receipt::sign(5_000, nothing.clone(), nothing, 0, &key(0));
    asker.gets(peer(1), Packet::Receipt(vec![later.whole()]));
    asker.pass(5_000);
    let (node, count) = *asker.sent.last().expect("it has sent some");
    assert!(node == id(&key(0)) && count > 5_000, "{count}");
}

#[test]
fn what_was_asked_of_a_link_that_is_replaced_is_asked_of_the_next_at_once() {
    let mut asker = Asker::new(5, 2);
    asker.boasts(peer(2));
    asker.offers_all(peer(1), 1);
    asker.feed(Input::Up(peer(2)));
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
}
