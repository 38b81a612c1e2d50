//! Places for connections: the longest idle gives way to a new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::limits::CONNECTIONS_MAX;

/// The open connections, so that the longest idle can give way to a new one.
#[derive(Default)]
pub(super) struct Places {
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
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    using: Arc<Use>,
    /// Cancelled where the place is needed for another.
    pub(super) give_way: CancellationToken,
}

impl Places {
    /// A place, if need be that of the longest idle; none where all are busy.
    pub(super) fn take(places: &Arc<Places>) -> Option<Arc<Place>> {
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
    pub(super) fn new(place: Arc<Place>) -> Busy {
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
