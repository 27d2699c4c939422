//! Amounts of resources as Kubernetes writes them: `100m`, `1.5Gi`, `2e3`.
//!
//! Numbers are exact, as those of `resource.Quantity` in k8s.io/apimachinery, whose rounding and caps are kept: nothing is
//! finer than a nano unit (rounded away from zero), and an amount with a binary suffix is at most 2^63-1. Its oddity too,
//! that only some whole amounts count as integers: see [`Quantity::as_integer`]. Where upstream has numbers of any length,
//! an amount of over 38 digits is an overflow here.

use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{Bool, Double, Int, Quantity as Q, Text};
use crate::{Object, Value};
use std::cmp::Ordering;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.28", "add", &[Q, Q], Gives::A(Q), |call, args| combined(call, args, Quantity::plus)),
    Overload::method("1.28", "add", &[Q, Int], Gives::A(Q), |call, args| combined(call, args, Quantity::plus)),
    Overload::method("1.28", "asApproximateFloat", &[Q], Gives::A(Double), |_, args| {
        Ok(Value::Double(quantity(args[0])?.as_approximate_float()))
    }),
    Overload::method("1.28", "asInteger", &[Q], Gives::A(Int), |_, args| {
        let whole = quantity(args[0])?.as_integer();
        whole.map(Value::Int).ok_or(Fault::Invalid("a quantity that is an integer"))
    }),
    Overload::method("1.28", "compareTo", &[Q, Q], Gives::A(Int), |_, args| Ok(Value::Int(ordering(args)? as i64))),
    Overload::method("1.28", "isGreaterThan", &[Q, Q], Gives::A(Bool), |_, args| {
        Ok(Value::Bool(ordering(args)?.is_gt()))
    }),
    Overload::method("1.28", "isInteger", &[Q], Gives::A(Bool), |_, args| {
        Ok(Value::Bool(quantity(args[0])?.as_integer().is_some()))
    }),
    Overload::method("1.28", "isLessThan", &[Q, Q], Gives::A(Bool), |_, args| Ok(Value::Bool(ordering(args)?.is_lt()))),
    Overload::function("1.28", "isQuantity", &[Text], Gives::A(Bool), |call, args| {
        let parsed = parse(call, args[0])?;
        Ok(Value::Bool(matches!(parsed, Ok(_) | Err(Fault::Overflow))))
    }),
    Overload::function("1.28", "quantity", &[Text], Gives::A(Q), |call, args| {
        let parsed = parse(call, args[0])??;
        Ok(call.object(Object::Quantity(parsed)))
    }),
    Overload::function("1.28", "sign", &[Q], Gives::A(Int), sign),
    Overload::method("1.28", "sign", &[Q], Gives::A(Int), sign),
    Overload::method("1.28", "sub", &[Q, Q], Gives::A(Q), |call, args| combined(call, args, Quantity::minus)),
    Overload::method("1.28", "sub", &[Q, Int], Gives::A(Q), |call, args| combined(call, args, Quantity::minus)),
];

fn parse(call: &mut Call<'_, '_>, value: Value<'_>) -> Result<Result<Quantity, Fault>, Fault> {
    let Value::Text(text) = value else { return Err(Fault::NoSuchOverload) };
    call.charge(tenth(text.len()))?;
    Ok(Quantity::parse(text))
}

fn quantity(value: Value<'_>) -> Result<Quantity, Fault> {
    match value {
        Value::Object(Object::Quantity(quantity)) => Ok(*quantity),
        Value::Int(value) => Ok(Quantity { mantissa: value.into(), exponent: 0, short: true }),
        _ => Err(Fault::NoSuchOverload),
    }
}

fn ordering(args: &[Value<'_>]) -> Result<Ordering, Fault> {
    Ok(quantity(args[0])?.compare(quantity(args[1])?))
}

fn sign<'a>(_: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    Ok(Value::Int(quantity(args[0])?.mantissa.signum() as i64))
}

fn combined<'a>(
    call: &mut Call<'a, '_>,
    args: &[Value<'a>],
    combine: fn(Quantity, Quantity) -> Option<Quantity>,
) -> Result<Value<'a>, Fault> {
    let sum = combine(quantity(args[0])?, quantity(args[1])?).ok_or(Fault::Overflow)?;
    Ok(call.object(Object::Quantity(sum)))
}

