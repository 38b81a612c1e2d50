//! `message`: what the sender has just said.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::super::entry::{CheckedRun, Run};
use super::super::super::json::object;
use super::super::body::{Body, json};
use super::super::text::{PacketError, Text};

/// One run of the sender's own, new.
pub type Message = Arc<CheckedRun>;

#[derive(Serialize)]
struct Written<'a> {
    run: &'a Run,
}

#[derive(Deserialize)]
struct Read {
    #[serde(deserialize_with = "object")]
    run: Run,
}

impl Body for Message {
    const TAG: &'static str = "message";

    fn read(text: &Text) -> Result<Message, PacketError> {
        let Read { run } = text.fields()?;
        Ok(Arc::new(run.check()?))
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, &Written { run: self.run() })
    }

    fn bytes(&self) -> usize {
        CheckedRun::bytes(self)
    }
}
