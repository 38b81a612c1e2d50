//! One identity in two folders.

use std::fs;
use std::path::Path;

use crate::inside::House;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["identity", "keys", "roda.db"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// A folder is copied while its node is stopped, and both copies run at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_identity_that_spoke_elsewhere_is_given_up_and_nothing_is_lost() {
    let house = House::new();
    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    bento.say("before the copy").await;
    ana.eventually_holds(3).await;
    let (former, data) = (bento.id(), bento.data().to_owned());
    bento.stop().await;
    copy(&data, &house.data("Copy"));

    let bento = house.start("Bento", &[&ana]).await;
    bento.eventually_linked(1).await;
    let said = bento.say("after the copy").await;
    ana.eventually_holds(said.arrival).await;
    let copied = house.start("Copy", &[&ana]).await;
    copied.eventually("a new identity", |view| view.me != former).await;
    let here = copied.say("from the copy").await;
    for node in [&ana, &bento, &copied] {
        node.eventually_holds(here.arrival).await;
    }
    assert_eq!(bento.id(), former, "the one who spoke stays who it is");
    assert_eq!(ana.conversation(), bento.conversation());
    assert_eq!(ana.conversation(), copied.conversation());
    assert!(ana.view().members.iter().all(|member| member.disputed.is_none()));
    assert!(ana.view().members.iter().any(|member| member.id == former));
}

/// Both copies speak before either hears of the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_one_identity_that_both_spoke_are_found_and_both_take_new_ones() {
    let house = House::new();
    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    bento.say("before the copy").await;
    ana.eventually_holds(3).await;
    let (former, data) = (bento.id(), bento.data().to_owned());
    bento.stop().await;
    copy(&data, &house.data("Copy"));
    ana.stop().await;
    // Nobody is there to hear of the other from.
    let bento = house.start("Bento", &[]).await;
    bento.say("by the one").await;
    bento.stop().await;
    let copied = house.start("Copy", &[]).await;
    copied.say("by the other").await;
    copied.stop().await;

    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    ana.eventually_holds(4).await;
    let copied = house.start("Copy", &[&ana, &bento]).await;
    copied.eventually("a new identity", |view| view.me != former).await;
    bento.eventually("a new identity", |view| view.me != former).await;
    ana.eventually("the fork is known", |view| {
        view.members.iter().any(|member| member.id == former && member.disputed.is_some())
    })
    .await;
    bento.say("by the one, anew").await;
    copied.say("by the other, anew").await;
    let all = |node: &crate::inside::Node| {
        let held = node.conversation();
        ["by the one, anew", "by the other, anew", "before the copy"]
            .iter()
            .all(|text| held.iter().any(|row| row.3.contains(text)))
    };
    for node in [&ana, &bento, &copied] {
        node.eventually("what both said anew", |_| all(node)).await;
    }
}
