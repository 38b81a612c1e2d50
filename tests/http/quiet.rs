//! What is told under another entry: never a row of its own, always an answer of how that entry
//! looks now.

use roda::protocol::id::Hash;
use serde_json::{Value, json};

use crate::fake::{ANA, Node};
use crate::owner::hash_of;

fn applause(to: Hash) -> String {
    json!({"kind": "applause", "quiet": true, "to": to}).to_string()
}

async fn changed(page: &mut crate::fake::Page) -> Vec<(Value, Value)> {
    let frame = page.next_of("changed").await;
    let messages = frame["messages"].as_array().unwrap();
    messages.iter().map(|message| (message["text"].clone(), message["newer"].clone())).collect()
}

#[tokio::test]
async fn a_thing_of_a_newer_version_changes_its_target_and_is_no_message() {
    let node = Node::start().await;
    node.said(ANA, "first");
    let mut page = node.page().await;
    let welcome = page.next_of("welcome").await;
    assert_eq!(welcome["messages"][0]["newer"], Value::Null, "told only where there is one");

    node.told(ANA, &[applause(hash_of(1)), applause(hash_of(1)), applause(hash_of(99))]);
    let streamed = page.next_of("messages").await;
    let streamed = streamed["messages"].as_array().unwrap();
    let told: Vec<_> = streamed.iter().map(|one| json!([one["arrival"], one["quiet"]])).collect();
    assert_eq!(told, [2, 3, 4].map(|n| json!([n, true])), "arrival numbers have no holes");
    assert_eq!(changed(&mut page).await, [(json!("first"), json!(2))], "once for all of them");
    node.said(ANA, "second");

    let mut away = node.page().await;
    away.next_of("welcome").await;
    away.say(json!({"type": "resume", "epoch": "e1", "arrival": 1})).await;
    assert_eq!(away.arrivals(5).await, [2, 3, 4, 5]);
    assert_eq!(changed(&mut away).await, [(json!("first"), json!(2))], "also who was away");

    let history = node.ask("GET", "/api/messages", None).await.json();
    let said: Vec<_> = history["messages"].as_array().unwrap().iter().map(|m| &m["text"]).collect();
    assert_eq!(said, ["first", "second"], "the conversation has no row of it");
}
