//! History is read for peers on blocking threads, over connections of its own, beside the owner.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Task;
use crate::protocol::circle::Input;
use crate::protocol::entry::CheckedRun;
use crate::protocol::id::NodeId;
use crate::protocol::limits::LOOKUPS_MAX;
use crate::protocol::lookup::Lookup;
use crate::store::Reader;

/// What a lookup has found, and what is left of it.
pub(super) struct Found(NodeId, Lookup, Vec<Arc<CheckedRun>>);

/// Where lookups are done; at most [`LOOKUPS_MAX`] are out, so there is room for what they find.
pub(super) struct Lookups {
    archive: Reader,
    found: mpsc::Sender<Found>,
}

impl Lookups {
    pub(super) fn new(archive: &Reader) -> (Lookups, mpsc::Receiver<Found>) {
        let (found, receiver) = mpsc::channel(LOOKUPS_MAX);
        (Lookups { archive: archive.dedicated(LOOKUPS_MAX), found }, receiver)
    }

    pub(super) fn start(&self, peer: NodeId, mut lookup: Lookup) {
        let (archive, found) = (self.archive.clone(), self.found.clone());
        tokio::task::spawn_blocking(move || {
            let runs = lookup.read(&archive);
            // An owner that has ended needs no answer.
            let _ = found.blocking_send(Found(peer, lookup, runs));
        });
    }
}

impl Task {
    pub(super) fn found(&mut self, Found(peer, lookup, runs): Found) {
        self.circle(Input::Found(peer, lookup, runs));
    }
}
