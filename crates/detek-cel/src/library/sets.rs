//! Lists as sets: the order and duplicates do not matter.

use super::{Call, Fault, Gives, Overload, weight};
use crate::Kind::{Bool, List};
use crate::Value;
use crate::compare::equal;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::function("1.29", "sets.contains", &[List, List], Gives::A(Bool), |call, args| {
        Ok(Value::Bool(contains(call, args[0], args[1])?))
    }),
    Overload::function("1.29", "sets.equivalent", &[List, List], Gives::A(Bool), |call, args| {
        Ok(Value::Bool(contains(call, args[0], args[1])? && contains(call, args[1], args[0])?))
    }),
    Overload::function("1.29", "sets.intersects", &[List, List], Gives::A(Bool), |call, args| {
        charge(call, args[0], args[1])?;
        Ok(Value::Bool(elements(args[0])?.any(|item| holds(args[1], item))))
    }),
];

fn elements(list: Value<'_>) -> Result<impl ExactSizeIterator<Item = Value<'_>>, Fault> {
    list.elements().ok_or(Fault::NoSuchOverload)
}

fn holds(list: Value<'_>, item: Value<'_>) -> bool {
    list.elements().is_some_and(|mut items| items.any(|other| equal(item, other)))
}

/// Whether all elements of `part` are in `list`.
fn contains(call: &mut Call<'_, '_>, list: Value<'_>, part: Value<'_>) -> Result<bool, Fault> {
    charge(call, list, part)?;
    Ok(elements(part)?.all(|item| holds(list, item)))
}

/// Each element of one is compared with each of the other.
fn charge(call: &mut Call<'_, '_>, a: Value<'_>, b: Value<'_>) -> Result<(), Fault> {
    call.charge(weight(a, call.left()).saturating_mul(elements(b)?.len()))
}
