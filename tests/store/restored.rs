use std::collections::BTreeMap;
use std::sync::Arc;

use roda::protocol::archive::{Archive, Write};
use roda::protocol::body::Decision;
use roda::protocol::dispute::Dispute;
use roda::protocol::entry::{CheckedRun, Timestamp};
use roda::protocol::id::Hash;
use roda::protocol::packet::circle::Range;

use crate::author::Author;
use crate::circle::{Owner, receipt, shown, texts};

fn profile(name: &str) -> String {
    Decision::Profile(name.to_owned()).encode()
}

#[test]
fn all_that_is_written_is_there_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let (mut ana, mut rui) = (Author::new(1), Author::new(2));
    let first = ana.says(&[profile("Ana"), Decision::Circle("Roda".into()).encode()], None);
    let seen = (first.head(), first.last_lamport());
    let second =
        rui.says(&[profile("Rui"), profile("Rui B."), Decision::Leave.encode()], Some(seen));
    let mut fork = Author { seq: 1, prev: Some(first.hashes()[0]), lamport: 1, ..ana.clone() };
    let branch = texts(&mut fork, 3, None);
    let dispute = Dispute::of(&first, &branch, 2).unwrap();
    let writes = vec![
        owner.arrives(first.clone()),
        owner.arrives(second.clone()),
        Write::Branch(branch),
        Write::Dispute(Box::new(dispute.clone())),
        Write::Receipt(receipt(&rui, 7)),
        Write::Receipt(receipt(&rui, 6)),
        Write::Addresses(rui.id(), vec!["rui.example:7400".into(), "[::1]:7400".into()]),
        Write::Aside(rui.id(), true),
        Write::Read(BTreeMap::from([(ana.id(), 2)])),
        Write::Delivered(ana.id(), 2),
        Write::Delivered(ana.id(), 1),
        Write::ReadByAll(ana.id(), 1),
        Write::Final(2),
        Write::Final(1),
        Write::ReceiptCeiling(64),
        Write::ReadTold(Some(BTreeMap::from([(ana.id(), 1)]))),
        Write::Named("Ana".into()),
    ];
    owner.commit(writes);
    owner.close();

    let restored = Owner::open(folder.path()).store.restored;
    let (a, r) = (&restored.members[&ana.id()], &restored.members[&rui.id()]);
    assert_eq!(restored.members.len(), 2);
    let head = a.head.unwrap();
    assert_eq!((head.seq, head.hash, head.lamport), (2, first.head(), 2));
    assert_eq!(a.since, Some(Timestamp { lamport: 1, author: ana.id() }));
    assert_eq!(a.profile.as_deref(), Some(&*profile("Ana")));
    assert_eq!(r.profile.as_deref(), Some(&*profile("Rui B.")));
    assert_eq!((a.left, r.left, a.aside, r.aside), (false, true, false, true));
    assert_eq!((a.dispute.as_ref(), a.branch_entries), (Some(&dispute), 3));
    assert_eq!((a.delivered, a.read_by_all, a.read_here), (2, 1, 2));
    assert_eq!(r.receipt, Some(receipt(&rui, 7)), "the newest count stays");
    assert_eq!(r.addresses, ["rui.example:7400", "[::1]:7400"]);
    let top = Timestamp { lamport: 5, author: rui.id() };
    assert_eq!(restored.top, Some((top, second.head())));
    let circle = Decision::Circle("Roda".into()).encode();
    assert_eq!(restored.circle, Some((Timestamp { lamport: 2, author: ana.id() }, circle)));
    assert_eq!((restored.arrival, restored.final_to, restored.receipt_ceiling), (5, 2, 64));
    assert_eq!(restored.read_told, Some(BTreeMap::from([(ana.id(), 1)])));
    assert_eq!(restored.named.as_deref(), Some("Ana"));
}

#[test]
fn every_start_restores_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    assert_eq!(owner.store.restored.read_told, None, "told in a new store");
    for number in 1..=20 {
        owner.commit_run(texts(&mut Author::new(number), 3, None));
    }
    owner.close();
    let owner = Owner::open(folder.path());
    let (first, epoch) = (shown(&owner.store.restored), owner.store.epoch.clone());
    owner.close();
    let again = Owner::open(folder.path()).store;
    assert_eq!((shown(&again.restored), again.epoch), (first, epoch));
}

