//! Signatures that were found to hold since the start: each is proven once, not for each asker.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::protocol::entry::{CheckedRun, signed_bytes};
use crate::protocol::signature::verify;

/// Runs that are remembered, of some ten bytes each; then remembering begins anew.
const PROVEN_MAX: usize = 1 << 19;

/// Whether the run's signature holds, proven anew.
pub(super) fn signature_holds(run: &CheckedRun) -> bool {
    verify(&run.author(), &signed_bytes(&run.head()), &run.run().signature)
}

/// What was proven. It names what was signed and the signature both, so that a byte that the disk
/// changes later in either is noticed.
#[derive(Debug, Default)]
pub(super) struct Proven(Mutex<HashSet<u64>>);

impl Proven {
    /// Whether the run's signature holds.
    pub(super) fn holds(&self, run: &CheckedRun) -> bool {
        let digest = Sha256::new().chain_update(run.head().0).chain_update(run.run().signature.0);
        let digest = digest.finalize();
        let name = *digest.first_chunk().expect("32 bytes hold 8");
        let name = u64::from_le_bytes(name);
        let set = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if set().contains(&name) {
            return true;
        }
        let holds = signature_holds(run);
        if holds {
            let mut set = set();
            if set.len() >= PROVEN_MAX {
                set.clear();
            }
            set.insert(name);
        }
        holds
    }
}
