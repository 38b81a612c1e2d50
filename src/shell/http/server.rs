//! The listener: bounded connections with bounded waits, and what all requests share.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
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

use crate::shell::handle::View;

use super::guards::Hosts;
use super::limits::{
    ACCEPT_RETRY, CONNECTIONS_MAX, HEADERS_MAX, HEADERS_WAIT, PAGES_MAX, SHUTDOWN_WAIT,
};
use super::message::Lens;
use super::metrics::Metrics;
use super::problem::Problem;
use super::{Door, Rows, Unreadable, routes};

/// What all requests share.
#[derive(Clone)]
pub(super) struct App(Arc<Shared>);

pub(super) struct Shared {
    pub(super) door: Door,
    pub(super) hosts: Hosts,
    pub(super) metrics: Metrics,
    pub(super) pages: Arc<Semaphore>,
    pub(super) cancel: CancellationToken,
    /// Connections and pages; all have ended before [`serve`] returns.
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

/// Answers on `listener` until `cancel`; then open requests and pages get
/// [`SHUTDOWN_WAIT`](super::limits::SHUTDOWN_WAIT) to end.
///
/// # Errors
/// The listener has no address. Failures of single connections are logged only.
pub async fn serve(listener: TcpListener, door: Door, cancel: CancellationToken) -> io::Result<()> {
    let hosts = Hosts::new(&door, listener.local_addr()?);
    let tasks = TaskTracker::new();
    let (metrics, pages) = (Metrics::new(), Arc::new(Semaphore::new(PAGES_MAX)));
    // Dropping `serve` ends its connections too.
    let cancel = cancel.child_token();
    let _ended = cancel.clone().drop_guard();
    let app = App(Arc::new(Shared {
        door,
        hosts,
        metrics,
        pages,
        cancel: cancel.clone(),
        tasks: tasks.clone(),
    }));
    let router = routes::router(app);
    let places = Arc::new(Places::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = cancel.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => match Places::take(&places) {
                Some(place) => {
                    tasks.spawn(connection(stream, router.clone(), place, cancel.clone()));
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

async fn connection(
    stream: TcpStream,
    router: Router,
    place: Arc<Place>,
    cancel: CancellationToken,
) {
    // Small frames must not wait for the other side's acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let give_way = place.give_way.clone();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let busy = Busy::new(place.clone());
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

/// The open connections, so that the longest idle can give way to a new one.
#[derive(Default)]
struct Places {
    open: Mutex<BTreeMap<u64, Arc<Use>>>,
    ticks: AtomicU64,
}

#[derive(Default)]
struct Use {
    requests: AtomicUsize,
    idle_since: AtomicU64,
    give_way: CancellationToken,
}

/// One connection's place; free again when the last holder drops it.
struct Place {
    places: Arc<Places>,
    number: u64,
    using: Arc<Use>,
    give_way: CancellationToken,
}

impl Places {
    /// A place, if need be that of the longest idle; none where all are busy.
    fn take(places: &Arc<Places>) -> Option<Arc<Place>> {
        let number = places.ticks.fetch_add(1, Ordering::Relaxed);
        let using = Arc::new(Use { idle_since: AtomicU64::new(number), ..Use::default() });
        let mut open = places.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= CONNECTIONS_MAX {
            let idle = open.iter().filter(|(_, using)| using.requests.load(Ordering::Relaxed) == 0);
            let oldest = idle.min_by_key(|(_, using)| using.idle_since.load(Ordering::Relaxed));
            let oldest = *oldest?.0;
            open.remove(&oldest)?.give_way.cancel();
        }
        open.insert(number, using.clone());
        drop(open);
        let give_way = using.give_way.clone();
        Some(Arc::new(Place { places: places.clone(), number, using, give_way }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&self.number);
    }
}

/// Held while a request is answered, and by a page as long as it lives: a busy connection does not
/// give way.
#[derive(Clone)]
pub(super) struct Busy(#[expect(dead_code, reason = "held for its drop")] Arc<BusyInner>);

struct BusyInner(Arc<Place>);

impl Busy {
    fn new(place: Arc<Place>) -> Busy {
        place.using.requests.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::new(BusyInner(place)))
    }
}

impl Drop for BusyInner {
    fn drop(&mut self) {
        let now = self.0.places.ticks.fetch_add(1, Ordering::Relaxed);
        self.0.using.idle_since.store(now, Ordering::Relaxed);
        self.0.using.requests.fetch_sub(1, Ordering::Relaxed);
    }
}
