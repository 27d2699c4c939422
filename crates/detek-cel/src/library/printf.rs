//! `format`, which puts values into the places of a text: `'%s has %d'.format([name, count])`.

use super::conversion::{as_double, display, plain, with_exponent};
use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{List, Text};
use crate::Value;

pub(crate) static FUNCTIONS: &[Overload] = &[Overload::method("1.29", "format", &[Text, List], Gives::A(Text), format)];

/// Decimals if the place does not say how many.
const PRECISION: usize = 6;
/// The most decimals: what is beyond is never read, and costs.
const MOST_DECIMALS: usize = 1000;

fn format<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let Value::Text(template) = args[0] else { return Err(Fault::NoSuchOverload) };
    let mut values = args[1].elements().ok_or(Fault::NoSuchOverload)?;
    call.charge(tenth(template.len()))?;
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, place)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = place.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let value = values.next().ok_or(Fault::IndexOutOfRange)?;
        let (precision, verb) = precision(place)?;
        let mut after = verb.chars();
        let printed = print(call, after.next(), precision, value)?;
        call.charge(tenth(printed.len()))?;
        out.push_str(&printed);
        rest = after.as_str();
    }
    out.push_str(rest);
    Ok(call.text(&out))
}

/// `.3` before the letter of a place.
fn precision(place: &str) -> Result<(usize, &str), Fault> {
    let Some(digits) = place.strip_prefix('.') else { return Ok((PRECISION, place)) };
    let (digits, verb) = digits.split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
    let precision = digits.parse().ok().filter(|precision| *precision <= MOST_DECIMALS);
    Ok((precision.ok_or(Fault::Invalid("a number of decimals"))?, verb))
}

fn print(call: &mut Call<'_, '_>, verb: Option<char>, precision: usize, value: Value<'_>) -> Result<String, Fault> {
    let number = || as_double(value).ok_or(Fault::Invalid("a number"));
    Ok(match (verb, value) {
        (Some('s'), _) | (Some('d'), Value::Int(_) | Value::UInt(_) | Value::Double(_)) => return display(call, value),
        (Some('f' | 'e'), Value::Double(value)) if !value.is_finite() => plain(value),
        (Some('f'), _) => format!("{:.precision$}", number()?),
        (Some('e'), _) => with_exponent(&format!("{:.precision$e}", number()?)),
        (Some('b'), Value::Bool(value)) => u8::from(value).to_string(),
        (Some('b'), Value::UInt(value)) => format!("{value:b}"),
        (Some('b'), Value::Int(value)) => signed(value, |size| format!("{size:b}")),
        (Some('o'), Value::UInt(value)) => format!("{value:o}"),
        (Some('o'), Value::Int(value)) => signed(value, |size| format!("{size:o}")),
        (Some('x' | 'X'), _) => {
            let hex = hex(call, value)?;
            if verb == Some('X') { hex.to_uppercase() } else { hex }
        }
        (Some('d' | 'b' | 'o'), _) => return Err(Fault::Invalid("a number")),
        _ => return Err(Fault::Invalid("a format of `%s %d %f %e %b %o %x %X %%`")),
    })
}

fn hex(call: &mut Call<'_, '_>, value: Value<'_>) -> Result<String, Fault> {
    let bytes = match value {
        Value::UInt(value) => return Ok(format!("{value:x}")),
        Value::Int(value) => return Ok(signed(value, |size| format!("{size:x}"))),
        Value::Text(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => return Err(Fault::Invalid("a number or text")),
    };
    call.charge(tenth(bytes.len()))?;
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("half of a byte is a digit");
    Ok(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

fn signed(value: i64, digits: fn(u64) -> String) -> String {
    format!("{}{}", if value < 0 { "-" } else { "" }, digits(value.unsigned_abs()))
}
