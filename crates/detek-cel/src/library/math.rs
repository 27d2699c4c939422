//! The math extension of cel-go.

use super::{Call, Fault, Function, Gives, Overload};
use crate::Kind::{self, Bool, Double, Dyn, Int, List, UInt};
use crate::Value;
use crate::compare::order;
use std::cmp::Ordering;

pub(crate) static FUNCTIONS: &[Overload] = &[
    function("math.abs", &[Double], Double, |_, args| double(args, f64::abs)),
    function("math.abs", &[Int], Int, |_, args| match args[0] {
        Value::Int(value) => value.checked_abs().map(Value::Int).ok_or(Fault::Overflow),
        _ => Err(Fault::NoSuchOverload),
    }),
    function("math.abs", &[UInt], UInt, |_, args| Ok(args[0])),
    function("math.bitAnd", &[Int, Int], Int, |_, args| bits(args, |a, b| a & b)),
    function("math.bitAnd", &[UInt, UInt], UInt, |_, args| bits(args, |a, b| a & b)),
    function("math.bitNot", &[Int], Int, |_, args| bits(&[args[0], args[0]], |a, _| !a)),
    function("math.bitNot", &[UInt], UInt, |_, args| bits(&[args[0], args[0]], |a, _| !a)),
    function("math.bitOr", &[Int, Int], Int, |_, args| bits(args, |a, b| a | b)),
    function("math.bitOr", &[UInt, UInt], UInt, |_, args| bits(args, |a, b| a | b)),
    function("math.bitShiftLeft", &[Int, Int], Int, |_, args| shift(args, u64::checked_shl)),
    function("math.bitShiftLeft", &[UInt, Int], UInt, |_, args| shift(args, u64::checked_shl)),
    function("math.bitShiftRight", &[Int, Int], Int, |_, args| shift(args, u64::checked_shr)),
    function("math.bitShiftRight", &[UInt, Int], UInt, |_, args| shift(args, u64::checked_shr)),
    function("math.bitXor", &[Int, Int], Int, |_, args| bits(args, |a, b| a ^ b)),
    function("math.bitXor", &[UInt, UInt], UInt, |_, args| bits(args, |a, b| a ^ b)),
    function("math.ceil", &[Double], Double, |_, args| double(args, f64::ceil)),
    function("math.floor", &[Double], Double, |_, args| double(args, f64::floor)),
    function("math.greatest", &[List], Dyn, |call, args| {
        extreme(call, args[0].elements().ok_or(Fault::NoSuchOverload)?, Ordering::Less)
    }),
    of_numbers("math.greatest", 1, greatest),
    of_numbers("math.greatest", 2, greatest),
    of_numbers("math.greatest", 3, greatest),
    of_numbers("math.greatest", 4, greatest),
    of_numbers("math.greatest", 5, greatest),
    of_numbers("math.greatest", 6, greatest),
    of_numbers("math.greatest", 7, greatest),
    of_numbers("math.greatest", 8, greatest),
    function("math.isFinite", &[Double], Bool, |_, args| Ok(Value::Bool(number(args)?.is_finite()))),
    function("math.isInf", &[Double], Bool, |_, args| Ok(Value::Bool(number(args)?.is_infinite()))),
    function("math.isNaN", &[Double], Bool, |_, args| Ok(Value::Bool(number(args)?.is_nan()))),
    function("math.least", &[List], Dyn, |call, args| {
        extreme(call, args[0].elements().ok_or(Fault::NoSuchOverload)?, Ordering::Greater)
    }),
    of_numbers("math.least", 1, least),
    of_numbers("math.least", 2, least),
    of_numbers("math.least", 3, least),
    of_numbers("math.least", 4, least),
    of_numbers("math.least", 5, least),
    of_numbers("math.least", 6, least),
    of_numbers("math.least", 7, least),
    of_numbers("math.least", 8, least),
    function("math.round", &[Double], Double, |_, args| double(args, f64::round)),
    function("math.sign", &[Double], Double, |_, args| {
        double(args, |value| if value == 0.0 || value.is_nan() { value + 0.0 } else { value.signum() })
    }),
    function("math.sign", &[Int], Int, |_, args| match args[0] {
        Value::Int(value) => Ok(Value::Int(value.signum())),
        _ => Err(Fault::NoSuchOverload),
    }),
    function("math.sign", &[UInt], UInt, |_, args| match args[0] {
        Value::UInt(value) => Ok(Value::UInt(value.min(1))),
        _ => Err(Fault::NoSuchOverload),
    }),
    function("math.sqrt", &[Double], Double, |_, args| double(args, f64::sqrt)),
    function("math.sqrt", &[Int], Double, |_, args| double(args, f64::sqrt)),
    function("math.sqrt", &[UInt], Double, |_, args| double(args, f64::sqrt)),
    function("math.trunc", &[Double], Double, |_, args| double(args, f64::trunc)),
];

