//! A node behind the door: a task that answers commands, rows in memory, and clients to ask it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use roda::keyring::CircleId;
use roda::protocol::entry::Timestamp;
use roda::protocol::id::NodeId;
use roda::shell::handle::{Event, Handle, HomeView, MemberView, StoreState, View};
use roda::shell::http::{CircleDoor, Door, Login, serve};
use roda::store::Row;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

use crate::owner::{Memory, own};

pub const ME: NodeId = NodeId([1; 32]);
pub const ANA: NodeId = NodeId([2; 32]);
pub const RUI: NodeId = NodeId([3; 32]);
pub const EVENTS: usize = 8;
/// What a test may ask of the owner before it looks at `asked`.
const ASKED_MAX: usize = 65_536;
/// A frame that takes longer does not come: the test fails, it does not hang.
const FRAME_WAIT: Duration = Duration::from_secs(20);
pub const INVITE: &str = "roda:10.0.0.1:7400#KEY";

/// A running door with its fake node.
pub struct Node {
    pub address: SocketAddr,
    pub rows: Arc<Memory>,
    pub view: watch::Sender<Arc<View>>,
    pub events: broadcast::Sender<Event>,
    /// What the owner was asked, in words.
    pub asked: mpsc::Receiver<String>,
    pub cancel: CancellationToken,
    pub serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

pub fn member(id: NodeId, name: &str, since: u64) -> MemberView {
    MemberView {
        id,
        name: name.to_owned(),
        online: true,
        last_heard: Some(7),
        rtt_ms: Some(3),
        via: None,
        addresses: vec!["10.0.0.1:7400".to_owned()],
        links: [].into(),
        left: false,
        aside: false,
        disputed: None,
        since: Some(Timestamp { lamport: since, author: id }),
        stored: Arc::default(),
        read: Arc::default(),
        clock: 0,
    }
}

pub fn view() -> View {
    View {
        me: ME,
        epoch: "e1".to_owned(),
        circle: "roda".to_owned(),
        clock: 9,
        arrival: 0,
        messages: 4,
        members: vec![member(ME, "Eu", 0), member(ANA, "Ana", 0), member(RUI, "Rui", 5)],
        delivered: BTreeMap::new(),
        read_by_all: BTreeMap::new(),
        final_to: 1,
        links: 2,
        store: StoreState::Ok,
        damaged: None,
        catching_up: None,
        read_receipts: true,
        read_here: BTreeMap::new(),
        left: false,
    }
}

impl Node {
    pub async fn start() -> Node {
        Node::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Door)) -> Node {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let rows = Arc::new(Memory::default());
        let (view, views) = watch::channel(Arc::new(view()));
        let (events, _) = broadcast::channel(EVENTS);
        let (commands, waiting) = mpsc::channel(16);
        let (ask, asked) = mpsc::channel(ASKED_MAX);
        tokio::spawn(own(waiting, rows.clone(), events.clone(), ask));
        let circle = CircleDoor {
            handle: Handle { commands, view: views, events: events.clone() },
            rows: rows.clone(),
            invite: Arc::new(|_| INVITE.to_owned()),
        };
        let mut door = Door {
            circles: BTreeMap::from([(CircleId::FIRST, circle)]),
            home: HomeView { version: "0.1".to_owned(), addresses: vec![] },
            login: Login::Off,
            hosts: vec![],
            web_dir: None,
        };
        change(&mut door);
        let cancel = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, door, cancel.clone()));
        Node { address, rows, view, events, asked, cancel, serving }
    }

    /// Commits these bodies, in one go.
    pub fn told(&self, author: NodeId, bodies: &[String]) {
        let lamport = self.rows.next_lamport();
        let rows = (lamport..).zip(bodies).map(|(at, body)| self.rows.add(author, at, body));
        let _ = self.events.send(Event::Messages { rows: rows.collect(), late: 0 });
    }

    /// Commits a text and tells the pages.
    pub fn said(&self, author: NodeId, text: &str) -> Row {
        let row = self.rows.say(author, text);
        let _ = self.events.send(Event::Messages { rows: [row.clone()].into(), late: 0 });
        row
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let json = body.map_or("", |_| "Content-Type: application/json\r\n");
        self.ask_with(method, path, json, body).await
    }

    /// `headers` end in CRLF; a Host is added where none is among them.
    pub async fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: Option<&str>,
    ) -> Answer {
        let port = self.address.port();
        let host = match headers.starts_with("Host") {
            true => String::new(),
            false => format!("Host: localhost:{port}\r\n"),
        };
        let body = body.unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
        let status = head[9..12].parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub async fn page(&self) -> Page {
        self.page_with(&[]).await.unwrap()
    }

    pub async fn page_with(&self, headers: &[(&'static str, String)]) -> Result<Page, WsError> {
        let url = format!("ws://localhost:{}/ws", self.address.port());
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        Ok(Page(client_async(request, stream).await?.0))
    }
}

pub struct Answer {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().expect("an error").to_owned()
    }
}

pub struct Page(pub WebSocketStream<TcpStream>);

impl Page {
    pub async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next text frame.
    pub async fn next(&mut self) -> Value {
        serde_json::from_str(&self.next_text().await).unwrap()
    }

    /// The next text frame as it comes.
    pub async fn next_text(&mut self) -> String {
        loop {
            match timeout(FRAME_WAIT, self.0.next()).await.expect("a frame was due") {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("a text frame was due, not {other:?}"),
            }
        }
    }

    /// The next frame of this type; others may come before.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The code of the close frame; texts may come before.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(Some(close)))) => return close.code.into(),
                Some(Ok(Message::Text(_) | Message::Ping(_))) => {}
                other => panic!("a close frame was due, not {other:?}"),
            }
        }
    }

    /// Arrival numbers of `messages` frames up to `last`.
    pub async fn arrivals(&mut self, last: u64) -> Vec<u64> {
        let mut seen = Vec::new();
        while seen.last() != Some(&last) {
            let frame = self.next_of("messages").await;
            let messages = frame["messages"].as_array().unwrap();
            seen.extend(messages.iter().map(|message| message["arrival"].as_u64().unwrap()));
        }
        seen
    }
}

pub fn place(lamport: u64, author: NodeId) -> String {
    format!("{lamport}.{author}")
}

pub fn auth(token: &str) -> Value {
    json!({"type": "auth", "token": token})
}
