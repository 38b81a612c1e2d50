//! A page's side of a WebSocket, the same to a node and to the floor: texts go in and come out.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Bytes of a text.
pub const TEXT: usize = 200;
/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a page reads of a frame.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type", borrow)]
    kind: &'a str,
    #[serde(default)]
    messages: Vec<Text>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    text: Option<String>,
}

/// The half of a page that writes.
pub struct Writer(SplitSink<WebSocketStream<TcpStream>, Message>);

impl Writer {
    /// Sends the texts with these numbers at once.
    pub async fn send(&mut self, run: u32, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let head = format!("{run}.{number}.");
            let frame = format!(r#"{{"type":"send","text":"{head:x<TEXT$}"}}"#);
            self.0.feed(Message::text(frame)).await.expect("the page's link stands");
        }
        self.0.flush().await.expect("the page's link stands");
    }
}

/// The half of a page that reads.
pub struct Reader {
    stream: SplitStream<WebSocketStream<TcpStream>>,
    /// Whether what the node has not committed yet counts as come.
    pub early: bool,
}

/// A page of whoever listens there.
pub async fn open(place: &str, path: &str) -> (Writer, Reader) {
    let stream = TcpStream::connect(place).await.expect("it listens");
    stream.set_nodelay(true).expect("a socket");
    let url = format!("ws://{place}{path}");
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a WebSocket");
    let (sink, stream) = socket.split();
    (Writer(sink), Reader { stream, early: true })
}

impl Reader {
    /// Run and number of the texts in the next frame that has any, and when it was read. Counts
    /// the bytes of all frames.
    pub async fn texts(&mut self, bytes: &AtomicUsize) -> (Vec<(u32, u32)>, Instant) {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            let frame = next.expect("a frame within a minute").expect("the link stands");
            let Message::Text(text) = frame.expect("the link stands") else { continue };
            let came = Instant::now();
            bytes.fetch_add(text.len(), Ordering::Relaxed);
            let frame: Frame = serde_json::from_str(&text).expect("JSON");
            let early = self.early && frame.kind == "early";
            if !early && !matches!(frame.kind, "message" | "messages") {
                continue;
            }
            let texts = frame.messages.into_iter().map(|message| message.text);
            let texts: Vec<String> = texts.chain([frame.text]).flatten().collect();
            let numbers: Vec<_> = texts.iter().filter_map(|text| numbers_of(text)).collect();
            if !numbers.is_empty() {
                return (numbers, came);
            }
        }
    }

    /// The numbers of the run's texts in the next frame that has any, and when it was read. What
    /// was shown early comes twice.
    pub async fn next(&mut self, run: u32) -> (Vec<u32>, Instant) {
        loop {
            let (texts, came) = self.texts(&AtomicUsize::new(0)).await;
            let of_run = texts.iter().filter(|(of, _)| *of == run);
            let numbers: Vec<u32> = of_run.map(|(_, number)| *number).collect();
            if !numbers.is_empty() {
                return (numbers, came);
            }
        }
    }
}

fn numbers_of(text: &str) -> Option<(u32, u32)> {
    let (run, rest) = text.split_once('.')?;
    Some((run.parse().ok()?, rest.split_once('.')?.0.parse().ok()?))
}