const fn function(name: &'static str, takes: &'static [Kind], gives: Kind, call: Function) -> Overload {
    Overload::function("detek", name, takes, Gives::A(gives), call)
}

/// Of so many numbers.
const fn of_numbers(name: &'static str, count: usize, call: Function) -> Overload {
    const NUMBERS: &[Kind] = &[Dyn; 8];
    function(name, NUMBERS.split_at(count).0, Dyn, call)
}

fn number(args: &[Value<'_>]) -> Result<f64, Fault> {
    super::conversion::as_double(args[0]).ok_or(Fault::NoSuchOverload)
}

fn double<'a>(args: &[Value<'a>], of: fn(f64) -> f64) -> Result<Value<'a>, Fault> {
    number(args).map(|value| Value::Double(of(value)))
}

/// Of two integers of one type.
fn bits<'a>(args: &[Value<'a>], of: fn(u64, u64) -> u64) -> Result<Value<'a>, Fault> {
    match *args {
        [Value::Int(a), Value::Int(b)] => Ok(Value::Int(of(a as u64, b as u64) as i64)),
        [Value::UInt(a), Value::UInt(b)] => Ok(Value::UInt(of(a, b))),
        _ => Err(Fault::NoSuchOverload),
    }
}

/// By a number of places, not below 0; by 64 or more, nothing is left. Signs are bits.
fn shift<'a>(args: &[Value<'a>], of: fn(u64, u32) -> Option<u64>) -> Result<Value<'a>, Fault> {
    let Value::Int(places) = args[1] else { return Err(Fault::NoSuchOverload) };
    if places < 0 {
        return Err(Fault::Invalid("a number of places of 0 or more"));
    }
    let shifted = |bits: u64| u32::try_from(places).ok().and_then(|places| of(bits, places)).unwrap_or(0);
    match args[0] {
        Value::Int(value) => Ok(Value::Int(shifted(value as u64) as i64)),
        Value::UInt(value) => Ok(Value::UInt(shifted(value))),
        _ => Err(Fault::NoSuchOverload),
    }
}

fn greatest<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    extreme(call, args.iter().copied(), Ordering::Less)
}

fn least<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    extreme(call, args.iter().copied(), Ordering::Greater)
}

/// The first number that no other one exceeds; `worse` is how a worse one compares to the better one.
fn extreme<'a>(
    call: &mut Call<'a, '_>,
    mut numbers: impl ExactSizeIterator<Item = Value<'a>>,
    worse: Ordering,
) -> Result<Value<'a>, Fault> {
    call.charge(numbers.len())?;
    let checked = |value: Value<'a>| super::conversion::as_double(value).map(|_| value).ok_or(Fault::NoSuchOverload);
    let first = checked(numbers.next().ok_or(Fault::Invalid("a list with elements"))?)?;
    numbers.try_fold(first, |best, value| {
        let ordering = order(best, checked(value)?).ok_or(Fault::Invalid("numbers that have an order"))?;
        Ok(if ordering == worse { value } else { best })
    })
}
