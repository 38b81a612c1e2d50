//! Every bound of the protocol, each with its reason. All nodes of a circle must agree on those
//! that decide whether a run is accepted (`TEXT_*`, `BODY_*`, `RUN_*`, `INTEGER_MAX`).

/// Bytes of UTF-8 in one message: some four printed pages.
pub const TEXT_MAX: usize = 16 * 1024;
/// Bytes of an entry's body: a text of [`TEXT_MAX`] with every other byte escaped.
pub const BODY_MAX: usize = 32 * 1024;
/// Entries in one run: bounds what one signature makes a receiver hash.
pub const RUN_ENTRIES_MAX: usize = 256;
/// Bytes of a run as encoded JSON: with Fernet's base64 it stays inside [`FRAME_MAX`].
pub const RUN_BYTES_MAX: usize = 128 * 1024;
/// Characters of a name after cleaning.
pub const NAME_MAX: usize = 64;
/// Bytes of a frame after the handshake; checked before memory is taken.
pub const FRAME_MAX: usize = 256 * 1024;
/// Bytes of a packet whose token is just within [`FRAME_MAX`]: base64 turns 3 bytes into 4, the
/// token has 57 bytes beside the ciphertext, which is padded to the next multiple of 16.
pub const PACKET_BYTES_MAX: usize = (FRAME_MAX / 4 * 3 - 57) / 16 * 16 - 1;
/// Bytes of the first two handshake frames, which strangers can send.
pub const HELLO_FRAME_MAX: usize = 1024;
/// Bytes of the last two handshake frames.
pub const JOIN_FRAME_MAX: usize = 4 * 1024;
/// Nesting of a JSON packet or body.
pub const JSON_DEPTH_MAX: usize = 8;
/// The greatest integer every JSON implementation reads exactly (RFC 7493).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;
/// Addresses kept for one member; they are hints.
pub const ADDRESSES_MAX: usize = 8;
/// Bytes of one `host:port`: a DNS name is at most 253.
pub const ADDRESS_BYTES_MAX: usize = 262;
/// Links of one node; above this size of circle the mesh is no longer full.
pub const LINKS_MAX: usize = 64;
/// Members with an entry beyond which a warning is logged: the size that tests cover.
pub const MEMBERS_TESTED: usize = 256;
/// Milliseconds a handshake may take.
pub const HANDSHAKE_MS: u64 = 5_000;
/// Half-open handshakes, some kilobytes each: more connections wait in the system's queue until the
/// oldest has had its [`HALF_OPEN_GRACE_MS`] and gives way.
pub const HALF_OPEN_MAX: usize = 128;
/// Milliseconds that a half-open handshake has for its first packet before it can give way: what a
/// member says first follows its connection at once. 128 in 100 ms also bound what a flood of
/// recorded first packets can cost.
pub const HALF_OPEN_GRACE_MS: u64 = 100;
/// Half-open handshakes from one address, loopback excepted.
pub const HALF_OPEN_PER_ADDRESS_MAX: usize = 4;
/// Bytes queued for one link before it is dropped; the peer resyncs.
pub const SEND_QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of what is long (histories, proofs, others' receipts, further parts of a vector) that are
/// queued for a link at once: the next once all of it is written out. Far below
/// [`SEND_QUEUE_BYTES_MAX`], so that room is left for what is live.
pub const LONG_BYTES: usize = 4 * RUN_BYTES_MAX;
/// Milliseconds until the system takes a part of a write, as long as a peer may be silent: over a
/// slow line the system's own buffers take some time to get room.
pub const WRITE_TIMEOUT_MS: u64 = 45_000;
/// Milliseconds between pings.
pub const PING_MS: u64 = 15_000;
/// Milliseconds without receiving anything after which a link is dead.
pub const DEAD_MS: u64 = 45_000;
/// Milliseconds after which the dialling side makes a new handshake.
pub const REKEY_MS: u64 = 15 * 60 * 1_000;
/// Packets in one direction after which the dialling side makes a new handshake.
pub const REKEY_PACKETS: u64 = 1 << 20;
/// Bytes in one direction after which the dialling side makes a new handshake.
pub const REKEY_BYTES: u64 = 1 << 30;
/// Milliseconds between dials of one address before a first success.
pub const REDIAL_FIRST_MS: u64 = 1_000;
/// Greatest wait in milliseconds between dials after a success.
pub const REDIAL_MAX_MS: u64 = 30_000;
/// Milliseconds that a replaced link may still drain.
pub const DRAIN_MS: u64 = 2_000;
/// Milliseconds after a start with no link before a node stamps freely.
pub const ALONE_MS: u64 = 1_000;
/// Milliseconds that catching up may hold back a node's own sends.
pub const CATCH_UP_MS: u64 = 10_000;
/// Bytes of entries of one author that wait for what they name.
pub const WAITING_AUTHOR_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of all waiting entries; what does not fit is fetched again.
pub const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Hashes in one `want`, and of one peer's that wait for their answer.
pub const WANTED_HASHES_MAX: usize = 256;
/// Hashes wanted at once: the ends of a thousand forked logs, found in one comparison.
pub const WANTED_MAX: usize = 4 * WANTED_HASHES_MAX;
/// Least milliseconds between two full `want` to one peer, which keeps no more than one.
pub const WANT_PACE_MS: u64 = 100;
/// Questions for one hash, half of them to the peer that made us want it, in a minute; then what
/// waits for it is dropped, and fetched again like anything that is not held.
pub const WANT_TRIES_MAX: u32 = 6;
/// Runs that the answer to one hash may bring: what a node of 0.1 can wait for at once.
pub const NAMED_RUNS_MAX: usize = WANTED_HASHES_MAX;
/// Runs of which a link remembers that they were brought along, while it answers hashes.
pub const BROUGHT_MAX: usize = 4 * NAMED_RUNS_MAX;
/// Milliseconds before a wanted hash is first asked for again; doubles with each question.
pub const WANT_RETRY_MS: u64 = 1_000;
/// Bytes of one author's entries that are asked for at once: they find room among what waits of it
/// (see [`WAITING_AUTHOR_BYTES_MAX`]), however much comes before what it names.
pub const FETCH_AHEAD_BYTES: usize = 768 * 1024;
/// Milliseconds in which nothing comes that was asked for, after which another link is asked.
pub const RANGE_RETRY_MS: u64 = 2_000;
/// Times [`RANGE_RETRY_MS`] that a range may bring nothing of its author, while others' entries
/// come that are further down in the order, before another link is asked.
pub const RANGE_PATIENCE: u64 = 8;
/// Milliseconds for which an entry that a run names is left to the ranges that come from the same
/// peer, before it is asked for by its hash.
pub const RANGE_GRACE_MS: u64 = 4_000;
/// Milliseconds since the last of them after which they come no more.
pub const RANGE_FLOWS_MS: u64 = 500;
/// Ranges in one `want`.
pub const WANT_RANGES_MAX: usize = 512;
/// Authors in one `sync`; a larger vector is sent in several.
pub const SYNC_AUTHORS_MAX: usize = 512;
/// Members in one `contacts`; more are sent in several.
pub const CONTACTS_MAX: usize = 64;
/// Authors that nobody here has met, named in the vectors on one link: hints, and as many as are
/// taken from contacts.
pub const HINTS_MAX: usize = 4_096;
/// Least milliseconds before what came from others is offered.
pub const OFFER_MS: u64 = 300;
/// Names in an offer that goes out however much is queued; a longer one waits for room.
pub const OFFER_SHORT: usize = 16;
/// Least milliseconds before the ends of logs that have grown are compared with a peer.
pub const COMPARE_MS: u64 = 8_000;
/// Least milliseconds between two receipts of one node.
pub const RECEIPT_MS: u64 = 50;
/// Milliseconds added per member between two receipts of one node.
pub const RECEIPT_PER_MEMBER_MS: u64 = 20;
/// Greatest wait between two receipts: a crowd of members must not silence the others.
pub const RECEIPT_MAX_MS: u64 = 5_000;
/// Members with an entry up to which each receipt goes to everybody at once.
pub const RECEIPT_AT_ONCE_MEMBERS: u64 = 8;
/// Milliseconds for each member, above those, that a receipt may wait for the next on its way to
/// whoever has no word of its own in it: what goes from everybody to everybody grows with their
/// square.
pub const RECEIPT_REST_PER_MEMBER_MS: u64 = 100;
/// Greatest of these waits.
pub const RECEIPT_REST_MAX_MS: u64 = 10_000;
/// Authors in each map of a receipt: a whole one fits a frame.
pub const RECEIPT_MARKS_MAX: usize = 1_000;
/// Members whose receipt is kept before an entry of theirs is held: identities cost nothing.
pub const RECEIPTS_UNMET_MAX: usize = 256;
/// Least milliseconds in which no receipt comes that was asked for, after which another peer is
/// asked.
pub const RECEIPT_RETRY_MS: u64 = 2_000;
/// Times [`RECEIPT_RETRY_MS`] that a receipt is awaited of one peer while that brings others.
pub const RECEIPT_PATIENCE: u64 = 4;
/// Milliseconds for which a peer that has let a receipt be awaited in vain is asked only for what
/// nobody else offers.
pub const RECEIPT_SILENT_MS: u64 = 64_000;
/// Proofs of forks kept of members without an entry here: identities cost nothing.
pub const DISPUTES_UNMET_MAX: usize = 256;
/// Bytes of these proofs: some forty of the longest there are.
pub const DISPUTES_UNMET_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Receipts in one `receipt` packet.
pub const RECEIPTS_MAX: usize = 16;
/// Lookups of ranges at once, in turns among those who asked: more would share the same disk.
pub const LOOKUPS_MAX: usize = 2;
/// Bytes that a peer may be served at once though they are no news to it: what lines and buffers
/// may have lost when a link ends, or as much as was news since.
pub const AGAIN_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes in a second by which that grows back. Reading them costs a hundredth of a core.
pub const AGAIN_BYTES_PER_SECOND: u64 = 256 * 1024;
/// Bytes of these that looking for a hash costs, held or not.
pub const HASH_COST_BYTES: usize = 64;
/// Branches of one disputed author kept for reference.
pub const BRANCHES_MAX: usize = 4;
/// Entries of one disputed author kept for reference.
pub const BRANCH_ENTRIES_MAX: usize = 1_024;
/// Sends that wait while the node catches up or its store lags; one more is refused.
pub const WAITING_SENDS_MAX: usize = 4_096;
/// Bytes of uncommitted writes above which no more is taken from links.
pub const UNCOMMITTED_BYTES_MAX: usize = 16 * 1024 * 1024;
