//! Evaluation: a walk over the operations, with values in slots.
//!
//! Every operation costs a unit, and what grows or works more charges for it first; with nothing left the evaluation ends
//! with [`Fault::CostLimit`], which nothing absorbs. A list of an input that was not read to its end behaves as if it had
//! one more element, any use of which is [`Fault::InputIncomplete`].

mod conditions;
mod lists;
mod loops;
mod numbers;

use crate::{
    Value,
    index::Index,
    library::{Call, Fault, tenth},
    program::{Constant, Found, Lookup, Node, Op, Part, Program, Step, Template},
};
use bumpalo::Bump;
use conditions::truth;
use detek_doc::{Doc, Field, Store};
use std::sync::Arc;

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
    pub indexes: &'a [Arc<Index>],
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

    /// Pays for what is sure to be little.
    #[inline]
    fn spend(&mut self, units: usize, node: &Node) -> Result<(), Error> {
        self.fuel -= units as i64;
        if self.fuel < 0 { Err(at(Fault::CostLimit, node)) } else { Ok(()) }
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

pub(crate) fn eval<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    frame.spend(1, node)?;
    value(node, frame)
}

/// The value of an operation that was paid for.
fn value<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    match &node.op {
        Op::Constant(constant) => Ok(value_of(constant)),
        Op::Slot(slot) => Ok(frame.slots[*slot]),
        Op::Computed(number) => computed(*number, frame),
        Op::Available(input) => Ok(Value::Bool(frame.inputs[*input].complete)),
        Op::Fields(slot, steps) => match frame.slots[*slot] {
            Value::Stored(doc) => follow(doc, steps, node, frame).map(Value::stored),
            other => steps.iter().try_fold(other, |of, step| {
                frame.spend(1, node)?;
                field(of, &step.field, step.at, frame)
            }),
        },
        Op::Field(of, name) => {
            let of = eval(of, frame)?;
            field(of, name, node.at, frame)
        }
        Op::OptionalField(of, field) => optional_select(of, field, node, frame),
        Op::Choose(parts) => {
            let [condition, yes, no] = &**parts;
            if truth(condition, frame)? { eval(yes, frame) } else { eval(no, frame) }
        }
        Op::Has(..)
        | Op::Not(_)
        | Op::And(_)
        | Op::Or(_)
        | Op::Equal(..)
        | Op::Order(..)
        | Op::In(_)
        | Op::HasKey(..)
        | Op::InTexts(..)
        | Op::Matches(..) => conditions::holds(node, frame).map(Value::Bool),
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

/// The document below one that is reached through these fields.
#[inline]
fn follow<'a>(mut doc: Doc<'a>, steps: &[Step], node: &Node, frame: &mut Frame<'a>) -> Result<Doc<'a>, Error> {
    frame.spend(steps.len(), node)?;
    for Step { field, at } in steps {
        doc = doc.field(field).ok_or_else(|| missing(doc, *at))?;
    }
    Ok(doc)
}

/// The document of a variable or below it, of a node that was paid for. `None` if it lies elsewhere.
#[inline]
fn document<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Result<Option<Doc<'a>>, Error> {
    let (slot, steps) = match &node.op {
        Op::Slot(slot) => (*slot, &[][..]),
        Op::Fields(slot, steps) => (*slot, &**steps),
        _ => return Ok(None),
    };
    match frame.slots[slot] {
        Value::Stored(doc) => follow(doc, steps, node, frame).map(Some),
        _ => Ok(None),
    }
}

/// Why there is no field of a document.
#[cold]
fn missing(of: Doc<'_>, at: u32) -> Error {
    let is_object = matches!(of.kind(), detek_doc::Kind::Object);
    Error { fault: if is_object { Fault::NoSuchKey } else { Fault::NoSuchOverload }, at }
}

fn field<'a>(of: Value<'a>, field: &Field, at: u32, frame: &Frame<'a>) -> Outcome<'a> {
    let found = select(of, field).map_err(|fault| Error { fault, at })?;
    // Behind an optional everything is one.
    if let Value::Optional(_) = of {
        Ok(optional(found, frame))
    } else {
        found.ok_or(Error { fault: Fault::NoSuchKey, at })
    }
}

/// The value of a field, `None` if there is none.
#[inline]
fn select<'a>(of: Value<'a>, field: &Field) -> Result<Option<Value<'a>>, Fault> {
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

fn optional_select<'a>(of: &'a Node, field: &Field, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let of = eval(of, frame)?;
    let found = select(of, field).map_err(|fault| at(fault, node))?;
    Ok(optional(found, frame))
}

fn optional<'a>(value: Option<Value<'a>>, frame: &Frame<'a>) -> Value<'a> {
    Value::Optional(value.map(|value| &*frame.scratch.alloc(value)))
}

#[inline]
fn both<'a>(sides: &'a [Node; 2], frame: &mut Frame<'a>) -> Result<(Value<'a>, Value<'a>), Error> {
    let [a, b] = sides;
    Ok((eval(a, frame)?, eval(b, frame)?))
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
    let documents =
        frame.scratch.alloc_slice_fill_iter(numbers.map(|number| Value::Stored(input.documents.doc(number))));
    Ok((documents, input.complete && index.is_complete()))
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
