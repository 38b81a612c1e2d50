//! `tail -f` over the page's WebSocket.

use std::collections::HashSet;
use std::io::{Write as _, stdout};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::client::Node;
use super::fail::Failure;
use super::history::newest;
use super::message::Message;
use super::output::{Paint, clean_line};

/// A node greets at once; after this it is none.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of one frame: a page of the greatest messages.
const FRAME_MAX: usize = 64 * 1024 * 1024;
/// Pauses before each new try when a socket has ended: a restarting node is waited for.
const RETRY_SECS: [u64; 5] = [0, 1, 2, 4, 8];

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Event {
    Welcome {
        epoch: String,
        arrival: u64,
        #[serde(default)]
        messages: Vec<Message>,
    },
    Messages {
        messages: Vec<Message>,
    },
    Error {
        message: String,
    },
    #[serde(other)]
    Other,
}

/// Prints the newest `lines` messages and then each that arrives, until the node is gone.
pub fn follow(node: &Node, lines: u32) -> Result<(), Failure> {
    // Asked first, because HTTP says at once when the token is missing.
    node.get::<Value>("/api/status")?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::Failed(format!("the network cannot be used: {why}")))?
        .block_on(follow_on(node, lines))
}

async fn follow_on(node: &Node, lines: u32) -> Result<(), Failure> {
    let (mut socket, mut shown) = Socket::open(node).await?;
    for message in newest(node, lines)? {
        shown.print(&message, false)?;
    }
    shown.epoch_resumed(&mut socket).await?;
    loop {
        match socket.next().await {
            Ok(Event::Messages { messages }) => shown.arrived(messages)?,
            Ok(Event::Error { message }) => return Err(Failure::Refused(clean_line(&message))),
            Ok(Event::Welcome { epoch, arrival, messages }) => {
                shown.renewed(Shown::new(epoch, arrival, &messages));
            }
            Ok(Event::Other) => {}
            Err(why) => {
                let (again, welcome) = reopen(node, why).await?;
                socket = again;
                shown.renewed(welcome);
                shown.epoch_resumed(&mut socket).await?;
            }
        }
    }
}

async fn reopen(node: &Node, mut why: Failure) -> Result<(Socket, Shown), Failure> {
    for secs in RETRY_SECS {
        sleep(Duration::from_secs(secs)).await;
        match Socket::open(node).await {
            Err(failure @ Failure::Unreachable(_)) => why = failure,
            done => return done,
        }
    }
    Err(why)
}

/// What has been printed, so that nothing is printed twice.
#[derive(Debug)]
struct Shown {
    epoch: String,
    /// Up to this arrival number all was printed, or is older than the tail.
    arrival: u64,
    /// Printed beyond `arrival`, while that was unsure.
    ahead: HashSet<String>,
    /// The last place in the order that is known: what comes before it is late.
    last: Option<(u64, String)>,
}

impl Shown {
    fn new(epoch: String, arrival: u64, messages: &[Message]) -> Shown {
        let mut shown = Shown { epoch, arrival, ahead: HashSet::new(), last: None };
        messages.iter().for_each(|message| shown.passed(message));
        shown
    }

    /// Whether the message belongs above one that is known.
    fn is_late(&self, message: &Message) -> bool {
        let place = |last: &'_ (u64, String)| message.place() < (last.0, &*last.1);
        self.last.as_ref().is_some_and(place)
    }

    fn passed(&mut self, message: &Message) {
        if !self.is_late(message) {
            let (lamport, author) = message.place();
            self.last = Some((lamport, author.to_owned()));
        }
    }

    fn print(&mut self, message: &Message, late: bool) -> Result<(), Failure> {
        writeln!(stdout(), "{}", message.show(Paint::stdout(), late))?;
        if message.arrival > self.arrival {
            self.ahead.insert(message.id.clone());
        }
        self.passed(message);
        Ok(())
    }

    /// Those to print: new, and told by themselves. Sorted here: a batch may come in the
    /// conversation's order.
    fn fresh(&mut self, mut messages: Vec<Message>) -> Vec<Message> {
        messages.sort_by_key(|message| message.arrival);
        messages.retain(|message| {
            let new = message.arrival > self.arrival;
            self.arrival = self.arrival.max(message.arrival);
            new && !self.ahead.remove(&message.id) && !message.quiet
        });
        messages
    }

    fn arrived(&mut self, messages: Vec<Message>) -> Result<(), Failure> {
        for message in self.fresh(messages) {
            let late = self.is_late(&message);
            self.print(&message, late)?;
        }
        Ok(())
    }

    /// After a new socket: goes on from here, or from the node's own place where its store is
    /// another.
    fn renewed(&mut self, welcome: Shown) {
        if welcome.epoch != self.epoch {
            eprintln!("note: the node has a new store; what came meanwhile is not shown");
            *self = welcome;
        }
    }

