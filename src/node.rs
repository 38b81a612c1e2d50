//! A node: peer, store and page in one process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, WebLogin, files};
use crate::identity::Identity;
use crate::invite::{Invite, split_address};
use crate::lan;
use crate::protocol::circle::{Circle, Now, Settings};
use crate::protocol::id::NodeId;
use crate::protocol::limits::ADDRESSES_MAX;
use crate::protocol::mesh::Mesh;
use crate::seal::GroupKey;
use crate::shell::clock::{is_usable, wall_ms, wall_seconds};
use crate::shell::handle::{COMMANDS_MAX, Command, EVENTS_MAX, Event, Handle, View};
use crate::shell::http::{self, Door, Login};
use crate::shell::links::{Links, LinksConfig, Pace};
use crate::shell::owner::{self, Ended, Inbox, Owner, view};
use crate::shell::rows::NowReader;
use crate::shell::store::{Opened, Options, Reader, Store};

/// Link events that wait for the owner; links wait when it is full.
const LINK_EVENTS_MAX: usize = 1_024;

/// Why a node does not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is at fault.
    #[error("{0}")]
    Setting(String),
    /// Something else is.
    #[error("{0}")]
    Failed(String),
}

impl StartError {
    /// Whether a setting is at fault, so that another would help.
    pub fn is_setting(&self) -> bool {
        matches!(self, StartError::Setting(_))
    }
}

/// A running node.
#[derive(Debug)]
pub struct Running {
    /// Its member id, as it was at the start.
    pub id: NodeId,
    /// Access to it.
    pub handle: Handle,
    /// Where its page is served.
    pub web: SocketAddr,
    /// Where peers connect.
    pub peers: SocketAddr,
    lives: JoinHandle<anyhow::Result<()>>,
    door: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Waits until the node has stopped: links have said goodbye, and the store is closed.
    ///
    /// # Errors
    /// What made it stop, if it was not asked to.
    pub async fn stopped(self) -> anyhow::Result<()> {
        let lived = self.lives.await.context("the owner task panicked, a bug")?;
        self.door.await.context("the page's task panicked, a bug")??;
        lived
    }
}

/// What stays the same while a node takes new identities.
struct Base {
    config: Config,
    keys: Vec<GroupKey>,
    peers: SocketAddr,
    started: Instant,
    events: broadcast::Sender<Event>,
    view: watch::Sender<Arc<View>>,
    /// What pages read; each life has its own.
    reader: watch::Sender<Reader>,
    cancel: CancellationToken,
}

/// One opened folder with its identity.
struct Life {
    identity: Identity,
    opened: Opened,
    /// Said on the page once somebody can read it.
    notice: Option<&'static str>,
    /// This node's former self, which will not write again.
    former: Option<NodeId>,
}

/// Starts a node; it stops when `cancel` is cancelled.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: Config, cancel: CancellationToken) -> Result<Running, StartError> {
    if !is_usable() {
        let why = "this machine's clock stands before 1970 or after 9999, which no page can be \
                   told; set it, then start the node again";
        return Err(StartError::Failed(why.to_owned()));
    }
    let keys = group_keys(&config)?;
    let life = open(&config, &keys, None).await?;
    let listener = bind("RODA_LISTEN", "peers", &config.listen).await?;
    let web_listener = bind("RODA_WEB", "the page", &config.web).await?;
    let address = |listener: &TcpListener| {
        listener.local_addr().map_err(|why| StartError::Failed(format!("a socket has died: {why}")))
    };
    let (peers, web) = (address(&listener)?, address(&web_listener)?);
    files::write_peer_address(&config.data, peers).map_err(|why| {
        let data = config.data.display();
        StartError::Failed(format!("the folder {data} cannot be written to: {why}"))
    })?;

    let id = life.identity.id();
    let (commands_in, commands) = mpsc::channel(COMMANDS_MAX);
    let events = broadcast::channel(EVENTS_MAX).0;
    let circle = circle(&config, &life, Instant::now());
    let addresses = own_addresses(&config, peers);
    let first = view::first(&circle, &life.opened.epoch, 0, &addresses);
    let (view, seen) = watch::channel(Arc::new(first));
    let handle = Handle { commands: commands_in, view: seen, events: events.clone() };
    let (reader, reads) = watch::channel(life.opened.reader.clone());
    let door = door(&config, handle.clone(), NowReader(reads), peers)?;
    let door = tokio::spawn(http::serve(web_listener, door, cancel.clone()));
    let base = Base { config, keys, peers, started: Instant::now(), events, view, reader, cancel };
    let (ready, is_ready) = oneshot::channel();
    let lives = tokio::spawn(live(base, life, listener, commands, ready));
    // The view is whole before anybody is told that the node runs.
    let _ = is_ready.await;
    Ok(Running { id, handle, web, peers, lives, door })
}

