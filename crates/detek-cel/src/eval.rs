//! Evaluation: a walk over the operations, with values in slots.
//!
//! Every operation costs a unit, and what grows or works more charges for it first; with nothing left the evaluation ends
//! with [`Fault::CostLimit`], which nothing absorbs. A list of an input that was not read to its end behaves as if it had
//! one more element, any use of which is [`Fault::InputIncomplete`].

mod lists;
mod loops;
mod numbers;

use crate::{
    Value,
    compare::{equal_within, order},
    index::Index,
    library::{Call, Fault, tenth},
    program::{Comparison, Constant, Found, Lookup, Node, Op, Part, Program, Template},
};
use bumpalo::Bump;
use detek_doc::{Doc, Store};

/// Why an evaluation has no value, and where in the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Why.
    pub fault: Fault,
    /// Where, in code points.
    pub at: u32,
}

pub(crate) type Outcome<'a> = Result<Value<'a>, Error>;

/// An input as expressions see it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What was read.
    pub documents: &'a Store,
    /// Whether that is all there is.
    pub complete: bool,
    /// Its indexes, in the order in which the compiler knows them.
    pub indexes: &'a [Index],
}

/// What expressions about one object have at hand. Made anew for each object; [`Frame::next`] for each item of it.
pub struct Frame<'a> {
    scratch: &'a Bump,
    slots: &'a mut [Value<'a>],
    inputs: &'a [Input<'a>],
    computed: &'a [Program],
    memo: &'a mut [Option<Outcome<'a>>],
    fuel: i64,
}

impl<'a> Frame<'a> {
    /// Room for `slots` values; `computed` are the programs of the variables, `fuel` the units that may be spent.
    pub fn new(scratch: &'a Bump, slots: usize, inputs: &'a [Input<'a>], computed: &'a [Program], fuel: u64) -> Self {
        let slots = scratch.alloc_slice_fill_copy(slots, Value::Null);
        let memo = scratch.alloc_slice_fill_copy(computed.len(), None);
        Frame { scratch, slots, inputs, computed, memo, fuel: i64::try_from(fuel).unwrap_or(i64::MAX) }
    }

    /// Gives a slot its value.
    pub fn set(&mut self, slot: usize, value: Value<'a>) {
        self.slots[slot] = value;
    }

    /// Forgets what variables were, as the item or the object changed.
    pub fn next(&mut self) {
        self.memo.fill(None);
    }

    /// Units that are left; negative after [`Fault::CostLimit`].
    pub fn fuel(&self) -> i64 {
        self.fuel
    }

    /// The memory in which values of this frame live.
    pub fn scratch(&self) -> &'a Bump {
        self.scratch
    }

    fn charge(&mut self, units: usize, at: u32) -> Result<(), Error> {
        Call { scratch: self.scratch, fuel: &mut self.fuel }.charge(units).map_err(|fault| Error { fault, at })
    }
}

impl Program {
    /// The value of the expression.
    ///
    /// # Errors
    /// Why it has none.
    pub fn eval<'a>(&'a self, frame: &mut Frame<'a>) -> Result<Value<'a>, Error> {
        eval(&self.root, frame)
    }

    /// The value of a condition.
    ///
    /// # Errors
    /// As [`Program::eval`], or if it is no boolean.
    pub fn holds<'a>(&'a self, frame: &mut Frame<'a>) -> Result<bool, Error> {
        truth(&self.root, frame)
    }
}

impl Template {
    /// The text, with the error in the place of an expression that failed.
    pub fn render<'a>(&'a self, frame: &mut Frame<'a>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Program(program) => match program.eval(frame) {
                    Ok(value) => out.push_str(&display(value, frame)),
                    Err(error) => out.push_str(&failed(error.fault)),
                },
            }
        }
        out
    }
}

fn display<'a>(value: Value<'a>, frame: &mut Frame<'a>) -> String {
    let mut call = Call { scratch: frame.scratch, fuel: &mut frame.fuel };
    crate::library::display(&mut call, value).unwrap_or_else(failed)
}

/// What stands in a text in the place of a value.
fn failed(fault: Fault) -> String {
    format!("<error: {fault}>")
}

#[inline]
fn at(fault: Fault, node: &Node) -> Error {
    Error { fault, at: node.at }
}

#[inline]
pub(crate) fn truth<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    match eval(node, frame)? {
        Value::Bool(value) => Ok(value),
        _ => Err(at(Fault::NoSuchOverload, node)),
    }
}

