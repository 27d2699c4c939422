//! Semantic versions 2.0, as strict as github.com/blang/semver, with which Kubernetes reads them.

use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{Bool, Int, Semver as V, Text};
use crate::{Object, Value};
use semver::Prerelease;
use std::borrow::Cow;
use std::cmp::Ordering;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.33", "compareTo", &[V, V], Gives::A(Int), |_, args| Ok(Value::Int(ordering(args)? as i64))),
    Overload::method("1.33", "isGreaterThan", &[V, V], Gives::A(Bool), |_, args| {
        Ok(Value::Bool(ordering(args)?.is_gt()))
    }),
    Overload::method("1.33", "isLessThan", &[V, V], Gives::A(Bool), |_, args| Ok(Value::Bool(ordering(args)?.is_lt()))),
    Overload::function("1.33", "isSemver", &[Text], Gives::A(Bool), is_semver),
    Overload::function("1.33", "isSemver", &[Text, Bool], Gives::A(Bool), is_semver),
    Overload::method("1.33", "major", &[V], Gives::A(Int), |_, args| number(version(args[0])?.major)),
    Overload::method("1.33", "minor", &[V], Gives::A(Int), |_, args| number(version(args[0])?.minor)),
    Overload::method("1.33", "patch", &[V], Gives::A(Int), |_, args| number(version(args[0])?.patch)),
    Overload::function("1.33", "semver", &[Text], Gives::A(V), semver),
    Overload::function("1.33", "semver", &[Text, Bool], Gives::A(V), semver),
];

fn semver<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let parsed = parse(call, args)?.ok_or(Fault::Invalid("a semantic version such as `1.2.3`"))?;
    Ok(call.object(Object::Semver(parsed)))
}

fn is_semver<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    Ok(Value::Bool(parse(call, args)?.is_some()))
}

fn parse<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Option<Semver<'a>>, Fault> {
    let Value::Text(text) = args[0] else { return Err(Fault::NoSuchOverload) };
    call.charge(tenth(text.len()))?;
    if !matches!(args.get(1), Some(Value::Bool(true))) {
        return Ok(Semver::parse(text));
    }
    let Some(text) = normalized(text) else { return Ok(None) };
    Ok(Semver::parse(call.scratch.alloc_str(&text)))
}

fn version(value: Value<'_>) -> Result<Semver<'_>, Fault> {
    if let Value::Object(Object::Semver(version)) = value { Ok(*version) } else { Err(Fault::NoSuchOverload) }
}

fn number<'a>(number: u64) -> Result<Value<'a>, Fault> {
    i64::try_from(number).map(Value::Int).map_err(|_| Fault::Overflow)
}

fn ordering(args: &[Value<'_>]) -> Result<Ordering, Fault> {
    Ok(version(args[0])?.compare(version(args[1])?))
}

/// Without a leading `v` and leading zeros, and with the numbers that are missing. None if a short version has more than
/// numbers.
fn normalized(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<Cow<'_, str>> = text.splitn(3, '.').map(without_leading_zeros).collect();
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return None;
    }
    parts.resize(3, Cow::Borrowed("0"));
    Some(parts.join("."))
}

fn without_leading_zeros(part: &str) -> Cow<'_, str> {
    let rest = part.trim_start_matches('0');
    match rest.bytes().next() {
        _ if part.len() < 2 => Cow::Borrowed(part),
        Some(b'0'..=b'9') => Cow::Borrowed(rest),
        _ => Cow::Owned(format!("0{rest}")),
    }
}

/// A semantic version without its build, which counts for nothing.
#[derive(Clone, Copy, Debug)]
pub struct Semver<'a> {
    major: u64,
    minor: u64,
    patch: u64,
    /// `rc.1`, or empty.
    pre: &'a str,
}

impl<'a> Semver<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let version = ::semver::Version::parse(text).ok()?;
        let pre = text.split_once('+').map_or(text, |(text, _)| text).split_once('-').map_or("", |(_, pre)| pre);
        Some(Semver { major: version.major, minor: version.minor, patch: version.patch, pre })
    }

    fn compare(self, other: Self) -> Ordering {
        let numbers = |version: Self| (version.major, version.minor, version.patch);
        let pre = |version: Self| Prerelease::new(version.pre).expect("it was read with the version");
        numbers(self).cmp(&numbers(other)).then_with(|| pre(self).cmp(&pre(other)))
    }
}

impl PartialEq for Semver<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.compare(*other).is_eq()
    }
}

impl PartialOrd for Semver<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.compare(*other))
    }
}
