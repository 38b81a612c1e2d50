//! What a node has once: its keyring, its port and its page.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::circle::{self, Base, Working};
use super::error::StartError;
use super::life::open;
use crate::address::split_address;
use crate::config::{Config, WebLogin, notes};
use crate::keyring::{CircleId, Keyring};
use crate::protocol::id::NodeId;
use crate::protocol::limits::ADDRESSES_MAX;
use crate::shell::clock::{is_usable, wall_seconds};
use crate::shell::handle::{Handle, HomeView};
use crate::shell::http::{self, CircleDoor, Door, Invite, Login};
use crate::shell::links::{Pace, Port, PortConfig};
use crate::{invite, lan};

/// A running node.
#[derive(Debug)]
pub struct Running {
    /// Its member id in its first circle, as it was at the start.
    pub id: NodeId,
    /// Access to that circle.
    pub handle: Handle,
    /// The keys of its circles: others count from the next handshake and invitation on.
    pub keyring: watch::Sender<Keyring>,
    /// Where its page is served.
    pub web: SocketAddr,
    /// Where peers connect.
    pub peers: SocketAddr,
    lives: JoinHandle<anyhow::Result<()>>,
    port: Port,
    door: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Waits until the node has stopped: links have said goodbye, and the store is closed.
    ///
    /// # Errors
    /// What made it stop, if it was not asked to.
    pub async fn stopped(self) -> anyhow::Result<()> {
        let lived = self.lives.await.context("the owner task panicked, a bug")?;
        self.port.stopped().await;
        self.door.await.context("the page's task panicked, a bug")??;
        lived
    }
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
    if config.keys.is_empty() {
        return Err(StartError::Setting("no key is set; make one with `roda init`".to_owned()));
    }
    let (keyring, keys) = watch::channel(Keyring::default());
    keyring.send_modify(|ring| ring.put(CircleId::FIRST, config.keys.clone()));
    let life = open(&config.data, CircleId::FIRST, &keys, None).await?;
    let listener = bind("RODA_LISTEN", "peers", &config.listen).await?;
    let web_listener = bind("RODA_WEB", "the page", &config.web).await?;
    let address = |listener: &TcpListener| {
        listener.local_addr().map_err(|why| StartError::Failed(format!("a socket has died: {why}")))
    };
    let (peers, web) = (address(&listener)?, address(&web_listener)?);
    notes::write_peer_address(&config.data, peers).map_err(|why| {
        let data = config.data.display();
        StartError::Failed(format!("the folder {data} cannot be written to: {why}"))
    })?;
    let login = login(&config)?;

    let id = life.identity.id();
    let started = Instant::now();
    let port = PortConfig {
        keyring: keys.clone(),
        listens: listens(&config, peers),
        started,
        wall: wall_seconds,
        pace: Pace::default(),
    };
    let port = Port::new(port, cancel.clone());
    let base = Base {
        id: CircleId::FIRST,
        config: config.clone(),
        keyring: keys.clone(),
        port: port.clone(),
        started,
        cancel: cancel.clone(),
    };
    let Working { handle, rows, lives } = circle::start(base, life).await;
    port.listen(listener);
    let invite = invite(CircleId::FIRST, keys, peers.port());
    let behind = CircleDoor { handle: handle.clone(), rows: Arc::new(rows), invite };
    let door = Door {
        circles: BTreeMap::from([(CircleId::FIRST, behind)]),
        home: HomeView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            addresses: own_addresses(&config, peers),
        },
        login,
        hosts: config.web_hosts,
        web_dir: config.web_dir,
    };
    let door = tokio::spawn(http::serve(web_listener, door, cancel));
    Ok(Running { id, handle, keyring, web, peers, lives, port, door })
}

async fn bind(variable: &str, whom: &str, address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|why| {
        StartError::Setting(format!(
            "{variable}: {address} cannot be used for {whom} ({why}); stop the program that uses \
             it, or choose another with {variable}"
        ))
    })
}

/// Where this node says it listens, as handshakes tell it.
fn listens(config: &Config, peers: SocketAddr) -> Vec<String> {
    match config.advertise.is_empty() {
        true => vec![format!(":{}", peers.port())],
        false => config.advertise.clone(),
    }
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

fn login(config: &Config) -> Result<Login, StartError> {
    match config.web_login {
        WebLogin::Off => Ok(Login::Off),
        WebLogin::Token => {
            let token = notes::web_token(&config.data).map_err(|why| {
                StartError::Failed(format!("the page's token cannot be kept: {why}"))
            })?;
            Ok(Login::Token(token.as_str().to_owned()))
        }
    }
}

/// What makes invitations into this circle, with the key that it speaks with then.
fn invite(circle: CircleId, keyring: watch::Receiver<Keyring>, port: u16) -> Invite {
    Arc::new(move |home: &HomeView| {
        let unknown = || vec![format!("localhost:{port}")];
        let known = home.addresses.iter().filter(|a| split_address(a, false).is_ok()).cloned();
        let addresses: Vec<String> = known.collect();
        let addresses = if addresses.is_empty() { unknown() } else { addresses };
        let key = keyring.borrow().of(circle).first().expect("a circle has a key").clone();
        invite::Invite { addresses, key }.to_string()
    })
}
