//! What a node writes where others may read it: its log, its errors, its small files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::ends::hand::first_frame;
use crate::needle::{Needle, decode};
use crate::program::{Program, eventually};

const TEXTS: [&str; 3] = ["said over HTTP by Ana", "written on Bento's page", "from the terminal"];
const WRONG_TOKEN: &str = "0123456789abcdefwrong-token";

/// What a command said beside what it was asked for, and that.
fn said(output: Output) -> (Vec<u8>, Vec<u8>) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.stderr, output.stdout)
}

/// A node that writes all that it can into its log, and wants a login.
fn talkative(house: &Path, name: &str, key: &str) -> Program {
    let mut node = Program::new(house, name, key);
    node.set("RODA_LOG", "trace").set("RODA_WEB_LOGIN", "token");
    node
}

fn token(node: &Program) -> String {
    fs::read_to_string(node.data().join("web-token")).unwrap().trim().to_owned()
}

/// One HTTP request by hand; the status.
fn ask(node: &Program, request: &str, headers: &str, body: &str) -> u16 {
    let place = node.door().place().to_owned();
    let mut socket = TcpStream::connect(&place).unwrap();
    let text = format!(
        "{request} HTTP/1.1\r\nHost: {place}\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer[9..12].parse().unwrap()
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// A page with this token: whether it was let in, and sent the text.
async fn page(node: &Program, token: &str, text: &str) -> bool {
    let url = format!("ws://{}/ws", node.door().place());
    let socket = tokio::net::TcpStream::connect(node.door().place()).await.unwrap();
    let (mut page, _) = tokio_tungstenite::client_async(url, socket).await.unwrap();
    for frame in [
        serde_json::json!({"type": "auth", "token": token}),
        serde_json::json!({"type": "send", "text": text}),
    ] {
        let _ = page.send(Message::text(frame.to_string())).await;
    }
    while let Some(Ok(frame)) = page.next().await {
        if frame.to_text().is_ok_and(|frame| frame.contains("\"sent\"")) {
            return true;
        }
    }
    false
}

/// Whom nobody let in: noise, another circle's first packet, another circle's node.
fn strangers(house: &Path, node: &Program) -> Program {
    for bytes in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), first_frame(77).1] {
        let mut socket = TcpStream::connect(node.peers()).unwrap();
        socket.write_all(&bytes).unwrap();
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        assert_eq!(answer, b"");
    }
    let mut other = talkative(house, "Outsider", &fernet::Fernet::generate_key());
    other.set("RODA_PEERS", node.peers()).start();
    eventually("the other circle's node was refused", || {
        other.log().contains("no link").then_some(())
    });
    other
}

