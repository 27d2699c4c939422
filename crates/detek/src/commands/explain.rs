//! `detek explain`.

use crate::{
    failure::Failure,
    output::{Destination, write},
    select::{names, unknown},
};
use detek_core::{Needs, Role};
use std::fmt::Write as _;

pub(super) fn explain(id: &str) -> Result<u8, Failure> {
    let all = detek_detectors::all();
    let Some(detector) = all.iter().find(|detector| detector.id() == id || detector.meta().id == id) else {
        let known = names(&all);
        return Err(unknown("detector", id, &known.iter().map(String::as_str).collect::<Vec<_>>()));
    };
    let meta = detector.meta();
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("writing to a string cannot fail");
    line(format!("{id}  ({}, {})\n{}", meta.level, meta.category.name(), meta.title));
    line(format!("\nWhy it matters\n  {}", meta.explanation));
    line(format!("\nHow to mend it\n  {}", meta.remediation));
    let mut needs = Needs::default();
    detector.declare(&mut needs);
    line("\nWhat it reads".into());
    for (key, role) in needs.roles() {
        let role = match role {
            Role::Subject => "judged one by one: an incomplete list still gives findings",
            Role::Join => "looked up: if it is not complete, the report is Unknown",
            Role::Optional => "adds precision, never decides",
        };
        line(format!("  {key}  ({role})"));
    }
    let parameters = detector.parameters();
    if !parameters.is_empty() {
        line("\nParameters (--param ID.NAME=VALUE)".into());
        for parameter in parameters {
            line(format!("  {} = {}  {}", parameter.name, parameter.value, parameter.text));
        }
    }
    if !meta.false_positives.is_empty() {
        line("\nKnown false positives".into());
        meta.false_positives.iter().for_each(|known| line(format!("  {known}")));
    }
    line("\nExample that it reports".into());
    meta.fires.trim().lines().for_each(|yaml| line(format!("  {yaml}")));
    line("\nMore".into());
    meta.references.iter().for_each(|reference| line(format!("  {}: {}", reference.title, reference.url)));
    write(&Destination::Stdout, text.as_bytes())?;
    Ok(0)
}
