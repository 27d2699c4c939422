//! What a reader may say about a read in work: how far it is, and that it must end.

use crate::transport::failure::{Again, Failure};
use detek_core::{Cause, CauseClass, InputKey, InputState, Stage};
use std::{fmt, sync::Arc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How far one input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is being read.
    Started,
    /// A page of it was stored.
    Page {
        /// Pages so far.
        pages: u32,
        /// Documents so far.
        items: u64,
        /// Documents that the server says are left; not every server does.
        remaining: Option<u64>,
    },
    /// It was read, as far as it could be.
    Ended(InputState),
}

/// Is told how far each input is; called from several threads.
pub type OnProgress = Arc<dyn Fn(&InputKey, Progress) + Send + Sync>;

/// When to stop reading, and who wants to know how far it is.
#[derive(Clone, Default)]
pub struct ReadOptions {
    /// Reading ends at this time: what was not read by then is `timed_out`, or partial.
    pub deadline: Option<Instant>,
    /// Reading ends when this is cancelled, as at a deadline.
    pub cancel: CancellationToken,
    /// Told how far each input is.
    pub progress: Option<OnProgress>,
}

impl fmt::Debug for ReadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOptions").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl ReadOptions {
    pub(crate) fn tell(&self, key: &InputKey, progress: Progress) {
        if let Some(report) = &self.progress {
            report(key, progress);
        }
    }

    /// What `work` gives, unless reading has to end before.
    pub(crate) async fn bound<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let deadline = async {
            match self.deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let (class, text) = tokio::select! {
            biased;
            () = self.cancel.cancelled() => (CauseClass::Cancelled, "reading was cancelled"),
            () = deadline => (CauseClass::Timeout, "the deadline of the run was reached"),
            done = work => return done,
        };
        let mut cause = Cause::new(class, Stage::FirstByte, text);
        // It was cut off, not tried in vain.
        cause.attempts = 0;
        Err(Failure::new(cause, Again::Never))
    }
}
