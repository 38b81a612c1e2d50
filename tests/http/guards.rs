//! Who is answered, with which headers, and within which bounds.

use std::time::{Duration, Instant};

use roda::shell::http::Login;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error as WsError;

use crate::fake::Node;

const ROUTES: [(&str, &str); 6] = [
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/api/status"),
    ("POST", "/api/messages"),
    ("GET", "/api/nothing"),
];

#[tokio::test]
async fn a_host_that_is_not_listed_is_misdirected_on_every_route() {
    let node = Node::with(|door| door.hosts = vec!["Chat.Example:8443".to_owned()]).await;
    let port = node.address.port();
    for (method, path) in ROUTES.into_iter().chain([("GET", "/ws")]) {
        for host in [
            "evil.example".to_owned(),
            "localhost".to_owned(),
            format!("0.0.0.0:{port}"),
            format!("localhost:{}", port ^ 1),
            format!("localhost:{port}\r\nHost: localhost:{port}"),
            format!("user@localhost:{port}"),
        ] {
            let answer = node.ask_with(method, path, &format!("Host: {host}\r\n"), None).await;
            assert_eq!((answer.status, &*answer.code()), (421, "host"), "{path} {host}");
            assert!(!answer.head.contains("evil"), "the policy names a stranger");
        }
    }
    for host in [format!("127.0.0.1:{port}"), format!("[::1]:{port}"), "chat.example:8443".into()] {
        let answer = node.ask_with("GET", "/api/status", &format!("Host: {host}\r\n"), None).await;
        assert_eq!(answer.status, 200, "{host}");
    }
    let target = "http://evil.example/api/status";
    assert_eq!(node.ask("GET", target, None).await.status, 421, "an absolute target");
}

#[tokio::test]
async fn another_sites_page_is_forbidden_on_every_route() {
    let node = Node::start().await;
    let port = node.address.port();
    for (method, path) in ROUTES.into_iter().chain([("GET", "/ws")]) {
        for origin in ["http://evil.example", "null", &format!("http://localhost:{}", port ^ 1)] {
            let headers = format!("Origin: {origin}\r\n");
            let answer = node.ask_with(method, path, &headers, None).await;
            assert_eq!((answer.status, &*answer.code()), (403, "origin"), "{path} {origin}");
        }
    }
    let own = format!("Origin: http://localhost:{port}\r\n");
    assert_eq!(node.ask_with("GET", "/api/status", &own, None).await.status, 200);
    let refused = node.page_with(&[("origin", "http://evil.example".to_owned())]).await;
    assert!(matches!(refused, Err(WsError::Http(answer)) if answer.status() == 403));
    assert!(node.page_with(&[("origin", format!("http://127.0.0.1:{port}"))]).await.is_ok());
}

#[tokio::test]
async fn with_login_the_api_and_metrics_need_the_token_and_files_do_not() {
    let node = Node::with(|door| door.login = Login::Token("secret".to_owned())).await;
    let paths = [("/api/status"), "/api/members", "/api/nothing", "/api/messages", "/metrics"];
    for path in paths {
        for header in ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic secret\r\n"] {
            let answer = node.ask_with("GET", path, header, None).await;
            assert_eq!((answer.status, &*answer.code()), (401, "unauthorized"), "{path}");
            assert!(answer.head.contains("www-authenticate: bearer"));
        }
    }
    let right = "Authorization: bearer secret\r\n";
    assert_eq!(node.ask_with("GET", "/api/status", right, None).await.status, 200);
    assert_eq!(node.ask_with("GET", "/metrics", right, None).await.status, 200);
    assert_eq!(node.ask("GET", "/healthz", None).await.status, 200);
    assert_eq!(node.ask("GET", "/no-such-file", None).await.status, 404);
    assert_ne!(node.ask("GET", "/%61pi/status", None).await.status, 200);
}

#[tokio::test]
async fn security_headers_stand_on_every_answer_errors_too() {
    let node = Node::start().await;
    let policy = format!("connect-src 'self' ws://localhost:{};", node.address.port());
    let answers = [
        node.ask("GET", "/api/status", None).await,
        node.ask("GET", "/api/nothing", None).await,
        node.ask("DELETE", "/api/status", None).await,
        node.ask("GET", "/ws", None).await,
        node.ask("POST", "/api/messages", Some("{")).await,
    ];
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 404, 405, 400, 400]);
    for answer in &answers {
        for header in [
            &*policy,
            "default-src 'none'",
            "trusted-types roda-sw",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(answer.head.contains(header), "{header} is missing in {}", answer.head);
        }
    }
    let stranger = node.ask_with("GET", "/", "Host: evil.example\r\n", None).await;
    assert!(stranger.head.contains("connect-src 'self';"));
}

#[tokio::test]
async fn silent_and_half_said_requests_are_closed_after_five_seconds() {
    let node = Node::start().await;
    let begun = Instant::now();
    let mut silent = TcpStream::connect(node.address).await.unwrap();
    let mut half = TcpStream::connect(node.address).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: local").await.unwrap();
    for stream in [&mut silent, &mut half] {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest));
        let _ = read.await.expect("closed by the node");
    }
    assert!(begun.elapsed() >= Duration::from_secs(4), "closed before its time");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_with_what_to_do() {
    let node = Node::start().await;
    let begun = Instant::now();
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let request = format!(
        "POST /api/messages HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\n\
         Content-Length: 15\r\nConnection: close\r\n\r\n{{\"text\"",
        node.address.port()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_string(&mut answer));
    let _ = read.await.expect("answered by the node");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(r#""code":"timeout""#) && answer.contains("send it again"), "{answer}");
    assert!(begun.elapsed() >= Duration::from_secs(9), "answered before its time");
}

#[tokio::test]
async fn the_longest_idle_connection_gives_way_to_a_new_one() {
    let node = Node::start().await;
    let mut idle = Vec::new();
    for _ in 0..roda::shell::http::limits::CONNECTIONS_MAX {
        idle.push(TcpStream::connect(node.address).await.unwrap());
    }
    assert_eq!(node.ask("GET", "/healthz", None).await.status, 200);
    assert_eq!(idle[0].read(&mut [0; 1]).await.unwrap_or(0), 0, "the first is closed");
}

#[tokio::test]
async fn a_stop_ends_idle_connections_pages_and_serve() {
    let mut node = Node::start().await;
    let mut idle = TcpStream::connect(node.address).await.unwrap();
    let mut page = node.page().await;
    page.next_of("welcome").await;
    node.cancel.cancel();
    assert_eq!(page.closed().await, 1001);
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    drop(page);
    (&mut node.serving).await.unwrap().unwrap();
}
