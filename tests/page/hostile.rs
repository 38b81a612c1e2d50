//! What somebody else writes stays text, whatever it is.

use serde_json::{Value, json};

use crate::harness::{circle, house};
use crate::look::Look;

/// Texts that would do something if they were more than text. Each would set `window.struck`.
const HOSTILE: &[&str] = &[
    "<img src=x onerror=\"window.struck='img'\">",
    "<script>window.struck='script'</script>",
    "<svg onload=\"window.struck='svg'\"><animate onbegin=\"window.struck='animate'\">",
    "<iframe srcdoc=\"<script>parent.struck='iframe'</script>\"></iframe>",
    "<style>#composer{display:none}</style><link rel=stylesheet href=http://192.0.2.1/a.css>",
    "<base href=http://192.0.2.1/><meta http-equiv=refresh content=\"0;url=http://192.0.2.1/\">",
    "[press here](javascript:window.struck='link')",
    "![picture](http://192.0.2.1/tracked.png)",
    "</li></ol><div id=composer>a second composer</div>",
    "\u{202e}gnp.exe\u{2066} turned round",
    "${window.struck='template'} {{constructor.constructor('window.struck=1')()}}",
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_stays_text() {
    let Some(circle) = circle(&["Ana", "Bento"]).await else { return };
    circle
        .check(async |pages| {
            let [ana, bento] = pages else { unreachable!("two nodes, two pages") };
            for text in HOSTILE {
                ana.paste(text).await;
            }
            ana.paste("the last of them").await;
            for page in [ana, bento] {
                page.shows("the last of them").await;
                for text in HOSTILE.iter().filter(|text| text.starts_with('<')) {
                    page.shows(text).await;
                }
                let composers = "document.querySelectorAll('#composer').length";
                assert_eq!(page.run(composers).await, json!(1), "markup became part of the page");
                let made = "document.querySelectorAll('#log :is(script, style, link, iframe, base, \
                    meta, object, embed, [onerror], [onload], [href^=\"javascript:\" i])').length";
                assert_eq!(page.run(made).await, json!(0), "text became markup");
                let struck = page.run("window.struck ?? null").await;
                assert_eq!(struck, Value::Null, "text was run");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_long_word_does_not_push_the_page_wide() {
    let Some(circle) = circle(&["Ana", "Bento"]).await else { return };
    circle
        .check(async |pages| {
            let [ana, bento] = pages else { unreachable!("two nodes, two pages") };
            let word = "a".repeat(10_000);
            ana.paste(&word).await;
            for page in [ana, bento] {
                page.shows(&word).await;
                let beyond = "Math.max(0, ...[document.documentElement, document.querySelector(\
                    '#log')].map((box) => box.scrollWidth - box.clientWidth))";
                assert_eq!(page.run(beyond).await, json!(0), "something is wider than its place");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_stays_a_name() {
    let names =
        ["<img src=x onerror=window.struck=1>", "\u{202e}odnanref \u{2066}<b>", "{{7*7}}${7*7}"];
    house(async |house| {
        let ana = house.node("Ana").await;
        let mut others = Vec::new();
        for name in names {
            others.push(house.node_knowing(name, &ana).await);
        }
        let page = house.open(&ana, Look::default()).await;
        for other in &others {
            other.post(["so I am called".to_owned()]).await;
        }
        ana.eventually_holds(1 + 2 * names.len()).await;
        let said = "$$('#log [data-id]').filter(\
            (row) => row.textContent.includes('so I am called')).length";
        page.eventually("all have spoken", &format!("{said} === {}", names.len())).await;
        let members = 1 + names.len();
        let all = format!("$$('#people [data-member]').length === {members}");
        page.eventually("all are in the list", &all).await;
        let made = "#people :is(b, script, [onerror]), #log :is(b, script, [onerror])";
        assert_eq!(page.count(made).await, 0, "a name became markup");
        assert_eq!(page.run("window.struck ?? null").await, Value::Null, "a name was run");
        assert!(page.text("#people").await.contains("{{7*7}}${7*7}"));
        let turning = "/[\\u202a-\\u202e\\u2066-\\u2069]/.test($('#people').textContent)";
        assert_eq!(page.run(turning).await, json!(false), "a name turns what stands beside it");
        page.assert_clean().await;
    })
    .await;
}
