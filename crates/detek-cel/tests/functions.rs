//! Runs the table of functions, `functions.txt`.
#![expect(clippy::unwrap_used, reason = "a test ends there")]

use bumpalo::Bump;
use detek_cel::{Compiler, FUNCTIONS, Frame, Limits, Value, Want};

const TABLE: &str = include_str!("functions.txt");

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|row| row.split_once(" => ").unwrap())
}

/// Hands over the value of an expression, or the name of the fault.
fn with_value(source: &str, then: &mut dyn FnMut(Result<Value<'_>, String>)) {
    let compiler = Compiler::new().unchecked(Limits::default());
    let program = compiler.expression(source, Want::Any).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    let scratch = Bump::new();
    let mut frame = Frame::new(&scratch, program.slots(), &[], &[], 1_000_000);
    let name = |fault| format!("{fault:?}").split('(').next().unwrap_or_default().to_owned();
    then(program.eval(&mut frame).map_err(|error| name(error.fault)));
}

#[test]
fn functions_give_what_they_give_in_kubernetes() {
    let mut differences = Vec::new();
    for (source, expected) in rows() {
        with_value(source, &mut |value| {
            if let Some(fault) = expected.strip_prefix("error ") {
                if value.as_ref().err().is_none_or(|found| found != fault) {
                    differences.push(format!("{source} => {value:?}, not {expected}"));
                }
                return;
            }
            with_value(expected, &mut |wanted| {
                let (Ok(value), Ok(wanted)) = (&value, &wanted) else {
                    return differences.push(format!("{source} => {value:?}, not {wanted:?}"));
                };
                if value != wanted || value.kind() != wanted.kind() {
                    differences.push(format!("{source} => {value:?}, not {wanted:?}"));
                }
            });
        });
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_function_is_in_the_table() {
    for function in FUNCTIONS.iter().copied().flatten() {
        let call = format!("{}{}(", if function.receiver { "." } else { "" }, function.name);
        assert!(rows().any(|(source, _)| source.contains(&call)), "there is no row for {}", function.name);
    }
}
