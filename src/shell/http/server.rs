//! The listener: bounded connections with bounded waits.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tracing::{debug, warn};

use super::app::{App, Shared};
use super::door::Door;
use super::hosts::Hosts;
use super::limits::{ACCEPT_RETRY, HEADERS_MAX, HEADERS_WAIT, PAGES_MAX, SHUTDOWN_WAIT};
use super::metrics::Metrics;
use super::routes;
use super::served::Embedded;
use super::slots::{Busy, Slot, Slots};

/// Answers on `listener` until `cancel`; then open requests and pages get
/// [`SHUTDOWN_WAIT`](super::limits::SHUTDOWN_WAIT) to end.
///
/// # Errors
/// The listener has no address. Failures of single connections are logged only.
pub async fn serve(listener: TcpListener, door: Door, cancel: CancellationToken) -> io::Result<()> {
    let hosts = Hosts::new(&door.hosts, listener.local_addr()?);
    let tasks = TaskTracker::new();
    let (metrics, pages) = (Metrics::new(), Arc::new(Semaphore::new(PAGES_MAX)));
    // Dropping `serve` ends its connections too.
    let cancel = cancel.child_token();
    let _ended = cancel.clone().drop_guard();
    let app = App(Arc::new(Shared {
        door,
        hosts,
        metrics,
        embedded: Embedded::default(),
        pages,
        cancel: cancel.clone(),
        tasks: tasks.clone(),
    }));
    let router = routes::router(app);
    let slots = Arc::new(Slots::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = cancel.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => match Slots::take(&slots) {
                Some(slot) => {
                    tasks.spawn(connection(stream, router.clone(), slot, cancel.clone()));
                }
                None => debug!("all connections are busy: a new one was closed"),
            },
            Err(error) => {
                warn!(%error, "cannot accept a connection to the page; trying again");
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
    tasks.close();
    if timeout(SHUTDOWN_WAIT, tasks.wait()).await.is_err() {
        debug!("connections to the page are still open at the end");
    }
    Ok(())
}

async fn connection(stream: TcpStream, router: Router, slot: Arc<Slot>, cancel: CancellationToken) {
    // Small frames must not wait for the other side's acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let give_way = slot.give_way.clone();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let busy = Busy::new(slot.clone());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(busy.clone());
        let answer = router.clone().oneshot(request);
        async move {
            let response = answer.await;
            drop(busy);
            response
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WAIT)
        .max_buf_size(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(serving);
    tokio::select! {
        ended = serving.as_mut() => {
            if let Err(error) = ended {
                debug!(%error, "a connection to the page ended");
            }
        }
        () = give_way.cancelled() => debug!("an idle connection gave way to a new one"),
        () = cancel.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = timeout(SHUTDOWN_WAIT, serving).await;
        }
    }
}
