//! The visitors that project while they parse. A value ends as one word; there is no tree in between, and nothing here
//! needs borrowed input, so the same code runs over a slice, sonic-rs, a reader or a tree.
use crate::builder::{DROP, Stopped, StoreBuilder};
use crate::certificate;
use crate::decode::{DecodeError, ListMeta, Progress};
use crate::names::Name;
use crate::projection::{Keep, Projection, Spot};
use crate::redact::{Action, Arguments, STRING};
use crate::store::{BOOL, NULL, word};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

const TRUE: u32 = word(BOOL, 1);
/// What list bodies say about themselves is longer than this in no server's answer.
const LONGEST_META: usize = 64 << 10;

/// What all visitors of one body share.
pub(crate) struct Listing<'p, 'o> {
    projection: &'p Projection,
    out: &'o mut StoreBuilder,
    /// Skip with a depth of our own, as the parser's way to skip recurses without end.
    bounded_skip: bool,
    progress: Option<&'o Progress>,
    depth: usize,
}

impl<'p, 'o> Listing<'p, 'o> {
    pub(crate) fn new(
        projection: &'p Projection,
        out: &'o mut StoreBuilder,
        bounded_skip: bool,
        progress: Option<&'o Progress>,
    ) -> Self {
        let depth = out.caps().depth.min(128);
        Self { projection, out, bounded_skip, progress, depth }
    }

    /// One document alone, which lies as deep as if it were in a list.
    pub(crate) fn document<'a>(self) -> Document<'p, 'a>
    where
        'o: 'a,
    {
        let Self { projection, out, bounded_skip, progress, depth } = self;
        Document { spot: projection.root(), out, bounded_skip, progress, depth: depth.saturating_sub(2) }
    }

    fn skip(&self) -> Skip {
        Skip { bounded: self.bounded_skip, depth: self.depth }
    }
}

fn too_deep<E: Error>(out: &mut StoreBuilder) -> E {
    out.fault = Some(DecodeError::TooDeep);
    E::custom("too deep")
}

fn stopped<E: Error>(_: Stopped) -> E {
    E::custom("a cap was reached")
}

// ---------------------------------------------------------------------- the list

/// The body of a list.
pub(crate) struct List<'p, 'o>(pub(crate) Listing<'p, 'o>);

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ListMeta;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<ListMeta, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ListMeta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListMeta, A::Error> {
        let mut listing = self.0;
        listing.depth = listing.depth.saturating_sub(1);
        let start = listing.out.mark();
        let mut meta = ListMeta::default();
        let mut found = false;
        while let Some(field) = map.next_key_seed(Field(&["apiVersion", "kind", "metadata", "items"]))? {
            if let Some(progress) = listing.progress {
                if field.is_some() { progress.value_begins() } else { progress.skipping() }
            }
            match field {
                Some("apiVersion") => meta.api_version = map.next_value_seed(Scalar(listing.skip()))?.text(),
                Some("kind") => meta.kind = map.next_value_seed(Scalar(listing.skip()))?.text(),
                Some("metadata") => map.next_value_seed(Meta { meta: &mut meta, listing: &listing })?,
                Some("items") => {
                    if std::mem::replace(&mut found, true) {
                        // Of equal keys the last one wins.
                        listing.out.rollback(start);
                    }
                    (meta.items, meta.skipped) = map.next_value_seed(Items(&mut listing))?;
                }
                _ => map.next_value_seed(listing.skip())?,
            }
        }
        if !found {
            let status = meta.kind.as_deref() == Some("Status");
            listing.out.fault = Some(DecodeError::NotAList { status });
            return Err(A::Error::custom("not a list"));
        }
        Ok(meta)
    }
}

/// The elements of a list; `null` is an empty list.
struct Items<'a, 'p, 'o>(&'a mut Listing<'p, 'o>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_> {
    type Value = (u64, u64);
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_, '_> {
    type Value = (u64, u64);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((0, 0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let Listing { projection, out, bounded_skip, progress, depth } = self.0;
        let spot = projection.root();
        let (mut stored, mut skipped) = (0, 0);
        let depth = depth.saturating_sub(1);
        let (bounded_skip, progress) = (*bounded_skip, *progress);
        while let Some(object) = items.next_element_seed(Document { spot, out, bounded_skip, progress, depth })? {
            if object { stored += 1 } else { skipped += 1 }
        }
        if let Some(progress) = progress {
            progress.value_begins();
        }
        Ok((stored, skipped))
    }
}

/// One document; whether it was an object, and stored.
pub(crate) struct Document<'p, 'o> {
    spot: Spot<'p>,
    out: &'o mut StoreBuilder,
    bounded_skip: bool,
    progress: Option<&'o Progress>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<bool, D::Error> {
        if let Some(progress) = self.progress {
            progress.value_begins();
        }
        d.deserialize_any(self)
    }
}

