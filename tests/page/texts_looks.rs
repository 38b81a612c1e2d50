//! How texts look: code, long ones, emoji, times, on paper, and without colours of our own.

use serde_json::json;

use crate::harness::{House, house};
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;

const ENTER: &str = "\u{e007}";
const LONG_CODE: &str = "```\nlet a = 1;\nlet b = \"a line that is far too long for any bubble on \
    any window that this page is ever looked at, and goes on and on and on\";\n```";

/// A talk with everything that this is about; Ana's page of it.
async fn talk(house: &House, look: Look) -> (Node, Page) {
    let ana = house.node("Ana").await;
    let bento = house.node_knowing("Bento", &ana).await;
    ana.eventually_linked(1).await;
    let long = (0..40).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
    bento.post(["🎉", "🎉🎸🥁", "🎉🎸🥁🎉"].map(str::to_owned)).await;
    bento.post([LONG_CODE.to_owned(), "- [x] done\n- [ ] not yet".to_owned(), long]).await;
    ana.eventually_holds(8).await;
    ana.post(["mine", "mine too"].map(str::to_owned)).await;
    let page = house.open(&ana, look).await;
    page.shows("mine too").await;
    (ana, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_stand_as_they_should() {
    house(async |house| {
        let (_ana, page) = talk(house, Look::default()).await;
        let back = "getComputedStyle($('#log pre code')).backgroundColor";
        assert_eq!(page.run(back).await, json!("rgba(0, 0, 0, 0)"), "code is striped");
        let cut = "(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)($('#log pre'))";
        assert_eq!(page.run(cut).await, json!(true));
        let cue = "getComputedStyle($('#log pre')).backgroundAttachment.includes('local')";
        assert_eq!(page.run(cue).await, json!(true), "long lines are cut without a cue");
        let line = "(() => {
            const more = $('#log .more').getBoundingClientRect();
            const time = $('#log .more + .meta').getBoundingClientRect();
            return time.height > 2 && time.top < more.bottom && more.top < time.bottom;
        })()";
        assert_eq!(page.run(line).await, json!(true), "the time stands below the button");
        let bare = "$$('#log .m.bare').map((row) => row.querySelector('.text').textContent)";
        assert_eq!(page.run(bare).await, json!(["🎉", "🎉🎸🥁"]), "four are a text");
        let seen = "$$('#log .m time').map((time) => time.getBoundingClientRect().width > 2)";
        let last_of_group = [false, false, false, false, false, true, false, true];
        assert_eq!(page.run(seen).await, json!(last_of_group));
        let spoken = "$$('#log .m time').every((time) => time.textContent !== '')";
        assert_eq!(page.run(spoken).await, json!(true), "each is still there to be heard");
        page.run("void $$('#log .m').at(-2).focus()").await;
        page.eventually_sees("#log .acts .at").await;
        assert_eq!(page.count("#log .own .mark").await, 2, "each own message has its mark");
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_colours_of_its_own_the_page_draws_no_empty_circles() {
    house(async |house| {
        let look = Look { forced_colours: true, ..Look::default() };
        let (_ana, page) = talk(house, look).await;
        let drawn = "$$('#log .dot').filter((dot) => getComputedStyle(dot).borderStyle !== 'none')
            .map((dot) => dot.textContent)";
        assert_eq!(page.run(drawn).await, json!(["B"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_paper_there_is_the_conversation_and_nothing_else() {
    house(async |house| {
        let (_ana, page) = talk(house, Look::default()).await;
        page.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        page.eventually("it is printed", "matchMedia('print').matches").await;
        for gone in ["#composer", "#people", ".ib", ".more", ".mark", ".dot"] {
            assert!(!page.sees(gone).await, "{gone} is printed");
        }
        let all = "$$('#log .m time, #log .m.first .b > :first-child').every(
            (one) => one.getBoundingClientRect().width > 2)";
        assert_eq!(page.run(all).await, json!(true), "names and times are printed");
        let whole = "$('#log').scrollHeight <= $('#log').clientHeight";
        assert_eq!(page.run(whole).await, json!(true), "what is not in view is cut off");
        let open = "(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)
            ($('#log .folded'))";
        assert_eq!(page.run(open).await, json!(true), "a long text is cut off");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_picks_the_emoji_that_the_search_finds() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let page = house.open(&ana, Look::default()).await;
        page.click("#emoji").await;
        page.eventually("it is open", "!!$('#emojis:popover-open .grid button')").await;
        page.insert("#emoji-search", "guitar").await;
        page.eventually("it is found", "$('#emojis .grid button').textContent === '🎸'").await;
        page.keys("#emoji-search", ENTER).await;
        page.eventually("it is written", "$('#composer').value === '🎸'").await;
        page.eventually("it is closed", "!$('#emojis:popover-open')").await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_on_the_icon_stands_in_its_middle_and_the_console_is_quiet() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        ana.eventually_linked(1).await;
        let page = house.open(&ana, Look::default()).await;
        page.run("void (document.hasFocus = () => false, dispatchEvent(new Event('blur')))").await;
        bento.post(["one".to_owned()]).await;
        let icon = "$('link[rel=icon]').href.startsWith('data:image/png')";
        page.eventually("the icon has a count", icon).await;
        // White is the digit alone.
        let middle = "(async () => {
            const picture = new Image();
            picture.src = document.querySelector('link[rel=icon]').href;
            await picture.decode();
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 64;
            const draw = canvas.getContext('2d');
            draw.drawImage(picture, 0, 0);
            const { data } = draw.getImageData(0, 0, 64, 64);
            const rows = Array.from({ length: 64 }, (_, y) => y).filter((y) =>
                Array.from({ length: 40 }, (_, x) => 4 * (64 * y + x + 24))
                    .some((at) => data[at + 1] > 220 && data[at + 3] > 220));
            return (rows.at(0) + rows.at(-1) + 1) / 2;
        })()";
        let at = page.run(middle).await.as_f64().unwrap();
        assert!((at - 44.0).abs() <= 1.0, "the digit's middle is at {at}, the disc's at 44");
        page.assert_clean().await;
    })
    .await;
}
