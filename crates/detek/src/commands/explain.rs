//! `detek explain`: a page for each detector and for each error code.

use super::Answer;
use crate::{
    catalogue,
    cli::FormKind,
    codes::{PAGES, Page},
    failure::Failure,
    select::{names, unknown},
};
use detek_core::{Addon, AnyDetector, Needs, Role};
use detek_packs::problem;
use serde_json::json;
use std::{fmt::Write as _, path::PathBuf};

pub(super) fn explain(name: &str, packs: &[PathBuf], form: FormKind) -> Result<u8, Failure> {
    let code = name.to_ascii_uppercase();
    let all = catalogue::with(packs)?;
    let page = PAGES.iter().find(|page| page.code == code || page.code[4..] == code);
    let of_pack = problem::PAGES.iter().find(|page| page.code == code || page.code[4..] == code);
    if let Some(page) = of_pack {
        of_pack_code(page).print(form)?;
        return Ok(0);
    }
    let answer = match (page, all.iter().find(|detector| detector.id() == name || detector.meta().id == name)) {
        (Some(page), _) => of_code(page),
        (None, Some(detector)) => of_detector(detector.as_ref(), &instances(&all, name)),
        (None, None) => {
            let names = names(&all);
            let codes = PAGES.iter().map(|page| page.code).chain(problem::PAGES.iter().map(|page| page.code));
            let known: Vec<&str> = names.iter().map(String::as_str).chain(codes).collect();
            let list = if code.starts_with("DTK-") { "detek list errors" } else { "detek list detectors" };
            return Err(unknown("detector or code", name, &known, list));
        }
    };
    answer.print(form)?;
    Ok(0)
}

fn of_code(page: &Page) -> Answer {
    Answer {
        text: format!(
            "{}  {}  (exit {})\n\nWhat it means\n  {}\n\nWhat to do\n  {}\n",
            page.code, page.title, page.exit, page.meaning, page.fix
        ),
        json: json!({"code": page.code, "title": page.title, "exit": page.exit, "meaning": page.meaning, "fix": page.fix}),
        names: vec![page.code.to_owned()],
    }
}

/// A code of `detek pack check`.
fn of_pack_code(page: &problem::Page) -> Answer {
    let problem::Page { code, title, cause, fix, .. } = page;
    Answer {
        text: format!("{code}  {title}\n\nWhat it means\n  {cause}\n\nWhat to do\n  {fix}\n"),
        json: json!({"code": code, "title": title, "meaning": cause, "fix": fix}),
        names: vec![(*code).to_owned()],
    }
}

/// The ids of the reports of a family.
fn instances(all: &[std::sync::Arc<dyn AnyDetector>], family: &str) -> Vec<String> {
    all.iter().filter(|detector| detector.meta().id == family && detector.id() != family).map(|d| d.id()).collect()
}

fn of_detector(detector: &dyn AnyDetector, instances: &[String]) -> Answer {
    let meta = detector.meta();
    let id = if instances.is_empty() { detector.id() } else { meta.id.to_owned() };
    let mut needs = Needs::default();
    detector.declare(&mut needs);
    let reads: Vec<(String, Role)> = needs.roles().map(|(key, role)| (key.to_string(), role)).collect();
    let parameters = detector.parameters();
    let mut text = format!("{id}  ({}, {})\n{}\n", meta.level, meta.category.name(), meta.title);
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            write!(text, "\n{title}\n  {}\n", lines.join("\n  ")).expect("writing to a string cannot fail");
        }
    };
    section("Why it matters", vec![meta.explanation.to_owned()]);
    section("How to fix it", vec![meta.remediation.to_owned()]);
    section("Reports", instances.to_vec());
    section("What it reads", reads.iter().map(|(key, role)| format!("{key}  ({})", words(*role))).collect());
    let needs_addon = meta.addon.map(|addon| format!("--enable {}", addon.name()));
    section("Off until enabled", needs_addon.into_iter().collect());
    let set = |name: &str| format!("  --param {id}.{name}=VALUE");
    let described = parameters.iter().map(|p| format!("{} = {}  {}\n  {}", p.name, p.value, p.text, set(&p.name)));
    section("Parameters", described.collect());
    section("Known false positives", meta.false_positives.iter().map(ToString::to_string).collect());
    section("Example that it reports", meta.fires.trim().lines().map(str::to_owned).collect());
    section("Example that it does not report", meta.silent.trim().lines().map(str::to_owned).collect());
    section("More", meta.references.iter().map(|more| format!("{}: {}", more.title, more.url)).collect());
    let json = json!({
        "id": id, "level": meta.level.name(), "category": meta.category.name(), "title": meta.title,
        "explanation": meta.explanation, "remediation": meta.remediation, "reports": instances,
        "reads": reads.iter().map(|(key, role)| json!({"input": key, "role": role.name()})).collect::<Vec<_>>(),
        "addon": meta.addon.map(Addon::name), "default": meta.on && meta.addon.is_none(),
        "parameters": parameters.iter().map(|p| json!({"name": p.name, "value": p.value, "text": p.text})).collect::<Vec<_>>(),
        "false_positives": meta.false_positives, "fires": meta.fires.trim(), "silent": meta.silent.trim(),
        "references": meta.references.iter().map(|more| json!({"title": more.title, "url": more.url})).collect::<Vec<_>>(),
    });
    Answer { text, json, names: vec![id] }
}

fn words(role: Role) -> &'static str {
    match role {
        Role::Subject => "judged one by one: an incomplete list still gives findings",
        Role::Join => "looked up: if it is not complete, the report is Unknown",
        Role::Optional => "adds precision, never decides",
    }
}
