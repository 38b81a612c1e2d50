//! Nodes that go away and come back, under an open page.

use std::time::Duration;

use serde_json::json;

use crate::harness::{NODE_AWAY, eventually, house};
use crate::look::Look;

/// Writes `COUNT` texts, one a frame, as a quick writer does with Enter.
const WRITE: &str = "void (async () => {
    const area = document.querySelector('#composer');
    for (let n = 0; n < COUNT; n += 1) {
        area.value = `quick ${n}`;
        area.dispatchEvent(new InputEvent('input', { bubbles: true }));
        area.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
        await new Promise(requestAnimationFrame);
    }
    window.written = true;
})()";

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_in_mid_send_loses_no_text_and_doubles_none() {
    house(async |house| {
        let mut ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        ana.eventually_linked(1).await;
        page.run(&WRITE.replace("COUNT", "30")).await;
        page.eventually("some are acknowledged", "$$('#log .own[data-id]').length >= 3").await;
        ana.kill();
        page.eventually("all are written", "window.written === true").await;
        ana.start().await;
        page.eventually_state("online").await;
        page.eventually_all_sent().await;
        page.eventually("30 stand there", "$$('#log .own[data-id]').length === 30").await;
        for node in [&ana, &bento] {
            node.eventually_holds(32).await;
            let times = node.times("quick ").await;
            assert_eq!(times.len(), 30, "a text is lost: {times:?}");
            assert!(times.values().all(|count| *count == 1), "a text is doubled: {times:?}");
        }
        assert_eq!(page.ids().await, ana.ids().await);
        assert_eq!(bento.ids().await, ana.ids().await);
        page.assert_clean_but_for(NODE_AWAY).await;
    })
    .await;
}

/// From now on the page hears nothing on the socket that it has.
const DEAFEN: &str = "void (() => {
    const { send } = WebSocket.prototype;
    let deaf;
    WebSocket.prototype.send = function (text) {
        deaf ??= this;
        if (this === deaf) this.onmessage = null;
        send.call(this, text);
    };
})()";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_and_never_acknowledged_is_not_doubled_by_sending_it_again() {
    house(async |house| {
        let mut ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.run(DEAFEN).await;
        page.run(&WRITE.replace("COUNT", "10")).await;
        ana.eventually_holds(11).await;
        assert_eq!(page.count("#log [data-ref]").await, 10, "for the page all of it waits");
        ana.kill();
        ana.start().await;
        page.eventually_all_sent().await;
        page.eventually("10 stand there", "$$('#log .own[data-id]').length === 10").await;
        let times = ana.times("quick ").await;
        assert_eq!(times.len(), 10, "a text is lost: {times:?}");
        assert!(times.values().all(|count| *count == 1), "a text is doubled: {times:?}");
        page.assert_clean_but_for(NODE_AWAY).await;
    })
    .await;
}

/// The first text that is sent is lost on its way, and no answer to the others is heard.
const LOSE_THE_FIRST: &str = "void (() => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
        const { type, ref } = JSON.parse(text);
        const { onmessage } = this;
        if (type === 'send' && !window.lost) {
            window.lost = ref;
            this.onmessage = (event) => JSON.parse(event.data).type === 'sent' || onmessage(event);
        } else send.call(this, text);
    };
})()";

