//! Points in time and lengths of time.
//!
//! Names of time zones come from the copy of the database that is compiled in, so that results do not depend on the machine.

use super::{Call, Fault, Function, Gives, Overload, tenth};
use crate::Kind::{Duration, Int, Text, Timestamp};
use crate::Value;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp as Moment, Zoned};

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::function("1.0", "duration", &[Duration], Gives::A(Duration), |_, args| Ok(args[0])),
    Overload::function("1.0", "duration", &[Text], Gives::A(Duration), duration),
    of_timestamp("getDate", |call, args| get(call, args, |at| at.day().into())),
    of_timestamp_in("getDate", |call, args| get(call, args, |at| at.day().into())),
    of_timestamp("getDayOfMonth", |call, args| get(call, args, |at| i64::from(at.day()) - 1)),
    of_timestamp_in("getDayOfMonth", |call, args| get(call, args, |at| i64::from(at.day()) - 1)),
    of_timestamp("getDayOfWeek", |call, args| get(call, args, |at| at.weekday().to_sunday_zero_offset().into())),
    of_timestamp_in("getDayOfWeek", |call, args| get(call, args, |at| at.weekday().to_sunday_zero_offset().into())),
    of_timestamp("getDayOfYear", |call, args| get(call, args, |at| i64::from(at.day_of_year()) - 1)),
    of_timestamp_in("getDayOfYear", |call, args| get(call, args, |at| i64::from(at.day_of_year()) - 1)),
    of_timestamp("getFullYear", |call, args| get(call, args, |at| at.year().into())),
    of_timestamp_in("getFullYear", |call, args| get(call, args, |at| at.year().into())),
    of_duration("getHours", |_, args| whole(args, 3_600_000_000_000)),
    of_timestamp("getHours", |call, args| get(call, args, |at| at.hour().into())),
    of_timestamp_in("getHours", |call, args| get(call, args, |at| at.hour().into())),
    of_duration("getMilliseconds", |_, args| whole(args, 1_000_000)),
    of_timestamp("getMilliseconds", |call, args| get(call, args, |at| at.millisecond().into())),
    of_timestamp_in("getMilliseconds", |call, args| get(call, args, |at| at.millisecond().into())),
    of_duration("getMinutes", |_, args| whole(args, 60_000_000_000)),
    of_timestamp("getMinutes", |call, args| get(call, args, |at| at.minute().into())),
    of_timestamp_in("getMinutes", |call, args| get(call, args, |at| at.minute().into())),
    of_timestamp("getMonth", |call, args| get(call, args, |at| i64::from(at.month()) - 1)),
    of_timestamp_in("getMonth", |call, args| get(call, args, |at| i64::from(at.month()) - 1)),
    of_duration("getSeconds", |_, args| whole(args, 1_000_000_000)),
    of_timestamp("getSeconds", |call, args| get(call, args, |at| at.second().into())),
    of_timestamp_in("getSeconds", |call, args| get(call, args, |at| at.second().into())),
    Overload::function("1.0", "timestamp", &[Int], Gives::A(Timestamp), timestamp),
    Overload::function("1.0", "timestamp", &[Text], Gives::A(Timestamp), timestamp),
    Overload::function("1.0", "timestamp", &[Timestamp], Gives::A(Timestamp), |_, args| Ok(args[0])),
];

const fn of_timestamp(name: &'static str, call: Function) -> Overload {
    Overload::method("1.0", name, &[Timestamp], Gives::A(Int), call)
}

const fn of_timestamp_in(name: &'static str, call: Function) -> Overload {
    Overload::method("1.0", name, &[Timestamp, Text], Gives::A(Int), call)
}

const fn of_duration(name: &'static str, call: Function) -> Overload {
    Overload::method("1.0", name, &[Duration], Gives::A(Int), call)
}

/// A field of the calendar and the clock, in UTC or the zone of the second argument.
fn get<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>], of: fn(&Zoned) -> i64) -> Result<Value<'a>, Fault> {
    call.charge(1)?;
    let Value::Timestamp(at) = args[0] else { return Err(Fault::NoSuchOverload) };
    let zone = match args.get(1) {
        Some(Value::Text(name)) => {
            zone(name).ok_or(Fault::Invalid("a time zone such as `Europe/Berlin` or `+02:00`"))?
        }
        Some(_) => return Err(Fault::NoSuchOverload),
        None => TimeZone::UTC,
    };
    Ok(Value::Int(of(&at.to_zoned(zone))))
}

