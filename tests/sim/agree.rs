//! What must hold at the end: the faults are over, and some time has passed.

use std::collections::BTreeMap;

use roda::protocol::archive::Archive as _;
use roda::protocol::id::{Hash, NodeId};

use crate::world::{Node, World};

/// From where each disputed author is disputed here.
fn disputes(node: &Node) -> BTreeMap<NodeId, u64> {
    let members = node.circle.as_ref().expect("all run at the end").members();
    members.iter().filter_map(|(id, member)| Some((*id, member.disputed()?))).collect()
}

/// Hashes of the logs held, each up to its dispute.
fn undisputed(node: &Node, disputes: &BTreeMap<NodeId, u64>) -> BTreeMap<NodeId, Vec<Hash>> {
    let upto = |id: &NodeId| disputes.get(id).map_or(usize::MAX, |from| *from as usize - 1);
    let logs = node.disk.logs.iter();
    let logs = logs.map(|(id, log)| {
        (*id, log.iter().take(upto(id)).map(|kept| kept.hash).collect::<Vec<_>>())
    });
    logs.filter(|(_, log)| !log.is_empty()).collect()
}

/// Everybody honest agrees: who is disputed and from where, and on every log up to there. Nothing
/// that was acknowledged is lost.
pub fn agreed(world: &World) -> Result<(), String> {
    let stayed: Vec<&Node> = world.nodes.iter().filter(|node| node.stays()).collect();
    if let Some(node) = stayed.iter().find(|node| node.circle.is_none()) {
        return Err(format!("{:?} does not run", node.id));
    }
    let first = disputes(stayed[0]);
    let reference = undisputed(stayed[0], &first);
    for node in &stayed[1..] {
        let here = disputes(node);
        if here != first {
            return Err(format!("{:?} disputes {here:?}, {:?} {first:?}", node.id, stayed[0].id));
        }
        let logs = undisputed(node, &here);
        for id in logs.keys().chain(reference.keys()) {
            let (a, b) = (logs.get(id), reference.get(id));
            if a != b {
                let len = |log: Option<&Vec<Hash>>| log.map_or(0, Vec::len);
                let here = here.get(id);
                return Err(format!(
                    "of {id:?} (disputed {here:?}) {:?} holds {}, {:?} holds {}",
                    node.id,
                    len(a),
                    stayed[0].id,
                    len(b)
                ));
            }
        }
    }
    for (author, seq, body) in &world.checks.acknowledged {
        let kept = stayed[0].disk.logs.get(author).and_then(|log| log.get(*seq as usize - 1));
        let owner = &world.nodes[world.owners[author]];
        match kept {
            Some(kept) if kept.said.body == *body => {}
            // An old database came back: what it said since may be lost, or said in two versions.
            _ if world.checks.may_fork.contains(author) => {}
            // Who left for good may have gone before anybody was there to hear it.
            None if !owner.stays() => {}
            _ => return Err(format!("{author:?}:{seq} was acknowledged and is lost")),
        }
    }
    Ok(())
}

/// With all receipts in, whoever stayed sees all delivered and everything final.
pub fn settled(world: &World) -> Result<(), String> {
    for node in world.nodes.iter().filter(|node| node.stays()) {
        let circle = node.circle.as_ref().expect("all run at the end");
        for (author, log) in &node.disk.logs {
            let member = &circle.members()[author];
            if member.disputed().is_none() && member.delivered_shown < log.len() as u64 {
                return Err(format!(
                    "at {:?} {author:?} is delivered to {} of {}",
                    node.id,
                    member.delivered_shown,
                    log.len()
                ));
            }
        }
        // Past a fork everybody holds something else, and vouches for something else.
        let agreed = undisputed(node, &disputes(node));
        let last = agreed.iter().map(|(id, log)| node.disk.logs[id][log.len() - 1].lamport);
        let top = last.max().unwrap_or(0);
        if circle.final_shown() < top {
            return Err(format!("at {:?} final to {} of {top}", node.id, circle.final_shown()));
        }
    }
    Ok(())
}

/// Every entry stored by those who keep the rules is signed, follows from what it names, and stands
/// after it.
pub fn stored_entries_verify(world: &World) {
    for node in world.nodes.iter().filter(|node| node.liar.is_none()) {
        for log in node.disk.logs.values() {
            for kept in log {
                let at = |hash: &Hash| node.disk.locate(hash).expect("what it names").lamport;
                let named: Vec<u64> =
                    [&kept.prev, &kept.seen].into_iter().flatten().map(at).collect();
                let due = 1 + named.into_iter().max().unwrap_or(0);
                assert_eq!(kept.lamport, due, "a counter follows from what its entry names");
            }
        }
    }
    // They agree, so one of them stands for all.
    let node = world.nodes.iter().find(|node| node.stays()).expect("somebody stays");
    for (author, log) in &node.disk.logs {
        let mut seq = 1;
        while seq <= log.len() as u64 {
            let run = node.disk.run_from(author, seq).expect("a log ends at a signature");
            seq = run.last_seq() + 1;
            run.check().expect("a stored run verifies");
        }
    }
}

/// Who stands where, for whoever reads a failure.
pub fn summary(world: &World) -> String {
    let mut lines = String::new();
    for (index, node) in world.nodes.iter().enumerate() {
        let what = match (&node.liar, node.stays()) {
            (Some(_), _) => "liar",
            (None, true) => "honest",
            (None, false) => "gone",
        };
        let linked: Vec<usize> =
            (0..world.nodes.len()).filter(|peer| world.link_of(index, *peer).is_some()).collect();
        let circle = node.circle.as_ref();
        let queues = circle.map(|circle| (circle.queues(), circle.catching_up()));
        let logs = node.disk.logs.iter().map(|(id, log)| (*id, log.len())).collect::<Vec<_>>();
        lines += &format!("{what} {:?} linked {linked:?} {queues:?} {logs:?}\n", node.id);
        for (id, member) in circle.map(|circle| circle.members()).into_iter().flatten() {
            let receipt = member.receipt.as_ref().map(|r| (r.count, r.clock, &r.stored));
            let aside = if member.aside { "aside" } else { "" };
            lines += &format!("   {id:?} {aside} {:?} {receipt:?}\n", member.disputed());
        }
    }
    lines
}
