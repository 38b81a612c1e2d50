//! Every route, its answer and its refusals.

use std::collections::BTreeMap;
use std::sync::Arc;

use roda::protocol::body::Decision;
use roda::shell::handle::StoreState;
use serde_json::json;

use crate::fake::{ANA, INVITE, ME, Node, RUI, place, view};

#[tokio::test]
async fn messages_come_in_order_in_pages_by_place() {
    let node = Node::start().await;
    for n in 1..=120 {
        node.rows.say(ANA, &format!("m{n}"));
    }
    let get = async |query: &str| {
        let page = node.ask("GET", &format!("/api/messages{query}"), None).await.json();
        let messages = page["messages"].as_array().unwrap().clone();
        let seqs: Vec<_> = messages.iter().map(|m| m["seq"].as_u64().unwrap()).collect();
        (seqs, page["more"].as_bool().unwrap())
    };
    let place = place(71, ANA);
    assert_eq!(get("").await, ((71..=120).collect(), true));
    let before = get(&format!("?before={place}&limit=60")).await;
    assert_eq!(before, ((11..=70).collect(), true));
    let after = get(&format!("?after={place}&limit=9999")).await;
    assert_eq!(after, ((72..=120).collect(), false));
    let bad = ["?before=7", "?before=x.y", "?limit=x", &format!("?before={place}&after={place}")];
    for query in bad {
        let answer = node.ask("GET", &format!("/api/messages{query}"), None).await;
        assert_eq!((answer.status, &*answer.code()), (400, "invalid"), "{query}");
    }
}

