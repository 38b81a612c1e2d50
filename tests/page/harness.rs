//! What every test of the page starts from: nodes of one circle, and a browser to look at them.
//!
//! Where all nodes run and each has its page, a [`circle`]:
//!
//! ```ignore
//! #[tokio::test(flavor = "multi_thread")]
//! async fn a_claim() {
//!     let Some(circle) = circle(&["Ana", "Bento"]).await else { return };
//!     circle.check(async |pages| pages[0].write("hello").await).await;
//! }
//! ```
//!
//! Where nodes come and go, a [`house`]:
//!
//! ```ignore
//! #[tokio::test(flavor = "multi_thread")]
//! async fn a_claim() {
//!     house(async |house| {
//!         let mut ana = house.node("Ana").await;
//!         let page = house.open(&ana, Look::default()).await;
//!         ana.kill();
//!         page.eventually_state("reconnecting").await;
//!         ana.start().await;
//!         page.eventually_state("online").await;
//!         page.assert_clean_but_for(NODE_AWAY).await;
//!     })
//!     .await;
//! }
//! ```

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::browser::Browser;
use crate::history;
use crate::look::Look;
use crate::node::{Node, Setting};
use crate::page::Page;

/// How long a state is waited for: far above what it takes, so that only a fault meets it.
const PATIENCE: Duration = Duration::from_secs(90);
/// Tests that run at once: a browser for each page is heavy, and two cores are common.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What a browser says of a page whose node does not run; for [`Page::assert_clean_but_for`].
pub const NODE_AWAY: &[&str] = &[
    "net::ERR_CONNECTION_REFUSED",
    "net::ERR_CONNECTION_RESET",
    "net::ERR_SOCKET_NOT_CONNECTED",
    "net::ERR_EMPTY_RESPONSE",
    "Connection closed before receiving a handshake response",
];

/// One circle's key, and a browser to look at its nodes.
pub struct House {
    pub key: String,
    browser: Browser,
    _turn: SemaphorePermit<'static>,
}

/// Runs a test's body in a house of its own; does nothing where tests with a browser are not
/// wanted.
pub async fn house(body: impl AsyncFnOnce(&House)) {
    if let Some(house) = House::build().await {
        house.during(body).await;
    }
}

impl House {
    async fn build() -> Option<House> {
        if std::env::var_os("RODA_TEST_BROWSER").is_none() {
            println!("skipped: set RODA_TEST_BROWSER, or use tests/run page");
            return None;
        }
        let turn = AT_ONCE.acquire().await.unwrap();
        let key = fernet::Fernet::generate_key();
        Some(House { key, browser: Browser::start().await, _turn: turn })
    }

    /// Runs the body, then closes the browsers, also where the body panicked.
    async fn during(self, body: impl AsyncFnOnce(&House)) {
        let outcome = AssertUnwindSafe(body(&self)).catch_unwind().await;
        self.browser.close().await;
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    }

    /// What a node of this circle is started with, unless changed.
    pub fn setting(&self, name: &str) -> Setting {
        Setting { name: name.to_owned(), key: self.key.clone(), ..Setting::default() }
    }

    /// Starts a node that knows nobody.
    pub async fn node(&self, name: &str) -> Node {
        self.start(self.setting(name)).await
    }

    /// Starts a node that dials another.
    pub async fn node_knowing(&self, name: &str, other: &Node) -> Node {
        self.start(Setting { known: Some(other.peer.clone()), ..self.setting(name) }).await
    }

    /// Starts a node with this setting.
    pub async fn start(&self, setting: Setting) -> Node {
        let mut node = Node::new(setting);
        node.start().await;
        node
    }

    /// Starts a node that holds this many messages of people who are away; gives it and the number
    /// of entries that were written, profiles too (its own comes on top).
    pub async fn node_with_history(&self, name: &str, count: usize) -> (Node, usize) {
        let mut node = Node::new(self.setting(name));
        let entries = history::write(&node.data(), &self.key, count).await;
        node.start().await;
        (node, entries)
    }

    /// Opens a node's page and waits until it can be written on.
    pub async fn open(&self, node: &Node, look: Look) -> Page {
        let page = self.open_unready(&node.page(), look).await;
        page.ready().await;
        page
    }

    /// Closes every page that is open: a node serves sixteen at most.
    pub async fn close_pages(&self) {
        self.browser.close().await;
    }

    /// Opens an address.
    pub async fn open_unready(&self, address: &str, look: Look) -> Page {
        self.browser.open(address, look).await
    }
}

/// Running nodes of one circle.
pub struct Circle {
    pub nodes: Vec<Node>,
    house: House,
}

/// A circle of nodes with these names, each but the first knowing the one before it; none where
/// tests with a browser are not wanted.
pub async fn circle(names: &[&str]) -> Option<Circle> {
    let house = House::build().await?;
    let mut nodes: Vec<Node> = Vec::new();
    for name in names {
        let known = nodes.last().map(|node| node.peer.clone());
        nodes.push(house.start(Setting { known, ..house.setting(name) }).await);
    }
    Some(Circle { nodes, house })
}

impl Circle {
    /// Opens the page of every node, runs the body, and checks that no page had anything to
    /// complain about. The browser is closed whatever happens.
    pub async fn check(self, body: impl AsyncFnOnce(&[Page])) {
        let looks = vec![Look::default(); self.nodes.len()];
        self.look(&looks, async |pages| {
            body(pages).await;
            for page in pages {
                page.assert_clean().await;
            }
        })
        .await;
    }

    /// As [`Circle::check`], with a look for each page and without the checks at the end.
    pub async fn look(self, looks: &[Look], body: impl AsyncFnOnce(&[Page])) {
        let Circle { nodes, house } = self;
        house
            .during(async |house| {
                let mut pages = Vec::new();
                for (node, look) in nodes.iter().zip(looks) {
                    pages.push(house.open(node, *look).await);
                }
                body(&pages).await;
            })
            .await;
    }
}

/// Polls until there is an answer.
///
/// # Panics
/// With `what` where there is none within [`PATIENCE`].
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
