//! A stand-in for a node's HTTP interface, with a conversation of the test's making.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

pub const TOKEN: &str = "5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c";

#[derive(Clone)]
struct Fake {
    messages: Arc<Vec<Value>>,
    live: Arc<Vec<Value>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// The stand-in; it ends with its runtime.
pub struct Node {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Node {
    /// Serves `messages`, in order, and sends `live` once a page has resumed.
    pub fn serve(messages: Vec<Value>, live: Vec<Value>) -> Node {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let fake = Fake { messages: messages.into(), live: live.into(), asked: asked.clone() };
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let api = Router::new()
            .route("/api/messages", get(messages_page).post(sent))
            .route("/api/status", get(|| async { axum::Json(status()) }))
            .route("/api/members", get(|| async { axum::Json(members()) }))
            .route("/api/members/{id}/aside", post(|| async { StatusCode::NO_CONTENT }))
            .layer(middleware::from_fn(login));
        let app = api
            .route("/ws", get(socket))
            .route("/healthz", get(|| async { "ok" }))
            .layer(middleware::from_fn_with_state(fake.clone(), note))
            .with_state(fake);
        runtime.spawn(async move { axum::serve(listener, app).await });
        Node { address, asked, _runtime: runtime }
    }

    pub fn url(&self) -> String {
        format!("http://{}/#token={TOKEN}", self.address)
    }

    /// `METHOD path` of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

/// A message with these fields changed.
pub fn message(arrival: u64, lamport: u64, changes: Value) -> Value {
    let author = "ab".repeat(32);
    let mut message = json!({
        "id": format!("{author}:{arrival}"), "author": author, "name": "Ana", "seq": arrival,
        "lamport": lamport, "at": 1_795_379_460_000_u64, "kind": "text", "text": "hello",
        "arrival": arrival, "arrived_at": 0, "of": 0, "stored": [], "read": [], "state": "kept",
        "final": false
    });
    let changes = changes.as_object().expect("fields").clone();
    message.as_object_mut().expect("an object").extend(changes);
    message
}

fn status() -> Value {
    json!({"id": "ab".repeat(32), "name": "Ana", "circle": "Ro\u{1b}[2Jda", "clock": 7, "links": 1})
}

fn members() -> Value {
    json!({"members": [
        {"id": "ab".repeat(32), "name": "Ana", "online": true, "left": false, "aside": false},
        {"id": "cd".repeat(32), "name": "Ben\u{9b}31mto", "online": false, "rtt_ms": null},
    ]})
}

async fn note(State(fake): State<Fake>, request: Request, next: Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri().path());
    fake.asked.lock().expect("not poisoned").push(line);
    next.run(request).await
}

async fn login(request: Request, next: Next) -> Result<Response, StatusCode> {
    let shown = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if shown == Some(&format!("Bearer {TOKEN}")) {
        Ok(next.run(request).await)
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

async fn messages_page(
    State(fake): State<Fake>,
    Query(query): Query<HashMap<String, String>>,
) -> axum::Json<Value> {
    let limit: usize = query.get("limit").map_or(50, |limit| limit.parse().expect("a number"));
    let lamport = |value: &str| value.split('.').next().unwrap().parse::<u64>().expect("a place");
    let all = |wanted: &dyn Fn(u64) -> bool| -> Vec<Value> {
        let kept = fake.messages.iter().filter(|m| wanted(m["lamport"].as_u64().unwrap()));
        kept.cloned().collect()
    };
    let page = if let Some(after) = query.get("after") {
        let rest = all(&|n| n > lamport(after));
        (rest.iter().take(limit).cloned().collect::<Vec<_>>(), rest.len() > limit)
    } else {
        let rest = all(&|n| query.get("before").is_none_or(|before| n < lamport(before)));
        (rest[rest.len().saturating_sub(limit)..].to_vec(), rest.len() > limit)
    };
    axum::Json(json!({"messages": page.0, "more": page.1}))
}

async fn sent(body: axum::Json<Value>) -> (StatusCode, axum::Json<Value>) {
    match body["text"].as_str() {
        Some("refuse me") => {
            let why = json!({"error": {"code": "busy", "message": "too much\u{1b}c waits"}});
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(why))
        }
        text => (StatusCode::CREATED, axum::Json(message(9, 9, json!({ "text": text })))),
    }
}

async fn socket(State(fake): State<Fake>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| page(socket, fake))
}

async fn page(mut socket: WebSocket, fake: Fake) {
    let auth = heard(&mut socket).await;
    assert_eq!(auth, Some(json!({"type": "auth", "token": TOKEN})));
    let arrival = fake.messages.iter().map(|m| m["arrival"].as_u64().unwrap()).max().unwrap_or(0);
    let welcome =
        json!({"type": "welcome", "epoch": "e", "arrival": arrival, "messages": *fake.messages});
    say(&mut socket, &welcome).await;
    let resume = heard(&mut socket).await;
    assert_eq!(resume, Some(json!({"type": "resume", "epoch": "e", "arrival": arrival})));
    say(&mut socket, &json!({"type": "typing", "member": "x"})).await;
    say(&mut socket, &json!({"type": "messages", "messages": *fake.live})).await;
    // Stays until the page goes.
    while heard(&mut socket).await.is_some() {}
}

async fn heard(socket: &mut WebSocket) -> Option<Value> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Text(text) => return serde_json::from_str(&text).ok(),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

async fn say(socket: &mut WebSocket, value: &Value) {
    let _ = socket.send(Message::Text(value.to_string().into())).await;
}
