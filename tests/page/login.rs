//! Who is let in: whoever has the node's token.

use serde_json::json;

use crate::harness::{House, house};
use crate::look::Look;
use crate::node::{Node, Setting};
use crate::page::Page;

/// What a browser says of a request that the node refuses.
const REFUSED: &[&str] = &["401 (Unauthorized)"];

async fn locked_node(house: &House) -> Node {
    house.start(Setting { login: true, ..house.setting("Ana") }).await
}

/// Gives an answer to the question for the token.
async fn answer(page: &Page, token: &str) {
    page.run("$('#token').select()").await;
    page.insert("#token", token).await;
    page.keys("#token", "\u{e007}").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_the_page_shows_nothing_but_the_question_for_it() {
    house(async |house| {
        let ana = locked_node(house).await;
        ana.post(["said in private".to_owned()]).await;
        let page = house.open_unready(&ana.page(), Look::default()).await;
        page.eventually_sees("#login #token").await;
        page.eventually_state("login").await;
        assert!(!page.sees("#composer").await, "the page can be used without the token");
        assert!(!page.text("body").await.contains("said in private"));
        page.assert_clean_but_for(REFUSED).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_refused_in_words_and_the_right_one_lets_in_for_good() {
    house(async |house| {
        let ana = locked_node(house).await;
        ana.post(["said in private".to_owned()]).await;
        let page = house.open_unready(&ana.page(), Look::default()).await;
        page.eventually_sees("#login #token").await;
        answer(&page, &"0".repeat(64)).await;
        page.eventually_sees("#login [role=alert]").await;
        assert!(!page.text("#login [role=alert]").await.trim().is_empty());
        answer(&page, &ana.token()).await;
        page.ready().await;
        page.shows("said in private").await;
        assert!(!page.sees("#login").await);
        page.assert_clean_but_for(REFUSED).await;
        page.reload().await;
        page.shows("said in private").await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_with_the_token_lets_in_and_leaves_it_nowhere_to_be_seen() {
    house(async |house| {
        let ana = locked_node(house).await;
        let token = ana.token();
        let address = format!("{}#token={token}", ana.page());
        let page = house.open_unready(&address, Look::default()).await;
        page.ready().await;
        page.write("from inside").await;
        page.shows("from inside").await;
        assert_eq!(page.run("location.href").await, json!(ana.page()));
        assert_eq!(page.run("document.cookie").await, json!(""));
        let held = page.run("document.documentElement.outerHTML").await;
        assert!(!held.as_str().unwrap().contains(&token), "the token stands in the page");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_link_serves_as_the_token() {
    house(async |house| {
        let ana = locked_node(house).await;
        let page = house.open_unready(&ana.page(), Look::default()).await;
        page.eventually_sees("#login #token").await;
        answer(&page, &format!("{}#token={}", ana.page(), ana.token())).await;
        page.ready().await;
        page.assert_clean_but_for(REFUSED).await;
    })
    .await;
}
