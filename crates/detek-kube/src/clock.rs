//! The clock of this machine, for the times of a read. Judging uses the server's time.

use jiff::Timestamp;

/// The present time.
#[expect(clippy::disallowed_methods, reason = "when a read began and ended is a fact of the run, noted here alone")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
