//! The compiler: resolves names, checks types as far as they are known, and derives what is read of documents.
//!
//! All problems of an expression are found, not only the first: what is wrong compiles to an operation that fails, and the
//! compiler goes on.

mod calls;
mod functions;
mod input;
mod macros;
mod scope;
mod template;

use crate::{
    Kind, Problem,
    flow::{Flow, Type},
    parse::{Limits, parse},
    problem::Rule,
    program::Program,
};
use detek_doc::{Caps, Keep, Projection, Store, StoreBuilder};
use scope::Scope;
use std::{collections::BTreeMap, sync::Arc};

/// What an expression is for, and so what its result must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// A condition.
    Bool,
    /// Text.
    Text,
    /// A list whose elements are read by other expressions.
    List,
    /// Anything; it is shown or stored.
    Any,
    /// Anything; other expressions read it.
    Passed,
}

/// Units above which an estimate is refused: what one object may cost.
const COSTLY: u64 = 1_000_000;

/// The names that expressions may use, and what they stand for.
#[derive(Clone, Debug)]
pub struct Compiler {
    pub(crate) names: BTreeMap<String, Binding>,
    /// `variables.NAME`, in the order of their definitions: what they are, and their slots.
    pub(crate) computed: Vec<(String, Flow)>,
    /// Variables that come later.
    pub(crate) later: Vec<String>,
    /// Slots that the environment needs, those of variables included.
    slots: usize,
    pub(crate) checked: bool,
    limits: Limits,
    /// The input whose documents are judged one by one.
    pub(crate) subject: Option<usize>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    Slot(usize, Flow),
    /// Known when compiling; an object below the key of its name.
    Constant(serde_json::Value),
    /// An input with the names of its indexes, and whether their keys are unique.
    Input(usize, Vec<(String, bool)>),
}

impl Default for Compiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Compiler {
    /// Without any name.
    pub fn new() -> Self {
        Compiler {
            names: BTreeMap::new(),
            computed: Vec::new(),
            later: Vec::new(),
            slots: 0,
            checked: true,
            limits: Limits::default(),
            subject: None,
        }
    }

    /// Compiles for evaluation alone, without checks: what is wrong fails when it is evaluated. For conformance tests,
    /// which ask what wrong expressions do.
    #[must_use]
    pub fn unchecked(mut self, limits: Limits) -> Self {
        (self.checked, self.limits) = (false, limits);
        self
    }

    /// A name whose value is given to each frame, in the slot that is returned.
    pub fn slot(&mut self, name: &str) -> usize {
        self.bind(name, Flow::made(Type::DYN))
    }

    /// A name whose value of a known type is given to each frame.
    pub fn typed_slot(&mut self, name: &str, kind: Kind) -> usize {
        self.bind(name, Flow::made(Type::a(kind)))
    }

    /// A name that stands for one document of an input after the other, the subject.
    pub fn document(&mut self, name: &str, input: usize) -> usize {
        self.subject = Some(input);
        self.bind(name, Flow::document(input))
    }

    /// A name that stands for one document of an input that is not the subject.
    pub fn other_document(&mut self, name: &str, input: usize) -> usize {
        self.bind(name, Flow::document(input))
    }

    /// A name that stands for one element after the other of the list that a program gives.
    pub fn element(&mut self, name: &str, list: &Program) -> usize {
        self.bind(name, list.result.element())
    }

    fn bind(&mut self, name: &str, flow: Flow) -> usize {
        let slot = self.slots;
        self.slots += 1;
        self.names.insert(name.to_owned(), Binding::Slot(slot, flow));
        slot
    }

    /// A name whose value is known now.
    pub fn constant(&mut self, name: &str, value: serde_json::Value) {
        self.names.insert(name.to_owned(), Binding::Constant(value));
    }

    /// A name that stands for an input: `NAME.items`, and `NAME.INDEX[key]` for each index with whether its keys are
    /// unique.
    pub fn input(&mut self, name: &str, number: usize, indexes: Vec<(String, bool)>) {
        self.names.insert(name.to_owned(), Binding::Input(number, indexes));
    }

    /// Names of variables that are defined later, to say so instead of not knowing them.
    pub fn announce(&mut self, names: impl IntoIterator<Item = String>) {
        self.later.extend(names);
    }

    /// `variables.NAME`, the result of a program; they are numbered in the order in which they are added.
    pub fn variable(&mut self, name: &str, program: &Program) {
        self.computed.push((name.to_owned(), program.result.clone()));
        // It may be evaluated while a loop of its user is under way.
        self.slots = self.slots.max(program.slots);
    }

    /// Slots that frames must have for the programs compiled so far and from now on.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Compiles an expression.
    ///
    /// # Errors
    /// Everything that is wrong with it, by place.
    pub fn expression(&self, source: &str, want: Want) -> Result<Program, Vec<Problem>> {
        let parsed = parse(source, &self.limits)?;
        let mut scope = Scope::new(self, &parsed);
        let (root, mut result) = scope.node(&parsed.root);
        let place = parsed.place(parsed.root.id);
        let kind = result.of.kind;
        let wrong = match want {
            Want::Bool if !Kind::Bool.takes(kind) => Some("a condition gives bool"),
            Want::Text if !Kind::Text.takes(kind) => Some("this gives string"),
            Want::List if !Kind::List.takes(kind) => Some("this gives list"),
            _ => None,
        };
        if let Some(rule) = wrong {
            let text = format!("the result is {}, and {rule}", kind.name());
            scope.problem(Problem::new(Rule::WrongResult, place.clone(), text));
        }
        match want {
            Want::Passed => {}
            Want::List => scope.read(&result, Keep::Length),
            Want::Bool | Want::Text | Want::Any => {
                scope.consume(&result, &place);
                result.paths.clear();
            }
        }
        if scope.cost > COSTLY {
            let text = format!("it may cost {} units, and {COSTLY} are allowed for one object", scope.cost);
            scope.problem(
                Problem::new(Rule::TooCostly, 0..source.chars().count(), text)
                    .help("nest fewer loops: an index of an input finds at once what a loop looks for"),
            );
        }
        scope.finish(root, result)
    }
}

/// A store of one document.
fn store(value: &serde_json::Value) -> Arc<Store> {
    let mut projection = Projection::new("");
    projection.keep(&[], Keep::All).expect("no rule forbids what belongs to no input");
    let mut builder = StoreBuilder::new(&Caps::default());
    // What does not fit, as it is nested too deep, is as if it were not given.
    let _ = builder.push_json(value, &projection);
    builder.finish().into()
}
