//! Long lists of hostile and naughty texts, as messages, names and circles' names: they stay
//! texts, and what stands beside them stays where it was.

use std::collections::BTreeMap;

use roda::conversation::kind;
use roda::protocol::body::Decision;
use serde_json::{Value, json};

use crate::harness::house;
use crate::history;
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;

/// What runs where it becomes more than text, by class; each would call `struck`.
const XSS: &str = include_str!("../data/hostile/xss.json");
/// What programs stumble over, by class.
const NAUGHTY: &str = include_str!("../data/hostile/naughty.json");
/// Bodies of a POST, and whether they are messages.
const BODIES: &str = include_str!("../data/hostile/bodies.json");
/// Looks for faults; see there.
const LOOK: &str = include_str!("corpus.js");
/// Messages that are looked at together: a page holds 150 rows.
const TOGETHER: usize = 120;

/// An entry of a list: a text, or what stands before, what is repeated, how often, what follows.
fn whole(entry: &Value) -> String {
    let part = |at: usize| entry[at].as_str().unwrap();
    match entry.as_str() {
        Some(text) => text.to_owned(),
        None => [part(0), &part(1).repeat(entry[2].as_u64().unwrap() as usize), part(3)].concat(),
    }
}

/// Every text of a list, class by class.
fn texts(list: &str) -> Vec<String> {
    let classes: BTreeMap<String, Vec<Value>> = serde_json::from_str(list).unwrap();
    classes.values().flatten().map(whole).collect()
}

/// Makes the page able to look at itself.
async fn watch(page: &Page) {
    page.run(&format!("void (0, eval)({})", json!(LOOK))).await;
}

/// Nothing ran, nothing was made, nothing stands where it should not.
async fn assert_sound(page: &Page, when: &str) {
    let found = page.run("faults()").await;
    for (kind, faults) in found.as_object().unwrap() {
        assert_eq!(faults, &json!([]), "{when}: {kind}");
    }
}

/// Looks at a page in both widths.
async fn assert_sound_in_both_widths(page: &Page, when: &str) {
    for look in [Look::phone(), Look::default()] {
        look.emulate(page).await;
        page.eventually("it has its width", &format!("innerWidth === {}", look.width)).await;
        assert_sound(page, &format!("{when}, {} px", look.width)).await;
    }
}

/// Sends a body as it is; gives the answer's status.
async fn post_raw(node: &Node, body: String) -> u16 {
    let address = format!("http://{}/api/messages", node.web);
    let sent = move || {
        let config = ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build();
        let asked = ureq::Agent::from(config).post(&address);
        asked.content_type("application/json").send(body).unwrap().status().as_u16()
    };
    tokio::task::spawn_blocking(sent).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_corpus_runs_or_leaves_its_place_as_a_message() {
    let all = [texts(XSS), texts(NAUGHTY)].concat();
    assert!(all.len() >= 400, "{} texts", all.len());
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        ana.eventually_linked(1).await;
        let page = house.open(&ana, Look::default()).await;
        watch(&page).await;
        let before = page.run("outside()").await;
        for (number, some) in all.chunks(TOGETHER).enumerate() {
            let last = format!("end of part {number}");
            bento.post(some.iter().cloned().chain([last.clone()])).await;
            page.shows(&last).await;
            assert_sound_in_both_widths(&page, &format!("part {number}")).await;
        }
        for body in serde_json::from_str::<Vec<(Value, bool)>>(BODIES).unwrap() {
            let status = post_raw(&bento, whole(&body.0)).await;
            assert_eq!(status, if body.1 { 201 } else { 400 }, "{}", body.0);
        }
        page.shows("of no use: prototypes").await;
        assert_sound_in_both_widths(&page, "bodies").await;
        assert_eq!(page.run("outside()").await, before, "something was made outside the log");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_corpus_runs_or_leaves_its_place_as_a_name() {
    let all = [texts(XSS), texts(NAUGHTY)].concat();
    house(async |house| {
        let mut ana = Node::new(house.setting("Ana"));
        let bodies = |name: &String| {
            let (name, text) = (name.clone(), "said by who is called so".to_owned());
            vec![
                Decision::Profile(name.clone()).encode(),
                Decision::Circle(name).encode(),
                kind::text::body(&text),
            ]
        };
        let turns = all.iter().map(bodies).enumerate().collect();
        history::write_turns(&ana.data(), &house.key, turns).await;
        ana.start().await;
        let page = house.open(&ana, Look::default()).await;
        watch(&page).await;
        let before = page.run("outside()").await;
        let members = format!("$$('#people [data-member]').length === {}", all.len() + 1);
        page.eventually("all are in the list", &members).await;
        // From the end of the conversation to its beginning.
        let oldest = ana.ids().await.remove(0);
        let first = "$('#rows [data-id]').dataset.id";
        for step in 0.. {
            let when = format!("step {step} upwards");
            match step % 5 {
                0 => assert_sound_in_both_widths(&page, &when).await,
                _ => assert_sound(&page, &when).await,
            }
            let shown = page.run(first).await;
            if shown == json!(oldest) {
                break;
            }
            page.run("void ($('#log').scrollTop = 0)").await;
            page.eventually("older rows are shown", &format!("{first} !== {shown}")).await;
        }
        Look::phone().emulate(&page).await;
        page.click("header [aria-controls=people]").await;
        assert_sound(&page, "the people on a phone").await;
        assert_eq!(page.run("outside()").await, before, "something was made outside the log");
        page.assert_clean().await;
    })
    .await;
}
