//! Messages that were written apart and belong further up.

use serde_json::{Value, json};

use crate::door::Told;
use crate::harness::{House, eventually, house};
use crate::history;
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;

/// Enough to fill the screen some times over.
const HERE: usize = 80;
/// Written apart, meanwhile.
const APART: usize = 3;

/// Ana's page, scrolled up from the end over messages that have been there for a while; and Caio,
/// who has written apart and has never heard of Ana.
async fn apart(house: &House) -> (Node, Page, Node) {
    let (ana, caio) = (house.node("Ana").await, house.node("Caio").await);
    let page = house.open(&ana, Look::default()).await;
    ana.post((0..HERE).map(|n| format!("here {n}"))).await;
    caio.post((0..APART).map(|n| format!("apart {n}"))).await;
    page.shows(&format!("here {}", HERE - 1)).await;
    scroll_to(&page, "here 40").await;
    // A second is what makes a message late.
    let age = "Date.now() - Math.max(...$$('#log time').map((time) => Date.parse(time.dateTime)))";
    page.eventually("the newest is two seconds old", &format!("{age} > 2000")).await;
    (ana, page, caio)
}

/// Puts the row with this text at the top of the view, as a reader who scrolls up does.
async fn scroll_to(page: &Page, text: &str) {
    let scroll = "(async () => {
        const log = document.querySelector('#log');
        const row = [...log.querySelectorAll('[data-id]')].find(
            (row) => row.querySelector('.text')?.textContent === TEXT);
        log.scrollTop += row.getBoundingClientRect().top - log.getBoundingClientRect().top;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
    })()";
    page.run(&scroll.replace("TEXT", &json!(text).to_string())).await;
}

/// The first row that can be seen: its id and where it begins, in pixels.
async fn first_visible(page: &Page) -> (String, f64) {
    let first = "(() => {
        const edge = $('#log').getBoundingClientRect().top;
        const row = $$('#log [data-id]').find((row) => row.getBoundingClientRect().bottom > edge);
        return [row.dataset.id, row.getBoundingClientRect().top];
    })()";
    serde_json::from_value(page.run(first).await).unwrap()
}

async fn top_of(page: &Page, id: &str) -> f64 {
    let top = format!("$({}).getBoundingClientRect().top", row(id));
    page.run(&top).await.as_f64().unwrap()
}

/// A JSON text of the selector of a message's row.
fn row(id: &str) -> Value {
    json!(format!("#log [data-id='{id}']"))
}

/// Links the two, and waits until Ana's page has heard of what was written apart.
async fn meet(ana: &Node, page: &Page, caio: &mut Node) -> Vec<Told> {
    caio.stop().await;
    caio.setting.known = Some(ana.peer.clone());
    caio.start().await;
    let all = HERE + APART + 2;
    ana.eventually_holds(all).await;
    caio.eventually_holds(all).await;
    page.eventually_sees("#late").await;
    let late = ana.conversation().await.into_iter().filter(|told| told.text.starts_with("apart "));
    let late: Vec<Told> = late.collect();
    assert_eq!(late.len(), APART);
    let of_all = "$$('#log .late').length";
    page.eventually("all late rows are there", &format!("{of_all} >= {APART}")).await;
    late
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_message_above_moves_what_is_being_read_by_at_most_a_pixel() {
    house(async |house| {
        let (ana, page, mut caio) = apart(house).await;
        let (id, before) = first_visible(&page).await;
        let late = meet(&ana, &page, &mut caio).await;
        let ids = page.ids().await;
        let place = |id: &String| ids.iter().position(|one| one == id).unwrap();
        assert!(late.iter().all(|late| place(&late.id) < place(&id)), "they stand above");
        let drift = (top_of(&page, &id).await - before).abs();
        assert!(drift <= 1.0, "the first visible row moved by {drift} px");
        assert_eq!(first_visible(&page).await.0, id);
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_messages_stand_in_their_places_labelled_and_the_pill_leads_there_and_back() {
    house(async |house| {
        let (ana, page, mut caio) = apart(house).await;
        let (read, before) = first_visible(&page).await;
        let late = meet(&ana, &page, &mut caio).await;
        assert_eq!(page.ids().await, ana.ids().await, "the page has the node's order");
        let labelled = "$$('#log [data-id]').filter((row) => row.querySelector('.late')\
            ?.textContent.trim()).map((row) => row.dataset.id)";
        let labelled: Vec<String> = serde_json::from_value(page.run(labelled).await).unwrap();
        let late: Vec<String> = late.into_iter().map(|told| told.id).collect();
        assert_eq!(labelled, late);
        let pill = page.text("#late").await;
        assert!(pill.contains(&APART.to_string()), "the pill does not count them: {pill:?}");

        page.click("#late").await;
        eventually("the earliest late message is in the middle of the view", async || {
            let in_view = format!(
                "((row, log) => row.top >= log.top && row.bottom <= log.bottom)\
                 ($({}).getBoundingClientRect(), $('#log').getBoundingClientRect())",
                row(&late[0])
            );
            (page.run(&in_view).await == json!(true)).then_some(())
        })
        .await;
        assert_eq!(page.run("document.activeElement.dataset.id").await, json!(late[0]));
        page.click("#late").await;
        let drift = (top_of(&page, &read).await - before).abs();
        assert!(drift <= 1.0, "the way back ends {drift} px beside where it began");
        assert!(!page.sees("#late").await, "who is back needs no pill");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_below_is_counted_while_scrolled_up_and_the_jump_leads_to_the_end() {
    house(async |house| {
        let (ana, _) = house.node_with_history("Ana", HERE).await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows(&history::text(HERE - 1)).await;
        assert!(!page.sees("#jump").await, "at the end there is nowhere to jump");
        ana.eventually_linked(1).await;
        scroll_to(&page, &history::text(40)).await;
        let (id, before) = first_visible(&page).await;
        bento.post((0..4).map(|n| format!("below {n}"))).await;
        page.eventually("the new ones are counted", "$('#jump .badge').textContent === '4'").await;
        let drift = (top_of(&page, &id).await - before).abs();
        assert!(drift <= 1.0, "the first visible row moved by {drift} px");
        page.click("#jump").await;
        page.shows("below 3").await;
        let at_end =
            "((log) => log.scrollHeight - log.clientHeight - log.scrollTop)($('#log')) < 2";
        page.eventually("the end is in view", at_end).await;
        assert!(!page.sees("#jump").await);
        page.assert_clean().await;
    })
    .await;
}
