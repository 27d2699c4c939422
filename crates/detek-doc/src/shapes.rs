//! Key lists of objects, shared by all objects that have the same keys in the same order.
//!
//! Shapes form a tree: each knows the shapes with one key more, with the key's [`Name`] at hand, so that the
//! usual step while decoding is one comparison and no hash. Free maps would make that tree grow without end; once it is
//! full, or an object has too many keys, [`Growth::extend`] says so and the object takes its dictionary form.
use crate::names::Name;
use crate::redact;
use foldhash::fast::RandomState;
use std::borrow::Cow;
use std::collections::HashMap;

/// Objects with more keys than this are dictionaries: a tree of prefixes is quadratic in the number of keys.
pub(crate) const MOST_KEYS: usize = 64;
/// Once a store has this many shapes, new ones are dictionaries.
pub(crate) const MOST_SHAPES: usize = 16_384;
/// Longer keys are data, not names, and live with the text of the store.
const LONGEST_KEY: usize = 1024;
/// Successors beyond this number are found by hash instead of by comparison.
const NEAR: usize = 16;

/// The shape of `{}`.
pub(crate) const EMPTY: u32 = 0;

/// What a finished store needs of its shapes: names, and the keys of each shape.
#[derive(Clone, Debug)]
pub(crate) struct Shapes {
    names: Vec<Box<str>>,
    keys: Vec<Box<[u32]>>,
}

impl Shapes {
    pub(crate) fn new() -> Self {
        Self { names: Vec::new(), keys: vec![Box::default()] }
    }

    /// The names of a shape's keys, in the order of its values.
    pub(crate) fn keys(&self, shape: u32) -> &[u32] {
        &self.keys[shape as usize]
    }

    pub(crate) fn name(&self, key: u32) -> &str {
        &self.names[key as usize]
    }

    /// Where `key` is among the values of `shape`.
    pub(crate) fn position(&self, shape: u32, key: &str) -> Option<usize> {
        self.keys(shape).iter().position(|&k| self.name(k) == key)
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.keys.len(), self.names.len())
    }

    pub(crate) fn shrink(&mut self) {
        self.names.shrink_to_fit();
        self.keys.shrink_to_fit();
    }

    /// Bytes held, without the slack of vectors.
    pub(crate) fn bytes(&self) -> usize {
        self.names.iter().map(|n| n.len() + 16).sum::<usize>()
            + self.keys.iter().map(|k| k.len() * 4 + 16).sum::<usize>()
    }
}

/// What one more key makes of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The longer shape.
    To(u32),
    /// The object has this key already, at this position.
    Repeated(u32),
    /// The object must become a dictionary.
    Full,
}

#[derive(Debug)]
struct Successor {
    name: Name,
    step: Step,
    key: Box<str>,
}

/// What is needed only while shapes are added.
#[derive(Debug)]
pub(crate) struct Growth {
    successors: Vec<Vec<Successor>>,
    far: HashMap<(u32, u32), Step, RandomState>,
    numbers: HashMap<Box<str>, u32, RandomState>,
    bytes: usize,
}

impl Growth {
    pub(crate) fn new() -> Self {
        Self { successors: vec![Vec::new()], far: HashMap::default(), numbers: HashMap::default(), bytes: 0 }
    }

    /// Bytes that shapes hold, tables for growing included (an estimate).
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The shape that `shape` becomes with `key` behind its keys.
    #[inline]
    pub(crate) fn extend(&mut self, shapes: &mut Shapes, shape: u32, name: Name, key: &str) -> Step {
        match self.successors[shape as usize].iter().find(|s| s.name.is(&s.key, name, key)) {
            Some(s) => s.step,
            None => self.grow(shapes, shape, key),
        }
    }

    #[cold]
    fn grow(&mut self, shapes: &mut Shapes, shape: u32, key: &str) -> Step {
        // Keys of a shape are stored as they come, those of a dictionary pass the redaction of text.
        if key.len() > LONGEST_KEY || matches!(redact::clean(key, redact::STRING), Cow::Owned(_)) {
            return Step::Full;
        }
        let known = self.numbers.get(key).copied();
        if let Some(step) = known.and_then(|k| self.far.get(&(shape, k))) {
            return *step;
        }
        let keys = shapes.keys(shape);
        let step = match known.and_then(|k| keys.iter().position(|&have| have == k)) {
            Some(position) => Step::Repeated(position as u32),
            None if keys.len() >= MOST_KEYS || shapes.keys.len() >= MOST_SHAPES => return Step::Full,
            None => Step::To(shapes.keys.len() as u32),
        };
        let number = known.unwrap_or_else(|| self.number(shapes, key));
        if let Step::To(_) = step {
            let longer: Box<[u32]> = shapes.keys(shape).iter().copied().chain([number]).collect();
            self.bytes += longer.len() * 4 + 40;
            shapes.keys.push(longer);
            self.successors.push(Vec::new());
        }
        let near = &mut self.successors[shape as usize];
        self.bytes += 48;
        if near.len() < NEAR {
            self.bytes += key.len();
            near.push(Successor { name: Name::new(key), step, key: key.into() });
        } else {
            self.far.insert((shape, number), step);
        }
        step
    }