/// An amount: `mantissa * 10^exponent`.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    mantissa: i128,
    exponent: i32,
    /// Whether upstream holds it as a short number, the only ones that can be integers.
    short: bool,
}

/// The finest exponent: that of nano units.
const NANO: i32 = -9;

/// Digits of a number that upstream holds as a short one.
const SHORT_DIGITS: i32 = 18;

impl Quantity {
    /// Reads an amount.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if it is none, [`Fault::Overflow`] if it has more digits than fit.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let invalid = Fault::Invalid("a quantity such as `100m` or `1.5Gi`");
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if text.is_empty() {
            return Err(invalid);
        }
        let (whole, rest) = split_digits(digits);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        let significant = whole.trim_start_matches('0');
        let unsigned = match Suffix::parse(suffix).ok_or(invalid)? {
            Suffix::Decimal(exponent) => decimal(significant, fraction, exponent)?,
            Suffix::Binary(exponent) => binary(significant, fraction, exponent)?,
        };
        // Upstream takes no digits for zero only where it takes a shortcut.
        if whole.is_empty() && fraction.is_empty() && !unsigned.short {
            return Err(invalid);
        }
        Ok(if negative { unsigned.negated() } else { unsigned })
    }

    fn negated(self) -> Self {
        Quantity { mantissa: -self.mantissa, ..self }
    }

    /// The amount if it is an integer: one of up to 18 digits that has no decimals, not even zeros, and no small suffix.
    /// `1000m` is none, nor is `9Ei`, as upstream.
    fn as_integer(self) -> Option<i64> {
        let power = 10_i64.checked_pow(u32::try_from(self.exponent).ok()?);
        if !self.short {
            return None;
        }
        if self.mantissa == 0 { Some(0) } else { i64::try_from(self.mantissa).ok()?.checked_mul(power?) }
    }

    fn as_approximate_float(self) -> f64 {
        // Upstream holds what is not short in nano units, and loses a little there.
        let (mantissa, exponent) = match self.scaled(NANO) {
            Some(nanos) if !self.short => (nanos, NANO),
            _ => (self.mantissa, self.exponent),
        };
        let power = format!("1e{exponent}").parse().unwrap_or(f64::INFINITY);
        if mantissa == 0 { 0.0 } else { mantissa as f64 * power }
    }

    /// The mantissa for another exponent, not above its own, if it fits.
    fn scaled(self, exponent: i32) -> Option<i128> {
        let steps = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        if self.mantissa == 0 { Some(0) } else { self.mantissa.checked_mul(10_i128.checked_pow(steps)?) }
    }

    fn plus(self, other: Self) -> Option<Self> {
        if self.mantissa == 0 || other.mantissa == 0 {
            let sum = if other.mantissa == 0 { self } else { other };
            return Some(Quantity { short: self.short && other.short, ..sum });
        }
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.scaled(exponent)?, other.scaled(exponent)?);
        let mantissa = a.checked_add(b).filter(|sum| *sum != i128::MIN)?;
        let fits = |number: i128| i64::try_from(number).is_ok();
        let short = self.short && other.short && fits(a) && fits(b) && fits(mantissa);
        Some(Quantity { mantissa, exponent, short })
    }

    fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negated())
    }

    fn compare(self, other: Self) -> Ordering {
        let signs = self.mantissa.signum().cmp(&other.mantissa.signum());
        if signs.is_ne() || self.mantissa == 0 {
            return signs;
        }
        let exponent = self.exponent.min(other.exponent);
        match (self.scaled(exponent), other.scaled(exponent)) {
            (Some(a), Some(b)) => a.cmp(&b),
            // The one that does not fit at the finer exponent is the larger one in size.
            (a, _) if (self.mantissa < 0) == a.is_none() => Ordering::Less,
            _ => Ordering::Greater,
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.compare(*other).is_eq()
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.compare(*other))
    }
}

/// The unit that an amount is written in.
enum Suffix {
    /// Of ten.
    Decimal(i32),
    /// Of two.
    Binary(u32),
}

