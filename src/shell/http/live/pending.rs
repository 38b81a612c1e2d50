//! Sends that wait for their commit.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use crate::shell::handle::Refused;
use crate::shell::http::problem::Problem;
use crate::store::Row;

/// What became of a send, with its reference.
pub(super) type Outcome = (Option<String>, Result<Row, Problem>);

/// A send that waits for its commit.
pub(super) struct Pending {
    pub(super) reference: Option<String>,
    pub(super) answer: oneshot::Receiver<Result<Row, Refused>>,
}

impl Future for Pending {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        let outcome = answer.map_err(|_| Problem::gone());
        let outcome = outcome.and_then(|answer| answer.map_err(Problem::from));
        Poll::Ready((self.reference.take(), outcome))
    }
}
