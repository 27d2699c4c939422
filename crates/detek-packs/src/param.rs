//! Parameters of detectors: their declaration, and the reading of values that operators give.

use crate::source::Spanned;
use detek_cel::meant;
use detek_core::Span as Duration;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value as Json;
use std::{fmt, sync::LazyLock};

/// A declared parameter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct ParamSpec {
    /// Always there but in a parameter that is taken `from` the pack.
    #[serde(rename = "type")]
    pub kind: Option<ParamType>,
    pub default: Option<Spanned<Json>>,
    pub description: Option<String>,
    #[serde(rename = "enum")]
    pub choices: Option<Vec<Spanned<Json>>>,
    pub minimum: Option<Spanned<Json>>,
    pub maximum: Option<Spanned<Json>>,
    pub pattern: Option<Spanned<String>>,
    pub items: Option<Box<ParamSpec>>,
    pub from: Option<Spanned<String>>,
}

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $words:literal;)*) => {
        /// The type of a parameter.
        #[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
        #[serde(rename_all = "lowercase")]
        pub enum ParamType { $($(#[$doc])* $name,)* }

        impl ParamType {
            /// Every type.
            pub const ALL: &'static [ParamType] = &[$(ParamType::$name,)*];

            /// The name as in files.
            pub fn name(self) -> &'static str {
                match self { $(ParamType::$name => $text,)* }
            }

            /// What a value of it is, in words.
            fn words(self) -> &'static str {
                match self { $(ParamType::$name => $words,)* }
            }
        }
    };
}

types! {
    /// Text.
    String = "string", "text";
    /// A whole number of 64 bits.
    Integer = "integer", "a whole number";
    /// A number.
    Number = "number", "a number";
    /// `true` or `false`.
    Boolean = "boolean", "true or false";
    /// A list.
    Array = "array", "a list";
    /// A map.
    Object = "object", "a map";
    /// A length of time, as Prometheus writes it.
    Duration = "duration", "a duration such as `90s`, `24h` or `7d`";
    /// A quantity of Kubernetes.
    Quantity = "quantity", "a quantity such as `500m` or `1Gi`";
    /// A semantic version.
    Semver = "semver", "a version such as `1.2.3`";
    /// A range of addresses.
    Cidr = "cidr", "a range of addresses such as `10.0.0.0/8`";
}

/// A value that fits its parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A truth value.
    Boolean(bool),
    /// A list.
    Array(Vec<ParamValue>),
    /// A map, as it was given.
    Object(serde_json::Map<String, Json>),
    /// A length of time.
    Duration(Duration),
    /// A quantity, as it was written.
    Quantity(String),
    /// A semantic version, as it was written.
    Semver(String),
    /// A range of addresses, as it was written.
    Cidr(String),
}

/// The value as in JSON and in arguments of collectors.
impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_json() {
            Json::String(text) => f.write_str(&text),
            other => write!(f, "{other}"),
        }
    }
}

impl ParamValue {
    /// The value as JSON: durations as whole milliseconds with a unit, so that they read back exactly.
    pub fn to_json(&self) -> Json {
        match self {
            ParamValue::String(text)
            | ParamValue::Quantity(text)
            | ParamValue::Semver(text)
            | ParamValue::Cidr(text) => Json::from(text.as_str()),
            ParamValue::Integer(value) => Json::from(*value),
            ParamValue::Number(value) => Json::from(*value),
            ParamValue::Boolean(value) => Json::from(*value),
            ParamValue::Array(items) => items.iter().map(ParamValue::to_json).collect(),
            ParamValue::Object(fields) => Json::Object(fields.clone()),
            ParamValue::Duration(span) => {
                let millis = span.get().as_millis();
                Json::from(if millis % 1000 == 0 { format!("{}s", millis / 1000) } else { format!("{millis}ms") })
            }
        }
    }
}

