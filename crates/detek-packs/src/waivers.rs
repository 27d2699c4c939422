//! Files of waivers: documents of the kind `Waiver`, each read for itself, so that a mistake in one harms no other.

use crate::tree::{Content, Key, Mark, Mistake, Node, documents};
use bumpalo::Bump;
use detek_cel::{Compiler, Frame, Problem, Want};
use detek_core::{Condition, Finding, ObjectRef, Waiver};
use detek_doc::{Caps, DecodeError, Keep, Projection, Store, StoreBuilder};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a file holds.
#[derive(Debug, Default)]
pub struct WaiverFile {
    /// Waivers that can be used, as far as that shows without the time of a run.
    pub waivers: Vec<Arc<Waiver>>,
    /// Those that cannot: the name, if there is one, and what is wrong.
    pub mistakes: Vec<(Option<String>, Mistake)>,
}

/// A field: its name, whether it is required, one line.
type Field = (&'static str, bool, &'static str);

const TOP: [Field; 4] = [
    ("apiVersion", true, "detek/v1"),
    ("kind", true, "Waiver"),
    ("metadata", true, "its name"),
    ("spec", true, "what is accepted, why and until when"),
];

const SPEC: [Field; 6] = [
    ("detectors", true, "ids of detectors or families, or `id.detect`; no wildcard"),
    ("expires", true, "the last day on which it holds, in UTC: at most 365 days ahead"),
    ("match", false, "which findings; all of the detectors without it"),
    ("owner", true, "who accepts it"),
    ("reason", true, "why"),
    ("ticket", false, "where it is discussed"),
];

const MATCH: [Field; 5] = [
    ("clusters", false, "names of contexts or ids of clusters, in which * stands for any characters"),
    ("kinds", false, "kinds, such as Deployment"),
    ("names", false, "names of objects, in which * stands for any characters"),
    ("namespaces", false, "namespaces, in which * stands for any characters"),
    ("where", false, "a condition in CEL over `finding`, as in -o json"),
];

/// Reads a file; `file` is its name, for messages.
///
/// # Errors
/// If it is no YAML.
pub fn read(file: &str, text: &str) -> Result<WaiverFile, Mistake> {
    let mut found = WaiverFile::default();
    for document in documents(text)? {
        match waiver(file, &document) {
            Ok(waiver) => found.waivers.push(Arc::new(waiver)),
            Err(mistake) => found.mistakes.push((name(&document).ok(), mistake)),
        }
    }
    Ok(found)
}

fn waiver(file: &str, document: &Node) -> Result<Waiver, Mistake> {
    let top = Fields::of(document, "the waiver", &TOP)?;
    for (field, expected) in [("apiVersion", "detek/v1"), ("kind", "Waiver")] {
        let node = top.required(field)?;
        if node.json() != expected {
            return Err(node.other(field, expected));
        }
    }
    let (name, spec) = (name(document)?, Fields::of(top.required("spec")?, "spec", &SPEC)?);
    let scope = spec.get("match").map(|node| Fields::of(node, "match", &MATCH)).transpose()?;
    let texts = |field: &str| {
        scope.as_ref().and_then(|scope| scope.get(field)).map_or(Ok(Vec::new()), |node| node.texts(field))
    };
    let wanted = scope.as_ref().and_then(|scope| scope.get("where"));
    let condition = wanted.map(|node| {
        let mistake = |cause| Mistake { mark: node.mark, what: "cannot use the condition".to_owned(), cause };
        condition(&node.text("where")?).map_err(mistake)
    });
    Ok(Waiver {
        name,
        place: format!("{file}:{}:{}", document.mark.line, document.mark.column),
        detectors: detectors(spec.required("detectors")?)?,
        clusters: texts("clusters")?,
        namespaces: texts("namespaces")?,
        kinds: texts("kinds")?,
        names: texts("names")?,
        condition: condition.transpose()?,
        reason: spec.required("reason")?.text("reason")?,
        owner: spec.required("owner")?.text("owner")?,
        expires: expires(spec.required("expires")?)?,
        ticket: spec.get("ticket").map(|node| node.text("ticket")).transpose()?,
    })
}

/// The name of a waiver.
fn name(document: &Node) -> Result<String, Mistake> {
    let top = document.map("the waiver")?.iter().find(|(key, _)| key.name == "metadata");
    let metadata = top
        .map(|(_, node)| Fields::of(node, "metadata", &[("name", true, "what it is called in lists")]))
        .transpose()?;
    match metadata {
        Some(metadata) => metadata.required("name")?.text("name"),
        None => Err(missing(document.mark, "metadata", "its name")),
    }
}

fn detectors(node: &Node) -> Result<Vec<String>, Mistake> {
    let Content::List(items) = &node.content else {
        return Err(node.other("detectors", "a list, such as [failed_pod]"));
    };
    if items.is_empty() {
        return Err(node.other("detectors", "at least one id"));
    }
    for item in items {
        if item.text("detectors")?.contains('*') {
            return Err(item.other("detectors", "ids without wildcards: each that is accepted is named"));
        }
    }
    node.texts("detectors")
}

fn expires(node: &Node) -> Result<Date, Mistake> {
    let text = node.text("expires")?;
    text.parse().map_err(|_| node.other("expires", "a day, such as 2027-06-30"))
}

fn missing(mark: Mark, field: &str, help: &str) -> Mistake {
    Mistake { mark, what: format!("\"{field}\" is missing"), cause: help.to_owned() }
}

