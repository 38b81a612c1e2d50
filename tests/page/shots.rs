//! Pictures of the page into `screenshots/`, for people to look at: `tests/run shots`.

use std::path::Path;

use crate::harness::{House, house};
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;

const NAMES: [&str; 6] = ["Ana", "Bento", "Caio", "Iara", "Nina", "Tom"];

/// Who says what.
const TALK: [(usize, &str); 12] = [
    (3, "Is the roda on Sunday still on? 🌽"),
    (3, "I need to know how many we are, for the **corn cake**"),
    (0, "It is! Nina and I come around three"),
    (0, "I bring coffee and cheese bread"),
    (1, "Me too. The way is at https://example.org/farm, the dirt road is fine."),
    (
        4,
        "We still need:\n\n- chairs\n- ice\n- `strings` for the guitar\n\n> Who brings the guitar?",
    ),
    (0, "I do, with new strings"),
    (5, "And I the tambourine"),
    (3, "🎉🎸"),
    (1, "Is there shade for the little ones?"),
    (4, "Under the mango tree, and the porch if it rains."),
    (0, "See you on Sunday then"),
];

/// What is opened for a picture: its name, and what is clicked on the way.
const PANELS: [(&str, &[&str]); 5] = [
    ("details", &[".m.own:last-of-type .meta"]),
    ("settings", &["#open-settings"]),
    ("invite", &["#invite"]),
    ("emoji", &["#emoji"]),
    ("member", &["#people li:last-child button"]),
];

/// Desktop, window and phone, light and dark, in both languages.
fn looks() -> Vec<(String, Look)> {
    let mut all = Vec::new();
    let wide = |width| Look { width, ..Look::default() };
    for (size, look) in [
        ("1600", wide(1600)),
        ("1280", wide(1280)),
        ("1000", wide(1000)),
        ("820", wide(820)),
        ("390", Look::phone()),
    ] {
        for (scheme, look) in [("light", look), ("dark", look.dark())] {
            for language in ["en", "pt-BR"] {
                all.push((format!("{size}-{scheme}-{language}"), look.in_language(language)));
            }
        }
    }
    all
}

/// A circle that has talked; one of them has gone.
async fn circle(house: &House) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for name in NAMES {
        nodes.push(match nodes.first() {
            None => house.node(name).await,
            Some(first) => house.node_knowing(name, first).await,
        });
    }
    for node in &nodes {
        node.eventually_linked(NAMES.len() as u64 - 1).await;
        node.eventually_holds(NAMES.len()).await;
    }
    for (said, (who, text)) in TALK.iter().enumerate() {
        // One after the other, or the talk makes no sense.
        nodes[*who].eventually_holds(NAMES.len() + said).await;
        if said + 1 == TALK.len() {
            nodes[2].stop().await;
        }
        nodes[*who].post([(*text).to_owned()]).await;
    }
    nodes
}

async fn ready(page: &Page) {
    page.shows(TALK[TALK.len() - 1].1).await;
    page.eventually("four have it", "$$('.own .mark').at(-1).textContent.includes('4')").await;
    page.eventually("the font is there", "document.fonts.status === 'loaded'").await;
    // What is said once is said to each of these browsers.
    page.run("$$('.notice .x').forEach((button) => button.click())").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures for people: tests/run shots"]
async fn shots() {
    house(async |house| {
        let nodes = circle(house).await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
        for (name, look) in looks() {
            let page = house.open(&nodes[0], look).await;
            ready(&page).await;
            page.picture(&folder.join(format!("{name}.png"))).await;
            house.close_pages().await;
        }
        for (size, look) in [("1280", Look::default()), ("390", Look::phone().dark())] {
            for (panel, clicks) in PANELS {
                let page = house.open(&nodes[0], look).await;
                ready(&page).await;
                for click in clicks {
                    page.run(&format!("void $({click:?}).click()")).await;
                }
                page.eventually("it is open", "!!$('dialog[open], #emojis:popover-open')").await;
                page.eventually("pictures are there", "$$('img').every((one) => one.complete)")
                    .await;
                page.picture(&folder.join(format!("{size}-{panel}.png"))).await;
                house.close_pages().await;
            }
        }
    })
    .await;
}
