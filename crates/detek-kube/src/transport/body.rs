//! Bodies in parts: as they come, unpacked; as a reader for the thread that decodes; and how much of a list is in the
//! beginning of one.

use crate::transport::failure::{self, Again, Failure, Route};
use bytes::{Buf, Bytes};
use detek_core::{Cause, CauseClass, Stage};
use flate2::write::GzDecoder;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use kube::client::Body;
use std::{
    io::{self, Read, Write},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

/// Unpacked bytes for each packed one, beyond the first [`FREE`]: JSON has 5 to 20.
const RATIO: u64 = 100;
const FREE: u64 = 1 << 20;

/// A body on its way in.
pub(crate) struct Incoming {
    body: Body,
    gzip: Option<GzDecoder<Vec<u8>>>,
    packed: u64,
    unpacked: u64,
}

impl Incoming {
    pub(crate) fn new(body: Body, headers: &HeaderMap) -> Self {
        let packed = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
        Incoming { body, gzip: packed.then(|| GzDecoder::new(Vec::new())), packed: 0, unpacked: 0 }
    }

    /// The next part, unpacked; `None` at the end. Parts may come `idle` apart.
    pub(crate) async fn part(&mut self, idle: Duration, route: &Route) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = timeout(idle, self.body.frame())
                .await
                .map_err(|_| Failure::timeout(Stage::Body, &format!("the answer stopped for {} s", idle.as_secs())))?;
            let Some(frame) = frame else { return self.end() };
            let frame = frame.map_err(|e| failure::of_error(&e, Stage::Body, route))?;
            let Ok(data) = frame.into_data() else { continue };
            let part = self.unpack(data)?;
            if !part.is_empty() {
                return Ok(Some(part));
            }
        }
    }

    fn unpack(&mut self, data: Bytes) -> Result<Bytes, Failure> {
        let Some(gzip) = &mut self.gzip else { return Ok(data) };
        self.packed += data.len() as u64;
        // By small steps, so that what is too much is noticed before it is there.
        for step in data.chunks(1 << 10) {
            gzip.write_all(step).map_err(|_| broken())?;
            let all = self.unpacked + gzip.get_ref().len() as u64;
            if all > FREE && all / RATIO > self.packed {
                let text = format!("the answer unpacks to more than {RATIO} times its size");
                return Err(Failure::new(Cause::new(CauseClass::TooLarge, Stage::Decode, &text), Again::Never));
            }
        }
        let part = std::mem::take(gzip.get_mut());
        self.unpacked += part.len() as u64;
        Ok(part.into())
    }

    fn end(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(gzip) = self.gzip.take() else { return Ok(None) };
        // Its end is where the sum is checked.
        let last = gzip.finish().map_err(|_| broken())?;
        Ok(Some(Bytes::from(last)).filter(|last| !last.is_empty()))
    }
}

fn broken() -> Failure {
    let text = "the compressed answer is broken or ends too early";
    Failure::new(Cause::new(CauseClass::BadBody, Stage::Body, text), Again::Soon)
}

/// What comes from the network, as the decoder reads it.
pub(crate) struct Parts {
    from: mpsc::Receiver<io::Result<Bytes>>,
    part: Bytes,
}

impl Parts {
    pub(crate) fn new(from: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Parts { from, part: Bytes::new() }
    }
}

impl Read for Parts {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            match self.from.blocking_recv() {
                Some(part) => self.part = part?,
                None => return Ok(0),
            }
        }
        let n = out.len().min(self.part.len());
        self.part.copy_to_slice(&mut out[..n]);
        Ok(n)
    }
}

/// How many elements of the list are whole in the beginning of its body. Enough to choose the size of the next page: what
/// is no JSON gives some number.
pub(crate) fn whole_items(body: &[u8]) -> u32 {
    let (mut depth, mut items, mut quoted, mut escaped) = (0_u32, 0_u32, false, false);
    for byte in body {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                // `{"items":[{...}` is two deep behind each element.
                items += u32::from(depth == 2 && *byte == b'}');
            }
            _ => {}
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::whole_items;

    #[test]
    fn elements_are_counted_when_they_are_whole() {
        let body = br#"{"kind":"PodList","metadata":{"continue":"a"},"items":[{"a":{"b":"}]{\""}},{"c":[{}]},{"d":"#;
        assert_eq!(whole_items(body), 2);
        assert_eq!(whole_items(br#"{"metadata":{},"items":["#), 0);
        assert_eq!(whole_items(b"}}}}"), 0);
    }
}
