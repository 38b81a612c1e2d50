//! What all requests share.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::door::{Door, Rows, Unreadable};
use super::hosts::Hosts;
use super::limits::PAGES_MAX;
use super::message::Lens;
use super::metrics::Metrics;
use super::problem::Problem;
use super::served::Embedded;
use crate::shell::handle::View;

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
    pub(super) fn view(&self) -> Arc<View> {
        self.door.handle.view.borrow().clone()
    }

    pub(super) fn lens(&self) -> Lens {
        Lens::new(self.view())
    }

    pub(super) fn pages_open(&self) -> usize {
        PAGES_MAX - self.pages.available_permits()
    }

    /// Reads from the store, off the async threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Rows) -> Result<T, Unreadable> + Send + 'static,
    ) -> Result<T, Problem> {
        let rows = self.door.rows.clone();
        match tokio::task::spawn_blocking(move || read(&*rows)).await {
            Ok(read) => {
                read.map_err(|why| Problem::unreadable(StatusCode::SERVICE_UNAVAILABLE, why))
            }
            Err(_) => {
                let why = "reading broke off, a bug; look at the node's log";
                Err(Problem::unreadable(StatusCode::INTERNAL_SERVER_ERROR, why))
            }
        }
    }
}
