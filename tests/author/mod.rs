//! A member that signs what it likes: the one maker of signed runs.
#![allow(dead_code)] // each test program uses its part

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::conversation::kind;
use roda::protocol::entry::{CheckedRun, Place, Run, Said};
use roda::protocol::id::{Hash, NodeId};

/// A member's key and the end of its log, or of one version of it.
#[derive(Clone)]
pub struct Author {
    pub key: SigningKey,
    pub seq: u64,
    pub prev: Option<Hash>,
    pub lamport: u64,
}

impl Author {
    /// With this byte, 32 times, as its secret key.
    pub fn new(byte: u8) -> Author {
        Author::of(SigningKey::from_bytes(&[byte; 32]))
    }

    /// One of many: a secret key of this byte that begins with the number.
    pub fn numbered(byte: u8, number: u64) -> Author {
        let mut secret = [byte; 32];
        secret[..8].copy_from_slice(&number.to_be_bytes());
        Author::of(SigningKey::from_bytes(&secret))
    }

    pub fn of(key: SigningKey) -> Author {
        Author { key, seq: 0, prev: None, lamport: 0 }
    }

    pub fn id(&self) -> NodeId {
        NodeId(self.key.verifying_key().to_bytes())
    }

    /// Continues the log with one run, whatever its counter should be.
    pub fn signs_at(
        &mut self,
        lamport: u64,
        said: Vec<Said>,
        seen: Option<Hash>,
    ) -> Arc<CheckedRun> {
        let (seq, prev) = (self.seq + 1, self.prev);
        let first = Place { author: self.id(), seq, prev, seen, lamport };
        let run = Run::sign(first, said, &self.key);
        self.seq = run.run().last_seq();
        self.prev = Some(run.head());
        self.lamport = run.last_lamport();
        Arc::new(run)
    }

    /// Continues the log; `seen` is the hash and counter of another's entry.
    pub fn signs(&mut self, said: Vec<Said>, seen: Option<(Hash, u64)>) -> Arc<CheckedRun> {
        let lamport = 1 + self.lamport.max(seen.map_or(0, |(_, lamport)| lamport));
        self.signs_at(lamport, said, seen.map(|(hash, _)| hash))
    }

    /// As [`Author::signs`], of bodies, or whatever the counter should be where one is given.
    pub fn sign(
        &mut self,
        seen: Option<(Hash, u64)>,
        lamport: Option<u64>,
        bodies: Vec<String>,
    ) -> Arc<CheckedRun> {
        let said = bodies.into_iter().map(|body| Said { at: 1, body }).collect();
        match lamport {
            Some(lamport) => self.signs_at(lamport, said, seen.map(|(hash, _)| hash)),
            None => self.signs(said, seen),
        }
    }

    /// As [`Author::signs`], of bodies, a millisecond apart.
    pub fn says(&mut self, bodies: &[String], seen: Option<(Hash, u64)>) -> Arc<CheckedRun> {
        let said = (1_000..).zip(bodies).map(|(at, body)| Said { at, body: body.clone() });
        self.signs(said.collect(), seen)
    }

    /// As [`Author::says`], with texts.
    pub fn texts(&mut self, texts: &[&str], seen: Option<(Hash, u64)>) -> Arc<CheckedRun> {
        let bodies: Vec<_> = texts.iter().map(|text| kind::text::body(text)).collect();
        self.says(&bodies, seen)
    }
}
