//! Values: what expressions compute with. They are small, copied freely, and borrow from a store or from scratch memory.

use crate::compare::order_keys;
use crate::library::{Format, Quantity, Semver, Url};
use detek_doc::Doc;
use ipnet::IpNet;
use jiff::Timestamp;
use std::net::IpAddr;

/// A value of CEL.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer; documents hold none.
    UInt(u64),
    /// A floating-point number.
    Double(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A point in time between the years 1 and 9999.
    Timestamp(Timestamp),
    /// A length of time, in nanoseconds.
    Duration(i64),
    /// A list or an object of a store.
    Stored(Doc<'a>),
    /// A list that an expression made.
    List(&'a [Value<'a>]),
    /// A map that an expression made, sorted by its keys: booleans, numbers by value, text.
    Map(&'a [(Value<'a>, Value<'a>)]),
    /// An optional value.
    Optional(Option<&'a Value<'a>>),
    /// A type, by its name.
    Type(&'static str),
    /// A value of one of the libraries.
    Object(&'a Object<'a>),
}

/// Values that only functions make and read. Equal ones mean the same, however they were written.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Object<'a> {
    /// A network of IP addresses, with the host bits of its text.
    Cidr(IpNet),
    /// A format that texts have.
    Format(Format),
    /// An IP address.
    Ip(IpAddr),
    /// An amount of a resource.
    Quantity(Quantity),
    /// A semantic version.
    Semver(Semver<'a>),
    /// A URL.
    Url(Url<'a>),
}

/// What a value is; what overloads of functions are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Not known before it is evaluated; of an argument: any.
    Dyn,
    /// `null_type`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `uint`
    UInt,
    /// `double`
    Double,
    /// `string`
    Text,
    /// `bytes`
    Bytes,
    /// `google.protobuf.Timestamp`
    Timestamp,
    /// `google.protobuf.Duration`
    Duration,
    /// `list`
    List,
    /// `map`
    Map,
    /// `optional_type`
    Optional,
    /// `type`
    Type,
    /// `kubernetes.Quantity`
    Quantity,
    /// `kubernetes.Semver`
    Semver,
    /// `net.IP`
    Ip,
    /// `net.CIDR`
    Cidr,
    /// `kubernetes.URL`
    Url,
    /// `kubernetes.NamedFormat`
    Format,
}

impl Kind {
    /// The name of the type in CEL.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Dyn => "dyn",
            Kind::Null => "null_type",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::UInt => "uint",
            Kind::Double => "double",
            Kind::Text => "string",
            Kind::Bytes => "bytes",
            Kind::Timestamp => "google.protobuf.Timestamp",
            Kind::Duration => "google.protobuf.Duration",
            Kind::List => "list",
            Kind::Map => "map",
            Kind::Optional => "optional_type",
            Kind::Type => "type",
            Kind::Quantity => "kubernetes.Quantity",
            Kind::Semver => "kubernetes.Semver",
            Kind::Ip => "net.IP",
            Kind::Cidr => "net.CIDR",
            Kind::Url => "kubernetes.URL",
            Kind::Format => "kubernetes.NamedFormat",
        }
    }

    /// Whether a value of kind `other`, or an unknown one, may stand where this kind is asked for.
    pub fn takes(self, other: Kind) -> bool {
        self == Kind::Dyn || other == Kind::Dyn || self == other
    }
}

impl<'a> Value<'a> {
    /// What it is.
    #[inline]
    pub fn kind(self) -> Kind {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) => Kind::Int,
            Value::UInt(_) => Kind::UInt,
            Value::Double(_) => Kind::Double,
            Value::Text(_) => Kind::Text,
            Value::Bytes(_) => Kind::Bytes,
            Value::Timestamp(_) => Kind::Timestamp,
            Value::Duration(_) => Kind::Duration,
            Value::Stored(doc) if doc.is_list() => Kind::List,
            Value::Stored(_) | Value::Map(_) => Kind::Map,
            Value::List(_) => Kind::List,
            Value::Optional(_) => Kind::Optional,
            Value::Type(_) => Kind::Type,
            Value::Object(object) => object.kind(),
        }
    }

    /// A value of a store.
    #[inline]
    pub fn stored(doc: Doc<'a>) -> Self {
        match doc.kind() {
            detek_doc::Kind::Null => Value::Null,
            detek_doc::Kind::Bool(value) => Value::Bool(value),
            detek_doc::Kind::Int(value) => Value::Int(value),
            detek_doc::Kind::Double(value) => Value::Double(value),
            detek_doc::Kind::Text(value) => Value::Text(value),
            detek_doc::Kind::List | detek_doc::Kind::Object => Value::Stored(doc),
        }
    }
}

