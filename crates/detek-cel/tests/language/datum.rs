//! Values that own what they hold, so that they outlive an evaluation, and that are the same only if their types are.

use detek_cel::Value;

/// A value of CEL.
#[derive(Clone, Debug)]
pub(crate) enum Datum {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Datum>),
    Map(Vec<(Datum, Datum)>),
    Optional(Option<Box<Datum>>),
    Type(String),
    /// Nanoseconds since 1970.
    Timestamp(i128),
    /// Nanoseconds.
    Duration(i128),
    /// A value of a library, as it is written for debugging.
    Object(String),
    /// A protocol buffer message, or an enum with a type of its own, of which nothing is known here.
    Message,
}

impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Datum::Null, Datum::Null) => true,
            (Datum::Bool(a), Datum::Bool(b)) => a == b,
            (Datum::Int(a), Datum::Int(b)) => a == b,
            (Datum::UInt(a), Datum::UInt(b)) => a == b,
            (Datum::Double(a), Datum::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Datum::Text(a), Datum::Text(b))
            | (Datum::Type(a), Datum::Type(b))
            | (Datum::Object(a), Datum::Object(b)) => a == b,
            (Datum::Bytes(a), Datum::Bytes(b)) => a == b,
            (Datum::List(a), Datum::List(b)) => a == b,
            (Datum::Map(a), Datum::Map(b)) => a.len() == b.len() && a.iter().all(|entry| b.contains(entry)),
            (Datum::Optional(a), Datum::Optional(b)) => a == b,
            (Datum::Timestamp(a), Datum::Timestamp(b)) | (Datum::Duration(a), Datum::Duration(b)) => a == b,
            _ => false,
        }
    }
}

impl From<Value<'_>> for Datum {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(value) => Datum::Bool(value),
            Value::Int(value) => Datum::Int(value),
            Value::UInt(value) => Datum::UInt(value),
            Value::Double(value) => Datum::Double(value),
            Value::Text(value) => Datum::Text(value.to_owned()),
            Value::Bytes(value) => Datum::Bytes(value.to_owned()),
            Value::Timestamp(value) => Datum::Timestamp(value.as_nanosecond()),
            Value::Duration(value) => Datum::Duration(value.into()),
            Value::Stored(doc) if doc.is_list() => {
                Datum::List(doc.items().map(|doc| Value::stored(doc).into()).collect())
            }
            Value::Stored(doc) => {
                let entry = |(key, doc): (&str, _)| (Datum::Text(key.to_owned()), Value::stored(doc).into());
                Datum::Map(doc.entries().map(entry).collect())
            }
            Value::List(items) => Datum::List(items.iter().map(|item| (*item).into()).collect()),
            Value::Map(entries) => {
                Datum::Map(entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect())
            }
            Value::Optional(value) => Datum::Optional(value.map(|value| Box::new((*value).into()))),
            Value::Type(name) => Datum::Type(name.to_owned()),
            Value::Object(object) => Datum::Object(format!("{object:?}")),
        }
    }
}

impl Datum {
    /// Whether a message is in it.
    pub(crate) fn has_message(&self) -> bool {
        match self {
            Datum::Message => true,
            Datum::List(items) => items.iter().any(Datum::has_message),
            Datum::Map(entries) => entries.iter().any(|(key, value)| key.has_message() || value.has_message()),
            _ => false,
        }
    }
}
