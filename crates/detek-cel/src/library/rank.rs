//! An order of all values, so that equal ones can be found by sorting: no list that a stranger wrote makes that slow.

use crate::Value;
use crate::compare::order;
use std::cmp::Ordering;

/// Where a value stands among all values. Equal values, and only these, stand at the same place; NaN, which equals nothing,
/// is the exception.
pub(super) fn rank(a: Value<'_>, b: Value<'_>) -> Ordering {
    if let Some(ordering) = order(a, b) {
        return ordering;
    }
    class(a).cmp(&class(b)).then_with(|| match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.is_nan().cmp(&b.is_nan()),
        (Value::Double(a), _) => a.is_nan().cmp(&false),
        (_, Value::Double(b)) => false.cmp(&b.is_nan()),
        (Value::Type(a), Value::Type(b)) => a.cmp(b),
        (Value::Object(a), Value::Object(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => rank(*a, *b),
        (Value::Optional(a), Value::Optional(b)) => a.is_some().cmp(&b.is_some()),
        _ => inner(a, b),
    })
}

/// Values of different classes never equal each other.
fn class(value: Value<'_>) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::UInt(_) | Value::Double(_) => 2,
        Value::Text(_) => 3,
        Value::Bytes(_) => 4,
        Value::Timestamp(_) => 5,
        Value::Duration(_) => 6,
        Value::List(_) => 7,
        Value::Stored(doc) if doc.is_list() => 7,
        Value::Stored(_) | Value::Map(_) => 8,
        Value::Optional(_) => 9,
        Value::Type(_) => 10,
        Value::Object(_) => 11,
    }
}

fn inner(a: Value<'_>, b: Value<'_>) -> Ordering {
    if let (Some(a), Some(b)) = (a.elements(), b.elements()) {
        return a.len().cmp(&b.len()).then_with(|| first_difference(a.zip(b)));
    }
    let (Some(a), Some(b)) = (sorted(a), sorted(b)) else { return Ordering::Equal };
    let pairs = a.iter().zip(&b).flat_map(|(a, b)| [(a.0, b.0), (a.1, b.1)]);
    a.len().cmp(&b.len()).then_with(|| first_difference(pairs))
}

fn first_difference<'a>(mut pairs: impl Iterator<Item = (Value<'a>, Value<'a>)>) -> Ordering {
    pairs.find_map(|(a, b)| Some(rank(a, b)).filter(|ordering| ordering.is_ne())).unwrap_or(Ordering::Equal)
}

fn sorted(map: Value<'_>) -> Option<Vec<(Value<'_>, Value<'_>)>> {
    let mut entries: Vec<_> = map.entries()?.collect();
    entries.sort_by(|a, b| rank(a.0, b.0));
    Some(entries)
}
