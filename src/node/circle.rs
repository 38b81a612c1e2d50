//! A circle at work: its links, its owner task and its store, life after life.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::life::{Life, open, random};
use crate::config::Config;
use crate::keyring::{CircleId, Keyring};
use crate::protocol::circle::{Circle, Now, Settings};
use crate::protocol::mesh::Mesh;
use crate::shell::clock::wall_ms;
use crate::shell::handle::{COMMANDS_MAX, Command, EVENTS_MAX, Event, Handle, View};
use crate::shell::links::{Oneself, Port};
use crate::shell::owner::{self, Ended, Inbox, Owner, view};
use crate::shell::rows::NowReader;
use crate::store::Reader;

/// Link events that wait for the owner; links wait when it is full.
const LINK_EVENTS_MAX: usize = 1_024;

/// What stays the same of a circle while this node takes new identities there.
pub(super) struct Base {
    /// Which of the home's circles it is.
    pub(super) id: CircleId,
    pub(super) config: Config,
    pub(super) keyring: watch::Receiver<Keyring>,
    pub(super) port: Port,
    /// Zero of the home's monotonic clock.
    pub(super) started: Instant,
    pub(super) cancel: CancellationToken,
}

/// A circle at work.
pub(super) struct Working {
    pub(super) handle: Handle,
    /// Its messages, of whichever life is led.
    pub(super) rows: NowReader,
    /// Ends with its last life.
    pub(super) lives: JoinHandle<anyhow::Result<()>>,
}

/// What pages are told, whichever life is led.
struct Told {
    events: broadcast::Sender<Event>,
    view: watch::Sender<Arc<View>>,
    reader: watch::Sender<Reader>,
}

/// Begins with this life; the view is whole when this returns.
pub(super) async fn start(base: Base, life: Life) -> Working {
    let (commands_in, commands) = mpsc::channel(COMMANDS_MAX);
    let events = broadcast::channel(EVENTS_MAX).0;
    let first = view::first(&base.circle(&life), &life.opened.epoch, 0);
    let (view, seen) = watch::channel(Arc::new(first));
    let (reader, reads) = watch::channel(life.opened.reader.clone());
    let handle = Handle { commands: commands_in, view: seen, events: events.clone() };
    let (ready, is_ready) = oneshot::channel();
    let told = Told { events, view, reader };
    let lives = tokio::spawn(live(base, told, life, commands, ready));
    let _ = is_ready.await;
    Working { handle, rows: NowReader(reads), lives }
}

/// Lives until it is stopped; a database found to be rolled back ends one life, and the next has a
/// new identity.
async fn live(
    base: Base,
    told: Told,
    mut life: Life,
    mut commands: mpsc::Receiver<Command>,
    ready: oneshot::Sender<()>,
) -> anyhow::Result<()> {
    let mut ready = Some(ready);
    loop {
        let me = life.identity.id();
        let (ended, back) = base.one_life(&told, life, commands, ready.take()).await;
        commands = back;
        match ended {
            Ended::Stopped => return Ok(()),
            Ended::StoreGone => anyhow::bail!("the store's thread has ended, a bug; start again"),
            Ended::RolledBack => {}
        }
        life = open(&base.config.data, base.id, &base.keyring, Some(me)).await?;
        told.reader.send_replace(life.opened.reader.clone());
    }
}

impl Base {
    fn circle(&self, life: &Life) -> Circle {
        let restored = life.opened.restored.clone();
        let me = life.identity.id();
        let knows = restored.members.keys().any(|id| *id != me);
        let settings = Settings {
            name: self.config.name.clone(),
            knows_others: !self.config.peers.is_empty() || knows,
            sync_ms: self.config.sync_secs * 1_000,
            seed: u64::from_le_bytes(random()),
        };
        let now = Now { mono: self.started.elapsed().as_millis() as u64, wall: wall_ms() };
        Circle::new(life.identity.signing_key().clone(), settings, restored, now)
    }

    async fn one_life(
        &self,
        told: &Told,
        life: Life,
        commands: mpsc::Receiver<Command>,
        ready: Option<oneshot::Sender<()>>,
    ) -> (Ended, mpsc::Receiver<Command>) {
        let stop = self.cancel.child_token();
        let circle = self.circle(&life);
        let (link_events, links_in) = mpsc::channel(LINK_EVENTS_MAX);
        let clock = Arc::new(AtomicU64::new(circle.clock()));
        let key = life.identity.signing_key().clone();
        let oneself = Oneself { circle: self.id, key, clock: clock.clone() };
        let links = self.port.enter(oneself, link_events, stop.clone());
        let known = life.opened.restored.members.iter();
        let known = known.map(|(id, member)| (*id, member.addresses.clone())).collect();
        let seed = u64::from_le_bytes(random());
        let owner = Owner {
            id: self.id,
            mesh: Mesh::new(circle.me(), known, seed),
            peers: self.config.peers.clone(),
            circle,
            archive: life.opened.archive,
            writer: life.opened.writer,
            links: links.clone(),
            started: self.started,
            clock,
            events: told.events.clone(),
            view: told.view.clone(),
            epoch: life.opened.epoch,
            top: life.opened.restored.top.map(|(top, _)| top),
            arrival: life.opened.restored.arrival,
            former: life.former,
            notice: life.notice,
        };
        let inbox = Inbox { links: links_in, store: life.opened.events, commands };
        let (ended, commands) = owner::run(owner, inbox, stop.clone(), ready).await;
        stop.cancel();
        links.stopped().await;
        (ended, commands)
    }
}
