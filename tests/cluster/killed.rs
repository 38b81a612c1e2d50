//! The real program, killed in mid-talk.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::inside::{PATIENCE, conversation};

const RODA: &str = env!("CARGO_BIN_EXE_roda");

/// One member's folder, with what `init` and `join` wrote into it.
struct Person {
    folder: PathBuf,
    node: Option<Child>,
}

impl Drop for Person {
    fn drop(&mut self) {
        self.kill();
    }
}

fn roda(folder: &Path) -> Command {
    let mut command = Command::new(RODA);
    command.current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    command
}

/// Asks until there is an answer: waiting for a state of another process.
fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Person {
    fn new(house: &Path, name: &str, how: &[&str]) -> Person {
        let folder = house.join(name);
        std::fs::create_dir(&folder).unwrap();
        let made = roda(&folder).args(how).args(["--name", name]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Person { folder, node: None }
    }

    fn file(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join("data").join(name)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Starts the node where it listened before, or anywhere.
    fn run(&mut self) {
        let listen = self.file("peer-address").unwrap_or_else(|| "127.0.0.1:0".to_owned());
        let _ = std::fs::remove_file(self.folder.join("data/web-address"));
        let log = std::fs::File::create(self.folder.join("log")).unwrap();
        let mut command = roda(&self.folder);
        command.env("RODA_LISTEN", listen).env("RODA_WEB", "127.0.0.1:0");
        command.arg("run").stdout(log.try_clone().unwrap()).stderr(log);
        self.node = Some(command.spawn().unwrap());
        eventually("the node serves", || self.file("web-address"));
    }

    fn kill(&mut self) {
        if let Some(mut node) = self.node.take() {
            node.kill().unwrap();
            node.wait().unwrap();
        }
    }

    /// True where the node has acknowledged it.
    fn send(&self, text: &str) -> bool {
        let sent = roda(&self.folder).env("RODA_WEB", "127.0.0.1:0").args(["send", text]).output();
        sent.unwrap().status.success()
    }

    fn conversation(&self) -> Vec<String> {
        let all = conversation(&self.folder.join("data"));
        all.into_iter().map(|(.., body)| body).collect()
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_either_of_two_is_killed_in_mid_talk() {
    let house = tempfile::tempdir().unwrap();
    let mut ana = Person::new(house.path(), "Ana", &["init"]);
    ana.run();
    let invite = roda(&ana.folder)
        .env("RODA_WEB", "127.0.0.1:0")
        .args(["invite", "--address", &ana.file("peer-address").unwrap()])
        .output()
        .unwrap();
    let invite = String::from_utf8(invite.stdout).unwrap();
    let mut bento = Person::new(house.path(), "Bento", &["join", invite.lines().next().unwrap()]);
    bento.run();

    let mut acknowledged = Vec::new();
    for round in 0..6 {
        for number in 0..5 {
            for person in [&ana, &bento] {
                let text = format!("{round}-{number} of {}", person.folder.display());
                if person.send(&text) {
                    acknowledged.push(text);
                }
            }
        }
        let victim = if round % 2 == 0 { &mut ana } else { &mut bento };
        victim.kill();
        victim.run();
    }
    assert!(acknowledged.len() >= 50, "only {} were acknowledged", acknowledged.len());
    let all = acknowledged.len() + 2;
    eventually("both hold all", || {
        (ana.conversation().len() >= all && ana.conversation() == bento.conversation())
            .then_some(())
    });
    let held = ana.conversation();
    for text in acknowledged {
        let body = roda::conversation::kind::text::body(&text);
        assert_eq!(held.iter().filter(|held| **held == body).count(), 1, "{text}");
    }
}
