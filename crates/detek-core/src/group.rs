//! Detectors that judge rows of one type: a document is read once for all of them.

use crate::{Fault, Findings, RowOf, Subject};
use detek_doc::{Doc, RowError};
use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap},
};

/// A detector with its facts in hand, which judges rows of `S`.
pub trait Judge<S: Subject>: Send + Sync + 'static {
    /// Judges one row; it was read of the `input`-th input of the detector.
    fn check(&self, input: usize, row: &RowOf<'_, S>, found: &mut Findings<'_>);
    /// A document of a fact that could not be read while judging.
    fn fault(&self) -> Option<Fault> {
        None
    }
}

/// A [`Judge`] without its types, as [`crate::AnyDetector::arm`] gives it.
pub struct Armed(Box<dyn Join>);

impl Armed {
    /// Of a judge of rows of `S`.
    pub fn new<S: Subject>(judge: impl Judge<S>) -> Self {
        let judge: Box<dyn Judge<S>> = Box::new(judge);
        Armed(Box::new(judge))
    }

    /// Joins the group of its type under a number; says which.
    pub(crate) fn join(self, number: usize, groups: &mut Groups) -> TypeId {
        self.0.join(number, groups)
    }
}

trait Join {
    fn join(self: Box<Self>, number: usize, groups: &mut Groups) -> TypeId;
}

impl<S: Subject> Join for Box<dyn Judge<S>> {
    fn join(self: Box<Self>, number: usize, groups: &mut Groups) -> TypeId {
        let id = TypeId::of::<S>();
        let group = groups.0.entry(id).or_insert_with(|| Box::new(Members::<S>(BTreeMap::new())));
        let members = group.as_any().downcast_mut::<Members<S>>();
        members.expect("groups are stored under the type of their rows").0.insert(number, *self);
        id
    }
}

/// All groups, by the type of their subject.
#[derive(Default)]
pub(crate) struct Groups(HashMap<TypeId, Box<dyn Group>>);

impl Groups {
    /// The group of a type that somebody joined.
    pub(crate) fn get(&self, id: TypeId) -> Option<&dyn Group> {
        self.0.get(&id).map(|group| &**group)
    }
}

/// A judge of a group, for one of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Under which number it joined.
    pub(crate) number: usize,
    /// The number of the input in its own order.
    pub(crate) input: usize,
}

/// What one member says about a row that was read for all.
pub(crate) type Check<'c> = &'c dyn Fn(&mut Findings<'_>);

/// Judges of one type of row.
pub(crate) trait Group: Send + Sync {
    /// Reads a document as a row once, and calls `each` with the number and the check of each of `members`.
    ///
    /// # Errors
    /// If the document cannot be read; then nobody was asked.
    fn judge(&self, members: &[Member], doc: Doc<'_>, each: &mut dyn FnMut(usize, Check<'_>)) -> Result<(), RowError>;
    /// See [`Judge::fault`].
    fn fault(&self, member: usize) -> Option<Fault>;
    fn as_any(&mut self) -> &mut dyn Any;
}

struct Members<S: Subject>(BTreeMap<usize, Box<dyn Judge<S>>>);

impl<S: Subject> Group for Members<S> {
    fn judge(&self, members: &[Member], doc: Doc<'_>, each: &mut dyn FnMut(usize, Check<'_>)) -> Result<(), RowError> {
        let Some(first) = members.first() else { return Ok(()) };
        let row = S::read(first.input, doc)?;
        for Member { number, input } in members {
            if let Some(judge) = self.0.get(number) {
                each(*number, &|found| judge.check(*input, &row, found));
            }
        }
        Ok(())
    }

    fn fault(&self, member: usize) -> Option<Fault> {
        self.0.get(&member)?.fault()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