macro_rules! not_an_object {
    ($($method:ident $type:ty),*) => { $( fn $method<E>(self, _: $type) -> Result<bool, E> { Ok(false) } )* }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    not_an_object! { visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let skip = Skip { bounded: self.bounded_skip, depth: self.depth.saturating_sub(1) };
        while list.next_element_seed(skip)?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        let Self { spot, out, bounded_skip, depth, .. } = self;
        out.begin().map_err(stopped)?;
        let value = Value { spot, out, bounded_skip, depth, arguments: &mut Arguments::default() };
        let word = value.visit_map(map)?;
        out.end(word);
        Ok(true)
    }
}

// ---------------------------------------------------------------------- values

/// Any value inside of a document; ends as a word, or as [`DROP`] if it is null.
struct Value<'p, 'o> {
    spot: Spot<'p>,
    out: &'o mut StoreBuilder,
    bounded_skip: bool,
    /// Lists and objects that may still be opened here, and one.
    depth: usize,
    arguments: &'o mut Arguments,
}

impl Value<'_, '_> {
    /// A scalar other than a string; `empty` is the empty value of its type.
    fn scalar(
        self,
        empty: impl FnOnce(&mut StoreBuilder) -> Result<u32, Stopped>,
        whole: impl FnOnce(&mut StoreBuilder) -> Result<u32, Stopped>,
    ) -> Result<u32, Stopped> {
        match self.spot.action {
            Action::Mark | Action::Names | Action::Declared => Ok(TRUE),
            _ if self.spot.keep == Keep::Presence => empty(self.out),
            _ => whole(self.out),
        }
    }

    fn text(self, s: &str) -> Result<u32, Stopped> {
        let Self { spot, out, arguments, .. } = self;
        match spot.action {
            Action::Mark | Action::Names | Action::Declared => Ok(TRUE),
            _ if spot.keep == Keep::Presence => out.text("", 0),
            Action::Keep(longest) => out.text(s, longest),
            Action::Arguments => out.text(&arguments.next(s), STRING),
            Action::Certificates => certificate::reduce(s, out),
            Action::Identity => identity(s, out),
        }
    }

    fn skip(&self) -> Skip {
        Skip { bounded: self.bounded_skip, depth: self.depth }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = u32;
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<u32, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<u32, E> {
        Ok(DROP)
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<u32, E> {
        self.scalar(|_| Ok(word(BOOL, 0)), |_| Ok(word(BOOL, u32::from(b)))).map_err(stopped)
    }

    fn visit_i64<E: Error>(self, i: i64) -> Result<u32, E> {
        self.scalar(|out| out.int(0), |out| out.int(i)).map_err(stopped)
    }

    fn visit_u64<E: Error>(self, u: u64) -> Result<u32, E> {
        match i64::try_from(u) {
            Ok(i) => self.visit_i64(i),
            Err(_) => self.visit_f64(u as f64),
        }
    }

    fn visit_f64<E: Error>(self, d: f64) -> Result<u32, E> {
        self.scalar(|out| out.int(0), |out| out.double(d)).map_err(stopped)
    }

    fn visit_str<E: Error>(self, s: &str) -> Result<u32, E> {
        self.text(s).map_err(stopped)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<u32, A::Error> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            return Err(too_deep(self.out));
        }
        let (action, keep) = (self.spot.action, self.spot.keep);
        let mark = matches!(action, Action::Mark | Action::Names);
        if mark || keep == Keep::Presence {
            while list.next_element_seed(self.skip())?.is_some() {}
            if mark {
                return Ok(TRUE);
            }
        }
        let Self { mut spot, out, bounded_skip, depth, arguments } = self;
        let base = out.open_list();
        if keep != Keep::Presence {
            if keep == Keep::Length {
                spot.keep = Keep::Presence;
            }
            spot.keys = false;
            while let Some(word) = list.next_element_seed(Value { spot, out, bounded_skip, depth, arguments })? {
                out.push(if word == DROP { self::word(NULL, 0) } else { word }).map_err(stopped)?;
            }
        }
        out.close_list(base).map_err(stopped)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<u32, A::Error> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            return Err(too_deep(self.out));
        }
        let skip = self.skip();
        let Self { spot, out, bounded_skip, depth, arguments } = self;
        if spot.action == Action::Mark || spot.keep == Keep::Presence {
            while map.next_key::<IgnoredAny>()?.is_some() {
                map.next_value_seed(skip)?;
            }
            if spot.action == Action::Mark {
                return Ok(TRUE);
            }
            let object = out.open_object();
            return out.close_object(&object).map_err(stopped);
        }
        let mut object = out.open_object();
        loop {
            match map.next_key_seed(Key { spot, out, object: &mut object })? {
                None => break,
                Some(Ok(None)) => map.next_value_seed(skip)?,
                Some(Ok(Some((spot, slot)))) => {
                    if spot.action == Action::Arguments {
                        *arguments = Arguments::default();
                    }
                    let word = map.next_value_seed(Value { spot, out, bounded_skip, depth, arguments })?;
                    out.set(&mut object, slot, word).map_err(stopped)?;
                }
                Some(Err(stop)) => return Err(stopped(stop)),
            }
        }
        out.close_object(&object).map_err(stopped)
    }
}

