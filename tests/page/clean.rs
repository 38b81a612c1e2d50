//! What no page may ever do: break its policy, complain, ask others than its node, or shut out
//! who reads it with other senses.

use serde_json::{Value, json};
use thirtyfour::BrowserLogEntry;

use crate::page::Page;

/// axe-core 4.14.1; see `vendor/`.
const AXE: &str = include_str!("vendor/axe.min.js");

/// Everything that WCAG 2.1 at AA and good practice ask for and a machine can check.
/// What scrolls in the log is reached from its row, once that is the active one: the log is one
/// stop of the tab key, which axe cannot know.
const ASK_AXE: &str = "axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    resultTypes: ['violations'], preload: false,
}).then(({violations}) => violations.flatMap(({id, help, nodes}) => nodes.filter((node) =>
    id !== 'scrollable-region-focusable' ||
    !document.querySelector(node.target[0])?.closest('#log')).map((node) =>
    `${id} (${help}): ${node.target} ${node.html.slice(0, 300)} ${node.failureSummary}`)))";

impl Page {
    /// Nothing was refused by the page's policy, nothing complained to the console, nothing was
    /// asked of anybody but the page's own node, and axe finds no fault. What was looked at is not
    /// looked at again.
    pub async fn assert_clean(&self) {
        self.assert_clean_but_for(&[]).await;
    }

    /// As [`Page::assert_clean`], apart from complaints that hold one of these texts: a browser
    /// always says that a node did not answer.
    pub async fn assert_clean_but_for(&self, expected: &[&str]) {
        assert_eq!(self.run("refused").await, json!([]), "refused by the page's policy");
        let log = self.session.browser_log().await.unwrap();
        let complains = |entry: &&BrowserLogEntry| {
            ["SEVERE", "WARNING"].contains(&&*entry.level)
                && !expected.iter().any(|text| entry.message.contains(text))
        };
        let complaints: Vec<_> = log.iter().filter(complains).collect();
        assert!(complaints.is_empty(), "the console has {complaints:#?}");
        let asked = self.asked().await;
        let own = self.address.trim_start_matches("http://").split('/').next().unwrap();
        let outside: Vec<_> = asked.iter().filter(|url| !is_own(url, own)).collect();
        assert!(outside.is_empty(), "the page asks others than its node: {outside:#?}");
        self.assert_accessible().await;
    }

    /// axe finds no fault with what the page shows now.
    pub async fn assert_accessible(&self) {
        if self.run("'axe' in window").await == json!(false) {
            self.run(&format!("void (() => {{ {AXE} }})()")).await;
        }
        let faults: Vec<String> = serde_json::from_value(self.run(ASK_AXE).await).unwrap();
        assert!(faults.is_empty(), "axe finds {} faults:\n{}", faults.len(), faults.join("\n"));
        // What axe itself asked for is not the page's fault.
        self.run("void (refused.length = 0)").await;
        self.session.browser_log().await.unwrap();
    }

    /// Every address that the page asked for, sockets too, since the last look.
    async fn asked(&self) -> Vec<String> {
        let log = self.session.get_log("performance").await.unwrap();
        let url = |entry: &BrowserLogEntry| {
            let entry: Value = serde_json::from_str(&entry.message).ok()?;
            let event = &entry["message"];
            let url = match event["method"].as_str()? {
                "Network.requestWillBeSent" => &event["params"]["request"]["url"],
                "Network.webSocketCreated" => &event["params"]["url"],
                _ => return None,
            };
            url.as_str().map(str::to_owned)
        };
        assert!(!log.is_empty(), "the browser's log is empty");
        log.iter().filter_map(url).collect()
    }
}

/// Whether an address is the node's own (`host:port`), or leads to nobody.
fn is_own(url: &str, own: &str) -> bool {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    let place = rest.trim_start_matches('/').split(['/', '?', '#']).next();
    match scheme {
        "http" | "ws" => place == Some(own),
        // A browser opens with a page of its own before it is sent to ours.
        "data" | "blob" | "chrome" | "chrome-untrusted" => true,
        _ => false,
    }
}
