//! The page's door, over its real socket: bodies, queries and WebSocket frames.

use std::cell::RefCell;

use futures_util::{SinkExt as _, StreamExt as _};
use roda::shell::http::limits::{FRAME_FROM_PAGE_MAX, JSON_BODY_MAX, REFERENCE_MAX};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::tungstenite::Message;

use super::choice;
use crate::fake::{ANA, ME, Node, Page};

/// What is asked for: `{}` is the input, in the body where it stands nowhere.
const ROUTES: [&str; 7] = [
    "POST /api/messages",
    "PUT /api/me",
    "PUT /api/circle",
    "POST /api/members/ANA/aside",
    "GET /api/messages?{}",
    "GET /api/messages/{}",
    "POST /api/members/{}/aside",
];
/// Bytes of an input that stands in an address: with escapes it stays a request line.
const ADDRESS_INPUT_MAX: usize = 1024;
/// Bytes of an answer to a wrong request beside what it repeats.
const PROBLEM_BYTES_MAX: usize = 1024;
/// Bytes that one byte may become where it is repeated: quoted for people, then for JSON.
const REPEATED: usize = 16;
/// Stands between two frames of one input.
const BETWEEN: u8 = b'\n';
/// Inputs before page and rows begin anew.
const RENEW: u32 = 64;

thread_local! {
    static DOOR: RefCell<Option<Open>> = const { RefCell::new(None) };
}

struct Open {
    runtime: Runtime,
    node: Node,
    page: Option<Page>,
    inputs: u32,
}

fn with_door(talk: impl AsyncFnOnce(&mut Node, &mut Option<Page>, u32)) {
    DOOR.with_borrow_mut(|door| {
        let door = door.get_or_insert_with(|| {
            // One thread: what an input does is done before the next.
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            let node = runtime.block_on(Node::start());
            Open { runtime, node, page: None, inputs: 0 }
        });
        door.inputs += 1;
        if door.inputs % RENEW == 0 {
            door.page = None;
            door.node.rows.0.lock().expect("nobody panicked").clear();
        }
        door.runtime.block_on(talk(&mut door.node, &mut door.page, door.inputs));
        while door.node.asked.try_recv().is_ok() {}
    });
}

/// The first byte chooses the route; the answer is a change that was asked for, or says why not.
pub fn http_body(data: &[u8]) {
    let (route, input) = choice(data);
    let route = usize::from(route) % ROUTES.len();
    let (method, address) = ROUTES[route].split_once(' ').expect("method and address");
    let in_address = address.contains("{}");
    if in_address && input.len() > ADDRESS_INPUT_MAX || input.len() > 2 * JSON_BODY_MAX {
        return;
    }
    let address = address.replace("{}", &escaped(input)).replace("ANA", &ANA.to_string());
    let body = if in_address { &[][..] } else { input };
    with_door(async |node, _, _| {
        let (status, head, answer) = ask(node, method, &address, body).await;
        assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
        let asked = node.asked.try_recv().ok();
        if body.len() > JSON_BODY_MAX {
            assert_eq!((status, &asked), (413, &None));
        }
        match status {
            200 | 201 => taken(route, body, &answer, asked),
            400 | 404 | 413 => {
                refused(&answer, input.len());
                // A name is judged by the owner, which was then asked.
                assert!(asked.is_none() || asked.is_some_and(|asked| asked.starts_with("name ")));
            }
            // A path that is no text ends before its route.
            _ => panic!("{status}: {answer}"),
        }
    });
}

fn taken(route: usize, body: &[u8], answer: &str, asked: Option<String>) {
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    match route {
        0 => {
            assert_eq!(answer["text"], said["text"], "what was sent is what is kept");
            let reference = said["ref"].as_str();
            assert!(reference.is_none_or(|named| (1..=REFERENCE_MAX).contains(&named.len())));
            let text = said["text"].as_str().expect("a text");
            assert_eq!(asked, Some(format!("send {text} {reference:?}")));
        }
        1 => assert!(said["name"].is_string() || said["read_receipts"].is_boolean()),
        2 => assert_eq!(asked, said["name"].as_str().map(|name| format!("circle {name}"))),
        3 => assert_eq!(asked, Some(format!("aside {ANA:?} {}", said["aside"] != false))),
        _ => assert_eq!(asked.is_some(), route == 6),
    }
}

