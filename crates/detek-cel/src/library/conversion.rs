//! Conversions between the types of the language, with the ranges and texts of cel-go.

use super::{Call, Fault, Gives, Overload, tenth, time};
use crate::Kind::{Bool, Bytes, Double, Duration, Dyn, Int, Text, Timestamp, Type, UInt};
use crate::Value;
use std::fmt::Write as _;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::function("1.0", "bool", &[Bool], Gives::A(Bool), same),
    Overload::function("1.0", "bool", &[Text], Gives::A(Bool), to_bool),
    Overload::function("1.0", "bytes", &[Bytes], Gives::A(Bytes), same),
    Overload::function("1.0", "bytes", &[Text], Gives::A(Bytes), |_, args| match args[0] {
        Value::Text(text) => Ok(Value::Bytes(text.as_bytes())),
        _ => Err(Fault::NoSuchOverload),
    }),
    Overload::function("1.0", "double", &[Double], Gives::A(Double), same),
    Overload::function("1.0", "double", &[Int], Gives::A(Double), to_double),
    Overload::function("1.0", "double", &[Text], Gives::A(Double), to_double),
    Overload::function("1.0", "double", &[UInt], Gives::A(Double), to_double),
    Overload::function("1.0", "dyn", &[Dyn], Gives::A(Dyn), same),
    Overload::function("1.0", "int", &[Double], Gives::A(Int), to_int),
    Overload::function("1.0", "int", &[Duration], Gives::A(Int), to_int),
    Overload::function("1.0", "int", &[Int], Gives::A(Int), same),
    Overload::function("1.0", "int", &[Text], Gives::A(Int), to_int),
    Overload::function("1.0", "int", &[Timestamp], Gives::A(Int), to_int),
    Overload::function("1.0", "int", &[UInt], Gives::A(Int), to_int),
    Overload::function("1.0", "string", &[Bool], Gives::A(Text), to_text),
    Overload::function("1.0", "string", &[Bytes], Gives::A(Text), to_text),
    Overload::function("1.0", "string", &[Double], Gives::A(Text), to_text),
    Overload::function("1.0", "string", &[Duration], Gives::A(Text), to_text),
    Overload::function("1.0", "string", &[Int], Gives::A(Text), to_text),
    Overload::function("1.0", "string", &[Text], Gives::A(Text), same),
    Overload::function("1.0", "string", &[Timestamp], Gives::A(Text), to_text),
    Overload::function("1.0", "string", &[UInt], Gives::A(Text), to_text),
    Overload::function("1.0", "type", &[Dyn], Gives::A(Type), |_, args| Ok(Value::Type(args[0].kind().name()))),
    Overload::function("1.0", "uint", &[Double], Gives::A(UInt), to_uint),
    Overload::function("1.0", "uint", &[Int], Gives::A(UInt), to_uint),
    Overload::function("1.0", "uint", &[Text], Gives::A(UInt), to_uint),
    Overload::function("1.0", "uint", &[UInt], Gives::A(UInt), same),
];

#[expect(clippy::unnecessary_wraps, reason = "it is called as any function")]
fn same<'a>(_: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    Ok(args[0])
}

fn to_bool<'a>(_: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    match args[0] {
        Value::Text("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Value::Bool(true)),
        Value::Text("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Value::Bool(false)),
        Value::Text(_) => Err(Fault::Invalid("`true` or `false`")),
        _ => Err(Fault::NoSuchOverload),
    }
}

fn to_int<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    // The bounds themselves are refused, as in cel-go: one of them is not exact.
    let bounds = i64::MIN as f64..i64::MAX as f64;
    let int = match args[0] {
        Value::Double(value) if bounds.contains(&value) && value > bounds.start => value as i64,
        Value::UInt(value) => i64::try_from(value).map_err(|_| Fault::Overflow)?,
        Value::Text(text) => number(call, text)?,
        Value::Timestamp(at) => at.as_second() - i64::from(at.subsec_nanosecond() < 0),
        Value::Duration(nanos) => nanos,
        Value::Double(_) => return Err(Fault::Overflow),
        _ => return Err(Fault::NoSuchOverload),
    };
    Ok(Value::Int(int))
}

fn to_uint<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    // 2^64
    let bounds = 0.0..u64::MAX as f64;
    let uint = match args[0] {
        Value::Double(value) if bounds.contains(&value) => value as u64,
        Value::Int(value) => u64::try_from(value).map_err(|_| Fault::Overflow)?,
        Value::Text(text) if !text.starts_with('+') => number(call, text)?,
        Value::Text(_) => return Err(Fault::Invalid("a number")),
        Value::Double(_) => return Err(Fault::Overflow),
        _ => return Err(Fault::NoSuchOverload),
    };
    Ok(Value::UInt(uint))
}

