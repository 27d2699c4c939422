//! Versions of components and the ranges that advisories give: `version.inRange('v1.29.3-gke.100', '>=1.29.0 <1.29.8')`.

use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{Bool, Text};
use crate::Value;
use std::cmp::Ordering;

pub(crate) static FUNCTIONS: &[Overload] =
    &[Overload::function("detek", "version.inRange", &[Text, Text], Gives::A(Bool), in_range)];

/// Whether a version is in a range: comparisons `< <= > >= = !=` that must all hold, apart by spaces or commas, and
/// alternatives apart by `||`.
fn in_range<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let (Value::Text(version), Value::Text(range)) = (args[0], args[1]) else { return Err(Fault::NoSuchOverload) };
    call.charge(tenth(range.len()) * tenth(version.len()))?;
    let version = Version::parse(version).ok_or(Fault::Invalid("a version such as `1.29.3`"))?;
    let mut inside = false;
    for alternative in range.split("||") {
        // All of them are read, so that a mistake shows whatever the version is.
        inside |=
            all_hold(&version, alternative).ok_or(Fault::Invalid("a range of versions such as `>=1.29.0 <1.29.8`"))?;
    }
    Ok(Value::Bool(inside))
}

fn all_hold(version: &Version<'_>, comparisons: &str) -> Option<bool> {
    let mut hold = true;
    let mut rest = comparisons.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (operator, bound) = rest.split_at(rest.find(|c| !matches!(c, '<' | '>' | '=' | '!'))?);
        let bound = bound.trim_start();
        let (bound, after) = bound.split_at(bound.find([' ', ',']).unwrap_or(bound.len()));
        let ordering = version.compare(&Version::parse(bound)?);
        hold &= match operator {
            "<" => ordering.is_lt(),
            "<=" => ordering.is_le(),
            ">" => ordering.is_gt(),
            ">=" => ordering.is_ge(),
            "" | "=" | "==" => ordering.is_eq(),
            "!=" => ordering.is_ne(),
            _ => return None,
        };
        rest = after.trim_start_matches([' ', ',']);
    }
    Some(hold)
}

/// A version as components report it: `v1.29.3-gke.100`, `5.15.0-105-generic`, `1.7.2~rc.1`.
struct Version<'a> {
    numbers: Vec<u64>,
    /// What follows the numbers, without its first sign: of a release to come, or of a vendor.
    suffix: &'a str,
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let numbers: Option<Vec<u64>> = text[..end].split('.').map(|number| number.parse().ok()).collect();
        let suffix = &text[end..];
        if !suffix.is_empty() && !suffix.starts_with(['-', '+', '~', '_']) {
            return None;
        }
        Some(Version { numbers: numbers?, suffix: suffix.get(1..).unwrap_or("") })
    }

    /// Whether it comes before the release of its numbers.
    fn is_before_release(&self) -> bool {
        ["alpha", "beta", "rc", "pre", "dev"].iter().any(|stage| self.suffix.starts_with(stage))
    }

    /// Numbers first, missing ones being 0. Releases to come are before their release; a vendor's build of a release is
    /// equal to it, and after another build with a lower suffix.
    fn compare(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        let padded =
            |numbers: &[u64]| numbers.iter().copied().chain([0].into_iter().cycle()).take(length).collect::<Vec<_>>();
        padded(&self.numbers).cmp(&padded(&other.numbers)).then_with(|| {
            other.is_before_release().cmp(&self.is_before_release()).then_with(|| {
                let either_plain = self.suffix.is_empty() || other.suffix.is_empty();
                if either_plain { Ordering::Equal } else { compare_suffixes(self.suffix, other.suffix) }
            })
        })
    }
}

/// As rpm does: runs of digits by value, and above runs of letters; what is between counts for nothing.
fn compare_suffixes(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (runs(a), runs(b));
    loop {
        let ordering = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare_runs(a, b),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(|part| {
        part.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).scan(0, |start, run| {
            let from = *start;
            *start += run.len();
            Some(&part[from..*start])
        })
    })
}

fn compare_runs(a: &str, b: &str) -> Ordering {
    let number = |run: &'_ str| run.starts_with(|c: char| c.is_ascii_digit());
    match (number(a), number(b)) {
        (true, true) => {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        (of_a, of_b) => of_a.cmp(&of_b).then_with(|| a.cmp(b)),
    }
}
