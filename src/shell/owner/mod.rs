//! The one task that owns the circle and the mesh: links, store, pages and timers speak to it
//! through bounded channels, and nobody else changes anything.

mod commands;
mod early;
mod links;
mod lookups;
mod news;
mod store;
pub mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::keyring::CircleId;
use crate::protocol::circle::{Circle, Input, Now, Output};
use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::protocol::mesh::{Mesh, MeshInput};
use crate::protocol::packet::LinkId;
use crate::shell::clock::wall_ms;
use crate::shell::handle::{Command, Event, StoreState, View};
use crate::shell::link::{LinkEvent, LinkSender};
use crate::shell::links::Links;
use crate::store::{Batch, Reader, StoreEvent, WriterHandle};

use commands::Asked;
use lookups::Lookups;

/// Link events taken before anything else gets a turn.
const LINK_EVENTS_PER_TURN: usize = 64;
/// Commands taken in one turn: what is said together is signed together.
const COMMANDS_PER_TURN: usize = 256;
/// Least milliseconds between two views.
const VIEW_MS: u64 = 50;

/// What the owner works with.
pub struct Owner {
    /// Which of the home's circles it is.
    pub id: CircleId,
    /// The circle's state.
    pub circle: Circle,
    /// Who is dialled and linked.
    pub mesh: Mesh,
    /// Addresses that somebody here gave, dialled first.
    pub peers: Vec<String>,
    /// Committed entries, over a connection of the owner's own.
    pub archive: Reader,
    /// To commit.
    pub writer: WriterHandle,
    /// To dial.
    pub links: Links,
    /// Zero of the monotonic clock.
    pub started: Instant,
    /// The Lamport clock for handshakes.
    pub clock: Arc<AtomicU64>,
    /// For pages.
    pub events: broadcast::Sender<Event>,
    /// For pages and routes.
    pub view: watch::Sender<Arc<View>>,
    /// Names the store's arrival numbers.
    pub epoch: String,
    /// What was committed at the start.
    pub top: Option<Timestamp>,
    /// Last arrival number committed.
    pub arrival: u64,
    /// This node's former identity, which will not write again.
    pub former: Option<NodeId>,
    /// Code of what pages should be told of this start.
    pub notice: Option<&'static str>,
}

/// The owner's incoming channels.
pub struct Inbox {
    /// From link tasks.
    pub links: mpsc::Receiver<LinkEvent>,
    /// From the writer.
    pub store: mpsc::Receiver<StoreEvent>,
    /// From pages and routes.
    pub commands: mpsc::Receiver<Command>,
}

/// Why the owner ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// The database was rolled back, or the identity is used twice: start again with a new one.
    RolledBack,
    /// The store's writer is gone: a bug.
    StoreGone,
}

/// The task's state beside its tools.
struct Task {
    owner: Owner,
    lookups: Lookups,
    senders: BTreeMap<LinkId, LinkSender>,
    backlog: VecDeque<Batch>,
    asked: BTreeMap<u64, Asked>,
    next_token: u64,
    /// Own entries said in the batch that is being announced.
    said: Vec<(u64, u64)>,
    last_heard: BTreeMap<NodeId, u64>,
    /// Members of whom the mesh is to be told anew.
    restanding: BTreeSet<NodeId>,
    store: StoreState,
    damaged: Option<String>,
    /// Whom each member says it is linked with, since the mesh last changed: long lists, and most
    /// views find them as they were.
    linked: BTreeMap<NodeId, Arc<[NodeId]>>,
    mesh_changed: bool,
    view_dirty: bool,
    view_at: u64,
    rolled_back: bool,
}