    fn number(&mut self, shapes: &mut Shapes, key: &str) -> u32 {
        let number = shapes.names.len() as u32;
        shapes.names.push(key.into());
        self.numbers.insert(key.into(), number);
        self.bytes += 2 * key.len() + 64;
        number
    }

    /// Forgets every shape and key that is younger than `counts` (of [`Shapes::counts`]), when `bytes` were held.
    pub(crate) fn rollback(&mut self, shapes: &mut Shapes, (count, names): (usize, usize), bytes: usize) {
        if shapes.counts() == (count, names) {
            return;
        }
        self.bytes = bytes;
        let old = |step: &Step| !matches!(step, Step::To(to) if *to as usize >= count);
        shapes.keys.truncate(count);
        shapes.names.truncate(names);
        self.successors.truncate(count);
        for near in &mut self.successors {
            near.retain(|s| old(&s.step));
        }
        self.far.retain(|(shape, key), step| (*shape as usize) < count && (*key as usize) < names && old(step));
        self.numbers.retain(|_, number| (*number as usize) < names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(growth: &mut Growth, shapes: &mut Shapes, keys: &[&str]) -> Step {
        let mut at = EMPTY;
        for key in keys {
            match growth.extend(shapes, at, Name::new(key), key) {
                Step::To(to) => at = to,
                other => return other,
            }
        }
        Step::To(at)
    }

    #[test]
    fn equal_key_lists_are_one_shape() {
        let (mut growth, mut shapes) = (Growth::new(), Shapes::new());
        let first = walk(&mut growth, &mut shapes, &["name", "a-key-longer-than-twelve-bytes"]);
        assert_eq!(walk(&mut growth, &mut shapes, &["name", "a-key-longer-than-twelve-bytes"]), first);
        assert_ne!(walk(&mut growth, &mut shapes, &["name", "a-key-longer-than-twelve-other"]), first);
        assert_eq!(shapes.position(3, "name"), Some(0));
    }

    #[test]
    fn a_repeated_key_names_its_position() {
        let (mut growth, mut shapes) = (Growth::new(), Shapes::new());
        assert_eq!(walk(&mut growth, &mut shapes, &["a", "b", "a"]), Step::Repeated(0));
        assert_eq!(walk(&mut growth, &mut shapes, &["a", "b", "b"]), Step::Repeated(1));
    }

    #[test]
    fn the_tree_of_shapes_is_bounded() {
        let (mut growth, mut shapes) = (Growth::new(), Shapes::new());
        for n in 0..40_000 {
            let _ = walk(&mut growth, &mut shapes, &[&format!("key-{n}")]);
        }
        assert_eq!(shapes.counts().0, MOST_SHAPES);
        assert!(matches!(walk(&mut growth, &mut shapes, &["key-100"]), Step::To(_)));
        assert_eq!(walk(&mut growth, &mut shapes, &["key-39999"]), Step::Full);
        let keys: Vec<String> = (0..80).map(|n| format!("k{n}")).collect();
        let (mut growth, mut shapes) = (Growth::new(), Shapes::new());
        assert_eq!(walk(&mut growth, &mut shapes, &keys.iter().map(String::as_str).collect::<Vec<_>>()), Step::Full);
    }

    #[test]
    fn a_rolled_back_shape_is_found_again_as_new() {
        let (mut growth, mut shapes) = (Growth::new(), Shapes::new());
        walk(&mut growth, &mut shapes, &["a", "b"]);
        let (counts, bytes) = (shapes.counts(), growth.bytes());
        for n in 0..40 {
            walk(&mut growth, &mut shapes, &["a", &format!("gone-{n}"), "x"]);
        }
        growth.rollback(&mut shapes, counts, bytes);
        assert_eq!((shapes.counts(), growth.bytes()), (counts, bytes));
        assert_eq!(walk(&mut growth, &mut shapes, &["a", "c"]), Step::To(3));
        assert_eq!(shapes.name(shapes.keys(3)[1]), "c");
    }
}
