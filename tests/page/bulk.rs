//! Many messages at once, and many from long ago.

use serde_json::{Value, json};

use crate::harness::house;
use crate::history;
use crate::look::Look;
use crate::page::Page;

/// Rows that the page may have at any time; see `WINDOW_MAX` in `web/js/core/timeline.js`.
const ROWS_MAX: u64 = 200;

/// Scrolls to the top of what is there, `STEPS` times, each time until older rows are shown or
/// there are none. Gives the ids in order, from the oldest one reached, the greatest move of a row
/// that was being looked at (px), and the greatest number of rows.
const SCROLL_UP: &str = "(async () => {
    const log = document.querySelector('#log');
    const list = document.querySelector('#rows');
    const frame = () => new Promise(requestAnimationFrame);
    const rows = () => [...log.querySelectorAll('[data-id]')];
    const ids = () => rows().map((row) => row.dataset.id);
    let known = ids();
    let drift = 0;
    let most = list.childElementCount;
    for (let step = 0; step < STEPS; step += 1) {
        const first = known[0];
        const edge = log.getBoundingClientRect().top;
        // Near the top, as who scrolls with the wheel; what is read stays where it is.
        log.scrollTop = Math.min(log.scrollTop - 1, 300);
        const read = rows().find((row) => row.getBoundingClientRect().bottom > edge);
        const before = read.getBoundingClientRect().top;
        const began = performance.now();
        while (ids()[0] === first && performance.now() - began < PATIENCE) await frame();
        most = Math.max(most, list.childElementCount);
        const now = ids();
        if (now[0] === first) break;
        drift = Math.max(drift, Math.abs(read.getBoundingClientRect().top - before));
        known = now.slice(0, now.indexOf(first)).concat(known);
    }
    return { ids: known, drift, most };
})()";

struct Seen {
    ids: Vec<String>,
    drift: f64,
    most: u64,
}

/// `patience`: milliseconds after which there is nothing older.
async fn scroll_up(page: &Page, steps: usize, patience: u32) -> Seen {
    let script = SCROLL_UP.replace("STEPS", &steps.to_string());
    let mut seen = page.run(&script.replace("PATIENCE", &patience.to_string())).await;
    Seen {
        ids: serde_json::from_value(seen["ids"].take()).unwrap(),
        drift: seen["drift"].as_f64().unwrap(),
        most: seen["most"].as_u64().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_at_once_are_all_there_in_order_and_few_rows_are() {
    const BURST: usize = 10_000;
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        ana.eventually_linked(1).await;
        let sent = bento.post((0..BURST).map(|n| format!("burst {n}"))).await;
        ana.eventually_holds(BURST + 2).await;
        page.shows(&format!("burst {}", BURST - 1)).await;
        let (shown, ids) = (page.ids().await, ana.ids().await);
        assert_eq!(ids[2..], sent, "the node has them in order");
        assert_eq!(shown, ids[ids.len() - shown.len()..], "the newest are shown, in order");
        assert!(page.count("#rows > li").await <= ROWS_MAX);
        // The page was there when they came: it has every one, and asks for none again.
        let asked = "void (window.asked = 0, ((send) => WebSocket.prototype.send = \
            function (text) { asked += text.includes('history'); send.call(this, text); })\
            (WebSocket.prototype.send))";
        page.run(asked).await;
        let seen = scroll_up(&page, BURST, 3_000).await;
        assert_eq!(seen.ids.len(), ids.len(), "the page holds every message");
        assert_eq!(seen.ids, ids, "and in order");
        assert!(seen.most <= ROWS_MAX, "{} rows on the way up", seen.most);
        assert_eq!(page.run("window.asked").await, json!(0), "it had to ask for some");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_a_hundred_thousand_opens_at_its_end_and_is_read_upwards_in_place() {
    const HISTORY: usize = 100_000;
    const STEPS: usize = 12;
    house(async |house| {
        let (ana, _) = house.node_with_history("Ana", HISTORY).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows(&history::text(HISTORY - 1)).await;
        assert!(page.count("#rows > li").await <= ROWS_MAX);
        let newest = page.ids().await;
        let seen = scroll_up(&page, STEPS, 60_000).await;
        assert!(seen.most <= ROWS_MAX, "{} rows on the way up", seen.most);
        assert!(seen.drift <= 1.0, "what was being read moved by {} px", seen.drift);
        let ids = ana.newest_ids(seen.ids.len()).await;
        assert_eq!(seen.ids, ids, "older ones are in order and without a gap");
        assert!(ids.len() >= newest.len() + 10 * 50, "only {} were reached", ids.len());
        page.click("#jump").await;
        page.shows(&history::text(HISTORY - 1)).await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_while_reading_a_long_history_stays_below_until_asked_for() {
    house(async |house| {
        let (ana, _) = house.node_with_history("Ana", 2_000).await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows(&history::text(1_999)).await;
        let seen = scroll_up(&page, 8, 60_000).await;
        assert!(seen.ids.len() > 300, "only {} were reached", seen.ids.len());
        ana.eventually_linked(1).await;
        let before = page.ids().await;
        bento.post((0..200).map(|n| format!("new {n}"))).await;
        page.eventually("they are counted", "$('#jump').textContent.includes('200')").await;
        assert_eq!(page.ids().await, before, "what is being read is what it was");
        page.click("#jump").await;
        page.shows("new 199").await;
        assert!(page.count("#rows > li").await <= ROWS_MAX);
        assert_ne!(page.run("$('#log').scrollTop").await, Value::from(0));
        page.assert_clean().await;
    })
    .await;
}
