//! Functions of text, those of the strings extension of cel-go. Places are code points, counted from 0.

use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{Bool, Int, List, Text};
use crate::Value;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.0", "charAt", &[Text, Int], Gives::A(Text), char_at),
    Overload::method("1.0", "contains", &[Text, Text], Gives::A(Bool), |call, args| {
        let (text, part) = pair(args)?;
        call.charge(tenth(text.len()) * tenth(part.len()))?;
        Ok(Value::Bool(text.contains(part)))
    }),
    Overload::method("1.0", "endsWith", &[Text, Text], Gives::A(Bool), |call, args| {
        let (text, part) = pair(args)?;
        call.charge(tenth(part.len()))?;
        Ok(Value::Bool(text.ends_with(part)))
    }),
    Overload::method("1.0", "indexOf", &[Text, Text], Gives::A(Int), index_of),
    Overload::method("1.0", "indexOf", &[Text, Text, Int], Gives::A(Int), index_of),
    Overload::method("1.0", "join", &[List], Gives::A(Text), join),
    Overload::method("1.0", "join", &[List, Text], Gives::A(Text), join),
    Overload::method("1.0", "lastIndexOf", &[Text, Text], Gives::A(Int), last_index_of),
    Overload::method("1.0", "lastIndexOf", &[Text, Text, Int], Gives::A(Int), last_index_of),
    Overload::method("detek", "listed", &[List, Int], Gives::A(Text), listed),
    Overload::method("1.0", "lowerAscii", &[Text], Gives::A(Text), |call, args| {
        made(call, args, str::to_ascii_lowercase)
    }),
    Overload::method("1.0", "replace", &[Text, Text, Text], Gives::A(Text), replace),
    Overload::method("1.0", "replace", &[Text, Text, Text, Int], Gives::A(Text), replace),
    Overload::method("detek", "reverse", &[Text], Gives::A(Text), |call, args| {
        made(call, args, |text| text.chars().rev().collect())
    }),
    Overload::method("1.0", "split", &[Text, Text], Gives::ListOf(Text), split),
    Overload::method("1.0", "split", &[Text, Text, Int], Gives::ListOf(Text), split),
    Overload::method("1.0", "startsWith", &[Text, Text], Gives::A(Bool), |call, args| {
        let (text, part) = pair(args)?;
        call.charge(tenth(part.len()))?;
        Ok(Value::Bool(text.starts_with(part)))
    }),
    Overload::function("1.29", "strings.quote", &[Text], Gives::A(Text), |call, args| made(call, args, quote)),
    Overload::method("1.0", "substring", &[Text, Int], Gives::A(Text), substring),
    Overload::method("1.0", "substring", &[Text, Int, Int], Gives::A(Text), substring),
    Overload::method("1.0", "trim", &[Text], Gives::A(Text), |call, args| {
        let text = text(args[0])?;
        call.charge(tenth(text.len()))?;
        Ok(Value::Text(text.trim()))
    }),
    Overload::method("1.0", "upperAscii", &[Text], Gives::A(Text), |call, args| {
        made(call, args, str::to_ascii_uppercase)
    }),
];

fn text(value: Value<'_>) -> Result<&str, Fault> {
    if let Value::Text(text) = value { Ok(text) } else { Err(Fault::NoSuchOverload) }
}

fn pair<'a>(args: &[Value<'a>]) -> Result<(&'a str, &'a str), Fault> {
    Ok((text(args[0])?, text(args[1])?))
}

/// The number at this place of the arguments, if there is one.
fn int(args: &[Value<'_>], at: usize) -> Result<Option<i64>, Fault> {
    match args.get(at) {
        None => Ok(None),
        Some(Value::Int(number)) => Ok(Some(*number)),
        Some(_) => Err(Fault::NoSuchOverload),
    }
}

fn made<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>], of: fn(&str) -> String) -> Result<Value<'a>, Fault> {
    let text = text(args[0])?;
    call.charge(tenth(text.len()))?;
    Ok(call.text(&of(text)))
}

/// Where the code point of this number begins; the end of the text for the number after the last one.
fn offset(text: &str, place: i64) -> Result<usize, Fault> {
    let place = usize::try_from(place).map_err(|_| Fault::IndexOutOfRange)?;
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(place).ok_or(Fault::IndexOutOfRange)
}

fn char_at<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let text = text(args[0])?;
    call.charge(tenth(text.len()))?;
    let rest = &text[offset(text, int(args, 1)?.unwrap_or(0))?..];
    Ok(Value::Text(&rest[..rest.chars().next().map_or(0, char::len_utf8)]))
}

