//! A store while it is filled: caches, caps and the stack of unfinished lists and objects.
use crate::decode::{Caps, DecodeError};
use crate::doc::Doc;
use crate::names::Name;
use crate::redact;
use crate::shapes::{EMPTY, Growth, Step};
use crate::store::{BIG, DICTIONARY, DOUBLE, INT, LIST, Memory, OBJECT, PAYLOAD, Store, TEXT, word};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;

/// Entries of each neighbour cache; small enough to stay in the second-level cache.
const WAYS: usize = 1 << 15;
const NOTHING: u32 = u32::MAX;
/// In place of a word on the stack: the value is null, as if its key were absent.
pub(crate) const DROP: u32 = u32::MAX;

/// A cap was reached; what and why is in the builder's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// A place to roll back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    words: usize,
    text: usize,
    ends: usize,
    big: usize,
    docs: usize,
    shapes: (usize, usize),
    growth: usize,
}

/// A store that grows. Decoders append to it, [`StoreBuilder::finish`] freezes it.
pub struct StoreBuilder {
    pub(crate) store: Store,
    growth: Growth,
    /// Number of a string, and half of its hash.
    strings: Box<[(u32, u32)]>,
    /// Offset of a list or object, and half of its hash.
    trees: Box<[(u32, u32)]>,
    stack: Vec<u32>,
    caps: Caps,
    /// Kept bytes at which the document in work is too large.
    limit: usize,
    /// Where the document in work began.
    item: Option<Mark>,
    /// Why decoding stopped, when it was we who stopped it.
    pub(crate) fault: Option<DecodeError>,
}

impl fmt::Debug for StoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("docs", &self.store.len())
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}

/// An object in work; its words lie on the builder's stack.
pub(crate) struct Object {
    base: usize,
    shape: u32,
}

/// Where the value of a key goes.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// Behind the others; with a null value the object has the shape it had before.
    Next { before: u32 },
    /// Over the value that the key had.
    Again { position: u32 },
    /// Behind its key, in a dictionary.
    Pair,
}

impl StoreBuilder {
    /// An empty store that refuses to grow beyond `caps`.
    pub fn new(caps: &Caps) -> Self {
        Self {
            store: Store::numbered(),
            growth: Growth::new(),
            strings: vec![(NOTHING, 0); WAYS].into(),
            trees: vec![(NOTHING, 0); WAYS].into(),
            stack: Vec::new(),
            caps: *caps,
            limit: caps.kept_bytes,
            item: None,
            fault: None,
        }
    }

    /// The number of documents so far.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there is no document yet.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// Bytes held so far, by part.
    pub fn memory(&self) -> Memory {
        Memory { shapes: self.growth.bytes(), ..self.store.memory() }
    }

