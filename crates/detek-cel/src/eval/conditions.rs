//! What is true or false. Conditions are most of what is evaluated, and give their truth without making a value of it.

use super::{Error, Frame, at, both, eval, follow, lists::contains, loops, missing, select, value};
use crate::{
    Value,
    compare::{equal_within, order},
    library::{Fault, tenth},
    program::{Comparison, Form, Node, Op},
};
use detek_doc::{Doc, Field};

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
        Op::Equal(sides, wanted) => {
            let (a, b) = both(sides, frame)?;
            let equal = equal_within(a, b, &mut frame.fuel).ok_or(at(Fault::CostLimit, node))?;
            Ok(equal == *wanted)
        }
        Op::Order(sides, comparison) => compare(sides, *comparison, node, frame),
        Op::In(sides) => {
            let (value, of) = both(sides, frame)?;
            contains(of, value, node, frame)
        }
        Op::InTexts(of, texts) => match eval(of, frame)? {
            Value::Text(text) => Ok(texts.iter().any(|known| **known == *text)),
            _ => Ok(false),
        },
        Op::Matches(of, regex) => match eval(of, frame)? {
            Value::Text(text) => {
                frame.charge(tenth(text.len() + 1) * regex.as_str().len().div_ceil(4), node.at)?;
                Ok(regex.is_match(text))
            }
            _ => Err(at(Fault::NoSuchOverload, node)),
        },
        Op::Loop(of) if of.form == Form::All => loops::decide(of, false, node, frame),
        Op::Loop(of) if of.form == Form::Exists => loops::decide(of, true, node, frame),
        _ => match value(node, frame)? {
            Value::Bool(value) => Ok(value),
            _ => Err(at(Fault::NoSuchOverload, node)),
        },
    }
}

fn has<'a>(of: &'a Node, field: &Field, node: &Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    if let Some(doc) = document(of, frame)? {
        return match doc.field(field) {
            Some(_) => Ok(true),
            None if missing(doc, 0).fault == Fault::NoSuchKey => Ok(false),
            None => Err(missing(doc, node.at)),
        };
    }
    let of = eval(of, frame)?;
    Ok(select(of, field).map_err(|fault| at(fault, node))?.is_some())
}

/// The document of a variable or below it. `None` if it lies elsewhere; nothing was paid for then.
#[inline]
fn document<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Result<Option<Doc<'a>>, Error> {
    let (slot, steps) = match &node.op {
        Op::Slot(slot) => (*slot, &[][..]),
        Op::Fields(slot, steps) => (*slot, &**steps),
        _ => return Ok(None),
    };
    let Value::Stored(doc) = frame.slots[slot] else { return Ok(None) };
    frame.spend(1, node)?;
    follow(doc, steps, node, frame).map(Some)
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
