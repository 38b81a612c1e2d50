//! Files, which nobody can send yet.

use std::fs;

use serde_json::json;

use crate::harness::{eventually, house};
use crate::look::Look;
use crate::words::{ENGLISH, word};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_dropped_is_refused_in_words_and_the_page_stays() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cake.txt");
        fs::write(&path, "flour, maize").unwrap();
        let files = json!({ "items": [], "files": [path], "dragOperationsMask": 1 });
        for step in ["dragEnter", "dragOver", "drop"] {
            let drag = json!({ "type": step, "x": 500, "y": 400, "data": files });
            page.devtools("Input.dispatchDragEvent", drag).await;
        }
        let later = word(ENGLISH, "files.later");
        eventually("it is said", async || (page.text(".notices").await == later).then_some(()))
            .await;
        page.devtools(
            "Input.dispatchDragEvent",
            json!({
                "type": "drop", "x": 500, "y": 780, "data": files,
            }),
        )
        .await;
        assert_eq!(page.run("location.pathname").await, json!("/"), "the page is gone");
        assert_eq!(page.count(".notice").await, 1, "said once");
        page.assert_clean().await;
    })
    .await;
}

/// Pastes what a clipboard would hold: an expression that fills `clipboardData`.
fn paste(fill: &str) -> String {
    format!(
        "(() => {{
            const clipboardData = new DataTransfer();
            {fill};
            const event = new ClipboardEvent('paste', {{
                clipboardData, bubbles: true, cancelable: true }});
            document.querySelector('#composer').dispatchEvent(event);
            return event.defaultPrevented;
        }})()"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_pasted_is_refused_in_words_and_words_are_not() {
    const PICTURE: &str =
        "clipboardData.items.add(new File(['…'], 'a.png', { type: 'image/png' }))";
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        let words = "clipboardData.setData('text/plain', 'a cell')";
        let both = format!("{words}; {PICTURE}");
        for fill in [words, &both] {
            assert_eq!(page.run(&paste(fill)).await, json!(false), "words are refused: {fill}");
        }
        assert_eq!(page.count(".notice").await, 0);
        assert_eq!(page.run(&paste(PICTURE)).await, json!(true));
        assert_eq!(page.text(".notices").await, word(ENGLISH, "files.later"));
        page.assert_clean().await;
    })
    .await;
}