    /// The document with number `n`, counted from 0.
    ///
    /// # Panics
    /// If there are not that many documents.
    pub fn doc(&self, n: u32) -> Doc<'_> {
        self.store.doc(n)
    }

    /// The caps of this store.
    pub fn caps(&self) -> &Caps {
        &self.caps
    }

    /// The present end, for [`StoreBuilder::rollback`].
    pub fn mark(&self) -> Mark {
        let s = &self.store;
        Mark {
            words: s.words.len(),
            text: s.text.len(),
            ends: s.ends.len(),
            big: s.big.len(),
            docs: s.docs.len(),
            shapes: s.shapes.counts(),
            growth: self.growth.bytes(),
        }
    }

    /// Forgets everything that came after `mark`: documents, text, shapes, and what the caches know of them. Marks must
    /// be rolled back from the youngest to the oldest.
    pub fn rollback(&mut self, mark: Mark) {
        let s = &mut self.store;
        s.words.truncate(mark.words);
        s.text.truncate(mark.text);
        s.ends.truncate(mark.ends);
        s.big.truncate(mark.big);
        s.docs.truncate(mark.docs);
        self.growth.rollback(&mut s.shapes, mark.shapes, mark.growth);
        self.stack.clear();
        for (number, _) in &mut self.strings {
            if *number as usize + 1 >= mark.ends {
                *number = NOTHING;
            }
        }
        for (offset, _) in &mut self.trees {
            // An entry that begins before the mark ends before it, as lists and objects are written whole.
            if *offset as usize >= mark.words {
                *offset = NOTHING;
            }
        }
    }

    /// Removes documents that have the same strings at the paths `id` as a later one, and says how many. The newest
    /// reading takes the place of the first; documents without a string at any of the paths stay.
    pub fn remove_duplicates<const N: usize>(&mut self, id: [&[&str]; N]) -> u64 {
        let store = &self.store;
        let hasher = foldhash::fast::RandomState::default();
        // Where the first with a hash is: a third of the room that its strings would take.
        let mut first: HashMap<u64, u32, foldhash::fast::RandomState> = HashMap::default();
        let mut kept: Vec<u32> = Vec::with_capacity(store.docs.len());
        for doc in store.docs() {
            let own = strings(doc, id);
            if own.iter().any(Option::is_some) {
                let place = *first.entry(hasher.hash_one(own)).or_insert(kept.len() as u32);
                match kept.get_mut(place as usize) {
                    Some(known) if strings(Doc { store, word: *known }, id) == own => {
                        *known = doc.word;
                        continue;
                    }
                    _ => {}
                }
            }
            kept.push(doc.word);
        }
        drop(first);
        let removed = (self.store.docs.len() - kept.len()) as u64;
        self.store.docs = kept;
        removed
    }

    /// Drops the caches, gives back unused memory and freezes the store.
    pub fn finish(self) -> Store {
        let Self { mut store, strings, trees, growth, stack, .. } = self;
        drop((strings, trees, growth, stack));
        store.words.shrink_to_fit();
        store.text.shrink_to_fit();
        store.ends.shrink_to_fit();
        store.big.shrink_to_fit();
        store.docs.shrink_to_fit();
        store.shapes.shrink();
        store
    }

    // ------------------------------------------------------------------ for decoders

    /// Starts a document.
    ///
    /// # Errors
    /// If the store holds as many documents as it may.
    pub(crate) fn begin(&mut self) -> Result<(), Stopped> {
        if self.store.docs.len() >= self.caps.objects {
            return Err(self.stop("objects", self.caps.objects));
        }
        self.stack.clear();
        self.item = Some(self.mark());
        self.limit = self.caps.kept_bytes.min(self.used().saturating_add(self.caps.item_bytes));
        Ok(())
    }

    /// Ends a document.
    pub(crate) fn end(&mut self, word: u32) {
        self.store.docs.push(word);
        self.item = None;
    }

    /// Takes back what there is of a document that did not end.
    pub(crate) fn end_unfinished(&mut self) {
        if let Some(mark) = self.item.take() {
            self.rollback(mark);
        }
    }

    #[inline]
    fn used(&self) -> usize {
        let s = &self.store;
        (s.words.len() + s.ends.len() + s.docs.len() + self.stack.len()) * 4
            + s.text.len()
            + s.big.len() * 8
            + self.growth.bytes()
    }

    #[inline]
    fn room(&mut self, more: usize) -> Result<(), Stopped> {
        if self.used() + more > self.limit { Err(self.no_room()) } else { Ok(()) }
    }

    #[cold]
    fn no_room(&mut self) -> Stopped {
        if self.limit < self.caps.kept_bytes {
            self.stop("item_bytes", self.caps.item_bytes)
        } else {
            self.stop("kept_bytes", self.caps.kept_bytes)
        }
    }

    #[cold]
    pub(crate) fn stop(&mut self, cap: &'static str, limit: usize) -> Stopped {
        self.fault = Some(DecodeError::TooLarge { cap, limit: limit as u64 });
        Stopped
    }

    /// A string as it came, cleaned of what looks like a credential and cut at `longest` bytes.
    pub(crate) fn text(&mut self, s: &str, longest: u16) -> Result<u32, Stopped> {
        let hash = hash_bytes(s.as_bytes());
        // What is in the cache was cleaned when it came in, so an equal string needs no second look.
        if s.len() <= usize::from(longest)
            && let Some(number) = self.neighbour(s, hash)
        {
            return Ok(word(TEXT, number));
        }
        match redact::clean(s, longest) {
            Cow::Borrowed(clean) => self.append(clean, hash),
            Cow::Owned(clean) => {
                let hash = hash_bytes(clean.as_bytes());
                match self.neighbour(&clean, hash) {
                    Some(number) => Ok(word(TEXT, number)),
                    None => self.append(&clean, hash),
                }
            }
        }
    }

    #[inline]
    fn neighbour(&self, s: &str, hash: u64) -> Option<u32> {
        let (number, tag) = self.strings[slot(hash)];
        (tag == hash as u32 && number != NOTHING && self.store.string(number) == s).then_some(number)
    }

    fn append(&mut self, s: &str, hash: u64) -> Result<u32, Stopped> {
        self.room(s.len() + 4)?;
        let number = self.store.ends.len() - 1;
        let end = self.store.text.len() + s.len();
        if number >= PAYLOAD as usize || u32::try_from(end).is_err() {
            return Err(self.stop("text", u32::MAX as usize));
        }
        self.store.text.push_str(s);
        self.store.ends.push(end as u32);
        self.strings[slot(hash)] = (number as u32, hash as u32);
        Ok(word(TEXT, number as u32))
    }

    pub(crate) fn int(&mut self, i: i64) -> Result<u32, Stopped> {
        match u32::try_from(i) {
            Ok(small) if small < PAYLOAD => Ok(word(INT, small)),
            _ => self.number(BIG, i as u64),
        }
    }

    pub(crate) fn double(&mut self, d: f64) -> Result<u32, Stopped> {
        self.number(DOUBLE, d.to_bits())
    }

    fn number(&mut self, tag: u32, bits: u64) -> Result<u32, Stopped> {
        self.room(8)?;
        let index = self.store.big.len();
        if index >= PAYLOAD as usize {
            return Err(self.stop("numbers", PAYLOAD as usize));
        }
        self.store.big.push(bits);
        Ok(word(tag, index as u32))
    }

    /// Starts a list; the result is for [`StoreBuilder::close_list`].
    pub(crate) fn open_list(&mut self) -> usize {
        self.stack.push(0);
        self.stack.len() - 1
    }

    #[inline]
    pub(crate) fn push(&mut self, word: u32) -> Result<(), Stopped> {
        if self.stack.len() == self.stack.capacity() {
            self.room(4)?;
        }
        self.stack.push(word);
        Ok(())
    }

    pub(crate) fn close_list(&mut self, base: usize) -> Result<u32, Stopped> {
        self.stack[base] = (self.stack.len() - base - 1) as u32;
        Ok(word(LIST, self.put(base)?))
    }

    pub(crate) fn open_object(&mut self) -> Object {
        self.stack.push(EMPTY);
        Object { base: self.stack.len() - 1, shape: EMPTY }
    }

    /// Adds a key; its value must follow with [`StoreBuilder::set`].
    #[inline]
    pub(crate) fn key(&mut self, o: &mut Object, name: Name, key: &str) -> Result<Slot, Stopped> {
        if o.shape != DICTIONARY {
            let before = o.shape;
            match self.growth.extend(&mut self.store.shapes, before, name, key) {
                Step::To(shape) => {
                    o.shape = shape;
                    return Ok(Slot::Next { before });
                }
                Step::Repeated(position) => return Ok(Slot::Again { position }),
                Step::Full => self.make_dictionary(o)?,
            }
        }
        let key = self.text(key, redact::STRING)? >> 3;
        self.push(key)?;
        Ok(Slot::Pair)
    }

    #[inline]
    pub(crate) fn set(&mut self, o: &mut Object, slot: Slot, value: u32) -> Result<(), Stopped> {
        match slot {
            Slot::Next { before } if value == DROP => o.shape = before,
            Slot::Next { .. } | Slot::Pair => self.push(value)?,
            Slot::Again { position } if value == DROP => self.remove(o, position as usize)?,
            Slot::Again { position } => self.stack[o.base + 1 + position as usize] = value,
        }
        Ok(())
    }

    pub(crate) fn close_object(&mut self, o: &Object) -> Result<u32, Stopped> {
        if o.shape == DICTIONARY {
            self.sort_dictionary(o.base);
        } else {
            self.stack[o.base] = o.shape;
        }
        Ok(word(OBJECT, self.put(o.base)?))
    }

    /// The last of two equal keys is null, so the object has neither; dictionaries forget what is [`DROP`].
    #[cold]
    fn remove(&mut self, o: &mut Object, position: usize) -> Result<(), Stopped> {
        self.make_dictionary(o)?;
        self.stack[o.base + 3 + 2 * position] = DROP;
        Ok(())
    }

    /// `[shape, word...]` on the stack becomes `[DICTIONARY, length, (key, word)...]`.
    #[cold]
    fn make_dictionary(&mut self, o: &mut Object) -> Result<(), Stopped> {
        let values = self.stack.split_off(o.base + 1);
        let keys = self.store.shapes.keys(o.shape).to_vec();
        self.stack.push(0);
        for (key, value) in keys.into_iter().zip(values) {
            let name = self.store.shapes.name(key).to_owned();
            let number = self.text(&name, redact::STRING)? >> 3;
            self.stack.extend([number, value]);
        }
        o.shape = DICTIONARY;
        Ok(())
    }

    #[cold]
    fn sort_dictionary(&mut self, base: usize) {
        let store = &self.store;
        let mut pairs: Vec<(u32, u32)> = self.stack[base + 2..].chunks_exact(2).map(|p| (p[0], p[1])).collect();
        pairs.sort_by(|a, b| store.string(a.0).cmp(store.string(b.0)));
        // Of equal keys the last wins; sorting kept their order.
        let mut last: Vec<(u32, u32)> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            match last.last_mut() {
                Some(have) if store.string(have.0) == store.string(pair.0) => *have = pair,
                _ => last.push(pair),
            }
        }
        last.retain(|pair| pair.1 != DROP);
        self.stack.truncate(base);
        self.stack.extend([DICTIONARY, last.len() as u32]);
        self.stack.extend(last.iter().map(|p| p.0));
        self.stack.extend(last.iter().map(|p| p.1));
    }

    /// Writes the finished list or object at the top of the stack, or finds its equal neighbour.
    #[inline]
    fn put(&mut self, base: usize) -> Result<u32, Stopped> {
        let tree = &self.stack[base..];
        let len = tree.len();
        let hash = hash_words(tree);
        let (at, tag) = self.trees[slot(hash)];
        if tag == hash as u32 && at != NOTHING && self.store.words[at as usize..].starts_with(tree) {
            self.stack.truncate(base);
            return Ok(at);
        }
        self.room(len * 4)?;
        let at = self.store.words.len();
        if at + len >= PAYLOAD as usize {
            return Err(self.stop("words", PAYLOAD as usize));
        }
        self.store.words.extend_from_slice(&self.stack[base..]);
        self.trees[slot(hash)] = (at as u32, hash as u32);
        self.stack.truncate(base);
        Ok(at as u32)
    }
}

