//! The functions of the language, one file for each library. [`FUNCTIONS`] lists all of them; names are resolved, docs
//! written and costs explained from that list.
//!
//! A function is pure: it gets values and gives a value or a [`Fault`]. What it makes lies in scratch memory, and before it
//! works or grows in proportion to its arguments it charges for that ([`Call::charge`]).

mod base64;
mod cidr;
mod conversion;
mod format;
mod ip;
pub(crate) mod kubernetes;
mod lists;
mod math;
mod optional;
mod printf;
mod quantity;
mod rank;
mod regex;
mod semver;
mod sets;
mod text;
mod time;
mod url;
mod version;

pub use format::Format;
pub(crate) use lists::sorted_by_key;
pub use quantity::Quantity;
pub use semver::Semver;
pub use url::Url;

pub(crate) use conversion::display;
pub(crate) use regex::compile as pattern;

use crate::{Kind, Object, Value};
use bumpalo::Bump;
use std::fmt;

/// Every library.
pub static FUNCTIONS: &[&[Overload]] = &[
    base64::FUNCTIONS,
    cidr::FUNCTIONS,
    conversion::FUNCTIONS,
    format::FUNCTIONS,
    ip::FUNCTIONS,
    kubernetes::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    optional::FUNCTIONS,
    printf::FUNCTIONS,
    quantity::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    sets::FUNCTIONS,
    text::FUNCTIONS,
    time::FUNCTIONS,
    url::FUNCTIONS,
    version::FUNCTIONS,
];

/// One way to call a function.
pub struct Overload {
    /// `size`, `math.greatest`.
    pub name: &'static str,
    /// Whether it is called as `x.name(y)`; the receiver is then the first argument.
    pub receiver: bool,
    /// What it takes.
    pub takes: &'static [Kind],
    /// What it gives.
    pub gives: Gives,
    /// The version of Kubernetes whose expressions may use it first; `1.0` for what always was, `detek` for ours.
    pub since: &'static str,
    /// Calls it; the arguments are of the kinds that it takes.
    pub call: Function,
}

impl Overload {
    /// How it is called and what it gives: `contains(string) -> bool`; of a method without what it is called on.
    pub fn signature(&self) -> String {
        let takes = if self.receiver { &self.takes[1..] } else { self.takes };
        let takes: Vec<&str> = takes.iter().map(|kind| kind.name()).collect();
        let gives = match self.gives {
            Gives::A(kind) => kind.name().to_owned(),
            Gives::ListOf(kind) => format!("list({})", kind.name()),
            Gives::OptionalOf(kind) => format!("optional({})", kind.name()),
            Gives::Same(_) | Gives::ElementOf(_) => "dyn".to_owned(),
        };
        format!("{}({}) -> {gives}", self.name, takes.join(", "))
    }
}

impl fmt::Debug for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What computes an overload.
pub type Function = for<'a> fn(&mut Call<'a, '_>, &[Value<'a>]) -> Result<Value<'a>, Fault>;

impl Overload {
    const fn function(
        since: &'static str,
        name: &'static str,
        takes: &'static [Kind],
        gives: Gives,
        call: Function,
    ) -> Self {
        Overload { name, receiver: false, takes, gives, since, call }
    }

    const fn method(
        since: &'static str,
        name: &'static str,
        takes: &'static [Kind],
        gives: Gives,
        call: Function,
    ) -> Self {
        Overload { name, receiver: true, takes, gives, since, call }
    }
}

/// The type of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Of this kind.
    A(Kind),
    /// A list of this kind.
    ListOf(Kind),
    /// An optional of this kind.
    OptionalOf(Kind),
    /// As the argument of this number.
    Same(usize),
    /// As the elements of the argument of this number, a list or an optional.
    ElementOf(usize),
}

