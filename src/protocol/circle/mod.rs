//! The circle: one member's whole protocol state as a pure state machine.
//!
//! # Driving it
//!
//! 1. [`Circle::new`] with the committed state; then feed every [`Input`] to [`Circle::handle`],
//!    together with the time and the [`Archive`] of what is committed.
//! 2. Carry out every [`Output`] in order. Commit batches in order, each whole or not at all, and
//!    say so with [`Input::Committed`] only once the archive shows them.
//! 3. Feed [`Input::Tick`] at [`Circle::wake_at`] at the latest.
//!
//! Own runs leave in a `Send` only after their `Committed`; receipts cover only what is committed.

mod askers;
mod commit;
mod disputes;
mod fetch;
mod log;
mod long;
mod marks;
mod members;
mod named;
mod news;
mod offer;
mod receipts;
mod serve;
mod shown;
mod stamp;
mod sync;
mod waiting;
mod wanted;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ed25519_dalek::SigningKey;

use super::archive::{Archive, Located, Restored, Write};
use super::body::Decision;
use super::entry::{CheckedRun, Timestamp};
use super::id::{Hash, NodeId};
use super::limits::{ALONE_MS, UNCOMMITTED_BYTES_MAX};
use super::lookup::Lookup;
use super::packet::Lane;
use super::packet::circle::Packet;
use super::planted::{self, Bug};
use super::receipt::Watermarks;
use askers::Askers;
use commit::Batch;
use fetch::Fetch;
pub use members::Member;
use news::News;
use serve::Turns;
pub use shown::Queues;
use stamp::{Gate, Unsaid};
use sync::Link;
use waiting::Waiting;

/// The time, as the driver sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds on a clock that never goes back; the only one that decides anything.
    pub mono: u64,
    /// Milliseconds since 1970 on the wall, for people to read.
    pub wall: u64,
}

/// What the driver is told to be, apart from what is committed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The member's cleaned name. Taken when it is another than the last time: what was chosen
    /// later, by [`Input::Say`], is kept until then.
    pub name: String,
    /// An address or another member is known: the first profile waits for a link.
    pub knows_others: bool,
    /// Milliseconds between two whole `sync` to every peer.
    pub sync_ms: u64,
    /// Seed of the jitter.
    pub seed: u64,
}

/// What happens to the circle.
#[derive(Debug, Clone)]
pub enum Input {
    /// The pair has a (new) link.
    Up(NodeId),
    /// The pair has no link any more.
    Down(NodeId),
    /// A round trip to the peer took so many milliseconds.
    Rtt(NodeId, u32),
    /// Whom the peer says it is linked with.
    Linked(NodeId, BTreeSet<NodeId>),
    /// A packet came from the peer, its runs checked.
    Received(NodeId, Packet),
    /// So many more of the packets sent to the peer in [`Lane::History`] are written out. Once all
    /// are, there is room for more.
    Written(NodeId, usize),
    /// What an [`Output::LookUp`] has found, and what is left of it.
    Found(NodeId, Lookup, Vec<Arc<CheckedRun>>),
    /// Every batch up to this one is committed.
    Committed(u64),
    /// Write an entry; answered by [`Output::Said`] once it is committed.
    Say {
        /// Names the request in the answer.
        token: u64,
        /// What to say: a body's JSON text.
        body: String,
        /// The page's reference, kept with the entry.
        reference: Option<String>,
    },
    /// The reader here has read so far: per author the last entry.
    Read(Watermarks),
    /// Tell this node's reads, or stop telling them.
    ReadReceipts(bool),
    /// Stop waiting for a member, or wait again.
    SetAside(NodeId, bool),
    /// New addresses of a member, to be kept.
    Addresses(NodeId, Vec<String>),
    /// Time passed.
    Tick,
}