#[tokio::test(flavor = "multi_thread")]
async fn of_two_equal_texts_the_one_that_was_lost_waits_and_the_other_stands_there() {
    house(async |house| {
        let mut ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.run(LOSE_THE_FIRST).await;
        let twice = WRITE.replace("COUNT", "2").replace("quick ${n}", "the same");
        page.run(&twice).await;
        page.eventually("one is said", "$$('#log .own[data-id]').length === 1").await;
        let waits = "$$('#log [data-ref]').map((row) => row.dataset.ref)";
        page.eventually("the other waits", &format!("{waits}.join() === window.lost")).await;
        ana.stop().await;
        ana.start().await;
        page.eventually_all_sent().await;
        page.eventually("both are said", "$$('#log .own[data-id]').length === 2").await;
        assert_eq!(ana.times("the same").await["the same"], 2);
        page.assert_clean_but_for(NODE_AWAY).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_that_its_node_is_away_and_misses_nothing_when_it_is_back() {
    house(async |house| {
        let mut ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        ana.eventually_linked(1).await;
        bento.post(["before".to_owned()]).await;
        page.shows("before").await;
        ana.kill();
        page.eventually_sees("#state.shown[data-state='reconnecting']").await;
        // More than a page is told at once when it comes back.
        bento.post((0..30).map(|n| format!("meanwhile {n}"))).await;
        ana.start().await;
        page.eventually_state("online").await;
        eventually("the banner is gone", async || (!page.sees("#state.shown").await).then_some(()))
            .await;
        let all = bento.ids().await;
        assert_eq!(all.len(), 2 + 1 + 30);
        eventually("nothing was missed", async || (page.ids().await == all).then_some(())).await;
        page.assert_clean_but_for(NODE_AWAY).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_absence_of_the_node_is_healed_unseen() {
    house(async |house| {
        let mut ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.record_states().await;
        ana.stop().await;
        ana.start().await;
        page.eventually("it has been away", "recorded.some(([state]) => state !== 'online')").await;
        page.eventually_state("online").await;
        page.write("back again").await;
        page.shows("back again").await;
        // Only where it took long is there a word, and a browser may be slow.
        let shown = "recorded.filter(([,, shown]) => shown).every(([,,, away]) => away >= 1900)";
        assert_eq!(page.run(shown).await, json!(true), "a banner for a moment's absence");
        page.assert_clean_but_for(NODE_AWAY).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_sees_the_history_being_fetched_and_then_all_of_it() {
    const HISTORY: usize = 20_000;
    house(async |house| {
        let (mut ana, entries) = house.node_with_history("Ana", HISTORY).await;
        ana.stop().await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&bento, Look::default()).await;
        page.record_states().await;
        ana.start().await;
        bento.eventually_holds(entries + 2).await;
        page.shows(&crate::history::text(HISTORY - 1)).await;
        page.eventually_state("online").await;
        let words = "recorded.filter(([state]) => state === 'catching-up').map(([, text]) => text)";
        let words: Vec<String> = serde_json::from_value(page.run(words).await).unwrap();
        let held: Vec<(u64, u64)> = words.iter().map(|text| two_numbers(text)).collect();
        let whole = |(_, of): &(u64, u64)| *of >= entries as u64;
        assert!(held.iter().any(whole), "it was not shown how much there is: {words:?}");
        assert!(held.is_sorted_by_key(|(held, _)| *held), "progress went back: {words:?}");
        assert!(held.iter().all(|(held, of)| held <= of), "more than all: {words:?}");
        let ids = ana.ids().await;
        assert_eq!(bento.ids().await, ids);
        let shown = page.ids().await;
        assert_eq!(shown, ids[ids.len() - shown.len()..], "the page shows the newest, in order");
        page.assert_clean().await;
    })
    .await;
}

/// The two numbers in "Catching up: 12 of 300".
fn two_numbers(text: &str) -> (u64, u64) {
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    let numbers: Vec<u64> = text.split(' ').filter_map(|part| digits(part).parse().ok()).collect();
    (numbers[0], numbers[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_stored_the_page_says_so_and_nothing_is_acknowledged() {
    house(async |house| {
        let setting = crate::node::Setting { short_disk: true, ..house.setting("Ana") };
        let ana = house.start(setting).await;
        let page = house.open(&ana, Look::default()).await;
        page.write("while there was room").await;
        page.shows("while there was room").await;
        page.eventually_all_sent().await;
        ana.fill_disk();
        page.write("without room").await;
        page.eventually_sees("#state.shown[data-state='store-failing']").await;
        // Long enough for the node to try again a few times: still nothing is promised.
        eventually("some tries have failed", async || {
            let status = ana.ask("/api/status").await;
            assert!(status["store"].as_str()?.starts_with("failing"), "it says {status}");
            let began = page.run("window.began ??= performance.now()").await.as_f64()?;
            let now = page.run("performance.now()").await.as_f64()?;
            (now - began > Duration::from_secs(1).as_secs_f64() * 1_000.0).then_some(())
        })
        .await;
        assert_eq!(page.count("#log [data-ref]").await, 1, "it waits, in its place");
        let told = ana.conversation().await;
        assert!(!told.iter().any(|told| told.text == "without room"), "it was told unstored");

        ana.free_disk();
        page.eventually_all_sent().await;
        page.shows("without room").await;
        page.eventually_state("online").await;
        assert_eq!(ana.times("without room").await.values().sum::<usize>(), 1);
        page.assert_clean().await;
    })
    .await;
}
