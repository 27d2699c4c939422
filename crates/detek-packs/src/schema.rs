//! The format as JSON Schema: the one definition of its fields, from which editors complete names and against which files
//! are checked here, with places. The check knows the keywords that the schemas use; a test holds both together.

use crate::{
    problem::{Code, Fault},
    source::Span,
    yaml::{Node, Scalar, Value},
};
use detek_cel::meant;
use regex::Regex;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

/// The JSON Schema of detector files.
pub const DETECTOR: &str = include_str!("schema/detector.json");
/// The JSON Schema of `pack.yaml`.
pub const PACK: &str = include_str!("schema/pack.json");

static DETECTOR_SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(DETECTOR));
static PACK_SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(PACK));

/// A schema, ready to check with.
struct Schema {
    root: Rule,
    patterns: BTreeMap<String, Regex>,
}

/// One schema of the schema: what a node must be.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Rule {
    #[serde(rename = "$schema")]
    _schema: String,
    #[serde(rename = "$id")]
    _id: String,
    #[serde(rename = "$defs")]
    defs: BTreeMap<String, Rule>,
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "title")]
    _title: String,
    description: String,
    examples: Vec<serde_json::Value>,
    #[serde(rename = "default")]
    _default: serde_json::Value,
    /// What kind of text it is: decides the code of a problem with it.
    format: String,
    #[serde(rename = "type")]
    types: Types,
    #[serde(rename = "enum")]
    choices: Vec<String>,
    #[serde(rename = "const")]
    only: Option<String>,
    pattern: Option<String>,
    min_length: usize,
    max_length: Option<usize>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    items: Option<Box<Rule>>,
    min_items: usize,
    max_items: Option<usize>,
    properties: BTreeMap<String, Rule>,
    additional_properties: Others,
    property_names: Option<Box<Rule>>,
    max_properties: Option<usize>,
    min_properties: usize,
    required: Vec<String>,
}

/// What other properties than the named ones may be.
#[derive(Deserialize)]
#[serde(untagged)]
enum Others {
    Allowed(bool),
    All(Box<Rule>),
}

impl Default for Others {
    fn default() -> Self {
        Others::Allowed(true)
    }
}

/// The types that a node may have; all if none is named.
#[derive(Deserialize)]
#[serde(untagged)]
enum Types {
    One(Type),
    Several(Vec<Type>),
}

impl Default for Types {
    fn default() -> Self {
        Types::Several(Vec::new())
    }
}

impl Types {
    fn all(&self) -> &[Type] {
        match self {
            Types::One(one) => std::slice::from_ref(one),
            Types::Several(several) => several,
        }
    }

    fn allow(&self, found: Type) -> bool {
        let all = self.all();
        all.is_empty() || all.contains(&found) || (found == Type::Integer && all.contains(&Type::Number))
    }
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    fn of(node: &Node) -> Type {
        match (&node.value, node.scalar()) {
            (Value::List(_), _) => Type::Array,
            (Value::Map(_), _) => Type::Object,
            (_, Some(Scalar::Null) | None) => Type::Null,
            (_, Some(Scalar::Bool(_))) => Type::Boolean,
            (_, Some(Scalar::Integer(_))) => Type::Integer,
            (_, Some(Scalar::Number(_))) => Type::Number,
            (_, Some(Scalar::Text(_))) => Type::String,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Type::Null => "nothing",
            Type::Boolean => "true or false",
            Type::Integer => "a whole number",
            Type::Number => "a number",
            Type::String => "text",
            Type::Array => "a list",
            Type::Object => "a map",
        }
    }
}

/// Adds what is wrong with a detector file to `faults`.
pub(crate) fn check_detector(root: &Node, faults: &mut Vec<Fault>) {
    check(&DETECTOR_SCHEMA, root, faults);
}

/// Adds what is wrong with `pack.yaml` to `faults`.
pub(crate) fn check_pack(root: &Node, faults: &mut Vec<Fault>) {
    check(&PACK_SCHEMA, root, faults);
}

fn check(schema: &Schema, root: &Node, faults: &mut Vec<Fault>) {
    let owner = Owner { name: "", at: root.at };
    Check { schema, faults }.node(&schema.root, root, &owner);
}

/// Whose value a node is: the key before it, or the list that it is an element of.
#[derive(Clone, Copy)]
struct Owner<'n> {
    name: &'n str,
    at: Span,
}

impl Owner<'_> {
    fn words(&self) -> String {
        if self.name.is_empty() { "the file".into() } else { format!("`{}`", self.name) }
    }
}

