//! `detek doctor --config`: every value of the configuration and who set it. Contacts nobody.

use super::{Answer, Session};
use crate::{
    catalogue,
    cli::DoctorArguments,
    config::{Effective, Origin},
    failure::Failure,
    select::select,
};
use serde_json::{Value, json};
use std::fmt::Write as _;

pub(super) fn values(arguments: &DoctorArguments, session: &Session) -> Result<u8, Failure> {
    let configuration = &session.configuration;
    // Names of detectors and inputs are checked as a run would.
    let selection = &arguments.look.selection;
    select(&catalogue::with(&selection.pack)?, selection, &configuration.detectors, None)?;
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "{}", line.trim_end()).expect("writing to a string cannot fail");
    for (source, found) in &configuration.looked {
        let state = if *found { "" } else { ": not found" };
        line(&format!("{:<13} {}{state}", source.owner.name(), source.path.display()));
    }
    line("");
    let keys = configuration.effective.iter().map(|effective| effective.key.len()).max().unwrap_or(0);
    let values = configuration.effective.iter().map(|effective| value(effective).len()).max().unwrap_or(0).min(40);
    for effective in &configuration.effective {
        let value = detek_core::clip(&value(effective), 200);
        line(&format!("{:<keys$}  {value:<values$}  {}", effective.key, effective.origin));
    }
    let answer = Answer {
        text,
        json: json!({
            "files": configuration.looked.iter().map(|(source, found)| json!({
                "path": source.path.display().to_string(), "kind": source.owner.name(), "found": found,
            })).collect::<Vec<_>>(),
            "values": configuration.effective.iter().map(part).collect::<Vec<_>>(),
        }),
        names: configuration.effective.iter().map(|effective| effective.key.clone()).collect(),
    };
    answer.print(arguments.look.form.output)?;
    Ok(0)
}

fn value(effective: &Effective) -> String {
    if effective.words.is_empty() { "-".to_owned() } else { effective.words.join(",") }
}

fn part(effective: &Effective) -> Value {
    let kind = match effective.origin {
        Origin::Flag(_) => "flag",
        Origin::Variable(_) => "variable",
        Origin::File(_) => "file",
        Origin::Default => "default",
    };
    json!({
        "key": effective.key, "value": effective.words,
        "origin": kind, "place": effective.origin.to_string(),
    })
}
