//! Keys that are looked up in many documents.
use crate::doc::{Doc, Fields};
use crate::shapes::{MOST_KEYS, MOST_SHAPES};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of the place of a key, counted from 1; 0 stands for a shape without the key.
const PLACE: u32 = (MOST_KEYS + 1).next_power_of_two().ilog2();
/// Bits of the place and of the number of a shape.
const SHAPE: u32 = PLACE + MOST_SHAPES.next_power_of_two().ilog2();

/// A key that remembers where it was found last. Documents of one kind have few shapes, so that the next lookup is
/// mostly one comparison. Shared between threads, which remember for each other.
pub struct Field {
    key: Box<str>,
    /// Number of the store, of the shape, and the place: one word, so that it is always whole.
    last: AtomicU64,
}

impl Field {
    /// A key that was not looked up yet.
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), last: AtomicU64::new(u64::MAX) }
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

impl<'s> Doc<'s> {
    /// The value of a key, if this is an object that has it: as [`Doc::get`], and faster for many documents alike.
    #[inline]
    pub fn field(self, field: &Field) -> Option<Doc<'s>> {
        let Fields::Shape { shape, values } = self.fields()? else { return self.get(&field.key) };
        let here = self.store.number << SHAPE | u64::from(shape) << PLACE;
        let last = field.last.load(Ordering::Relaxed);
        let place = if last >> PLACE == here >> PLACE {
            last & ((1 << PLACE) - 1)
        } else {
            let place = self.store.shapes.position(shape, &field.key).map_or(0, |place| place as u64 + 1);
            field.last.store(here | place, Ordering::Relaxed);
            place
        };
        let place = (place as usize).checked_sub(1)?;
        Some(Doc { word: values[place], ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Caps, Keep, Projection, Store, StoreBuilder};
    use serde_json::json;

    fn store(docs: &[serde_json::Value]) -> Store {
        let mut projection = Projection::new("x");
        projection.keep(&[], Keep::All).unwrap();
        let mut builder = StoreBuilder::new(&Caps::default());
        for doc in docs {
            builder.push_json(doc, &projection).unwrap();
        }
        builder.finish()
    }

    #[test]
    fn a_field_is_found_whatever_was_looked_at_before() {
        let many: serde_json::Map<_, _> = (0..100).map(|n| (format!("k{n}"), json!(n))).collect();
        let one = store(&[json!({"a": 1}), json!({"b": 2, "a": 3}), json!({"b": 4}), many.into()]);
        let other = store(&[json!({"b": 5, "a": 6}), json!({"a": 7})]);
        let fields = ["a", "b", "k50"].map(Field::new);
        let docs: Vec<_> = one.docs().chain(other.docs()).collect();
        for doc in docs.iter().chain(docs.iter().rev()) {
            for field in &fields {
                let found = doc.field(field).and_then(Doc::as_i64);
                assert_eq!(found, doc.get(field.key()).and_then(Doc::as_i64));
            }
        }
    }
}
