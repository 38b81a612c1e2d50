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
mod batches;
mod commit;
mod disputes;
mod driver;
mod fetch;
mod fetches;
mod hints;
mod jitter;
mod lazy;
mod log;
mod long;
mod members;
mod named;
mod news;
mod offer;
mod offers;
mod others;
mod outbox;
mod own;
mod peer;
mod peers;
mod receipts;
mod serve;
mod serving;
mod shown;
mod stamp;
mod step;
mod sync;
mod vouch;

mod waiting;
mod wanted;

use ed25519_dalek::SigningKey;

use super::archive::{Archive, Restored, Write};
use super::body::Decision;
use super::id::NodeId;
use super::packet::Lane;
use super::packet::circle::Packet;
use askers::Askers;
use batches::Batches;
pub use driver::{Input, Output, Settings};
use fetches::Fetches;
use jitter::Jitter;
use lazy::{Finality, Lazy};
pub use members::Member;
use members::Members;
use news::News;
use outbox::{Outbox, Unsaid};
use own::OwnReceipts;
use peers::Peers;
use serve::Turns;
pub use shown::Queues;
use stamp::name_to_take;
pub use step::Now;
use step::Step;
use waiting::Waiting;

/// One member's state. See the module's words on driving it. Each part keeps its own fields: what
/// may change them is said by its methods.
#[derive(Debug)]
pub struct Circle {
    me: NodeId,
    key: SigningKey,
    settings: Settings,
    jitter: Jitter,

    /// What is held.
    members: Members,
    waiting: Waiting,
    /// What is written here, and vouched for.
    outbox: Outbox,
    own: OwnReceipts,
    /// What goes to the disk.
    batches: Batches,
    lazy: Lazy,
    finality: Finality,
    /// Whom it has to do with, what is asked of them, and what they ask for.
    peers: Peers,
    fetches: Fetches,
    news: News,
    askers: Askers,
    turns: Turns,

    outputs: Vec<Output>,
}

impl Circle {
    /// The circle as it was at the last commit.
    pub fn new(key: SigningKey, mut settings: Settings, restored: Restored, now: Now) -> Circle {
        let me = NodeId(key.verifying_key().to_bytes());
        let Restored { members, top, circle, arrival, named, .. } = restored;
        let members = Members::restore(me, members, top, circle, arrival);
        let name = name_to_take(&mut settings, named, &members.own().name);
        let mut circle = Circle {
            me,
            key,
            jitter: Jitter::new(settings.seed),
            settings,
            waiting: Waiting::default(),
            outbox: Outbox::new(now, members.own().left, name),
            own: OwnReceipts::new(restored.receipt_ceiling, restored.read_told),
            members,
            batches: Batches::default(),
            lazy: Lazy::default(),
            finality: Finality::new(restored.final_to),
            peers: Peers::default(),
            fetches: Fetches::default(),
            news: News::default(),
            askers: Askers::default(),
            turns: Turns::default(),
            outputs: Vec::new(),
        };
        circle.receipt_soon(now);
        circle
    }

    /// Takes one input and says what to do about it.
    pub fn handle(&mut self, input: Input, now: Now, archive: &dyn Archive) -> Vec<Output> {
        let step = Step { now, archive };
        match input {
            Input::Up(peer) => self.link_up(peer, step),
            Input::Down(peer) => self.link_down(peer),
            Input::Rtt(peer, ms) => {
                if let Some(link) = self.peers.get_mut(&peer) {
                    link.rtt_ms = Some(ms);
                }
            }
            Input::Linked(peer, linked) => self.take_links(peer, linked, step.now),
            Input::Received(peer, packet) => self.received(peer, packet, step),
            Input::Written(peer, packets) => self.written(peer, packets, step),
            Input::Found(peer, lookup, runs) => self.found(peer, lookup, runs, step),
            Input::Committed(through) => self.committed(through, step),
            Input::Say { token, body, reference } => {
                if let Some(Decision::Profile(name)) = Decision::read(&body) {
                    self.settings.name = name;
                }
                self.say(Unsaid { token: Some(token), body, reference });
            }
            Input::Read(marks) => self.read_here(marks),
            Input::ReadReceipts(on) => self.set_read_receipts(on),
            Input::SetAside(member, aside) => self.set_aside(member, aside, step),
            Input::Addresses(member, addresses) => {
                self.members.set_addresses(member, addresses.clone());
                self.batches.write(Write::Addresses(member, addresses));
            }
            Input::Tick => {}
        }
        self.run_timers(step);
        self.stamp(step.now);
        self.flush();
        self.members.end_step();
        std::mem::take(&mut self.outputs)
    }

    fn received(&mut self, peer: NodeId, packet: Packet, step: Step<'_>) {
        match packet {
            Packet::Message(run) => self.take_runs(peer, vec![run], true, step),
            Packet::History(runs) => self.take_runs(peer, runs, false, step),
            Packet::Sync(sync) => self.take_sync(peer, sync, step),
            Packet::Want(want) => self.take_want(peer, want, step),
            Packet::Receipt(receipts) => self.take_receipts(peer, receipts, step),
            Packet::Dispute(dispute) => self.take_dispute(peer, *dispute, step),
            Packet::Typing(_) => self.outputs.push(Output::Typing(peer)),
        }
    }

    fn run_timers(&mut self, step: Step<'_>) {
        self.pass_gate(step.now);
        self.sync_when_due(step);
        self.offer_when_due(step);
        self.compare_when_due(step);
        self.fetch_when_due(step);
        self.serve_when_due(step);
        self.marks_when_due(step);
        self.write_lazily_when_due(step.now);
        self.receipt_when_due(step.now);
        self.rest_when_due(step.now);
        self.ask_receipts_when_due(step.now);
        self.long_when_room(step.archive);
    }

    /// When [`Input::Tick`] is due, in milliseconds on the monotonic clock; none while nothing is.
    pub fn wake_at(&self) -> Option<u64> {
        let wakes = [
            self.outbox.wake(),
            self.sync_wake(),
            self.fetch_wake(),
            self.receipt_wake(),
            self.lazy.wake(),
            self.ask_receipts_wake(),
        ];
        wakes.into_iter().flatten().min()
    }

    /// Whether more may be taken from links: false while the disk lags far behind.
    pub fn has_room(&self) -> bool {
        self.batches.has_room()
    }

    fn set_aside(&mut self, member: NodeId, aside: bool, step: Step<'_>) {
        if self.members.set_aside(member, aside) {
            self.batches.write(Write::Aside(member, aside));
            self.advance_marks(None, step);
        }
    }

    fn send(&mut self, peer: NodeId, packet: Packet) {
        self.outputs.push(Output::Send(peer, Lane::Live, packet));
    }

    fn misbehaved(&mut self, peer: NodeId, why: &'static str) {
        self.outputs.push(Output::Misbehaved(peer, why));
    }
}
