//! Pages that can be written on and read.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use thirtyfour::common::command::{Command, ExtensionCommand};
use thirtyfour::prelude::*;

use crate::harness::eventually;

/// One page of one node, in a browser.
pub struct Page {
    pub session: WebDriver,
    /// Its node's, as opened: `http://host:port/`, with a fragment perhaps.
    pub address: String,
}

impl Page {
    /// The page that this session will show.
    pub fn new(session: WebDriver, address: &str) -> Page {
        Page { session, address: address.to_owned() }
    }

    /// Opens an address.
    pub async fn go(&self, address: &str) {
        self.session.goto(address).await.unwrap();
    }

    /// Waits until the page can be written on.
    pub async fn ready(&self) {
        self.eventually("the composer is ready", "!!$('#composer:not([disabled])')").await;
        self.eventually_state("online").await;
    }

    /// Loads the page anew, and waits until it can be written on.
    pub async fn reload(&self) {
        self.session.refresh().await.unwrap();
        self.ready().await;
    }

    /// Types a text with the keyboard and presses Send.
    pub async fn write(&self, text: &str) {
        self.keys("#composer", text).await;
        self.click("#send").await;
    }

    /// Pastes a text, whatever its characters, and presses Send.
    pub async fn paste(&self, text: &str) {
        self.insert("#composer", text).await;
        self.click("#send").await;
    }

    /// Types into an element with the keyboard; Unicode's private characters are special keys.
    pub async fn keys(&self, selector: &str, text: &str) {
        let element = self.session.find(By::Css(selector)).await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Puts a text into a field as a paste does, whatever its characters.
    pub async fn insert(&self, selector: &str, text: &str) {
        let inserted = format!(
            "($({}).focus(), document.execCommand('insertText', false, {}))",
            json!(selector),
            json!(text)
        );
        assert_eq!(self.run(&inserted).await, json!(true), "{selector} takes no text");
    }

    /// Clicks with the mouse: only what is in view and not covered can be.
    pub async fn click(&self, selector: &str) {
        self.session.find(By::Css(selector)).await.unwrap().click().await.unwrap();
    }

    /// Ids of the messages on the page, from top to bottom.
    pub async fn ids(&self) -> Vec<String> {
        let ids = "$$('#log [data-id]').map((row) => row.dataset.id)";
        serde_json::from_value(self.run(ids).await).unwrap()
    }

    /// Texts of the messages' rows, from top to bottom: author, words, time and all.
    pub async fn rows(&self) -> Vec<String> {
        let rows = "$$('#log [data-id]').map((row) => row.textContent)";
        serde_json::from_value(self.run(rows).await).unwrap()
    }

    /// How many elements match.
    pub async fn count(&self, selector: &str) -> u64 {
        self.run(&format!("$$({}).length", json!(selector))).await.as_u64().unwrap()
    }

    /// The first match's text; empty where nothing matches.
    pub async fn text(&self, selector: &str) -> String {
        let text = format!("$({})?.textContent ?? ''", json!(selector));
        self.run(&text).await.as_str().unwrap().to_owned()
    }

    /// Whether a match can be seen.
    pub async fn sees(&self, selector: &str) -> bool {
        let sees = "$$(S).some((e) => e.checkVisibility({visibilityProperty: true, \
            opacityProperty: true}) && e.getBoundingClientRect().height > 1)";
        self.run(&sees.replace('S', &json!(selector).to_string())).await == json!(true)
    }

    /// Waits until a row holds a text; gives the row's id.
    pub async fn shows(&self, text: &str) -> String {
        let start: String = text.chars().take(60).collect();
        eventually(&format!("{} shows {start:?}", self.address), async || {
            let at = self.rows().await.iter().position(|row| row.contains(text))?;
            self.ids().await.get(at).cloned()
        })
        .await
    }

    /// Waits until a JavaScript expression is true.
    pub async fn eventually(&self, what: &str, expression: &str) {
        eventually(&format!("{}: {what}", self.address), async || {
            (self.run(expression).await == json!(true)).then_some(())
        })
        .await;
    }

    /// Waits until something can be seen.
    pub async fn eventually_sees(&self, selector: &str) {
        eventually(&format!("{} shows {selector}", self.address), async || {
            self.sees(selector).await.then_some(())
        })
        .await;
    }

    /// Waits until the page says that its connection is in this state.
    pub async fn eventually_state(&self, state: &str) {
        let is = format!("$('#state')?.dataset.state === {}", json!(state));
        self.eventually(&format!("the state is {state}"), &is).await;
    }

    /// From now on, keeps every change of the connection's state in `recorded`: its name, its
    /// words, whether it is shown, and the milliseconds since it was `online`.
    pub async fn record_states(&self) {
        let record = "void (() => {
            const state = $('#state');
            let online = performance.now();
            window.recorded = [];
            new MutationObserver(() => {
                if (state.dataset.state === 'online') online = performance.now();
                recorded.push([state.dataset.state, state.textContent,
                    state.classList.contains('shown'), performance.now() - online]);
            }).observe(state, { attributes: true, childList: true, subtree: true });
        })()";
        self.run(record).await;
    }

    /// Waits until nothing that was written here waits to be sent.
    pub async fn eventually_all_sent(&self) {
        self.eventually("nothing waits to be sent", "$$('#log [data-ref]').length === 0").await;
    }

    /// The value of a JavaScript expression, awaited; not bound by the page's policy. `$` and `$$`
    /// find the first element and all, but only until the expression waits for something.
    ///
    /// # Panics
    /// Where it throws.
    pub async fn run(&self, expression: &str) -> Value {
        let wanted = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
            "includeCommandLineAPI": true, "userGesture": true,
        });
        let mut answer = self.devtools("Runtime.evaluate", wanted).await;
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression} throws {thrown}");
        answer["result"]["value"].take()
    }

    /// Makes a picture of what is in view.
    pub async fn picture(&self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        self.session.screenshot(path).await.unwrap();
    }

    /// One command of the DevTools protocol, for what WebDriver has no word for.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let devtools = Command::ExtensionCommand(Box::new(DevTools { command, parameters }));
        self.session.cmd(devtools).await.unwrap().value().unwrap()
    }
}

#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl ExtensionCommand for DevTools {
    fn parameters_json(&self) -> Option<Value> {
        Some(json!({ "cmd": self.command, "params": self.parameters }))
    }

    fn method(&self) -> Method {
        Method::POST
    }

    fn endpoint(&self) -> Arc<str> {
        "/goog/cdp/execute".into()
    }
}
