//! `history`: runs that were asked for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::super::entry::{CheckedRun, Run};
use super::super::super::json::objects;
use super::super::body::{Body, json};
use super::super::parts::parts;
use super::super::text::{PacketError, Text};

/// Runs that were asked for, in timestamp order.
pub type History = Vec<Arc<CheckedRun>>;

#[derive(Serialize)]
struct Written<'a> {
    runs: Vec<&'a Run>,
}

#[derive(Deserialize)]
struct Read {
    #[serde(deserialize_with = "objects")]
    runs: Vec<Run>,
}

impl Body for History {
    const TAG: &'static str = "history";

    fn read(text: &Text) -> Result<History, PacketError> {
        let Read { runs } = text.fields()?;
        runs.into_iter().map(|run| Ok(Arc::new(run.check()?))).collect()
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        let runs = self.iter().map(|run| run.run()).collect();
        json(Self::TAG, n, &Written { runs })
    }

    fn bytes(&self) -> usize {
        self.iter().map(|run| CheckedRun::bytes(run) + 1).sum()
    }

    fn fitting(self) -> Vec<History> {
        parts(self, usize::MAX, |run| CheckedRun::bytes(run))
    }
}