fn refused(answer: &str, asked: usize) {
    assert!(answer.len() <= PROBLEM_BYTES_MAX + REPEATED * asked, "{} bytes", answer.len());
    let answer: Value = serde_json::from_str(answer).expect("an error is JSON");
    let part = |name: &str| answer["error"][name].as_str().expect("a text").to_owned();
    assert!(!part("message").is_empty() && !part("code").is_empty());
}

/// Everything but letters and digits of an address as `%XX`, `=` and `&` of a query excepted.
fn escaped(input: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"=&.:-_%+".contains(&byte);
    let escape = |&byte: &u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    input.iter().map(escape).collect()
}

async fn ask(node: &Node, method: &str, path: &str, body: &[u8]) -> (u16, String, String) {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        node.address.port(),
        body.len()
    );
    let (mut read, mut write) =
        TcpStream::connect(node.address).await.expect("it listens").into_split();
    let mut text = Vec::new();
    // A body that is too long is answered before all of it is read.
    let (_, _) = tokio::join!(
        async {
            write.write_all(head.as_bytes()).await?;
            write.write_all(body).await
        },
        read.read_to_end(&mut text)
    );
    let text = String::from_utf8(text).expect("an answer is a text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
    (head[9..12].parse().expect("a status"), head.to_lowercase(), body.to_owned())
}

/// Frames, one after another: each is answered in its bounds, and the page stays open.
pub fn ws_message(data: &[u8]) {
    with_door(async |node, page, inputs| {
        let page = match page {
            Some(page) => page,
            none => {
                let mut fresh = node.page().await;
                assert_eq!(fresh.next().await["type"], "welcome");
                none.insert(fresh)
            }
        };
        for frame in data.split(|byte| *byte == BETWEEN) {
            let frame = match std::str::from_utf8(frame) {
                Ok(text) => Message::text(text),
                Err(_) => Message::binary(frame.to_vec()),
            };
            page.0.send(frame).await.expect("the page is open");
        }
        let last = format!("last {inputs}");
        page.say(json!({"ref": last})).await;
        loop {
            let frame = next(page).await;
            if frame["type"] == "error" && frame["ref"] == *last {
                break;
            }
            answers(&frame, data.len());
        }
        while let Ok(asked) = node.asked.try_recv() {
            let known = ["send ", "read ", "typing"];
            assert!(known.iter().any(|word| asked.starts_with(word)), "{asked}");
        }
    });
}

/// The next text frame, which must be there.
async fn next(page: &mut Page) -> Value {
    loop {
        match page.0.next().await {
            Some(Ok(Message::Text(text))) => {
                return serde_json::from_str(&text).expect("frames are JSON");
            }
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("the page was to stay open: {other:?}"),
        }
    }
}

fn answers(frame: &Value, said: usize) {
    match frame["type"].as_str().expect("a frame has a type") {
        "error" => {
            assert!(frame["code"].is_string());
            let message = frame["message"].as_str().expect("words");
            assert!(!message.is_empty());
            assert!(message.len() <= PROBLEM_BYTES_MAX + REPEATED * said);
            // What could be said is repeated, and no more than a frame holds.
            assert!(frame["ref"].as_str().is_none_or(|named| named.len() <= FRAME_FROM_PAGE_MAX));
        }
        "sent" => {
            assert_eq!(frame["message"]["author"], ME.to_string());
            assert!(frame["ref"].as_str().is_none_or(|named| named.len() <= REFERENCE_MAX));
        }
        "page" | "messages" | "welcome" | "receipts" | "members" => {}
        other => panic!("nothing asks for {other}"),
    }
}
