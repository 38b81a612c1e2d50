//! The circle that a request or a page speaks of.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::app::App;
use super::door::{CircleDoor, Rows, Unreadable};
use super::message::Lens;
use super::problem::Problem;
use crate::keyring::CircleId;
use crate::shell::handle::View;

/// The circle that is spoken of, said in one place: none can be named yet, so it is the first.
pub(super) fn spoken_of(app: &App) -> CircleDoor {
    app.door.circles.get(&CircleId::FIRST).expect("a home has a first circle").clone()
}

impl FromRequestParts<App> for CircleDoor {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, app: &App) -> Result<CircleDoor, Infallible> {
        Ok(spoken_of(app))
    }
}

impl CircleDoor {
    pub(super) fn view(&self) -> Arc<View> {
        self.handle.view.borrow().clone()
    }

    pub(super) fn lens(&self) -> Lens {
        Lens::new(self.view())
    }

    /// Reads from the store, off the async threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Rows) -> Result<T, Unreadable> + Send + 'static,
    ) -> Result<T, Problem> {
        let rows = self.rows.clone();
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
