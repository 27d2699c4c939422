//! Keys as they are compared while decoding: mostly short, mostly unequal.
//!
//! A [`Name`] holds the length and the first and last eight bytes of a key, which is all of it up to sixteen bytes. Most
//! comparisons so touch no other memory and call no function.

/// A key, ready to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    first: u64,
    last: u64,
    len: u32,
}

impl Name {
    /// Keys up to this length are equal if their names are.
    const WHOLE: usize = 16;

    #[inline]
    pub(crate) fn new(key: &str) -> Self {
        let bytes = key.as_bytes();
        let len = bytes.len();
        let (first, last) = if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
        } else {
            match *bytes {
                [a] => (u64::from(a), 0),
                [a, b] => (u64::from(a) | u64::from(b) << 8, 0),
                [a, b, c] => (u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16, 0),
                _ => (0, 0),
            }
        };
        Self { first, last, len: len as u32 }
    }

    /// Whether this is the name of `key`, which is that of `other`.
    #[inline]
    pub(crate) fn is(self, key: &str, name: Self, other: &str) -> bool {
        self == name && (key.len() <= Self::WHOLE || key == other)
    }

    #[inline]
    fn slot(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(23) ^ u64::from(self.len)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 58) as usize
    }
}

/// Keys with values, for few keys that are looked for very often and mostly not found.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    entries: Vec<Entry<T>>,
    /// By the slot of a name: the first entry, plus one.
    slots: [u16; 64],
}

#[derive(Clone, Debug)]
struct Entry<T> {
    name: Name,
    key: Box<str>,
    /// The next entry with the same slot, plus one.
    next: u16,
    value: T,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), slots: [0; 64] }
    }
}

impl<T> Table<T> {
    #[inline]
    pub(crate) fn get(&self, name: Name, key: &str) -> Option<&T> {
        let mut at = self.slots[name.slot()];
        while at != 0 {
            let entry = &self.entries[at as usize - 1];
            if entry.name.is(&entry.key, name, key) {
                return Some(&entry.value);
            }
            at = entry.next;
        }
        None
    }

    /// The value of `key`, which is made if there is none.
    pub(crate) fn entry(&mut self, key: &str, new: impl FnOnce() -> T) -> &mut T {
        let at = self.entries.iter().position(|e| *e.key == *key).unwrap_or_else(|| {
            let name = Name::new(key);
            let next = self.slots[name.slot()];
            self.entries.push(Entry { name, key: key.into(), next, value: new() });
            self.slots[name.slot()] =
                u16::try_from(self.entries.len()).expect("a projection names fewer than 65,536 keys of one object");
            self.entries.len() - 1
        });
        &mut self.entries[at].value
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries.iter().map(|e| (&*e.key, &e.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_whatever_their_length() {
        let keys: Vec<String> = (0..40).flat_map(|n| ["a", "b", "é"].map(|c| c.repeat(n))).collect();
        let mut table = Table::default();
        for (n, key) in keys.iter().enumerate() {
            table.entry(key, || n);
        }
        for key in &keys {
            let found = *table.get(Name::new(key), key).unwrap();
            assert_eq!(keys[found], *key);
        }
        for other in ["aab", "aaaaaaaabaaaaaaaa", "ab", "aaaaaaaaaaaaaaaabaaaaaaaaaaaaaaaa"] {
            assert!(table.get(Name::new(other), other).is_none(), "{other}");
        }
    }
}
