//! The program itself: a node in a process and a folder of its own, asked over HTTP.
#![allow(dead_code)] // each test target uses its part

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What has not come by then does not come.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a text that name it.
const REFERENCE: usize = 100;
/// How long one request may take: a send waits while its node catches up.
const ANSWER: Duration = Duration::from_secs(30);

/// Asks until there is an answer.
///
/// # Panics
/// With `what`, where there is none within [`PATIENCE`].
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A node; it is killed when dropped, and its log shown where the test fails.
pub struct Program {
    name: String,
    folder: PathBuf,
    settings: BTreeMap<&'static str, String>,
    /// What goes before the program's own command line: a shell that limits it, for one.
    wrapper: Vec<String>,
    child: Option<Child>,
}

impl Program {
    /// A node that is not started yet, in a folder of its own below `house`.
    pub fn new(house: &Path, name: &str, key: &str) -> Program {
        let folder = house.join(name);
        fs::create_dir_all(&folder).unwrap();
        let settings = BTreeMap::from([
            ("RODA_KEY", key.to_owned()),
            ("RODA_NAME", name.to_owned()),
            ("RODA_LISTEN", "127.0.0.1:0".to_owned()),
            ("RODA_WEB", "127.0.0.1:0".to_owned()),
            ("RODA_WEB_LOGIN", "off".to_owned()),
            ("RODA_DATA", folder.join("data").display().to_string()),
            ("RODA_LOG", "roda=debug,info".to_owned()),
            // No node of a test may be asked through a proxy.
            ("NO_PROXY", "*".to_owned()),
        ]);
        let name = name.to_owned();
        Program { name, folder, settings, wrapper: vec![], child: None }
    }

    pub fn set(&mut self, variable: &'static str, value: impl Into<String>) -> &mut Program {
        self.settings.insert(variable, value.into());
        self
    }

    /// Starts through this command line, to which the program's own is added.
    pub fn wrap(&mut self, wrapper: &[&str]) -> &mut Program {
        self.wrapper = wrapper.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// The program with this node's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let roda = env!("CARGO_BIN_EXE_roda");
        let mut line = self.wrapper.iter().map(String::as_str).chain([roda]);
        let mut command = Command::new(line.next().expect("the program at least"));
        command.args(line).args(args).current_dir(&self.folder).env_clear();
        command.env("HOME", &self.folder).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(&self.settings).stdin(Stdio::null());
        command
    }

    /// Starts it and waits until its page and its peer port listen.
    pub fn start(&mut self) -> &mut Program {
        self.spawn();
        self.eventually_serves();
        self
    }

    /// Starts it, with its output in a log that goes on from start to start.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        for file in ["web-address", "peer-address"] {
            let _ = fs::remove_file(self.data().join(file));
        }
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = self.command(&["run"]);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    pub fn eventually_serves(&mut self) {
        let data = self.data();
        let name = self.name.clone();
        let child = self.child.as_mut().expect("it was started");
        eventually(&format!("{name} serves"), || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{name} ended while it started: {ended:?}");
            // Written last, and removed before each start.
            fs::read_to_string(data.join("web-address")).ok().filter(|text| text.ends_with('\n'))
        });
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(killed.success());
        eventually(&format!("{} stops", self.name), || child.try_wait().unwrap())
    }

    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// The circle's key.
    pub fn key(&self) -> String {
        self.settings["RODA_KEY"].clone()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn written(&self, file: &str) -> String {
        let text = fs::read_to_string(self.data().join(file)).unwrap_or_default();
        let text = text.trim().trim_end_matches('/');
        text.strip_prefix("http://").unwrap_or(text).to_owned()
    }

    /// Where peers connect.
    pub fn peers(&self) -> String {
        self.written("peer-address")
    }

    /// To ask the node with, from any thread.
    pub fn door(&self) -> Door {
        Door::new(&self.written("web-address"))
    }

    /// What `roda status` is made of.
    pub fn status(&self) -> Value {
        self.door().get("/api/status").expect("the node answers").1
    }

    pub fn id(&self) -> String {
        self.status()["id"].as_str().unwrap().to_owned()
    }

    pub fn eventually_linked(&self, count: u64) {
        let door = self.door();
        eventually(&format!("{} has {count} links", self.name), || {
            (door.get("/api/status")?.1["links"].as_u64()? >= count).then_some(())
        });
    }

    /// Writes a message and waits until it is acknowledged.
    pub fn say(&self, text: &str) -> Value {
        let (status, answer) = self.door().say(text).expect("the node answers");
        assert_eq!(status, 201, "{answer}");
        answer
    }

    /// Waits until a message with this text is shown.
    pub fn eventually_shows(&self, text: &str) {
        let door = self.door();
        eventually(&format!("{} shows {text}", self.name), || {
            let page = door.get("/api/messages?limit=500")?.1;
            let messages = page["messages"].as_array()?;
            messages.iter().any(|message| message["text"] == text).then_some(())
        });
    }

    /// Kilobytes of memory as `/proc` has them: `VmRSS`, `VmHWM`, `VmPeak`.
    #[cfg(target_os = "linux")]
    pub fn memory(&self, what: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
        line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(40)..].join("\n");
            println!("{} said:\n{last}", self.name);
        }
    }
}