/// The fields of a map, all of which are known.
struct Fields<'n> {
    mark: Mark,
    known: &'static [Field],
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    fn of(node: &'n Node, name: &str, known: &'static [Field]) -> Result<Self, Mistake> {
        let entries = node.map(name)?;
        match entries.iter().find(|(key, _)| !known.iter().any(|(name, ..)| *name == key.name)) {
            Some((key, _)) => Err(key.unknown(&known.iter().map(|(name, ..)| *name).collect::<Vec<_>>())),
            None => Ok(Fields { mark: node.mark, known, entries }),
        }
    }

    fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    fn required(&self, name: &str) -> Result<&'n Node, Mistake> {
        let help = || self.known.iter().find(|(known, ..)| *known == name).map_or("", |(.., help)| help);
        self.get(name).ok_or_else(|| missing(self.mark, name, help()))
    }
}

/// Units that a condition may cost for one finding.
const FUEL: u64 = 1_000_000;

/// A condition in CEL over `finding`; an error in it means that it does not hold.
///
/// # Errors
/// What is wrong with the expression.
fn condition(source: &str) -> Result<Condition, String> {
    let mut compiler = Compiler::new();
    let slot = compiler.document("finding", 0);
    let program = compiler.expression(source, Want::Bool).map_err(|problems| told(&problems))?;
    let holds = move |finding: &Finding| {
        let Ok(store) = stored(finding) else { return false };
        let scratch = Bump::new();
        let mut frame = Frame::new(&scratch, program.slots(), &[], &[], FUEL);
        frame.set(slot, detek_cel::Value::Stored(store.doc(0)));
        program.holds(&mut frame).unwrap_or(false)
    };
    Ok(Arc::new(holds))
}

fn told(problems: &[Problem]) -> String {
    let Some(problem) = problems.iter().find(|problem| !problem.rule.is_warning()) else { return String::new() };
    let help = problem.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
    format!("{}{help}", problem.text)
}

/// A finding as a document. The names are those of `-o json`, and what is empty is left out as there.
fn stored(finding: &Finding) -> Result<Store, DecodeError> {
    let object = |object: &ObjectRef| {
        let parts = [
            ("group", &object.group),
            ("kind", &object.kind),
            ("namespace", &object.namespace),
            ("name", &object.name),
        ];
        let some = parts.into_iter().filter(|(_, part)| !part.is_empty());
        some.map(|(name, part)| (name.to_owned(), Value::from(part.as_str()))).collect::<Value>()
    };
    let objects =
        |objects: &[ObjectRef]| objects.iter().map(|object| Value::from(object.to_string())).collect::<Value>();
    let evidence: Value = finding.evidence.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let mut document = json!({
        "fingerprint": finding.fingerprint.to_string(), "detect": finding.detect, "level": finding.level.name(),
        "subject": object(&finding.subject), "count": finding.count, "message": finding.message,
    });
    for (name, value) in [
        ("path", finding.path.as_deref().map_or(Value::Null, Value::from)),
        ("samples", objects(&finding.samples)),
        ("related", objects(&finding.related)),
        ("evidence", evidence),
    ] {
        let empty =
            value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
        if !empty && !value.is_null() {
            document[name] = value;
        }
    }
    let mut projection = Projection::new("finding");
    projection.keep(&[], Keep::All).expect("a finding holds nothing that is redacted");
    let mut builder = StoreBuilder::new(&Caps::default());
    builder.push_json(&document, &projection)?;
    Ok(builder.finish())
}

/// The JSON Schema of a waiver.
pub fn schema() -> Value {
    let text = json!({"type": "string", "minLength": 1});
    let texts = json!({"type": "array", "items": text});
    let mut schema = object(&TOP, |field| match field {
        "apiVersion" => json!({"const": "detek/v1"}),
        "kind" => json!({"const": "Waiver"}),
        "metadata" => {
            json!({"type": "object", "required": ["name"], "additionalProperties": false, "properties": {"name": text}})
        }
        _ => object(&SPEC, |field| match field {
            "detectors" => json!({"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^[^*]+$"}}),
            "expires" => json!({"type": "string", "format": "date"}),
            "match" => object(&MATCH, |field| if field == "where" { text.clone() } else { texts.clone() }),
            _ => text.clone(),
        }),
    });
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "An accepted finding".into();
    schema
}

fn object(fields: &[Field], of: impl Fn(&str) -> Value) -> Value {
    let property = |(name, _, help): &Field| {
        let mut schema = of(name);
        schema["description"] = (*help).into();
        ((*name).to_owned(), schema)
    };
    let required: Vec<&str> = fields.iter().filter(|(_, required, _)| *required).map(|(name, ..)| *name).collect();
    let properties: serde_json::Map<String, Value> = fields.iter().map(property).collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

#[cfg(test)]
mod tests {
    use super::{read, schema};

    /// The example of `docs/waivers.md`.
    const EXAMPLE: &str = include_str!("../../../docs/waivers.md");

    #[test]
    fn the_example_of_the_guide_is_a_waiver() {
        let text = EXAMPLE.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let found = read("docs/waivers.md", text).expect("valid YAML");
        assert_eq!(found.mistakes, []);
        let waiver = &found.waivers[0];
        assert_eq!((waiver.name.as_str(), waiver.owner.as_str()), ("legacy_batch", "team-batch"));
        assert_eq!(
            (waiver.clusters.as_slice(), waiver.kinds.as_slice()),
            (&["prod-*".to_owned()][..], &["Deployment".to_owned()][..])
        );
        assert_eq!(waiver.expires.to_string(), "2027-06-30");
        assert!(waiver.condition.is_some() && waiver.ticket.is_some());
    }

    #[test]
    fn the_schema_names_what_is_required() {
        let spec = &schema()["properties"]["spec"];
        assert_eq!(spec["required"], serde_json::json!(["detectors", "expires", "owner", "reason"]));
        assert_eq!(spec["additionalProperties"], false);
    }
}
