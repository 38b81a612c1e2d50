//! What nodes do: start, speak, store, end.

use std::collections::BTreeSet;

use roda::conversation::kind;
use roda::protocol::archive::Write;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::id::NodeId;
use roda::protocol::lookup::Lookup;

use crate::event::Event;
use crate::liar::Liar;
use crate::world::{Pending, World, new_key};

/// Milliseconds that any lookup of history takes.
const LOOKUP_MS: u64 = 2;
/// Bytes that it reads and proves in a millisecond more.
const LOOKUP_BYTES_PER_MS: usize = 16 * 1024;

impl World {
    pub fn set_aside_who_is_gone(&mut self) {
        let here: BTreeSet<NodeId> =
            self.nodes.iter().filter(|node| node.stays()).map(|node| node.id).collect();
        for node in 0..self.nodes.len() {
            let Some(circle) = self.nodes[node].circle.as_ref() else { continue };
            let gone = circle.members().keys().filter(|id| !here.contains(id)).copied();
            for id in gone.collect::<Vec<_>>() {
                self.feed(node, Input::SetAside(id, true));
            }
        }
    }

    /// Ends the process. What was not committed is lost, or was just written and nobody was told.
    pub fn stop(&mut self, node: usize) {
        let it = &mut self.nodes[node];
        it.life += 1;
        it.circle = None;
        it.next_tick = None;
        let written = if self.rng.bool() { self.rng.usize(..=it.pending.len()) } else { 0 };
        for pending in it.pending.drain(..).take(written) {
            it.disk.commit(&pending.writes);
        }
        it.pending.clear();
        it.lookups_free_at = 0;
        for peer in 0..self.nodes.len() {
            if self.link_of(node, peer).is_some() {
                self.reset(node, peer);
            }
        }
    }

    pub fn start(&mut self, node: usize) {
        let it = &self.nodes[node];
        if it.circle.is_some() || it.left || it.gone {
            return;
        }
        let settings = Settings {
            name: format!("n{node}"),
            knows_others: node > 0,
            sync_ms: 180_000,
            seed: self.rng.u64(..),
        };
        let now = self.now(node);
        let it = &mut self.nodes[node];
        it.disk_free_at = self.time;
        it.circle = Some(Circle::new(it.key.clone(), settings, it.disk.restored(), now));
        if it.liar.is_none() {
            self.checks.started(&self.nodes[node]);
        }
        if let Some(former) = self.nodes[node].former {
            self.feed(node, Input::SetAside(former, true));
        }
        self.feed(node, Input::Tick);
        for peer in (0..self.nodes.len()).filter(|peer| *peer != node) {
            let later = self.time + self.rng.u64(10..1_500);
            self.at(later, Event::Dial { a: node, b: peer });
        }
    }

    /// Puts the copy of the database back: what was sent since is out of its sight.
    pub fn restore(&mut self, node: usize) {
        if self.nodes[node].snapshot.is_none() || !self.nodes[node].stays() {
            return;
        }
        self.stop(node);
        let it = &mut self.nodes[node];
        it.disk = it.snapshot.take().expect("looked at above");
        self.checks.restored(it.id);
        self.start(node);
    }

    /// What the shell does with a database that was rolled back.
    pub fn reborn(&mut self, node: usize) {
        self.stop(node);
        let key = new_key(&mut self.rng);
        let it = &mut self.nodes[node];
        it.former = Some(it.id);
        it.rolling_back = false;
        it.id = NodeId(key.verifying_key().to_bytes());
        it.key = key;
        self.owners.insert(it.id, node);
        self.start(node);
        if self.calm {
            self.set_aside_who_is_gone();
        }
    }

    pub fn say(&mut self, node: usize, bytes: usize) {
        let filler = "x".repeat(self.rng.usize(..bytes.max(1)));
        let text = format!("{node} at {} {filler}", self.time);
        self.input_body(node, kind::text::body(&text));
    }

    pub fn input_body(&mut self, node: usize, body: String) {
        if self.nodes[node].circle.is_some() && !self.nodes[node].left {
            self.next_token += 1;
            let token = self.next_token;
            self.checks.asked(token, node, &body);
            self.feed(node, Input::Say { token, body, reference: None });
        }
    }