/// Runs until `stop`, or until the node must begin anew. Own links have said `bye` by then, and the
/// store is closed.
pub async fn run(
    owner: Owner,
    mut inbox: Inbox,
    stop: CancellationToken,
    ready: Option<oneshot::Sender<()>>,
) -> (Ended, mpsc::Receiver<Command>) {
    let (lookups, mut found) = Lookups::new(&owner.archive);
    let mut task = Task::new(owner, lookups);
    if let Some(former) = task.owner.former {
        task.circle(Input::SetAside(former, true));
    }
    let peers = std::mem::take(&mut task.owner.peers);
    task.mesh(MeshInput::Learn(peers));
    task.restanding.extend(task.owner.circle.members().keys());
    task.tell_standings();
    task.mesh(MeshInput::Start);
    task.circle(Input::Tick);
    task.write_backlog();
    task.publish_now();
    drop(ready);
    let mut commands = Vec::new();
    let ended = loop {
        let wake = task.wake_in();
        let room = task.has_room();
        tokio::select! {
            biased;
            () = stop.cancelled() => break Ended::Stopped,
            event = inbox.store.recv() => match event {
                Some(event) => task.store_event(event),
                None => break Ended::StoreGone,
            },
            found = found.recv() => task.found(found.expect("its sender is the task's")),
            event = inbox.links.recv(), if room => {
                let Some(event) = event else { break Ended::Stopped };
                task.link_event(event);
                for _ in 1..LINK_EVENTS_PER_TURN {
                    let Some(event) = task.has_room().then(|| inbox.links.try_recv().ok()).flatten()
                    else { break };
                    task.link_event(event);
                }
            }
            command = inbox.commands.recv() => {
                let Some(command) = command else { break Ended::Stopped };
                commands.push(command);
            }
            () = tokio::time::sleep(wake) => {
                task.mesh(MeshInput::Tick);
                task.circle(Input::Tick);
            }
        }
        // However much comes from links, those that stand before the node have their turn.
        while commands.len() < COMMANDS_PER_TURN
            && let Ok(command) = inbox.commands.try_recv()
        {
            commands.push(command);
        }
        task.commands(std::mem::take(&mut commands));
        task.tell_standings();
        task.write_backlog();
        task.publish();
        task.tell_of_start();
        if task.rolled_back {
            break Ended::RolledBack;
        }
    };
    let commands = task.wind_down(inbox).await;
    (ended, commands)
}

impl Task {
    fn new(owner: Owner, lookups: Lookups) -> Task {
        Task {
            owner,
            lookups,
            senders: BTreeMap::new(),
            backlog: VecDeque::new(),
            asked: BTreeMap::new(),
            next_token: 1,
            said: Vec::new(),
            last_heard: BTreeMap::new(),
            restanding: BTreeSet::new(),
            store: StoreState::Ok,
            damaged: None,
            linked: BTreeMap::new(),
            mesh_changed: true,
            view_dirty: true,
            view_at: 0,
            rolled_back: false,
        }
    }

    fn now(&self) -> Now {
        Now { mono: self.owner.started.elapsed().as_millis() as u64, wall: wall_ms() }
    }

    fn has_room(&self) -> bool {
        self.backlog.is_empty() && self.owner.circle.has_room()
    }

    fn wake_in(&self) -> Duration {
        let view = self.view_dirty.then_some(self.view_at + VIEW_MS);
        let wakes = [self.owner.circle.wake_at(), self.owner.mesh.wake_at(), view];
        let next = wakes.into_iter().flatten().min().unwrap_or(u64::MAX);
        let now = self.owner.started.elapsed().as_millis() as u64;
        // A whole millisecond at least: what is due now was just done.
        Duration::from_millis(next.saturating_sub(now).clamp(1, 60_000))
    }

    fn circle(&mut self, input: Input) {
        self.view_dirty = true;
        let now = self.now();
        let outputs = self.owner.circle.handle(input, now, &self.owner.archive);
        self.owner.clock.store(self.owner.circle.clock(), Ordering::Relaxed);
        for output in outputs {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send(peer, lane, packet) => {
                if let Some(link) = self.owner.mesh.link_of(&peer) {
                    self.queue(link, lane, packet);
                }
            }
            Output::LookUp(peer, lookup) => self.lookups.start(peer, lookup),
            Output::Misbehaved(peer, why) => {
                tracing::warn!(%peer, "closing the link, the peer's fault: {why}");
                let link = self.owner.mesh.link_of(&peer);
                if let Some(sender) = link.and_then(|link| self.senders.get(&link)) {
                    sender.close();
                }
            }
            Output::Commit(id, writes) => {
                self.tell_early(&writes);
                self.backlog.push_back(Batch { id, writes });
            }
            Output::Said(token, seq) => self.said.push((token, seq)),
            Output::Refused(token) => self.refuse_left(token),
            Output::Typing(member) => self.tell(Event::Typing(member)),
            Output::RolledBack => {
                tracing::error!("this folder's database is older than what was sent from it");
                self.rolled_back = true;
            }
            Output::Disputed(author, seq) => {
                tracing::warn!(%author, seq, "two versions of a member's log exist");
                self.restanding.insert(author);
                let message = "a member has signed two versions of its messages".to_owned();
                self.tell(Event::Notice { code: "disputed", message });
            }
            Output::ClockContradicted(author) => {
                tracing::warn!(%author, "a member wrote below the clock of its own receipt");
            }
        }
    }

    /// Gives back what was asked, and closes the store; link tasks end by themselves.
    async fn wind_down(mut self, mut inbox: Inbox) -> mpsc::Receiver<Command> {
        self.refuse_all();
        let Owner { writer, .. } = self.owner;
        for batch in self.backlog {
            // What was never committed was never acknowledged; still it costs nothing to try.
            if writer.try_write(batch).is_err() {
                break;
            }
        }
        drop(writer);
        while inbox.store.recv().await.is_some() {}
        inbox.commands
    }
}