static QUANTITY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"));
static SEMVER: LazyLock<Regex> = LazyLock::new(|| {
    let number = "(0|[1-9][0-9]*)";
    let part = "(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
    let build = r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?";
    pattern(&format!(r"^{number}\.{number}\.{number}(-{part}(\.{part})*)?{build}$"))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern is valid")
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let plain = bits.len() == 1 || !bits.starts_with('0');
    let digits = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
    plain && digits && bits.parse::<u8>().is_ok_and(|bits| bits <= if address.is_ipv4() { 32 } else { 128 })
}

impl ParamSpec {
    /// The type; that of text if it was forgotten, which is a problem of its own.
    pub fn kind(&self) -> ParamType {
        self.kind.unwrap_or(ParamType::String)
    }

    /// Whether its value may stand in an argument of a collector: it cannot change what the argument means.
    pub fn is_inert(&self) -> bool {
        self.choices.is_some()
            || matches!(self.kind(), ParamType::Integer | ParamType::Number | ParamType::Boolean | ParamType::Duration)
    }

    /// The default, if it has one that fits.
    pub fn default_value(&self) -> Option<ParamValue> {
        self.default.as_ref().and_then(|value| self.read(value).ok())
    }

    /// A value of JSON or YAML, if it fits.
    ///
    /// # Errors
    /// What is wrong with it and what would fit.
    pub fn read(&self, value: &Json) -> Result<ParamValue, String> {
        let typed = self.typed(value)?;
        if let Some(choices) = &self.choices
            && !choices.iter().any(|choice| self.typed(choice).is_ok_and(|choice| choice == typed))
        {
            let names: Vec<String> = choices.iter().map(|choice| shown(choice)).collect();
            let near = meant(&shown(value), names.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            return Err(format!("`{}` is none of the values: {near}it can be {}", shown(value), names.join(", ")));
        }
        self.within(&typed, value)?;
        match (&self.pattern, &typed) {
            (Some(pattern), ParamValue::String(text)) => match Regex::new(pattern) {
                Ok(regex) if regex.is_match(text) => Ok(typed),
                Ok(_) => Err(format!("`{text}` does not match `{}`", pattern.value)),
                Err(_) => Err(format!("`{}` is not a regular expression", pattern.value)),
            },
            _ => Ok(typed),
        }
    }

    /// A value as it is typed in a shell: lists are JSON, or values with commas between.
    ///
    /// # Errors
    /// What is wrong with it and what would fit.
    pub fn parse(&self, text: &str) -> Result<ParamValue, String> {
        let json = || serde_json::from_str::<Json>(text).ok();
        let value = match self.kind() {
            ParamType::Integer | ParamType::Number | ParamType::Boolean | ParamType::Object => json(),
            ParamType::Array if text.trim_start().starts_with('[') => json(),
            ParamType::Array => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                let element = |part: &str| match self.items.as_ref().map(|items| items.kind()) {
                    Some(ParamType::Integer | ParamType::Number | ParamType::Boolean) => {
                        serde_json::from_str(part).ok()
                    }
                    _ => Some(Json::from(part)),
                };
                parts.map(element).collect::<Option<Vec<Json>>>().map(Json::from)
            }
            _ => Some(Json::from(text)),
        };
        self.read(&value.ok_or_else(|| format!("`{text}` is not {}", self.kind().words()))?)
    }

    fn typed(&self, value: &Json) -> Result<ParamValue, String> {
        let wrong = || format!("`{}` is not {}", shown(value), self.kind().words());
        let text = |fits: &dyn Fn(&str) -> bool| value.as_str().filter(|text| fits(text)).map(str::to_owned);
        let typed = match self.kind() {
            ParamType::String => text(&|_| true).map(ParamValue::String),
            ParamType::Integer => value.as_i64().map(ParamValue::Integer),
            ParamType::Number => value.as_f64().map(ParamValue::Number),
            ParamType::Boolean => value.as_bool().map(ParamValue::Boolean),
            ParamType::Duration => value.as_str().and_then(|text| text.parse().ok()).map(ParamValue::Duration),
            ParamType::Quantity => text(&|text| QUANTITY.is_match(text)).map(ParamValue::Quantity),
            ParamType::Semver => text(&|text| SEMVER.is_match(text)).map(ParamValue::Semver),
            ParamType::Cidr => text(&is_cidr).map(ParamValue::Cidr),
            ParamType::Object => value.as_object().cloned().map(ParamValue::Object),
            ParamType::Array => {
                let items = value.as_array().ok_or_else(wrong)?;
                let element = |(n, item): (usize, &Json)| match &self.items {
                    Some(spec) => spec.read(item).map_err(|error| format!("element {n}: {error}")),
                    None => Ok(untyped(item)),
                };
                Some(ParamValue::Array(items.iter().enumerate().map(element).collect::<Result<_, _>>()?))
            }
        };
        typed.ok_or_else(wrong)
    }

    fn within(&self, typed: &ParamValue, value: &Json) -> Result<(), String> {
        if let Some(min) = &self.minimum
            && less(typed, &self.typed(min)?)
        {
            return Err(format!("`{}` is below the minimum, `{}`", shown(value), shown(min)));
        }
        if let Some(max) = &self.maximum
            && less(&self.typed(max)?, typed)
        {
            return Err(format!("`{}` is above the maximum, `{}`", shown(value), shown(max)));
        }
        Ok(())
    }

    /// What is wrong with the declaration itself: the place, what is wrong, and why or what to do.
    pub(crate) fn faults(&self) -> Vec<(crate::source::Span, &'static str, String)> {
        let mut faults = Vec::new();
        let name = self.kind().name();
        let ordered = matches!(self.kind(), ParamType::Integer | ParamType::Number | ParamType::Duration);
        for bound in [&self.minimum, &self.maximum].into_iter().flatten() {
            if !ordered {
                let why = format!("integers, numbers and durations have bounds; this is of type {name}");
                faults.push((bound.at, "can have no bounds", why));
            } else if let Err(why) = self.typed(bound) {
                faults.push((bound.at, "has a bound that does not fit", why));
            }
        }
        if let Some(pattern) = &self.pattern {
            if self.kind() != ParamType::String {
                let why = format!("only text has one; this is of type {name}");
                faults.push((pattern.at, "can have no pattern", why));
            } else if Regex::new(pattern).is_err() {
                let why = format!("`{}` is not a regular expression", pattern.value);
                faults.push((pattern.at, "has a pattern that cannot be read", why));
            }
        }
        for choice in self.choices.iter().flatten() {
            faults.extend(self.typed(choice).err().map(|why| (choice.at, "has a choice that does not fit", why)));
        }
        if let Some(items) = &self.items {
            faults.extend(items.faults());
        }
        if faults.is_empty()
            && let Some(default) = &self.default
        {
            faults.extend(self.read(default).err().map(|why| (default.at, "has a default that does not fit", why)));
        }
        faults
    }
}

fn less(a: &ParamValue, b: &ParamValue) -> bool {
    match (a, b) {
        (ParamValue::Integer(a), ParamValue::Integer(b)) => a < b,
        (ParamValue::Number(a), ParamValue::Number(b)) => a < b,
        (ParamValue::Duration(a), ParamValue::Duration(b)) => a < b,
        _ => false,
    }
}

/// An element of a list whose elements have no declared type.
fn untyped(value: &Json) -> ParamValue {
    match value {
        Json::Bool(value) => ParamValue::Boolean(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => ParamValue::Integer(value),
            None => ParamValue::Number(number.as_f64().unwrap_or_default()),
        },
        Json::Array(items) => ParamValue::Array(items.iter().map(untyped).collect()),
        Json::Object(fields) => ParamValue::Object(fields.clone()),
        other => ParamValue::String(shown(other)),
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(kind: ParamType) -> ParamSpec {
        ParamSpec { kind: Some(kind), ..ParamSpec::default() }
    }

    fn placed<T>(value: T) -> Spanned<T> {
        Spanned { value, at: crate::source::Span::default() }
    }

    #[test]
    fn values_are_read_as_the_declared_type_from_files_and_shells() {
        assert_eq!(spec(ParamType::Integer).parse("5"), Ok(ParamValue::Integer(5)));
        assert_eq!(spec(ParamType::Number).read(&json!(1)), Ok(ParamValue::Number(1.0)));
        assert_eq!(spec(ParamType::Duration).parse("7d"), Ok(ParamValue::Duration(Duration::days(7))));
        assert_eq!(spec(ParamType::Quantity).parse("1Gi"), Ok(ParamValue::Quantity("1Gi".into())));
        assert_eq!(spec(ParamType::Cidr).parse("10.0.0.0/8"), Ok(ParamValue::Cidr("10.0.0.0/8".into())));
        let list = ParamSpec { items: Some(Box::new(spec(ParamType::Integer))), ..spec(ParamType::Array) };
        assert_eq!(list.parse("1, 2"), Ok(ParamValue::Array(vec![ParamValue::Integer(1), ParamValue::Integer(2)])));
        assert_eq!(list.parse("[1]"), Ok(ParamValue::Array(vec![ParamValue::Integer(1)])));
    }

    #[test]
    fn a_value_of_another_type_says_what_would_fit() {
        for (kind, text) in [
            (ParamType::Integer, "1.5"),
            (ParamType::Boolean, "yes"),
            (ParamType::Duration, "5"),
            (ParamType::Quantity, "1Gib"),
            (ParamType::Semver, "1.2"),
            (ParamType::Cidr, "10.0.0.0/33"),
            (ParamType::Object, "[]"),
        ] {
            assert_eq!(spec(kind).parse(text), Err(format!("`{text}` is not {}", kind.words())));
        }
    }

    #[test]
    fn bounds_choices_and_patterns_hold() {
        let ratio = ParamSpec { maximum: Some(placed(json!(1))), ..spec(ParamType::Number) };
        assert_eq!(ratio.parse("1.5"), Err("`1.5` is above the maximum, `1`".into()));
        let age = ParamSpec { minimum: Some(placed(json!("1m"))), ..spec(ParamType::Duration) };
        assert_eq!(age.parse("30s"), Err("`30s` is below the minimum, `1m`".into()));
        let mode = ParamSpec {
            choices: Some(vec![placed(json!("strict")), placed(json!("loose"))]),
            ..spec(ParamType::String)
        };
        assert!(mode.parse("strct").unwrap_err().contains("did you mean `strict`?"));
        let name = ParamSpec { pattern: Some(placed("^a+$".into())), ..spec(ParamType::String) };
        assert_eq!(name.parse("b"), Err("`b` does not match `^a+$`".into()));
    }

    #[test]
    fn a_value_reads_back_from_what_is_printed() {
        for (kind, text) in [(ParamType::Duration, "1h30m"), (ParamType::Duration, "5ms"), (ParamType::Number, "0.9")] {
            let value = spec(kind).parse(text).expect("it fits");
            assert_eq!(spec(kind).parse(&value.to_string()), Ok(value));
        }
    }
}
