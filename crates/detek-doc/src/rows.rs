//! Documents as plain Rust structs, and the structs as the projection.
//!
//! A row is a struct that derives `Deserialize`, usually with `#[serde(default, rename_all = "camelCase")]`.
//! [`crate::Projection::keep_row`] runs the struct's own `Deserialize` against a tracer that answers every question with
//! the smallest value there is and writes down what was asked. [`crate::Doc::read`] runs it against a document; strings
//! are borrowed from the store. So the struct is the one place that says what detek looks at.
use crate::doc::{Doc, Fields, Kind};
use crate::projection::Keep;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, Expected, IgnoredAny, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;

/// A document that cannot be read as a row: where, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct RowError {
    /// Keys from the inside out.
    path: Vec<Box<str>>,
    message: Box<str>,
}

impl RowError {
    #[cold]
    fn under(mut self, key: &str) -> Self {
        self.path.push(key.into());
        self
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, key) in self.path.iter().rev().enumerate() {
            write!(f, "{}{key}", if n == 0 || key.starts_with('[') { "" } else { "." })?;
        }
        write!(f, "{}{}", if self.path.is_empty() { "" } else { ": " }, self.message)
    }
}

impl fmt::Debug for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowError({self})")
    }
}

impl std::error::Error for RowError {}

impl serde::de::Error for RowError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: Vec::new(), message: message.to_string().into() }
    }

    /// As serde says it, without the value.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("invalid type: {}, expected {expected}", found_kind(&found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("invalid value: {}, expected {expected}", found_kind(&found)))
    }
}

fn found_kind(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "integer",
        Unexpected::Float(_) => "floating point",
        Unexpected::Char(_) | Unexpected::Str(_) => "string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "list",
        Unexpected::Map => "object",
        _ => "value",
    }
}

// ---------------------------------------------------------------------- what rows are made of

/// The presence of a field, whatever it holds: in a row, `Option<Present>` keeps nothing but that it is there, and
/// `Vec<Present>` nothing but the number of elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present;

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_ignored_any(IgnoredAny).map(|_| Present)
    }
}

/// A free map of strings, such as labels: pairs borrowed from the store. A value that is not a string is an error for the
/// row; where values are reduced, as in Secrets, a row reads `BTreeMap<&str, Present>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StrMap<'s>(Vec<(&'s str, &'s str)>);

impl<'s> StrMap<'s> {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&'s str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }

    /// All pairs, in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'s str, &'s str)> + Clone + '_ {
        self.0.iter().copied()
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `key` has exactly this `value`.
    pub fn contains(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

impl<'s> FromIterator<(&'s str, &'s str)> for StrMap<'s> {
    fn from_iter<I: IntoIterator<Item = (&'s str, &'s str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<'a, 's> IntoIterator for &'a StrMap<'s> {
    type Item = (&'s str, &'s str);
    type IntoIter = std::iter::Copied<std::slice::Iter<'a, (&'s str, &'s str)>>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().copied()
    }
}

impl<'de: 's, 's> Deserialize<'de> for StrMap<'s> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(&'de str, &'de str)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        d.deserialize_map(Pairs).map(Self)
    }
}

/// A number or a text, such as a port (`80` or `http`) or a share (`3` or `25%`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum IntOrString<'s> {
    /// An integer.
    Int(i64),
    /// A text.
    Text(&'s str),
    /// Any other number.
    Float(f64),
}

impl Default for IntOrString<'_> {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl fmt::Display for IntOrString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(i) => write!(f, "{i}"),
            Self::Text(s) => f.write_str(s),
            Self::Float(d) => write!(f, "{d}"),
        }
    }
}

impl<'de: 's, 's> Deserialize<'de> for IntOrString<'s> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = IntOrString<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a string")
            }
            fn visit_i64<E>(self, i: i64) -> Result<Self::Value, E> {
                Ok(IntOrString::Int(i))
            }
            fn visit_u64<E>(self, u: u64) -> Result<Self::Value, E> {
                Ok(i64::try_from(u).map_or(IntOrString::Float(u as f64), IntOrString::Int))
            }
            fn visit_f64<E>(self, d: f64) -> Result<Self::Value, E> {
                Ok(IntOrString::Float(d))
            }
            fn visit_borrowed_str<E>(self, s: &'de str) -> Result<Self::Value, E> {
                Ok(IntOrString::Text(s))
            }
            /// What the tracer answers.
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(IntOrString::Int(0))
            }
        }
        d.deserialize_any(Either)
    }
}

// ---------------------------------------------------------------------- tracing

/// A path that a row reads, and how much of what is there.
pub(crate) type Read = (Vec<&'static str>, Keep);

/// Everything that `T` reads.
///
/// # Panics
/// If `T` does not accept empty values or uses `#[serde(flatten)]`, as then its fields cannot be known.
pub(crate) fn reads<'de, T: Deserialize<'de>>() -> Vec<Read> {
    let mut trace = Trace { at: Vec::new(), found: Vec::new() };
    if let Err(error) = T::deserialize(Tracer { trace: &mut trace, element: false }) {
        panic!("{} is no row: it must accept empty values, but says: {error}", std::any::type_name::<T>());
    }
    trace.found
}

struct Trace {
    at: Vec<&'static str>,
    found: Vec<Read>,
}

struct Tracer<'a> {
    trace: &'a mut Trace,
    /// Directly inside of a list.
    element: bool,
}

impl Tracer<'_> {
    fn found(&mut self, keep: Keep) {
        self.trace.found.push((self.trace.at.clone(), keep));
    }
}