fn secrets_of(node: &Program) -> Vec<Needle> {
    let key = decode(node.key().as_bytes()).unwrap();
    let group = node.key().parse::<roda::seal::GroupKey>().unwrap().derive();
    let identity = fs::read_to_string(node.data().join("identity")).unwrap();
    let identity = hex::decode(identity.trim()).unwrap();
    let web = token(node);
    vec![
        Needle::new("the group key", &key),
        Needle::new("half of the group key", &key[..16]),
        Needle::new("the other half", &key[16..]),
        Needle::new("a key derived from it", &*group.prk),
        Needle::new("the handshake's key", &*group.handshake),
        Needle::new("the identity's secret", &identity),
        Needle::new("the web token", web.as_bytes()),
        Needle::new("the web token's bytes", &hex::decode(&web).unwrap()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_or_error_shows_a_key_a_token_or_a_text() {
    let house = tempfile::tempdir().unwrap();
    let mut told: Vec<(String, Vec<u8>)> = Vec::new();
    // The circle begins as people begin it.
    let start = talkative(house.path(), "Start", "");
    let mut init = start.command(&["init", "--name", "Ana"]);
    let (err, out) = said(init.env_remove("RODA_KEY").output().unwrap());
    told.push(("init".to_owned(), [err, out].concat()));
    let env = fs::read_to_string(house.path().join("Start/.env")).unwrap();
    let key = env.lines().find_map(|line| line.strip_prefix("RODA_KEY=")).unwrap().to_owned();

    let mut ana = talkative(house.path(), "Ana", &key);
    ana.start();
    let (err, invitation) = said(ana.command(&["invite"]).output().unwrap());
    told.push(("invite, standard error".to_owned(), err));
    let invitation = String::from_utf8(invitation).unwrap();
    let invitation = invitation.lines().find(|line| line.starts_with("roda:")).unwrap();
    let guest = talkative(house.path(), "Guest", "");
    let mut join = guest.command(&["join", invitation, "--name", "Bento"]);
    let (err, out) = said(join.env_remove("RODA_KEY").output().unwrap());
    told.push(("join".to_owned(), [err, out].concat()));

    let mut bento = talkative(house.path(), "Bento", &key);
    bento.set("RODA_PEERS", ana.peers()).start();
    let body = serde_json::json!({"text": TEXTS[0]}).to_string();
    assert_eq!(ask(&ana, "POST /api/messages", &bearer(WRONG_TOKEN), &body), 401);
    assert_eq!(ask(&ana, "POST /api/messages", "", &body), 401);
    assert_eq!(ask(&ana, "POST /api/messages", &bearer(&token(&ana)), &body), 201);
    let astray = format!("GET /?token={}", token(&ana));
    assert_eq!(ask(&ana, &astray, "", ""), 200, "in a place where it is not looked for");
    assert!(!page(&bento, WRONG_TOKEN, TEXTS[1]).await);
    assert!(page(&bento, &token(&bento), TEXTS[1]).await);
    let (err, _) = said(bento.command(&["send", TEXTS[2]]).output().unwrap());
    told.push(("send, standard error".to_owned(), err));
    let words = bearer(&token(&ana));
    eventually("Ana has what was said on the terminal", || {
        let shown = ana.command(&["tail", "-n", "50"]).output().unwrap();
        String::from_utf8_lossy(&shown.stdout).contains(TEXTS[2]).then_some(())
    });
    assert_eq!(ask(&ana, "GET /api/invite", &words, ""), 200);
    let mut outsider = strangers(house.path(), &ana);
    for (command, copy) in [("status", None), ("backup", Some("copy.db"))] {
        let args: Vec<&str> = std::iter::once(command).chain(copy).collect();
        let (err, out) = said(ana.command(&args).output().unwrap());
        told.push((command.to_owned(), [err, out].concat()));
    }
    let half = ana.command(&["run"]).env("RODA_KEY", &key[..43]).output().unwrap();
    assert!(!half.status.success());
    told.push(("a cut-off key".to_owned(), [half.stderr, half.stdout].concat()));

    let mut needles: Vec<Needle> =
        TEXTS.iter().map(|text| Needle::new(*text, text.as_bytes())).collect();
    needles.push(Needle::new("a wrong token", WRONG_TOKEN.as_bytes()));
    for node in [&mut ana, &mut bento, &mut outsider] {
        needles.extend(secrets_of(node));
        assert!(node.stop().success());
        assert!(node.log().contains("roda::shell"), "there is a log");
        told.push((node.data().display().to_string(), node.log().into_bytes()));
        for file in ["lock", "keys", "peer-address", "web-address"] {
            let bytes = fs::read(node.data().join(file)).unwrap_or_default();
            told.push((format!("{}/{file}", node.data().display()), bytes));
        }
    }
    assert!(ana.log().contains(r#"path="/api/messages""#), "requests are told in the log");
    let mut shown = Vec::new();
    for (place, bytes) in &told {
        let found = needles.iter().filter(|needle| needle.is_in(bytes));
        shown.extend(found.map(|needle| format!("{} in {place}", needle.what)));
    }
    assert!(shown.is_empty(), "{shown:#?}");
}
