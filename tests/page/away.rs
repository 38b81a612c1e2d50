//! The page while its node is away, serves no more pages, or has left.

use serde_json::json;

use crate::harness::{NODE_AWAY, house};
use crate::look::Look;
use crate::words::{ENGLISH, PORTUGUESE, word};

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_sent_is_there_at_once_also_while_the_node_is_away() {
    house(async |house| {
        let mut ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.run("navigator.serviceWorker.ready.then(() => true)").await;
        page.reload().await;
        ana.kill();
        page.write("written into the dark").await;
        page.session.refresh().await.unwrap();
        page.eventually("it waits in the log", "$('#rows .unsent')?.textContent.includes('dark')")
            .await;
        assert_eq!(page.count(".welcome:not([hidden])").await, 0, "an empty log beside it");
        ana.start().await;
        page.eventually_all_sent().await;
        assert_eq!(ana.times("written into").await.values().sum::<usize>(), 1);
        page.assert_clean_but_for(NODE_AWAY).await;
    })
    .await;
}

/// What the page's people and its head say of now.
const CLAIMS_OF_NOW: &str = "$('header').textContent + $('#people').textContent";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_node_is_away_nothing_of_now_is_told_and_every_door_says_why() {
    house(async |house| {
        let mut ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        ana.eventually_linked(1).await;
        bento.eventually_linked(1).await;
        let page = house.open(&ana, Look::default().in_language("pt-BR")).await;
        page.run("navigator.serviceWorker.ready.then(() => true)").await;
        page.reload().await;
        page.eventually("two are here", &format!("({CLAIMS_OF_NOW}).includes('2 aqui agora')"))
            .await;
        ana.kill();
        page.eventually_sees("#state.shown").await;
        let claims = page.run(CLAIMS_OF_NOW).await;
        let claims = claims.as_str().unwrap();
        assert!(!claims.contains("aqui agora"), "the node is away, and it says {claims:?}");
        assert!(!claims.contains("\u{a0}ms"), "the node is away, and it says {claims:?}");
        assert!(claims.contains(&word(PORTUGUESE, "people.away")), "it says {claims:?}");
        assert_eq!(page.count(".mesh line").await, 0, "links are drawn that nobody knows of");

        page.click("#invite").await;
        let away = word(PORTUGUESE, "error.away").replace('`', "");
        page.eventually(
            "the invitation says why",
            &format!("$('dialog').textContent.includes({})", json!(away)),
        )
        .await;
        page.assert_clean_but_for(NODE_AWAY).await;
        page.run("$('dialog').close()").await;
        page.click("#open-settings").await;
        page.eventually_sees("#settings .if-away").await;
        page.click("#set-receipts").await;
        page.eventually(
            "so do the settings",
            &format!("$('#settings .problem').textContent === {}", json!(away)),
        )
        .await;
        page.assert_clean_but_for(NODE_AWAY).await;

        page.session.refresh().await.unwrap();
        page.eventually(
            "a fresh page says it too",
            &format!(
                "$('.welcome')?.textContent.includes({})",
                json!(word(PORTUGUESE, "empty.away.title"))
            ),
        )
        .await;
        page.click("#open-settings").await;
        page.eventually_sees("#settings .if-away").await;
        assert_eq!(page.count("#set-name, #leave, #export-txt").await, 0, "nothing is known");
        page.assert_clean_but_for(NODE_AWAY).await;
        ana.start().await;
        page.eventually_state("online").await;
        page.eventually("the warning is gone", "!$('.if-away')?.checkVisibility()").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_too_many_says_so_once_and_what_to_do_and_comes_when_there_is_room() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let first = house.open(&ana, Look::default()).await;
        // Pages as the node counts them: fifteen sockets more.
        first
            .run(
                "Promise.all(Array.from({ length: 15 }, () => new Promise((welcomed) => {
                    const socket = new WebSocket(`ws://${location.host}/ws`);
                    socket.onmessage = welcomed;
                    (window.others ??= []).push(socket);
                }))).then(() => true)",
            )
            .await;
        let page = house.open_unready(&ana.page(), Look::default()).await;
        page.eventually("it says so", "$('#state.shown')?.dataset.state === 'full'").await;
        assert_eq!(page.text("#state").await, word(ENGLISH, "state.full"));
        // It goes on asking, and says no more than that.
        let count = "void (() => {
            const { fetch } = window;
            window.asked = 0;
            window.fetch = (...of) => ((asked += 1), fetch(...of));
        })()";
        page.run(count).await;
        page.eventually("it has asked three times more", "asked > 3").await;
        assert_eq!(page.count(".notice").await, 0, "a notice at each retry");
        assert!(page.text(".welcome").await.contains(&word(ENGLISH, "empty.full.title")));
        page.assert_clean().await;
        first.run("void others.forEach((socket) => socket.close())").await;
        page.ready().await;
        assert!(!page.sees("#state.shown").await);
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_is_told_what_that_means_and_how_to_come_back() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.eventually_sees(".welcome .main").await;
        assert!(!page.sees("#invite").await, "one way to invite is enough");
        page.click("#open-settings").await;
        page.click("#leave").await;
        page.click("#confirm").await;
        page.eventually_sees(".left").await;
        let back = word(ENGLISH, "left.back").replace('`', "");
        assert!(page.text(".left").await.contains(&back));
        let page_says = page.text("body").await;
        assert!(!page_says.contains(&word(ENGLISH, "empty.alone")), "it says {page_says:?}");
        for gone in ["#composer", "#invite", ".welcome .main"] {
            assert!(!page.sees(gone).await, "{gone} is still there");
        }
        page.click("#open-settings").await;
        page.eventually_sees("#settings").await;
        assert_eq!(page.count("#set-name, #leave").await, 0, "it can be renamed, or left again");
        page.assert_clean().await;
    })
    .await;
}