/// A zone by name, or by its distance `[+-]hh:mm` to the east of UTC.
fn zone(text: &str) -> Option<TimeZone> {
    let Some((hours, minutes)) = text.split_once(':') else {
        return if text.is_empty() { Some(TimeZone::UTC) } else { TimeZone::get(text).ok() };
    };
    let minutes = minutes.parse::<i32>().ok()?.checked_mul(if text.starts_with('-') { -60 } else { 60 })?;
    let seconds = hours.parse::<i32>().ok()?.checked_mul(3600)?.checked_add(minutes)?;
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

fn whole<'a>(args: &[Value<'a>], unit: i64) -> Result<Value<'a>, Fault> {
    let Value::Duration(nanos) = args[0] else { return Err(Fault::NoSuchOverload) };
    Ok(Value::Int(nanos / unit))
}

fn timestamp<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let moment = match args[0] {
        Value::Int(seconds) => Moment::from_second(seconds).map_err(|_| Fault::Overflow)?,
        Value::Text(text) => {
            call.charge(tenth(text.len()))?;
            parse_timestamp(text)?
        }
        _ => return Err(Fault::NoSuchOverload),
    };
    // From the first year on; the type ends in 9999.
    let first = Date::constant(1, 1, 1).to_zoned(TimeZone::UTC).map_err(|_| Fault::Overflow)?;
    if moment < first.timestamp() { Err(Fault::Overflow) } else { Ok(Value::Timestamp(moment)) }
}

/// Reads a time of RFC 3339, strictly, with any number of decimals, of which nine count.
pub(crate) fn parse_timestamp(text: &str) -> Result<Moment, Fault> {
    let (local, offset) = fields(text).ok_or(Fault::Invalid("a time such as `2024-01-31T12:00:00Z`"))?;
    offset.to_timestamp(local).map_err(|_| Fault::Overflow)
}

/// Whether a text is a date such as `2024-01-31`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && fields(&format!("{text}T00:00:00Z")).is_some()
}

/// The local time that a text says, and its distance to UTC.
fn fields(text: &str) -> Option<(DateTime, Offset)> {
    // `2024-01-31T12:00:00`, then decimals and the zone.
    let (head, rest) = text.split_at_checked(19)?;
    let signs = |(at, sign): (usize, char)| head.as_bytes()[at] == sign as u8;
    if ![(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')].into_iter().all(signs) {
        return None;
    }
    let number = |text: &str| if text.bytes().all(|b| b.is_ascii_digit()) { text.parse::<i32>().ok() } else { None };
    let two = |text: &str| number(text).and_then(|number| i8::try_from(number).ok());
    let date = Date::new(number(&head[..4])?.try_into().ok()?, two(&head[5..7])?, two(&head[8..10])?).ok()?;
    let (nanos, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (digits, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
            (number(&format!("{:0<9}", digits.get(..9).unwrap_or(digits))).filter(|_| !digits.is_empty())?, rest)
        }
        None => (0, rest),
    };
    let time = Time::new(two(&head[11..13])?, two(&head[14..16])?, two(&head[17..])?, nanos).ok()?;
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (number(rest.get(1..3)?)?, number(rest.get(4..)?)?);
            let seconds = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    Some((date.to_datetime(time), Offset::from_seconds(offset).ok()?))
}

fn duration<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let Value::Text(text) = args[0] else { return Err(Fault::NoSuchOverload) };
    call.charge(tenth(text.len()))?;
    parse_duration(text).map(Value::Duration)
}

/// Reads a length of time as Go does, in nanoseconds: `1h30m`, `-1.5s`, `100us`.
pub(crate) fn parse_duration(text: &str) -> Result<i64, Fault> {
    let invalid = Fault::Invalid("a duration such as `1h30m` or `1.5s`");
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(0);
    }
    let (mut nanos, mut rest) = (0_i128, unsigned);
    while !rest.is_empty() {
        let number = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(invalid)?);
        let (whole, fraction) = number.0.split_once('.').unwrap_or((number.0, ""));
        if fraction.contains('.') || whole.len() + fraction.len() == 0 {
            return Err(invalid);
        }
        let (unit, after) =
            number.1.split_at(number.1.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(number.1.len()));
        let unit = nanos_of(unit).ok_or(invalid)?;
        let digits = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<u64>() };
        let whole = digits(whole).map_err(|_| Fault::Overflow)?;
        // Beyond 15 decimals nothing is left of any unit.
        let fraction = fraction.get(..15).unwrap_or(fraction);
        let parts =
            i128::from(digits(fraction).map_err(|_| Fault::Overflow)?) * unit / 10_i128.pow(fraction.len() as u32);
        nanos += i128::from(whole) * unit + parts;
        rest = after;
    }
    if unsigned.is_empty() {
        return Err(invalid);
    }
    i64::try_from(if text.starts_with('-') { -nanos } else { nanos }).map_err(|_| Fault::Overflow)
}

fn nanos_of(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// A length of time as text: `1.5s`.
pub(super) fn seconds(nanos: i64) -> String {
    let unit = 1_000_000_000;
    format!("{}s", (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64)
}
