//! The walk over one expression.

use super::{Binding, Compiler, store};
use crate::{
    Kind, Problem,
    flow::{Flow, Read, Type},
    library::Fault,
    parse::Parsed,
    problem::{Rule, meant},
    program::{Constant, Element, Entry, Node, Op, Program},
};
use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, IdedExpr, ListExpr, LiteralValue, SelectExpr};
use detek_doc::{Field, Keep};
use serde_json::Value as Json;
use std::{collections::BTreeSet, ops::Range};

/// What is known while an expression is walked through.
pub(super) struct Scope<'c> {
    pub(super) compiler: &'c Compiler,
    parsed: &'c Parsed,
    /// Names of loops and bindings, with their slots, the innermost last.
    locals: Vec<(String, usize, Flow)>,
    /// The next slot of a local name, and the most that were needed.
    next: usize,
    most: usize,
    reads: BTreeSet<Read>,
    problems: Vec<Problem>,
    /// Estimated units so far, and how often what is walked through now is evaluated.
    pub(super) cost: u64,
    pub(super) times: u64,
}

/// Types as values.
const TYPES: [Kind; 19] = [
    Kind::Null,
    Kind::Bool,
    Kind::Int,
    Kind::UInt,
    Kind::Double,
    Kind::Text,
    Kind::Bytes,
    Kind::List,
    Kind::Map,
    Kind::Type,
    Kind::Timestamp,
    Kind::Duration,
    Kind::Optional,
    Kind::Quantity,
    Kind::Semver,
    Kind::Ip,
    Kind::Cidr,
    Kind::Url,
    Kind::Format,
];

impl<'c> Scope<'c> {
    pub(super) fn new(compiler: &'c Compiler, parsed: &'c Parsed) -> Self {
        let first = compiler.slots();
        Scope {
            compiler,
            parsed,
            locals: Vec::new(),
            next: first,
            most: first,
            reads: BTreeSet::new(),
            problems: Vec::new(),
            cost: 0,
            times: 1,
        }
    }

    pub(super) fn finish(self, root: Node, result: Flow) -> Result<Program, Vec<Problem>> {
        let mut problems = self.problems;
        problems.sort_by_key(|problem| (problem.place.start, problem.rule));
        if problems.iter().any(|problem| !problem.rule.is_warning()) {
            return Err(problems);
        }
        let reads = self.reads.into_iter().collect();
        Ok(Program { root, slots: self.most, reads, result, cost: self.cost, warnings: problems })
    }

    pub(super) fn place(&self, id: u64) -> Range<usize> {
        self.parsed.place(id)
    }

    /// Notes a problem, if expressions are checked.
    pub(super) fn problem(&mut self, problem: Problem) {
        if self.compiler.checked {
            self.problems.push(problem);
        }
    }

    /// Notes a problem and gives what fails in the place of a value.
    pub(super) fn fail(&mut self, problem: Problem, fault: Fault) -> (Op, Flow) {
        self.problem(problem);
        (Op::Fail(fault), Flow::made(Type::DYN))
    }

    /// Notes that as much is read of where a value may come from.
    pub(super) fn read(&mut self, flow: &Flow, keep: Keep) {
        for path in &flow.paths {
            if !path.keys.is_empty() || keep == Keep::All {
                self.reads.insert(Read { path: path.clone(), keep });
            }
        }
    }

    /// Notes that the elements of a list or the keys of a map are counted or gone through.
    pub(super) fn go_through(&mut self, flow: &Flow, place: &Range<usize>) {
        let is_document = flow.paths.iter().any(|path| path.keys.is_empty());
        match flow.level {
            ..0 => self.read(flow, Keep::Presence),
            0 if !is_document => self.read(flow, Keep::Length),
            // There is no less than all that has the keys of a document, or what lists in a list hold.
            _ => self.consume(flow, place),
        }
    }