#[tokio::test]
async fn a_message_says_who_counts_who_has_it_and_where_it_stands() {
    let node = Node::start().await;
    node.rows.add(ME, 1, &Decision::Profile("Eu\u{202e}".to_owned()).encode());
    node.rows.say(ANA, "oi");
    node.rows.add(ANA, 9, r#"{"kind":"poll","x":1}"#);
    node.rows.add(RUI, 9, "not json");
    node.view.send_modify(|view| {
        let view = Arc::make_mut(view);
        view.members[0].stored = Arc::new(BTreeMap::from([(ANA, 1)]));
        view.members[1].read = Arc::new(BTreeMap::from([(ANA, 2)]));
        view.delivered = BTreeMap::from([(ANA, 2), (ME, 1)]);
        view.read_by_all = BTreeMap::from([(ANA, 1)]);
    });
    let answer = node.ask("GET", "/api/messages", None).await.json();
    let messages = &answer["messages"];
    let shown = |n: usize, key: &str| messages[n][key].clone();
    assert_eq!(
        messages[1],
        json!({
            "id": format!("{ANA}:1"), "author": ANA, "name": "Ana", "seq": 1, "lamport": 2, "at": 5,
            "kind": "text", "text": "oi", "arrival": 2, "arrived_at": 6, "of": 1, "stored": [ME],
            "read": [], "state": "read", "final": false,
        })
    );
    assert_eq!((shown(0, "kind"), shown(0, "text")), (json!("profile"), json!("Eu")));
    assert_eq!((shown(0, "of"), shown(0, "final")), (json!(1), json!(true)));
    assert_eq!((shown(2, "kind"), shown(2, "of")), (json!("poll"), json!(2)));
    assert_eq!(shown(2, "state"), "delivered");
    assert_eq!((shown(3, "kind"), shown(3, "state")), (json!("unreadable"), json!("kept")));
    let own = node.rows.add(RUI, 5, "its first entry: nobody waits for its author's receipt");
    let own = node.ask("GET", &format!("/api/messages/{RUI}:{}", own.seq), None).await.json();
    assert_eq!(own["of"], 2);
    let one = node.ask("GET", &format!("/api/messages/{ANA}:1"), None).await;
    assert_eq!(one.json(), messages[1]);
    assert_eq!(node.ask("GET", &format!("/api/messages/{ANA}:9"), None).await.status, 404);
    node.view.send_modify(|view| {
        let members = &mut Arc::make_mut(view).members;
        (members[0].left, members[2].aside, members[1].disputed) = (true, true, Some(3));
    });
    let answer = node.ask("GET", "/api/messages", None).await.json();
    assert_eq!(
        (&answer["messages"][2]["of"], &answer["messages"][2]["state"]),
        (&json!(0), &json!("kept"))
    );
}

#[tokio::test]
async fn a_post_is_answered_with_the_committed_message_and_hands_its_ref_on() {
    let mut node = Node::start().await;
    let body = r#"{"text":"olá","ref":"r1"}"#;
    let first = node.ask("POST", "/api/messages", Some(body)).await;
    let again = node.ask("POST", "/api/messages", Some(body)).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json(), again.json());
    assert_eq!(first.json()["text"], "olá");
    assert_eq!(node.asked.recv().await.unwrap(), "send olá Some(\"r1\")");
    let full = node.ask("POST", "/api/messages", Some(r#"{"text":"full"}"#)).await;
    assert_eq!((full.status, &*full.code()), (507, "store"));
}

#[tokio::test]
async fn bodies_that_cannot_be_taken_are_refused_in_json() {
    let node = Node::start().await;
    let huge = format!(r#"{{"text":"{}"}}"#, "a".repeat(128 * 1024));
    let long_ref = format!(r#"{{"text":"a","ref":"{}"}}"#, "r".repeat(129));
    for (body, status, code) in [
        ("{", 400, "invalid"),
        (r#"{"text":7}"#, 400, "invalid"),
        ("{}", 400, "invalid"),
        (&huge, 413, "too_large"),
        (&long_ref, 400, "invalid"),
    ] {
        let answer = node.ask("POST", "/api/messages", Some(body)).await;
        assert_eq!((answer.status, &*answer.code()), (status, code));
    }
    let form = "Content-Type: text/plain\r\n";
    let answer = node.ask_with("POST", "/api/messages", form, Some(r#"{"text":"a"}"#)).await;
    assert_eq!((answer.status, &*answer.code()), (415, "not_json"));
    for (method, path, status, code) in [
        ("PUT", "/api/messages", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/x/y", 404, "not_found"),
        ("GET", "/api/messages/%FB:1", 400, "invalid"),
        ("POST", "/api/members/%FB/aside", 400, "invalid"),
        ("GET", "/../Cargo.toml", 404, "not_found"),
    ] {
        let answer = node.ask(method, path, None).await;
        assert_eq!((answer.status, &*answer.code()), (status, code), "{method} {path}");
    }
}

#[tokio::test]
async fn members_and_status_show_the_view() {
    let node = Node::start().await;
    let members = node.ask("GET", "/api/members", None).await.json()["members"].clone();
    assert_eq!(
        members[1],
        json!({
            "id": ANA, "name": "Ana", "fingerprint": "0202 0202 0202 0202 0202", "online": true,
            "last_heard": 7, "rtt_ms": 3, "via": null, "addresses": ["10.0.0.1:7400"], "links": [],
            "left": false, "aside": false, "disputed": null, "since": place(0, ANA),
        })
    );
    node.view.send_modify(|view| Arc::make_mut(view).catching_up = Some((1, 9)));
    let status = node.ask("GET", "/api/status", None).await.json();
    assert_eq!(
        status,
        json!({
            "id": ME, "name": "Eu", "circle": "roda", "clock": 9, "messages": 4, "links": 2,
            "store": "ok", "catching_up": {"held": 1, "of": 9}, "version": "0.1", "epoch": "e1",
            "left": false,
        })
    );
    let invite = node.ask("GET", "/api/invite", None).await.json();
    assert_eq!(invite["link"], INVITE);
    assert!(invite["qr"].as_str().unwrap().contains("<svg"));
}

#[tokio::test]
async fn changes_reach_the_owner_and_its_refusals_the_asker() {
    let mut node = Node::start().await;
    let aside = format!("/api/members/{ANA}/aside");
    let words = format!("aside {ANA:?}");
    for (method, path, body, asked) in [
        ("PUT", "/api/me", Some(r#"{"name":"Bia"}"#), "name Bia"),
        ("PUT", "/api/me", Some(r#"{"read_receipts":false}"#), "read_receipts false"),
        ("PUT", "/api/circle", Some(r#"{"name":"os quatro"}"#), "circle os quatro"),
        ("POST", &aside, None, &format!("{words} true")),
        ("POST", &aside, Some(r#"{"aside":false}"#), &format!("{words} false")),
        ("POST", "/api/leave", None, "leave"),
    ] {
        let answer = node.ask(method, path, body).await;
        assert_eq!((answer.status, &*answer.body), (200, "{}"), "{path}");
        assert_eq!(node.asked.recv().await.unwrap(), asked);
    }
    for (method, path, body, status) in [
        ("PUT", "/api/me", Some(r#"{"name":" "}"#), 400),
        ("PUT", "/api/me", Some("{}"), 400),
        ("POST", "/api/members/x/aside", None, 400),
        ("POST", &format!("/api/members/{}/aside", "09".repeat(32)), None, 404),
    ] {
        assert_eq!(node.ask(method, path, body).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn health_and_metrics_tell_the_store() {
    let node = Node::start().await;
    assert_eq!(node.ask("GET", "/healthz", None).await.body, "ok");
    node.view.send_modify(|view| {
        Arc::make_mut(view).store = StoreState::Failing("disk full".to_owned());
    });
    let health = node.ask("GET", "/healthz", None).await;
    assert_eq!(health.status, 503);
    assert!(health.body.contains("disk full"));
    node.view.send_modify(|view| {
        let view = Arc::make_mut(view);
        (view.store, view.damaged) = (StoreState::Ok, Some("a broken page".to_owned()));
    });
    let health = node.ask("GET", "/healthz", None).await;
    assert_eq!(health.status, 503);
    assert!(health.body.contains("a broken page"));
    node.view.send_modify(|view| {
        Arc::make_mut(view).store = StoreState::Failing("disk full".to_owned());
    });
    let mut page = node.page().await;
    page.next_of("welcome").await;
    let metrics = node.ask("GET", "/metrics", None).await.body;
    for line in
        ["messages 4", "links 2", "members 3", "clock 9", "arrival 0", "store_ok 0", "pages 1"]
    {
        assert!(metrics.contains(&format!("\nroda_{line}\n")), "{line} in {metrics}");
    }
    let other = Node::start().await;
    let metrics = other.ask("GET", "/metrics", None).await.body;
    assert!(metrics.contains("\nroda_pages 0\n"), "nodes of one process count apart");
    assert_eq!(view().messages, 4);
}

#[tokio::test]
async fn files_come_from_the_folder_and_from_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let web = folder.path().join("web");
    std::fs::create_dir_all(web.join("vendor")).unwrap();
    std::fs::create_dir_all(web.join("css")).unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret.txt"), web.join("way-out.txt")).unwrap();
    for name in [
        "index.html",
        "sw.js",
        "css/base.css",
        "a.svg",
        "app.webmanifest",
        "pt.json",
        "f.woff2",
        "vendor/x.mjs",
        ".env",
    ] {
        std::fs::write(web.join(name), name).unwrap();
    }
    let node = Node::with(|door| door.web_dir = Some(web)).await;
    for (path, mime) in [
        ("/", "text/html; charset=utf-8"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/vendor/x.mjs", "text/javascript; charset=utf-8"),
        ("/css/base.css", "text/css; charset=utf-8"),
        ("/a.svg", "image/svg+xml"),
        ("/app.webmanifest", "application/manifest+json"),
        ("/pt.json", "application/json"),
        ("/f.woff2", "font/woff2"),
    ] {
        let answer = node.ask("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.head.contains(&format!("content-type: {mime}\r\n")), "{}", answer.head);
        assert!(answer.head.contains("cache-control: no-cache"));
        let etag = answer.head.split("etag: ").nth(1).unwrap().lines().next().unwrap();
        let known = format!("If-None-Match: {etag}\r\n");
        assert_eq!(node.ask_with("GET", path, &known, None).await.status, 304);
    }
    for path in ["/way-out.txt", "/../secret.txt", "/%2e%2e/secret.txt", "/.env", "/vendor", "/x"] {
        assert_eq!(node.ask("GET", path, None).await.status, 404, "{path}");
    }
}
