//! Functions: found by name, chosen by what is known of their arguments, and what they read of them.

use super::{
    calls::literal_text,
    scope::{Scope, dotted, list_of},
};
use crate::{
    Kind, Overload, Problem,
    flow::{Flow, Type},
    library::{
        Call, FUNCTIONS, Fault, Gives,
        kubernetes::{CONTAINERS, MIRROR, STATUSES},
    },
    problem::{Rule, meant},
    program::{Constant, Node, Op},
};
use cel::common::ast::{CallExpr, IdedExpr};
use detek_doc::Keep;
use regex::Regex;
use std::{collections::HashMap, ops::Range, sync::LazyLock};

/// All overloads of a name.
static BY_NAME: LazyLock<HashMap<&str, Vec<&'static Overload>>> = LazyLock::new(|| {
    let mut by_name: HashMap<&str, Vec<&'static Overload>> = HashMap::new();
    for overload in FUNCTIONS.iter().copied().flatten() {
        by_name.entry(overload.name).or_default().push(overload);
    }
    by_name
});

/// Functions that pass on what they are given, and look at nothing.
const PASSING: [&str; 3] = ["dyn", "optional.of", "value"];

/// Functions that pass on elements of a list, and look at none of them.
const SELECTING: [&str; 4] = ["optional.unwrap", "reverse", "slice", "unwrapOpt"];

/// Where a workload of any kind has its pods.
const POD_SPECS: [&[&str]; 3] =
    [&["spec"], &["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"]];

