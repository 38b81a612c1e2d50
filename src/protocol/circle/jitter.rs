//! Waits that differ from node to node, from a seed.

/// A row of numbers that look like chance and are not.
#[derive(Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) fn new(seed: u64) -> Jitter {
        Jitter(seed)
    }

    /// Up to `span` milliseconds.
    pub(super) fn up_to(&mut self, span: u64) -> u64 {
        // splitmix64: spreads any seed.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % (span + 1)
    }
}
