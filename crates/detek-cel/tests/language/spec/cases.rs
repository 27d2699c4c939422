//! The cases of a file of simple tests, typed.

use super::textproto::{Field, Malformed, Message, parse};
use crate::datum::Datum;
use std::str::FromStr;

/// An expression, what its variables are, and what comes of it.
#[derive(Debug)]
pub(crate) struct Case {
    /// `file/section/name`; the second one of a name has `#2` behind it.
    pub(crate) id: String,
    pub(crate) expr: String,
    /// Variables by their names, which may be qualified.
    pub(crate) bindings: Vec<(String, Datum)>,
    pub(crate) want: Want,
}

/// What a case expects.
#[derive(Debug, PartialEq)]
pub(crate) enum Want {
    Value(Datum),
    /// Any error, when it is compiled or evaluated.
    Error,
    /// A type that a checker finds; nothing is evaluated.
    Type,
}

/// Reads a file.
///
/// # Errors
/// If it is no text form.
///
/// # Panics
/// If a value in it is of no kind that simple tests have.
pub(crate) fn read(source: &str) -> Result<Vec<Case>, Malformed> {
    let file = parse(source)?;
    let mut cases: Vec<Case> = Vec::new();
    for section in file.messages("section") {
        let folder = format!("{}/{}/", file.text("name"), section.text("name"));
        for test in section.messages("test") {
            let mut id = folder.clone() + test.text("name");
            let namesakes = cases.iter().filter(|case| case.id.split('#').next() == Some(&id)).count();
            if namesakes > 0 {
                id = format!("{id}#{}", namesakes + 1);
            }
            cases.push(case(id, test));
        }
    }
    Ok(cases)
}

fn case(id: String, test: &Message) -> Case {
    let want = if test.word("check_only") == Some("true") {
        Want::Type
    } else if test.message("eval_error").is_some() {
        Want::Error
    } else {
        let typed = test.message("typed_result").and_then(|typed| typed.message("result"));
        Want::Value(test.message("value").or(typed).map_or(Datum::Bool(true), datum))
    };
    let binding = |binding: &Message| {
        let value = binding.message("value").and_then(|value| value.message("value")).map(datum);
        (binding.text("key").to_owned(), value.expect("variables are bound to values"))
    };
    Case { id, expr: test.text("expr").to_owned(), bindings: test.messages("bindings").map(binding).collect(), want }
}

/// A `cel.expr.Value`.
fn datum(value: &Message) -> Datum {
    let (kind, field) = value.fields().next().expect("a value is of a kind");
    match (kind, field) {
        ("null_value", _) => Datum::Null,
        ("bool_value", Field::Word(word)) => Datum::Bool(word == "true"),
        ("int64_value", Field::Word(word)) => Datum::Int(number(word)),
        ("uint64_value", Field::Word(word)) => Datum::UInt(number(word)),
        ("double_value", Field::Word(word)) => Datum::Double(number(word)),
        ("string_value", Field::Text(_)) => Datum::Text(value.text(kind).to_owned()),
        ("bytes_value", Field::Text(bytes)) => Datum::Bytes(bytes.clone()),
        ("type_value", Field::Text(_)) => Datum::Type(value.text(kind).to_owned()),
        ("list_value", Field::Message(list)) => Datum::List(list.messages("values").map(datum).collect()),
        ("map_value", Field::Message(map)) => {
            let part = |entry: &Message, name| datum(entry.message(name).expect("entries have keys and values"));
            Datum::Map(map.messages("entries").map(|entry| (part(entry, "key"), part(entry, "value"))).collect())
        }
        ("object_value", Field::Message(object)) => object_value(object),
        ("enum_value", _) => Datum::Message,
        _ => panic!("a value of the kind {kind}"),
    }
}

/// An `Any`: times and durations are values of CEL, all else are messages.
fn object_value(object: &Message) -> Datum {
    let Some((url, Field::Message(message))) = object.fields().next() else { return Datum::Message };
    let part = |name| message.word(name).map_or(0, number::<i128>);
    let nanoseconds = part("seconds") * 1_000_000_000 + part("nanos");
    match url {
        "[type.googleapis.com/google.protobuf.Timestamp]" => Datum::Timestamp(nanoseconds),
        "[type.googleapis.com/google.protobuf.Duration]" => Datum::Duration(nanoseconds),
        _ => Datum::Message,
    }
}

fn number<T: FromStr>(word: &str) -> T {
    word.parse().ok().unwrap_or_else(|| panic!("the number {word}"))
}