/// A key; if its value is kept, with the place it goes to.
struct Key<'p, 'x> {
    spot: Spot<'p>,
    out: &'x mut StoreBuilder,
    object: &'x mut crate::builder::Object,
}

impl<'de, 'p> DeserializeSeed<'de> for Key<'p, '_> {
    type Value = Result<Option<(Spot<'p>, crate::builder::Slot)>, Stopped>;
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_str(self)
    }
}

impl<'p> Visitor<'_> for Key<'p, '_> {
    type Value = Result<Option<(Spot<'p>, crate::builder::Slot)>, Stopped>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    #[inline]
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let name = Name::new(key);
        let Some(child) = self.spot.child(name, key) else { return Ok(Ok(None)) };
        Ok(self.out.key(self.object, name, key).map(|slot| Some((child, slot))))
    }
}

/// `apiVersion` and `kind` of an object that is written as JSON in a string, in the same form: annotations stay strings.
fn identity(s: &str, out: &mut StoreBuilder) -> Result<u32, Stopped> {
    #[derive(Default, serde::Deserialize, serde::Serialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Identity<'a> {
        #[serde(borrow, skip_serializing_if = "Option::is_none")]
        api_version: Option<Cow<'a, str>>,
        #[serde(borrow, skip_serializing_if = "Option::is_none")]
        kind: Option<Cow<'a, str>>,
    }
    let found: Identity<'_> = serde_json::from_str(s).unwrap_or_default();
    let text = serde_json::to_string(&found).unwrap_or_default();
    out.text(&text, 512)
}

// ---------------------------------------------------------------------- what is not kept

/// Parses a value and forgets it.
#[derive(Clone, Copy)]
struct Skip {
    bounded: bool,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        if self.bounded { d.deserialize_any(self) } else { d.deserialize_ignored_any(IgnoredAny).map(|_| ()) }
    }
}

macro_rules! skipped {
    ($($method:ident $type:ty),*) => { $( #[inline] fn $method<E>(self, _: $type) -> Result<(), E> { Ok(()) } )* }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    skipped! { visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str }

    #[inline]
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            return Err(A::Error::custom("too deep"));
        }
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            return Err(A::Error::custom("too deep"));
        }
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

// ---------------------------------------------------------------------- what a list says about itself

/// Which of these names a key is.
struct Field<'n>(&'n [&'static str]);

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Option<&'static str>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_str(self)
    }
}

impl Visitor<'_> for Field<'_> {
    type Value = Option<&'static str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|name| **name == key).copied())
    }
}

struct Meta<'a, 'p, 'o> {
    meta: &'a mut ListMeta,
    listing: &'a Listing<'p, 'o>,
}

impl<'de> DeserializeSeed<'de> for Meta<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Meta<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metadata of a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut skip = self.listing.skip();
        skip.depth = skip.depth.saturating_sub(1);
        while let Some(field) = map.next_key_seed(Field(&["resourceVersion", "continue", "remainingItemCount"]))? {
            match field {
                Some("resourceVersion") => self.meta.resource_version = map.next_value_seed(Scalar(skip))?.text(),
                Some("continue") => {
                    let token = map.next_value_seed(Scalar(skip))?.text();
                    self.meta.continue_token = token.filter(|t| !t.is_empty());
                }
                Some("remainingItemCount") => self.meta.remaining = map.next_value_seed(Scalar(skip))?.count(),
                _ => map.next_value_seed(skip)?,
            }
        }
        Ok(())
    }
}

/// A text or a count; anything else is [`Found::Other`].
struct Scalar(Skip);

enum Found {
    Text(String),
    Count(u64),
    Other,
}

impl Found {
    fn text(self) -> Option<String> {
        if let Self::Text(s) = self { Some(s) } else { None }
    }
    fn count(self) -> Option<u64> {
        if let Self::Count(n) = self { Some(n) } else { None }
    }
}

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Found;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Found, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a count")
    }
    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Other)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Other)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Found::Other)
    }
    fn visit_i64<E>(self, i: i64) -> Result<Found, E> {
        Ok(u64::try_from(i).map_or(Found::Other, Found::Count))
    }
    fn visit_u64<E>(self, n: u64) -> Result<Found, E> {
        Ok(Found::Count(n))
    }
    fn visit_str<E>(self, s: &str) -> Result<Found, E> {
        Ok(if s.len() > LONGEST_META { Found::Other } else { Found::Text(s.to_owned()) })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Found, A::Error> {
        self.0.visit_seq(list).map(|()| Found::Other)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Found, A::Error> {
        self.0.visit_map(map).map(|()| Found::Other)
    }
}
