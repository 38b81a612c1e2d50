//! Slots for connections: the longest idle gives way to a new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::limits::CONNECTIONS_MAX;

/// The open connections, so that the longest idle can give way to a new one.
#[derive(Default)]
pub(super) struct Slots {
    open: Mutex<BTreeMap<u64, Arc<Use>>>,
    ticks: AtomicU64,
}

#[derive(Default)]
struct Use {
    requests: AtomicUsize,
    idle_since: AtomicU64,
    give_way: CancellationToken,
}

/// One connection's slot; free again when the last holder drops it.
pub(super) struct Slot {
    slots: Arc<Slots>,
    number: u64,
    using: Arc<Use>,
    /// Cancelled where the slot is needed for another.
    pub(super) give_way: CancellationToken,
}

impl Slots {
    /// A slot, if need be that of the longest idle; none where all are busy.
    pub(super) fn take(slots: &Arc<Slots>) -> Option<Arc<Slot>> {
        let number = slots.ticks.fetch_add(1, Ordering::Relaxed);
        let using = Arc::new(Use { idle_since: AtomicU64::new(number), ..Use::default() });
        let mut open = slots.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= CONNECTIONS_MAX {
            let idle = open.iter().filter(|(_, using)| using.requests.load(Ordering::Relaxed) == 0);
            let oldest = idle.min_by_key(|(_, using)| using.idle_since.load(Ordering::Relaxed));
            let oldest = *oldest?.0;
            open.remove(&oldest)?.give_way.cancel();
        }
        open.insert(number, using.clone());
        drop(open);
        let give_way = using.give_way.clone();
        Some(Arc::new(Slot { slots: slots.clone(), number, using, give_way }))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&self.number);
    }
}

/// Held while a request is answered, and by a page as long as it lives: a busy connection does not
/// give way.
#[derive(Clone)]
pub(super) struct Busy(#[expect(dead_code, reason = "held for its drop")] Arc<BusyInner>);

struct BusyInner(Arc<Slot>);

impl Busy {
    pub(super) fn new(slot: Arc<Slot>) -> Busy {
        slot.using.requests.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::new(BusyInner(slot)))
    }
}

impl Drop for BusyInner {
    fn drop(&mut self) {
        let now = self.0.slots.ticks.fetch_add(1, Ordering::Relaxed);
        self.0.using.idle_since.store(now, Ordering::Relaxed);
        self.0.using.requests.fetch_sub(1, Ordering::Relaxed);
    }
}