impl Object<'_> {
    fn kind(&self) -> Kind {
        match self {
            Object::Cidr(_) => Kind::Cidr,
            Object::Format(_) => Kind::Format,
            Object::Ip(_) => Kind::Ip,
            Object::Quantity(_) => Kind::Quantity,
            Object::Semver(_) => Kind::Semver,
            Object::Url(_) => Kind::Url,
        }
    }
}

/// The elements of a list.
#[derive(Clone)]
pub(crate) enum Elements<'a, S> {
    Stored(S),
    Made(std::iter::Copied<std::slice::Iter<'a, Value<'a>>>),
}

impl<'a, S: ExactSizeIterator<Item = Doc<'a>>> Iterator for Elements<'a, S> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            Elements::Stored(docs) => docs.next().map(Value::stored),
            Elements::Made(values) => values.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Elements::Stored(docs) => docs.size_hint(),
            Elements::Made(values) => values.size_hint(),
        }
    }
}

impl<'a, S: ExactSizeIterator<Item = Doc<'a>>> ExactSizeIterator for Elements<'a, S> {}

/// The entries of a map.
pub(crate) enum Entries<'a, S> {
    Stored(S),
    Made(std::iter::Copied<std::slice::Iter<'a, (Value<'a>, Value<'a>)>>),
}

impl<'a, S: ExactSizeIterator<Item = (&'a str, Doc<'a>)>> Iterator for Entries<'a, S> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Entries::Stored(entries) => entries.next().map(|(key, doc)| (Value::Text(key), Value::stored(doc))),
            Entries::Made(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Entries::Stored(entries) => entries.size_hint(),
            Entries::Made(entries) => entries.size_hint(),
        }
    }
}

impl<'a, S: ExactSizeIterator<Item = (&'a str, Doc<'a>)>> ExactSizeIterator for Entries<'a, S> {}

impl<'a> Value<'a> {
    /// The elements, if this is a list.
    pub(crate) fn elements(self) -> Option<Elements<'a, impl ExactSizeIterator<Item = Doc<'a>> + Clone + use<'a>>> {
        match self {
            Value::Stored(doc) if doc.is_list() => Some(Elements::Stored(doc.items())),
            Value::List(values) => Some(Elements::Made(values.iter().copied())),
            _ => None,
        }
    }

    /// Keys and values, if this is a map.
    pub(crate) fn entries(self) -> Option<Entries<'a, impl ExactSizeIterator<Item = (&'a str, Doc<'a>)> + use<'a>>> {
        match self {
            Value::Stored(doc) if !doc.is_list() => Some(Entries::Stored(doc.entries())),
            Value::Map(entries) => Some(Entries::Made(entries.iter().copied())),
            _ => None,
        }
    }

    /// The value of a key, if this is a map that has it.
    pub(crate) fn at_key(self, key: Value<'_>) -> Option<Value<'a>> {
        match (self, key) {
            (Value::Stored(doc), Value::Text(key)) => doc.get(key).map(Value::stored),
            (Value::Map(entries), key) => {
                entries.binary_search_by(|(known, _)| order_keys(*known, key)).ok().map(|place| entries[place].1)
            }
            _ => None,
        }
    }
}

impl<'a> Value<'a> {
    /// The elements, if this is a list.
    pub fn list(self) -> Option<impl ExactSizeIterator<Item = Value<'a>>> {
        self.elements()
    }
}

impl Value<'_> {
    /// As JSON, for reports. What JSON does not have is written as text, keys of maps too; an optional without value is
    /// null.
    pub fn to_json(self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null | Value::Optional(None) => Json::Null,
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::UInt(value) => value.into(),
            // NaN and infinities are text.
            Value::Double(value) if value.is_finite() => value.into(),
            Value::Text(value) => value.into(),
            Value::Stored(doc) => doc.to_json(),
            Value::List(values) => values.iter().map(|value| value.to_json()).collect(),
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| (crate::library::shown(*key), value.to_json())).collect()
            }
            Value::Optional(Some(value)) => value.to_json(),
            other => crate::library::shown(other).into(),
        }
    }
}
