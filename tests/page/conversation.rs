//! Two people talk, each on the page of a node of their own.

use crate::harness::{circle, eventually};

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
