//! A real node under a page that says too much, or reads nothing: memory stays bounded, what was
//! acknowledged is there, and others are answered meanwhile.
#![cfg(target_os = "linux")] // memory is read from /proc

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::program::{Door, Program};

/// Messages that flooding pages send at once.
const FLOOD: usize = 10_000;
/// Pages that flood.
const FLOODING: usize = 8;
/// Bytes of each text that is poured onto a page that reads nothing.
const POURED_BYTES: usize = 8 * 1024;
/// Texts of that size: more than sockets and the page's queue hold.
const POURED: usize = 4_000;
/// Kilobytes that a flood may cost: queues, the store's caches, and what waits for its commit.
const COST_KB: u64 = 128 * 1024;
/// What has not come by then does not come.
const HANGS: Duration = Duration::from_secs(60);

type To = SplitSink<WebSocketStream<TcpStream>, Message>;
type From = SplitStream<WebSocketStream<TcpStream>>;

fn node() -> (TempDir, Program) {
    let house = tempfile::tempdir().unwrap();
    let mut node = Program::new(house.path(), "Ana", &fernet::Fernet::generate_key());
    node.set("RODA_LOG", "warn").start();
    (house, node)
}

async fn page(door: &Door) -> (To, From) {
    let stream = TcpStream::connect(door.place()).await.unwrap();
    client_async(format!("ws://{}/ws", door.place()), stream).await.unwrap().0.split()
}

/// The next frame; none where the page was closed.
async fn next(from: &mut From) -> Option<Value> {
    loop {
        match timeout(HANGS, from.next()).await.expect("a frame was due") {
            Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Ping(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(other)) => panic!("a text frame was due, not {other:?}"),
        }
    }
}

async fn send(to: &mut To, text: &str) -> Result<(), WsError> {
    let frame = json!({"type": "send", "text": text, "ref": text.trim_start()});
    to.feed(Message::text(frame.to_string())).await
}

/// Sends texts as fast as the socket takes them; gives those acknowledged and those refused.
async fn flood(door: Door, page_number: usize, count: usize) -> (BTreeSet<String>, usize) {
    let (mut to, mut from) = page(&door).await;
    let writing = tokio::spawn(async move {
        for number in 0..count {
            send(&mut to, &format!("flood {page_number} {number}")).await.unwrap();
        }
        to.flush().await.unwrap();
        to
    });
    let (mut kept, mut refused) = (BTreeSet::new(), 0);
    while kept.len() + refused < count {
        let frame = next(&mut from).await.expect("the page stays open");
        match (frame["type"].as_str(), frame["ref"].as_str()) {
            (Some("sent"), Some(text)) => {
                assert!(kept.insert(text.to_owned()), "acknowledged twice");
            }
            (Some("error"), _) => {
                assert_eq!(frame["code"], "busy", "{frame}");
                refused += 1;
            }
            _ => {}
        }
    }
    drop(writing.await.unwrap());
    (kept, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_at_once_lose_nothing_acknowledged_and_others_are_answered() {
    let (_house, ana) = node();
    let before = ana.memory("VmRSS");
    let door = ana.door();
    let floods: Vec<_> = (0..FLOODING)
        .map(|number| tokio::spawn(flood(door.clone(), number, FLOOD / FLOODING)))
        .collect();
    // Somebody else reads and writes meanwhile.
    let other = door.clone();
    let answered = tokio::task::spawn_blocking(move || {
        (0..20)
            .map(|n| {
                let said = other.say(&format!("from somebody else {n}")).expect("answered").0;
                let shown = other.get("/api/messages").expect("answered").0;
                (said, shown)
            })
            .collect::<Vec<_>>()
    });
    let (mut kept, mut refused) = (BTreeSet::new(), 0);
    for one in floods {
        let (some, no) = one.await.unwrap();
        kept.extend(some);
        refused += no;
    }
    let answered = answered.await.unwrap();
    assert!(answered.iter().all(|(said, shown)| [201, 503].contains(said) && *shown == 200));
    println!("{} kept, {refused} refused", kept.len());
    assert_eq!(kept.len() + refused, FLOOD, "each is answered");
    let cost = ana.memory("VmHWM").saturating_sub(before);
    println!("{FLOOD} messages cost {cost} kB at most");
    assert!(cost < COST_KB, "{cost} kB");
    let stored = tokio::task::spawn_blocking(move || door.conversation().unwrap()).await.unwrap();
    let flooded: Vec<String> =
        stored.into_iter().map(|(.., text)| text).filter(|t| t.starts_with("flood ")).collect();
    assert_eq!(flooded.len(), kept.len(), "what was refused is not there, and nothing doubled");
    assert_eq!(flooded.into_iter().collect::<BTreeSet<_>>(), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_reads_nothing_is_closed_and_costs_little_and_others_get_every_message() {
    let (_house, ana) = node();
    let door = ana.door();
    let (_unread_to, mut unread) = page(&door).await;
    assert_eq!(next(&mut unread).await.unwrap()["type"], "welcome");
    let (_reads_to, mut reads) = page(&door).await;
    let before = ana.memory("VmRSS");
    let reading = tokio::spawn(async move {
        let mut arrivals = Vec::new();
        while arrivals.len() < POURED {
            let frame = next(&mut reads).await.expect("who reads stays");
            let messages = frame["messages"].as_array().cloned().unwrap_or_default();
            if frame["type"] == "messages" {
                arrivals.extend(messages.iter().map(|one| one["arrival"].as_u64().unwrap()));
            }
        }
        arrivals
    });
    let (mut to, mut from) = page(&door).await;
    let writing = tokio::spawn(async move {
        for number in 0..POURED {
            send(&mut to, &format!("{number:>width$}", width = POURED_BYTES)).await.unwrap();
        }
        to.flush().await.unwrap();
        to
    });
    let mut sent = 0;
    while sent < POURED {
        let frame = next(&mut from).await.expect("who writes stays");
        assert_ne!(frame["type"], "error", "{frame}");
        sent += usize::from(frame["type"] == "sent");
    }
    drop(writing.await.unwrap());
    let arrivals = reading.await.unwrap();
    assert!(arrivals.windows(2).all(|two| two[1] == two[0] + 1), "no gap, no double, in order");
    eventually_open(&door, 2).await;
    let cost = ana.memory("VmHWM").saturating_sub(before);
    println!("{POURED} texts of {POURED_BYTES} bytes past a page that reads nothing: {cost} kB");
    assert!(cost < COST_KB, "{cost} kB");
    while next(&mut unread).await.is_some() {}
}

/// Waits until this many pages are open.
async fn eventually_open(door: &Door, count: usize) {
    let door = door.clone();
    let pages = move || {
        crate::program::eventually("the page that reads nothing is closed", || {
            let text = door.get("/metrics")?.1;
            text.as_str()?.contains(&format!("\nroda_pages {count}\n")).then_some(())
        });
    };
    tokio::task::spawn_blocking(pages).await.unwrap();
}
