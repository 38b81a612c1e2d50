//! Each rule is left out once, and a scenario fails.
//!
//! `cargo test --test mesh planted -- --nocapture` says how; `BUG=RingUnkept` chooses one.

use std::cell::Cell;
use std::panic::{UnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use roda::protocol::planted::{Bug, plant};

use crate::{gossip, places};

const BUGS: &[(Bug, fn())] = &[
    (Bug::StandingGivesWay, || places::chosen_ids(0)),
    (Bug::LongestGivesWay, places::visitors),
    (Bug::GivenUpAtOnce, places::on_trial),
    (Bug::CalledUnkept, places::called),
    (Bug::OldestUnkept, places::oldest),
    (Bug::WrittenUnkept, places::written),
    (Bug::BesideUnkept, places::beside),
    (Bug::RingUnkept, places::ring),
    (Bug::VisitorsUnkept, places::visitors),
    (Bug::LinksUntold, || (0..20).for_each(gossip::cut_and_replaced)),
    (Bug::ChangesToOld, || (0..20).for_each(gossip::cut_and_replaced)),
    (Bug::ClaimsDelay, gossip::claims),
    (Bug::ToldUnbounded, gossip::many_addresses_told),
];

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

/// How the scenario fails while the bug is planted; none where it does not.
fn failure(bug: Bug, scenario: impl FnOnce() + UnwindSafe) -> Option<String> {
    hush();
    EXPECTED.set(true);
    plant(Some(bug));
    let panic = catch_unwind(scenario).err();
    plant(None);
    EXPECTED.set(false);
    let panic = panic?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(text.unwrap_or_default())
}

#[test]
fn every_rule_that_is_left_out_is_missed() {
    let mut missed = Vec::new();
    let wanted = std::env::var("BUG").ok();
    let chosen = |bug: &Bug| wanted.as_ref().is_none_or(|name| *name == format!("{bug:?}"));
    for (bug, scenario) in BUGS.iter().filter(|(bug, _)| chosen(bug)) {
        let began = std::time::Instant::now();
        match failure(*bug, *scenario) {
            Some(how) => println!("{bug:?}: {how:?} ({:?})", began.elapsed()),
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "nothing fails with {missed:?}");
}
