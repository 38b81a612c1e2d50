//! What all requests share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::door::Door;
use super::hosts::Hosts;
use super::limits::PAGES_MAX;
use super::metrics::Metrics;
use super::served::Embedded;

/// What all requests share.
#[derive(Clone)]
pub(super) struct App(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) door: Door,
    pub(super) hosts: Hosts,
    pub(super) metrics: Metrics,
    pub(super) embedded: Embedded,
    pub(super) pages: Arc<Semaphore>,
    pub(super) cancel: CancellationToken,
    /// Connections and pages; all have ended before [`super::serve`] returns.
    pub(super) tasks: TaskTracker,
}

impl std::ops::Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Shared {
    pub(super) fn pages_open(&self) -> usize {
        PAGES_MAX - self.pages.available_permits()
    }
}