impl Scope<'_> {
    pub(super) fn function(&mut self, call: &CallExpr, expr: &IdedExpr) -> (Op, Flow) {
        let name = call.func_name.as_str();
        let place = self.function_place(call, expr);
        // `math.abs(x)` is parsed as a call on `math`.
        let qualified = call
            .target
            .as_deref()
            .and_then(dotted)
            .filter(|target| !self.is_bound(target.split('.').next().unwrap_or_default()));
        let qualified = qualified.map(|target| format!("{target}.{name}"));
        if let Some(full) = qualified.filter(|full| BY_NAME.contains_key(full.trim_start_matches('.'))) {
            return self.apply(full.trim_start_matches('.'), None, &call.args, place);
        }
        self.apply(name.trim_start_matches('.'), call.target.as_deref(), &call.args, place)
    }

    /// The name of a function, of which the tree knows the bracket.
    fn function_place(&self, call: &CallExpr, expr: &IdedExpr) -> Range<usize> {
        let bracket = self.place(expr.id).start;
        let length = call.func_name.chars().count();
        bracket.saturating_sub(length)..bracket.max(1)
    }

    fn apply(&mut self, name: &str, target: Option<&IdedExpr>, args: &[IdedExpr], place: Range<usize>) -> (Op, Flow) {
        let compiled: Vec<(Node, Flow)> = target.into_iter().chain(args).map(|arg| self.node(arg)).collect();
        let kinds: Vec<Kind> = compiled.iter().map(|(_, flow)| flow.of.kind).collect();
        let receiver = target.is_some();
        let all = BY_NAME.get(name).map(Vec::as_slice).unwrap_or_default();
        let fits = |overload: &&&Overload| {
            overload.receiver == receiver
                && overload.takes.len() == kinds.len()
                && overload.takes.iter().zip(&kinds).all(|(takes, kind)| takes.takes(*kind))
        };
        let overloads: Vec<&'static Overload> = all.iter().filter(fits).copied().collect();
        if overloads.is_empty() {
            self.consume_all(&compiled, &place);
            let problem = unknown(name, receiver, &kinds, all, place);
            return self.fail(problem, Fault::NoSuchOverload);
        }
        let result = self.flow_of(name, &overloads, &compiled, &place);
        let arguments: Vec<Node> = compiled.into_iter().map(|(node, _)| node).collect();
        if name == "matches" || name == "find" || name == "findAll" {
            self.check_pattern(args.first(), &place);
            if let Some(matches) = constant_pattern(name, args, &arguments) {
                let of = arguments.into_iter().next().expect("a text to match is the first argument");
                return (Op::Matches(Box::new(of), matches), result);
            }
        } else {
            self.check_literals(name, &overloads, &arguments, target.into_iter().chain(args), &place);
        }
        (Op::Call(overloads.into(), arguments.into()), result)
    }

    fn consume_all(&mut self, compiled: &[(Node, Flow)], place: &Range<usize>) {
        for (_, flow) in compiled {
            self.consume(flow, place);
        }
    }

    /// What is known of the result, and what is read of the arguments for it.
    fn flow_of(
        &mut self,
        name: &str,
        overloads: &[&'static Overload],
        compiled: &[(Node, Flow)],
        place: &Range<usize>,
    ) -> Flow {
        let mut gives = overloads.iter().map(|overload| type_of(overload.gives, compiled));
        let first = gives.next().unwrap_or(Type::DYN);
        let of = gives.fold(first, |of, other| of.join(&other));
        let Some((_, flow)) = compiled.first() else { return Flow::made(of) };
        match name {
            "k8s.podSpec" => return flows(flow, &POD_SPECS).typed(of),
            "k8s.containers" => return self.lists(&flows(flow, &POD_SPECS), &CONTAINERS).typed(of),
            "k8s.containerStatuses" => return self.lists(&flow.field("status"), &STATUSES).typed(of),
            "k8s.longRunning" => {
                let specs = flows(flow, &POD_SPECS);
                self.read(&specs.field("initContainers").field("restartPolicy"), Keep::All);
                return self.lists(&specs, &CONTAINERS[..2]).typed(of);
            }
            "k8s.howEnded" => {
                for key in ["exitCode", "reason", "signal"] {
                    self.read(&flow.field(key), Keep::All);
                }
                return Flow::made(of);
            }
            "k8s.isLive" => {
                self.read(&flow.field("status").field("phase"), Keep::All);
                self.read(&flow.field("metadata").field("deletionTimestamp"), Keep::Presence);
                return Flow::made(of);
            }
            "k8s.isMirror" => {
                self.read(&flows(flow, &[&MIRROR]), Keep::Presence);
                return Flow::made(of);
            }
            "k8s.owner" => {
                let owners = flows(flow, &[&["metadata", "ownerReferences"]]);
                self.read(&owners.field("controller"), Keep::All);
                return owners.element().typed(of);
            }
            "hasValue" => {
                self.read(flow, Keep::Presence);
                return Flow::made(of);
            }
            "first" | "last" => {
                self.go_through(flow, place);
                return flow.element().typed(of);
            }
            "flatten" if compiled.len() == 1 => {
                self.go_through(flow, place);
                let lists = flow.element();
                self.go_through(&lists, place);
                return lists.typed(of);
            }
            _ if PASSING.contains(&name) => {
                self.read(flow, Keep::Presence);
                return flow.clone().typed(of);
            }
            _ if SELECTING.contains(&name) => {
                self.go_through(flow, place);
                self.consume_all(&compiled[1..], place);
                return flow.clone().typed(of);
            }
            _ => {}
        }
        self.consume_all(compiled, place);
        Flow::made(of)
    }

    /// The elements of several lists.
    fn lists(&mut self, of: &Flow, names: &[&str]) -> Flow {
        let lists = names.iter().map(|name| of.field(name)).reduce(Flow::or).unwrap_or_else(|| of.clone());
        self.read(&lists, Keep::Length);
        lists
    }

    fn check_pattern(&mut self, pattern: Option<&IdedExpr>, place: &Range<usize>) {
        let Some(pattern) = pattern else { return };
        let Some(text) = literal_text(pattern) else {
            let problem =
                Problem::new(Rule::ComputedPattern, place.clone(), "this pattern is compiled for each object");
            self.problem(problem.help("write the pattern as a literal, or compare text"));
            return;
        };
        if let Err(why) = crate::library::pattern(text) {
            let place = self.place(pattern.id);
            self.problem(Problem::new(Rule::BadLiteral, place, format!("this is no pattern: {why}")));
        }
    }

    /// Tells now what a function would say of a literal for every object.
    fn check_literals<'e>(
        &mut self,
        name: &str,
        overloads: &[&'static Overload],
        arguments: &[Node],
        exprs: impl Iterator<Item = &'e IdedExpr>,
        place: &Range<usize>,
    ) {
        let constants: Option<Vec<_>> = arguments
            .iter()
            .map(|node| if let Op::Constant(constant) = &node.op { value_of(constant) } else { None })
            .collect();
        let (Some(constants), [overload]) = (constants, overloads) else { return };
        let scratch = bumpalo::Bump::new();
        let mut fuel = 1_000_000;
        let mut call = Call { scratch: &scratch, fuel: &mut fuel };
        let outcome = (overload.call)(&mut call, &constants);
        if let (Err(fault), Some(literal)) = (outcome, exprs.last()) {
            let place = if arguments.is_empty() { place.clone() } else { self.place(literal.id) };
            self.problem(Problem::new(Rule::BadLiteral, place, format!("`{name}` of this literal fails: {fault}")));
        }
    }
}