fn same(found: Option<roda::protocol::entry::Run>, wanted: &CheckedRun) {
    assert_eq!(&found.unwrap().check().unwrap(), wanted);
}

#[test]
fn a_run_comes_back_byte_for_byte_whole_and_from_its_middle() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let (mut ana, mut rui) = (Author::new(1), Author::new(2));
    let first = texts(&mut ana, 4, None);
    let second = texts(&mut rui, 1, Some((first.head(), first.last_lamport())));
    let third = texts(&mut ana, 3, Some((second.head(), second.last_lamport())));
    let fourth = texts(&mut ana, 2, None);
    for run in [&first, &second, &third, &fourth] {
        owner.commit_run(run.clone());
    }
    let archive = &owner.store.archive;
    for run in [&first, &second, &third, &fourth] {
        for seq in run.run().first.seq..=run.run().last_seq() {
            let suffix = CheckedRun::clone(run).suffix(seq).unwrap();
            same(archive.run_from(&run.author(), seq), &suffix);
        }
        for (place, _, hash) in run.entries() {
            let located = archive.locate(&hash).unwrap();
            assert_eq!((located.author, located.seq), (place.author, place.seq));
            assert_eq!((located.lamport, located.branch), (place.lamport, false));
            assert_eq!(archive.at(&place.author, place.seq), Some((hash, place.lamport)));
        }
    }
    let stretch = |from, to, before: Option<&CheckedRun>, bytes| {
        let place = |run: &CheckedRun| run.run().first;
        let before =
            before.map(place).map(|at| Timestamp { lamport: at.lamport, author: at.author });
        let range = Range { author: ana.id(), from, to };
        let found = archive.stretch(&range, before, bytes);
        let runs: Vec<_> = found.runs.iter().map(|run| run.run().clone()).collect();
        (runs, found.next)
    };
    let suffix = |run: &CheckedRun, seq| run.clone().suffix(seq).unwrap().run().clone();
    let all = vec![suffix(&first, 2), third.run().clone(), fourth.run().clone()];
    assert_eq!(stretch(2, 99, None, usize::MAX), (all.clone(), None));
    let next = Some(fourth.run().first.lamport);
    assert_eq!(stretch(2, 7, None, usize::MAX), (all[..2].to_vec(), next), "to the range's end");
    assert_eq!(stretch(2, 99, Some(&fourth), usize::MAX), (all[..2].to_vec(), next), "before it");
    let next = Some(third.run().first.lamport);
    assert_eq!(stretch(2, 99, Some(&second), usize::MAX), (all[..1].to_vec(), next));
    assert_eq!(stretch(2, 99, None, 1), (all[..1].to_vec(), next), "as many bytes");
    assert_eq!(stretch(10, 99, None, 1), (vec![], None));
    assert_eq!(stretch(0, 99, None, 1), (vec![], None));
    assert_eq!(archive.run_from(&ana.id(), 10), None);
    assert_eq!(archive.at(&ana.id(), 0), None);
    assert_eq!(archive.locate(&Hash([7; 32])), None);
}

#[test]
fn branches_that_share_entries_are_each_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let base = Author::new(1);
    let three = texts(&mut base.clone(), 3, None);
    let five = texts(&mut base.clone(), 5, None);
    let tail = Arc::new(CheckedRun::clone(&five).suffix(3).unwrap());
    let branches = [tail, three.clone(), five.clone(), five.clone()];
    owner.commit(branches.into_iter().map(Write::Branch).collect());
    let archive = &owner.store.archive;
    same(archive.branch_run(&five.hash_at(4).unwrap()), &{
        CheckedRun::clone(&five).suffix(3).unwrap()
    });
    same(archive.branch_run(&three.hash_at(1).unwrap()), &three);
    let located = archive.locate(&five.hash_at(5).unwrap()).unwrap();
    assert_eq!((located.seq, located.lamport, located.branch), (5, 5, true));
    assert_eq!(owner.rows(), [], "no part of the conversation");
    owner.close();
    let restored = Owner::open(folder.path()).store.restored;
    let kept = restored.members[&base.id()].branch_entries;
    assert_eq!(kept, 3 + 3 + 5, "the run that came twice is kept once");
}
