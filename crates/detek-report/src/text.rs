//! Cluster text on its way into a format. Everything that comes from a cluster is hostile; each format escapes for its own
//! sink what leaves here, and nothing leaves here that could move a cursor, hide text or grow without end.

use detek_core::Evidence;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Longest text in formats for programs, in characters: above every name and message that is valid, so that none is cut.
const LONGEST: usize = 1_024;

/// `value` on one line, without control, bidirectional and zero-width characters, of at most [`LONGEST`] characters.
pub(crate) fn text(value: &str) -> Cow<'_, str> {
    // Most text is plain ASCII, which cleaning leaves as it is.
    let plain = value.len() <= LONGEST && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if plain && !value.ends_with(' ') && !value.contains("  ") {
        return Cow::Borrowed(value);
    }
    Cow::Owned(detek_core::clip(value, LONGEST))
}

/// As [`text`], without the two characters that XML 1.0 and YAML forbid and cleaning leaves.
pub(crate) fn legal(value: &str) -> String {
    text(value).replace(['\u{fffe}', '\u{ffff}'], "")
}

/// Evidence with every name and text in it cleaned. Names that are then the same stay apart.
pub(crate) fn evidence(evidence: &Evidence) -> Map<String, Value> {
    fields(evidence.iter())
}

fn fields<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>) -> Map<String, Value> {
    let mut cleaned = Map::new();
    for (name, value) in fields {
        let mut name = text(name).into_owned();
        while cleaned.contains_key(&name) {
            name.push('\'');
        }
        cleaned.insert(name, clean(value));
    }
    cleaned
}

fn clean(value: &Value) -> Value {
    match value {
        Value::String(value) => Value::String(text(value).into_owned()),
        Value::Array(items) => items.iter().map(clean).collect(),
        Value::Object(fields) => Value::Object(self::fields(fields.iter().map(|(name, value)| (name.as_str(), value)))),
        other => other.clone(),
    }
}
