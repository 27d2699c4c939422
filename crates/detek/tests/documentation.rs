//! The generated pages in `docs/`: made of what `detek explain` and `detek list` say, and kept current by this test.
//! `UPDATE_EXPECT=1 cargo test -p detek --test documentation` writes them anew.

use expect_test::expect_file;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

fn json(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_detek")).args(arguments).args(["-o", "json"]).output();
    let output = output.expect("detek starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("valid JSON")
}

fn list(kind: &str) -> Vec<Value> {
    json(&["list", kind]).as_array().expect("a list").clone()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn items<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value[field].as_array().into_iter().flatten()
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// When a detector runs.
fn state(detector: &Value) -> String {
    match (detector["default"] == true, text(detector, "addon")) {
        (true, _) => "on by default".to_owned(),
        (false, "") => "off by default".to_owned(),
        (false, addon) => format!("off until `--enable {addon}`"),
    }
}

fn page(detector: &Value) -> String {
    let mut page = format!(
        "# {}\n\n{}. **{}**, {}, {}.\n\n## Why it matters\n\n{}\n\n## How to fix\n\n{}\n",
        text(detector, "id"),
        text(detector, "title"),
        text(detector, "level"),
        text(detector, "category"),
        state(detector),
        text(detector, "explanation"),
        text(detector, "remediation")
    );
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            write!(page, "\n## {title}\n\n{}\n", lines.join("\n")).expect("writing to a string cannot fail");
        }
    };
    let plain = |field: &str| items(detector, field).map(|v| format!("- {}", v.as_str().unwrap_or_default())).collect();
    section("Reports", plain("reports"));
    let reads = items(detector, "reads").map(|read| format!("- `{}` ({})", text(read, "input"), text(read, "role")));
    section("What it reads", reads.collect());
    let parameter = |p: &Value| format!("- `{}`, default `{}`: {}", text(p, "name"), p["value"], text(p, "text"));
    section("Parameters", items(detector, "parameters").map(parameter).collect());
    section("Known false positives", plain("false_positives"));
    let example = |field: &str| vec!["```yaml".to_owned(), text(detector, field).to_owned(), "```".to_owned()];
    section("Reported", example("fires"));
    section("Not reported", example("silent"));
    let more = items(detector, "references").map(|more| format!("- [{}]({})", text(more, "title"), text(more, "url")));
    section("More", more.collect());
    page
}

#[test]
fn every_detector_has_its_current_page_and_no_page_is_left_over() {
    let folder = docs().join("detectors");
    let mut index = "# Detectors\n\nGenerated from the detectors themselves; `detek explain ID` says the same.\n\n\
        | id | level | category | runs | reports |\n|---|---|---|---|---|\n"
        .to_owned();
    let mut pages = BTreeSet::from(["README.md".to_owned()]);
    for listed in list("detectors") {
        let id = text(&listed, "name");
        let detector = json(&["explain", id]);
        expect_file![folder.join(format!("{id}.md"))].assert_eq(&page(&detector));
        let (level, category, title) =
            (text(&detector, "level"), text(&detector, "category"), text(&detector, "title"));
        writeln!(index, "| [{id}]({id}.md) | {level} | {category} | {} | {title} |", state(&detector))
            .expect("writing to a string cannot fail");
        pages.insert(format!("{id}.md"));
    }
    expect_file![folder.join("README.md")].assert_eq(&index);
    let found: BTreeSet<String> = std::fs::read_dir(&folder)
        .expect("docs/detectors exists")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, pages);
}

#[test]
fn every_error_code_is_on_the_current_page_of_errors() {
    let mut page = "# Error codes\n\nGenerated; `detek explain CODE` says the same. Codes are permanent.\n".to_owned();
    for listed in list("errors") {
        let error = json(&["explain", text(&listed, "name")]);
        let (code, title) = (text(&error, "code"), text(&error, "title"));
        let (meaning, fix) = (text(&error, "meaning"), text(&error, "fix"));
        write!(page, "\n## {code}: {title}\n\nExit code {}. {meaning}\n\n{fix}\n", error["exit"])
            .expect("writing to a string cannot fail");
    }
    expect_file![docs().join("errors.md")].assert_eq(&page);
}
