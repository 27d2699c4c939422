//! Lists, maps, optionals and bindings.

use super::{Error, Frame, Outcome, at, both, eval, optional};
use crate::{
    Kind, Value,
    compare::{equal, order_keys},
    eval::Input,
    library::{Call, Fault, sorted_by_key, tenth, weight},
    program::{Element, Entry, Node, Op},
};
use bumpalo::collections::Vec as List;

pub(super) fn run<'a>(op: &'a Op, node: &'a Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    match op {
        Op::Documents(input) => documents(*input, node, frame),
        Op::Index(sides) => {
            let (of, key) = both(sides, frame)?;
            match (of, index(of, key)) {
                (Value::Optional(_), Ok(value)) => Ok(optional(Some(value), frame)),
                (Value::Optional(_), Err(Fault::NoSuchKey | Fault::IndexOutOfRange)) => Ok(Value::Optional(None)),
                (_, outcome) => outcome.map_err(|fault| at(fault, node)),
            }
        }
        Op::OptionalIndex(sides) => {
            let (of, key) = both(sides, frame)?;
            match index(of, key) {
                Ok(value) => Ok(optional(Some(value), frame)),
                Err(Fault::NoSuchKey | Fault::IndexOutOfRange) => Ok(Value::Optional(None)),
                Err(fault) => Err(at(fault, node)),
            }
        }
        Op::List(elements) => list(elements, node, frame),
        Op::Map(entries) => map(entries, node, frame),
        Op::Bind(slot, parts) => {
            let [value, body] = &**parts;
            frame.slots[*slot] = eval(value, frame)?;
            eval(body, frame)
        }
        Op::OptionalMap(slot, parts, flat) => optional_map(*slot, parts, *flat, frame),
        Op::OrOptional(sides) => match unwrap(&sides[0], frame)? {
            Some(value) => Ok(Value::Optional(Some(value))),
            None => unwrap(&sides[1], frame).map(Value::Optional),
        },
        Op::OrValue(sides) => match unwrap(&sides[0], frame)? {
            Some(value) => Ok(*value),
            None => eval(&sides[1], frame),
        },
        Op::SortBy(slot, parts) => sort_by(*slot, parts, node, frame),
        Op::Size(of) => size(of, node, frame),
        _ => unreachable!("all other operations are evaluated where this is called"),
    }
}

fn documents<'a>(input: usize, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let inputs: &'a [Input<'a>] = frame.inputs;
    let Input { documents, complete, .. } = inputs[input];
    if !complete {
        return Err(at(Fault::InputIncomplete, node));
    }
    frame.charge(documents.len(), node.at)?;
    Ok(Value::List(frame.scratch.alloc_slice_fill_iter(documents.docs().map(Value::Stored))))
}

/// What is inside of an optional.
fn unwrap<'a>(of: &'a Node, frame: &mut Frame<'a>) -> Result<Option<&'a Value<'a>>, Error> {
    match eval(of, frame)? {
        Value::Optional(inner) => Ok(inner),
        _ => Err(at(Fault::NoSuchOverload, of)),
    }
}

fn optional_map<'a>(slot: usize, parts: &'a [Node; 2], flat: bool, frame: &mut Frame<'a>) -> Outcome<'a> {
    let [of, body] = parts;
    let Some(inner) = unwrap(of, frame)? else { return Ok(Value::Optional(None)) };
    frame.slots[slot] = *inner;
    if flat {
        return unwrap(body, frame).map(Value::Optional);
    }
    let value = eval(body, frame)?;
    Ok(optional(Some(value), frame))
}

/// Whether a number is a whole one, as places in lists are; 1.0 and 1u stand for 1.
fn whole(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(value) => Some(value),
        Value::UInt(value) => i64::try_from(value).ok(),
        Value::Double(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Some(value as i64),
        _ => None,
    }
}

fn is_number(value: Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_))
}