/// Why an evaluation has no value. Small and without text of its own, as most faults are absorbed and never read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A map or object has no such key.
    NoSuchKey,
    /// A list has no such place.
    IndexOutOfRange,
    /// No function or operator of this name takes these kinds of values.
    NoSuchOverload,
    /// Division by zero.
    DivideByZero,
    /// Remainder of a division by zero.
    ModulusByZero,
    /// The result does not fit its type.
    Overflow,
    /// An argument is not what the function reads; says what it reads.
    Invalid(&'static str),
    /// A map would have a key twice.
    DuplicateKey,
    /// An optional without value was asked for its value.
    NoValue,
    /// What would decide lies in the part of an input that was not read.
    InputIncomplete,
    /// The expression did or made more than it may. Never absorbed.
    CostLimit,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Fault::NoSuchKey => "no such key",
            Fault::IndexOutOfRange => "no such place in the list",
            Fault::NoSuchOverload => "wrong types",
            Fault::DivideByZero => "division by zero",
            Fault::ModulusByZero => "remainder of a division by zero",
            Fault::Overflow => "out of range",
            Fault::Invalid(expected) => return write!(f, "not {expected}"),
            Fault::DuplicateKey => "the key is there twice",
            Fault::NoValue => "an optional without value",
            Fault::InputIncomplete => "an input was not read to its end",
            Fault::CostLimit => "too costly",
        };
        f.write_str(text)
    }
}

/// What a function has at hand besides its arguments.
pub struct Call<'a, 'f> {
    /// Memory that lasts as long as the values of this evaluation.
    pub scratch: &'a Bump,
    pub(crate) fuel: &'f mut i64,
}

