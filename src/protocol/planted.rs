//! Bugs that tests plant to show that the simulator finds them.
//!
//! Without the feature `planted`, which only this crate's own tests turn on, [`is`] is a constant
//! and every planted branch is compiled away.

/// One promise, broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A receipt covers what is not committed yet.
    ReceiptBeforeCommit,
    /// An own run leaves before its commit.
    SentBeforeCommit,
    /// A run's signature is not checked.
    SignatureUnchecked,
    /// A receipt's signature is not checked.
    ReceiptSignatureUnchecked,
    /// A counter need not follow from what its entry names.
    CounterUnchecked,
    /// A packet's number is not checked.
    PacketNumberUnchecked,
    /// The second version of an entry takes the place of the first.
    ForkOverwrites,
    /// A proof of a fork stays where it was found.
    DisputeKept,
    /// Entries of a disputed author are not kept for reference.
    BranchDropped,
    /// What waits has no bound.
    WaitingUnbounded,
    /// Wanted hashes have no fair share: the first to come keep all places.
    WantedUnfair,
    /// A hash is asked for as long as something waits for it.
    AskedForever,
    /// The answer to a hash leaves out what its entry names.
    NamedLeftOut,
    /// What only a question brings is given time to come by itself.
    GraceForForks,
    /// What an author's further entries name is asked for one by one.
    NamedOneByOne,
    /// Forks are compared as late as anything else.
    ForksComparedLate,
    /// What waits of an author gives way from the end of its log, whoever sent it.
    WaitingUnfair,
    /// What came with an answer comes with the next again.
    BroughtTwice,
    /// What came from others is not offered.
    OfferForgotten,
    /// The ends of logs are compared with the vectors alone.
    EndsUncompared,
    /// A vector is answered with a vector, and that one too.
    ResentForever,
    /// A stalled range is never asked of another peer.
    StallIgnored,
    /// One packet of history that is written stands for all of them.
    WrittenUncounted,
    /// What is asked for again goes out again, while it is still on its way.
    OnItsWayForgotten,
    /// What a peer was served before is served to it again without end.
    AgainUnpaced,
    /// Whoever asked last for history is served first.
    TurnsForgotten,
    /// An end that a peer names before it is reached here is never compared.
    EndsAheadForgotten,
    /// All that an author has is asked for at once.
    RangesUnbounded,
    /// What a range is about to bring is asked for by hash too.
    RangeNotAwaited,
    /// What is live counts as the progress of a fetch.
    LiveIsProgress,
    /// What is long is queued whatever is queued already.
    LongUnpaced,
    /// Every receipt that a peer's vector lacks is sent to it, and not its count.
    ReceiptsPushed,
    /// A receipt is asked of everybody that offers it.
    ReceiptsAskedOfAll,
    /// A receipt is asked of one peer, and of no other when that one does not answer.
    ReceiptsAskedOnce,
    /// Who has let a receipt be awaited in vain is asked as if nothing had been.
    SilenceForgotten,
    /// Receipts of those that nobody has met take the place of members'.
    ReceiptsCrowdedOut,
    /// Whose receipt found no room before there was an entry is not asked for it afterwards.
    UnmetForgotten,
    /// Who asks for the own receipt does not get it.
    AskedInVain,
    /// Whose receipts go back to a smaller count is not told which they were.
    OwnReceiptKept,
    /// Whose newer receipt takes back an older one is not shown that.
    FallUntold,
    /// A receipt that takes back an older one is asked for again as soon as it was refused.
    FallenAskedAgain,
    /// A receipt may not take back what was stored of an author past its fork either.
    ForkNoExcuse,
    /// A fork that is found later does not excuse such a receipt.
    ForkExcusesLate,
    /// Proofs of forks are kept of however many members without an entry.
    ProofsUnbounded,
    /// With each question to whoever made an entry wanted, and has gone, the turn of the others
    /// begins anew.
    TurnForgotten,
    /// Whoever made an entry wanted is not asked for it when its link comes back.
    ReturnUnnoticed,
    /// A peer's own receipt that its second vector names is waited for, though it was lost.
    OwnLossUnnoticed,
    /// Each receipt goes to everybody at once, however many there are.
    ReceiptsToAllAtOnce,
    /// Whoever is not spoken of in a receipt does not get it later either.
    RestForgotten,
    /// Whoever sends what waits for an entry is not asked for it, where others were in vain.
    HoldersUnnoticed,
    /// A mark follows its newest computation, down too.
    MarkFalls,
    /// A new receipt may take back what an older one said.
    ReceiptFalls,
    /// Counts of receipts begin anew with each start.
    CountReused,
    /// The entry that came last counts as the greatest.
    OrderByArrival,
    /// A position is final as soon as it is committed here.
    FinalTooSoon,
    /// A member that has left or is set aside is waited for.
    GoneWaitedFor,
    /// An own entry that is not held, or was vouched for, says nothing about the database.
    RollbackUnnoticed,
    /// A link that stands gives way to whoever comes.
    StandingGivesWay,
    /// The link that has stood the longest gives way first.
    LongestGivesWay,
    /// A link that stands is given up before it is known whether the newcomer stays.
    GivenUpAtOnce,
    /// No place is kept for whom `RODA_PEERS` reaches.
    CalledUnkept,
    /// No place is kept for the members met first.
    OldestUnkept,
    /// No place is kept for those one has written with.
    WrittenUnkept,
    /// No place is kept for the members met just before and after oneself.
    BesideUnkept,
    /// No place is kept for neighbours on the ring of ids.
    RingUnkept,
    /// No place is kept for those without an entry.
    VisitorsUnkept,
    /// Links are told over a pair's first link, and not over one that replaces it.
    LinksUntold,
    /// Changes of links are told to programs that know only whole lists.
    ChangesToOld,
    /// Whom somebody else claims to be at an address is dialled when that dial is due.
    ClaimsDelay,
    /// Every address that somebody told is dialled at once.
    ToldUnbounded,
}

#[cfg(feature = "planted")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants one bug, or none, in this thread.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether this bug is planted in this thread.
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "planted")]
pub use switch::{is, plant};

/// Whether this bug is planted: never, in this build.
#[cfg(not(feature = "planted"))]
pub const fn is(_: Bug) -> bool {
    false
}
