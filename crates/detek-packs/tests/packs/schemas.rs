//! The JSON Schemas that editors use say the same as our checks.

use crate::{drafts, files::tree};
use detek_packs::{
    problem::Code,
    schema::{DETECTOR, PACK},
};
use serde_json::Value;
use std::path::Path;

fn validator(schema: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("it is a JSON Schema");
    jsonschema::validator_for(&schema).expect("it can be used")
}

fn json(text: &str) -> Option<Value> {
    serde_saphyr::from_str(text).ok()
}

#[test]
fn the_examples_validate() {
    let detector = validator(DETECTOR);
    for (path, text) in tree(Path::new("tests/examples")) {
        let value = json(&text).expect("YAML");
        assert!(
            detector.is_valid(&value),
            "{path}: {:?}",
            detector.iter_errors(&value).next().map(|error| error.to_string())
        );
    }
    for (path, text) in tree(Path::new("../../packs")).into_iter().filter(|(path, _)| path.ends_with("/pack.yaml")) {
        assert!(validator(PACK).is_valid(&json(&text).expect("YAML")), "{path}");
    }
}

#[test]
fn what_the_schema_refuses_is_a_problem_and_unknown_or_missing_fields_are_refused_by_both() {
    let detector = validator(DETECTOR);
    for (path, text) in tree(Path::new("tests/problems")).into_iter().filter(|(path, _)| !path.contains('/')) {
        let Some(value) = path.strip_suffix(".yaml").and_then(|_| json(&text)) else { continue };
        let valid = detector.is_valid(&value);
        let problems: Vec<Code> =
            drafts([(path.clone(), text)])[0].problems.iter().map(|problem| problem.code).collect();
        assert!(valid || !problems.is_empty(), "{path}");
        // Arguments of collectors and parts of `match` are known to the checks only.
        let structural = problems.contains(&Code::UnknownField) || problems.contains(&Code::MissingField);
        let checks_only = ["argument_", "match_", "once_", "index_", "param_without_type"];
        if structural && !checks_only.iter().any(|name| path.starts_with(name)) {
            assert!(!valid, "{path}: only the checks refuse it");
        }
    }
}