// Any fast hash will do for caches that verify content; these two are inlined into the decoder.

/// The strings of a document at these paths.
fn strings<'s, const N: usize>(doc: Doc<'s>, paths: [&[&str]; N]) -> [Option<&'s str>; N] {
    paths.map(|path| doc.at(path).and_then(Doc::as_str))
}

#[inline]
fn slot(hash: u64) -> usize {
    (hash >> 40) as usize & (WAYS - 1)
}

#[inline]
fn fold(x: u64) -> u64 {
    let m = u128::from(x) * 0xE703_7ED1_A0B4_28DB;
    (m as u64) ^ (m >> 64) as u64
}

#[inline]
fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = fold(hash ^ u64::from_le_bytes(*chunk));
    }
    if !rest.is_empty() {
        let mut tail = [0; 8];
        tail[..rest.len()].copy_from_slice(rest);
        hash = fold(hash ^ u64::from_le_bytes(tail));
    }
    hash
}

#[inline]
fn hash_words(words: &[u32]) -> u64 {
    let mut hash = words.len() as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let (pairs, rest) = words.as_chunks::<2>();
    for [low, high] in pairs {
        hash = fold(hash ^ (u64::from(*low) | u64::from(*high) << 32));
    }
    if let [last] = rest {
        hash = fold(hash ^ u64::from(*last));
    }
    hash
}