    /// Notes that a value is read whole.
    pub(super) fn consume(&mut self, flow: &Flow, place: &Range<usize>) {
        if flow.paths.iter().any(|path| path.keys.is_empty()) {
            let text = "a whole document is passed on, so that all of it is kept in memory";
            self.problem(Problem::new(Rule::WholeObject, place.clone(), text).help("pass on the fields that are read"));
        }
        self.read(flow, Keep::All);
    }

    /// A name for what `inside` compiles, with the slot of its value.
    pub(super) fn with<T>(&mut self, name: &str, flow: Flow, inside: impl FnOnce(&mut Self, usize) -> T) -> T {
        let slot = self.next;
        self.next += 1;
        self.most = self.most.max(self.next);
        self.locals.push((name.to_owned(), slot, flow));
        let compiled = inside(self, slot);
        self.locals.pop();
        self.next -= 1;
        compiled
    }

    pub(super) fn node(&mut self, expr: &IdedExpr) -> (Node, Flow) {
        self.cost = self.cost.saturating_add(self.times);
        let place = self.place(expr.id);
        let (op, flow) = match &expr.expr {
            Expr::Literal(literal) => constant(literal),
            Expr::Ident(name) => self.name(name, place.clone()),
            Expr::Select(select) => self.select(select, expr, place.clone()),
            Expr::Call(call) => self.call(call, expr),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(&map.entries),
            Expr::Struct(_) => {
                let text = "messages are not offered: there are maps, lists and scalars";
                self.fail(Problem::new(Rule::UnknownName, place.clone(), text), Fault::NoSuchOverload)
            }
            Expr::Unspecified | Expr::Comprehension(_) => {
                let text = "this cannot be written in an expression";
                self.fail(Problem::new(Rule::Syntax, place.clone(), text), Fault::NoSuchOverload)
            }
        };
        (Node { op, at: place.start as u32 }, flow)
    }

    /// The value of an expression that is read whole where it stands.
    pub(super) fn consumed(&mut self, expr: &IdedExpr) -> (Node, Type) {
        let (node, flow) = self.node(expr);
        let place = self.place(expr.id);
        self.consume(&flow, &place);
        (node, flow.of)
    }

