//! Numbers compare by value whatever their types; equality is defined for all values, symmetric, and never fails.

use crate::datum::Datum;
use crate::evaluate::evaluate;
use proptest::collection::vec;
use proptest::num::f64::ANY;
use proptest::prelude::*;
use std::cmp::Ordering;

fn number() -> impl Strategy<Value = Datum> {
    let edges = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 9_007_199_254_740_992.0, i64::MAX as f64, i64::MIN as f64];
    let doubles = [u64::MAX as f64, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE];
    prop_oneof![
        proptest::sample::select(vec![0, 1, 2, -1, 9_007_199_254_740_993, i64::MAX, i64::MIN]).prop_map(Datum::Int),
        any::<i64>().prop_map(Datum::Int),
        proptest::sample::select(vec![0, 1, 2, 9_007_199_254_740_993, 1 << 63, u64::MAX]).prop_map(Datum::UInt),
        any::<u64>().prop_map(Datum::UInt),
        proptest::sample::select([&edges[..], &doubles].concat()).prop_map(Datum::Double),
        ANY.prop_map(Datum::Double),
        any::<i64>().prop_map(|near| Datum::Double(near as f64)),
    ]
}

/// How two numbers compare: both are whole numbers times a power of two, which is exact.
fn order(a: &Datum, b: &Datum) -> Option<Ordering> {
    let ((a, a_power), (b, b_power)) = (parts(a)?, parts(b)?);
    let (a_sign, b_sign) = (a.signum(), b.signum());
    if a_sign != b_sign || a_sign == 0 {
        return Some(a_sign.cmp(&b_sign));
    }
    // The place of the highest bit decides, or the numbers fit when both have the lower power.
    let top = |value: i128, power: i32| 128 - value.unsigned_abs().leading_zeros() as i32 + power;
    let tops = top(a, a_power).cmp(&top(b, b_power));
    let magnitudes = tops.then_with(|| {
        let power = a_power.min(b_power);
        (a.unsigned_abs() << (a_power - power)).cmp(&(b.unsigned_abs() << (b_power - power)))
    });
    Some(if a_sign < 0 { magnitudes.reverse() } else { magnitudes })
}

/// A number as a whole number of at most 64 bits and a power of two; infinity is larger than all others, NaN is nothing.
fn parts(number: &Datum) -> Option<(i128, i32)> {
    Some(match *number {
        Datum::Int(value) => (value.into(), 0),
        Datum::UInt(value) => (value.into(), 0),
        Datum::Double(value) if value.is_nan() => return None,
        Datum::Double(value) if value.is_infinite() => (value.signum() as i128, 10_000),
        Datum::Double(value) => {
            let bits = value.to_bits();
            let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, i128::from(bits & ((1 << 52) - 1)));
            let whole = if exponent == 0 { fraction } else { fraction | 1 << 52 };
            (if value < 0.0 { -whole } else { whole }, exponent.max(1) - 1075)
        }
        _ => return None,
    })
}

/// Values out of few, so that equal ones meet.
fn value() -> impl Strategy<Value = Datum> {
    let leaf = prop_oneof![
        Just(Datum::Null),
        any::<bool>().prop_map(Datum::Bool),
        (-1_i64..3).prop_map(Datum::Int),
        (0_u64..3).prop_map(Datum::UInt),
        proptest::sample::select(vec![-1.0, 0.0, 0.5, 1.0, 2.0, f64::NAN]).prop_map(Datum::Double),
        "[ab]{0,1}".prop_map(Datum::Text),
        "[ab]{0,1}".prop_map(|text| Datum::Bytes(text.into_bytes())),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let entry = ("[ab]".prop_map(Datum::Text), inner.clone());
        prop_oneof![
            vec(inner, 0..3).prop_map(Datum::List),
            proptest::option::of(entry).prop_map(|entry| Datum::Map(entry.into_iter().collect())),
        ]
    })
}

/// Whether two values are equal: as `Datum`s, but numbers by value, and NaN nothing's equal.
fn equal(a: &Datum, b: &Datum) -> bool {
    match (a, b) {
        (Datum::List(a), Datum::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Datum::Map(a), Datum::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(&a.0, &b.0) && equal(&a.1, &b.1))
        }
        (Datum::Int(_) | Datum::UInt(_) | Datum::Double(_), _) => order(a, b) == Some(Ordering::Equal),
        _ => a == b,
    }
}

fn holds(source: &str, a: &Datum, b: &Datum) -> Result<bool, String> {
    let bindings = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())];
    match evaluate(source, &bindings) {
        Ok(Datum::Bool(value)) => Ok(value),
        other => Err(format!("{source} with {a:?} and {b:?} gives {other:?}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn numbers_compare_by_value(a in number(), b in number()) {
        let order = order(&a, &b);
        for (source, want) in [
            ("a == b", order == Some(Ordering::Equal)),
            ("a != b", order != Some(Ordering::Equal)),
            ("a < b", order == Some(Ordering::Less)),
            ("a <= b", matches!(order, Some(Ordering::Less | Ordering::Equal))),
            ("a > b", order == Some(Ordering::Greater)),
            ("a >= b", matches!(order, Some(Ordering::Greater | Ordering::Equal))),
        ] {
            prop_assert_eq!(holds(source, &a, &b), Ok(want), "{} with {:?} and {:?}", source, a, b);
        }
    }

    #[test]
    fn equality_is_total_and_symmetric(a in value(), b in value()) {
        let want = equal(&a, &b);
        let ways = ["a == b", "b == a", "!(a != b)", "a in [b]", "b in ['x', a]", "[a] == [b]", "{'k': a} == {'k': b}"];
        for source in ways.into_iter().chain(["optional.of(a) == optional.of(b)", "[a].indexOf(b) == 0"]) {
            prop_assert_eq!(holds(source, &a, &b), Ok(want), "{} with {:?} and {:?}", source, a, b);
        }
    }

    #[test]
    fn numbers_of_equal_value_are_one_key(a in number()) {
        prop_assume!(!matches!(a, Datum::Double(_)));
        let copy = match a {
            Datum::Int(value) => u64::try_from(value).map_or(Datum::Double(value as f64), Datum::UInt),
            Datum::UInt(value) => i64::try_from(value).map_or(Datum::Double(value as f64), Datum::Int),
            ref other => other.clone(),
        };
        let want = order(&a, &copy) == Some(Ordering::Equal);
        prop_assert_eq!(holds("b in {a: 1}", &a, &copy), Ok(want));
        prop_assert_eq!(holds("{a: 1}[?b].hasValue()", &a, &copy), Ok(want));
    }
}
