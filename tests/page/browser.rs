//! Chromium, driven through chromedriver.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Program, Stdio};
use std::sync::Mutex;

use serde_json::json;
use tempfile::TempDir;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;

use crate::look::Look;
use crate::page::Page;

/// Runs before a page's own scripts: what the browser refuses is kept, to be asked for.
const WITNESS: &str = "
    window.refused = [];
    addEventListener('securitypolicyviolation', (e) => refused.push(
        `${e.effectiveDirective} refused ${e.blockedURI} ${e.sample} at ${e.sourceFile}`));
";

/// The port that it picks is free in one family of addresses, and may be taken in the other: then
/// it ends.
const DRIVER_TRIES: usize = 3;

fn driver(home: &TempDir) -> Option<(Child, u16)> {
    let mut driver = Program::new("chromedriver")
        .arg("--port=0")
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("chromedriver does not start: install chromium-driver, or use tests/run page");
    let said = BufReader::new(driver.stdout.take().expect("it is piped"));
    let port = said.lines().map_while(Result::ok).find_map(|line| port_in(&line));
    if port.is_none() {
        // It has ended by itself.
        driver.wait().ok();
    }
    port.map(|port| (driver, port))
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
        let started = (0..DRIVER_TRIES).find_map(|_| driver(&home));
        let (driver, port) = started.expect("chromedriver names no port");
        let address = format!("http://127.0.0.1:{port}");
        Browser { driver, address, home, open: Mutex::default() }
    }

    /// Opens an address in a browser with a fresh profile.
    pub async fn open(&self, address: &str, look: Look) -> Page {
        let count = self.open.lock().unwrap().len();
        let profile = self.home.path().join(format!("profile-{count}"));
        let session = WebDriver::new(&self.address, capabilities(&profile)).await.unwrap();
        self.open.lock().unwrap().push(session.clone());
        let page = Page::new(session, address);
        look.emulate(&page).await;
        // A window that nobody sees has the focus in some versions of Chromium only.
        page.devtools("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WITNESS })).await;
        page.go(address).await;
        page
    }

    /// Closes what was opened.
    pub async fn close(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap());
        for session in open {
            // What the test found matters more than how the browser ends.
            session.quit().await.ok();
        }
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
        // Names that lead to this machine, as a hostile name server could have them lead.
        "--host-resolver-rules=MAP *.example 127.0.0.1",
        "--no-proxy-server",
        &format!("--user-data-dir={}", profile.display()),
    ] {
        wanted.add_arg(flag).unwrap();
    }
    for log in ["browser", "performance"] {
        wanted.set_logging_prefs(log, LoggingPrefsLogLevel::All).unwrap();
    }
    wanted.into()
}
