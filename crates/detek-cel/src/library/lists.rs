//! Functions of lists: those of Kubernetes, the lists extension of cel-go, and `includes`.

use super::rank::rank;
use super::{Call, Fault, Gives, Overload, weight};
use crate::Kind::{Bool, Dyn, Int, List};
use crate::Value;
use crate::compare::{equal, order};
use std::cmp::Ordering;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.34", "distinct", &[List], Gives::Same(0), distinct),
    Overload::method("1.32", "first", &[List], Gives::OptionalOf(Dyn), |call, args| {
        let first = items(args[0])?.next();
        Ok(call.optional(first))
    }),
    Overload::method("1.34", "flatten", &[List], Gives::A(List), flatten),
    Overload::method("1.34", "flatten", &[List, Int], Gives::A(List), flatten),
    Overload::method("1.37", "includes", &[Dyn, Dyn], Gives::A(Bool), includes),
    Overload::method("1.0", "indexOf", &[List, Dyn], Gives::A(Int), |call, args| {
        let mut matches = matches(call, args)?;
        Ok(Value::Int(matches.position(|found| found).map_or(-1, |at| at as i64)))
    }),
    Overload::method("1.0", "isSorted", &[List], Gives::A(Bool), is_sorted),
    Overload::method("1.32", "last", &[List], Gives::OptionalOf(Dyn), |call, args| {
        let last = items(args[0])?.last();
        Ok(call.optional(last))
    }),
    Overload::method("1.0", "lastIndexOf", &[List, Dyn], Gives::A(Int), |call, args| {
        let last = matches(call, args)?.enumerate().filter(|(_, found)| *found).last();
        Ok(Value::Int(last.map_or(-1, |(at, _)| at as i64)))
    }),
    Overload::function("1.34", "lists.range", &[Int], Gives::ListOf(Int), range),
    Overload::method("1.0", "max", &[List], Gives::ElementOf(0), |call, args| extreme(call, args, Ordering::Less)),
    Overload::method("1.0", "min", &[List], Gives::ElementOf(0), |call, args| extreme(call, args, Ordering::Greater)),
    Overload::method("1.34", "reverse", &[List], Gives::Same(0), |call, args| {
        let mut items = charged(call, args[0])?;
        items.reverse();
        Ok(call.list(&items))
    }),
    Overload::method("1.34", "slice", &[List, Int, Int], Gives::Same(0), slice),
    Overload::method("1.34", "sort", &[List], Gives::Same(0), |call, args| {
        let items = charged(call, args[0])?;
        sorted_by_key(call, items.iter().map(|item| (*item, *item)).collect())
    }),
    Overload::method("1.0", "sum", &[List], Gives::ElementOf(0), sum),
];

fn items(list: Value<'_>) -> Result<impl ExactSizeIterator<Item = Value<'_>> + Clone, Fault> {
    list.elements().ok_or(Fault::NoSuchOverload)
}

/// The a unit each.
fn charged<'a>(call: &mut Call<'a, '_>, list: Value<'a>) -> Result<Vec<Value<'a>>, Fault> {
    let items = items(list)?;
    call.charge(items.len())?;
    Ok(items.collect())
}

/// The paid for to be read whole.
fn read<'a>(
    call: &mut Call<'_, '_>,
    list: Value<'a>,
) -> Result<impl ExactSizeIterator<Item = Value<'a>> + Clone + use<'a>, Fault> {
    let items = items(list)?;
    call.charge(weight(list, call.left()))?;
    Ok(items)
}

/// For each element of the first argument: whether it equals the second one.
fn matches<'a>(call: &mut Call<'_, '_>, args: &[Value<'a>]) -> Result<impl Iterator<Item = bool> + use<'a>, Fault> {
    let wanted = args[1];
    Ok(read(call, args[0])?.map(move |item| equal(item, wanted)))
}

fn includes<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    if args[0].elements().is_some() {
        return Ok(Value::Bool(matches(call, args)?.any(|found| found)));
    }
    call.charge(weight(args[0], call.left()))?;
    Ok(Value::Bool(equal(args[0], args[1])))
}

fn comparison(a: Value<'_>, b: Value<'_>) -> Result<Ordering, Fault> {
    order(a, b).ok_or(Fault::Invalid("values that have an order"))
}

fn is_sorted<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let items = read(call, args[0])?;
    for (a, b) in items.clone().zip(items.skip(1)) {
        if comparison(a, b)?.is_gt() {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

/// The first element that no other one exceeds; `worse` is how a worse one compares to the better one.
fn extreme<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>], worse: Ordering) -> Result<Value<'a>, Fault> {
    let mut items = read(call, args[0])?;
    let first = items.next().ok_or(Fault::Invalid("a list with elements"))?;
    comparison(first, first)?;
    items.try_fold(first, |best, item| Ok(if comparison(best, item)? == worse { item } else { best }))
}

