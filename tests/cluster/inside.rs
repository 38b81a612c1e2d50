//! Nodes inside the test's own process, and how to wait for what they show.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use roda::config::Config;
use roda::node::{self, Running};
use roda::protocol::id::NodeId;
use roda::seal::GroupKey;
use roda::shell::handle::{Command, Event, MemberView, Refused, View};
use roda::store::Row;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// What has not come by then does not come.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// More than any circle here has.
const MESSAGES_MAX: usize = 1_000_000;

/// A folder for each node of one test, and the circle's key.
pub struct House {
    folder: tempfile::TempDir,
    pub key: GroupKey,
}

impl House {
    pub fn new() -> House {
        House { folder: tempfile::tempdir().unwrap(), key: GroupKey::generate() }
    }

    pub fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self, name: &str, known: &[&Node]) -> Config {
        let mut config = Config::local(name, self.key.clone(), self.data(name));
        config.peers = known.iter().map(|node| node.running.peers.to_string()).collect();
        config
    }

    pub async fn start(&self, name: &str, known: &[&Node]) -> Node {
        Node::start(self.config(name, known)).await
    }

    /// A circle in which each node knows the one before.
    pub async fn chain(&self, names: &[&str]) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        for name in names {
            let known: Vec<&Node> = nodes.last().into_iter().collect();
            let node = self.start(name, &known).await;
            nodes.push(node);
        }
        nodes
    }
}

pub struct Node {
    pub running: Running,
    pub heard: broadcast::Receiver<Event>,
    data: PathBuf,
    cancel: CancellationToken,
}

impl Node {
    pub async fn start(config: Config) -> Node {
        let (cancel, data) = (CancellationToken::new(), config.data.clone());
        let running = node::start(config, cancel.clone()).await.expect("the node starts");
        let heard = running.handle.events.subscribe();
        Node { running, heard, data, cancel }
    }

    pub fn id(&self) -> NodeId {
        self.running.id
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Stops cleanly, and waits for it.
    pub async fn stop(self) {
        self.cancel.cancel();
        self.running.stopped().await.expect("a clean stop");
    }

    pub async fn ask<T>(
        &self,
        command: impl FnOnce(tokio::sync::oneshot::Sender<Result<T, Refused>>) -> Command,
    ) -> T {
        self.running.handle.ask(command).await.expect("the node does it")
    }

    /// Writes a message and waits for its commit.
    pub async fn say(&self, text: &str) -> Row {
        let text = text.to_owned();
        self.ask(|reply| Command::Send { text, reference: None, reply }).await
    }

    pub fn view(&self) -> Arc<View> {
        self.running.handle.view.borrow().clone()
    }

    /// Waits until the view shows it.
    pub async fn eventually(&self, what: &str, holds: impl FnMut(&Arc<View>) -> bool) {
        let mut view = self.running.handle.view.clone();
        let waited = tokio::time::timeout(PATIENCE, view.wait_for(holds)).await;
        assert!(waited.is_ok(), "{what}: not within {PATIENCE:?}; {:#?}", self.view());
        waited.expect("checked above").expect("the node runs");
    }

    pub async fn eventually_linked(&self, count: usize) {
        self.eventually(&format!("{count} links"), |view| view.links == count).await;
    }

    pub async fn eventually_delivered(&self, row: &Row) {
        let what = format!("{} delivered", row.seq);
        self.eventually(&what, |view| view.delivered.get(&row.author) >= Some(&row.seq)).await;
    }

    pub async fn eventually_holds(&self, messages: u64) {
        self.eventually(&format!("at least {messages} entries"), |view| view.messages >= messages)
            .await;
    }

    /// The next message with this text.
    pub async fn eventually_hears(&mut self, text: &str) -> Row {
        let body = roda::conversation::kind::text::body(text);
        let wait = async {
            loop {
                if let Event::Messages { rows, .. } = self.heard.recv().await.expect("not lagging")
                    && let Some(row) = rows.iter().find(|row| row.body == body)
                {
                    return row.clone();
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{text} never came"))
    }

    /// The whole conversation in order, read from the folder's database: id and body.
    pub fn conversation(&self) -> Vec<(u64, NodeId, u64, String)> {
        conversation(&self.data)
    }
}

pub fn member(view: &View, id: NodeId) -> &MemberView {
    view.members.iter().find(|member| member.id == id).expect("a known member")
}

/// Lamport counter, author, sequence number and body of all entries, in order.
pub fn conversation(data: &Path) -> Vec<(u64, NodeId, u64, String)> {
    let reader = roda::store::Reader::at(&data.join("roda.db"));
    let page = reader.newest(MESSAGES_MAX).expect("the database is readable");
    page.rows.into_iter().map(|row| (row.lamport, row.author, row.seq, row.body)).collect()
}

/// Milliseconds since `start`, for what a test prints.
pub fn took(start: Instant) -> u128 {
    start.elapsed().as_millis()
}
