//! `demo`: a whole circle in one process.

use std::io::{Write as _, stderr, stdout};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::{env, fs};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fail::Failure;
use super::log::start_log;
use super::output::Paint;
use super::run::{block_on, stop_on_signals};
use crate::config::{Config, DEFAULT_LOG, Flags, Keys};
use crate::files::{create_folder, random_hex};
use crate::node::{self, Running};
use crate::seal::GroupKey;

const NAMES: [&str; 12] =
    ["Ana", "Bento", "Caio", "Iara", "Nina", "Tom", "Davi", "Lia", "Rui", "Maya", "Zeca", "Eva"];
/// Nodes in one demo: as many as there are names.
pub const NODES_MAX: i64 = NAMES.len() as i64;
/// Port of the first page: beside a node's own 8080.
pub const WEB_PORT: u16 = 8081;

/// Runs `nodes` nodes until a signal, with pages from `web_port` on.
pub fn demo(nodes: u16, web_port: u16) -> Result<(), Failure> {
    let ports = free_ports(nodes, web_port)?;
    let settings = Config::resolve(Flags::new(), Keys::Ignore);
    // The demo is quiet unless asked: its log would bury the addresses.
    let log = settings.map(|config| config.log).unwrap_or_else(|_| DEFAULT_LOG.into());
    start_log(if log == DEFAULT_LOG { "warn" } else { &log });
    let folder = TempFolder::new()?;
    block_on(circle(&ports, &folder.0))
}

async fn circle(ports: &[u16], folder: &Path) -> Result<(), Failure> {
    let cancel = CancellationToken::new();
    stop_on_signals(cancel.clone())?;
    let key = GroupKey::generate();
    let mut known = Vec::new();
    let mut nodes = JoinSet::new();
    let mut failure = None;
    let mut pages = Vec::new();
    for (name, port) in NAMES.iter().zip(ports) {
        let mut config = Config::local(name, key.clone(), folder.join(name));
        config.web = format!("127.0.0.1:{port}");
        // Each knows only the one before: the circle finds itself.
        config.peers = std::mem::take(&mut known);
        match node::start(config, cancel.clone()).await {
            Ok(running) => {
                known = vec![running.peers.to_string()];
                pages.push((*name, running.web));
                nodes.spawn(Running::stopped(running));
            }
            Err(why) => {
                failure = Some(Failure::from(why));
                cancel.cancel();
                break;
            }
        }
    }
    if failure.is_none() {
        announce(&pages);
    }
    while let Some(stopped) = nodes.join_next().await {
        cancel.cancel();
        if let Err(why) = stopped.expect("a node's task does not panic") {
            failure.get_or_insert(Failure::Failed(format!("a node stopped: {why:#}")));
        }
    }
    failure.map_or(Ok(()), Err)
}

fn announce(pages: &[(&str, std::net::SocketAddr)]) {
    let paint = Paint::stdout();
    let place = |(name, web): &(&str, std::net::SocketAddr)| {
        format!("  {name:<6} {}\n", paint.bold(&format!("http://{web}/")))
    };
    let places: String = pages.iter().map(place).collect();
    // Nobody may be reading: the demo goes on without.
    let _ = writeln!(
        stdout(),
        "A circle of {}, each with a page of its own:\n\n{places}\n\
         Open two of them and write. Ctrl-C stops the demo and deletes its messages.",
        pages.len()
    );
}

/// Checks the pages' ports before anything is started. Port 0 is always free.
fn free_ports(nodes: u16, first: u16) -> Result<Vec<u16>, Failure> {
    if first == 0 {
        return Ok(vec![0; nodes.into()]);
    }
    let last = first.checked_add(nodes - 1).ok_or_else(|| {
        Failure::Settings(format!("--web-port {first} leaves no room for {nodes} ports; lower it"))
    })?;
    for port in first..=last {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|why| {
            let other = if first < 50_000 { first + 1_000 } else { first - 1_000 };
            Failure::Settings(format!(
                "port {port} of 127.0.0.1 cannot be used for a page ({why}); choose others, for \
                 example with --web-port {other}"
            ))
        })?;
    }
    Ok((first..=last).collect())
}

/// A folder that is gone when the demo is.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new() -> Result<TempFolder, Failure> {
        let failed = |why| Failure::Failed(format!("no temporary folder can be made: {why}"));
        let name = format!("roda-demo-{}", random_hex::<8>().map_err(failed)?.as_str());
        let path = env::temp_dir().join(name);
        create_folder(&path).map_err(failed)?;
        Ok(TempFolder(path))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        if let Err(why) = fs::remove_dir_all(&self.0) {
            let _ = writeln!(stderr(), "note: {} cannot be deleted: {why}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_a_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let why = free_ports(1, port).unwrap_err().to_string();
        assert!(why.contains(&format!("port {port} ")) && why.contains("--web-port"), "{why}");
        assert!(free_ports(3, 65_534).is_err());
        assert_eq!(free_ports(2, 0).unwrap(), [0, 0]);
    }

    #[test]
    fn the_demos_folder_goes_with_it() {
        let folder = TempFolder::new().unwrap();
        let path = folder.0.clone();
        fs::write(path.join("x"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
