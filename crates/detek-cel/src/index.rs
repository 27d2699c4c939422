//! Indexes over the documents of an input: which of them have a key.

use crate::{Frame, Program, Value};
use bumpalo::Bump;
use detek_doc::Store;

/// Units that the keys of one document may cost: enough for a thousand of them, as an EndpointSlice may have.
const FUEL: u64 = 100_000;

/// Numbers of documents by key: 8 bytes each, and the text of the keys.
#[derive(Debug)]
pub struct Index {
    text: String,
    /// End of a key in the text and the number of its document, in the order of keys and numbers.
    entries: Vec<(u32, u32)>,
    complete: bool,
}

impl Index {
    /// Builds an index. `key` is evaluated with each document in slot 0 and gives text; with `many`, a list of texts.
    /// A document whose key cannot be evaluated makes the index incomplete.
    pub fn build(documents: &Store, key: &Program, many: bool) -> Self {
        let mut scratch = Bump::new();
        let mut keys: Vec<(Box<str>, u32)> = Vec::with_capacity(documents.len());
        let mut complete = true;
        for (number, doc) in (0_u32..).zip(documents.docs()) {
            scratch.reset();
            let mut frame = Frame::new(&scratch, key.slots(), &[], &[], FUEL);
            frame.set(0, Value::Stored(doc));
            complete &= match key.eval(&mut frame) {
                Ok(Value::Text(text)) if !many => {
                    keys.push((text.into(), number));
                    true
                }
                Ok(list) if many => list.elements().is_some_and(|elements| {
                    let before = keys.len();
                    let texts = elements.clone().filter_map(|element| match element {
                        Value::Text(text) => Some((text.into(), number)),
                        _ => None,
                    });
                    keys.extend(texts);
                    keys.len() - before == elements.len()
                }),
                _ => false,
            };
        }
        Self::of(keys, complete)
    }

    fn of(mut keys: Vec<(Box<str>, u32)>, mut complete: bool) -> Self {
        keys.sort_unstable();
        keys.dedup();
        let (mut text, mut entries) = (String::new(), Vec::with_capacity(keys.len()));
        for (key, number) in keys {
            let Ok(end) = u32::try_from(text.len() + key.len()) else {
                complete = false;
                break;
            };
            text.push_str(&key);
            entries.push((end, number));
        }
        text.shrink_to_fit();
        Self { text, entries, complete }
    }

    /// Whether every document has its key.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.text.len() + self.entries.len() * 8
    }

    /// The numbers of the documents with this key.
    pub fn find(&self, key: &str) -> impl ExactSizeIterator<Item = u32> {
        let start = self.bound(|known| known < key);
        let end = self.bound(|known| known <= key);
        self.entries[start..end.max(start)].iter().map(|(_, number)| *number)
    }

    /// The number of entries from the first on whose keys are `below`.
    fn bound(&self, below: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low.midpoint(high);
            if below(self.key(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn key(&self, entry: usize) -> &str {
        let start = entry.checked_sub(1).map_or(0, |before| self.entries[before].0);
        &self.text[start as usize..self.entries[entry].0 as usize]
    }
}
