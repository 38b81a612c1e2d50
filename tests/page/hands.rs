//! Hands on the log: mouse, keyboard, more than one tab.

use serde_json::{Value, json};

use crate::harness::house;
use crate::look::Look;
use crate::page::Page;

/// Presses, moves or releases the left button at a point.
async fn mouse(page: &Page, what: &str, [x, y]: [f64; 2]) {
    let buttons = u8::from(what != "mouseReleased");
    let event = json!({
        "type": what, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1,
    });
    page.devtools("Input.dispatchMouseEvent", event).await;
}

async fn key(page: &Page, key: &str, code: u32) {
    for kind in ["rawKeyDown", "keyUp"] {
        let press = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
        page.devtools("Input.dispatchKeyEvent", press).await;
    }
}

async fn numbers<const N: usize>(page: &Page, expression: &str) -> [f64; N] {
    let found: Vec<f64> = serde_json::from_value(page.run(expression).await).unwrap();
    found.try_into().unwrap()
}

const SCROLLED: &str = "$('#log').scrollTop";
const AT_END: &str =
    "((log) => log.scrollHeight - log.clientHeight - log.scrollTop < 2)($('#log'))";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_under_the_hand_while_a_button_is_held_or_something_is_selected() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        bento.post((0..30).map(|n| format!("here {n}"))).await;
        page.shows("here 29").await;
        page.eventually("the end is in view", AT_END).await;
        let at = "((box) => [box.x + 2, box.y + box.height / 2])\
            ($$('#log .text').at(-1).getBoundingClientRect())";
        let [x, y] = numbers(&page, at).await;
        let before = page.run(SCROLLED).await;
        mouse(&page, "mousePressed", [x, y]).await;
        bento.post(["while held".to_owned()]).await;
        page.shows("while held").await;
        assert_eq!(page.run(SCROLLED).await, before, "it moves under a button that is held");
        mouse(&page, "mouseMoved", [x + 30.0, y]).await;
        mouse(&page, "mouseReleased", [x + 30.0, y]).await;
        assert_ne!(page.run("getSelection().toString()").await, json!(""), "nothing is selected");
        bento.post(["while selected".to_owned()]).await;
        page.shows("while selected").await;
        assert_eq!(page.run(SCROLLED).await, before, "it moves while something is selected");
        page.run("void getSelection().removeAllRanges()").await;
        page.eventually("it goes on to the end", AT_END).await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_stops_once_at_the_log_and_then_within_the_row_at_hand() {
    house(async |house| {
        let ana = house.node("Ana").await;
        ana.post((0..20).map(|n| format!("https://example.org/{n}\n```\ncode {n}\n```"))).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows("example.org/19").await;
        page.run("void $('#open-settings').focus()").await;
        let focused = "((one) => [one.tagName, one.closest('#rows > li')?.textContent ?? ''])\
            (document.activeElement)";
        let mut stops = Vec::new();
        loop {
            key(&page, "Tab", 9).await;
            let stop = page.run(focused).await;
            if stop[0] == json!("TEXTAREA") {
                break;
            }
            stops.push(stop);
        }
        let tags: Vec<&str> = stops.iter().filter_map(|stop| stop[0].as_str()).collect();
        assert_eq!(tags[0], "LI", "the row comes first: {tags:?}");
        assert!(tags.contains(&"A"), "its link can be reached: {tags:?}");
        let rows: Vec<&Value> = stops.iter().map(|stop| &stop[1]).collect();
        assert!(rows.iter().all(|row| row == &rows[0]), "other rows are stops too: {tags:?}");

        page.run("void $('#rows > [tabindex=\"0\"]').focus()").await;
        for _ in 0..3 {
            key(&page, "ArrowUp", 38).await;
        }
        let text = page.run("document.activeElement.textContent").await;
        assert!(text.as_str().unwrap().contains("example.org/16"), "{text}");
        // The outline's ends belong to the row, not to its neighbours.
        let on_top = "((row) => {
            const { x, bottom, width } = row.getBoundingClientRect();
            const at = document.elementsFromPoint(x + width - 20, bottom + 1);
            const z = (one) => Number(getComputedStyle(one).zIndex) || 0;
            return z(row) > z(row.nextElementSibling) && at.length > 0;
        })(document.activeElement)";
        assert_eq!(page.run(on_top).await, json!(true), "the next bubble hides the outline");
        key(&page, "Home", 36).await;
        page.eventually("Home leads to the beginning", "document.activeElement.matches('.system')")
            .await;
        page.assert_clean().await;
    })
    .await;
}

/// Counts the page's questions about history from now on.
const COUNTING: &str = "void (window.asked = 0, ((send) => WebSocket.prototype.send = \
    function (text) { asked += text.includes('\"history\"'); send.call(this, text); })\
    (WebSocket.prototype.send))";

#[tokio::test(flavor = "multi_thread")]
async fn the_scrollbar_drawn_to_its_beginning_leads_there_by_one_question() {
    house(async |house| {
        let (ana, _) = house.node_with_history("Ana", 5_000).await;
        let page = house.open(&ana, Look::default()).await;
        page.shows("message 4999").await;
        page.eventually("the end is in view", AT_END).await;
        let thumb = "((log) => {
            const { right, top, height } = log.getBoundingClientRect();
            const size = log.clientHeight / log.scrollHeight;
            const middle = log.scrollTop / log.scrollHeight + size / 2;
            return [right - (log.offsetWidth - log.clientWidth) / 2, top + middle * height, top];
        })($('#log'))";
        page.run(COUNTING).await;
        let [x, y, top] = numbers(&page, thumb).await;
        mouse(&page, "mousePressed", [x, y]).await;
        let steps = 20;
        for step in 1..=steps {
            let on_the_way = y + (top - 10.0 - y) * f64::from(step) / f64::from(steps);
            mouse(&page, "mouseMoved", [x, on_the_way]).await;
        }
        page.shows("message 0:").await;
        mouse(&page, "mouseReleased", [x, top]).await;
        assert_eq!(page.run(SCROLLED).await, json!(0));
        assert_eq!(page.run("window.asked").await, json!(1));
        page.click("#jump").await;
        page.shows("message 4999").await;
        page.eventually("the end is in view", AT_END).await;
        page.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_in_one_tab_is_not_counted_in_another() {
    house(async |house| {
        let ana = house.node("Ana").await;
        let bento = house.node_knowing("Bento", &ana).await;
        let page = house.open(&ana, Look::default()).await;
        bento.post(["before".to_owned()]).await;
        page.shows("before").await;
        let first = page.session.window().await.unwrap();
        page.run("void (document.hasFocus = () => false, dispatchEvent(new Event('blur')))").await;
        bento.post(["while away".to_owned()]).await;
        page.eventually("the title counts", "document.title.startsWith('(')").await;
        let second = page.session.new_tab().await.unwrap();
        page.session.switch_to_window(second).await.unwrap();
        page.devtools("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        page.go(&ana.page()).await;
        page.ready().await;
        page.shows("while away").await;
        page.session.switch_to_window(first).await.unwrap();
        page.eventually("the title counts no more", "!document.title.startsWith('(')").await;
        page.assert_clean().await;
    })
    .await;
}
