//! Lists that are cut where a frame holds no more.

use super::super::limits::PACKET_BYTES_MAX;

/// Bytes of a packet that holds one list beside the items and their commas, at most.
const LIST_BYTES: usize = 64;

/// The items in lists of at most `count_max`, each of which fits a packet. `bytes` of one item are
/// far fewer than fit one.
pub(super) fn parts<T>(
    items: Vec<T>,
    count_max: usize,
    bytes: impl Fn(&T) -> usize,
) -> Vec<Vec<T>> {
    let mut parts = Vec::new();
    let (mut part, mut sum) = (Vec::new(), LIST_BYTES);
    for item in items {
        let more = bytes(&item) + 1;
        if !part.is_empty() && (sum + more > PACKET_BYTES_MAX || part.len() == count_max) {
            parts.push(std::mem::take(&mut part));
            sum = LIST_BYTES;
        }
        sum += more;
        part.push(item);
    }
    parts.push(part);
    parts
}
