//! A database restored from an old copy.

use roda::shell::handle::Command;
use std::path::Path;

use crate::inside::House;

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
}
