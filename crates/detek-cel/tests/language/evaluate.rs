//! Our evaluator, as the tests here use it.

use crate::datum::Datum;
use bumpalo::Bump;
use detek_cel::{Compiler, Error, Fault, Frame, Limits, Problem, Program, Value, Want};
use detek_doc::Doc;
use jiff::Timestamp;

/// Units that are enough for everything that means no harm.
const PLENTY: u64 = 100_000_000;

/// Compiles as for a detector over documents that are called `object`.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn check(source: &str) -> Result<Program, Vec<Problem>> {
    detector(Compiler::new()).expression(source, Want::Any)
}

/// The same without checks: what is wrong fails when it is evaluated.
///
/// # Errors
/// If it is no expression or too large.
pub(crate) fn compile(source: &str) -> Result<Program, Vec<Problem>> {
    detector(Compiler::new().unchecked(Limits::default())).expression(source, Want::Any)
}

fn detector(mut compiler: Compiler) -> Compiler {
    compiler.document("object", 0);
    compiler
}

/// What comes of a program over a document.
pub(crate) fn over(program: &Program, object: Doc<'_>) -> Result<Datum, Fault> {
    over_with(program, object, PLENTY).0
}

/// The same with so many units, and how many of them were spent.
pub(crate) fn over_with(program: &Program, object: Doc<'_>, fuel: u64) -> (Result<Datum, Fault>, u64) {
    let scratch = Bump::new();
    let mut frame = Frame::new(&scratch, program.slots(), &[], &[], fuel);
    frame.set(0, Value::Stored(object));
    let outcome = program.eval(&mut frame).map(Datum::from).map_err(|error| error.fault);
    (outcome, spent(fuel, &frame))
}

fn spent(fuel: u64, frame: &Frame<'_>) -> u64 {
    fuel - u64::try_from(frame.fuel()).unwrap_or(0)
}

/// What an evaluation took.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) fault: Option<Fault>,
    /// Scratch memory.
    pub(crate) bytes: usize,
}

/// Evaluates without checks and variables, and does not look at the value.
///
/// # Panics
/// If it is no expression.
pub(crate) fn run(source: &str, fuel: u64) -> Run {
    let program = Compiler::new().unchecked(Limits::default()).expression(source, Want::Any);
    let program = program.unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    let scratch = Bump::new();
    let mut frame = Frame::new(&scratch, program.slots(), &[], &[], fuel);
    let fault = program.eval(&mut frame).err().map(|error| error.fault);
    Run { fault, bytes: scratch.allocated_bytes() }
}

/// Evaluates without checks and nearly without limits, with these variables.
///
/// # Errors
/// Why it cannot be compiled, or why it has no value.
pub(crate) fn evaluate(source: &str, variables: &[(String, Datum)]) -> Result<Datum, String> {
    let limits = Limits { bytes: 1 << 20, tokens: 1 << 16, depth: 250, nodes: 1 << 16 };
    let mut compiler = Compiler::new().unchecked(limits);
    let slots: Vec<usize> = variables.iter().map(|(name, _)| compiler.slot(name)).collect();
    let program = compiler.expression(source, Want::Any).map_err(|problems| format!("{problems:?}"))?;
    let scratch = Bump::new();
    let mut frame = Frame::new(&scratch, program.slots(), &[], &[], PLENTY);
    for (slot, (_, datum)) in slots.into_iter().zip(variables) {
        frame.set(slot, value(datum, &scratch));
    }
    program.eval(&mut frame).map(Datum::from).map_err(|Error { fault, at }| format!("{fault} at {at}"))
}

/// A value of the evaluator, for a variable.
fn value<'a>(datum: &Datum, scratch: &'a Bump) -> Value<'a> {
    match datum {
        Datum::Null => Value::Null,
        Datum::Bool(value) => Value::Bool(*value),
        Datum::Int(value) => Value::Int(*value),
        Datum::UInt(value) => Value::UInt(*value),
        Datum::Double(value) => Value::Double(*value),
        Datum::Text(value) => Value::Text(scratch.alloc_str(value)),
        Datum::Bytes(value) => Value::Bytes(scratch.alloc_slice_copy(value)),
        Datum::List(items) => Value::List(scratch.alloc_slice_fill_iter(items.iter().map(|item| value(item, scratch)))),
        Datum::Map(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(key, item)| (value(key, scratch), value(item, scratch))).collect();
            // All keys in the cases are text, and so sorted as maps are.
            entries.sort_by(|(a, _), (b, _)| format!("{a:?}").cmp(&format!("{b:?}")));
            Value::Map(scratch.alloc_slice_copy(&entries))
        }
        Datum::Timestamp(nanoseconds) => {
            Value::Timestamp(Timestamp::from_nanosecond(*nanoseconds).expect("a point in time"))
        }
        Datum::Duration(nanoseconds) => Value::Duration(i64::try_from(*nanoseconds).expect("a length of time")),
        other => panic!("no variable is bound to {other:?}"),
    }
}