/// The pattern of `matches`, if it is a literal.
fn constant_pattern(name: &str, args: &[IdedExpr], arguments: &[Node]) -> Option<Regex> {
    let pattern = args.last().and_then(literal_text)?;
    (name == "matches" && arguments.len() == 2).then(|| crate::library::pattern(pattern).ok())?
}

fn value_of(constant: &Constant) -> Option<crate::Value<'_>> {
    Some(match constant {
        Constant::Stored(..) => return None,
        other => crate::eval::value_of(other),
    })
}

fn flows(flow: &Flow, below: &[&[&str]]) -> Flow {
    let all = below.iter().map(|keys| keys.iter().fold(flow.clone(), |flow, key| flow.field(key)));
    all.reduce(Flow::or).unwrap_or_else(|| flow.clone())
}

fn type_of(gives: Gives, compiled: &[(Node, Flow)]) -> Type {
    let argument = |number: usize| compiled.get(number).map_or(Type::DYN, |(_, flow)| flow.of.clone());
    match gives {
        Gives::A(kind) => Type::a(kind),
        Gives::ListOf(kind) => Type::of(Kind::List, Type::a(kind)),
        Gives::OptionalOf(kind) => Type::of(Kind::Optional, Type::a(kind)),
        Gives::Same(number) => argument(number),
        Gives::ElementOf(number) => argument(number).inner(),
    }
}

fn unknown(name: &str, receiver: bool, kinds: &[Kind], all: &[&'static Overload], place: Range<usize>) -> Problem {
    let names = |kinds: &[Kind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    if all.is_empty() {
        let of = match kinds {
            [first, ..] if receiver => format!(" on {}", first.name()),
            _ => String::new(),
        };
        let near = meant(name, BY_NAME.keys().copied().chain(super::macros::LOOPS));
        let problem = Problem::new(Rule::UnknownName, place, format!("unknown function `{name}`{of}"));
        return match near.and_then(|near| BY_NAME.get(near)?.first()) {
            Some(near) => problem.help(format!("did you mean `{}`?", near.signature())),
            None => match near {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help("`detek list functions` lists all"),
            },
        };
    }
    let called = match kinds.split_first() {
        Some((first, rest)) if receiver => format!("{}.{name}({})", first.name(), names(rest)),
        _ => format!("{name}({})", names(kinds)),
    };
    let signatures: Vec<String> = all.iter().take(6).map(|overload| overload.signature()).collect();
    let text = format!("there is no `{called}`");
    Problem::new(Rule::UnknownName, place, text)
        .help(format!("there is {}", list_of(signatures.iter().map(String::as_str))))
}
