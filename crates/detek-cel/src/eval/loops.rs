//! Comprehensions. `all` and `exists` end at the element that decides and forget the errors of those before it; the others
//! end at the first error.

use super::{Error, Frame, Outcome, at, conditions::truth, document, eval, found, lists::sorted, value};
use crate::{
    Value,
    eval::Input,
    library::Fault,
    program::{Form, Found, Loop, Node, Op},
};
use bumpalo::collections::Vec as List;
use detek_doc::Doc;

pub(super) fn run<'a>(of: &'a Loop, node: &'a Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    match of.form {
        Form::All => decide(of, false, node, frame).map(Value::Bool),
        Form::Exists => decide(of, true, node, frame).map(Value::Bool),
        Form::ExistsOne => {
            let mut count = 0_usize;
            each(of, node, frame, |frame| {
                count += usize::from(truth(&of.body, frame)?);
                Ok(true)
            })?;
            Ok(Value::Bool(count == 1))
        }
        Form::Map | Form::Filter => collect(of, node, frame),
        Form::TransformMap | Form::TransformMapEntry => transform(of, node, frame),
    }
}

pub(super) fn decide<'a>(of: &'a Loop, decides: bool, node: &'a Node, frame: &mut Frame<'a>) -> Result<bool, Error> {
    let (mut decided, mut first) = (false, None);
    let end = each(of, node, frame, |frame| {
        match truth(&of.body, frame) {
            Ok(value) if value == decides => decided = true,
            Ok(_) => {}
            Err(error) if error.fault == Fault::CostLimit => return Err(error),
            Err(error) => first = first.or(Some(error)),
        }
        Ok(!decided)
    });
    match (end, first) {
        (Err(error), _) if error.fault == Fault::CostLimit => Err(error),
        _ if decided => Ok(decides),
        (_, Some(error)) | (Err(error), None) => Err(error),
        (Ok(()), None) => Ok(!decides),
    }
}

fn collect<'a>(of: &'a Loop, node: &'a Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let mut list = List::new_in(frame.scratch);
    let element = of.slots.0;
    each(of, node, frame, |frame| {
        if of.form == Form::Map {
            list.push(eval(&of.body, frame)?);
        } else if truth(&of.body, frame)? {
            list.push(frame.slots[element]);
        }
        Ok(true)
    })?;
    Ok(Value::List(list.into_bump_slice()))
}

fn transform<'a>(of: &'a Loop, node: &'a Node, frame: &mut Frame<'a>) -> Outcome<'a> {
    let mut map = List::new_in(frame.scratch);
    let key = of.slots.0;
    each(of, node, frame, |frame| {
        let name = frame.slots[key];
        let value = eval(&of.body, frame)?;
        if of.form == Form::TransformMap {
            map.push((name, value));
            return Ok(true);
        }
        let entries = value.entries().ok_or(at(Fault::NoSuchOverload, &of.body))?;
        frame.charge(entries.len(), node.at)?;
        map.extend(entries);
        Ok(true)
    })?;
    sorted(map).map_err(|fault| at(fault, node))
}

/// Calls `body` for each element that the filter lets through, until it says `false`.
fn each<'a>(
    of: &'a Loop,
    node: &'a Node,
    frame: &mut Frame<'a>,
    mut body: impl FnMut(&mut Frame<'a>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let mut step = |frame: &mut Frame<'a>, first: Value<'a>, second: Value<'a>| {
        frame.spend(1, node)?;
        frame.slots[of.slots.0] = if of.slots.1.is_some() { first } else { second };
        if let Some(slot) = of.slots.1 {
            frame.slots[slot] = second;
        }
        match &of.filter {
            Some(filter) if !truth(filter, frame)? => Ok(true),
            _ => body(frame),
        }
    };
    let range = range(of, frame)?;
    let complete = match range {
        Range::Documents(Input { documents, complete, .. }) => {
            for (place, doc) in documents.docs().enumerate() {
                if !step(frame, Value::Int(place as i64), Value::Stored(doc))? {
                    return Ok(());
                }
            }
            complete
        }
        Range::List(doc) => {
            for (place, element) in doc.items().enumerate() {
                if !step(frame, Value::Int(place as i64), Value::stored(element))? {
                    return Ok(());
                }
            }
            true
        }
        Range::Value(value, complete) => {
            if let Some(elements) = value.elements() {
                for (place, element) in elements.enumerate() {
                    if !step(frame, Value::Int(place as i64), element)? {
                        return Ok(());
                    }
                }
            } else {
                // One variable over a map is its key.
                let two = of.slots.1.is_some();
                for (key, value) in value.entries().ok_or(at(Fault::NoSuchOverload, &of.range))? {
                    if !step(frame, key, if two { value } else { key })? {
                        return Ok(());
                    }
                }
            }
            complete
        }
    };
    if complete { Ok(()) } else { Err(at(Fault::InputIncomplete, &of.range)) }
}

/// What a loop goes over, and whether that is all there is.
enum Range<'a> {
    Documents(Input<'a>),
    /// A list of a document, as most are.
    List(Doc<'a>),
    Value(Value<'a>, bool),
}

fn range<'a>(of: &'a Loop, frame: &mut Frame<'a>) -> Result<Range<'a>, Error> {
    Ok(match &of.range.op {
        Op::Documents(input) => Range::Documents(frame.inputs[*input]),
        Op::Lookup(lookup) if !lookup.unique && lookup.gives == Found::Value => {
            let (documents, complete) = found(lookup, &of.range, frame)?;
            Range::Value(Value::List(documents), complete)
        }
        _ => {
            frame.spend(1, &of.range)?;
            match document(&of.range, frame)? {
                Some(doc) if doc.is_list() => Range::List(doc),
                Some(doc) => Range::Value(Value::stored(doc), true),
                None => Range::Value(value(&of.range, frame)?, true),
            }
        }
    })
}
