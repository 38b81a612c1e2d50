//! Each rule is left out once, and a scenario fails.
//!
//! `cargo test --test mesh planted -- --nocapture` says how; `BUG=RingUnkept` chooses one.

use roda::protocol::planted::Bug;

use crate::planting::failure;
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
