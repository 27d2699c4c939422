//! Bodies in parts: as a reader for the thread that decodes, and how much of a list is in a part of one.

use bytes::{Buf, Bytes};
use std::io::{self, Read};
use tokio::sync::mpsc;

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
