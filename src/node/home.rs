//! What a node has once: its data folder, its listeners and its page.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::circle::{Base, circle, live, own_addresses};
use super::error::StartError;
use super::life::open;
use crate::address::split_address;
use crate::config::{Config, WebLogin, notes};
use crate::invite::Invite;
use crate::protocol::id::NodeId;
use crate::shell::clock::is_usable;
use crate::shell::handle::{COMMANDS_MAX, EVENTS_MAX, Handle, View};
use crate::shell::http::{self, Door, Login};
use crate::shell::owner::view;
use crate::shell::rows::NowReader;

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
    let life = open(&config, None).await?;
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
    let base = Base { config, peers, started: Instant::now(), events, view, reader, cancel };
    let (ready, is_ready) = oneshot::channel();
    let lives = tokio::spawn(live(base, life, listener, commands, ready));
    // The view is whole before anybody is told that the node runs.
    let _ = is_ready.await;
    Ok(Running { id, handle, web, peers, lives, door })
}

async fn bind(variable: &str, whom: &str, address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|why| {
        StartError::Setting(format!(
            "{variable}: {address} cannot be used for {whom} ({why}); stop the program that uses \
             it, or choose another with {variable}"
        ))
    })
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
            let token = notes::web_token(&config.data).map_err(|why| {
                StartError::Failed(format!("the page's token cannot be kept: {why}"))
            })?;
            Login::Token(token.as_str().to_owned())
        }
    };
    let key = config.keys.first().expect("checked at the start").clone();
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
