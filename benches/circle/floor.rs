//! The floor: nodes of the same shape that store, encrypt and prove nothing. A page's texts go to
//! all other nodes over TCP, and from there to their pages.

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, broadcast};
use tokio_tungstenite::tungstenite::Message;

/// The first argument of a process that is such a node.
pub const WORD: &str = "floor-node";
/// Frames between the links and a page.
const QUEUE: usize = 1 << 14;

/// `FILE [PEER…]`: writes where it listens for nodes and for pages into the file, and dials.
pub async fn run(arguments: &[String]) {
    let (file, peers) = arguments.split_first().expect("a file");
    let nodes = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let pages = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let links = Arc::new(Mutex::new(Vec::new()));
    let (shown, _) = broadcast::channel::<Arc<str>>(QUEUE);
    for peer in peers {
        let stream = TcpStream::connect(peer).await.expect("it listens");
        link(stream, &links, shown.clone()).await;
    }
    let places = [&nodes, &pages].map(|end| end.local_addr().expect("bound").to_string());
    std::fs::write(file, places.join(" ") + "\n").expect("a folder");
    let accepting = (links.clone(), shown.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = nodes.accept().await {
            link(stream, &accepting.0, accepting.1.clone()).await;
        }
    });
    while let Ok((stream, _)) = pages.accept().await {
        stream.set_nodelay(true).expect("a socket");
        tokio::spawn(page(stream, links.clone(), shown.subscribe()));
    }
}

type Links = Arc<Mutex<Vec<tokio::net::tcp::OwnedWriteHalf>>>;

async fn link(stream: TcpStream, links: &Links, shown: broadcast::Sender<Arc<str>>) {
    stream.set_nodelay(true).expect("a socket");
    let (mut reading, writing) = stream.into_split();
    links.lock().await.push(writing);
    tokio::spawn(async move {
        let mut bytes = Vec::new();
        while let Ok(1..) = reading.read_buf(&mut bytes).await {
            let mut at = 0;
            while let Some(length) = bytes.get(at..at + 4) {
                let length = u32::from_be_bytes(length.try_into().expect("four")) as usize;
                let Some(text) = bytes.get(at + 4..at + 4 + length) else { break };
                // Nobody may be listening.
                let _ = shown.send(String::from_utf8_lossy(text).into());
                at += 4 + length;
            }
            bytes.drain(..at);
        }
    });
}

async fn page(stream: TcpStream, links: Links, mut shown: broadcast::Receiver<Arc<str>>) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let (mut sink, stream) = socket.split();
    tokio::spawn(async move {
        while let Ok(text) = shown.recv().await {
            let mut next = Some(text);
            while let Some(text) = next {
                let frame = json!({"type": "message", "text": &*text}).to_string();
                if sink.feed(Message::text(frame)).await.is_err() {
                    return;
                }
                next = shown.try_recv().ok();
            }
            if sink.flush().await.is_err() {
                return;
            }
        }
    });
    let mut ready = stream.ready_chunks(256);
    while let Some(frames) = ready.next().await {
        let mut bytes = Vec::new();
        for frame in frames.into_iter().flatten() {
            let Message::Text(text) = frame else { continue };
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            let text = frame["text"].as_str().expect("a text");
            bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        for link in links.lock().await.iter_mut() {
            link.write_all(&bytes).await.expect("all nodes run");
        }
    }
}
