//! Who sits before the page: languages, eyes, hands, small screens.

use serde_json::{Value, json};

use crate::harness::house;
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;
use crate::words::{ENGLISH, PORTUGUESE, word};

/// The page's language, and the label of its composer.
async fn speaks(page: &Page) -> (Value, Value) {
    let label = "$('#composer').getAttribute('aria-label')";
    (page.run("document.documentElement.lang").await, page.run(label).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_speaks_the_browsers_language_or_else_english() {
    house(async |house| {
        let ana = house.node("Ana").await;
        for (browser, page, texts) in [
            ("en", "en", ENGLISH),
            ("pt-BR", "pt-BR", PORTUGUESE),
            ("pt-PT", "pt-BR", PORTUGUESE),
            ("fr", "en", ENGLISH),
        ] {
            let opened = house.open(&ana, Look::default().in_language(browser)).await;
            let wanted = (json!(page), json!(word(texts, "composer")));
            assert_eq!(speaks(&opened).await, wanted, "in a browser that speaks {browser}");
            opened.assert_clean().await;
        }
    })
    .await;
}

/// A node and a talk with some of everything: days, names, links, a long word, marks.
async fn talk(ana: &Node, bento: &Node) {
    ana.post(["Who comes on Saturday?\nAt six.".to_owned()]).await;
    bento.eventually_holds(3).await;
    bento
        .post([
            "Me. https://example.org/a/very/long/path?with=a&query=too".to_owned(),
            "W".repeat(400),
            "مرحبا بالعالم".to_owned(),
            "🪘🪘🪘".to_owned(),
        ])
        .await;
}

/// What stands out of the window sideways, or of the log.
const BEYOND: &str = "[document.documentElement, $('#log')].flatMap((box) => {
    const { right } = box.getBoundingClientRect();
    const out = (e) => e.getBoundingClientRect().right > right + 0.5 && !e.closest('.vh');
    return box.scrollWidth > box.clientWidth
        ? [box, ...$$('*', box).filter(out)].map((e) => e.outerHTML.slice(0, 200)) : [];
})";

#[tokio::test(flavor = "multi_thread")]
async fn every_look_of_the_page_is_accessible_and_fits_its_window() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        ana.eventually_linked(1).await;
        talk(&ana, &bento).await;
        let desk = Look::default();
        for (name, look) in [
            ("light", desk),
            ("dark", desk.dark()),
            ("phone", Look::phone()),
            ("dark phone in Portuguese", Look::phone().dark().in_language("pt-BR")),
            ("zoom 2", Look { zoom: 2.0, ..desk }),
            ("zoom 4", Look { zoom: 4.0, ..desk }),
            ("no motion", Look { still: true, ..desk }),
            ("forced colours", Look { forced_colours: true, ..desk }),
        ] {
            println!("look: {name}");
            let page = house.open(&ana, look).await;
            page.shows("🪘🪘🪘").await;
            assert_eq!(page.run(BEYOND).await, json!([]), "{name}: wider than its window");
            for part in ["#composer", "#send", "#log [data-id]"] {
                assert!(page.sees(part).await, "{name}: {part} cannot be seen");
            }
            page.assert_clean().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_can_open_is_accessible_too() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.eventually_sees(".welcome .main").await;
        page.click(".welcome .main").await;
        page.eventually_sees("dialog img.qr").await;
        page.assert_clean().await;
        page.keys("dialog", "\u{e00c}").await;
        page.eventually("the dialog is closed", "!$('dialog[open]')").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_walked_through_with_the_arrow_keys() {
    house(async |house| {
        let ana = house.node("Ana").await;
        ana.post((0..5).map(|n| format!("row {n}"))).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows("row 4").await;
        let focused = "document.activeElement.textContent";
        assert_eq!(page.count("#rows > [tabindex='0']").await, 1, "the log is one tab stop");
        page.run("$('#rows > [tabindex=\"0\"]').focus()").await;
        for (key, text) in [("\u{e010}", "row 4"), ("\u{e013}", "row 3"), ("\u{e015}", "row 4")] {
            page.keys("#rows > :focus", key).await;
            let now = page.run(focused).await;
            assert!(now.as_str().unwrap().contains(text), "{now} where {text} should be");
        }
        assert_eq!(page.count("#rows > [tabindex='0']").await, 1, "the log is still one tab stop");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_say_is_said_in_the_live_region_and_history_is_not() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        ana.eventually_linked(1).await;
        bento.post(["from before".to_owned()]).await;
        ana.eventually_holds(3).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows("from before").await;
        bento.post(["and now".to_owned()]).await;
        page.eventually("it is announced", "$('#live').textContent.includes('and now')").await;
        let live = page.text("#live").await;
        assert!(live.contains("Bento") && !live.contains("from before"), "it says {live:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_circle_says_how_to_invite_somebody() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.eventually_sees(".welcome h2").await;
        let said = page.text("#log .welcome").await;
        assert!(said.contains(&word(ENGLISH, "empty.alone")), "it says {said:?}");
        page.click(".welcome .main").await;
        page.eventually_sees("dialog img.qr").await;
        let link = page.run("$('dialog input').value").await;
        assert_eq!(link, ana.ask("/api/invite").await["link"]);
        let said = page.text("dialog").await;
        let scans = word(ENGLISH, "invite.command").replace('`', "");
        assert!(said.contains(&scans), "whom the picture is for is not said: {said:?}");
        page.keys("dialog", "\u{e00c}").await;
        page.write("Is anybody here?").await;
        page.shows("Is anybody here?").await;
        assert!(!page.sees(".welcome").await, "who has begun needs no welcome");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_survives_a_reload_and_is_gone_once_sent() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        let draft = "half a thought,\nin two lines 🤔";
        page.insert("#composer", draft).await;
        page.reload().await;
        assert_eq!(page.run("$('#composer').value").await, json!(draft));
        assert_eq!(ana.ids().await.len(), 1, "nothing was sent by reloading");
        page.click("#send").await;
        page.shows("half a thought").await;
        page.reload().await;
        assert_eq!(page.run("$('#composer').value").await, json!(""));
        assert_eq!(ana.times("half").await.get(draft), Some(&1));
        page.assert_clean().await;
    })
    .await;
}
