//! Several circles behind one door.

use std::sync::Arc;

use roda::keyring::CircleId;
use roda::shell::handle::{Handle, StoreState, View};
use roda::shell::http::CircleDoor;
use tokio::sync::{broadcast, mpsc, watch};

use crate::fake::{ANA, Node, view};
use crate::owner::Memory;

/// A circle whose owner answers nobody.
fn other(view: View) -> CircleDoor {
    let handle = Handle {
        commands: mpsc::channel(1).0,
        view: watch::channel(Arc::new(view)).1,
        events: broadcast::channel(1).0,
    };
    CircleDoor { handle, rows: Arc::<Memory>::default(), invite: Arc::new(|_| "none".to_owned()) }
}

/// A node with two circles beside its first, as the map has them before it and after.
async fn among(view: &View) -> Node {
    Node::with(|door| {
        for number in [0, 2] {
            door.circles.insert(CircleId(number), other(view.clone()));
        }
    })
    .await
}

#[tokio::test]
async fn where_no_circle_is_named_requests_and_pages_speak_of_the_first() {
    let node = among(&View { me: ANA, circle: "other".to_owned(), ..view() }).await;
    node.said(ANA, "to the first");
    assert_eq!(node.ask("GET", "/api/status", None).await.json()["circle"], "roda");
    let messages = node.ask("GET", "/api/messages", None).await.json();
    assert_eq!(messages["messages"][0]["text"], "to the first");
    let mut page = node.page().await;
    assert_eq!(page.next_of("welcome").await["circle"], "roda");
    node.said(ANA, "and its page");
    assert_eq!(page.next_of("messages").await["messages"][0]["text"], "and its page");
}

#[tokio::test]
async fn the_home_is_not_well_while_one_of_its_circles_cannot_store() {
    assert_eq!(among(&view()).await.ask("GET", "/healthz", None).await.status, 200);
    let full = View { store: StoreState::Failing("it is full".to_owned()), ..view() };
    let answer = among(&full).await.ask("GET", "/healthz", None).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("it is full"), "{}", answer.body);
}
