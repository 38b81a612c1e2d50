//! A Byzantine member: it holds the group key, runs the protocol when that suits it, bends what it
//! says, and signs what it likes with as many keys as it likes.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use roda::conversation::kind;
use roda::protocol::circle::Output;
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::packet::Lane;
use roda::protocol::packet::circle::{Packet, Sync};

use crate::attacks;
use crate::author::Author;
use crate::net::Frame;
use crate::world::{World, new_key};

/// What it makes of the packets that an honest member would send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Plain,
    /// Says nothing at all.
    Mute,
    /// Answers no question for history.
    Withholding,
    /// Answers with one old run again and again.
    Dripping,
    /// Says that it holds far more, of everybody.
    Boasting,
}

pub struct Liar {
    mood: Mood,
    /// Further identities.
    pub others: Vec<SigningKey>,
    /// Count of its last receipt of its own making.
    pub count: u64,
}

pub fn text(words: &str) -> String {
    kind::text::body(words)
}

impl Liar {
    pub fn new(rng: &mut Rng) -> Liar {
        let others = (0..rng.usize(1..4)).map(|_| new_key(rng)).collect();
        Liar { mood: Mood::Plain, others, count: 1 << 20 }
    }

    pub fn of(world: &mut World, node: usize) -> &mut Liar {
        world.nodes[node].liar.as_mut().expect("a liar")
    }

    /// Honest nodes that it is linked with.
    pub fn victims(world: &World, node: usize) -> Vec<usize> {
        let honest = |peer: &usize| world.nodes[*peer].liar.is_none();
        let linked = |peer: &usize| world.link_of(node, *peer).is_some();
        (0..world.nodes.len()).filter(honest).filter(linked).collect()
    }

    pub fn send(world: &mut World, node: usize, to: usize, packet: Packet) {
        world.queue(node, to, Lane::Live, Frame::Packet(packet.into()));
    }

    /// Its own runs as if they were new, others' as if they had been asked for.
    pub fn send_run(world: &mut World, node: usize, to: usize, run: Arc<CheckedRun>) {
        let own = run.author() == world.nodes[node].id;
        let packet = if own { Packet::Message(run) } else { Packet::History(vec![run]) };
        Liar::send(world, node, to, packet);
    }

    /// One of its identities: its own, or another.
    pub fn some_key(world: &mut World, node: usize) -> SigningKey {
        let others = Liar::of(world, node).others.clone();
        match world.rng.usize(..others.len() + 1) {
            0 => world.nodes[node].key.clone(),
            other => others[other - 1].clone(),
        }
    }

    /// The end of the first `len` entries that it knows of its own log with this key.
    pub fn tip(world: &World, node: usize, key: &SigningKey, len: usize) -> Author {
        let id = NodeId(key.verifying_key().to_bytes());
        let log = world.nodes[node].disk.logs.get(&id).map_or(&[][..], Vec::as_slice);
        let len = len.min(log.len());
        let last = len.checked_sub(1).map(|index| &log[index]);
        Author {
            key: key.clone(),
            seq: len as u64,
            prev: last.map(|kept| kept.hash),
            lamport: last.map_or(0, |kept| kept.lamport),
        }
    }

    /// The greatest entry it knows.
    pub fn top(world: &World, node: usize) -> Option<(Hash, u64)> {
        let (timestamp, hash) = world.nodes[node].disk.order.last_key_value()?;
        Some((*hash, timestamp.lamport))
    }

    pub fn act(world: &mut World, node: usize, signed: bool) {
        if world.rng.u8(..4) == 0 {
            let moods =
                [Mood::Plain, Mood::Mute, Mood::Withholding, Mood::Dripping, Mood::Boasting];
            let mood = moods[world.rng.usize(..moods.len())];
            Liar::of(world, node).mood = mood;
        }
        if Liar::victims(world, node).is_empty() {
            return;
        }
        let attacks = if signed { attacks::ALL } else { attacks::UNSIGNED };
        let attack = attacks[world.rng.usize(..attacks.len())];
        world.checks.lies += 1;
        attack(world, node);
    }

    /// Carries out what its own circle asks for, or not.
    pub fn carry_out(world: &mut World, node: usize, output: Output) {
        let (peer, lane, mut packet) = match output {
            Output::Send(peer, lane, packet) => (world.owners[&peer], lane, packet),
            Output::Commit(batch, writes) => return world.commit(node, batch, writes),
            Output::LookUp(peer, lookup) => return world.look_up(node, peer, lookup),
            _ => return,
        };
        match (Liar::of(world, node).mood, &mut packet) {
            (Mood::Mute, _) | (Mood::Withholding, Packet::History(_)) => return,
            (Mood::Dripping, Packet::History(runs)) => {
                let first = world.nodes[node].disk.logs.first_key_value();
                let Some((author, _)) = first else { return };
                let run = attacks::stored_run(&world.nodes[node].disk, author, 1);
                *runs = run.into_iter().collect();
            }
            (Mood::Boasting, Packet::Sync(Sync { authors, .. })) => {
                for head in authors.values_mut() {
                    head.seq += 1_000_000;
                    head.hash = Some(Hash([7; 32]));
                }
            }
            _ => {}
        }
        world.transmit(node, peer, lane, packet);
    }
}