fn group_keys(config: &Config) -> Result<Vec<GroupKey>, StartError> {
    let parsed = config.keys.iter().map(|key| GroupKey::parse(key.expose()));
    let keys: Vec<GroupKey> =
        parsed.collect::<Result<_, _>>().map_err(|why| StartError::Setting(why.to_string()))?;
    match keys.is_empty() {
        true => Err(StartError::Setting("no key is set; make one with `roda init`".to_owned())),
        false => Ok(keys),
    }
}

async fn bind(variable: &str, whom: &str, address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|why| {
        StartError::Setting(format!(
            "{variable}: {address} cannot be used for {whom} ({why}); stop the program that uses \
             it, or choose another with {variable}"
        ))
    })
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

/// Opens folder and identity; `former` is the identity to be given up.
async fn open(
    config: &Config,
    keys: &[GroupKey],
    former: Option<NodeId>,
) -> Result<Life, StartError> {
    let fingerprints = keys.iter().map(|key| key.derive().fingerprint).collect();
    let options = Options { fingerprints, epoch: random(), ..Options::default() };
    let data = config.data.clone();
    let open = move || -> Result<Life, StartError> {
        let opened =
            Store::open(&data, options).map_err(|why| StartError::Failed(why.to_string()))?;
        let notice = if former.is_some() {
            Some("new_identity_rolled_back")
        } else if opened.set_aside.is_some() {
            Some("new_identity_damaged")
        } else if opened.lost {
            Some("new_identity_lost")
        } else {
            None
        };
        let identity = match notice {
            Some(_) => Identity::replace(&data, random),
            None => Identity::load_or_create(&data, random),
        };
        let identity = identity.map_err(|why| StartError::Failed(why.to_string()))?;
        Ok(Life { identity, opened, notice, former })
    };
    tokio::task::spawn_blocking(open).await.expect("opening does not panic")
}

fn circle(config: &Config, life: &Life, started: Instant) -> Circle {
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
fn own_addresses(config: &Config, peers: SocketAddr) -> Vec<String> {
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

fn door(
    config: &Config,
    handle: Handle,
    reader: NowReader,
    peers: SocketAddr,
) -> Result<Door, StartError> {
    let login = match config.web_login {
        WebLogin::Off => Login::Off,
        WebLogin::Token => {
            let token = files::web_token(&config.data).map_err(|why| {
                StartError::Failed(format!("the page's token cannot be kept: {why}"))
            })?;
            Login::Token(token.as_str().to_owned())
        }
    };
    let key = config.keys.first().expect("checked by group_keys").clone();
    let port = peers.port();
    let invite = move |view: &View| {
        let unknown = || vec![format!("localhost:{port}")];
        let known = view.addresses.iter().filter(|a| split_address(a, false).is_ok()).cloned();
        let addresses: Vec<String> = known.collect();
        let addresses = if addresses.is_empty() { unknown() } else { addresses };
        Invite { addresses, key: key.clone() }.to_string()
    };
    Ok(Door {
        handle,
        rows: Arc::new(reader),
        login,
        hosts: config.web_hosts.clone(),
        web_dir: config.web_dir.clone(),
        invite: Arc::new(invite),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Lives until it is stopped; a database found to be rolled back ends one life, and the next has a
/// new identity.
async fn live(
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
        life = open(&base.config, &base.keys, Some(me)).await?;
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
            group_keys: base.keys.clone(),
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
        mesh: Mesh::new(circle.me(), base.config.peers.clone(), known, seed),
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
