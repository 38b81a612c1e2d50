//! Two people talk, each on the page of a node of their own.

use crate::harness::{circle, eventually, house};
use crate::look::Look;

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_show_the_same_words_in_the_same_order() {
    let Some(circle) = circle(&["Ana", "Bento"]).await else { return };
    circle
        .check(async |pages| {
            let [ana, bento] = pages else { unreachable!("two nodes, two pages") };
            ana.write("Shall we meet at the square?").await;
            bento.shows("Shall we meet at the square?").await;
            bento.write("At six, by the fountain.").await;
            ana.shows("At six, by the fountain.").await;
            // Both at once: whichever comes first, it does so on both.
            tokio::join!(ana.paste("I bring the drum 🥁"), bento.paste("I bring the tambourine"));
            for page in [ana, bento] {
                page.shows("I bring the drum 🥁").await;
                page.shows("I bring the tambourine").await;
            }
            eventually("both pages show the same messages in the same order", async || {
                let (left, right) = (ana.ids().await, bento.ids().await);
                (left.len() >= 4 && left == right).then_some(())
            })
            .await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_pages_agree_on_the_order_of_what_was_written_at_once() {
    // In all no more than a burst leaves on the screen, so that each page shows every one.
    const EACH: usize = 11;
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        let caio = house.node_knowing("Caio", &bento).await;
        let nodes = [&ana, &bento, &caio];
        let mut pages = Vec::new();
        for node in nodes {
            node.eventually_linked(2).await;
            pages.push(house.open(node, Look::default()).await);
        }
        let says = |name: &str| (0..EACH).map(|n| format!("{name} says {n}.")).collect::<Vec<_>>();
        tokio::join!(
            ana.post(says("Ana")),
            bento.post(says("Bento")),
            caio.post(says("Caio")),
            pages[0].write("and by hand"),
            pages[1].write("by another hand"),
        );
        let all = 3 + 3 * EACH + 2;
        for (node, page) in nodes.iter().zip(&pages) {
            node.eventually_holds(all).await;
            eventually("the page shows all", async || {
                (page.ids().await.len() == all).then_some(())
            })
            .await;
        }
        let orders = [pages[0].ids().await, pages[1].ids().await, pages[2].ids().await];
        assert_eq!(orders[0], orders[1]);
        assert_eq!(orders[1], orders[2]);
        assert_eq!(orders[2], ana.ids().await, "the pages' order is the nodes'");
        // Who wrote it reads it between what was before and what was after, at every page.
        for name in ["Ana", "Bento", "Caio"] {
            let rows = pages[1].rows().await;
            let place = |n: usize| {
                rows.iter().position(|row| row.contains(&format!("{name} says {n}."))).unwrap()
            };
            assert!((0..EACH).map(place).is_sorted(), "{name}'s own order is kept");
        }
        for page in &pages {
            page.assert_clean().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_passes_from_kept_over_delivered_to_read_as_others_sign() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let mut bento = house.node_knowing("Bento", &ana).await;
        ana.eventually_linked(1).await;
        let page = house.open(&ana, Look::default()).await;
        bento.stop().await;
        page.write("Do you read me?").await;
        let id = page.shows("Do you read me?").await;
        let mark = format!("[data-id='{id}'] .mark");
        page.eventually_all_sent().await;
        page.eventually_sees(&format!("{mark}[data-mark=kept]")).await;
        bento.start().await;
        page.eventually_sees(&format!("{mark}[data-mark=delivered]")).await;
        let other = house.open(&bento, Look::default()).await;
        other.shows("Do you read me?").await;
        page.eventually_sees(&format!("{mark}[data-mark=read]")).await;
        page.assert_clean().await;
        other.assert_clean().await;
    })
    .await;
}
