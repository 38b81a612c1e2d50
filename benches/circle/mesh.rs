//! Nodes in processes of their own: the program's, or the floor's.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::floor;
use crate::page::{self, Reader, Writer};

/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// The group key of every circle here.
const KEY: &str = "cm9kYS1iZW5jaC1rZXktbm90LWZvci1yZWFsLXVzZSE=";

/// One node; it is killed when dropped.
pub struct Node {
    child: Child,
    pub peers: String,
    pub web: String,
    path: &'static str,
}

impl Node {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub async fn page(&self) -> (Writer, Reader) {
        page::open(&self.web, self.path).await
    }

    pub fn peer_port(&self) -> u16 {
        self.peers.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
    }

    /// A number of what `roda status` is made of.
    pub fn status(&self, field: &str) -> f64 {
        let url = format!("http://{}/api/status", self.web);
        let config = ureq::Agent::config_builder().proxy(None).build();
        let agent: ureq::Agent = config.into();
        let text = agent.get(url).call().expect("it answers").body_mut().read_to_string();
        let status: serde_json::Value = serde_json::from_str(&text.expect("a text")).expect("JSON");
        status[field].as_f64().unwrap_or_else(|| panic!("{field} in {status}"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until it is so.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(LOOK);
    }
}

/// Nodes of one circle, and their folders.
pub struct Mesh {
    pub nodes: Vec<Node>,
    house: TempDir,
}

impl Mesh {
    /// The program's nodes, each linked with all others up to the places there are.
    pub fn of_nodes(count: usize) -> Mesh {
        let house = tempfile::tempdir().expect("a temporary folder");
        let mut mesh = Mesh { nodes: Vec::new(), house };
        for number in 0..count {
            let node = mesh.start(number);
            mesh.nodes.push(node);
        }
        if count <= roda::protocol::limits::LINKS_MAX {
            let others = (count - 1) as f64;
            until("all are linked", || {
                mesh.nodes.iter().all(|node| node.status("links") >= others)
            });
        }
        let said = count as f64;
        until("all have met", || mesh.nodes.iter().all(|node| node.status("messages") >= said));
        mesh
    }

    /// Starts the node with this number in its folder, old or new.
    pub fn start(&self, number: usize) -> Node {
        let folder = self.folder(number);
        let (web, peers) = (folder.join("web-address"), folder.join("peer-address"));
        let _ = fs::remove_file(&web);
        let known: Vec<&str> = self.nodes.iter().map(|node| node.peers.as_str()).take(4).collect();
        let child = Command::new(env!("CARGO_BIN_EXE_roda"))
            .arg("run")
            .env_clear()
            .env("HOME", self.house.path())
            .env("RODA_KEY", KEY)
            .env("RODA_NAME", format!("n{number}"))
            .env("RODA_DATA", &folder)
            .env("RODA_LISTEN", "127.0.0.1:0")
            .env("RODA_PEERS", known.join(","))
            .env("RODA_WEB", "127.0.0.1:0")
            .env("RODA_WEB_LOGIN", "off")
            .env("RODA_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        // Written last.
        let written = |file: &Path| fs::read_to_string(file).unwrap_or_default();
        until("the node serves", || written(&web).ends_with('\n'));
        let place = |file: &Path| {
            let text = written(file);
            let text = text.trim().trim_end_matches('/');
            text.strip_prefix("http://").unwrap_or(text).to_owned()
        };
        Node { child, peers: place(&peers), web: place(&web), path: "/ws" }
    }

    pub fn folder(&self, number: usize) -> std::path::PathBuf {
        self.house.path().join(format!("n{number}"))
    }

    pub fn of_floor(count: usize) -> Mesh {
        let house = tempfile::tempdir().expect("a temporary folder");
        let mut nodes: Vec<Node> = Vec::new();
        for number in 0..count {
            let file = house.path().join(number.to_string());
            let child = Command::new(std::env::current_exe().expect("this program"))
                .args([floor::WORD, &file.display().to_string()])
                .args(nodes.iter().map(|node| &node.peers))
                .stdin(Stdio::null())
                .spawn()
                .expect("this program starts");
            let mut places = String::new();
            until("it serves", || {
                places = fs::read_to_string(&file).unwrap_or_default();
                places.ends_with('\n')
            });
            let (peers, web) = places.trim().split_once(' ').expect("two places");
            let (peers, web) = (peers.to_owned(), web.to_owned());
            nodes.push(Node { child, peers, web, path: "/" });
        }
        Mesh { nodes, house }
    }

    pub fn peer_ports(&self) -> BTreeSet<u16> {
        self.nodes.iter().map(Node::peer_port).collect()
    }

    pub async fn pages(&self) -> Vec<(Writer, Reader)> {
        let mut pages = Vec::new();
        for node in &self.nodes {
            pages.push(node.page().await);
        }
        pages
    }
}
