//! `dispute`: the proof of a fork.

use super::super::super::dispute::Dispute;
use super::super::body::{Body, json};
use super::super::text::{PacketError, Text};

/// The proof of a fork. Whether it holds is the circle's to find out: it may know it already.
pub type Proof = Box<Dispute>;

impl Body for Proof {
    const TAG: &'static str = "dispute";

    fn read(text: &Text) -> Result<Proof, PacketError> {
        text.fields().map(Box::new)
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, &**self)
    }

    fn bytes(&self) -> usize {
        Dispute::bytes(self)
    }
}