/// What the driver must do.
#[derive(Debug, Clone)]
pub enum Output {
    /// Queue the packet for the peer.
    Send(NodeId, Lane, Packet),
    /// Read this for the peer beside everything else, and answer with [`Input::Found`]; at most
    /// [`super::limits::LOOKUPS_MAX`] are out at once.
    LookUp(NodeId, Lookup),
    /// The peer broke the protocol: close its link. The reason is for the log.
    Misbehaved(NodeId, &'static str),
    /// Commit these writes, whole, after all earlier batches.
    Commit(u64, Vec<Write>),
    /// The entry asked for is committed, as this own sequence number.
    Said(u64, u64),
    /// Not written: this member has left the circle.
    Refused(u64),
    /// The member's reader is typing.
    Typing(NodeId),
    /// A validly signed own entry that is not held: this database was rolled back, or the key is
    /// used twice. The driver must take a new identity; nothing more is stamped with this one.
    RolledBack,
    /// The author is disputed from this sequence number.
    Disputed(NodeId, u64),
    /// An entry of the author contradicts the clock of its receipt.
    ClockContradicted(NodeId),
}

/// One member's state. See the module's words on driving it.
#[derive(Debug)]
pub struct Circle {
    me: NodeId,
    key: SigningKey,
    settings: Settings,
    members: BTreeMap<NodeId, Member>,
    links: BTreeMap<NodeId, Link>,
    /// The greatest entry held, committed or not.
    top: Option<(Timestamp, Hash)>,
    /// The greatest counter committed: what the next receipt may promise.
    committed_clock: u64,
    circle: Option<(Timestamp, String)>,
    arrival: u64,
    /// Entries held in all logs.
    held: u64,

    gate: Gate,
    unsaid: VecDeque<Unsaid>,
    /// The name of the settings, until it is taken.
    name_set: Option<String>,
    leaving: bool,
    rolled_back: bool,

    /// Uncommitted entries by hash.
    fresh: BTreeMap<Hash, Located>,
    batches: VecDeque<Batch>,
    next_batch: u64,
    writes: Vec<Write>,
    said: Vec<(u64, u64)>,
    uncommitted_bytes: usize,

    askers: Askers,
    turns: Turns,
    /// Counts the links.
    next_link: u64,

    waiting: Waiting,
    fetches: BTreeMap<NodeId, Fetch>,
    /// Authors of which some peer may hold more.
    lacking: BTreeSet<NodeId>,
    /// Of these, whom something has changed for: only they are looked at in a step.
    replan: BTreeSet<NodeId>,
    /// When fetches stall, or sooner: a peer may name thousands of authors.
    fetch_due: BTreeSet<(u64, NodeId)>,
    /// Who last brought what was asked for, and when some log last grew by such.
    source: Option<NodeId>,
    fetched_at: u64,

    /// Links for which something long was added.
    long: BTreeSet<NodeId>,
    news: News,

    /// Counts below this are or will be reserved; below `receipt_reserved` they are.
    receipt_ceiling: u64,
    receipt_reserved: u64,
    receipt_count: u64,
    receipt_due: Option<u64>,
    receipt_sent_at: Option<u64>,
    /// What others are told of this node's reads, where that is not all.
    read_told: Option<Watermarks>,
    final_to: u64,
    final_written: u64,
    final_shown: u64,
    unwritten_receipts: BTreeSet<NodeId>,
    lazy_due: Option<u64>,
    /// When all marks are looked at again.
    marks_due: Option<u64>,

    last_mono: u64,
    random: u64,
    outputs: Vec<Output>,
}

impl Circle {
    /// The circle as it was at the last commit.
    pub fn new(key: SigningKey, settings: Settings, restored: Restored, now: Now) -> Circle {
        let me = NodeId(key.verifying_key().to_bytes());
        let members: BTreeMap<NodeId, Member> = restored
            .members
            .into_iter()
            .map(|(id, stored)| (id, Member::restore(stored)))
            .collect();
        let held = members.values().map(Member::head_seq).sum();
        let mut circle = Circle {
            me,
            key,
            random: settings.seed,
            gate: Gate::Starting { until: now.mono + ALONE_MS },
            settings,
            members,
            links: BTreeMap::new(),
            top: restored.top,
            committed_clock: restored.top.map_or(0, |(top, _)| top.lamport),
            circle: restored.circle,
            arrival: restored.arrival,
            held,
            unsaid: VecDeque::new(),
            name_set: None,
            leaving: false,
            rolled_back: false,
            fresh: BTreeMap::new(),
            batches: VecDeque::new(),
            next_batch: 1,
            writes: Vec::new(),
            said: Vec::new(),
            uncommitted_bytes: 0,
            askers: Askers::default(),
            turns: Turns::default(),
            next_link: 0,
            waiting: Waiting::default(),
            fetches: BTreeMap::new(),
            lacking: BTreeSet::new(),
            replan: BTreeSet::new(),
            fetch_due: BTreeSet::new(),
            source: None,
            fetched_at: 0,
            long: BTreeSet::new(),
            news: News::default(),
            receipt_ceiling: restored.receipt_ceiling,
            receipt_reserved: restored.receipt_ceiling,
            receipt_count: match planted::is(Bug::CountReused) {
                true => 0,
                false => restored.receipt_ceiling,
            },
            receipt_due: None,
            receipt_sent_at: None,
            read_told: restored.read_told,
            final_to: restored.final_to,
            final_written: restored.final_to,
            final_shown: restored.final_to,
            unwritten_receipts: BTreeSet::new(),
            lazy_due: None,
            marks_due: None,
            last_mono: now.mono,
            outputs: Vec::new(),
        };
        circle.leaving = circle.members.entry(me).or_default().left;
        circle.choose_name(restored.named);
        circle.receipt_soon(now);
        circle
    }

