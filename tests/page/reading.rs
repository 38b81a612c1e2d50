//! Reading is honest: a page opens at the first unread, and signs for what was on the screen alone.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{House, eventually, house};
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;

/// From now on, keeps in `window.shown` the texts of all rows that were on the screen, however
/// shortly, while the page was watched.
const WITNESS: &str = "void (() => {
    window.shown = new Set();
    const log = document.querySelector('#log');
    const look = () => {
        const { top, bottom } = log.getBoundingClientRect();
        for (const row of log.querySelectorAll('[data-id]')) {
            const box = row.getBoundingClientRect();
            const text = row.querySelector('.text')?.textContent;
            if (text && box.bottom > top && box.top < bottom && !document.hidden) shown.add(text);
        }
        requestAnimationFrame(look);
    };
    look();
})()";

/// What [`WITNESS`] has kept.
async fn shown(page: &Page) -> BTreeSet<String> {
    serde_json::from_value(page.run("[...window.shown]").await).unwrap()
}

/// Texts that `at` knows `reader` to have read.
async fn read_by(reader: &Node, at: &Node) -> BTreeSet<String> {
    let reader = reader.ask("/api/status").await["id"].clone();
    let newest = at.ask("/api/messages?limit=500").await;
    let messages = newest["messages"].as_array().unwrap().iter();
    let read = messages
        .filter(|one| one["kind"] == json!("text"))
        .filter(|one| one["read"].as_array().unwrap().contains(&reader));
    read.map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

/// Ana and Bento, linked; Ana's page has shown what Bento said, and that is known to be read.
async fn all_read(house: &House) -> (Node, Node, Page) {
    let ana = house.node("Ana").await;
    let bento = house.node_knowing("Bento", &ana).await;
    ana.eventually_linked(1).await;
    ana.eventually_holds(2).await;
    let page = house.open(&ana, Look::default()).await;
    bento.post(["before".to_owned()]).await;
    page.shows("before").await;
    eventually("it is read", async || read_by(&ana, &bento).await.contains("before").then_some(()))
        .await;
    (ana, bento, page)
}

/// Bento says so many things, `ROUND.0` the first; Ana's node has them.
async fn says(bento: &Node, ana: &Node, round: &str, count: usize) {
    let held = ana.ask("/api/status").await["messages"].as_u64().unwrap();
    bento.post((0..count).map(|n| format!("{round}.{n}"))).await;
    ana.eventually_holds(usize::try_from(held).unwrap() + count).await;
}

/// What Ana is known to have read is what was on the screen; `round` as in [`says`].
async fn assert_honest(page: &Page, ana: &Node, bento: &Node, round: &str) -> BTreeSet<String> {
    let (read, shown) = (read_by(ana, bento).await, shown(page).await);
    let round = format!("{round}.");
    let of_round = read.into_iter().filter(|text| text.starts_with(&round));
    let read: BTreeSet<String> = of_round.collect();
    let never: Vec<_> = read.difference(&shown).collect();
    assert!(never.is_empty(), "read, but never on the screen: {never:?}");
    read
}

/// Waits until a message is known to be read.
async fn eventually_read(ana: &Node, bento: &Node, text: &str) {
    eventually(&format!("{text} is read"), async || {
        read_by(ana, bento).await.contains(text).then_some(())
    })
    .await;
}

/// Reads on, screen by screen, until this is known to be read.
async fn read_on(page: &Page, ana: &Node, bento: &Node, last: &str) {
    let in_view = "(() => {
        const { top, bottom } = $('#log').getBoundingClientRect();
        return $$('#log [data-id]:not(.own)').filter((row) => {
            const box = row.getBoundingClientRect();
            return box.top >= top && box.bottom <= bottom;
        }).map((row) => row.querySelector('.text')?.textContent).filter(Boolean);
    })()";
    eventually(&format!("all is read up to {last}"), async || {
        let shown: Vec<String> = serde_json::from_value(page.run(in_view).await).unwrap();
        let read = read_by(ana, bento).await;
        if shown.iter().all(|text| read.contains(text)) {
            // Not the key: what its smooth way passes by counts for nothing, and would be a hole.
            page.run("void $('#log').scrollBy(0, $('#log').clientHeight * 0.8)").await;
        }
        read.contains(last).then_some(())
    })
    .await;
}

/// The divider is in view, and under it the first message of this round.
fn divider_above(round: &str) -> String {
    format!(
        "(() => {{
            const box = $('#log').getBoundingClientRect();
            const divider = $('.day.new')?.getBoundingClientRect();
            const first = $('.day.new')?.nextElementSibling?.querySelector('.text')?.textContent;
            return !!divider && divider.top >= box.top && divider.bottom < box.bottom &&
                first === '{round}.0';
        }})()"
    )
}

/// Presses a key in the log.
async fn press(page: &Page, key: &str) {
    let code = match key {
        "End" => 35,
        "Home" => 36,
        _ => 0,
    };
    page.run("void (document.activeElement?.closest('#log') ?? $('#log').focus())").await;
    for kind in ["rawKeyDown", "keyUp"] {
        let press = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
        page.devtools("Input.dispatchKeyEvent", press).await;
    }
}

