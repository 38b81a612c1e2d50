//! What a program can ask of a node, without a page: quicker than typing, and a second opinion.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::eventually;
use crate::node::Node;

/// Sends under way at once on one socket, below what the node takes from one page.
const UNDER_WAY: usize = 512;
/// References given out: a node takes each once.
static REFERENCES: AtomicUsize = AtomicUsize::new(0);

/// A message as the node tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    pub kind: String,
    pub text: String,
}

impl Node {
    /// Writes messages through one socket, as fast as the node takes them, in this order; gives
    /// their ids once all are committed.
    pub async fn post(&self, texts: impl IntoIterator<Item = String>) -> Vec<String> {
        let (socket, _) =
            tokio_tungstenite::connect_async(format!("ws://{}/ws", self.web)).await.unwrap();
        let (mut to, mut from) = socket.split();
        if self.setting.login {
            let auth = json!({ "type": "auth", "token": self.token() });
            to.send(Message::text(auth.to_string())).await.unwrap();
        }
        let mut waiting = texts.into_iter();
        let mut sent = BTreeMap::new();
        let (mut given, mut all) = (0, false);
        while !all || sent.len() < given {
            while !all && given - sent.len() < UNDER_WAY {
                let Some(text) = waiting.next() else {
                    all = true;
                    break;
                };
                given += 1;
                let at = REFERENCES.fetch_add(1, Ordering::Relaxed);
                let frame = json!({ "type": "send", "text": text, "ref": format!("{at}") });
                to.feed(Message::text(frame.to_string())).await.unwrap();
            }
            to.flush().await.unwrap();
            if sent.len() == given {
                continue;
            }
            let frame = from.next().await.expect("the node goes on").unwrap();
            let Message::Text(text) = frame else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            match frame["type"].as_str() {
                Some("sent") => {
                    let at: usize = frame["ref"].as_str().unwrap().parse().unwrap();
                    sent.insert(at, frame["message"]["id"].as_str().unwrap().to_owned());
                }
                Some("error") => panic!("the node does not take a message: {frame}"),
                _ => {}
            }
        }
        to.close().await.ok();
        sent.into_values().collect()
    }

    /// The whole conversation in its order.
    pub async fn conversation(&self) -> Vec<Told> {
        self.newest(usize::MAX).await
    }

    /// This many of the newest messages in their order, or all where there are fewer.
    pub async fn newest(&self, count: usize) -> Vec<Told> {
        let mut all: Vec<Told> = Vec::new();
        let mut before = String::new();
        loop {
            let page = self.ask(&format!("/api/messages?limit=500{before}")).await;
            let messages = page["messages"].as_array().unwrap();
            let word = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
            let told = |one: &Value| Told {
                id: word(one, "id"),
                kind: word(one, "kind"),
                text: word(one, "text"),
            };
            all.splice(0..0, messages.iter().map(told));
            if page["more"] == json!(false) || all.len() >= count {
                return all.split_off(all.len().saturating_sub(count));
            }
            let first = &messages[0];
            before = format!("&before={}.{}", first["lamport"], word(first, "author"));
        }
    }

    /// Ids of the whole conversation in its order.
    pub async fn ids(&self) -> Vec<String> {
        self.conversation().await.into_iter().map(|told| told.id).collect()
    }

    /// Ids of the newest messages in their order.
    pub async fn newest_ids(&self, count: usize) -> Vec<String> {
        self.newest(count).await.into_iter().map(|told| told.id).collect()
    }

    /// How often each text was said, of those that start so.
    pub async fn times(&self, start: &str) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for told in self.conversation().await {
            if told.text.starts_with(start) {
                *times.entry(told.text).or_default() += 1;
            }
        }
        times
    }

    /// Waits until the node holds this many entries, profiles too.
    pub async fn eventually_holds(&self, count: usize) {
        eventually(&format!("{} holds {count} entries", self.setting.name), async || {
            let held = self.ask("/api/status").await["messages"].as_u64()?;
            (held >= count as u64).then_some(())
        })
        .await;
    }

    /// Waits until the node is linked with this many others.
    pub async fn eventually_linked(&self, count: u64) {
        eventually(&format!("{} has {count} links", self.setting.name), async || {
            (self.ask("/api/status").await["links"] == json!(count)).then_some(())
        })
        .await;
    }

    /// The answer to `GET path`.
    pub async fn ask(&self, path: &str) -> Value {
        let address = format!("http://{}{path}", self.web);
        let token = self.setting.login.then(|| self.token());
        let ask = move || {
            // Not through a proxy that this machine may have.
            let agent = ureq::Agent::from(ureq::Agent::config_builder().proxy(None).build());
            let mut asked = agent.get(&address);
            if let Some(token) = token {
                asked = asked.header("Authorization", format!("Bearer {token}"));
            }
            asked.call().and_then(|mut answer| {
                answer.body_mut().with_config().limit(64 << 20).read_json::<Value>()
            })
        };
        tokio::task::spawn_blocking(ask).await.unwrap().expect("the node answers")
    }
}
