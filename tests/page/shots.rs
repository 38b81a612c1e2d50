//! Pictures of the page into `screenshots/`, for people to look at: `tests/run shots`.

use std::path::Path;

use crate::harness::circle;
use crate::look::Look;

/// Name of the picture, and how the page is looked at.
fn looks() -> [(&'static str, Look); 4] {
    [
        ("desk-light", Look::default()),
        ("desk-dark", Look::default().dark()),
        ("phone-light", Look::phone()),
        ("phone-dark", Look::phone().dark()),
    ]
}

/// Who says what.
const TALK: [(usize, &str); 7] = [
    (0, "Good evening! Who comes to the roda on Saturday?"),
    (1, "I do, with the pandeiro."),
    (1, "And my sister, if the bus runs."),
    (2, "Me too. **Rehearsal at six?** The hall is open from five."),
    (3, "Six is good. We still need:\n- chairs\n- water\n- `strings` for the cavaquinho"),
    (0, "I have two sets of strings: https://example.org/strings"),
    (2, "Obrigada! 🪘"),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures for people: tests/run shots"]
async fn shots() {
    let Some(circle) = circle(&["Ana", "Bento", "Caio", "Iara"]).await else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    circle
        .look(&looks().map(|(_, look)| look), async |pages| {
            for (who, text) in TALK {
                pages[who].paste(text).await;
                // One after the other, or the talk makes no sense.
                for page in pages {
                    page.shows(text.split(['*', '\n']).next().unwrap().trim_end()).await;
                }
            }
            for ((name, _), page) in looks().iter().zip(pages) {
                page.picture(&folder.join(format!("{name}.png"))).await;
            }
        })
        .await;
}
