//! What goes to the store, and what comes back from it.

use super::Task;
use crate::protocol::circle::Input;
use crate::shell::handle::{Event, StoreState};
use crate::store::{Row, StoreEvent};

impl Task {
    pub(super) fn store_event(&mut self, event: StoreEvent) {
        self.view_dirty = true;
        match event {
            StoreEvent::Committed { through, rows } => self.committed(through, rows),
            StoreEvent::Failing(why) => {
                tracing::error!("the store fails: {why}");
                self.store = StoreState::Failing(why);
            }
            StoreEvent::Recovered => {
                tracing::info!("the store writes again");
                self.store = StoreState::Ok;
            }
            StoreEvent::Damaged(why) => {
                tracing::error!("the database is damaged: {why}");
                self.damaged = Some(why.clone());
                self.tell(Event::Notice { code: "store_damaged", message: why });
            }
        }
    }

    fn committed(&mut self, through: u64, rows: Vec<Row>) {
        let mut late = 0;
        for row in &rows {
            self.owner.arrival = self.owner.arrival.max(row.arrival);
            self.restanding.insert(row.author);
            if row.about.is_some() {
                // Not a message: under one, it is late nowhere.
                continue;
            }
            if self.owner.top.is_some_and(|top| row.timestamp() < top) {
                late += usize::from(row.author != self.owner.circle.me());
            } else {
                self.owner.top = Some(row.timestamp());
            }
        }
        if self.restanding.contains(&self.owner.circle.me()) {
            self.restanding.extend(self.owner.circle.members().keys());
        }
        self.circle(Input::Committed(through));
        self.answer_said(&rows);
        if !rows.is_empty() {
            self.tell(Event::Messages { rows: rows.into(), late });
        }
    }

    pub(super) fn write_backlog(&mut self) {
        while let Some(batch) = self.backlog.pop_front() {
            if let Err(refused) = self.owner.writer.try_write(batch) {
                // Full: its next event brings us back here. Closed: its events say so.
                self.backlog.push_front(refused.into_inner());
                return;
            }
        }
    }
}
