//! What others write, and when: shown as it was written, and never at the others' expense.

use roda::conversation::kind;
use roda::protocol::body::Decision;
use roda::protocol::limits::INTEGER_MAX;
use serde_json::json;

use crate::harness::{circle, house};
use crate::history;
use crate::look::Look;
use crate::node::Node;

/// One millisecond more than a browser's clock can show.
const BEYOND_MS: u64 = 8_640_000_000_000_001;

fn says(text: &str) -> Vec<String> {
    vec![kind::text::body(text)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_an_impossible_time_stops_nobody() {
    house(async |house| {
        let mut ana = Node::new(house.setting("Ana"));
        let profile = vec![Decision::Profile("Dandara".to_owned()).encode()];
        let talk = ["before", "of no time", "of no time either", "after"].map(says);
        let turns = std::iter::once(profile).chain(talk).map(|said| (0, said)).collect();
        let clock = |number, at| match number {
            2 => BEYOND_MS,
            3 => INTEGER_MAX,
            _ => at,
        };
        history::write_timed(&ana.data(), &house.key, turns, clock).await;
        ana.start().await;
        // Who is new writes only once somebody has told the rest.
        let _bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        for text in ["before", "of no time", "of no time either", "after"] {
            page.shows(text).await;
        }
        page.write("mine").await;
        page.shows("mine").await;
        let unknown = "$$('#log .m').filter((row) => row.textContent.includes('Time unknown'))";
        assert_eq!(page.run(&format!("{unknown}.length")).await, json!(2));
        page.run(&format!("void {unknown}[0].focus()")).await;
        page.keys("#log .m:focus", "\u{e007}").await;
        page.eventually_sees("#details").await;
        assert!(page.text("#details").await.contains("Time unknown"));
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_made_is_shown_as_such_and_costs_no_other() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        ana.eventually_linked(1).await;
        let page = house.open(&ana, Look::default()).await;
        let plant = "void (() => {
            const { segment } = Intl.Segmenter.prototype;
            Intl.Segmenter.prototype.segment = function (text) {
                if (text === 'planted' || text === 'Bento') throw new Error('planted');
                return segment.call(this, text);
            };
        })()";
        page.run(plant).await;
        bento.post(["planted", "one of Bento's", "planted", "another"].map(str::to_owned)).await;
        page.write("one of mine").await;
        page.shows("one of mine").await;
        page.eventually("the rows are shown as such", "$$('#log .broken').length === 3").await;
        let _caio = house.node_knowing("Caio", &ana).await;
        let named = "$('#people').textContent.includes('Caio')";
        page.eventually("the list is renewed", named).await;
        let list = page.text("#people").await;
        assert!(list.contains("BentoThis cannot be shown"), "{list}");
        page.assert_clean_but_for(&["planted"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_keeps_its_indentation_on_its_way_and_on_the_page() {
    let Some(circle) = circle(&["Ana", "Bento"]).await else { return };
    let code = "    if x:\n        return 1\n\n\n\ty = 2 ";
    let nodes: Vec<_> = circle.nodes.iter().map(|node| node.web.clone()).collect();
    assert_eq!(nodes.len(), 2);
    circle
        .check(async |pages| {
            let [ana, bento] = pages else { unreachable!("two nodes, two pages") };
            ana.paste(&format!("\n  \n{code}\n \n")).await;
            bento.shows("return 1").await;
            let shown = "$$('#log .text').at(-1)";
            let text = bento.run(&format!("{shown}.textContent")).await;
            assert_eq!(text, json!("    if x:\n        return 1\n\ty = 2 "));
            let space = bento.run(&format!("getComputedStyle({shown}).whiteSpace")).await;
            assert_eq!(space, json!("pre-wrap"));
            let asked = bento.run("fetch('/api/messages').then((one) => one.json())").await;
            let sent = asked["messages"].as_array().unwrap().last().unwrap()["text"].clone();
            assert_eq!(sent, json!(code), "what was sent is what was pasted");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_written_the_browsers_way_with_the_page_in_english() {
    house(async |house| {
        let ana = house.node("Ana").await;
        ana.post(["one".to_owned()]).await;
        for (language, clock) in [
            ("en", "^\\d+:\\d\\d.[AP]M$"),
            ("en-GB", "^\\d\\d:\\d\\d$"),
            ("de", "^\\d\\d:\\d\\d$"),
            ("fr", "^\\d\\d:\\d\\d$"),
        ] {
            let page = house.open(&ana, Look::default().in_language(language)).await;
            page.shows("one").await;
            assert_eq!(page.run("document.documentElement.lang").await, json!("en"));
            let time = page.text("#log .m time").await;
            let is = format!("new RegExp({}).test({})", json!(clock), json!(time));
            assert_eq!(page.run(&is).await, json!(true), "{language}: {time}");
            assert_eq!(page.text("#log .day").await, "Today");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_midnight_today_becomes_yesterday() {
    house(async |house| {
        let ana = house.node("Ana").await;
        ana.post(["one".to_owned()]).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows("one").await;
        assert_eq!(page.text("#log .day").await, "Today");
        page.run("void (() => { const { now } = Date; Date.now = () => now() + 86400000; })()")
            .await;
        page.eventually("the day is renewed", "$('#log .day').textContent === 'Yesterday'").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copied_messages_say_who_spoke_and_when_and_nothing_else() {
    let Some(circle) = circle(&["Ana", "Bento"]).await else { return };
    circle
        .check(async |pages| {
            let [ana, bento] = pages else { unreachable!("two nodes, two pages") };
            bento.paste("**one**\nAna, 10:00: more").await;
            ana.shows("more").await;
            ana.paste("two").await;
            bento.shows("two").await;
            bento.paste("three is the last").await;
            ana.shows("three").await;
            let copy = "(() => {
                const said = $$('#log .m').map((row) => row.querySelector('.text'));
                let copied = null;
                const told = (event) => (copied = event.clipboardData.getData('text/plain'));
                document.addEventListener('copy', told);
                getSelection().setBaseAndExtent(...RANGE(said));
                document.execCommand('copy');
                document.removeEventListener('copy', told);
                getSelection().empty();
                return copied;
            })()";
            let of = |range: &str| copy.replace("RANGE", range);
            let whole = "(([a, , c]) => [a.closest('li'), 0, c.closest('li'), 2])";
            let times = ana.run("$$('#log .m time').map((time) => time.textContent)").await;
            let time = |n: usize| times[n].as_str().unwrap();
            let expected = [
                format!("Bento, {}: **one**\n    Ana, 10:00: more", time(0)),
                format!("Ana, {}: two", time(1)),
                format!("Bento, {}: three is the last", time(2)),
            ];
            assert_eq!(ana.run(&of(whole)).await, json!(expected.join("\n")));
            let parts = "(([, b, c]) => [b.firstChild, 1, c.firstChild, 5])";
            let expected = format!("Ana, {}: wo\nBento, {}: three", time(1), time(2));
            assert_eq!(ana.run(&of(parts)).await, json!(expected));
            let single = "(([a, b]) => [b.closest('li'), 0, b.closest('li'), 1])";
            assert_eq!(ana.run(&of(single)).await, json!("two"));
        })
        .await;
}