    async fn epoch_resumed(&self, socket: &mut Socket) -> Result<(), Failure> {
        let resume = json!({"type": "resume", "epoch": self.epoch, "arrival": self.arrival});
        socket.say(&resume).await
    }
}

struct Socket {
    stream: WebSocketStream<TcpStream>,
    gone: String,
}

impl Socket {
    /// Connects, shows the token and waits for the greeting.
    async fn open(node: &Node) -> Result<(Socket, Shown), Failure> {
        let greeted = timeout(WELCOME_TIMEOUT, Socket::greeted(node)).await;
        greeted.unwrap_or_else(|_| Err(node.unreachable(&"it does not greet")))
    }

    async fn greeted(node: &Node) -> Result<(Socket, Shown), Failure> {
        let tcp = TcpStream::connect(&node.address).await.map_err(|why| node.unreachable(&why))?;
        let mut request = format!("ws://{}/ws", node.address)
            .into_client_request()
            .map_err(|why| node.strange(&why))?;
        let host = HeaderValue::from_str(&node.host).map_err(|why| node.strange(&why))?;
        request.headers_mut().insert("host", host);
        let limits = WebSocketConfig::default()
            .max_message_size(Some(FRAME_MAX))
            .max_frame_size(Some(FRAME_MAX));
        let opened = client_async_with_config(request, tcp, Some(limits)).await;
        let (stream, _) = opened.map_err(|why| match why {
            tungstenite::Error::Io(why) => node.unreachable(&why),
            why => node.strange(&why),
        })?;
        let gone = format!("the node at http://{}/ has gone", node.address);
        let mut socket = Socket { stream, gone };
        if let Some(token) = &node.token {
            socket.say(&json!({"type": "auth", "token": token.as_str()})).await?;
        }
        loop {
            match socket.next().await? {
                Event::Welcome { epoch, arrival, messages } => {
                    return Ok((socket, Shown::new(epoch, arrival, &messages)));
                }
                Event::Error { message } => return Err(Failure::Refused(clean_line(&message))),
                _ => {}
            }
        }
    }

    async fn say(&mut self, value: &Value) -> Result<(), Failure> {
        let sent = self.stream.send(Frame::text(value.to_string())).await;
        sent.map_err(|why| Failure::Unreachable(format!("{} ({why})", self.gone)))
    }

    async fn next(&mut self) -> Result<Event, Failure> {
        loop {
            match self.stream.next().await {
                Some(Ok(Frame::Text(text))) => {
                    return serde_json::from_str(&text).map_err(|why| {
                        Failure::Failed(format!("the node says what is not understood here: {why}"))
                    });
                }
                Some(Ok(Frame::Close(frame))) => {
                    let why = frame.map_or(String::new(), |frame| clean_line(&frame.reason));
                    return Err(Failure::Unreachable(format!("{} {why}", self.gone)));
                }
                Some(Ok(_)) => {}
                Some(Err(why)) => {
                    return Err(Failure::Unreachable(format!("{} ({why})", self.gone)));
                }
                None => return Err(Failure::Unreachable(self.gone.clone())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::message::example;

    fn message(arrival: u64, lamport: u64) -> Message {
        example(json!({"id": format!("aa:{arrival}"), "arrival": arrival, "lamport": lamport}))
    }

    #[test]
    fn each_message_is_fresh_once_in_the_order_of_arrival() {
        let mut shown = Shown::new("e".into(), 3, &[message(3, 9)]);
        let batch = vec![message(5, 4), message(4, 12), message(2, 8)];
        let arrivals =
            |messages: Vec<Message>| messages.iter().map(|m| m.arrival).collect::<Vec<_>>();
        assert_eq!(arrivals(shown.fresh(batch)), [4, 5]);
        assert!(shown.fresh(vec![message(5, 4), message(4, 12)]).is_empty());
    }

    #[test]
    fn what_is_told_under_another_message_is_passed_over() {
        let mut shown = Shown::new("e".into(), 3, &[]);
        let mut quiet = message(4, 12);
        quiet.quiet = true;
        let fresh = shown.fresh(vec![quiet, message(5, 13)]);
        assert_eq!(fresh.iter().map(|m| m.arrival).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn what_the_first_page_had_already_is_not_fresh() {
        let mut shown = Shown::new("e".into(), 3, &[]);
        shown.print(&message(5, 4), false).unwrap();
        let fresh = shown.fresh(vec![message(4, 3), message(5, 4), message(6, 5)]);
        assert_eq!(fresh.iter().map(|m| m.arrival).collect::<Vec<_>>(), [4, 6]);
    }

    #[test]
    fn a_message_above_a_known_one_is_late() {
        let shown = Shown::new("e".into(), 3, &[message(3, 9)]);
        assert!(shown.is_late(&message(4, 8)));
        assert!(!shown.is_late(&message(4, 10)));
    }
}
