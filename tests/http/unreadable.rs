//! A store that cannot be read is told as such, and can be asked again; and a node that begins a
//! new life tells its pages.

use std::sync::Arc;

use serde_json::json;

use crate::fake::{ANA, ME, Node, RUI, place};

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_not_an_empty_conversation() {
    let node = Node::start().await;
    node.rows.say(ANA, "held");
    node.rows.fails(true);
    let (before, after) = (place(9, ANA), place(0, ANA));
    let paths = [
        "/api/messages".to_owned(),
        format!("/api/messages?before={before}"),
        format!("/api/messages?after={after}"),
        format!("/api/messages/{ANA}:1"),
    ];
    for path in &paths {
        let answer = node.ask("GET", path, None).await;
        assert_eq!((answer.status, &*answer.code()), (503, "unreadable"), "{path}");
        assert!(answer.body.contains("check it"), "it says why, and what to do: {}", answer.body);
    }
    node.rows.fails(false);
    for path in &paths {
        assert!(node.ask("GET", path, None).await.body.contains("held"), "{path}, asked again");
    }
}

#[tokio::test]
async fn a_page_that_asks_for_history_is_told_which_question_failed_and_may_ask_again() {
    let node = Node::start().await;
    node.rows.say(ANA, "held");
    let mut page = node.page().await;
    page.next_of("welcome").await;
    for side in ["before", "after"] {
        let question = json!({"type": "history", side: place(1, RUI), "limit": 3});
        node.rows.fails(true);
        page.say(question.clone()).await;
        let refused = page.next().await;
        assert_eq!(
            (&refused["type"], &refused["code"], &refused[side]),
            (&json!("error"), &json!("unreadable"), &json!(place(1, RUI)))
        );
        node.rows.fails(false);
        page.say(question).await;
        assert_eq!(page.next().await["type"], "page");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_welcomed_or_resumed_is_told_why_and_closed() {
    let node = Node::start().await;
    node.rows.say(ANA, "held");
    let mut open = node.page().await;
    open.next_of("welcome").await;
    node.rows.fails(true);
    open.say(json!({"type": "resume", "epoch": "e1", "arrival": 0})).await;
    for mut page in [open, node.page().await] {
        let told = page.next().await;
        assert_eq!((&told["type"], &told["code"]), (&json!("error"), &json!("unreadable")));
        assert_eq!(page.closed().await, 1011);
    }
    node.rows.fails(false);
    let welcome = node.page().await.next().await;
    assert_eq!(welcome["messages"][0]["text"], "held", "once it can be read again");
}

#[tokio::test]
async fn a_node_that_begins_a_new_life_welcomes_its_open_pages_anew() {
    let node = Node::start().await;
    let mut page = node.page().await;
    assert_eq!(page.next_of("welcome").await["me"], json!(ME));
    node.view.send_modify(|view| Arc::make_mut(view).me = RUI);
    assert_eq!(page.next().await["me"], json!(RUI), "as another member");
    node.rows.say(ANA, "in the new store");
    node.view.send_modify(|view| Arc::make_mut(view).epoch = "e2".to_owned());
    let welcome = page.next().await;
    assert_eq!(
        (&welcome["epoch"], &welcome["messages"][0]["text"]),
        (&json!("e2"), &json!("in the new store"))
    );
    node.said(ANA, "live");
    assert_eq!(page.arrivals(2).await, [2], "by the new store's numbers");
}
