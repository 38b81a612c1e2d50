//! How the node ends a page.

/// WebSocket close codes (RFC 6455, section 7.4.1 and the IANA registry).
pub(super) mod close {
    pub(crate) const GOING_AWAY: u16 = 1001;
    pub(crate) const POLICY: u16 = 1008;
    pub(crate) const INTERNAL: u16 = 1011;
    pub(crate) const TRY_AGAIN_LATER: u16 = 1013;
}

/// Why the node ends a page: a code and words for the close frame.
pub(super) struct Ended(pub(super) u16, pub(super) &'static str);

pub(super) fn stopping() -> Ended {
    Ended(close::GOING_AWAY, "the node is stopping")
}

/// How a page's work goes on; it ends as the page has gone (none), or as the node ends it.
pub(super) type Step = Result<(), Option<Ended>>;