    /// Whether a name is one of the environment or of a loop.
    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.locals.iter().any(|(local, ..)| local == name)
            || self.compiler.names.contains_key(name)
            || (name == "variables" && !self.compiler.computed.is_empty())
    }

    pub(super) fn binding(&self, name: &str) -> Option<&'c Binding> {
        if self.locals.iter().any(|(local, ..)| local == name) { None } else { self.compiler.names.get(name) }
    }

    fn name(&mut self, name: &str, place: Range<usize>) -> (Op, Flow) {
        // A leading dot skips the names of loops.
        let (name, global) = name.strip_prefix('.').map_or((name, false), |name| (name, true));
        let local = self.locals.iter().rev().find(|(local, ..)| local == name && !global);
        if let Some((_, slot, flow)) = local {
            return (Op::Slot(*slot), flow.clone());
        }
        match self.compiler.names.get(name) {
            Some(Binding::Slot(slot, flow)) => return (Op::Slot(*slot), flow.clone()),
            Some(Binding::Constant(value)) => return known(value),
            Some(Binding::Input(_, indexes)) => {
                let help = match indexes.first() {
                    Some((index, _)) => format!("write `{name}.items` or `{name}.{index}[key]`"),
                    None => format!("write `{name}.items`"),
                };
                let text = format!("`{name}` is an input, and no value");
                let problem = Problem::new(Rule::UnknownName, place, text).help(help);
                return self.fail(problem, Fault::NoSuchOverload);
            }
            None => {}
        }
        if let Some(kind) = TYPES.iter().find(|kind| kind.name() == name) {
            return (Op::Constant(Constant::Type(kind.name())), Flow::made(Type::a(Kind::Type)));
        }
        let mut problem = Problem::new(Rule::UnknownName, place, format!("unknown name `{name}`"));
        if name == "variables" {
            problem = problem.help("this detector has no variables");
        } else {
            let locals = self.locals.iter().map(|(name, ..)| name.as_str());
            let near = meant(name, self.compiler.names.keys().map(String::as_str).chain(locals));
            problem = problem.help(near.map_or_else(
                || format!("known are {}", list_of(self.compiler.names.keys().map(String::as_str))),
                |near| format!("did you mean `{near}`?"),
            ));
        }
        self.fail(problem, Fault::NoSuchKey)
    }

    fn select(&mut self, select: &SelectExpr, expr: &IdedExpr, place: Range<usize>) -> (Op, Flow) {
        if let Expr::Ident(name) = &select.operand.expr {
            let bound_here = self.locals.iter().any(|(local, ..)| local == name);
            if !bound_here
                && name == "variables"
                && !(self.compiler.computed.is_empty() && self.compiler.later.is_empty())
            {
                return self.variable(&select.field, place);
            }
            match self.binding(name) {
                Some(Binding::Input(number, indexes)) => {
                    return self.input_field(name, *number, indexes, select, place);
                }
                Some(Binding::Constant(value)) => return self.constant_field(name, value, &select.field, place),
                _ => {}
            }
        }
        if let Some(op) = self.type_name(expr) {
            return (op, Flow::made(Type::a(Kind::Type)));
        }
        let (of, flow) = self.node(&select.operand);
        self.require_map(&flow, &place, &select.field);
        let field = below(&flow, &select.field);
        (Op::field(of, &select.field, place.start as u32), field)
    }

    /// Notes that only maps have fields.
    pub(super) fn require_map(&mut self, flow: &Flow, place: &Range<usize>, field: &str) {
        let kind = flow.of.kind;
        if !matches!(kind, Kind::Dyn | Kind::Map | Kind::Optional) {
            let text = format!("{} has no field `{field}`", kind.name());
            self.problem(Problem::new(Rule::UnknownName, place.clone(), text));
        }
    }

    /// `google.protobuf.Timestamp` and other types with dots in their names.
    fn type_name(&self, expr: &IdedExpr) -> Option<Op> {
        let name = dotted(expr)?;
        let name = name.strip_prefix('.').unwrap_or(&name);
        if self.is_bound(name.split('.').next().unwrap_or_default()) {
            return None;
        }
        let kind = TYPES.iter().find(|kind| kind.name() == name)?;
        Some(Op::Constant(Constant::Type(kind.name())))
    }

    fn variable(&mut self, name: &str, place: Range<usize>) -> (Op, Flow) {
        let computed = &self.compiler.computed;
        if let Some(number) = computed.iter().position(|(known, _)| known == name) {
            return (Op::Computed(number), computed[number].1.clone());
        }
        let problem = if self.compiler.later.iter().any(|later| later == name) {
            let text = format!("variable `{name}` is used before it is defined");
            Problem::new(Rule::NotYetDefined, place, text).help("variables may use those above them")
        } else {
            let problem = Problem::new(Rule::UnknownName, place, format!("unknown variable `{name}`"));
            match meant(name, computed.iter().map(|(known, _)| known.as_str())) {
                Some(near) => problem.help(format!("did you mean `variables.{near}`?")),
                None => {
                    problem.help(format!("known are {}", list_of(computed.iter().map(|(known, _)| known.as_str()))))
                }
            }
        };
        self.fail(problem, Fault::NoSuchKey)
    }

    fn constant_field(&mut self, name: &str, value: &Json, field: &str, place: Range<usize>) -> (Op, Flow) {
        if let Some(value) = value.get(field) {
            return known(value);
        }
        let fields: Vec<&str> = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let problem = Problem::new(Rule::UnknownName, place, format!("`{name}` has no `{field}`"));
        let problem = match meant(field, fields.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{name}.{near}`?")),
            None if fields.is_empty() => problem.help("it has nothing at all"),
            None => problem.help(format!("it has {}", list_of(fields))),
        };
        self.fail(problem, Fault::NoSuchKey)
    }

    fn list(&mut self, list: &ListExpr) -> (Op, Flow) {
        self.cost = self.cost.saturating_add(10 * self.times);
        let (mut elements, mut all, mut of) = (Vec::new(), Flow::made(Type::DYN), None::<Type>);
        for (number, expr) in list.elements.iter().enumerate() {
            let (value, flow) = self.node(expr);
            let optional = list.optional_indices.contains(&number);
            let element = if optional { flow.of.inner() } else { flow.of.clone() };
            if let Some(of) = &of
                && of.kind != element.kind
                && is_literal(of.kind)
                && is_literal(element.kind)
            {
                let text = format!("a list of {} and {}", of.kind.name(), element.kind.name());
                let place = self.place(expr.id);
                self.problem(Problem::new(Rule::MixedTypes, place, text).help("`dyn(x)` allows another type"));
            }
            of = Some(of.map_or(element.clone(), |of| of.join(&element)));
            all = all.or(flow);
            elements.push(Element { value, optional });
        }
        (Op::List(elements.into()), all.typed(of.unwrap_or(Type::DYN)).listed())
    }

    fn map(&mut self, entries: &[IdedEntryExpr]) -> (Op, Flow) {
        self.cost = self.cost.saturating_add(30 * self.times);
        let mut compiled = Vec::new();
        for entry in entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let (key, _) = self.consumed(&entry.key);
            let (value, _) = self.consumed(&entry.value);
            compiled.push(Entry { key, value, optional: entry.optional });
        }
        (Op::Map(compiled.into()), Flow::made(Type::a(Kind::Map)))
    }
}

/// What the value of a key may be; behind an optional it is one too.
fn below(flow: &Flow, key: &str) -> Flow {
    let below = flow.field(key);
    if flow.of.kind == Kind::Optional { below.typed(Type::of(Kind::Optional, Type::DYN)) } else { below }
}

/// Types whose literals are told apart at load.
fn is_literal(kind: Kind) -> bool {
    !matches!(kind, Kind::Dyn | Kind::Null)
}

fn constant(literal: &LiteralValue) -> (Op, Flow) {
    let (constant, kind) = match literal {
        LiteralValue::Null => (Constant::Null, Kind::Null),
        LiteralValue::Boolean(value) => (Constant::Bool(*value.inner()), Kind::Bool),
        LiteralValue::Int(value) => (Constant::Int(*value.inner()), Kind::Int),
        LiteralValue::UInt(value) => (Constant::UInt(*value.inner()), Kind::UInt),
        LiteralValue::Double(value) => (Constant::Double(*value.inner()), Kind::Double),
        LiteralValue::String(value) => (Constant::Text(value.inner().into()), Kind::Text),
        LiteralValue::Bytes(value) => (Constant::Bytes(value.inner().into()), Kind::Bytes),
    };
    (Op::Constant(constant), Flow::made(Type::a(kind)))
}

/// A value that is known when compiling.
fn known(value: &Json) -> (Op, Flow) {
    let (constant, of) = match value {
        Json::Null => (Constant::Null, Type::a(Kind::Null)),
        Json::Bool(value) => (Constant::Bool(*value), Type::a(Kind::Bool)),
        Json::String(value) => (Constant::Text(value.as_str().into()), Type::a(Kind::Text)),
        Json::Number(number) => match number.as_i64() {
            Some(value) => (Constant::Int(value), Type::a(Kind::Int)),
            None => (Constant::Double(number.as_f64().unwrap_or(f64::NAN)), Type::a(Kind::Double)),
        },
        Json::Array(_) | Json::Object(_) => {
            let kind = if value.is_array() { Kind::List } else { Kind::Map };
            (Constant::Stored(store(&serde_json::json!({"value": value})), Field::new("value")), Type::a(kind))
        }
    };
    (Op::Constant(constant), Flow::made(of))
}

/// `a.b.c`, if an expression is nothing but that.
pub(super) fn dotted(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => Some(format!("{}.{}", dotted(&select.operand)?, select.field)),
        _ => None,
    }
}

/// `a, b and c`, each as code.
pub(super) fn list_of<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
