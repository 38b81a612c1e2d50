//! A circle at work: its links, its owner task and its store, life after life.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::life::{Life, open, random};
use crate::config::Config;
use crate::lan;
use crate::protocol::circle::{Circle, Now, Settings};
use crate::protocol::limits::ADDRESSES_MAX;
use crate::protocol::mesh::Mesh;
use crate::shell::clock::{wall_ms, wall_seconds};
use crate::shell::handle::{Command, Event, View};
use crate::shell::links::{Links, LinksConfig, Pace};
use crate::shell::owner::{self, Ended, Inbox, Owner};
use crate::store::Reader;

/// Link events that wait for the owner; links wait when it is full.
const LINK_EVENTS_MAX: usize = 1_024;

/// What stays the same while a node takes new identities.
pub(super) struct Base {
    pub(super) config: Config,
    pub(super) peers: SocketAddr,
    pub(super) started: Instant,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) view: watch::Sender<Arc<View>>,
    /// What pages read; each life has its own.
    pub(super) reader: watch::Sender<Reader>,
    pub(super) cancel: CancellationToken,
}

pub(super) fn circle(config: &Config, life: &Life, started: Instant) -> Circle {
    let restored = life.opened.restored.clone();
    let me = life.identity.id();
    let settings = Settings {
        name: config.name.clone(),
        knows_others: !config.peers.is_empty() || restored.members.keys().any(|id| *id != me),
        sync_ms: config.sync_secs * 1_000,
        seed: u64::from_le_bytes(random()),
    };
    let now = Now { mono: started.elapsed().as_millis() as u64, wall: wall_ms() };
    Circle::new(life.identity.signing_key().clone(), settings, restored, now)
}

/// Where others can reach this node, for invitations.
pub(super) fn own_addresses(config: &Config, peers: SocketAddr) -> Vec<String> {
    if !config.advertise.is_empty() {
        return config.advertise.iter().take(ADDRESSES_MAX).cloned().collect();
    }
    match peers.ip().is_unspecified() {
        true => lan::address().map(|ip| SocketAddr::new(ip.into(), peers.port()).to_string()),
        false => Some(peers.to_string()),
    }
    .into_iter()
    .collect()
}

/// Lives until it is stopped; a database found to be rolled back ends one life, and the next has a
/// new identity.
pub(super) async fn live(
    base: Base,
    mut life: Life,
    listener: TcpListener,
    mut commands: mpsc::Receiver<Command>,
    ready: oneshot::Sender<()>,
) -> anyhow::Result<()> {
    let mut listener = Some(listener);
    let mut ready = Some(ready);
    loop {
        let bound = match listener.take() {
            Some(listener) => listener,
            None => TcpListener::bind(base.peers).await.context("the peers' port is gone")?,
        };
        let me = life.identity.id();
        let (ended, back) = one_life(&base, life, bound, commands, ready.take()).await;
        commands = back;
        match ended {
            Ended::Stopped => return Ok(()),
            Ended::StoreGone => anyhow::bail!("the store's thread has ended, a bug; start again"),
            Ended::RolledBack => {}
        }
        life = open(&base.config, Some(me)).await?;
        base.reader.send_replace(life.opened.reader.clone());
    }
}

async fn one_life(
    base: &Base,
    life: Life,
    listener: TcpListener,
    commands: mpsc::Receiver<Command>,
    ready: Option<oneshot::Sender<()>>,
) -> (Ended, mpsc::Receiver<Command>) {
    let stop = base.cancel.child_token();
    let circle = circle(&base.config, &life, base.started);
    let (link_events, links_in) = mpsc::channel(LINK_EVENTS_MAX);
    let clock = Arc::new(AtomicU64::new(circle.clock()));
    let listens = match base.config.advertise.is_empty() {
        true => vec![format!(":{}", base.peers.port())],
        false => base.config.advertise.clone(),
    };
    let links = Links::start(
        LinksConfig {
            key: life.identity.signing_key().clone(),
            group_keys: base.config.keys.clone(),
            listens,
            listener,
            started: base.started,
            clock: clock.clone(),
            wall: wall_seconds,
            pace: Pace::default(),
        },
        link_events,
        stop.clone(),
    );
    let known = life.opened.restored.members.iter();
    let known = known.map(|(id, member)| (*id, member.addresses.clone())).collect();
    let seed = u64::from_le_bytes(random());
    let owner = Owner {
        mesh: Mesh::new(circle.me(), known, seed),
        peers: base.config.peers.clone(),
        circle,
        archive: life.opened.archive,
        writer: life.opened.writer,
        links: links.clone(),
        started: base.started,
        clock,
        events: base.events.clone(),
        view: base.view.clone(),
        epoch: life.opened.epoch,
        addresses: own_addresses(&base.config, base.peers),
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
