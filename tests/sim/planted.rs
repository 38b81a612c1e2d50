//! The simulator, proven: each bug that is planted is found, and it says after how many seeds.
//!
//! `cargo test --test sim planted -- --nocapture` prints them; `BUG=MarkFalls` chooses one.

use std::sync::Mutex;

use roda::protocol::planted::Bug;

use crate::planting::failure;
use crate::{
    catch_up, chains, crowds, forks, history, news, promises, serving, taken_back, talk, wanted,
};

/// Seeds after which a bug counts as not found.
const SEEDS: u64 = 150;

const BUGS: &[Bug] = &[
    Bug::ReceiptBeforeCommit,
    Bug::SentBeforeCommit,
    Bug::SignatureUnchecked,
    Bug::ReceiptSignatureUnchecked,
    Bug::CounterUnchecked,
    Bug::PacketNumberUnchecked,
    Bug::ForkOverwrites,
    Bug::DisputeKept,
    Bug::BranchDropped,
    Bug::OfferForgotten,
    Bug::ResentForever,
    Bug::StallIgnored,
    Bug::MarkFalls,
    Bug::ReceiptFalls,
    Bug::CountReused,
    Bug::OrderByArrival,
    Bug::FinalTooSoon,
    Bug::GoneWaitedFor,
];

/// Bugs that make serving history cost more than its share: found by a history made for them.
const SERVING: &[(Bug, fn())] = &[
    (Bug::WrittenUncounted, serving::a_slow_reader),
    (Bug::OnItsWayForgotten, serving::asked_again_on_its_way),
    (Bug::AgainUnpaced, serving::asked_without_end),
    (Bug::TurnsForgotten, serving::a_crowd),
];

/// Bugs that make honest members wait where forks are many: found by a history made for them.
const CHAINS: &[(Bug, fn())] = &[
    (Bug::NamedLeftOut, chains::long),
    (Bug::BroughtTwice, chains::of_large_entries),
    (Bug::GraceForForks, chains::answered_plainly),
    (Bug::NamedOneByOne, chains::through_honest_entries),
    (Bug::ForksComparedLate, chains::shown_to_be_held),
    (Bug::WaitingUnfair, chains::of_a_flooded_author),
    (Bug::WaitingUnbounded, chains::of_a_flooded_author),
    (Bug::WantedUnfair, chains::never_completed),
    (Bug::AskedForever, chains::never_completed),
];

/// Bugs that make a newcomer stand still, or get things twice: found by a history made for them.
const CATCH_UP: &[(Bug, fn())] = &[
    (Bug::RangesUnbounded, catch_up::from_one_who_withholds),
    (Bug::RangeNotAwaited, catch_up::from_one_who_only_talks),
    (Bug::LiveIsProgress, catch_up::from_one_who_only_talks),
];

/// Bugs that only a crowd shows: found by a history made for them.
const CROWDS: &[(Bug, fn())] = &[
    (Bug::LongUnpaced, crowds::of_200_forks),
    (Bug::ReceiptsPushed, crowds::all_of_64),
    (Bug::ProofsUnbounded, crowds::strangers_forks),
    (Bug::ReceiptsToAllAtOnce, talk::of_one),
    (Bug::RestForgotten, talk::of_one),
];

/// Bugs by which a receipt or a fork comes late or never: found by a history made for them.
const NEWS: &[(Bug, fn())] = &[
    (Bug::EndsAheadForgotten, promises::named_ahead),
    (Bug::EndsUncompared, forks::of_one_length),
    (Bug::ReceiptsAskedOfAll, news::offered_by_many),
    (Bug::ReceiptsAskedOnce, news::offered_in_vain),
    (Bug::SilenceForgotten, news::offered_in_vain),
    (Bug::ReceiptsCrowdedOut, news::offered_of_strangers),
    (Bug::UnmetForgotten, news::offered_before_the_entry),
    (Bug::AskedInVain, taken_back::own_asked_for_again),
    (Bug::OwnReceiptKept, taken_back::own_forgotten),
    (Bug::OwnLossUnnoticed, taken_back::own_lost),
    (Bug::FallUntold, taken_back::by_its_node),
    (Bug::ForkNoExcuse, || taken_back::past_a_fork(true)),
    (Bug::ForkExcusesLate, || taken_back::past_a_fork(false)),
    (Bug::FallenAskedAgain, taken_back::by_another),
    (Bug::TurnForgotten, wanted::of_who_has_gone),
    (Bug::HoldersUnnoticed, wanted::of_who_sends_it_later),
    (Bug::ReturnUnnoticed, wanted::of_who_comes_back),
    (Bug::RollbackUnnoticed, taken_back::vouched_for_more),
];

/// The first seed that finds the bug, and how.
fn found(bug: Bug) -> Option<(u64, String)> {
    let seeds = crate::number("SEEDS").unwrap_or(SEEDS);
    (0..seeds).find_map(|seed| Some((seed, failure(bug, || drop(history::run(seed)))?)))
}

#[test]
fn every_bug_planted_for_a_history_of_its_own_is_found() {
    let mut missed = Vec::new();
    let made = [SERVING, CHAINS, CATCH_UP, CROWDS, NEWS];
    for (bug, history) in made.into_iter().flatten() {
        match failure(*bug, *history) {
            Some(how) => println!("{bug:?}: {how:?}"),
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "nothing fails with {missed:?}");
}

#[test]
fn every_planted_bug_is_found() {
    let wanted = std::env::var("BUG").ok();
    let chosen = |bug: &&Bug| wanted.as_ref().is_none_or(|name| *name == format!("{bug:?}"));
    let bugs: Vec<Bug> = BUGS.iter().filter(chosen).copied().collect();
    let findings = Mutex::new(vec![None; bugs.len()]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (findings, bugs) = (&findings, &bugs);
            scope.spawn(move || {
                for index in (thread..bugs.len()).step_by(threads) {
                    let finding = found(bugs[index]);
                    findings.lock().expect("no panic inside")[index] = finding;
                }
            });
        }
    });
    let findings = findings.into_inner().expect("no panic inside");
    let mut missed = Vec::new();
    for (bug, finding) in bugs.iter().zip(&findings) {
        match finding {
            Some((seed, how)) => {
                let how: String = how.lines().next().unwrap_or_default().chars().take(90).collect();
                println!("{bug:?}: seed {} ({how})", seed + 1);
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "{SEEDS} seeds do not find {missed:?}");
}
