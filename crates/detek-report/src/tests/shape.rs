//! The shape of an output: what a program that reads it sees, whatever the text in it.

use super::dom::Dom;
use quick_xml::{Reader, events::Event};
use serde_json::Value;
use std::collections::BTreeSet;

/// The shape of a format's output. Two outputs of one shape differ in text only.
pub(super) fn shape(format: &str, output: &str) -> String {
    match format {
        "csv" => csv(output),
        "json" | "json-v0" | "json-v1" | "sarif" => json(&serde_json::from_str(output).expect("valid JSON")),
        "jsonl" => {
            let lines = output.lines().map(|line| json(&serde_json::from_str(line).expect("valid JSON")) + "\n");
            lines.collect()
        }
        "junit" => xml(output),
        "prometheus" => prometheus(output),
        "markdown" => markdown(output),
        "name" => output.chars().filter(|c| "\t\n".contains(*c)).collect(),
        "waivers" => waivers(output),
        "table" | "wide" => format!("{} lines", output.lines().count()),
        "html" => html(output),
        other => panic!("`{other}` is a format without a shape: say what a program sees of it"),
    }
}

/// What its documents look like; how many there are depends on which names are the same.
fn waivers(output: &str) -> String {
    let documents: Vec<Value> = serde_saphyr::from_multiple(output).expect("valid YAML");
    let fields = |document: &Value| {
        let list =
            |field: &str| document["spec"]["match"][field].as_array().expect("a list").iter().all(Value::is_string);
        assert!(["clusters", "namespaces", "kinds", "names"].iter().all(|field| list(field)), "{document}");
        let names = |value: &Value| value.as_object().expect("a map").keys().cloned().collect::<Vec<_>>().join(" ");
        format!("{} {}\n", names(document), names(&document["spec"]))
    };
    documents.iter().map(fields).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Lines, their code spans and, in a table, their cells.
fn markdown(output: &str) -> String {
    let kept = |line: &str, c| c == '`' || (c == '|' && line.starts_with('|'));
    output.lines().map(|line| line.chars().filter(|c| kept(line, *c)).chain(['\n']).collect::<String>()).collect()
}

fn html(output: &str) -> String {
    let dom = Dom::parse(output);
    assert_eq!((dom.errors.as_slice(), dom.comments), (&[][..], 0), "the page is not well-formed");
    dom.shape().join("\n")
}

fn csv(output: &str) -> String {
    let mut reader = csv::Reader::from_reader(output.as_bytes());
    reader.records().map(|row| row.expect("rows of one length").len().to_string() + "\n").collect()
}

/// Types and lengths. Names of fields are left out: those of evidence are text.
fn json(value: &Value) -> String {
    match value {
        Value::Object(fields) => format!("{{{}}}", fields.values().map(json).collect::<Vec<_>>().join(",")),
        Value::Array(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::String(_) => "s".to_owned(),
        Value::Null => "n".to_owned(),
        other => other.to_string(),
    }
}

/// Elements with the names of their attributes.
pub(super) fn xml(output: &str) -> String {
    let mut reader = Reader::from_str(output);
    let mut shape = String::new();
    loop {
        let event = reader.read_event().expect("well-formed XML");
        let (mark, element) = match &event {
            Event::Start(element) => ("+", element),
            Event::Empty(element) => ("=", element),
            Event::End(_) => {
                shape.push_str("-\n");
                continue;
            }
            Event::Eof => return shape,
            Event::Text(_) | Event::GeneralRef(_) | Event::Decl(_) => continue,
            other => panic!("{other:?} is not written"),
        };
        let names = element.attributes().map(|attribute| attribute.expect("an attribute").key.0);
        shape.extend([mark, element.name().0, " ", &names.collect::<Vec<_>>().join(" "), "\n"]);
    }
}

/// Each line with its labels, by the rules of the text exposition format.
pub(super) fn prometheus(output: &str) -> String {
    assert!(output.is_empty() || output.ends_with('\n'), "the last line has no end");
    output.lines().map(|line| if line.starts_with('#') { format!("{line}\n") } else { sample(line) }).collect()
}

fn sample(line: &str) -> String {
    let (name, mut rest) = line.split_once('{').expect("labels");
    assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
    let mut labels = Vec::new();
    loop {
        let (label, value) = rest.split_once("=\"").expect("a label");
        assert!(label.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
        labels.push(label);
        let mut escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !escaped;
            assert!(!escaped || "\\\"n".contains(c), "a wrong escape in {line}");
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = &value[end.expect("the value ends") + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    let number = rest.strip_prefix("} ").expect("a value");
    assert!(number.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
    format!("{name} {}\n", labels.join(" "))
}