impl Suffix {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "n" => Suffix::Decimal(NANO),
            "u" => Suffix::Decimal(-6),
            "m" => Suffix::Decimal(-3),
            "" => Suffix::Decimal(0),
            "k" => Suffix::Decimal(3),
            "M" => Suffix::Decimal(6),
            "G" => Suffix::Decimal(9),
            "T" => Suffix::Decimal(12),
            "P" => Suffix::Decimal(15),
            "E" => Suffix::Decimal(18),
            "Ki" => Suffix::Binary(10),
            "Mi" => Suffix::Binary(20),
            "Gi" => Suffix::Binary(30),
            "Ti" => Suffix::Binary(40),
            "Pi" => Suffix::Binary(50),
            "Ei" => Suffix::Binary(60),
            _ => {
                let exponent: i32 = text.strip_prefix(['e', 'E'])?.parse().ok()?;
                // Beyond what any amount can mean, and far from the ends of the type.
                Suffix::Decimal((-1_000_000..=1_000_000).contains(&exponent).then_some(exponent)?)
            }
        })
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// A number of decimal digits, if it fits.
fn number(whole: &str, fraction: &str) -> Result<i128, Fault> {
    let digits = |number: i128, digit: u8| number.checked_mul(10)?.checked_add(i128::from(digit - b'0'));
    whole.bytes().chain(fraction.bytes()).try_fold(0, digits).ok_or(Fault::Overflow)
}

/// `whole.fraction * 10^exponent`.
fn decimal(whole: &str, fraction: &str, exponent: i32) -> Result<Quantity, Fault> {
    let length = |text: &str| i32::try_from(text.len()).map_err(|_| Fault::Overflow);
    // The digit before the point counts even if it is not written.
    let digits = length(whole)?.max(1) + length(fraction)?;
    let exact = exponent - length(fraction)?;
    if exact >= NANO {
        let mantissa = number(whole, fraction)?;
        return Ok(Quantity { mantissa, exponent: exact, short: digits <= SHORT_DIGITS });
    }
    // Digits finer than nano units go, and round up if they are not zeros.
    let kept = whole.len() + fraction.len() - (whole.len() + fraction.len()).min(exact.abs_diff(NANO) as usize);
    let (whole, lost) = whole.split_at(kept.min(whole.len()));
    let (fraction, finer) = fraction.split_at((kept - whole.len()).min(fraction.len()));
    let more = lost.bytes().chain(finer.bytes()).any(|digit| digit != b'0');
    Ok(Quantity { mantissa: number(whole, fraction)? + i128::from(more), exponent: NANO, short: false })
}

/// `whole.fraction * 2^exponent`, at most 2^63-1.
fn binary(whole: &str, fraction: &str, exponent: u32) -> Result<Quantity, Fault> {
    let most = i128::from(i64::MAX);
    let digits = whole.len().max(1) as i32;
    let precision = 15 - digits - (exponent * 3 / 10) as i32 - 1;
    if fraction.is_empty() {
        // Whole amounts that do not fit are over the cap.
        let value = number(whole, "").ok().and_then(|value| value.checked_mul(1 << exponent));
        let capped = value.filter(|value| *value <= most);
        let short = precision >= 0 && capped.is_some();
        return Ok(Quantity { mantissa: capped.unwrap_or(most), exponent: 0, short });
    }
    let fraction = fraction.trim_end_matches('0');
    let units = number(whole, fraction)?.checked_mul(1 << exponent).ok_or(Fault::Overflow)?;
    let nanos = 10_i128.pow(NANO.unsigned_abs());
    let parts =
        u32::try_from(fraction.len()).ok().and_then(|length| 10_i128.checked_pow(length)).ok_or(Fault::Overflow)?;
    // In nano units, rounded up. The whole part apart, as the product would not fit.
    let (value, rest) = (units / parts, units % parts);
    let finer = rest.checked_mul(nanos).ok_or(Fault::Overflow)?;
    let finer = finer / parts + i128::from(finer % parts != 0);
    if value >= most {
        return Ok(Quantity { mantissa: most, exponent: 0, short: false });
    }
    Ok(Quantity { mantissa: value * nanos + finer, exponent: NANO, short: false })
}
