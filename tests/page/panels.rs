//! What a person can open: details, people, settings, the emoji; each works, and is accessible.

use serde_json::{Value, json};

use crate::harness::{House, NODE_AWAY, eventually, house};
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;

/// Escape, as the browser's driver takes it.
const ESCAPE: &str = "\u{e00c}";
/// Something that begins an entity, a link, a list and a script.
const MARKED: &str = "**bold** and `code`\n\n- one\n- two\n\n[bank](https://evil.example/)";

/// Two linked nodes that have spoken, and a page of the first.
async fn talk(house: &House, look: Look) -> (Node, Node, Page) {
    let ana = house.node("Ana").await;
    let bento = house.node_knowing("Bento", &ana).await;
    ana.eventually_linked(1).await;
    let page = house.open(&ana, look).await;
    page.write("Who comes?").await;
    page.shows("Who comes?").await;
    bento.eventually_holds(3).await;
    bento.post([MARKED.to_owned()]).await;
    page.shows("bold and code").await;
    (ana, bento, page)
}

/// Closes the dialog that is open.
async fn close(page: &Page) {
    page.keys("dialog[open]", ESCAPE).await;
    page.eventually("the dialog is closed", "!$('dialog[open]')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messages_details_name_who_has_it_and_what_that_means() {
    house(async |house| {
        let (_ana, bento, page) = talk(house, Look::default()).await;
        page.eventually("it is delivered", "$('.own .mark').dataset.mark === 'delivered'").await;
        let ring = "$('.own .mark .arc').getAttribute('stroke-dasharray')";
        assert_eq!(page.run(ring).await, json!(null), "the ring is not full, or has a seam");
        page.click(".own .meta").await;
        page.eventually_sees("#details [data-holder]").await;
        let details = page.text("#details").await;
        for said in ["delivered", "Everybody below has signed", "Bento", "has it"] {
            assert!(details.contains(said), "the details do not say {said:?}: {details}");
        }
        page.assert_clean().await;
        close(&page).await;
        let other = house.open(&bento, Look::phone().dark()).await;
        other.shows("Who comes?").await;
        page.eventually("it is read", "$('.own .mark').dataset.mark === 'read'").await;
        assert!(page.sees(".own .mark .all").await, "the ring has no dot");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_in_a_text_become_elements_and_a_link_says_where_it_leads() {
    house(async |house| {
        let (_ana, _bento, page) = talk(house, Look::default()).await;
        for part in ["strong", "code", "ul > li:nth-child(2)", "a[href='https://evil.example/']"] {
            assert_eq!(page.count(&format!("#rows .text {part}")).await, 1, "{part}");
        }
        assert!(page.text("#rows .host").await.contains("evil.example"));
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_set_aside_after_a_question_and_back_again() {
    house(async |house| {
        let (_ana, mut bento, page) = talk(house, Look::default()).await;
        bento.stop().await;
        page.write("Bento is away").await;
        page.eventually("only here", "$$('.own .mark .only').length === 1").await;
        let bento_row = "#people li:nth-child(2) button";
        page.eventually("he is away", "$$('#people li.gone').length === 1").await;
        page.click(bento_row).await;
        page.eventually_sees("#member #aside").await;
        page.assert_clean().await;
        page.click("#aside").await;
        page.eventually_sees("#ask #confirm").await;
        page.assert_clean().await;
        page.click("#confirm").await;
        let standing = "$('#people li:nth-child(2) small').textContent";
        page.eventually("he is set aside", &format!("{standing} === 'set aside'")).await;
        page.click(bento_row).await;
        page.click("#unaside").await;
        page.eventually("he is waited for", &format!("{standing} !== 'set aside'")).await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_the_look_at_once_and_the_names_for_everybody() {
    house(async |house| {
        let (_ana, bento, page) = talk(house, Look::default()).await;
        page.click("#open-settings").await;
        page.eventually_sees("#settings").await;
        page.assert_clean().await;
        // One after the other: a circle without a name keeps nobody from changing the own.
        for (field, text) in [("#set-name", "Ana Maria"), ("#set-circle", "Família")] {
            page.run(&format!("void $({}).select()", json!(field))).await;
            page.insert(field, text).await;
            page.click("#settings form button").await;
            page.eventually("saved", "$('#settings form button').textContent === 'Saved'").await;
        }
        let other = house.open(&bento, Look::default()).await;
        other.eventually("the circle has its name", "$('h1').textContent === 'Família'").await;
        other.shows("is now called Ana Maria").await;
        let pick = |field: &str, value: &str| {
            format!(
                "(($) => {{ $.value = {}; $.dispatchEvent(new Event('change')); }})($({}))",
                json!(value),
                json!(field)
            )
        };
        page.run(&pick("#set-theme", "dark")).await;
        page.run(&pick("#set-size", "huge")).await;
        let size = "getComputedStyle($('#rows')).fontSize";
        assert_eq!(page.run(size).await, json!("21px"));
        let scheme = "getComputedStyle(document.documentElement).colorScheme";
        assert_eq!(page.run(scheme).await, json!("dark"));
        page.assert_clean().await;
        page.run(&pick("#set-language", "pt-BR")).await;
        page.eventually("it speaks Portuguese", "document.documentElement.lang === 'pt-BR'").await;
        page.ready().await;
        assert_eq!(page.run(size).await, json!("21px"), "the size is kept");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_read_receipts_nothing_is_told_and_nothing_shown() {
    house(async |house| {
        let (_ana, bento, page) = talk(house, Look::default()).await;
        let other = house.open(&bento, Look::default()).await;
        page.eventually("it is read", "$('.own .mark').dataset.mark === 'read'").await;
        page.click("#open-settings").await;
        page.click("#set-receipts").await;
        close(&page).await;
        page.write("Do you see that I read you?").await;
        let state = "$$('.own .mark').at(-1).dataset.mark";
        page.eventually("it is delivered", &format!("{state} === 'delivered'")).await;
        other.write("No").await;
        page.shows("No").await;
        page.reload().await;
        page.shows("No").await;
        let marks = page.run("$$('.own .mark').map((mark) => mark.dataset.mark)").await;
        assert_eq!(marks, json!(["delivered", "delivered"]), "others' reading is shown");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emoji_is_found_by_its_name_and_stands_where_the_cursor_was() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default().in_language("pt-BR")).await;
        page.insert("#composer", "festa  hoje").await;
        page.run("void $('#composer').setSelectionRange(6, 6)").await;
        page.click("#emoji").await;
        page.eventually("there are emoji", "$$('#emojis .grid button').length > 100").await;
        page.assert_clean().await;
        page.insert("#emoji-search", "guitárra").await;
        let first = "$('#emojis .grid button')?.textContent";
        page.eventually("the guitar is found", &format!("{first} === '🎸'")).await;
        page.click("#emojis .grid button").await;
        assert_eq!(page.run("$('#composer').value").await, json!("festa 🎸 hoje"));
        assert_eq!(page.run("document.activeElement.id").await, json!("composer"));
        page.click("#send").await;
        page.shows("festa 🎸 hoje").await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_asks_first_and_then_nothing_can_be_written() {
    house(async |house| {
        let (_ana, bento, page) = talk(house, Look::default()).await;
        let other = house.open(&bento, Look::default()).await;
        page.click("#open-settings").await;
        page.click("#leave").await;
        page.eventually_sees("#ask").await;
        assert_eq!(page.run("document.activeElement.id === 'confirm'").await, json!(false));
        page.keys("#ask", ESCAPE).await;
        page.eventually("the question is gone", "!$('#ask')").await;
        page.click("#leave").await;
        page.click("#confirm").await;
        page.eventually_sees(".left").await;
        page.eventually("nothing can be written", "$('#composer').disabled").await;
        other.shows("Ana left the circle").await;
        page.assert_clean().await;
        other.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_the_conversation() {
    house(async |house| {
        let (_ana, _bento, page) = talk(house, Look::default()).await;
        // The file itself is the browser's; what it is made of is read here.
        page.run(
            "void (window.saved = null, URL.createObjectURL = (blob) => {
                blob.text().then((text) => (saved = text));
                return 'blob:nothing';
            }, HTMLAnchorElement.prototype.click = () => {})",
        )
        .await;
        page.click("#open-settings").await;
        page.click("#export-jsonl").await;
        page.eventually("the file is written", "saved !== null").await;
        let lines: Vec<Value> = page
            .run("saved")
            .await
            .as_str()
            .unwrap()
            .trim()
            .split('\n')
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let texts: Vec<_> = lines.iter().filter(|one| one["kind"] == "text").collect();
        assert_eq!(texts.len(), 2);
        assert_eq!(texts[1]["text"], json!(MARKED));
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_opens_without_its_node_and_holds_no_message_then() {
    house(async |house| {
        let (mut ana, _bento, page) = talk(house, Look::default()).await;
        let kept = "navigator.serviceWorker.ready
            .then(() => caches.open('roda-shell')).then((cache) => cache.keys())
            .then((keys) => keys.map(({ url }) => new URL(url).pathname))";
        let kept: Vec<String> = serde_json::from_value(page.run(kept).await).unwrap();
        assert!(kept.contains(&"/js/main.js".to_owned()), "the shell is not kept: {kept:?}");
        assert!(!kept.iter().any(|path| path.starts_with("/api")), "{kept:?}");
        // From its next load on the page is the worker's.
        page.reload().await;
        page.assert_clean().await;
        ana.stop().await;
        page.go(&ana.page()).await;
        page.eventually("it says that the node is away", "!!$('#state.shown')").await;
        assert_eq!(page.count("#rows > li").await, 0);
        ana.start().await;
        page.shows("Who comes?").await;
        page.assert_clean_but_for(NODE_AWAY).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_says_so_on_its_page() {
    house(async |house| {
        let (mut ana, _bento, page) = talk(house, Look::default()).await;
        ana.stop().await;
        page.eventually("it says so", "$('#state.shown')?.dataset.state === 'stopped'").await;
        assert!(page.text("#state").await.contains("roda run"));
        page.assert_clean_but_for(NODE_AWAY).await;
        ana.start().await;
        page.eventually_state("online").await;
        eventually("the banner is gone", async || (!page.sees("#state.shown").await).then_some(()))
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_narrow_window_the_people_come_over_the_log_and_go() {
    house(async |house| {
        let (_ana, _bento, page) = talk(house, Look { width: 1000, ..Look::default() }).await;
        assert!(!page.sees("#people li").await);
        page.click("[aria-controls=people]").await;
        page.eventually_sees("#people .mesh line").await;
        page.assert_accessible().await;
        page.keys("#people .head button", ESCAPE).await;
        page.eventually("they are gone", "!$('#people').classList.contains('open')").await;
        assert_eq!(
            page.run(
                "document.activeElement.ariaControlsElements?.[0]?.id ?? \
            document.activeElement.getAttribute('aria-controls')"
            )
            .await,
            json!("people")
        );
        page.assert_clean().await;
    })
    .await;
}