fn index<'a>(of: Value<'a>, key: Value<'a>) -> Result<Value<'a>, Fault> {
    if let Value::Optional(inner) = of {
        return index(*inner.ok_or(Fault::NoSuchKey)?, key);
    }
    if let Some(mut elements) = of.elements() {
        if !is_number(key) {
            return Err(Fault::NoSuchOverload);
        }
        let place = whole(key).ok_or(Fault::Invalid("a place in a list is a whole number"))?;
        return usize::try_from(place).ok().and_then(|n| elements.nth(n)).ok_or(Fault::IndexOutOfRange);
    }
    match of {
        Value::Stored(_) | Value::Map(_) if is_number(key) || matches!(key, Value::Bool(_) | Value::Text(_)) => {
            of.at_key(key).ok_or(Fault::NoSuchKey)
        }
        _ => Err(Fault::NoSuchOverload),
    }
}

pub(super) fn contains<'a>(of: Value<'a>, value: Value<'a>, node: &Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    if let Some(mut elements) = of.elements() {
        let units = match value {
            Value::Text(text) => elements.len() * tenth(text.len()).max(1),
            // What is composed is compared part by part.
            _ if value.elements().is_some() || value.entries().is_some() || value.kind() == Kind::Optional => {
                weight(of, usize::try_from(frame.fuel).unwrap_or(0))
            }
            _ => elements.len(),
        };
        frame.charge(units, node.at)?;
        return Ok(elements.any(|element| equal(element, value)));
    }
    match of {
        Value::Stored(_) | Value::Map(_) => Ok(of.at_key(value).is_some()),
        _ => Err(at(Fault::NoSuchOverload, node)),
    }
}

/// What a list or map literal costs besides its parts.
const LIST: usize = 10;
const MAP: usize = 30;

fn list<'a>(elements: &'a [Element], node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    frame.charge(LIST, node.at)?;
    let mut list = List::with_capacity_in(elements.len(), frame.scratch);
    for Element { value, optional } in elements {
        if *optional {
            list.extend(unwrap(value, frame)?.copied());
        } else {
            list.push(eval(value, frame)?);
        }
    }
    Ok(Value::List(list.into_bump_slice()))
}

fn map<'a>(entries: &'a [Entry], node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    frame.charge(MAP, node.at)?;
    let mut map = List::with_capacity_in(entries.len(), frame.scratch);
    for Entry { key, value, optional } in entries {
        let name = eval(key, frame)?;
        if *optional {
            map.extend(unwrap(value, frame)?.map(|inner| (name, *inner)));
        } else {
            map.push((name, eval(value, frame)?));
        }
    }
    sorted(map).map_err(|fault| at(fault, node))
}

/// A map of these entries.
pub(super) fn sorted<'a>(mut entries: List<'a, (Value<'a>, Value<'a>)>) -> Result<Value<'a>, Fault> {
    let is_key = |value| matches!(value, Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Text(_));
    if !entries.iter().all(|(name, _)| is_key(*name)) {
        return Err(Fault::Invalid("a key of a map is a boolean, an integer or text"));
    }
    entries.sort_by(|(a, _), (b, _)| order_keys(*a, *b));
    if entries.windows(2).any(|pair| equal(pair[0].0, pair[1].0)) {
        return Err(Fault::DuplicateKey);
    }
    Ok(Value::Map(entries.into_bump_slice()))
}

fn sort_by<'a>(slot: usize, parts: &'a [Node; 2], node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let [of, key] = parts;
    let elements = eval(of, frame)?.elements().ok_or(at(Fault::NoSuchOverload, node))?;
    let mut keyed = Vec::with_capacity(elements.len());
    for element in elements {
        frame.slots[slot] = element;
        keyed.push((eval(key, frame)?, element));
    }
    let mut call = Call { scratch: frame.scratch, fuel: &mut frame.fuel };
    sorted_by_key(&mut call, keyed).map_err(|fault| at(fault, node))
}

fn size<'a>(of: &'a Node, node: &Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    if let Op::Documents(input) = &of.op {
        let input = frame.inputs[*input];
        if !input.complete {
            return Err(at(Fault::InputIncomplete, of));
        }
        return Ok(Value::Int(input.documents.len() as i64));
    }
    let value = eval(of, frame)?;
    let size = match value {
        Value::Text(text) => {
            frame.charge(tenth(text.len()), node.at)?;
            text.chars().count()
        }
        Value::Bytes(bytes) => bytes.len(),
        _ => match (value.elements(), value.entries()) {
            (Some(elements), _) => elements.len(),
            (_, Some(entries)) => entries.len(),
            _ => return Err(at(Fault::NoSuchOverload, node)),
        },
    };
    Ok(Value::Int(size as i64))
}