fn substring<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let text = text(args[0])?;
    call.charge(tenth(text.len()))?;
    let start = offset(text, int(args, 1)?.unwrap_or(0))?;
    let end = int(args, 2)?.map_or(Ok(text.len()), |end| offset(text, end))?;
    text.get(start..end).map(Value::Text).ok_or(Fault::IndexOutOfRange)
}

/// The place of the code point that begins at `at`.
fn place<'a>(text: &str, at: Option<usize>) -> Value<'a> {
    Value::Int(at.map_or(-1, |at| text[..at].chars().count() as i64))
}

fn index_of<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let (text, part) = pair(args)?;
    call.charge(tenth(text.len()))?;
    let from = int(args, 2)?.unwrap_or(0);
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    match offset(text, from) {
        Ok(start) => Ok(place(text, text[start..].find(part).map(|at| start + at))),
        Err(fault) if from < 0 => Err(fault),
        Err(_) => Ok(Value::Int(-1)),
    }
}

fn last_index_of<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let (text, part) = pair(args)?;
    call.charge(tenth(text.len()))?;
    let from = int(args, 2)?;
    if part.is_empty() {
        return Ok(Value::Int(from.unwrap_or_else(|| text.chars().count() as i64)));
    }
    let mut end = match from.map(|from| offset(text, from)) {
        None => text.len(),
        Some(Ok(start)) if start < text.len() => text.len().min(start + part.len()),
        Some(Err(fault)) if from.is_some_and(|from| from < 0) => return Err(fault),
        Some(_) => return Ok(Value::Int(-1)),
    };
    // No match ends inside of a code point.
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Ok(place(text, text[..end].rfind(part)))
}

/// A limit: none if it is below 0 or not given.
fn limit(args: &[Value<'_>], at: usize) -> Result<Option<usize>, Fault> {
    Ok(int(args, at)?.and_then(|limit| usize::try_from(limit).ok()))
}

fn replace<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let ((old, part), new) = (pair(args)?, text(args[2])?);
    let limit = limit(args, 3)?.unwrap_or(usize::MAX);
    call.charge(2 * tenth(old.len()))?;
    let times = old.matches(part).take(limit).count();
    call.charge(2 * tenth(times.saturating_mul(new.len())))?;
    Ok(call.text(&old.replacen(part, new, limit)))
}

fn split<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let (text, separator) = pair(args)?;
    let limit = limit(args, 2)?.unwrap_or(usize::MAX);
    call.charge(2 * tenth(text.len()))?;
    let parts: Vec<Value<'a>> = if separator.is_empty() {
        // Code points; the last part is what the limit leaves.
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).take(limit).collect();
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        starts.iter().zip(ends).map(|(&start, end)| Value::Text(&text[start..end])).collect()
    } else {
        text.splitn(limit, separator).map(Value::Text).collect()
    };
    call.charge(parts.len())?;
    Ok(call.list(&parts))
}

/// The first so many texts of a list, and how many there are besides: `a, b and 7 more`.
fn listed<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let (Some(items), Value::Int(most)) = (args[0].elements(), args[1]) else { return Err(Fault::NoSuchOverload) };
    let most = usize::try_from(most).unwrap_or(0);
    let more = items.len().saturating_sub(most);
    let text = |item| if let Value::Text(text) = item { Ok(text) } else { Err(Fault::Invalid("a list of strings")) };
    let shown = items.take(most).map(text).collect::<Result<Vec<_>, _>>()?;
    call.charge(shown.iter().map(|text| 1 + 2 * tenth(text.len())).sum())?;
    let shown = shown.join(", ");
    Ok(if more == 0 { call.text(&shown) } else { call.text(&format!("{shown} and {more} more")) })
}

fn join<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let separator = args.get(1).map_or(Ok(""), |separator| text(*separator))?;
    let mut joined = String::new();
    for (n, item) in args[0].elements().ok_or(Fault::NoSuchOverload)?.enumerate() {
        let Value::Text(item) = item else { return Err(Fault::Invalid("a list of strings")) };
        let separator = if n == 0 { "" } else { separator };
        call.charge(1 + 2 * tenth(separator.len() + item.len()))?;
        joined.push_str(separator);
        joined.push_str(item);
    }
    Ok(call.text(&joined))
}

/// In quotes, with the escapes of the language.
fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        let escape = match c {
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\u{b}' => 'v',
            '\\' | '"' => c,
            _ => {
                quoted.push(c);
                continue;
            }
        };
        quoted.extend(['\\', escape]);
    }
    quoted.push('"');
    quoted
}