/// Nobody looks at the page, or somebody does again. The browser of a test has no windows to lay
/// over another.
async fn look_away(page: &Page, away: bool) {
    let event = if away { "blur" } else { "focus" };
    page.run(&format!(
        "void (document.hasFocus = () => {}, window.dispatchEvent(new Event('{event}')))",
        !away
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_at_the_first_unread_however_many_and_signs_for_what_was_shown_alone() {
    house(async |house| {
        let (ana, bento, page) = all_read(house).await;
        for count in [80, 300] {
            let round = count.to_string();
            page.go("about:blank").await;
            says(&bento, &ana, &round, count).await;
            page.go(&ana.page()).await;
            page.ready().await;
            page.run(WITNESS).await;
            page.eventually("it opens at the first unread", &divider_above(&round)).await;
            let words = page.text(".day.new").await;
            assert!(words.contains(&round), "{words:?} does not count them");
            let below = page.text("#jump").await;
            assert!(below.contains("new message"), "{below:?} does not lead to the newest");
            eventually_read(&ana, &bento, &format!("{round}.0")).await;
            let read = assert_honest(&page, &ana, &bento, &round).await;
            assert!(read.len() < count / 2, "{} are read already", read.len());
            // Read on to the end: then all is.
            read_on(&page, &ana, &bento, &format!("{round}.{}", count - 1)).await;
            assert_honest(&page, &ana, &bento, &round).await;
        }
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_looks_what_is_new_stays_in_view_and_unread() {
    house(async |house| {
        let (ana, bento, page) = all_read(house).await;
        says(&bento, &ana, "filling", 40).await;
        // A burst goes by too quickly to be read.
        page.eventually_sees("#unread").await;
        page.click("#unread").await;
        read_on(&page, &ana, &bento, "filling.39").await;
        press(&page, "End").await;
        for (round, count) in [("few", 3), ("many", 35), ("burst", 300)] {
            look_away(&page, true).await;
            page.run(WITNESS).await;
            says(&bento, &ana, round, count).await;
            let last = format!("({count}) ");
            page.eventually("the title counts", &format!("document.title.startsWith('{last}')"))
                .await;
            page.eventually("the divider is in view", &divider_above(round)).await;
            assert!(page.text(".day.new").await.contains(&count.to_string()));
            look_away(&page, false).await;
            page.eventually("the divider stays", &divider_above(round)).await;
            eventually_read(&ana, &bento, &format!("{round}.0")).await;
            let read = assert_honest(&page, &ana, &bento, round).await;
            assert!(count < 30 || read.len() < count, "all is read already");
            read_on(&page, &ana, &bento, &format!("{round}.{}", count - 1)).await;
            assert_honest(&page, &ana, &bento, round).await;
        }
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_jumps_to_the_end_or_writes_there_has_not_read_what_lies_between() {
    house(async |house| {
        let (ana, bento, page) = all_read(house).await;
        page.go("about:blank").await;
        says(&bento, &ana, "new", 300).await;
        page.go(&ana.page()).await;
        page.ready().await;
        page.run(WITNESS).await;
        page.eventually("it opens at the first unread", &divider_above("new")).await;
        page.click("#jump").await;
        page.shows("new.299").await;
        page.write("I am here").await;
        page.shows("I am here").await;
        page.eventually(
            "the pill counts what lies between",
            "/2\\d\\d/.test($('#unread').textContent)",
        )
        .await;
        page.eventually_all_sent().await;
        bento.eventually_holds(304).await;
        says(&bento, &ana, "after", 1).await;
        let read = assert_honest(&page, &ana, &bento, "new").await;
        assert!(!read.contains("new.250"), "a receipt covers what was jumped over");
        page.click("#unread").await;
        let divider = "(() => {
            const box = $('#log').getBoundingClientRect();
            const divider = $('.day.new')?.getBoundingClientRect();
            return !!divider && divider.top >= box.top && divider.bottom < box.bottom;
        })()";
        page.eventually("it leads to the first unread", divider).await;
        read_on(&page, &ana, &bento, "new.299").await;
        assert_honest(&page, &ana, &bento, "new").await;
        page.eventually("the pill goes", "$('#unread').closest('.pill').hidden").await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_folded_or_longer_than_the_window_is_read_once_all_of_it_was_there() {
    house(async |house| {
        let (ana, bento, page) = all_read(house).await;
        let long = (0..90).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
        bento.post([long.clone(), "behind it".to_owned()]).await;
        page.shows("behind it").await;
        // Somebody else's is read meanwhile: the page has told what there was to tell.
        page.eventually_sees("#rows .more").await;
        page.click("#rows .more").await;
        press(&page, "End").await;
        assert!(!read_by(&ana, &bento).await.contains(&long), "its rest was folded away");
        let scroll = "((log) => {
            const end = log.scrollHeight - log.clientHeight - log.scrollTop < 2;
            log.scrollTop = end ? 0 : log.scrollTop + 40;
        })($('#log'))";
        eventually("all of it is read", async || {
            page.run(scroll).await;
            let read = read_by(&ana, &bento).await;
            (read.contains(&long) && read.contains("behind it")).then_some(())
        })
        .await;
        page.assert_clean().await;
    })
    .await;
}
