//! Bugs are planted, and what fails then is the finding.

use std::cell::Cell;
use std::panic::{UnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use roda::protocol::planted::{Bug, plant};

thread_local! {
    /// Panics in this thread are expected: they are the finding.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = take_hook();
        set_hook(Box::new(move |panic| {
            if !EXPECTED.get() {
                loud(panic);
            }
        }));
    });
}

/// How the history fails while the bug is planted; none where it does not.
pub fn failure(bug: Bug, history: impl FnOnce() + UnwindSafe) -> Option<String> {
    hush();
    EXPECTED.set(true);
    plant(Some(bug));
    let panic = catch_unwind(history).err();
    plant(None);
    EXPECTED.set(false);
    let panic = panic?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(text.unwrap_or_default())
}