    pub fn read(&mut self, node: usize) {
        let logs = &self.nodes[node].disk.logs;
        let marks = logs.iter().map(|(id, log)| (*id, log.len() as u64)).collect();
        self.feed(node, Input::Read(marks));
    }

    fn now(&self, node: usize) -> Now {
        let wall = 1_700_000_000_000_i64 + self.nodes[node].wall_skew + self.time as i64;
        Now { mono: self.time, wall: wall as u64 }
    }

    pub fn feed(&mut self, node: usize, input: Input) {
        let now = self.now(node);
        let it = &mut self.nodes[node];
        let Some(circle) = &mut it.circle else { return };
        let clock_before = circle.clock();
        let outputs = circle.handle(input, now, &it.disk);
        let wake = circle.wake_at();
        let honest = it.liar.is_none();
        if honest {
            self.checks.after_step(&self.nodes[node], clock_before, &outputs);
        }
        for output in outputs {
            match honest {
                true => self.carry_out(node, output),
                false => Liar::carry_out(self, node, output),
            }
        }
        self.tick_at(node, wake);
    }

    fn tick_at(&mut self, node: usize, wake: Option<u64>) {
        let Some(wake) = wake.map(|at| at.max(self.time + 1)) else { return };
        if self.nodes[node].next_tick.is_none_or(|at| wake < at) {
            self.nodes[node].next_tick = Some(wake);
            let life = self.nodes[node].life;
            self.at(wake, Event::Tick { node, life });
        }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Send(peer, lane, packet) => {
                self.sent_packets += 1;
                self.checks.sent(&self.nodes[node], &packet);
                self.transmit(node, self.owners[&peer], lane, packet);
            }
            Output::Commit(batch, writes) => self.commit(node, batch, writes),
            Output::Said(token, seq) => {
                if self.checks.said(token, &self.nodes[node], seq) {
                    self.nodes[node].left = true;
                    let life = self.time + 3_000;
                    self.at(life, Event::Crash { node });
                }
            }
            Output::Misbehaved(peer, why) => {
                let peer = self.owners[&peer];
                assert!(self.nodes[peer].liar.is_some(), "honest {peer} is blamed: {why}");
                self.reset(node, peer);
            }
            Output::RolledBack => {
                let id = self.nodes[node].id;
                assert!(self.checks.may_fork.contains(&id), "an honest node was rolled back");
                self.nodes[node].rolling_back = true;
                self.at(self.time, Event::Reborn { node });
            }
            Output::Disputed(author, seq) => {
                let forked = self.checks.may_fork.contains(&author);
                assert!(forked, "an honest node forked: {author:?} at {seq}");
                self.checks.disputes += 1;
            }
            Output::ClockContradicted(author) => {
                let liar = self.checks.may_fork.contains(&author);
                assert!(liar, "{author:?} wrote below its own clock");
            }
            Output::LookUp(peer, lookup) => self.look_up(node, peer, lookup),
            Output::Typing(_) => {}
            Output::Refused(token) => self.checks.refused(token),
        }
    }

    /// Reading takes time, one lookup after the other.
    pub fn look_up(&mut self, node: usize, peer: NodeId, mut lookup: Lookup) {
        let it = &mut self.nodes[node];
        let runs = lookup.read(&it.disk);
        let bytes: usize = runs.iter().map(|run| run.bytes()).sum();
        let cost = LOOKUP_MS + (bytes / LOOKUP_BYTES_PER_MS) as u64;
        it.lookups_free_at = it.lookups_free_at.max(self.time) + cost;
        let (life, at) = (it.life, it.lookups_free_at);
        self.at(at, Event::Found { node, life, found: Box::new((peer, lookup, runs)) });
    }

    pub fn commit(&mut self, node: usize, batch: u64, writes: Vec<Write>) {
        let slow = self.rng.u8(..20) == 0 && !self.calm;
        let cost = if slow { self.rng.u64(50..400) } else { self.rng.u64(1..6) };
        let it = &mut self.nodes[node];
        let done = it.disk_free_at.max(self.time) + cost;
        it.disk_free_at = done;
        it.pending.push_back(Pending { batch, writes });
        let life = it.life;
        self.at(done, Event::CommitDone { node, life });
    }
}
