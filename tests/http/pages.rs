//! The WebSocket: login, welcome, frames in both directions and their bounds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use roda::shell::handle::{Event, StoreState};
use roda::shell::http::Login;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::fake::{ANA, ME, Node, RUI, auth, place};

#[tokio::test]
async fn with_login_off_the_welcome_comes_at_once_and_is_whole() {
    let node = Node::start().await;
    for n in 1..=60 {
        node.rows.say(ANA, &format!("m{n}"));
    }
    node.view.send_modify(|view| {
        let view = Arc::make_mut(view);
        (view.arrival, view.catching_up) = (58, Some((58, 60)));
        view.members[1].stored = Arc::new(BTreeMap::from([(ANA, 60)]));
        view.delivered = BTreeMap::from([(ANA, 3)]);
    });
    let mut page = node.page().await;
    let mut welcome = page.next().await;
    let messages = welcome["messages"].take();
    assert_eq!(messages.as_array().unwrap().len(), 50);
    assert_eq!((&messages[49]["text"], &messages[0]["seq"]), (&json!("m60"), &json!(11)));
    assert!(messages[0].get("stored").is_none(), "receipts travel apart");
    assert_eq!(welcome["members"].take().as_array().unwrap().len(), 3);
    let none = json!({"stored": {}, "read": {}, "clock": 0});
    let ana = json!({"stored": {ANA.to_string(): 60}, "read": {}, "clock": 0});
    assert_eq!(
        welcome,
        json!({
            "type": "welcome", "version": "0.1", "epoch": "e1", "arrival": 60, "me": ME,
            "name": "Eu", "circle": "roda", "clock": 9, "members": null, "messages": null,
            "read": {
                "upto": null, "arrival": 60,
                "behind": {ANA.to_string(): 0}, "more": false, "first": place(1, ANA), "count": 60,
            },
            "read_receipts": true, "more": true,
            "receipts": {
                "members": {ME.to_string(): none, ANA.to_string(): ana, RUI.to_string(): none},
                "delivered": {ANA.to_string(): 3}, "read": {}, "final": 1,
            },
            "catching_up": {"held": 58, "of": 60}, "store": "ok", "left": false, "rest": 0,
        })
    );
}

#[tokio::test]
async fn with_login_on_nothing_is_said_before_the_right_token() {
    let node = Node::with(|door| door.login = Login::Token("secret".to_owned())).await;
    let mut page = node.page().await;
    page.say(auth("secret")).await;
    assert_eq!(page.next().await["type"], "welcome");
    for wrong in [auth("wrong"), json!({"type": "typing"}), json!({"token": "secret"})] {
        let mut page = node.page().await;
        page.say(wrong).await;
        assert_eq!(page.next().await["code"], "unauthorized");
        assert_eq!(page.closed().await, 1008);
    }
    let mut silent = node.page().await;
    let begun = Instant::now();
    assert_eq!(silent.next().await["code"], "unauthorized");
    assert!(begun.elapsed() >= Duration::from_secs(4));
}

#[tokio::test]
async fn sends_of_one_page_do_not_wait_for_each_other() {
    let mut node = Node::start().await;
    let mut page = node.page().await;
    page.next_of("welcome").await;
    for (text, reference) in [("hold", "a"), ("b", "b"), ("full", "c"), ("release", "d")] {
        page.say(json!({"type": "send", "text": text, "ref": reference})).await;
    }
    let mut answers = BTreeMap::new();
    let mut order = Vec::new();
    while answers.len() < 4 {
        let frame = page.next().await;
        if let Some(reference) = frame["ref"].as_str() {
            order.push(reference.to_owned());
            answers.insert(reference.to_owned(), frame);
        }
    }
    let at = |one: &str| order.iter().position(|other| other == one);
    assert!(at("a") > at("b"), "the held one was answered first: {order:?}");
    assert_eq!(answers["c"]["type"], "error");
    assert_eq!(answers["c"]["code"], "store");
    assert_eq!(
        (&answers["a"]["type"], &answers["a"]["message"]["seq"]),
        (&json!("sent"), &json!(1))
    );
    assert_eq!(answers["d"]["message"]["text"], "release");
    for asked in ["send hold Some(\"a\")", "send b Some(\"b\")", "send release Some(\"d\")"] {
        assert_eq!(node.asked.recv().await.unwrap(), asked, "in the order of the frames");
    }
}

