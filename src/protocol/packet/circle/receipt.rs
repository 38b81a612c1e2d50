//! `receipt`: members' words for how far they have stored and read.

use serde::{Deserialize, Serialize};

use super::super::super::json::objects;
use super::super::super::limits::RECEIPTS_MAX;
use super::super::super::receipt::ReceiptChange;
use super::super::body::{Body, at_most, json};
use super::super::parts::parts;
use super::super::text::{PacketError, Text};

/// Bytes of a receipt beside its watermarks, at most.
const RECEIPT_BYTES: usize = 400;
/// Bytes of one watermark in a receipt, at most.
const WATERMARK_BYTES: usize = 84;

/// Signed receipts, the sender's or others'.
pub type Receipts = Vec<ReceiptChange>;

#[derive(Serialize)]
struct Written<'a> {
    receipts: &'a [ReceiptChange],
}

#[derive(Deserialize)]
struct Read {
    #[serde(deserialize_with = "objects")]
    receipts: Receipts,
}

impl Body for Receipts {
    const TAG: &'static str = "receipt";

    fn read(text: &Text) -> Result<Receipts, PacketError> {
        let Read { receipts } = text.fields()?;
        at_most(RECEIPTS_MAX, receipts.len(), "receipts")?;
        let marks = |it: &ReceiptChange| it.stored.values().chain(it.read.values()).all(|s| *s > 0);
        if !receipts.iter().all(marks) {
            return Err(PacketError::NothingReached);
        }
        Ok(receipts)
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, &Written { receipts: self })
    }

    fn bytes(&self) -> usize {
        self.iter().map(ReceiptChange::bytes).sum()
    }

    fn fitting(self) -> Vec<Receipts> {
        parts(self, RECEIPTS_MAX, |one| {
            RECEIPT_BYTES + (one.stored.len() + one.read.len()) * WATERMARK_BYTES
        })
    }
}