pub(crate) fn eval<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    frame.fuel -= 1;
    if frame.fuel < 0 {
        return Err(at(Fault::CostLimit, node));
    }
    match &node.op {
        Op::Constant(constant) => Ok(value_of(constant)),
        Op::Slot(slot) => Ok(frame.slots[*slot]),
        Op::Computed(number) => computed(*number, frame),
        Op::Field(of, field) => {
            let of = eval(of, frame)?;
            let found = select(of, field).map_err(|fault| at(fault, node))?;
            // Behind an optional everything is one.
            if let Value::Optional(_) = of {
                Ok(optional(found, frame))
            } else {
                found.ok_or(at(Fault::NoSuchKey, node))
            }
        }
        Op::OptionalField(of, field) => optional_select(of, field, node, frame),
        Op::Has(of, field) => {
            let of = eval(of, frame)?;
            Ok(Value::Bool(select(of, field).map_err(|fault| at(fault, node))?.is_some()))
        }
        Op::Not(of) => Ok(Value::Bool(!truth(of, frame)?)),
        Op::And(sides) => logic(sides, false, frame),
        Op::Or(sides) => logic(sides, true, frame),
        Op::Choose(parts) => {
            let [condition, yes, no] = &**parts;
            if truth(condition, frame)? { eval(yes, frame) } else { eval(no, frame) }
        }
        Op::Equal(sides, wanted) => {
            let (a, b) = both(sides, frame)?;
            let equal = equal_within(a, b, &mut frame.fuel).ok_or(at(Fault::CostLimit, node))?;
            Ok(Value::Bool(equal == *wanted))
        }
        Op::Order(sides, comparison) => compare(sides, *comparison, node, frame),
        Op::InTexts(of, texts) => match eval(of, frame)? {
            Value::Text(text) => Ok(Value::Bool(texts.iter().any(|known| **known == *text))),
            _ => Ok(Value::Bool(false)),
        },
        Op::Matches(of, regex) => match eval(of, frame)? {
            Value::Text(text) => {
                frame.charge(tenth(text.len() + 1) * regex.as_str().len().div_ceil(4), node.at)?;
                Ok(Value::Bool(regex.is_match(text)))
            }
            _ => Err(at(Fault::NoSuchOverload, node)),
        },
        Op::Loop(of) => loops::run(of, node, frame),
        Op::Lookup(lookup) => look_up(lookup, node, frame),
        Op::Call(overloads, arguments) => call(overloads, arguments, node, frame),
        Op::Compute(sides, operation) => numbers::compute(sides, *operation, node, frame),
        Op::Negate(of) => numbers::negate(of, node, frame),
        Op::Fail(fault) => Err(at(*fault, node)),
        op => lists::run(op, node, frame),
    }
}

pub(crate) fn value_of(constant: &Constant) -> Value<'_> {
    match constant {
        Constant::Null => Value::Null,
        Constant::Bool(value) => Value::Bool(*value),
        Constant::Int(value) => Value::Int(*value),
        Constant::UInt(value) => Value::UInt(*value),
        Constant::Double(value) => Value::Double(*value),
        Constant::Text(value) => Value::Text(value),
        Constant::Bytes(value) => Value::Bytes(value),
        Constant::Type(name) => Value::Type(name),
        Constant::Stored(store, field) => store.doc(0).field(field).map_or(Value::Null, Value::stored),
    }
}

fn computed<'a>(number: usize, frame: &mut Frame<'a>) -> Outcome<'a> {
    if let Some(known) = frame.memo[number] {
        return known;
    }
    let computed: &'a [Program] = frame.computed;
    let outcome = computed[number].eval(frame);
    frame.memo[number] = Some(outcome);
    outcome
}

/// The value of a field, `None` if there is none.
#[inline]
fn select<'a>(of: Value<'a>, field: &detek_doc::Field) -> Result<Option<Value<'a>>, Fault> {
    match of {
        Value::Stored(doc) if !doc.is_list() => Ok(doc.field(field).map(Value::stored)),
        Value::Map(_) => Ok(of.at_key(Value::Text(field.key()))),
        // Behind an optional every selection is one of the value inside.
        Value::Optional(inner) => Ok(match inner {
            Some(inner) => select(*inner, field)?,
            None => None,
        }),
        _ => Err(Fault::NoSuchOverload),
    }
}

fn optional_select<'a>(of: &'a Node, field: &detek_doc::Field, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let of = eval(of, frame)?;
    let found = select(of, field).map_err(|fault| at(fault, node))?;
    Ok(optional(found, frame))
}

fn optional<'a>(value: Option<Value<'a>>, frame: &Frame<'a>) -> Value<'a> {
    Value::Optional(value.map(|value| &*frame.scratch.alloc(value)))
}

