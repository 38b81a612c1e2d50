//! What others say is shown as soon as it is proven: the disk takes its time.

use super::Task;
use crate::conversation::kind::{self, Reading};
use crate::protocol::archive::Write;
use crate::protocol::entry::CheckedRun;
use crate::shell::handle::{Event, StoreState};
use crate::store::Row;

/// Entries in one batch that are shown early: where many come at once the pages have enough to do.
const EARLY_MAX: usize = 16;

impl Task {
    /// Tells pages the entries of others in these writes. Not what is told under another entry, nor
    /// anything while the disk is behind: then the batch before this one is not shown either.
    pub(super) fn tell_early(&self, writes: &[Write]) {
        if self.owner.events.receiver_count() == 0
            || self.store != StoreState::Ok
            || !self.backlog.is_empty()
            || self.owner.circle.catching_up().is_some()
        {
            return;
        }
        let me = self.owner.circle.me();
        let runs = writes.iter().filter_map(|write| match write {
            Write::Run { run, arrival, arrived_at } if run.author() != me => {
                Some(rows(run, *arrival, *arrived_at))
            }
            _ => None,
        });
        // One more says that there are too many: the others are not even read.
        let rows: Vec<Row> = runs.flatten().take(EARLY_MAX + 1).collect();
        if !rows.is_empty() && rows.len() <= EARLY_MAX {
            self.tell(Event::Early(rows.into()));
        }
    }
}

fn rows(run: &CheckedRun, arrival: u64, arrived_at: u64) -> impl Iterator<Item = Row> + '_ {
    let entries = run.entries().zip(arrival..);
    let itself =
        |body: &str| !matches!(kind::read(body), Reading::Newer(newer) if newer.about.is_some());
    let entries = entries.filter(move |((_, said, _), _)| itself(&said.body));
    entries.map(move |((place, said, _), arrival)| Row::fresh(place, said, arrival, arrived_at))
}
