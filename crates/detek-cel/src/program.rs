//! Compiled expressions: a tree of operations with everything resolved that can be known before a value is.

use crate::{
    Kind, Overload, Problem,
    flow::{Flow, Read},
    library::Fault,
};
use detek_doc::{Field, Store};
use regex::Regex;
use std::sync::Arc;

/// An operation, and where its sign or name stands in the expression, in code points.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) at: u32,
}

#[derive(Debug)]
pub(crate) enum Op {
    Constant(Constant),
    Slot(usize),
    /// A variable of the detector, evaluated at its first use.
    Computed(usize),
    /// All documents of an input.
    Documents(usize),
    /// Whether an input was read to its end.
    Available(usize),
    /// A field below a variable, and the fields on the way to it.
    Fields(usize, Box<[Step]>),
    Field(Box<Node>, Field),
    OptionalField(Box<Node>, Field),
    Has(Box<Node>, Field),
    Index(Box<[Node; 2]>),
    OptionalIndex(Box<[Node; 2]>),
    Lookup(Box<Lookup>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Choose(Box<[Node; 3]>),
    /// Equal if `true`, else not equal.
    Equal(Box<[Node; 2]>, bool),
    Order(Box<[Node; 2]>, Comparison),
    In(Box<[Node; 2]>),
    /// `in` with a literal key.
    HasKey(Box<Node>, Field),
    /// One of these texts.
    InTexts(Box<Node>, Box<[Box<str>]>),
    Compute(Box<[Node; 2]>, Arithmetic),
    List(Box<[Element]>),
    Map(Box<[Entry]>),
    Loop(Box<Loop>),
    /// `cel.bind`: the slot, its value, and what uses it.
    Bind(usize, Box<[Node; 2]>),
    /// `optMap`, or `optFlatMap` if `true`: the slot, the optional, and what uses its value.
    OptionalMap(usize, Box<[Node; 2]>, bool),
    /// `or` of two optionals.
    OrOptional(Box<[Node; 2]>),
    OrValue(Box<[Node; 2]>),
    /// `sortBy`: the slot, the list, and the key of an element.
    SortBy(usize, Box<[Node; 2]>),
    Size(Box<Node>),
    Matches(Box<Node>, Regex),
    Call(Box<[&'static Overload]>, Box<[Node]>),
    /// What cannot be evaluated, found while compiling without checks.
    Fail(Fault),
}

impl Op {
    /// The value of a field. Fields below a variable are one operation, as most are.
    pub(crate) fn field(of: Node, key: &str, at: u32) -> Op {
        let step = Step { field: Field::new(key), at };
        match of.op {
            Op::Slot(slot) => Op::Fields(slot, Box::new([step])),
            Op::Fields(slot, steps) => Op::Fields(slot, steps.into_iter().chain([step]).collect()),
            _ => Op::Field(Box::new(of), step.field),
        }
    }
}

/// A field, and where its name stands.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) field: Field,
    pub(crate) at: u32,
}

#[derive(Debug)]
pub(crate) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
    Type(&'static str),
    /// The value of this key in the first document of a store.
    Stored(Arc<Store>, Field),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// An element of a list literal; an optional one (`?x`) is left out if it is none.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) value: Node,
    pub(crate) optional: bool,
}

/// An entry of a map literal; an optional one (`?k: v`) is left out if its value is none.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Node,
    pub(crate) value: Node,
    pub(crate) optional: bool,
}

/// `input.index[key]` and its relatives.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) input: usize,
    pub(crate) index: usize,
    pub(crate) unique: bool,
    pub(crate) key: Node,
    pub(crate) gives: Found,
}

/// What a lookup gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The document; a miss is an error.
    Value,
    /// An optional.
    Optional,
    /// Whether there is one.
    Presence,
}

/// A comprehension.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) form: Form,
    pub(crate) range: Node,
    /// The slot of the element; with two variables, that of the place or key and that of the value.
    pub(crate) slots: (usize, Option<usize>),
    pub(crate) filter: Option<Node>,
    pub(crate) body: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    All,
    Exists,
    ExistsOne,
    /// Also `transformList`.
    Map,
    Filter,
    TransformMap,
    TransformMapEntry,
}

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    pub(crate) root: Node,
    /// Slots that a frame must have.
    pub(crate) slots: usize,
    pub(crate) reads: Vec<Read>,
    pub(crate) result: Flow,
    pub(crate) cost: u64,
    pub(crate) warnings: Vec<Problem>,
}

impl Program {
    /// Slots that a frame must have for it.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// What it reads of which inputs. What it only passes on is read by those who use it.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// What is known of its result.
    pub fn kind(&self) -> Kind {
        self.result.of.kind
    }

    /// An estimate of the units of one evaluation, with ten elements in each list.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// What is worth a thought, although it works.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

/// Text with expressions in it: `container {{ item.name }}`.
#[derive(Debug)]
pub struct Template {
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug)]
pub(crate) enum Part {
    Text(Box<str>),
    Program(Program),
}

impl Template {
    /// The expressions in it.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        self.parts.iter().filter_map(|part| if let Part::Program(program) = part { Some(program) } else { None })
    }
}
