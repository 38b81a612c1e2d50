//! A database restored from an old copy.

use std::path::Path;

use roda::shell::handle::Command;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::inside::{House, Node};

/// A value that the program never writes, in every entry: reading one meets damage.
fn damage(data: &Path) {
    let database = rusqlite::Connection::open(data.join("roda.db")).unwrap();
    database.execute("UPDATE entries SET at = -1", []).unwrap();
}

/// What the node's page is answered.
async fn asked(node: &Node, path: &str) -> String {
    let mut stream = TcpStream::connect(node.running.web).await.unwrap();
    let host = node.running.web;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn copy(from: &Path, to: &Path) {
    for name in ["roda.db", "roda.db-wal", "roda.db-shm"] {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_an_old_database_takes_a_new_identity_and_nothing_is_lost() {
    let house = House::new();
    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    bento.say("kept in the copy").await;
    let data = bento.data().to_owned();
    let former = bento.id();
    bento.stop().await;
    let old = tempfile::tempdir().unwrap();
    copy(&data, old.path());

    let bento = house.start("Bento", &[]).await;
    bento.eventually_linked(1).await;
    let lost = bento.say("not in the copy").await;
    ana.eventually_holds(lost.arrival).await;
    bento.stop().await;
    copy(old.path(), &data);

    let bento = house.start("Bento", &[&ana]).await;
    bento.eventually("a new identity", |view| view.me != former).await;
    bento.ask(|reply| Command::SetName("Bento again".to_owned(), reply)).await;
    let all = lost.arrival + 2;
    ana.eventually_holds(all).await;
    bento.eventually_holds(all).await;
    assert_eq!(ana.conversation(), bento.conversation());
    assert!(ana.view().members.iter().all(|member| member.disputed.is_none()));
    let said = bento.say("here again").await;
    ana.eventually_holds(said.arrival).await;
    assert!(
        asked(&bento, "/api/messages").await.contains("here again"),
        "by the new life's reader"
    );
    damage(&data);
    let refused = asked(&bento, "/api/messages").await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("unreadable"), "{refused}");
    bento.eventually("damage that a page has met is told", |view| view.damaged.is_some()).await;
}
