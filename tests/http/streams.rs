//! Live and resumed messages: no gap, no double, bounded frames, slow pages closed.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use roda::shell::handle::Event;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::fake::{ANA, EVENTS, Node};

#[tokio::test]
async fn a_page_that_lags_gets_every_message_once() {
    let node = Node::start().await;
    let mut page = node.page().await;
    page.next_of("welcome").await;
    // Without an await between them the page's task cannot keep up: the broadcast drops the rest.
    for n in 0..EVENTS * 5 {
        node.said(ANA, &format!("m{n}"));
    }
    let last = EVENTS as u64 * 5;
    assert_eq!(page.arrivals(last).await, (1..=last).collect::<Vec<_>>());
    node.said(ANA, "after");
    assert_eq!(page.arrivals(last + 1).await, [last + 1], "live again");
}

#[tokio::test]
async fn what_is_committed_between_view_and_subscription_is_not_missed() {
    let node = Node::start().await;
    node.said(ANA, "told to nobody, and not in the view yet");
    let mut page = node.page().await;
    let welcome = page.next_of("welcome").await;
    assert_eq!((&welcome["arrival"], &welcome["messages"][0]["arrival"]), (&json!(1), &json!(1)));
    node.rows.say(ANA, "committed, but its event is lost");
    node.said(ANA, "told");
    assert_eq!(page.arrivals(3).await, [2, 3], "a hole is filled from the store");
}

#[tokio::test]
async fn what_is_not_committed_yet_is_told_early_and_given_once_it_is() {
    let node = Node::start().await;
    let mut page = node.page().await;
    page.next_of("welcome").await;
    let row = node.rows.say(ANA, "soon");
    node.events.send(Event::Early([row.clone()].into())).unwrap();
    let early = page.next().await;
    assert_eq!((&early["type"], &early["messages"][0]["text"]), (&json!("early"), &json!("soon")));
    let rows = [row.clone()].into();
    node.events.send(Event::Messages { rows, late: 0 }).unwrap();
    assert_eq!(page.arrivals(1).await, [1], "no number was used up by it");
    node.events.send(Event::Early([row].into())).unwrap();
    node.said(ANA, "after");
    assert_eq!(page.next().await["type"], "messages", "what was given is not told early");
}

#[tokio::test]
async fn an_event_of_what_the_welcome_covered_is_not_told_again() {
    let node = Node::start().await;
    let rows = [node.rows.say(ANA, "in the welcome")].into();
    let mut page = node.page().await;
    assert_eq!(page.next_of("welcome").await["arrival"], 1);
    node.events.send(Event::Messages { rows, late: 0 }).unwrap();
    node.said(ANA, "new");
    assert_eq!(page.arrivals(2).await, [2]);
}

#[tokio::test]
async fn a_resume_in_the_same_epoch_streams_what_was_missed_while_more_arrives() {
    let node = Node::start().await;
    for n in 0..1_200 {
        node.rows.say(ANA, &format!("m{n}"));
    }
    let mut page = node.page().await;
    assert_eq!(page.next_of("welcome").await["arrival"], 1_200);
    page.say(json!({"type": "resume", "epoch": "e1", "arrival": 100})).await;
    for n in 0..20 {
        node.said(ANA, &format!("new{n}"));
        tokio::task::yield_now().await;
    }
    // What is live until the node reads the frame comes first, and again with the stream.
    let mut seen = page.arrivals(1_220).await;
    if seen.first() != Some(&101) {
        let streamed = seen.iter().position(|arrival| *arrival == 101);
        seen = match streamed {
            Some(at) => seen.split_off(at),
            None => page.arrivals(1_220).await,
        };
    }
    assert_eq!(seen, (101..=1_220).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_resume_from_nothing_streams_all_in_bounded_frames() {
    let node = Node::start().await;
    for n in 0..40 {
        // Every byte doubles when escaped: some single messages are large, none is cut.
        node.rows.say(ANA, &"\"".repeat(400 * n));
    }
    let mut page = node.page().await;
    page.next_of("welcome").await;
    page.say(json!({"type": "resume", "epoch": null, "arrival": 0})).await;
    let mut arrivals = Vec::new();
    let mut frames = 0;
    while arrivals.last() != Some(&40) {
        let Some(Ok(Message::Text(text))) = page.0.next().await else { continue };
        let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
        let messages = frame["messages"].as_array().unwrap();
        assert!(text.len() <= 60 * 1024 || messages.len() == 1, "{} bytes", text.len());
        arrivals.extend(messages.iter().map(|message| message["arrival"].as_u64().unwrap()));
        frames += 1;
    }
    assert_eq!(arrivals, (1..=40).collect::<Vec<_>>());
    assert!(frames < 20, "frames are filled: {frames}");
}

#[tokio::test]
async fn another_epoch_or_a_number_never_given_is_answered_with_a_welcome() {
    let node = Node::start().await;
    node.rows.say(ANA, "m");
    let mut page = node.page().await;
    page.next_of("welcome").await;
    for (epoch, arrival) in [("e0", 1), ("e1", 2)] {
        page.say(json!({"type": "resume", "epoch": epoch, "arrival": arrival})).await;
        assert_eq!(page.next().await["type"], "welcome", "{epoch} {arrival}");
    }
    node.said(ANA, "live");
    assert_eq!(page.arrivals(2).await, [2]);
}

async fn eventually_no_page(node: &Node) {
    let begun = Instant::now();
    while !node.ask("GET", "/metrics", None).await.body.contains("\nroda_pages 0\n") {
        assert!(begun.elapsed() < Duration::from_secs(30), "the page is still open");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_page_that_takes_nothing_for_ten_seconds_is_closed() {
    let node = Node::start().await;
    // More than socket buffers and the page's queue hold.
    for _ in 0..2_000 {
        node.rows.say(ANA, &"x".repeat(16 * 1024));
    }
    let mut page = node.page().await;
    page.next_of("welcome").await;
    page.say(json!({"type": "resume", "epoch": "e1", "arrival": 0})).await;
    let begun = Instant::now();
    eventually_no_page(&node).await;
    assert!(begun.elapsed() >= Duration::from_secs(9), "closed before its time");
}
