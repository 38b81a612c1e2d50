//! Chromium, driven through chromedriver: pages that can be written on, read, and asked what they
//! complained about.

use std::fs;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::process::{Child, Command as Program, Stdio};
use std::sync::{Arc, Mutex};

use axum::http::Method;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::common::command::{Command, ExtensionCommand};
use thirtyfour::prelude::*;

use crate::harness::eventually;

/// Runs before a page's own scripts: what the browser refuses is kept, to be asked for.
const WITNESS: &str = "
    window.refused = [];
    addEventListener('securitypolicyviolation', (e) => refused.push(
        `${e.effectiveDirective} refused ${e.blockedURI} ${e.sample} at ${e.sourceFile}`));
";

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look { width: 1280, height: 800, dark: false }
    }
}

/// A chromedriver of this test's own; each page that it opens has a browser of its own.
pub struct Browser {
    driver: Child,
    address: String,
    home: TempDir,
    open: Mutex<Vec<WebDriver>>,
}

impl Browser {
    /// Starts chromedriver on a port that the system picks.
    pub async fn start() -> Browser {
        let home = TempDir::with_prefix("roda-browser-").unwrap();
        let mut driver = Program::new("chromedriver")
            .arg("--port=0")
            .env("HOME", home.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver does not start: install chromium-driver, or use tests/run page");
        let said = BufReader::new(driver.stdout.take().unwrap());
        let port = said.lines().map_while(Result::ok).find_map(|line| port_in(&line));
        let address = format!("http://127.0.0.1:{}", port.expect("chromedriver names no port"));
        Browser { driver, address, home, open: Mutex::default() }
    }

    /// Runs the body, then closes what was opened, also where the body panicked.
    pub async fn during(self, body: impl AsyncFnOnce(&Browser)) {
        let outcome = AssertUnwindSafe(body(&self)).catch_unwind().await;
        let open = std::mem::take(&mut *self.open.lock().unwrap());
        for session in open {
            // What the test found matters more than how the browser ends.
            session.quit().await.ok();
        }
        drop(self);
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    }

    /// Opens an address in a browser with a fresh profile.
    pub async fn open(&self, address: &str, look: Look) -> Page {
        let count = self.open.lock().unwrap().len();
        let profile = self.home.path().join(format!("profile-{count}"));
        let session = WebDriver::new(&self.address, capabilities(&profile)).await.unwrap();
        self.open.lock().unwrap().push(session.clone());
        let page = Page { session, address: address.to_owned() };
        page.emulate(look).await;
        page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WITNESS })).await;
        page.session.goto(address).await.unwrap();
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It has nothing left to lose: its browsers are closed.
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// The port in chromedriver's "… was started successfully on port N."
fn port_in(line: &str) -> Option<u16> {
    line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

fn capabilities(profile: &Path) -> Capabilities {
    let mut wanted = DesiredCapabilities::chrome();
    for flag in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--force-color-profile=srgb",
        &format!("--user-data-dir={}", profile.display()),
    ] {
        wanted.add_arg(flag).unwrap();
    }
    for log in ["browser", "performance"] {
        wanted.set_logging_prefs(log, LoggingPrefsLogLevel::All).unwrap();
    }
    wanted.into()
}

/// One page of one node, in a browser.
pub struct Page {
    session: WebDriver,
    address: String,
}

impl Page {
    /// Waits until the page can be written on.
    pub async fn ready(&self) {
        eventually("the page shows its composer, ready", async || {
            let ready = "!!document.querySelector('#composer:not([disabled])')";
            (self.run(ready).await == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Types a text with the keyboard and presses Send.
    pub async fn write(&self, text: &str) {
        let composer = self.session.find(By::Id("composer")).await.unwrap();
        composer.send_keys(text).await.unwrap();
        self.press_send().await;
    }

    /// Pastes a text, whatever its characters, and presses Send.
    pub async fn paste(&self, text: &str) {
        let pasted = format!(
            "(document.querySelector('#composer').focus(), \
             document.execCommand('insertText', false, {}))",
            json!(text)
        );
        assert_eq!(self.run(&pasted).await, Value::Bool(true), "the composer takes no text");
        self.press_send().await;
    }

    async fn press_send(&self) {
        let send = self.session.find(By::Id("send")).await.unwrap();
        send.click().await.unwrap();
    }

    /// Ids of the messages on the page, from top to bottom.
    pub async fn ids(&self) -> Vec<String> {
        let ids = "[...document.querySelectorAll('#log [data-id]')].map((row) => row.dataset.id)";
        serde_json::from_value(self.run(ids).await).unwrap()
    }

    /// Texts of the messages' rows, from top to bottom: author, words, time and all.
    pub async fn rows(&self) -> Vec<String> {
        let rows = "[...document.querySelectorAll('#log [data-id]')].map((row) => row.textContent)";
        serde_json::from_value(self.run(rows).await).unwrap()
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

    /// The value of a JavaScript expression, awaited. Not bound by the page's policy.
    ///
    /// # Panics
    /// Where it throws.
    pub async fn run(&self, expression: &str) -> Value {
        let wanted = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
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

    /// Nothing was refused by the page's policy, nothing complained to the console, and nothing was
    /// asked of anybody but the page's own node. What was looked at is not looked at again.
    pub async fn assert_clean(&self) {
        assert_eq!(self.run("refused").await, json!([]), "refused by the page's policy");
        let log = self.session.browser_log().await.unwrap();
        let complaints: Vec<_> =
            log.iter().filter(|entry| ["SEVERE", "WARNING"].contains(&&*entry.level)).collect();
        assert!(complaints.is_empty(), "the console has {complaints:#?}");
        let asked = self.asked().await;
        let own = self.address.trim_start_matches("http://");
        let outside: Vec<_> = asked.iter().filter(|url| !is_own(url, own)).collect();
        assert!(outside.is_empty(), "the page asks others than its node: {outside:#?}");
        assert!(!asked.is_empty(), "the browser's log of requests is empty");
    }

    /// Every address that the page asked for, sockets too, since the last look.
    async fn asked(&self) -> Vec<String> {
        let log = self.session.get_log("performance").await.unwrap();
        let url = |entry: &thirtyfour::BrowserLogEntry| {
            let entry: Value = serde_json::from_str(&entry.message).ok()?;
            let event = &entry["message"];
            let url = match event["method"].as_str()? {
                "Network.requestWillBeSent" => &event["params"]["request"]["url"],
                "Network.webSocketCreated" => &event["params"]["url"],
                _ => return None,
            };
            url.as_str().map(str::to_owned)
        };
        log.iter().filter_map(url).collect()
    }

    async fn emulate(&self, look: Look) {
        let size = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1,
            "mobile": look.width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// One command of the DevTools protocol, for what WebDriver has no word for.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let devtools = Command::ExtensionCommand(Box::new(DevTools { command, parameters }));
        self.session.cmd(devtools).await.unwrap().value().unwrap()
    }
}

/// Whether an address is the node's own (`host:port/`), or leads to nobody.
fn is_own(url: &str, own: &str) -> bool {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    match scheme {
        "http" | "ws" => rest.trim_start_matches('/').starts_with(own),
        // A browser opens with a page of its own before it is sent to ours.
        "data" | "blob" | "chrome" => true,
        _ => false,
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