impl<'a> Call<'a, '_> {
    /// Charges for work or memory: the units of the cost table.
    ///
    /// # Errors
    /// [`Fault::CostLimit`] if nothing is left.
    #[inline]
    pub fn charge(&mut self, units: usize) -> Result<(), Fault> {
        *self.fuel = self.fuel.saturating_sub_unsigned(units as u64);
        if *self.fuel < 0 { Err(Fault::CostLimit) } else { Ok(()) }
    }

    /// A text in scratch memory.
    pub fn text(&self, text: &str) -> Value<'a> {
        Value::Text(self.scratch.alloc_str(text))
    }

    /// Bytes in scratch memory.
    pub fn bytes(&self, bytes: &[u8]) -> Value<'a> {
        Value::Bytes(self.scratch.alloc_slice_copy(bytes))
    }

    /// A value of a library, in scratch memory.
    pub fn object(&self, object: Object<'a>) -> Value<'a> {
        Value::Object(self.scratch.alloc(object))
    }

    /// An optional with a value or without.
    pub fn optional(&self, value: Option<Value<'a>>) -> Value<'a> {
        Value::Optional(value.map(|value| &*self.scratch.alloc(value)))
    }

    /// The units that are left.
    pub(crate) fn left(&self) -> usize {
        usize::try_from(*self.fuel).unwrap_or(0)
    }

    /// A list in scratch memory.
    pub fn list(&self, items: &[Value<'a>]) -> Value<'a> {
        Value::List(self.scratch.alloc_slice_copy(items))
    }
}

/// A tenth of a length, rounded up: what reading text of that many bytes costs.
pub(crate) fn tenth(length: usize) -> usize {
    length.div_ceil(10)
}

/// What it costs to read a value whole: a unit for each value in it, and a tenth of its text. Stops above `limit`, as
/// lists that hold a list many times over can be far larger than their memory.
pub(crate) fn weight(value: Value<'_>, limit: usize) -> usize {
    let mut sum = match value {
        Value::Text(text) => 1 + text.len() / 10,
        Value::Bytes(bytes) => 1 + bytes.len() / 10,
        Value::Optional(Some(value)) => return 1 + weight(*value, limit.saturating_sub(1)),
        _ => 1,
    };
    let entries = value.entries().into_iter().flatten().flat_map(|(key, value)| [key, value]);
    for value in value.elements().into_iter().flatten().chain(entries) {
        if sum > limit {
            break;
        }
        sum += weight(value, limit - sum);
    }
    sum
}

/// Units for the text of a value in a report: 64 kB of it, which is more than reports take.
const SHOWN: i64 = 6_400;

/// A value as text, for reports. What would be longer says so instead.
pub(crate) fn shown(value: Value<'_>) -> String {
    let mut fuel = SHOWN;
    display(&mut Call { scratch: &Bump::new(), fuel: &mut fuel }, value).unwrap_or_else(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_with(fuel: i64, name: &str, args: &[Value<'_>]) -> Result<(), Fault> {
        let fits = |function: &&Overload| {
            function.name == name
                && function.takes.len() == args.len()
                && function.takes.iter().zip(args).all(|(kind, arg)| kind.takes(arg.kind()))
        };
        let function = FUNCTIONS.iter().copied().flatten().find(fits).unwrap();
        let (scratch, mut fuel) = (Bump::new(), fuel);
        (function.call)(&mut Call { scratch: &scratch, fuel: &mut fuel }, args).map(drop)
    }

    #[test]
    fn overloads_are_sorted_by_name_and_told_apart_by_what_they_take() {
        for library in FUNCTIONS {
            assert!(library.is_sorted_by_key(|function| function.name));
        }
        let all: Vec<_> = FUNCTIONS.iter().copied().flatten().collect();
        for (n, a) in all.iter().enumerate() {
            for b in &all[..n] {
                let same = (a.name, a.receiver, a.takes) == (b.name, b.receiver, b.takes);
                assert!(!same, "{} is there twice with {:?}", a.name, a.takes);
            }
        }
    }

    #[test]
    fn every_function_of_the_design_is_there() {
        let names: Vec<_> = FUNCTIONS.iter().copied().flatten().map(|function| function.name).collect();
        let wanted = "contains startsWith endsWith matches type dyn int uint double string bytes bool timestamp duration \
            getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds \
            getMilliseconds url isURL getScheme getHost getHostname getPort getEscapedPath getQuery find findAll isSorted \
            sum min max indexOf lastIndexOf includes charAt join lowerAscii upperAscii replace split substring trim format \
            strings.quote quantity isQuantity sign isInteger asInteger asApproximateFloat add sub compareTo isLessThan \
            isGreaterThan optional.of optional.none optional.ofNonZeroValue hasValue value first last optional.unwrap \
            unwrapOpt sets.contains sets.equivalent sets.intersects ip isIP ip.isCanonical family isUnspecified isLoopback \
            isLinkLocalUnicast isLinkLocalMulticast isGlobalUnicast cidr isCIDR containsIP containsCIDR masked \
            prefixLength format.named format.dns1123Label format.dns1123LabelPrefix format.dns1123Subdomain \
            format.dns1123SubdomainPrefix format.dns1035Label format.dns1035LabelPrefix format.qualifiedName \
            format.labelValue format.uri format.uuid format.byte format.date format.datetime validate semver isSemver \
            major minor patch slice flatten sort distinct reverse lists.range k8s.podSpec k8s.containers k8s.owner \
            k8s.selects k8s.containerStatuses k8s.longRunning k8s.howEnded k8s.isLive k8s.isMirror \
            k8s.isSystemNamespace listed image.parse version.inRange math.greatest math.least math.ceil math.floor math.round math.trunc \
            math.abs math.sign math.isInf math.isNaN math.isFinite math.bitAnd math.bitOr math.bitXor math.bitNot \
            math.bitShiftLeft math.bitShiftRight math.sqrt base64.encode base64.decode";
        for name in wanted.split_whitespace() {
            assert!(names.contains(&name), "{name} is missing");
        }
    }

    #[test]
    fn nothing_grows_beyond_what_it_was_paid_for() {
        let long = "a".repeat(100_000);
        let (text, empty) = (Value::Text(&long), Value::Text(""));
        let mut nested = Value::List(&[Value::Int(1); 10]);
        let scratch = Bump::new();
        for _ in 0..12 {
            // As much memory as 120 values, as many values as 10^13.
            nested = Value::List(scratch.alloc([nested; 10]));
        }
        let numbers: Vec<_> = (0..2_000).map(Value::Int).collect();
        let numbers = Value::List(&numbers);
        for (name, args) in [
            ("replace", &[text, empty, text][..]),
            ("split", &[text, empty]),
            ("findAll", &[text, Value::Text("a")]),
            ("join", &[Value::List(&[text; 20]), text]),
            ("listed", &[Value::List(&[text; 20]), Value::Int(20)]),
            ("lists.range", &[Value::Int(i64::MAX)]),
            ("flatten", &[nested, Value::Int(20)]),
            ("distinct", &[nested]),
            ("indexOf", &[nested, Value::Int(1)]),
            ("includes", &[nested, Value::Int(1)]),
            ("format", &[Value::Text("%s"), Value::List(&[nested])]),
            ("sets.contains", &[numbers, numbers]),
            ("sets.intersects", &[nested, nested]),
            ("contains", &[text, text]),
        ] {
            assert_eq!(call_with(50_000, name, args), Err(Fault::CostLimit), "{name}");
        }
    }
}
