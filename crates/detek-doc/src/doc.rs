//! A view of one value of a store.
use crate::rows::RowError;
use crate::store::{BIG, BOOL, DICTIONARY, DOUBLE, INT, LIST, NULL, OBJECT, Store, TEXT};
use serde::Deserialize;
use std::fmt;

/// A document, or any value inside of one: two words, borrowed from its store.
#[derive(Clone, Copy)]
pub struct Doc<'s> {
    pub(crate) store: &'s Store,
    pub(crate) word: u32,
}

/// What a value is, with its text borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind<'s> {
    /// `null`, which only lists hold.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Int(i64),
    /// Any other number.
    Double(f64),
    /// Text.
    Text(&'s str),
    /// A list; see [`Doc::items`].
    List,
    /// An object; see [`Doc::entries`].
    Object,
}

impl<'s> Doc<'s> {
    #[inline]
    fn payload(self) -> u32 {
        self.word >> 3
    }

    #[inline]
    fn tag(self) -> u32 {
        self.word & 7
    }

    #[inline]
    fn with(self, word: u32) -> Self {
        Doc { word, ..self }
    }

    /// What this value is.
    #[inline]
    pub fn kind(self) -> Kind<'s> {
        let n = self.payload();
        match self.tag() {
            NULL => Kind::Null,
            BOOL => Kind::Bool(n != 0),
            INT => Kind::Int(i64::from(n)),
            BIG => Kind::Int(self.store.big[n as usize] as i64),
            DOUBLE => Kind::Double(f64::from_bits(self.store.big[n as usize])),
            TEXT => Kind::Text(self.store.string(n)),
            LIST => Kind::List,
            _ => Kind::Object,
        }
    }

    /// The value of `key`, if this is an object that has it.
    pub fn get(self, key: &str) -> Option<Doc<'s>> {
        match self.fields()? {
            Fields::Shape { shape, values } => self.store.shapes.position(shape, key).map(|at| self.with(values[at])),
            Fields::Dictionary { keys, values } => {
                keys.binary_search_by(|&k| self.store.string(k).cmp(key)).ok().map(|at| self.with(values[at]))
            }
        }
    }

    /// The value at `path`; lists have no keys, so a path does not lead through them.
    pub fn at(self, path: &[&str]) -> Option<Doc<'s>> {
        path.iter().try_fold(self, |doc, key| doc.get(key))
    }

    /// The text of a string.
    #[inline]
    pub fn as_str(self) -> Option<&'s str> {
        (self.tag() == TEXT).then(|| self.store.string(self.payload()))
    }

    /// The value of an integer.
    pub fn as_i64(self) -> Option<i64> {
        if let Kind::Int(i) = self.kind() { Some(i) } else { None }
    }

    /// The value of a number, integers included.
    pub fn as_f64(self) -> Option<f64> {
        match self.kind() {
            Kind::Int(i) => Some(i as f64),
            Kind::Double(d) => Some(d),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(self) -> Option<bool> {
        (self.tag() == BOOL).then(|| self.payload() != 0)
    }

    /// Whether this is `null`, which only lists hold.
    pub fn is_null(self) -> bool {
        self.tag() == NULL
    }

    /// Whether this is a list.
    #[inline]
    pub fn is_list(self) -> bool {
        self.tag() == LIST
    }

    /// The elements of a list; nothing for any other value.
    pub fn items(self) -> impl ExactSizeIterator<Item = Doc<'s>> + Clone {
        self.elements().iter().map(move |&word| self.with(word))
    }

    /// Keys and values of an object, in the order in which they came (in a dictionary: sorted); nothing for any other
    /// value.
    pub fn entries(self) -> impl ExactSizeIterator<Item = (&'s str, Doc<'s>)> {
        let fields = self.fields().unwrap_or(Fields::NONE);
        (0..fields.len()).map(move |n| {
            let (key, word) = fields.nth(self.store, n);
            (key, self.with(word))
        })
    }

    /// Reads a row; its strings are borrowed from the store.
    ///
    /// # Errors
    /// If a value has not the type that the row declares; the error says where.
    pub fn read<T: Deserialize<'s>>(self) -> Result<T, RowError> {
        T::deserialize(self)
    }

    /// A copy as JSON.
    pub fn to_json(self) -> serde_json::Value {
        use serde_json::Value;
        match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(b) => b.into(),
            Kind::Int(i) => i.into(),
            Kind::Double(d) => d.into(),
            Kind::Text(s) => s.into(),
            Kind::List => self.items().map(Doc::to_json).collect(),
            Kind::Object => self.entries().map(|(key, value)| (key.to_owned(), value.to_json())).collect(),
        }
    }

    #[inline]
    pub(crate) fn elements(self) -> &'s [u32] {
        if self.tag() != LIST {
            return &[];
        }
        let (len, words) = self.words();
        &words[..len as usize]
    }

    #[inline]
    pub(crate) fn fields(self) -> Option<Fields<'s>> {
        if self.tag() != OBJECT {
            return None;
        }
        Some(match self.words() {
            (DICTIONARY, rest) => {
                let n = rest[0] as usize;
                Fields::Dictionary { keys: &rest[1..=n], values: &rest[1 + n..][..n] }
            }
            (shape, rest) => Fields::Shape { shape, values: &rest[..self.store.shapes.keys(shape).len()] },
        })
    }

    /// The first word of a list or object, and all that follow.
    #[inline]
    fn words(self) -> (u32, &'s [u32]) {
        let words = &self.store.words[self.payload() as usize..];
        (words[0], &words[1..])
    }
}

/// The words of an object.
#[derive(Clone, Copy)]
pub(crate) enum Fields<'s> {
    Shape { shape: u32, values: &'s [u32] },
    Dictionary { keys: &'s [u32], values: &'s [u32] },
}

impl<'s> Fields<'s> {
    const NONE: Self = Fields::Dictionary { keys: &[], values: &[] };

    #[inline]
    pub(crate) fn len(self) -> usize {
        match self {
            Fields::Shape { values, .. } | Fields::Dictionary { values, .. } => values.len(),
        }
    }

    #[inline]
    pub(crate) fn nth(self, store: &'s Store, n: usize) -> (&'s str, u32) {
        match self {
            Fields::Shape { shape, values } => (store.shapes.name(store.shapes.keys(shape)[n]), values[n]),
            Fields::Dictionary { keys, values } => (store.string(keys[n]), values[n]),
        }
    }
}

impl fmt::Debug for Doc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_json(), f)
    }
}