struct Check<'s, 'f> {
    schema: &'s Schema,
    faults: &'f mut Vec<Fault>,
}

impl Schema {
    /// # Panics
    /// If `text` is no schema in the keywords that are known here; both schemas are constants.
    fn new(text: &str) -> Self {
        let root: Rule = serde_json::from_str(text).expect("the schemas use the keywords of `Rule`: a test reads them");
        let mut patterns = BTreeMap::new();
        root.visit(&mut |rule| {
            if let Some(pattern) = &rule.pattern {
                let regex = Regex::new(pattern).expect("the patterns of the schemas are valid: a test reads them");
                patterns.insert(pattern.clone(), regex);
            }
        });
        Schema { root, patterns }
    }

    fn resolve<'s>(&'s self, rule: &'s Rule) -> &'s Rule {
        let name = rule.reference.as_deref().and_then(|reference| reference.strip_prefix("#/$defs/"));
        name.and_then(|name| self.root.defs.get(name)).unwrap_or(rule)
    }
}

impl Rule {
    fn visit(&self, see: &mut dyn FnMut(&Rule)) {
        see(self);
        self.defs.values().chain(self.properties.values()).for_each(|rule| rule.visit(see));
        self.items.iter().chain(&self.property_names).for_each(|rule| rule.visit(see));
        if let Others::All(rule) = &self.additional_properties {
            rule.visit(see);
        }
    }

    /// Whether a node of this type is allowed; a choice of names is text.
    fn allows(&self, found: Type) -> bool {
        let choice = self.only.is_some() || !self.choices.is_empty();
        if choice { !matches!(found, Type::Array | Type::Object | Type::Null) } else { self.types.allow(found) }
    }

