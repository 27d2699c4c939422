//! The simple tests of google/cel-spec: every case that needs no protocol buffer message passes, but for those that
//! `known.txt` lists.

mod apart;
mod cases;
mod textproto;

use crate::evaluate::evaluate;
use crate::ratchet::Known;
use cases::{Case, Want};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/language/spec/cel-spec");

#[test]
fn the_simple_tests_pass() {
    let mut failed = BTreeMap::new();
    let (mut passed, mut messages, mut types) = (0, 0, 0);
    let folder = env::var_os("DETEK_CEL_SPEC").map_or_else(|| SPEC.into(), PathBuf::from);
    for case in all(&folder) {
        if apart::needs_messages(&case) {
            messages += 1;
        } else if case.want == Want::Type {
            types += 1;
        } else if let Err(how) = check(&case) {
            failed.insert(case.id, how);
        } else {
            passed += 1;
        }
    }
    let known = failed.len();
    // Past the test harness, which swallows what a passing test prints.
    let _ = writeln!(
        std::io::stderr(),
        "cel-spec: {passed} passed, {known} did not, {messages} need messages, {types} ask for types only"
    );
    Known::read(include_str!("known.txt")).compare(&failed);
    assert!(passed * 100 >= (passed + known) * 95, "fewer than 95 of 100 cases pass");
}

fn all(folder: &Path) -> Vec<Case> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("no cases in {}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "textproto"));
    files.sort();
    let read = |file: &PathBuf| {
        let source = fs::read_to_string(file).unwrap();
        cases::read(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files.iter().flat_map(read).collect()
}

/// What is wrong with the outcome of a case, if anything is.
fn check(case: &Case) -> Result<(), String> {
    let outcome = evaluate(&case.expr, &case.bindings);
    match (&case.want, &outcome) {
        (Want::Value(want), Ok(value)) if want == value => Ok(()),
        (Want::Error, Err(_)) => Ok(()),
        (want, outcome) => Err(format!("{}: {want:?} expected, {outcome:?} came", case.expr)),
    }
}
