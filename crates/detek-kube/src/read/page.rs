//! A page on its way into the store: decoded beside the threads that talk to the network, whole or as it comes.

use crate::{
    read::Reading,
    transport::{
        body::{Incoming, Parts},
        failure::{Again, Failure},
    },
};
use bytes::Bytes;
use detek_core::{Cause, CauseClass, Stage};
use detek_doc::{Caps, DecodeError, ListMeta, Projection, StoreBuilder, decoder, stream};
use std::{
    io::{self, Cursor, Read},
    sync::Arc,
};
use tokio::{sync::mpsc, task::spawn_blocking};

/// Smaller bodies are decoded at once: another thread would cost more.
const SMALL: usize = 64 << 10;
/// Parts of a body that wait for the decoder.
const WAITING: usize = 16;

/// The store of one input, and the buffer that its pages share.
pub(crate) struct Pages {
    /// `None` while it is with the decoder, or after it was lost there.
    out: Option<StoreBuilder>,
    pub(crate) buffer: Vec<u8>,
    caps: Caps,
    projection: Arc<Projection>,
}

/// How a page did not get into the store.
pub(crate) enum Undecoded {
    /// It is not what it should be.
    Bad(DecodeError),
    /// Its rest did not come.
    Cut(Failure),
}

impl Pages {
    pub(crate) fn new(projection: Projection, caps: Caps) -> Self {
        Pages { out: None, buffer: Vec::new(), caps, projection: Arc::new(projection) }
    }

    /// The store so far.
    pub(crate) fn out(&mut self) -> &mut StoreBuilder {
        self.out.get_or_insert_with(|| StoreBuilder::new(&self.caps))
    }

    /// Takes the store out, at the end.
    pub(crate) fn take(&mut self) -> StoreBuilder {
        self.out.take().unwrap_or_else(|| StoreBuilder::new(&self.caps))
    }

    /// Stores what is in the buffer, and then `rest`. Gives the bytes read as well.
    pub(crate) async fn store(
        &mut self,
        reading: &Reading,
        rest: Option<Incoming>,
    ) -> (Result<ListMeta, Undecoded>, u64) {
        let buffered = self.buffer.len() as u64;
        if rest.is_none() && self.buffer.len() <= SMALL {
            let out = self.out.get_or_insert_with(|| StoreBuilder::new(&self.caps));
            let done = decoder().list(&self.buffer, &self.projection, out);
            return (done.map_err(Undecoded::Bad), buffered);
        }
        let (projection, caps) = (self.projection.clone(), self.caps);
        let mut out = self.take();
        let buffer = std::mem::take(&mut self.buffer);
        let (sender, parts) = mpsc::channel(WAITING);
        let streamed = rest.is_some();
        let decoding = spawn_blocking(move || {
            let done = if streamed {
                stream(Cursor::new(&buffer).chain(Parts::new(parts)), &projection, &caps, &mut out)
            } else {
                decoder().list(&buffer, &projection, &mut out)
            };
            (done, out, buffer)
        });
        let fed = match rest {
            Some(rest) => feed(reading, rest, sender).await,
            None => Ok(0),
        };
        let Ok((done, out, buffer)) = decoding.await else {
            // The store is lost with the thread; nothing of it may pass for complete.
            let cause = Cause::new(CauseClass::Internal, Stage::Decode, "decoding ended in a fault of detek");
            return (Err(Undecoded::Cut(Failure::new(cause, Again::Never))), buffered);
        };
        (self.out, self.buffer) = (Some(out), buffer);
        match fed {
            Ok(more) => (done.map_err(Undecoded::Bad), buffered + more),
            Err(failure) => (Err(Undecoded::Cut(failure)), buffered),
        }
    }
}

/// Hands the rest of a body to the decoder, part by part; the bytes of it.
async fn feed(reading: &Reading, mut rest: Incoming, to: mpsc::Sender<io::Result<Bytes>>) -> Result<u64, Failure> {
    let mut bytes = 0;
    loop {
        match reading.options.bound(reading.transport.part(&mut rest)).await {
            Ok(Some(part)) => {
                bytes += part.len() as u64;
                let cap = reading.transport.limits.list_bytes;
                if bytes > cap {
                    return Err(too_long(cap));
                }
                // The decoder has given up, and says why.
                if to.send(Ok(part)).await.is_err() {
                    return Ok(bytes);
                }
            }
            Ok(None) => return Ok(bytes),
            Err(failure) => {
                // What came until then must not look like the end.
                let _ = to.send(Err(io::ErrorKind::ConnectionAborted.into())).await;
                return Err(failure);
            }
        }
    }
}

/// The failure of a list that has more bytes than a list may have.
pub(crate) fn too_long(cap: u64) -> Failure {
    let text = format!("the list is longer than {cap} bytes (list_bytes)");
    Failure::new(Cause::new(CauseClass::TooLarge, Stage::Body, &text), Again::Never)
}
