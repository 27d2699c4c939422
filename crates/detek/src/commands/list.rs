//! `detek list`.

use super::Answer;
use crate::{
    catalogue,
    cli::{FormKind, ListKind},
    codes::PAGES,
    connect,
    failure::Failure,
    hints::Hints,
    schemas::SCHEMAS,
    select::SETS,
};
use detek_core::{Addon, Waiver, WaiverAudit};
use detek_packs::problem;
use detek_report::FORMATS;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) fn list(
    kind: ListKind,
    form: FormKind,
    (kubeconfig, packs): (Option<&Path>, &[PathBuf]),
    program: &'static str,
) -> Result<u8, Failure> {
    let rows: Vec<Row> = match kind {
        ListKind::Detectors => detectors(packs)?,
        ListKind::Functions => functions(),
        ListKind::Collectors => collectors(),
        ListKind::Sets => SETS.iter().map(|set| Row::new(set.name, set.help)).collect(),
        ListKind::Contexts => {
            let contexts = detek_kube::contexts(kubeconfig)
                .map_err(|why| connect::failure(&why, &Hints::new(program, kubeconfig)))?;
            contexts.iter().map(|context| Row::new(&detek_core::clip(context, 200), "")).collect()
        }
        ListKind::Formats => FORMATS.iter().map(|format| Row::new(format.name, format.help)).collect(),
        ListKind::Waivers => return waivers(&[], packs, form),
        ListKind::Schemas => SCHEMAS.iter().map(|schema| Row::new(schema.name, schema.help)).collect(),
        ListKind::Errors => {
            let of_packs = problem::PAGES.iter().map(|page| Row::new(page.code, page.title));
            PAGES.iter().map(|page| Row::new(page.code, page.title).with("exit", page.exit)).chain(of_packs).collect()
        }
    };
    answer(&rows).print(form)?;
    Ok(0)
}

/// The waivers of some files, as far as they are known without a run.
pub(super) fn waivers(files: &[PathBuf], packs: &[PathBuf], form: FormKind) -> Result<u8, Failure> {
    let waivers = crate::waivers::load(files, &catalogue::with(packs)?)?;
    let audits = waivers.look(crate::scan::local_time());
    let known = waivers.all.iter().map(Some).chain(std::iter::repeat(None));
    let rows: Vec<Row> = audits.iter().zip(known).map(|(audit, known)| waiver(audit, known.map(Arc::as_ref))).collect();
    answer(&rows).print(form)?;
    Ok(0)
}

fn waiver(audit: &WaiverAudit, waiver: Option<&Waiver>) -> Row {
    let terms = waiver.map(|waiver| format!("until {} by {}: {}", waiver.expires, waiver.owner, waiver.reason));
    let said = match audit.text.as_str() {
        "" => terms.unwrap_or_default(),
        text => format!("{text} ({})", audit.place),
    };
    let help = format!("{:<16}  {}", audit.state.name(), detek_core::clip(&said, 200));
    let row = Row { help, ..Row::new(&detek_core::clip(&audit.name, 100), "") };
    let row = row.with("state", audit.state.name()).with("place", audit.place.as_str());
    let row = if audit.text.is_empty() { row } else { row.with("text", audit.text.as_str()) };
    match waiver {
        None => row,
        Some(waiver) => row
            .with("detectors", waiver.detectors.as_slice())
            .with("owner", waiver.owner.as_str())
            .with("reason", waiver.reason.as_str())
            .with("expires", waiver.expires.to_string())
            .with("ticket", waiver.ticket.as_deref()),
    }
}

/// One thing of a list.
struct Row {
    sign: Option<char>,
    name: String,
    help: String,
    fields: Value,
}

impl Row {
    fn new(name: &str, help: &str) -> Self {
        let mut fields = json!({"name": name});
        if !help.is_empty() {
            fields["help"] = help.into();
        }
        Row { sign: None, name: name.to_owned(), help: help.to_owned(), fields }
    }

    fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields[field] = value.into();
        self
    }
}

fn detectors(packs: &[PathBuf]) -> Result<Vec<Row>, Failure> {
    let mut detectors = catalogue::with(packs)?;
    // A family is one line.
    detectors.dedup_by_key(|detector| detector.meta().id);
    let rows = detectors
        .iter()
        .map(|detector| detector.meta())
        .map(|meta| {
            let row = Row::new(meta.id, meta.title)
                .with("level", meta.level.name())
                .with("category", meta.category.name())
                .with("set", meta.category.set())
                .with("default", meta.on && meta.addon.is_none())
                .with("addon", meta.addon.map(Addon::name));
            let help = match (meta.on, meta.addon) {
                (_, Some(addon)) => format!("{} (off until --enable {})", meta.title, addon.name()),
                (false, None) => format!("{} (off by default)", meta.title),
                (true, None) => meta.title.to_owned(),
            };
            Row { sign: Some(meta.level.sign()), help, ..row }
        })
        .collect();
    Ok(rows)
}

/// Functions of expressions, one line for each way to call them.
fn functions() -> Vec<Row> {
    let mut rows: Vec<Row> = detek_packs::FUNCTIONS
        .iter()
        .copied()
        .flatten()
        .map(|function| {
            let help = format!("{}  (since {})", function.signature(), function.since);
            Row::new(function.name, &help).with("method", function.receiver).with("since", function.since)
        })
        .collect();
    rows.sort_by(|a, b| (&a.name, &a.help).cmp(&(&b.name, &b.help)));
    rows
}

/// What inputs of packs may be, besides the resources of Kubernetes.
fn collectors() -> Vec<Row> {
    let resources =
        Row::new("kubernetes/GROUP/VERSION/PLURAL", "objects of any resource; `core` for the group of pods");
    let others = detek_packs::COLLECTORS.iter().map(|collector| {
        let help = if collector.served {
            collector.element.to_owned()
        } else {
            format!("{} (not yet read)", collector.element)
        };
        Row::new(collector.key, &help).with("served", collector.served)
    });
    std::iter::once(resources).chain(others).collect()
}

fn answer(rows: &[Row]) -> Answer {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let line = |row: &Row| {
        let sign = row.sign.map_or_else(String::new, |sign| format!("{sign}  "));
        format!("{sign}{:<width$}  {}", row.name, row.help).trim_end().to_owned() + "\n"
    };
    Answer {
        text: rows.iter().map(line).collect(),
        json: rows.iter().map(|row| row.fields.clone()).collect(),
        names: rows.iter().map(|row| row.name.clone()).collect(),
    }
}