#[tokio::test]
async fn the_same_ref_makes_one_message_and_the_page_sees_it_live_too() {
    let node = Node::start().await;
    let mut page = node.page().await;
    page.next_of("welcome").await;
    let send = json!({"type": "send", "text": "oi", "ref": "r"});
    page.say(send.clone()).await;
    let (mut sent, mut live) = (Value::Null, Value::Null);
    while sent.is_null() || live.is_null() {
        let frame = page.next().await;
        match frame["type"].as_str() {
            Some("sent") => sent = frame["message"].clone(),
            Some("messages") => live = frame["messages"][0].clone(),
            _ => {}
        }
    }
    assert_eq!(sent, live);
    assert_eq!(sent["ref"], "r");
    page.say(send).await;
    assert_eq!(page.next_of("sent").await["message"], sent);
    assert_eq!(node.rows.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn own_messages_alone_bring_their_ref_wherever_they_are_given() {
    let node = Node::start().await;
    let refer = |author, reference: &str| {
        node.rows.say(author, "oi");
        node.rows.refer(&Some(reference.to_owned()));
    };
    refer(ME, "mine");
    node.rows.say(ME, "without one");
    // Another member's, as an earlier life of this node is.
    refer(ANA, "not mine");
    let wanted = [json!("mine"), Value::Null, Value::Null];
    let refs = |frame: &Value| -> Vec<Value> {
        frame["messages"].as_array().unwrap().iter().map(|one| one["ref"].clone()).collect()
    };
    let mut page = node.page().await;
    let welcome = page.next_of("welcome").await;
    assert_eq!(refs(&welcome), wanted, "in a welcome");
    page.say(json!({"type": "history"})).await;
    assert_eq!(refs(&page.next_of("page").await), wanted, "in history");
    page.say(json!({"type": "resume", "epoch": welcome["epoch"], "arrival": 0})).await;
    assert_eq!(refs(&page.next_of("messages").await), wanted, "after a resume");
    let listed = node.ask("GET", "/api/messages", None).await.json();
    assert_eq!(refs(&listed), wanted, "and over HTTP");
    assert!(listed["messages"][1].get("ref").is_none(), "absent, not null");
}

#[tokio::test]
async fn history_read_and_typing_are_answered_or_handed_on() {
    let mut node = Node::start().await;
    for n in 1..=9 {
        node.rows.say(ANA, &format!("m{n}"));
    }
    let mut page = node.page().await;
    page.next_of("welcome").await;
    page.say(json!({"type": "history", "before": place(5, ANA), "limit": 3})).await;
    let answer = page.next().await;
    assert_eq!((&answer["type"], &answer["before"]), (&json!("page"), &json!(place(5, ANA))));
    let texts: Vec<_> =
        answer["messages"].as_array().unwrap().iter().map(|m| m["text"].clone()).collect();
    assert_eq!(
        (texts, &answer["more"]),
        (vec![json!("m2"), json!("m3"), json!("m4")], &json!(true))
    );
    page.say(json!({"type": "history", "after": place(5, ANA)})).await;
    let answer = page.next().await;
    assert_eq!((&answer["after"], &answer["more"]), (&json!(place(5, ANA)), &json!(false)));
    page.say(json!({"type": "read", "marks": {ANA.to_string(): 9}})).await;
    assert_eq!(node.asked.recv().await.unwrap(), "read [9]");
    // As programs of 0.1 say it: all up to a place that had arrived by a number.
    for (lamport, arrival, seen) in [(4, 60, 4), (60, 7, 7), (70, 70, 9)] {
        page.say(json!({"type": "read", "upto": place(lamport, ANA), "arrival": arrival})).await;
        assert_eq!(node.asked.recv().await.unwrap(), format!("read [{seen}]"));
    }
    page.say(json!({"type": "read", "upto": "nowhere", "arrival": 9})).await;
    assert_eq!(page.next().await["code"], "invalid");
    page.say(json!({"type": "typing"})).await;
    assert_eq!(node.asked.recv().await.unwrap(), "typing");
}

#[tokio::test]
async fn frames_that_cannot_be_read_are_answered_and_the_page_stays() {
    let node = Node::start().await;
    let mut page = node.page().await;
    page.next_of("welcome").await;
    let frame = |bytes: usize| {
        let frame = r#"{"type":"send","ref":"r","text":""}"#;
        frame.replace(r#""""#, &format!("\"{}\"", "a".repeat(bytes - frame.len())))
    };
    for (bad, code, reference) in [
        (frame(64 * 1024 + 1), "too_large", json!("r")),
        (r#"{"type":"dance","ref":"x"}"#.to_owned(), "invalid", json!("x")),
        (r#"{"type":"send","ref":"y"}"#.to_owned(), "invalid", json!("y")),
        (r#"{"type":"history","before":"7"}"#.to_owned(), "invalid", Value::Null),
        ("x".to_owned(), "invalid", Value::Null),
    ] {
        page.0.send(Message::text(bad)).await.unwrap();
        let answer = page.next_of("error").await;
        assert_eq!((answer["code"].as_str(), &answer["ref"]), (Some(code), &reference));
        assert!(answer["message"].is_string());
    }
    page.0.send(Message::text(frame(64 * 1024))).await.unwrap();
    assert_eq!(page.next_of("sent").await["ref"], "r", "a frame of 64 KiB is taken");
}

#[tokio::test]
async fn the_seventeenth_page_is_closed_with_a_clear_error() {
    let node = Node::start().await;
    let mut pages = Vec::new();
    for _ in 0..16 {
        let mut page = node.page().await;
        page.next_of("welcome").await;
        pages.push(page);
    }
    let mut one_more = node.page().await;
    assert_eq!(one_more.next().await["code"], "too_many_pages");
    assert_eq!(one_more.closed().await, 1013);
    pages[0].say(json!({"type": "history"})).await;
    assert_eq!(pages[0].next().await["type"], "page", "the others stay");
}

#[tokio::test]
async fn changes_of_the_view_are_told_once_and_only_what_changed() {
    let node = Node::start().await;
    let mut page = node.page().await;
    page.next_of("welcome").await;
    node.view.send_modify(|view| {
        let view = Arc::make_mut(view);
        view.members[1].stored = Arc::new(BTreeMap::from([(ME, 4)]));
        view.members[1].last_heard = Some(99);
        (view.delivered, view.final_to) = (BTreeMap::from([(ME, 4)]), 3);
    });
    let ana = json!({"stored": {ME.to_string(): 4}, "read": {}, "clock": 0});
    assert_eq!(
        page.next().await,
        json!({
            "type": "receipts", "members": {ANA.to_string(): ana},
            "delivered": {ME.to_string(): 4}, "read": {}, "final": 3,
        })
    );
    node.view.send_modify(|view| Arc::make_mut(view).members[1].online = false);
    let members = page.next().await;
    assert_eq!(
        (&members["type"], &members["members"][1]["online"]),
        (&json!("members"), &json!(false))
    );
    assert_eq!(members["circle"], "roda");
    node.view.send_modify(|view| Arc::make_mut(view).catching_up = Some((2, 8)));
    let progress = json!({"type": "progress", "held": 2, "of": 8, "done": false});
    assert_eq!(page.next().await, progress);
    node.view.send_modify(|view| Arc::make_mut(view).catching_up = None);
    let progress = json!({"type": "progress", "held": 8, "of": 8, "done": true});
    assert_eq!(page.next().await, progress);
    let failing = StoreState::Failing("disk full".to_owned());
    node.view.send_modify(|view| Arc::make_mut(view).store = failing);
    assert_eq!(page.next().await["code"], "store_failing");
    node.events.send(Event::Typing(ANA)).unwrap();
    assert_eq!(page.next().await, json!({"type": "typing", "member": ANA}));
    node.events.send(Event::Notice { code: "x", message: "words".to_owned() }).unwrap();
    let notice = json!({"type": "notice", "code": "x", "message": "words"});
    assert_eq!(page.next().await, notice);
    let rows = [node.rows.say(ANA, "a"), node.rows.say(ANA, "b")].into();
    node.events.send(Event::Messages { rows, late: 2 }).unwrap();
    assert_eq!(page.next().await["messages"].as_array().unwrap().len(), 2);
    assert_eq!(page.next().await["count"], 2);
}
