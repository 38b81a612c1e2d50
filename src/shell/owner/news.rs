//! What pages are told as it happens.

use super::Task;
use crate::shell::handle::Event;

/// What a person should know of a start with this code.
fn new_identity(code: &str) -> &'static str {
    match code {
        "new_identity_rolled_back" => {
            "this folder was an older copy: you go on as a new member, and what you wrote up to \
             now stays under your former name, which others may set aside"
        }
        "new_identity_damaged" => {
            "the database was damaged and is kept aside: you go on as a new member, and the \
             conversation is fetched again from the others"
        }
        _ => {
            "the database was lost: you go on as a new member, and the conversation is fetched \
             again from the others"
        }
    }
}

impl Task {
    /// Nobody may be listening: that is no fault.
    pub(super) fn tell(&self, event: Event) {
        let _ = self.owner.events.send(event);
    }

    /// Why this identity is new, as soon as a page is there to be told.
    pub(super) fn tell_of_start(&mut self) {
        if self.owner.events.receiver_count() > 0
            && let Some(code) = self.owner.notice.take()
        {
            self.tell(Event::Notice { code, message: new_identity(code).to_owned() });
        }
    }
}
