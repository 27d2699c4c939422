//! Arithmetic: checked, and never between types, but for points and lengths of time.

use super::{Frame, Outcome, at, both, eval};
use crate::{
    Value,
    library::{Fault, tenth},
    program::{Arithmetic, Node},
};
use jiff::{SignedDuration, Timestamp};

pub(super) fn negate<'a>(of: &'a Node, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    match eval(of, frame)? {
        Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(at(Fault::Overflow, node)),
        Value::Double(value) => Ok(Value::Double(-value)),
        _ => Err(at(Fault::NoSuchOverload, node)),
    }
}

pub(super) fn compute<'a>(
    sides: &'a [Node; 2],
    operation: Arithmetic,
    node: &Node,
    frame: &mut Frame<'a>,
) -> Outcome<'a> {
    let (a, b) = both(sides, frame)?;
    let outcome = match (a, b) {
        (Value::Int(a), Value::Int(b)) => int(a, b, operation).map(Value::Int),
        (Value::UInt(a), Value::UInt(b)) => uint(a, b, operation).map(Value::UInt),
        (Value::Double(a), Value::Double(b)) => double(a, b, operation).map(Value::Double),
        _ if operation == Arithmetic::Add => return add(a, b, node, frame),
        _ if operation == Arithmetic::Subtract => subtract(a, b),
        _ => Err(Fault::NoSuchOverload),
    };
    outcome.map_err(|fault| at(fault, node))
}

fn int(a: i64, b: i64, operation: Arithmetic) -> Result<i64, Fault> {
    match operation {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide if b == 0 => return Err(Fault::DivideByZero),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Remainder if b == 0 => return Err(Fault::ModulusByZero),
        Arithmetic::Remainder => a.checked_rem(b),
    }
    .ok_or(Fault::Overflow)
}

fn uint(a: u64, b: u64, operation: Arithmetic) -> Result<u64, Fault> {
    match operation {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide => return a.checked_div(b).ok_or(Fault::DivideByZero),
        Arithmetic::Remainder => return a.checked_rem(b).ok_or(Fault::ModulusByZero),
    }
    .ok_or(Fault::Overflow)
}

fn double(a: f64, b: f64, operation: Arithmetic) -> Result<f64, Fault> {
    Ok(match operation {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => return Err(Fault::NoSuchOverload),
    })
}

fn add<'a>(a: Value<'a>, b: Value<'a>, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => {
            frame.charge(tenth(a.len() + b.len()), node.at)?;
            let mut text = bumpalo::collections::String::with_capacity_in(a.len() + b.len(), frame.scratch);
            text.push_str(a);
            text.push_str(b);
            Ok(Value::Text(text.into_bump_str()))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            frame.charge(tenth(a.len() + b.len()), node.at)?;
            let mut bytes = bumpalo::collections::Vec::with_capacity_in(a.len() + b.len(), frame.scratch);
            bytes.extend_from_slice_copy(a);
            bytes.extend_from_slice_copy(b);
            Ok(Value::Bytes(bytes.into_bump_slice()))
        }
        (Value::Timestamp(time), Value::Duration(length)) | (Value::Duration(length), Value::Timestamp(time)) => {
            shift(time, length).map_err(|fault| at(fault, node))
        }
        (Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(b).map(Value::Duration).ok_or(at(Fault::Overflow, node))
        }
        (a, b) => {
            let (Some(first), Some(second)) = (a.elements(), b.elements()) else {
                return Err(at(Fault::NoSuchOverload, node));
            };
            let length = first.len() + second.len();
            frame.charge(length, node.at)?;
            let mut list = bumpalo::collections::Vec::with_capacity_in(length, frame.scratch);
            list.extend(first);
            list.extend(second);
            Ok(Value::List(list.into_bump_slice()))
        }
    }
}

fn subtract<'a>(a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, Fault> {
    match (a, b) {
        (Value::Timestamp(time), Value::Duration(length)) => shift(time, length.checked_neg().ok_or(Fault::Overflow)?),
        (Value::Timestamp(a), Value::Timestamp(b)) => {
            i64::try_from(a.duration_since(b).as_nanos()).map(Value::Duration).map_err(|_| Fault::Overflow)
        }
        (Value::Duration(a), Value::Duration(b)) => a.checked_sub(b).map(Value::Duration).ok_or(Fault::Overflow),
        _ => Err(Fault::NoSuchOverload),
    }
}

/// The first second that a timestamp may have, of the year 1.
const FIRST: i64 = -62_135_596_800;

fn shift<'a>(time: Timestamp, length: i64) -> Result<Value<'a>, Fault> {
    let moved = time.checked_add(SignedDuration::from_nanos(length)).map_err(|_| Fault::Overflow)?;
    // Seconds are cut towards 0, and so a fraction before the first second shows in the nanoseconds only.
    let before = moved.as_nanosecond() < i128::from(FIRST) * 1_000_000_000;
    if before { Err(Fault::Overflow) } else { Ok(Value::Timestamp(moved)) }
}
