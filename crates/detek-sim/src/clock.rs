//! The server's clock: the only place that reads the real one.

use jiff::{SignedDuration, Timestamp};

/// What the server believes the time to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// Stands still.
    Fixed(Timestamp),
    /// The machine's clock, moved by an offset.
    Real(SignedDuration),
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a server has a clock of its own; clients must take the time from its answers"
    )]
    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::Fixed(at) => at,
            Self::Real(offset) => Timestamp::now().checked_add(offset).unwrap_or(Timestamp::MAX),
        }
    }
}

/// `Wed, 25 Nov 2026 06:00:00 GMT`, the form of a `Date` header.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `2026-11-25T06:00:00Z`, the form of times in objects.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