fn to_double<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let double = match args[0] {
        Value::Int(value) => value as f64,
        Value::UInt(value) => value as f64,
        Value::Text(text) => match number(call, text)? {
            // Only what is written as infinity is.
            value if f64::is_infinite(value) && text.contains(|c: char| c.is_ascii_digit()) => {
                return Err(Fault::Overflow);
            }
            value => value,
        },
        _ => return Err(Fault::NoSuchOverload),
    };
    Ok(Value::Double(double))
}

fn number<T: std::str::FromStr>(call: &mut Call<'_, '_>, text: &str) -> Result<T, Fault> {
    call.charge(tenth(text.len()))?;
    text.parse().map_err(|_| Fault::Invalid("a number that fits the type"))
}

fn to_text<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let text = match args[0] {
        Value::Bytes(bytes) => {
            call.charge(tenth(bytes.len()))?;
            return std::str::from_utf8(bytes).map(Value::Text).map_err(|_| Fault::Invalid("bytes that are UTF-8"));
        }
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Double(value) => general(value),
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(nanos) => time::seconds(nanos),
        _ => return Err(Fault::NoSuchOverload),
    };
    Ok(call.text(&text))
}

/// A number as `%g` of C prints it, with the fewest digits that tell it apart: `0.1`, `1e+06`, `+Inf`.
fn general(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let exponent = shortest.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    if exponent.is_some_and(|exponent| !(-4..6).contains(&exponent)) {
        with_exponent(&shortest)
    } else {
        value.to_string()
    }
}

/// `1.5e-7` as C writes it: `1.5e-07`.
pub(super) fn with_exponent(number: &str) -> String {
    let Some((mantissa, exponent)) = number.split_once('e') else { return number.to_owned() };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// A value as the `%s` of `format` prints it.
///
/// # Errors
/// [`Fault::Invalid`] if it has no text, [`Fault::CostLimit`] if its text is longer than what is left pays for.
pub(crate) fn display(call: &mut Call<'_, '_>, value: Value<'_>) -> Result<String, Fault> {
    let mut out = String::new();
    print(value, &mut out, call.left().saturating_mul(10))?;
    call.charge(tenth(out.len()))?;
    Ok(out)
}

fn print(value: Value<'_>, out: &mut String, limit: usize) -> Result<(), Fault> {
    if out.len() > limit {
        return Err(Fault::CostLimit);
    }
    if let Some(items) = value.elements() {
        out.push('[');
        for (n, item) in items.enumerate() {
            out.push_str(if n == 0 { "" } else { ", " });
            print(item, out, limit)?;
        }
        out.push(']');
        return Ok(());
    }
    if let Some(entries) = value.entries() {
        return print_entries(entries, out, limit);
    }
    let written = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Int(value) => write!(out, "{value}"),
        Value::UInt(value) => write!(out, "{value}"),
        Value::Double(value) => write!(out, "{}", plain(value)),
        Value::Text(text) => write!(out, "{text}"),
        Value::Bytes(bytes) => write!(out, "{}", String::from_utf8_lossy(bytes)),
        Value::Timestamp(at) => write!(out, "{at}"),
        Value::Duration(nanos) => write!(out, "{}", time::seconds(nanos)),
        Value::Type(name) => write!(out, "{name}"),
        _ => return Err(Fault::Invalid("a value that has a text")),
    };
    written.expect("texts take what is written");
    Ok(())
}

/// Maps are printed in the order of the texts of their keys.
fn print_entries<'a>(
    entries: impl Iterator<Item = (Value<'a>, Value<'a>)>,
    out: &mut String,
    limit: usize,
) -> Result<(), Fault> {
    let mut printed = Vec::new();
    let mut left = limit - out.len();
    for (key, value) in entries {
        let (mut name, mut text) = (String::new(), String::new());
        print(key, &mut name, left)?;
        print(value, &mut text, left)?;
        left = left.checked_sub(name.len() + text.len()).ok_or(Fault::CostLimit)?;
        printed.push((name, text));
    }
    printed.sort();
    let entries: Vec<String> = printed.into_iter().map(|(name, text)| format!("{name}: {text}")).collect();
    write!(out, "{{{}}}", entries.join(", ")).expect("texts take what is written");
    Ok(())
}

/// A number without exponent, and infinities in full.
pub(super) fn plain(value: f64) -> String {
    match value {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => value.to_string(),
    }
}

/// The kinds that `format` prints as numbers.
pub(super) fn as_double(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Int(value) => Some(value as f64),
        Value::UInt(value) => Some(value as f64),
        Value::Double(value) => Some(value),
        _ => None,
    }
}