    /// What the field is for, and an example of it.
    fn hint(&self) -> Option<String> {
        let example = self.examples.first().map(|example| match example.as_str() {
            Some(text) => format!("for example `{text}`"),
            None => format!("for example `{example}`"),
        });
        let parts: Vec<String> = [self.description.clone(), example.unwrap_or_default()].into();
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl Check<'_, '_> {
    fn fault(&mut self, code: Code, at: Span, text: String, help: Option<String>) {
        let fault = Fault::new(code, at, text);
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }

    fn node(&mut self, rule: &Rule, node: &Node, owner: &Owner<'_>) {
        let named = self.schema.resolve(rule);
        // How it is written stands with what is referred to; what is said beside the reference is about this use of it.
        let hint = named.hint().or_else(|| rule.hint());
        let found = Type::of(node);
        if !named.allows(found) {
            let wanted: Vec<&str> = named.types.all().iter().map(|wanted| wanted.words()).collect();
            let wanted = if wanted.is_empty() { vec!["text"] } else { wanted };
            let text = format!("{} must be {}, not {}", owner.words(), wanted.join(" or "), found.words());
            let at = if found == Type::Null { owner.at } else { node.at };
            let quote = found != Type::Array && found != Type::Object && found != Type::Null;
            let quoted = node.text().filter(|_| quote && named.allows(Type::String));
            return self.fault(Code::WrongValue, at, text, quoted.map(|text| format!("quote it: \"{text}\"")).or(hint));
        }
        match &node.value {
            Value::Scalar(_) => self.scalar(named, node, owner, hint),
            Value::List(items) => {
                self.count(named.min_items, named.max_items, items.len(), owner, hint);
                if let Some(rule) = &named.items {
                    for item in items {
                        self.node(rule, item, &Owner { at: item.at, ..*owner });
                    }
                }
            }
            Value::Map(_) => self.map(named, node, owner, hint),
        }
    }

    fn count(&mut self, min: usize, max: Option<usize>, count: usize, owner: &Owner<'_>, hint: Option<String>) {
        if count < min {
            let text = format!("{} is empty; it needs at least {min}", owner.words());
            self.fault(Code::WrongValue, owner.at, text, hint);
        } else if let Some(max) = max.filter(|max| count > *max) {
            let text = format!("{} has {count} entries; the limit is {max}", owner.words());
            self.fault(Code::LimitExceeded, owner.at, text, Some(format!("remove {}, or split it", count - max)));
        }
    }

    fn scalar(&mut self, rule: &Rule, node: &Node, owner: &Owner<'_>, hint: Option<String>) {
        let text = node.text().unwrap_or_default();
        let choices = rule.only.as_slice().iter().chain(&rule.choices).map(String::as_str).collect::<Vec<_>>();
        if !choices.is_empty() && !choices.contains(&text) {
            let help = match meant(&text.to_lowercase(), choices.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? it can be {}", choices.join(", ")),
                None => format!("it can be {}", choices.join(", ")),
            };
            return self.fault(Code::WrongValue, node.at, format!("{} cannot be `{text}`", owner.words()), Some(help));
        }
        let length = text.chars().count();
        let unlike = rule.pattern.as_ref().is_some_and(|pattern| !self.schema.patterns[pattern].is_match(text));
        if unlike || length < rule.min_length {
            let code = if rule.format == "id" { Code::BadId } else { Code::WrongValue };
            let verb = if rule.format == "id" { "a name in" } else { "the value of" };
            let words = format!("`{text}` cannot be {verb} {}", owner.words());
            return self.fault(code, node.at, words, hint);
        }
        // The length of an expression is checked with its other sizes, when it is compiled.
        if let Some(max) = rule.max_length.filter(|max| length > *max && rule.format != "cel") {
            let text = format!("{} has {length} characters; the limit is {max}", owner.words());
            let help = format!("shorten it by {} characters", length - max);
            return self.fault(Code::LimitExceeded, node.at, text, Some(help));
        }
        let value = match node.scalar() {
            Some(Scalar::Integer(value)) => value as f64,
            Some(Scalar::Number(value)) => value,
            _ => return,
        };
        let range = match (rule.minimum, rule.maximum) {
            (Some(min), _) if value < min => format!("at least {min}"),
            (_, Some(max)) if value > max => format!("at most {max}"),
            _ => return,
        };
        self.fault(Code::WrongValue, node.at, format!("{} is {text}; it must be {range}", owner.words()), hint);
    }

    fn map(&mut self, rule: &Rule, node: &Node, owner: &Owner<'_>, hint: Option<String>) {
        let Value::Map(entries) = &node.value else { return };
        self.count(rule.min_properties, rule.max_properties, entries.len(), owner, hint);
        let mut meant = Vec::new();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            if let Some(names) = &rule.property_names {
                let names = self.schema.resolve(names);
                self.scalar(names, key, &Owner { name: owner.name, at: key.at }, names.hint());
            }
            let inner = Owner { name, at: key.at };
            match (rule.properties.get(name), &rule.additional_properties) {
                (Some(rule), _) => self.node(rule, value, &inner),
                (None, Others::All(rule)) => self.node(rule, value, &inner),
                (None, Others::Allowed(true)) => {}
                (None, Others::Allowed(false)) => meant.extend(self.unknown(rule, key, name, owner)),
            }
        }
        // A misspelt field is one mistake, not two.
        let missing = |field: &&String| node.get(field).is_none() && !meant.contains(&field.as_str());
        for field in rule.required.iter().filter(missing) {
            let missing = rule.properties.get(field);
            let hint = missing.and_then(|rule| rule.hint().or_else(|| self.schema.resolve(rule).hint()));
            self.fault(Code::MissingField, owner.at, format!("{} has no `{field}`", owner.words()), hint);
        }
    }

    /// Tells of a field that there is not; gives the one that was meant.
    fn unknown<'r>(&mut self, rule: &'r Rule, key: &Node, name: &str, owner: &Owner<'_>) -> Option<&'r str> {
        let known: Vec<&str> = rule.properties.keys().map(String::as_str).collect();
        let near = meant(name, known.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{} can have {}", owner.words(), known.join(", ")),
        };
        self.fault(Code::UnknownField, key.at, format!("unknown field `{name}` in {}", owner.words()), Some(help));
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files in which the fields of the format are read.
    const READERS: [&str; 3] =
        [include_str!("format.rs"), include_str!("format/test_case.rs"), include_str!("param.rs")];

    /// `owner_rollup` of `ownerRollup`.
    fn snake(name: &str) -> String {
        name.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii_uppercase() {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
            out
        })
    }

    #[test]
    fn every_field_of_the_schemas_is_read() {
        for schema in [&*DETECTOR_SCHEMA, &*PACK_SCHEMA] {
            schema.root.visit(&mut |rule| {
                // Labels are read as a map; the two first fields only say what the file is.
                let own = matches!(rule.additional_properties, Others::Allowed(false));
                for name in
                    rule.properties.keys().filter(|name| own && !["apiVersion", "kind"].contains(&name.as_str()))
                {
                    let field = format!(" {}:", snake(name));
                    let renamed = format!("rename = \"{name}\"");
                    let read = READERS.iter().any(|text| text.contains(&field) || text.contains(&renamed));
                    assert!(read, "`{name}` is in the schema, and nothing reads it");
                }
            });
        }
    }
}