fn both<'a>(sides: &'a [Node; 2], frame: &mut Frame<'a>) -> Result<(Value<'a>, Value<'a>), Error> {
    let [a, b] = sides;
    Ok((eval(a, frame)?, eval(b, frame)?))
}

/// `&&` and `||`: `decides` is the value of one side that makes the other one and its errors irrelevant.
fn logic<'a>(sides: &'a [Node; 2], decides: bool, frame: &mut Frame<'a>) -> Outcome<'a> {
    let [a, b] = sides;
    let first = match truth(a, frame) {
        Ok(value) if value == decides => return Ok(Value::Bool(decides)),
        Err(error) if error.fault == Fault::CostLimit => return Err(error),
        first => first,
    };
    match truth(b, frame) {
        Ok(value) if value == decides => Ok(Value::Bool(decides)),
        Err(error) if error.fault == Fault::CostLimit => Err(error),
        second => first.and(second).map(Value::Bool),
    }
}

fn compare<'a>(sides: &'a [Node; 2], comparison: Comparison, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let (a, b) = both(sides, frame)?;
    if let (Value::Text(a), Value::Text(b)) = (a, b) {
        frame.charge(tenth(a.len().min(b.len())), node.at)?;
    }
    let Some(order) = order(a, b) else {
        // NaN is not ordered, which is no error.
        let nan = |value| matches!(value, Value::Double(value) if value.is_nan());
        let number = |value| matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_));
        let is_nan = number(a) && number(b) && (nan(a) || nan(b));
        return if is_nan { Ok(Value::Bool(false)) } else { Err(at(Fault::NoSuchOverload, node)) };
    };
    Ok(Value::Bool(match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }))
}

fn look_up<'a>(lookup: &'a Lookup, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let (documents, complete) = found(lookup, node, frame)?;
    if !lookup.unique {
        return match lookup.gives {
            _ if !complete && (lookup.gives != Found::Presence || documents.is_empty()) => {
                Err(at(Fault::InputIncomplete, node))
            }
            Found::Presence => Ok(Value::Bool(!documents.is_empty())),
            Found::Value => Ok(Value::List(documents)),
            Found::Optional if documents.is_empty() => Ok(Value::Optional(None)),
            Found::Optional => Ok(optional(Some(Value::List(documents)), frame)),
        };
    }
    let document = match documents {
        [] if !complete => return Err(at(Fault::InputIncomplete, node)),
        [] => None,
        [document] => Some(*document),
        _ => return Err(at(Fault::DuplicateKey, node)),
    };
    match (lookup.gives, document) {
        (Found::Presence, document) => Ok(Value::Bool(document.is_some())),
        (Found::Optional, document) => Ok(optional(document, frame)),
        (Found::Value, document) => document.ok_or(at(Fault::NoSuchKey, node)),
    }
}

/// The documents of a key, and whether these are all.
fn found<'a>(lookup: &'a Lookup, node: &Node, frame: &mut Frame<'a>) -> Result<(&'a [Value<'a>], bool), Error> {
    let Value::Text(key) = eval(&lookup.key, frame)? else { return Err(at(Fault::NoSuchOverload, node)) };
    frame.charge(tenth(key.len()), node.at)?;
    let inputs: &'a [Input<'a>] = frame.inputs;
    let input = &inputs[lookup.input];
    let index = &input.indexes[lookup.index];
    let numbers = index.find(key);
    frame.charge(numbers.len(), node.at)?;
    let documents = frame.scratch.alloc_slice_fill_iter(numbers.map(|number| document(input.documents.doc(number))));
    Ok((documents, input.complete && index.is_complete()))
}

fn document(doc: Doc<'_>) -> Value<'_> {
    Value::Stored(doc)
}

fn call<'a>(
    overloads: &'a [&'static crate::Overload],
    arguments: &'a [Node],
    node: &Node,
    frame: &mut Frame<'a>,
) -> Outcome<'a> {
    const MOST: usize = 8;
    let mut values = [Value::Null; MOST];
    let count = arguments.len().min(MOST);
    for (value, argument) in values.iter_mut().zip(arguments) {
        *value = eval(argument, frame)?;
    }
    let values = &values[..count];
    let fits = |overload: &&&crate::Overload| {
        overload.takes.len() == count
            && overload.takes.iter().zip(values).all(|(takes, value)| takes.takes(value.kind()))
    };
    let overload = overloads.iter().find(fits).ok_or(at(Fault::NoSuchOverload, node))?;
    let mut call = Call { scratch: frame.scratch, fuel: &mut frame.fuel };
    (overload.call)(&mut call, values).map_err(|fault| at(fault, node))
}
