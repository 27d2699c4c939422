//! What is true or false. Conditions are most of what is evaluated, and give their truth without making a value of it.

use super::{Error, Frame, at, both, document, lists::contains, loops, missing, select, value};
use crate::{
    Value,
    compare::{equal_within, order},
    library::{Fault, tenth},
    program::{Comparison, Constant, Form, Node, Op},
};
use detek_doc::{Field, Kind};

/// Whether a condition holds.
pub(crate) fn truth<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    frame.spend(1, node)?;
    holds(node, frame)
}

/// Whether a condition that was paid for holds.
pub(super) fn holds<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    match &node.op {
        Op::Has(of, field) => has(of, field, node, frame),
        Op::Not(of) => truth(of, frame).map(|value| !value),
        Op::And(sides) => logic(sides, false, frame),
        Op::Or(sides) => logic(sides, true, frame),
        Op::Equal(sides, wanted) => equal(sides, node, frame).map(|equal| equal == *wanted),
        Op::Order(sides, comparison) => compare(sides, *comparison, node, frame),
        Op::In(sides) => {
            let (value, of) = both(sides, frame)?;
            contains(of, value, node, frame)
        }
        Op::HasKey(of, field) => has_key(of, field, node, frame),
        Op::InTexts(of, texts) => {
            let text = text(of, frame)?;
            Ok(text.is_some_and(|text| texts.iter().any(|known| **known == *text)))
        }
        Op::Matches(of, regex) => {
            let text = text(of, frame)?.ok_or(at(Fault::NoSuchOverload, node))?;
            frame.charge(tenth(text.len() + 1) * regex.as_str().len().div_ceil(4), node.at)?;
            Ok(regex.is_match(text))
        }
        Op::Loop(of) if of.form == Form::All => loops::decide(of, false, node, frame),
        Op::Loop(of) if of.form == Form::Exists => loops::decide(of, true, node, frame),
        _ => {
            let value = match document(node, frame)? {
                Some(doc) => doc.as_bool(),
                None => {
                    if let Value::Bool(value) = value(node, frame)? {
                        Some(value)
                    } else {
                        None
                    }
                }
            };
            value.ok_or(at(Fault::NoSuchOverload, node))
        }
    }
}

fn has<'a>(of: &'a Node, field: &Field, node: &Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    frame.spend(1, of)?;
    if let Some(doc) = document(of, frame)? {
        return match doc.field(field) {
            Some(_) => Ok(true),
            None if missing(doc, 0).fault == Fault::NoSuchKey => Ok(false),
            None => Err(missing(doc, node.at)),
        };
    }
    let of = value(of, frame)?;
    Ok(select(of, field).map_err(|fault| at(fault, node))?.is_some())
}

/// Whether a key is there, or an element of a list; the key costs what it would as an operation of its own.
fn has_key<'a>(of: &'a Node, field: &'a Field, node: &Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    frame.spend(2, of)?;
    let of = match document(of, frame)? {
        Some(doc) if matches!(doc.kind(), Kind::Object) => return Ok(doc.field(field).is_some()),
        Some(doc) => Value::stored(doc),
        None => value(of, frame)?,
    };
    contains(of, Value::Text(field.key()), node, frame)
}

fn equal<'a>(sides: &'a [Node; 2], node: &Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    let [a, b] = sides;
    if let Op::Constant(Constant::Text(known)) = &b.op {
        let text = text(a, frame)?;
        frame.charge(1 + text.map_or(0, |text| text.len().min(known.len()) / 10), node.at)?;
        return Ok(text == Some(known));
    }
    let (a, b) = both(sides, frame)?;
    equal_within(a, b, &mut frame.fuel).ok_or(at(Fault::CostLimit, node))
}

/// The text that a node gives, `None` if it gives something else.
fn text<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Result<Option<&'a str>, Error> {
    frame.spend(1, node)?;
    if let Some(doc) = document(node, frame)? {
        return Ok(doc.as_str());
    }
    Ok(if let Value::Text(text) = value(node, frame)? { Some(text) } else { None })
}

/// `&&` and `||`: `decides` is the value of one side that makes the other one and its errors irrelevant.
fn logic<'a>(sides: &'a [Node; 2], decides: bool, frame: &mut Frame<'a>) -> Result<bool, Error> {
    let [a, b] = sides;
    let first = match truth(a, frame) {
        Ok(value) if value == decides => return Ok(decides),
        Err(error) if error.fault == Fault::CostLimit => return Err(error),
        first => first,
    };
    match truth(b, frame) {
        Ok(value) if value == decides => Ok(decides),
        Err(error) if error.fault == Fault::CostLimit => Err(error),
        second => first.and(second),
    }
}

fn compare<'a>(
    sides: &'a [Node; 2],
    comparison: Comparison,
    node: &Node,
    frame: &mut Frame<'a>,
) -> Result<bool, Error> {
    let (a, b) = both(sides, frame)?;
    if let (Value::Text(a), Value::Text(b)) = (a, b) {
        frame.charge(tenth(a.len().min(b.len())), node.at)?;
    }
    let Some(order) = order(a, b) else {
        // NaN is not ordered, which is no error.
        let nan = |value| matches!(value, Value::Double(value) if value.is_nan());
        let number = |value| matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_));
        let is_nan = number(a) && number(b) && (nan(a) || nan(b));
        return if is_nan { Ok(false) } else { Err(at(Fault::NoSuchOverload, node)) };
    };
    Ok(match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}
