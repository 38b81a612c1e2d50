//! What stands around the log, as hands and eyes meet it.

use serde_json::{Value, json};

use crate::harness::{House, eventually, house};
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;
use crate::words::{ENGLISH, word};

/// A window between a phone's and a desk's.
const TABLET: u32 = 820;
const LONG: &str = "Under the mango tree, and the porch if it rains: it is a wide place, and there \
    is a second table in the shed if we need it.";

/// Two nodes that have spoken, and a page of the first.
async fn talk(house: &House, look: Look) -> (Node, Node, Page) {
    let ana = house.node("Ana").await;
    let bento = house.node_knowing("Bento", &ana).await;
    ana.eventually_linked(1).await;
    bento.post([LONG.to_owned()]).await;
    let page = house.open(&ana, look).await;
    page.shows(LONG).await;
    page.write("See you there").await;
    page.shows("See you there").await;
    (ana, bento, page)
}

/// Presses a key, wherever the focus is.
async fn press(page: &Page, key: &str, code: u8) {
    for step in ["rawKeyDown", "keyUp"] {
        let event = json!({ "type": step, "key": key, "windowsVirtualKeyCode": code });
        page.devtools("Input.dispatchKeyEvent", event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_over_the_log_take_the_focus_keep_it_and_give_it_back() {
    house(async |house| {
        let phone = Look::phone();
        for look in
            [phone, Look { width: TABLET, ..Look::default() }, Look { still: true, ..phone }]
        {
            let (_ana, _bento, page) = talk(house, look).await;
            page.click("[aria-controls=people]").await;
            let inside = "!!document.activeElement.closest('#people')";
            page.eventually("the focus is in it", inside).await;
            page.assert_accessible().await;
            for _ in 0..12 {
                press(&page, "Tab", 9).await;
                let held = "!document.activeElement.closest('main')";
                assert_eq!(page.run(held).await, json!(true), "Tab walks underneath: {look:?}");
            }
            press(&page, "Escape", 27).await;
            page.eventually(
                "it is gone",
                "!$('#people').checkVisibility({visibilityProperty: true})",
            )
            .await;
            let back = "document.activeElement.getAttribute('aria-controls')";
            assert_eq!(page.run(back).await, json!("people"), "the focus is lost: {look:?}");
            page.assert_clean().await;
            house.close_pages().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_held_brings_what_can_be_done_with_it() {
    house(async |house| {
        let (_ana, _bento, page) = talk(house, Look::phone()).await;
        page.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })).await;
        assert!(!page.sees("#rows .acts").await, "small buttons for a finger");
        touch(&page, "touchStart").await;
        touch(&page, "touchEnd").await;
        let hint = word(ENGLISH, "hint.press");
        let said = format!("$('.notices').textContent.includes({})", json!(hint));
        page.eventually("a tap is told of the hold", &said).await;
        assert_eq!(page.count("dialog").await, 0);
        touch(&page, "touchStart").await;
        page.eventually_sees("#sheet .item").await;
        touch(&page, "touchEnd").await;
        page.eventually(
            "the sheet is at rest",
            "$('#sheet').getAnimations().every(({ playState }) => playState === 'finished')",
        )
        .await;
        let low = "$$('#sheet .item, #sheet .ib').filter((one) =>
            one.getBoundingClientRect().height < 40).length";
        assert_eq!(page.run(low).await, json!(0), "too small for a finger");
        assert!(page.text("#sheet").await.contains(LONG));
        page.assert_clean().await;
        page.click("#sheet .item:last-child").await;
        page.eventually_sees("#details").await;
        page.assert_clean().await;
    })
    .await;
}

/// A finger on the long message, or off it.
async fn touch(page: &Page, step: &str) {
    let at = "(() => {
        const { x, y } = document.querySelector('#rows .m:not(.own) .text').getBoundingClientRect();
        return [{ x: x + 30, y: y + 12 }];
    })()";
    let points = if step == "touchStart" { page.run(at).await } else { json!([]) };
    let event = json!({ "type": step, "touchPoints": points });
    page.devtools("Input.dispatchTouchEvent", event).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_ring_that_fills_is_explained_once() {
    house(async |house| {
        let (ana, bento, page) = talk(house, Look::default()).await;
        let told = json!(word(ENGLISH, "hint.ring"));
        page.eventually("it is explained", &format!("$('.notice span')?.textContent === {told}"))
            .await;
        page.assert_clean().await;
        page.click(".notice .x").await;
        page.write("And another").await;
        page.shows("And another").await;
        bento.eventually_holds(5).await;
        page.eventually("it is full too", "$$('.own .mark').at(-1).dataset.mark !== 'kept'").await;
        page.reload().await;
        page.shows("And another").await;
        assert_eq!(page.count(".notice").await, 0, "it is explained again");
        drop(ana);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_mark_lists_the_keys_and_in_the_composer_it_is_one() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.keys("#composer", "?").await;
        assert_eq!(page.run("$('#composer').value").await, json!("?"));
        page.run("document.activeElement.blur()").await;
        page.keys("body", "?").await;
        page.eventually_sees("#shortcuts kbd").await;
        page.assert_clean().await;
        press(&page, "Escape", 27).await;
        page.eventually("it is closed", "!$('#shortcuts')").await;
        page.click("#open-settings").await;
        page.click("#open-shortcuts").await;
        page.eventually_sees("#shortcuts kbd").await;
        page.assert_clean().await;
    })
    .await;
}

/// Where an element ends on the right, in pixels.
async fn right_edge(page: &Page, selector: &str) -> f64 {
    let right = format!("$({}).getBoundingClientRect().right", json!(selector));
    page.run(&right).await.as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn bubbles_and_composer_end_together_and_lines_stay_short() {
    house(async |house| {
        for width in [1440, 1280, TABLET, 390] {
            let (_ana, bento, page) = talk(house, Look { width, ..Look::default() }).await;
            // Enough to be scrolled: the scrollbar takes its room, or has it reserved.
            bento.post((0..30).map(|n| format!("{n} {}", LONG.repeat(2)))).await;
            page.write("at the end").await;
            page.shows("at the end").await;
            page.eventually("it is in sight", "$('#log').scrollTop > 0").await;
            let (bubble, form) = (".own.last .b", "form");
            let apart = right_edge(&page, bubble).await - right_edge(&page, form).await;
            assert!(apart.abs() < 1.0, "at {width} they end {apart} px apart");
            let longest = "(() => {
                const probe = document.createElement('span');
                probe.className = 'text';
                probe.textContent = '0'.repeat(65);
                probe.style.whiteSpace = 'nowrap';
                document.querySelector('.b').append(probe);
                const limit = probe.getBoundingClientRect().width;
                probe.remove();
                return Math.max(...[...document.querySelectorAll('.m')].map((row) =>
                    row.getBoundingClientRect().width)) / limit;
            })()";
            let share = page.run(longest).await.as_f64().unwrap();
            assert!(share < 1.01, "at {width} a row is {share} times 65 characters wide");
            house.close_pages().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_is_cut_before_what_is_told_of_its_member() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento de Albuquerque Cavalcanti e Silva Neto", &ana).await;
        ana.eventually_linked(1).await;
        drop(house.open(&bento, Look::default()).await);
        let page = house.open(&ana, Look::default()).await;
        let lines = "$('#people li:nth-child(2) small').getClientRects().length";
        let standing = "$('#people li:nth-child(2) small')?.textContent";
        page.eventually("he is here", &format!("/here|ms/.test({standing})")).await;
        let height = page.run("$('#people li:nth-child(2) small').offsetHeight").await;
        assert!(height.as_f64().unwrap() < 24.0, "it takes two lines");
        assert_eq!(page.run(lines).await, json!(1));
        let zero = eventually("it is told", async || {
            let told: Value = page.run(standing).await;
            Some(told.as_str()?.starts_with("0\u{a0}"))
        })
        .await;
        assert!(!zero, "0 ms tells nobody anything");
    })
    .await;
}