fn sum<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let mut items = read(call, args[0])?;
    let Some(first) = items.next() else { return Ok(Value::Int(0)) };
    if !matches!(first, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Duration(_)) {
        return Err(Fault::Invalid("a list of numbers or durations"));
    }
    items.try_fold(first, |sum, item| match (sum, item) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(b).map(Value::Int).ok_or(Fault::Overflow),
        (Value::UInt(a), Value::UInt(b)) => a.checked_add(b).map(Value::UInt).ok_or(Fault::Overflow),
        (Value::Duration(a), Value::Duration(b)) => a.checked_add(b).map(Value::Duration).ok_or(Fault::Overflow),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        _ => Err(Fault::Invalid("a list of numbers of one type, or of durations")),
    })
}

fn slice<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let [_, Value::Int(start), Value::Int(end)] = *args else { return Err(Fault::NoSuchOverload) };
    let items = items(args[0])?;
    let place = |at: i64| usize::try_from(at).ok().filter(|at| *at <= items.len()).ok_or(Fault::IndexOutOfRange);
    let length = place(end)?.checked_sub(place(start)?).ok_or(Fault::IndexOutOfRange)?;
    call.charge(length)?;
    let part: Vec<_> = items.skip(start as usize).take(length).collect();
    Ok(call.list(&part))
}

fn flatten<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let depth = match args.get(1) {
        None => 1,
        Some(Value::Int(depth)) => usize::try_from(*depth).map_err(|_| Fault::Invalid("a depth of 0 or more"))?,
        Some(_) => return Err(Fault::NoSuchOverload),
    };
    let mut flat = Vec::new();
    flatten_into(call, &mut flat, items(args[0])?, depth)?;
    Ok(call.list(&flat))
}

fn flatten_into<'a>(
    call: &mut Call<'a, '_>,
    flat: &mut Vec<Value<'a>>,
    items: impl Iterator<Item = Value<'a>>,
    depth: usize,
) -> Result<(), Fault> {
    for item in items {
        call.charge(1)?;
        match item.elements().filter(|_| depth > 0) {
            // Through a pointer, as each level would be a type of its own.
            Some(inner) => flatten_into(call, flat, Box::new(inner) as Box<dyn Iterator<Item = _>>, depth - 1)?,
            None => flat.push(item),
        }
    }
    Ok(())
}

fn range<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let Value::Int(end) = args[0] else { return Err(Fault::NoSuchOverload) };
    call.charge(usize::try_from(end).unwrap_or(0))?;
    let numbers: Vec<_> = (0..end).map(Value::Int).collect();
    Ok(call.list(&numbers))
}

/// The first of each group of equal elements. Found by sorting, so that no list takes long.
fn distinct<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let items: Vec<_> = items(args[0])?.collect();
    charge_for_sorting(call, args[0], items.len())?;
    let mut places: Vec<usize> = (0..items.len()).collect();
    places.sort_by(|&a, &b| rank(items[a], items[b]));
    // Sorting keeps the order of equal ones, so that the first of a group is the first of the list.
    places.dedup_by(|next, first| equal(items[*next], items[*first]));
    places.sort_unstable();
    let kept: Vec<_> = places.into_iter().map(|at| items[at]).collect();
    Ok(call.list(&kept))
}

/// The values in the order of their keys, which must all be of one type that has an order.
pub(crate) fn sorted_by_key<'a>(
    call: &mut Call<'a, '_>,
    mut keyed: Vec<(Value<'a>, Value<'a>)>,
) -> Result<Value<'a>, Fault> {
    let keys: Vec<_> = keyed.iter().map(|(key, _)| *key).collect();
    charge_for_sorting(call, Value::List(&keys), keys.len())?;
    if let Some(first) = keys.first() {
        let comparable = |key: &Value<'_>| key.kind() == first.kind() && order(*key, *first).is_some();
        if !keys.iter().all(comparable) {
            return Err(Fault::Invalid("values of one type that has an order"));
        }
    }
    keyed.sort_by(|a, b| order(a.0, b.0).unwrap_or(Ordering::Equal));
    let values: Vec<_> = keyed.into_iter().map(|(_, value)| value).collect();
    Ok(call.list(&values))
}

fn charge_for_sorting(call: &mut Call<'_, '_>, list: Value<'_>, length: usize) -> Result<(), Fault> {
    let rounds = length.checked_ilog2().map_or(1, |rounds| rounds as usize + 1);
    call.charge(weight(list, call.left()).saturating_mul(rounds))
}
