//! A real node: the program itself, in a folder of its own, on ports that the system picks at its
//! first start and that it keeps through later ones.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::harness::eventually;

const RODA: &str = env!("CARGO_BIN_EXE_roda");
/// Starts `$0 run` so that a disk can be taken from it: without the signal, a write above the
/// limit fails as on a full disk. The log goes through a process that the limit does not bind.
const ON_A_SHORT_DISK: &str = "trap '' XFSZ; exec \"$0\" run > >(exec cat >> log) 2>&1";

/// What a node is started with.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    pub name: String,
    /// The circle's key.
    pub key: String,
    /// Address of a peer that it dials; none at first.
    pub known: Option<String>,
    /// The page asks for the token.
    pub login: bool,
    /// [`Node::fill_disk`] will be called.
    pub short_disk: bool,
}

/// A node, running or not; it is killed when dropped.
pub struct Node {
    /// Where its page is, `host:port`; empty before the first start.
    pub web: String,
    /// Where peers connect, `host:port`; empty before the first start.
    pub peer: String,
    pub setting: Setting,
    process: Option<Child>,
    folder: TempDir,
}

impl Node {
    /// A node with a folder of its own, not started yet.
    pub fn new(setting: Setting) -> Node {
        let folder = TempDir::with_prefix(format!("roda-{}-", initials(&setting.name))).unwrap();
        Node { web: String::new(), peer: String::new(), setting, process: None, folder }
    }

    /// Starts it, where it listened before if it did, and waits until page and peer port listen.
    pub async fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        for file in ["web-address", "peer-address"] {
            // A killed node leaves them behind; a first start finds none.
            fs::remove_file(self.data().join(file)).ok();
        }
        let anywhere = |address: &str| match address {
            "" => "127.0.0.1:0".to_owned(),
            known => known.to_owned(),
        };
        let setting = &self.setting;
        let mut command = Command::new(if setting.short_disk { "bash" } else { RODA });
        if setting.short_disk {
            command.args(["-c", ON_A_SHORT_DISK, RODA]);
        } else {
            let path = self.folder.path().join("log");
            let log = OpenOptions::new().create(true).append(true).open(path).unwrap();
            command.arg("run").stdout(log.try_clone().unwrap()).stderr(log);
        }
        let process = command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("RODA_KEY", &setting.key)
            .env("RODA_NAME", &setting.name)
            .env("RODA_PEERS", setting.known.as_deref().unwrap_or_default())
            .env("RODA_LISTEN", anywhere(&self.peer))
            .env("RODA_WEB", anywhere(&self.web))
            .env("RODA_WEB_LOGIN", if setting.login { "token" } else { "off" })
            .env("RODA_DATA", self.data())
            .env("RODA_LOG", "roda=debug,info")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        self.peer = self.address("peer-address").await;
        self.web = self.address("web-address").await;
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(&mut self) {
        self.signal("-TERM");
        let mut process = self.process.take().unwrap();
        eventually("the node stops", async || process.try_wait().unwrap()).await;
    }

    /// Ends it at once, as a power cut does for all that it has not written.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Nothing can be written from now on; see [`Setting::short_disk`].
    pub fn fill_disk(&self) {
        self.limit_files("4096:");
    }

    /// After [`Node::fill_disk`]: the disk has room again.
    pub fn free_disk(&self) {
        self.limit_files("unlimited:");
    }

    fn limit_files(&self, limit: &str) {
        assert!(self.setting.short_disk, "it was not started on a short disk");
        let limit = format!("--fsize={limit}");
        let limited = Command::new("prlimit").args(["--pid", &self.pid(), &limit]).status();
        assert!(limited.expect("prlimit (util-linux) starts").success());
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid()]).status().unwrap().success());
    }

    fn pid(&self) -> String {
        self.process.as_ref().expect("it runs").id().to_string()
    }

    /// The page's address for a browser.
    pub fn page(&self) -> String {
        format!("http://{}/", self.web)
    }

    /// The page's token.
    pub fn token(&self) -> String {
        fs::read_to_string(self.data().join("web-token")).unwrap().trim().to_owned()
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the node wrote into a file of its data folder once it listened.
    async fn address(&mut self, file: &str) -> String {
        let path = self.data().join(file);
        let process = self.process.as_mut().unwrap();
        eventually(&format!("the node writes its {file}"), async || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "the node ended while it started: {ended:?}");
            let text = fs::read_to_string(&path).ok()?.trim().to_owned();
            (!text.is_empty()).then_some(text)
        })
        .await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended by itself.
            process.kill().ok();
            process.wait().ok();
        }
        if std::thread::panicking() {
            println!("{} said:\n{}", self.web, last_lines(&self.folder.path().join("log"), 30));
        }
    }
}

/// Of a name, what is fit for a folder.
fn initials(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).take(12).collect()
}

fn last_lines(path: &Path, count: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