    /// Takes one input and says what to do about it.
    pub fn handle(&mut self, input: Input, now: Now, archive: &dyn Archive) -> Vec<Output> {
        self.last_mono = now.mono;
        match input {
            Input::Up(peer) => self.link_up(peer, now, archive),
            Input::Down(peer) => self.link_down(peer),
            Input::Rtt(peer, ms) => {
                if let Some(link) = self.links.get_mut(&peer) {
                    link.rtt_ms = Some(ms);
                }
            }
            Input::Linked(peer, linked) => self.take_links(peer, linked, now),
            Input::Received(peer, packet) => self.received(peer, packet, now, archive),
            Input::Written(peer, packets) => self.written(peer, packets, now, archive),
            Input::Found(peer, lookup, runs) => self.found(peer, lookup, runs, now, archive),
            Input::Committed(through) => self.committed(through, now, archive),
            Input::Say { token, body, reference } => {
                if let Some(Decision::Profile(name)) = Decision::read(&body) {
                    self.settings.name = name;
                }
                self.say(Unsaid { token: Some(token), body, reference });
            }
            Input::Read(marks) => self.read_here(marks),
            Input::ReadReceipts(on) => self.set_read_receipts(on),
            Input::SetAside(member, aside) => self.set_aside(member, aside, archive),
            Input::Addresses(member, addresses) => {
                self.members.entry(member).or_default().addresses.clone_from(&addresses);
                self.writes.push(Write::Addresses(member, addresses));
            }
            Input::Tick => {}
        }
        self.run_timers(now, archive);
        self.stamp(now);
        self.flush();
        debug_assert!(self.committed_clock <= self.top.map_or(0, |(top, _)| top.lamport));
        std::mem::take(&mut self.outputs)
    }

    fn received(&mut self, peer: NodeId, packet: Packet, now: Now, archive: &dyn Archive) {
        match packet {
            Packet::Message(run) => self.take_runs(peer, vec![run], true, now, archive),
            Packet::History(runs) => self.take_runs(peer, runs, false, now, archive),
            Packet::Sync(sync) => self.take_sync(peer, sync, now, archive),
            Packet::Want(want) => self.take_want(peer, want, now, archive),
            Packet::Receipt(receipts) => self.take_receipts(peer, receipts, now, archive),
            Packet::Dispute(dispute) => self.take_dispute(peer, *dispute, now, archive),
            Packet::Typing(_) => self.outputs.push(Output::Typing(peer)),
        }
    }

    fn run_timers(&mut self, now: Now, archive: &dyn Archive) {
        self.pass_gate(now);
        self.sync_when_due(now, archive);
        self.offer_when_due(now, archive);
        self.compare_when_due(now, archive);
        self.fetch_when_due(now, archive);
        self.serve_when_due(now, archive);
        self.marks_when_due(now, archive);
        self.receipt_when_due(now);
        self.ask_receipts_when_due(now);
        self.long_when_room(archive);
    }

    /// When [`Input::Tick`] is due, in milliseconds on the monotonic clock; none while nothing is.
    pub fn wake_at(&self) -> Option<u64> {
        let wakes = [self.gate_wake(), self.sync_wake(), self.fetch_wake(), self.receipt_wake()];
        let others = [self.lazy_due, self.marks_due, self.ask_receipts_wake()];
        wakes.into_iter().chain(others).flatten().min()
    }

    /// Whether more may be taken from links: false while the disk lags far behind.
    pub fn has_room(&self) -> bool {
        self.uncommitted_bytes < UNCOMMITTED_BYTES_MAX
    }

    fn send(&mut self, peer: NodeId, packet: Packet) {
        self.outputs.push(Output::Send(peer, Lane::Live, packet));
    }

    fn misbehaved(&mut self, peer: NodeId, why: &'static str) {
        self.outputs.push(Output::Misbehaved(peer, why));
    }

    /// Up to `span` milliseconds, from the seed.
    fn jitter(&mut self, span: u64) -> u64 {
        // splitmix64: spreads any seed.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % (span + 1)
    }
}
