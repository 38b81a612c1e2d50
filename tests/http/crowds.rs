//! A circle of 256: every frame has its bound, and what goes on in further frames is all there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roda::protocol::id::NodeId;
use roda::shell::handle::{MemberView, View};
use serde_json::{Map, Value, json};

use crate::fake::{ANA, ME, Node, member, view};

/// Members of the largest circle that tests cover.
const MEMBERS: usize = 256;
/// Links of a node.
const LINKS: usize = 64;
/// What a frame may have, and a `welcome` for each of its three parts.
const FRAME: usize = 60 * 1024;

fn id(number: usize) -> NodeId {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
    NodeId(id)
}

/// Everybody is linked with 64 others and has told of everybody.
fn crowd(members: usize) -> View {
    let marks: BTreeMap<NodeId, u64> = (0..members).map(|n| (id(n), (1 << 53) - 1)).collect();
    let marks = Arc::new(marks);
    let one = |number: usize| MemberView {
        links: (1..=LINKS.min(members - 1)).map(|n| id((number + n) % members)).collect(),
        stored: marks.clone(),
        read: marks.clone(),
        clock: 7,
        ..member(id(number), "a name of some length", number as u64)
    };
    View {
        me: id(members - 1),
        members: (0..members).map(one).collect(),
        delivered: (*marks).clone(),
        read_by_all: (*marks).clone(),
        ..view()
    }
}

/// A frame and its bytes.
fn read(text: &str) -> (Value, usize) {
    (serde_json::from_str(text).unwrap(), text.len())
}

fn members_of(frame: &Value) -> BTreeMap<String, Value> {
    let members = frame["members"].as_array().unwrap();
    members.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one.clone())).collect()
}

fn marks(map: &Value) -> Map<String, Value> {
    map.as_object().unwrap().clone()
}

#[tokio::test]
async fn the_welcome_of_256_members_goes_on_in_bounded_frames_and_nothing_is_lost() {
    let node = Node::start().await;
    let crowd = crowd(MEMBERS);
    node.view.send_replace(Arc::new(crowd.clone()));
    for n in 0..50 {
        node.rows.say(id(n), &"\"".repeat(8_000));
    }
    let mut page = node.page().await;
    let (welcome, bytes) = read(&page.next_text().await);
    assert_eq!(welcome["type"], "welcome");
    assert!(bytes <= 3 * FRAME + 1_024, "{bytes} bytes");
    assert_eq!(welcome["more"], true, "of the messages too");
    let newest = welcome["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(newest["arrival"], 50, "those that fit are the newest");
    assert_eq!(welcome["members"][0]["id"], json!(crowd.me), "oneself is known at once");
    let mut members = members_of(&welcome);
    let mut of_members: BTreeMap<String, [Map<String, Value>; 2]> = BTreeMap::new();
    let mut all = [Map::new(), Map::new()];
    let mut take = |receipts: &Value| {
        for (id, receipt) in receipts["members"].as_object().unwrap() {
            assert_eq!(receipt["clock"], 7);
            let [stored, read] = of_members.entry(id.clone()).or_default();
            stored.extend(marks(&receipt["stored"]));
            read.extend(marks(&receipt["read"]));
        }
        all[0].extend(marks(&receipts["delivered"]));
        all[1].extend(marks(&receipts["read"]));
        assert_eq!(receipts["final"], crowd.final_to);
    };
    take(&welcome["receipts"]);
    let rest = welcome["rest"].as_u64().unwrap();
    let mut sum = bytes;
    node.said(ANA, "live");
    for _ in 0..rest {
        let (frame, bytes) = read(&page.next_text().await);
        assert!(bytes <= FRAME, "{bytes} bytes of {}", frame["type"]);
        sum += bytes;
        match frame["type"].as_str() {
            Some("members_changed") => members.extend(members_of(&frame)),
            Some("receipts") => take(&frame),
            other => panic!("{other:?} among what belongs to the welcome"),
        }
    }
    assert_eq!(page.next().await["messages"][0]["text"], "live", "what comes then is live");
    println!("{bytes} bytes of welcome, {rest} further frames, {sum} bytes in all");
    let everybody: BTreeSet<String> = (0..MEMBERS).map(|n| id(n).to_string()).collect();
    assert_eq!(members.keys().cloned().collect::<BTreeSet<_>>(), everybody);
    assert!(members.values().all(|one| one["links"].as_array().unwrap().len() == LINKS));
    assert_eq!(of_members.keys().cloned().collect::<BTreeSet<_>>(), everybody);
    let whole = |marks: &Map<String, Value>| marks.keys().cloned().collect::<BTreeSet<_>>();
    assert!(of_members.values().flatten().chain(&all).all(|marks| whole(marks) == everybody));
}

#[tokio::test]
async fn in_a_large_circle_only_changed_members_are_told() {
    let node = Node::start().await;
    node.view.send_replace(Arc::new(crowd(MEMBERS)));
    let mut page = node.page().await;
    let rest = page.next_of("welcome").await["rest"].as_u64().unwrap();
    for _ in 0..rest {
        page.next().await;
    }
    let changes: [fn(&mut View); 2] =
        [|view| view.members[7].online = false, |view| view.members.push(member(ME, "new", 9))];
    for change in changes {
        node.view.send_modify(|view| change(Arc::make_mut(view)));
        let told = page.next_of("members_changed").await;
        assert_eq!(told["members"].as_array().unwrap().len(), 1, "{told}");
    }
    node.view.send_modify(|view| Arc::make_mut(view).circle = "os muitos".to_owned());
    let told = page.next_of("members_changed").await;
    assert_eq!((&told["circle"], &told["members"]), (&json!("os muitos"), &json!([])));
}

#[tokio::test]
async fn in_a_small_circle_all_members_are_told_but_not_for_a_round_trip() {
    let node = Node::start().await;
    node.view.send_replace(Arc::new(crowd(25)));
    let mut page = node.page().await;
    let welcome = page.next_of("welcome").await;
    assert_eq!((members_of(&welcome).len(), &welcome["rest"]), (25, &json!(1)), "receipts go on");
    page.next_of("receipts").await;
    node.view.send_modify(|view| Arc::make_mut(view).members[3].rtt_ms = Some(9));
    let told = page.next().await;
    let heard = json!({id(3).to_string(): {"rtt_ms": 9, "last_heard": 7}});
    assert_eq!(told, json!({"type": "heard", "members": heard}));
    node.view.send_modify(|view| Arc::make_mut(view).members[3].online = false);
    let (told, bytes) = read(&page.next_text().await);
    assert_eq!((told["type"].as_str(), members_of(&told).len()), (Some("members"), 25));
    assert!(bytes <= FRAME, "{bytes} bytes");
}

#[tokio::test]
async fn an_answer_with_the_receipts_of_a_crowd_is_bounded_and_says_that_there_is_more() {
    let node = Node::start().await;
    node.view.send_replace(Arc::new(crowd(MEMBERS)));
    for n in 0..500 {
        node.rows.say(id(n % MEMBERS), "oi");
    }
    let answer = node.ask("GET", "/api/messages?limit=500", None).await;
    let bytes = answer.body.len();
    assert!(bytes <= 5 * 1024 * 1024, "{bytes} bytes");
    let page = answer.json();
    assert_eq!(page["more"], true);
    assert_eq!(page["messages"].as_array().unwrap().last().unwrap()["arrival"], 500);
}
