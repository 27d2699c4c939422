//! Equality and order of values, as the specification has them: numbers compare by value whatever their types, values of
//! different types are not equal, NaN equals nothing, and equality never fails.

use crate::Value;
use std::cmp::Ordering;

/// Whether two values are equal.
pub(crate) fn equal(a: Value<'_>, b: Value<'_>) -> bool {
    equal_within(a, b, &mut i64::MAX.clone()).unwrap_or(false)
}

/// Whether two values are equal, at a unit of `fuel` for each element and for ten bytes of text; `None` if that is not
/// enough.
pub(crate) fn equal_within(a: Value<'_>, b: Value<'_>, fuel: &mut i64) -> Option<bool> {
    let charge = |units: usize, fuel: &mut i64| {
        *fuel = fuel.saturating_sub_unsigned(units as u64);
        (*fuel >= 0).then_some(())
    };
    Some(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => {
            charge(a.len().min(b.len()) / 10, fuel)?;
            a == b
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            charge(a.len().min(b.len()) / 10, fuel)?;
            a == b
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => return equal_within(*a, *b, fuel),
            (a, b) => a.is_none() && b.is_none(),
        },
        (Value::Object(a), Value::Object(b)) => a == b,
        _ => match (numeric(a), numeric(b)) {
            (Some(a), Some(b)) => order_numbers(a, b) == Some(Ordering::Equal),
            _ => return equal_composed(a, b, fuel),
        },
    })
}

fn equal_composed(a: Value<'_>, b: Value<'_>, fuel: &mut i64) -> Option<bool> {
    let mut step = |a, b| {
        *fuel -= 1;
        if *fuel < 0 { None } else { equal_within(a, b, fuel) }
    };
    if let (Some(a), Some(b)) = (a.elements(), b.elements()) {
        if a.len() != b.len() {
            return Some(false);
        }
        for (a, b) in a.zip(b) {
            if !step(a, b)? {
                return Some(false);
            }
        }
        return Some(true);
    }
    let (Some(entries), Some(others)) = (a.entries(), b.entries()) else { return Some(false) };
    if entries.len() != others.len() {
        return Some(false);
    }
    for (key, value) in entries {
        match b.at_key(key) {
            Some(other) if step(value, other)? => {}
            _ => return Some(false),
        }
    }
    Some(true)
}

/// How two values are ordered; `None` if they are not, as they are of types that do not compare, or NaN.
pub(crate) fn order(a: Value<'_>, b: Value<'_>) -> Option<Ordering> {
    Some(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(&b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(&b),
        (Value::Int(a), Value::Int(b)) | (Value::Duration(a), Value::Duration(b)) => a.cmp(&b),
        _ => return order_numbers(numeric(a)?, numeric(b)?),
    })
}

/// The order in which maps keep their keys: booleans, numbers by value, text.
pub(crate) fn order_keys(a: Value<'_>, b: Value<'_>) -> Ordering {
    let rank = |value| match value {
        Value::Bool(_) => 0,
        Value::Int(_) | Value::UInt(_) | Value::Double(_) => 1,
        _ => 2,
    };
    rank(a).cmp(&rank(b)).then_with(|| order(a, b).unwrap_or(Ordering::Equal))
}

#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Double(f64),
}

fn numeric(value: Value<'_>) -> Option<Number> {
    Some(match value {
        Value::Int(value) => Number::Whole(value.into()),
        Value::UInt(value) => Number::Whole(value.into()),
        Value::Double(value) => Number::Double(value),
        _ => return None,
    })
}

fn order_numbers(a: Number, b: Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Whole(a), Number::Whole(b)) => Some(a.cmp(&b)),
        (Number::Double(a), Number::Double(b)) => a.partial_cmp(&b),
        (Number::Whole(a), Number::Double(b)) => order_mixed(a, b),
        (Number::Double(a), Number::Whole(b)) => order_mixed(b, a).map(Ordering::reverse),
    }
}

/// Exact, where the nearest double of a large integer would be another number.
fn order_mixed(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Saturates, far outside of 64 bits.
    let floor = double.floor() as i128;
    Some(whole.cmp(&floor).then(if double.fract() == 0.0 { Ordering::Equal } else { Ordering::Less }))
}

impl PartialEq for Value<'_> {
    /// As `==` in expressions.
    fn eq(&self, other: &Self) -> bool {
        equal(*self, *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_whatever_their_types() {
        assert!(equal(Value::Int(1), Value::UInt(1)) && equal(Value::Double(1.0), Value::Int(1)));
        assert!(!equal(Value::Double(f64::NAN), Value::Double(f64::NAN)));
        assert_eq!(order(Value::Int(i64::MAX), Value::Double(i64::MAX as f64)), Some(Ordering::Less));
        assert_eq!(order(Value::Double(-0.5), Value::Int(0)), Some(Ordering::Less));
        assert_eq!(order(Value::Double(f64::INFINITY), Value::UInt(u64::MAX)), Some(Ordering::Greater));
        assert_eq!(order(Value::Int(1), Value::Text("1")), None);
    }

    #[test]
    fn maps_are_equal_whatever_made_them() {
        let made = [(Value::Text("a"), Value::Int(1)), (Value::Text("b"), Value::List(&[Value::Double(2.0)]))];
        let mut builder = detek_doc::StoreBuilder::new(&detek_doc::Caps::default());
        let mut projection = detek_doc::Projection::new("x");
        projection.keep(&[], detek_doc::Keep::All).unwrap();
        builder.push_json(&serde_json::json!({"b": [2], "a": 1}), &projection).unwrap();
        let store = builder.finish();
        assert!(equal(Value::Map(&made), Value::stored(store.doc(0))));
        assert!(equal(Value::stored(store.doc(0)), Value::Map(&made)));
        assert!(!equal(Value::stored(store.doc(0)), Value::Map(&made[..1])));
    }
}
