//! Parameters of detectors: the fields of their structs.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{error::Error, fmt};

/// A parameter, for `explain`, configuration and docs.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// snake_case name.
    pub name: String,
    /// One line of text.
    pub text: &'static str,
    /// Its value: the default, or what the user set.
    pub value: Value,
}

/// A parameter that cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError {
    /// The parameter as the user wrote it.
    pub name: String,
    /// What is wrong and what would be right.
    pub text: String,
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parameter `{}`: {}", self.name, self.text)
    }
}

impl Error for ParamError {}

fn fields<T: Serialize>(detector: &T) -> Map<String, Value> {
    match serde_json::to_value(detector) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// The parameters of `detector`, in the order of its struct's names.
pub fn describe<T: Serialize>(detector: &T, texts: &'static [(&'static str, &'static str)]) -> Vec<Parameter> {
    let text = |name: &str| texts.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    fields(detector).into_iter().map(|(name, value)| Parameter { text: text(&name), name, value }).collect()
}

/// `detector` with some parameters replaced, each given as text.
///
/// # Errors
/// Says which parameter is unknown or which value does not fit, and what would.
pub fn set<T: Serialize + DeserializeOwned>(
    detector: &T,
    id: &str,
    values: &[(String, String)],
) -> Result<T, ParamError> {
    let mut fields = fields(detector);
    for (name, text) in values {
        let error = |text: String| ParamError { name: format!("{id}.{name}"), text };
        let Some(old) = fields.get(name) else {
            let known: Vec<&str> = fields.keys().map(String::as_str).collect();
            return Err(error(match known.as_slice() {
                [] => format!("{id} has no parameters"),
                known => format!("{id} has no such parameter; it has {}", known.join(", ")),
            }));
        };
        let value = parse(old, text).ok_or_else(|| error(format!("`{text}` does not fit; its value is now {old}")))?;
        fields.insert(name.clone(), value);
        serde_json::from_value::<T>(Value::Object(fields.clone())).map_err(|why| error(why.to_string()))?;
    }
    let whole =
        if fields.is_empty() { serde_json::to_value(detector).unwrap_or_default() } else { Value::Object(fields) };
    serde_json::from_value(whole).map_err(|why| ParamError { name: id.into(), text: why.to_string() })
}

/// Text as a value of the same type as `old`.
fn parse(old: &Value, text: &str) -> Option<Value> {
    match old {
        Value::Bool(_) => text.parse::<bool>().ok().map(Value::Bool),
        Value::Number(_) => serde_json::from_str::<Value>(text).ok().filter(Value::is_number),
        Value::Array(_) => Some(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| Value::String(part.into()))
                .collect(),
        ),
        _ => Some(Value::String(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;
    use serde::Deserialize;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Example {
        min_age: Span,
        check_cpu: bool,
        tags: Vec<String>,
        ratio: f64,
    }

    impl Default for Example {
        fn default() -> Self {
            Example { min_age: Span::minutes(5), check_cpu: true, tags: vec!["latest".into()], ratio: 0.5 }
        }
    }

    fn with(name: &str, value: &str) -> Result<Example, ParamError> {
        set(&Example::default(), "example", &[(name.into(), value.into())])
    }

    #[test]
    fn values_are_read_as_the_type_of_the_default() {
        assert_eq!(with("min_age", "0s").expect("a span").min_age, Span::seconds(0));
        assert!(!with("check_cpu", "false").expect("a bool").check_cpu);
        assert_eq!(with("tags", "edge, dev").expect("a list").tags, ["edge", "dev"]);
        assert!((with("ratio", "0.9").expect("a number").ratio - 0.9).abs() < 1e-9);
    }

    #[test]
    fn a_wrong_name_or_value_says_what_would_fit() {
        assert!(with("max_age", "1m").unwrap_err().to_string().contains("it has check_cpu, min_age"));
        assert!(with("min_age", "soon").unwrap_err().to_string().contains("write `90s`"));
        assert!(with("check_cpu", "maybe").unwrap_err().to_string().contains("its value is now true"));
    }
}
