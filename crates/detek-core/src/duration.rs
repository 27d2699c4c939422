//! Durations as people write them in parameters.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// A length of time, written as Prometheus does: `90s`, `5m`, `24h`, `7d`, `2w`, or several of them: `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(SignedDuration);

const UNITS: [(&str, i64); 6] =
    [("ms", 1), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

impl Span {
    /// A span of whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Span(SignedDuration::from_secs(seconds))
    }

    /// A span of whole minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Span::seconds(minutes * 60)
    }

    /// A span of whole hours.
    pub const fn hours(hours: i64) -> Self {
        Span::minutes(hours * 60)
    }

    /// A span of whole days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Span::hours(days * 24)
    }

    /// The time from `earlier` to `later`; negative if they are the other way round.
    pub fn between(earlier: Timestamp, later: Timestamp) -> Self {
        Span(later.duration_since(earlier))
    }

    /// As a signed duration.
    pub fn get(self) -> SignedDuration {
        self.0
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{text}` is not a duration: write `90s`, `5m`, `24h` or `7d`");
        let (mut rest, mut total) = (text, 0_i64);
        if rest == "0" {
            return Ok(Span::seconds(0));
        }
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let count: i64 = rest[..digits].parse().map_err(|_| error())?;
            rest = &rest[digits..];
            let (unit, millis) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit)).ok_or_else(error)?;
            rest = &rest[unit.len()..];
            total = count.checked_mul(*millis).and_then(|part| total.checked_add(part)).ok_or_else(error)?;
        }
        if text.is_empty() { Err(error()) } else { Ok(Span(SignedDuration::from_millis(total))) }
    }
}

/// The two largest units: `3d4h`, `10m`, `42s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_secs();
        if left < 0 {
            f.write_str("-")?;
            left = -left;
        }
        if left == 0 {
            return write!(f, "{}", if self.0.is_zero() { "0s" } else { "<1s" });
        }
        let mut parts = 0;
        for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
            if left >= seconds {
                write!(f, "{}{unit}", left / seconds)?;
                left %= seconds;
                parts += 1;
            } else if parts > 0 {
                break;
            }
            if parts == 2 || left == 0 {
                break;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn spans_read_back_what_they_print() {
        for text in ["90s", "5m", "24h", "7d", "1h30m", "0s"] {
            let span: Span = text.parse().expect("a valid span");
            assert_eq!(span.to_string().parse::<Span>().expect("printed spans are valid"), span, "{text}");
        }
        assert_eq!("90s".parse::<Span>().expect("valid").to_string(), "1m30s");
        assert_eq!("2w".parse::<Span>(), Ok(Span::days(14)));
    }

    #[test]
    fn what_is_not_a_span_says_how_to_write_one() {
        for text in ["", "5", "m", "5 m", "1.5h", "-5m", "99999999999999999w", "5x"] {
            assert!(text.parse::<Span>().unwrap_err().contains("write `90s`"), "{text}");
        }
    }
}
