//! Response bodies: whole, streamed, slowed, cut, stalled, endless; each tells the log how much of it was sent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::answer::Payload;
use crate::log::Open;

/// Bodies that a list cannot be.
pub(crate) enum Source {
    Payload(Payload),
    /// A first part, then one part again and again, then a last one.
    Repeat {
        first: Option<Bytes>,
        again: Bytes,
        times: u64,
        last: Option<Bytes>,
    },
}

/// A body on its way out.
pub(crate) struct SentBody {
    source: Source,
    pending: Bytes,
    /// Bytes that may still be sent, and whether the body ends or stalls then.
    left: Option<(u64, bool)>,
    /// Bytes a second, and the wait until the next may be sent.
    drip: Option<(u32, Pin<Box<Sleep>>)>,
    open: Open,
}

impl SentBody {
    pub(crate) fn new(source: Source, open: Open) -> Self {
        Self { source, pending: Bytes::new(), left: None, drip: None, open }
    }

    pub(crate) fn ends_after(mut self, bytes: u64) -> Self {
        self.left = Some((bytes, false));
        self
    }

    pub(crate) fn stalls_after(mut self, bytes: u64) -> Self {
        self.left = Some((bytes, true));
        self
    }

    pub(crate) fn drips(mut self, bytes_per_second: u32) -> Self {
        self.drip = Some((bytes_per_second, Box::pin(sleep(Duration::ZERO))));
        self
    }

    fn refill(&mut self) -> bool {
        let next = match &mut self.source {
            Source::Payload(Payload::Whole(bytes)) => Some(std::mem::take(bytes)).filter(|b| !b.is_empty()),
            Source::Payload(Payload::List(list)) => list.next_chunk(),
            Source::Repeat { first, again, times, last } => first.take().or_else(|| {
                if *times == 0 {
                    return last.take();
                }
                *times -= 1;
                Some(again.clone())
            }),
        };
        self.pending = next.unwrap_or_default();
        !self.pending.is_empty()
    }
}

impl HttpBody for SentBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        match this.left {
            Some((0, true)) => return Poll::Pending,
            Some((0, false)) => return Poll::Ready(None),
            _ => {}
        }
        if let Some((_, wait)) = &mut this.drip
            && wait.as_mut().poll(cx).is_pending()
        {
            return Poll::Pending;
        }
        if this.pending.is_empty() && !this.refill() {
            return Poll::Ready(None);
        }
        let mut size = this.pending.len() as u64;
        if let Some((left, _)) = &mut this.left {
            size = size.min(*left);
            *left -= size;
        }
        if let Some((rate, wait)) = &mut this.drip {
            // One byte at a time is slow to simulate; a tenth of a second's worth is smooth enough.
            let step = u64::from(*rate / 10).max(1).min(size);
            if let Some((left, _)) = &mut this.left {
                *left += size - step;
            }
            size = step;
            wait.set(sleep(Duration::from_secs_f64(step as f64 / f64::from(*rate))));
        }
        this.open.sent += size;
        Poll::Ready(Some(Ok(Frame::data(this.pending.split_to(size as usize)))))
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.source, self.left) {
            (Source::Payload(Payload::Whole(bytes)), None) if self.open.sent == 0 => {
                SizeHint::with_exact(bytes.len() as u64)
            }
            _ => SizeHint::default(),
        }
    }
}