/// A node's HTTP interface. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    url: String,
    agent: ureq::Agent,
}

impl Door {
    pub fn new(web: &str) -> Door {
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER))
            .build();
        Door { url: format!("http://{web}"), agent: config.into() }
    }

    /// `host:port`.
    pub fn place(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Status and answer; none where the node does not answer.
    pub fn get(&self, path: &str) -> Option<(u16, Value)> {
        read(self.agent.get(format!("{}{path}", self.url)).call().ok()?)
    }

    /// As [`Door::get`]. Said again, a text with the same beginning is the same message.
    pub fn say(&self, text: &str) -> Option<(u16, Value)> {
        let body = json!({"text": text, "ref": &text[..text.len().min(REFERENCE)]});
        read(self.agent.post(format!("{}/api/messages", self.url)).send_json(body).ok()?)
    }

    /// Id, counter and text of every entry in order; none where the node does not answer.
    pub fn conversation(&self) -> Option<Vec<(String, u64, String)>> {
        let (mut all, mut after) = (Vec::new(), "0.".to_owned() + &"0".repeat(64));
        loop {
            let page = self.get(&format!("/api/messages?limit=500&after={after}"))?.1;
            for message in page["messages"].as_array()? {
                let text = |field: &str| message[field].as_str().unwrap().to_owned();
                let lamport = message["lamport"].as_u64().unwrap();
                after = format!("{lamport}.{}", text("author"));
                all.push((text("id"), lamport, text("text")));
            }
            if page["more"] != true {
                return Some(all);
            }
        }
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Option<(u16, Value)> {
    let text = answer.body_mut().read_to_string().ok()?;
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Some((answer.status().as_u16(), json))
}

/// Waits until all nodes show the same conversation, each text of `all` once in it.
pub fn eventually_agree(nodes: &[&Program], all: &[String]) -> Vec<(String, u64, String)> {
    let doors: Vec<Door> = nodes.iter().map(|node| node.door()).collect();
    let agreed = eventually("all show the same", || {
        let first = doors[0].conversation()?;
        let held: std::collections::BTreeSet<&str> = first.iter().map(|one| &*one.2).collect();
        let whole = all.iter().all(|text| held.contains(text.as_str()));
        (whole && doors[1..].iter().all(|door| door.conversation().as_ref() == Some(&first)))
            .then_some(first)
    });
    let mut counts = BTreeMap::<&str, usize>::new();
    for (.., text) in &agreed {
        *counts.entry(text).or_default() += 1;
    }
    for text in all {
        assert_eq!(counts[text.as_str()], 1, "{text} stands once");
    }
    agreed
}
