//! What every test of the page starts from: some nodes that know each other, a page on each.
//!
//! ```ignore
//! #[tokio::test(flavor = "multi_thread")]
//! async fn a_claim() {
//!     let Some(circle) = circle(&["Ana", "Bento"]).await else { return };
//!     circle.check(async |pages| pages[0].say("hello").await).await;
//! }
//! ```

use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::browser::{Browser, Look, Page};
use crate::node::Node;

/// How long a state is waited for: far above what it takes, so that only a fault meets it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tests that run at once: a browser for each page is heavy, and two cores are common.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Nodes of one circle, and a browser to look at them.
pub struct Circle {
    pub nodes: Vec<Node>,
    pub browser: Browser,
    _turn: SemaphorePermit<'static>,
}

/// A circle of nodes with these names, each but the first knowing the one before it; none where
/// tests with a browser are not wanted.
pub async fn circle(names: &[&str]) -> Option<Circle> {
    if std::env::var_os("RODA_TEST_BROWSER").is_none() {
        println!("skipped: set RODA_TEST_BROWSER, or use tests/run page");
        return None;
    }
    let turn = AT_ONCE.acquire().await.unwrap();
    let key = fernet::Fernet::generate_key();
    let mut nodes: Vec<Node> = Vec::new();
    for name in names {
        let known = nodes.last().map(|node| node.peer.clone());
        nodes.push(Node::start(name, &key, known.as_deref()).await);
    }
    Some(Circle { nodes, browser: Browser::start().await, _turn: turn })
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
        let Circle { nodes, browser, _turn } = self;
        browser
            .during(async |browser| {
                let mut pages = Vec::new();
                for (node, look) in nodes.iter().zip(looks) {
                    pages.push(browser.open(&node.page(), *look).await);
                }
                for page in &pages {
                    page.ready().await;
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