macro_rules! leaves {
    ($($method:ident $visit:ident $value:expr;)*) => { $(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, RowError> {
            self.found(Keep::All);
            visitor.$visit($value)
        }
    )* }
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = RowError;

    leaves! {
        deserialize_bool visit_bool false;
        deserialize_i8 visit_i8 0; deserialize_i16 visit_i16 0; deserialize_i32 visit_i32 0; deserialize_i64 visit_i64 0;
        deserialize_i128 visit_i128 0;
        deserialize_u8 visit_u8 0; deserialize_u16 visit_u16 0; deserialize_u32 visit_u32 0; deserialize_u64 visit_u64 0;
        deserialize_u128 visit_u128 0;
        deserialize_f32 visit_f32 0.0; deserialize_f64 visit_f64 0.0;
        deserialize_char visit_char ' ';
        deserialize_str visit_borrowed_str ""; deserialize_string visit_borrowed_str "";
        deserialize_bytes visit_borrowed_bytes b""; deserialize_byte_buf visit_borrowed_bytes b"";
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, RowError> {
        self.found(Keep::All);
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, RowError> {
        self.found(if self.element { Keep::Length } else { Keep::Presence });
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, RowError> {
        self.found(Keep::Presence);
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, RowError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_seq(TracedList { trace: self.trace, left: 1 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_seq(TracedList { trace: self.trace, left: len })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, RowError> {
        let expected = (&visitor as &dyn Expected).to_string();
        assert!(
            !expected.starts_with("struct "),
            "{expected} cannot be a row: #[serde(flatten)] hides which fields are read; write the fields out"
        );
        self.found(Keep::All);
        visitor.visit_map(TracedFields { trace: self.trace, left: [].iter() })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        // A struct without fields still wants to know that the object is there.
        self.trace.found.push((self.trace.at.clone(), Keep::Children));
        visitor.visit_map(TracedFields { trace: self.trace, left: fields.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        self.found(Keep::All);
        let Some(first) = variants.first() else {
            return Err(RowError::custom(format_args!("enum {name} has no variants")));
        };
        visitor.visit_enum(StrDeserializer::<RowError>::new(first))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        self.deserialize_str(visitor)
    }
}

struct TracedList<'a> {
    trace: &'a mut Trace,
    left: usize,
}

impl<'de> SeqAccess<'de> for TracedList<'_> {
    type Error = RowError;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, RowError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(Tracer { trace: self.trace, element: true }).map(Some)
    }
}

struct TracedFields<'a> {
    trace: &'a mut Trace,
    left: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for TracedFields<'_> {
    type Error = RowError;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, RowError> {
        let Some(field) = self.left.next() else { return Ok(None) };
        self.trace.at.push(field);
        seed.deserialize(StrDeserializer::<RowError>::new(field)).map(Some)
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, RowError> {
        let value = seed.deserialize(Tracer { trace: self.trace, element: false });
        let field = self.trace.at.pop();
        value.map_err(|e| e.under(field.unwrap_or_default()))
    }
}

// ---------------------------------------------------------------------- reading

impl<'de> Deserializer<'de> for Doc<'de> {
    type Error = RowError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match self.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(b) => visitor.visit_bool(b),
            Kind::Int(i) => visitor.visit_i64(i),
            Kind::Double(d) => visitor.visit_f64(d),
            Kind::Text(s) => visitor.visit_borrowed_str(s),
            Kind::List => visitor.visit_seq(Elements { doc: self, words: self.elements().iter(), n: 0 }),
            Kind::Object => match self.fields() {
                Some(fields) => visitor.visit_map(Entries { doc: self, fields, n: 0 }),
                None => visitor.visit_unit(),
            },
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        match (self.kind(), self.fields()) {
            (Kind::Text(s), _) => visitor.visit_enum(BorrowedStrDeserializer::new(s)),
            (_, Some(fields)) => visitor.visit_enum(MapAccessDeserializer::new(Entries { doc: self, fields, n: 0 })),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

struct Elements<'s> {
    doc: Doc<'s>,
    words: std::slice::Iter<'s, u32>,
    n: usize,
}

impl<'s> SeqAccess<'s> for Elements<'s> {
    type Error = RowError;
    #[inline]
    fn next_element_seed<S: DeserializeSeed<'s>>(&mut self, seed: S) -> Result<Option<S::Value>, RowError> {
        let Some(&word) = self.words.next() else { return Ok(None) };
        let n = self.n;
        self.n += 1;
        seed.deserialize(Doc { word, ..self.doc }).map(Some).map_err(|e| e.under(&format!("[{n}]")))
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.words.len())
    }
}

struct Entries<'s> {
    doc: Doc<'s>,
    fields: Fields<'s>,
    n: usize,
}

impl<'s> MapAccess<'s> for Entries<'s> {
    type Error = RowError;
    #[inline]
    fn next_key_seed<K: DeserializeSeed<'s>>(&mut self, seed: K) -> Result<Option<K::Value>, RowError> {
        if self.n == self.fields.len() {
            return Ok(None);
        }
        let (key, _) = self.fields.nth(self.doc.store, self.n);
        seed.deserialize(BorrowedStrDeserializer::<RowError>::new(key)).map(Some)
    }
    #[inline]
    fn next_value_seed<S: DeserializeSeed<'s>>(&mut self, seed: S) -> Result<S::Value, RowError> {
        let (key, word) = self.fields.nth(self.doc.store, self.n);
        self.n += 1;
        seed.deserialize(Doc { word, ..self.doc }).map_err(|e| e.under(key))
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len() - self.n)
    }
}
