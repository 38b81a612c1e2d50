//! A real node: the program itself, in a folder of its own, on ports that the system picks.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::harness::eventually;

/// A running node; it is killed when dropped.
pub struct Node {
    /// Where its page is, `host:port`.
    pub web: String,
    /// Where peers connect, `host:port`.
    pub peer: String,
    process: Child,
    folder: TempDir,
}

impl Node {
    /// Starts a node that dials `known` first, and waits until its page and its peer port listen.
    pub async fn start(name: &str, key: &str, known: Option<&str>) -> Node {
        let folder = TempDir::with_prefix(format!("roda-{name}-")).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_roda"))
            .arg("run")
            .current_dir(folder.path())
            .env_clear()
            .env("RODA_KEY", key)
            .env("RODA_NAME", name)
            .env("RODA_PEERS", known.unwrap_or_default())
            .env("RODA_LISTEN", "127.0.0.1:0")
            .env("RODA_WEB", "127.0.0.1:0")
            .env("RODA_WEB_LOGIN", "off")
            .env("RODA_DATA", folder.path().join("data"))
            .env("RODA_LOG", "roda=debug,info")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut node = Node { web: String::new(), peer: String::new(), process, folder };
        node.web = node.address("web-address").await;
        node.peer = node.address("peer-address").await;
        node
    }

    /// The page's address for a browser.
    pub fn page(&self) -> String {
        format!("http://{}/", self.web)
    }

    /// What the node wrote into a file of its data folder once it listened.
    async fn address(&mut self, file: &str) -> String {
        let path = self.folder.path().join("data").join(file);
        let process = &mut self.process;
        eventually(&format!("the node writes its {file}"), async || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "the node ended while it started: {ended:?}");
            fs::read_to_string(&path).ok().map(|text| bare(&text)).filter(|text| !text.is_empty())
        })
        .await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
        if std::thread::panicking() {
            println!("{} said:\n{}", self.web, last_lines(&self.folder.path().join("log"), 30));
        }
    }
}

/// `host:port`, where an address may be written as a link.
fn bare(address: &str) -> String {
    let address = address.trim();
    address.strip_prefix("http://").unwrap_or(address).trim_end_matches('/').to_owned()
}

fn last_lines(path: &Path, count: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
