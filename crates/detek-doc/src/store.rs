//! The retained form of documents: 4-byte words, one text, shared key lists.
//!
//! A value is a `u32` of 3 bits of tag and 29 of payload. Strings, lists and objects are written once and never changed;
//! two direct-mapped caches let equal neighbours (replicas of one workload) share them. The caches verify content and
//! never grow, so nothing is rehashed and there is no peak: equal strings may be stored twice.
use crate::doc::Doc;
use crate::shapes::Shapes;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const NULL: u32 = 0;
pub(crate) const BOOL: u32 = 1;
/// An integer of `0 .. 2^29`, in place.
pub(crate) const INT: u32 = 2;
/// Any other integer: an index into `big`.
pub(crate) const BIG: u32 = 3;
/// A double: an index into `big`.
pub(crate) const DOUBLE: u32 = 4;
/// A string number: `text[ends[i]..ends[i + 1]]`.
pub(crate) const TEXT: u32 = 5;
/// An offset into `words`: length, then that many words.
pub(crate) const LIST: u32 = 6;
/// An offset into `words`: shape, then one word for each key; or [`DICTIONARY`], length, string numbers of the sorted
/// keys, words.
pub(crate) const OBJECT: u32 = 7;

/// In place of a shape: an object that brings its own keys.
pub(crate) const DICTIONARY: u32 = u32::MAX;
/// Payloads are smaller than this.
pub(crate) const PAYLOAD: u32 = 1 << 29;

/// A value of the store; `payload` must be below [`PAYLOAD`].
#[inline]
pub(crate) const fn word(tag: u32, payload: u32) -> u32 {
    payload << 3 | tag
}

/// The documents of one input of one target, immutable and shareable between threads.
#[derive(Clone, Debug)]
pub struct Store {
    /// Tells stores apart in what [`crate::Field`] remembers; not part of the content.
    pub(crate) number: u64,
    pub(crate) words: Vec<u32>,
    pub(crate) text: String,
    pub(crate) ends: Vec<u32>,
    pub(crate) big: Vec<u64>,
    pub(crate) docs: Vec<u32>,
    pub(crate) shapes: Shapes,
}

/// Bytes that a store holds, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Values: 4 bytes each.
    pub words: usize,
    /// Text of strings.
    pub text: usize,
    /// Ends of strings: 4 bytes each.
    pub ends: usize,
    /// Doubles and integers that do not fit into a word: 8 bytes each.
    pub numbers: usize,
    /// Key lists of objects and the names of keys.
    pub shapes: usize,
    /// The list of documents: 4 bytes each.
    pub docs: usize,
}

impl Memory {
    /// All parts together, in bytes.
    pub fn total(&self) -> usize {
        self.words + self.text + self.ends + self.numbers + self.shapes + self.docs
    }
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

impl Store {
    /// An empty store to be filled, with a number of its own.
    pub(crate) fn numbered() -> Self {
        Self { number: NUMBERS.fetch_add(1, Ordering::Relaxed), ..Self::empty() }
    }

    /// A store without documents.
    pub fn empty() -> Self {
        Self {
            number: 0,
            words: Vec::new(),
            text: String::new(),
            ends: vec![0],
            big: Vec::new(),
            docs: Vec::new(),
            shapes: Shapes::new(),
        }
    }

    /// The number of documents.
    pub fn len(&self) -> usize {
        self.docs.len()
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.docs.is_empty()
    }

    /// All documents, in the order in which they were read.
    pub fn docs(&self) -> impl ExactSizeIterator<Item = Doc<'_>> {
        self.docs.iter().map(|&word| Doc { store: self, word })
    }

    /// The document with number `n`, counted from 0.
    ///
    /// # Panics
    /// If there are not that many documents.
    pub fn doc(&self, n: u32) -> Doc<'_> {
        Doc { store: self, word: self.docs[n as usize] }
    }

    /// Bytes held, by part.
    pub fn memory(&self) -> Memory {
        Memory {
            words: self.words.len() * 4,
            text: self.text.len(),
            ends: self.ends.len() * 4,
            numbers: self.big.len() * 8,
            shapes: self.shapes.bytes(),
            docs: self.docs.len() * 4,
        }
    }

    #[inline]
    pub(crate) fn string(&self, number: u32) -> &str {
        &self.text[self.ends[number as usize] as usize..self.ends[number as usize + 1] as usize]
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::empty()
    }
}
