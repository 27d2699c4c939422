//! Macros: calls whose arguments are not values but expressions over names of their own.

use super::{
    Binding,
    scope::{Scope, list_of},
};
use crate::{
    Kind, Problem,
    flow::{Flow, Type},
    library::Fault,
    problem::Rule,
    program::{Form, Loop, Node, Op},
};
use cel::common::ast::{CallExpr, Expr, IdedExpr};
use detek_doc::{Field, Keep};

/// Elements that a list is taken to have when costs are estimated.
const ELEMENTS: u64 = 10;

/// Names that are called on lists and maps as macros.
pub(crate) const LOOPS: [&str; 9] =
    ["all", "exists", "existsOne", "exists_one", "filter", "map", "transformList", "transformMap", "transformMapEntry"];

impl Scope<'_> {
    pub(super) fn macro_call(&mut self, call: &CallExpr, expr: &IdedExpr) -> Option<(Op, Flow)> {
        let args = call.args.as_slice();
        match (call.func_name.as_str(), call.target.as_deref(), args) {
            ("has", None, [field]) => Some(self.has(field)),
            ("hasValue", Some(IdedExpr { expr: Expr::Ident(name), .. }), []) => {
                let Some(Binding::Input(input, _)) = self.binding(name) else { return None };
                Some((Op::Available(*input), Flow::made(Type::a(Kind::Bool))))
            }
            ("bind", Some(IdedExpr { expr: Expr::Ident(cel), .. }), [name, value, body]) if cel == "cel" => {
                Some(self.bind(name, value, body))
            }
            ("orValue", Some(of), [other]) => Some(self.or_value(of, other)),
            ("or", Some(of), [other]) => Some(self.or_optional(of, other)),
            ("optMap", Some(of), [name, body]) => Some(self.optional_map(of, name, body, false)),
            ("optFlatMap", Some(of), [name, body]) => Some(self.optional_map(of, name, body, true)),
            ("sortBy", Some(of), [name, key]) => Some(self.sort_by(of, name, key)),
            ("size", None, [of]) | ("size", Some(of), []) => Some(self.size(of)),
            (name, Some(range), args) if LOOPS.contains(&name) => self.comprehension(name, range, args, expr),
            _ => None,
        }
    }

    fn has(&mut self, of: &IdedExpr) -> (Op, Flow) {
        let Expr::Select(select) = &of.expr else {
            let place = self.place(of.id);
            let problem = Problem::new(Rule::Syntax, place, "`has` asks for a field, and this is none");
            return self.fail(problem.help("write `has(x.field)`"), Fault::NoSuchOverload);
        };
        let (operand, flow) = self.node(&select.operand);
        let place = self.place(of.id);
        self.require_map(&flow, &place, &select.field);
        self.read(&flow.field(&select.field), Keep::Presence);
        (Op::Has(Box::new(operand), Field::new(&select.field)), Flow::made(Type::a(Kind::Bool)))
    }

    /// The name that a macro gives to a value.
    fn variable_name<'e>(&mut self, expr: &'e IdedExpr) -> &'e str {
        if let Expr::Ident(name) = &expr.expr
            && !name.starts_with('.')
        {
            return name;
        }
        let place = self.place(expr.id);
        self.problem(Problem::new(Rule::Syntax, place, "a name is expected here").help("as in `list.all(x, x > 1)`"));
        ""
    }

    fn bind(&mut self, name: &IdedExpr, value: &IdedExpr, body: &IdedExpr) -> (Op, Flow) {
        let (value, flow) = self.node(value);
        // It fails if that is not there, whether the name is used or not.
        self.read(&flow, Keep::Presence);
        let name = self.variable_name(name);
        let (slot, body, result) = self.with(name, flow, |scope, slot| {
            let (body, result) = scope.node(body);
            (slot, body, result)
        });
        (Op::Bind(slot, Box::new([value, body])), result)
    }

    /// An optional, and what is known of the value inside.
    fn optional(&mut self, expr: &IdedExpr, name: &str) -> (Node, Flow) {
        let (node, flow) = self.node(expr);
        // Documents hold no optionals.
        let is_field = flow.of.kind == Kind::Dyn && !flow.paths.is_empty();
        if is_field || !Kind::Optional.takes(flow.of.kind) {
            let of = if is_field { "a field" } else { flow.of.kind.name() };
            let place = self.place(expr.id);
            let problem =
                Problem::new(Rule::NotOptional, place, format!("`{name}` is called on {of}, which is no optional"));
            self.problem(problem.help("`x.?y` and `x[?y]` give optionals"));
        }
        // Whether it is there decides what comes of it.
        self.read(&flow, Keep::Presence);
        let of = flow.of.inner();
        (node, flow.typed(of))
    }

    fn or_value(&mut self, of: &IdedExpr, other: &IdedExpr) -> (Op, Flow) {
        let (first, flow) = self.optional(of, "orValue");
        let (second, other) = self.node(other);
        let of = if flow.of == Type::DYN { flow.of.clone() } else { flow.of.join(&other.of) };
        let result = flow.or(other).typed(of);
        (Op::OrValue(Box::new([first, second])), result)
    }

    fn or_optional(&mut self, of: &IdedExpr, other: &IdedExpr) -> (Op, Flow) {
        let ((first, flow), (second, other)) = (self.optional(of, "or"), self.optional(other, "or"));
        let result = flow.or(other);
        let of = Type::of(Kind::Optional, result.of.clone());
        (Op::OrOptional(Box::new([first, second])), result.typed(of))
    }

    fn optional_map(&mut self, of: &IdedExpr, name: &IdedExpr, body: &IdedExpr, flat: bool) -> (Op, Flow) {
        let (of, flow) = self.optional(of, if flat { "optFlatMap" } else { "optMap" });
        let name = self.variable_name(name);
        let (slot, body, result) = self.with(name, flow, |scope, slot| {
            let (body, result) = scope.node(body);
            (slot, body, result)
        });
        let of_type = if flat { result.of.clone() } else { Type::of(Kind::Optional, result.of.clone()) };
        (Op::OptionalMap(slot, Box::new([of, body]), flat), result.typed(of_type))
    }

    fn sort_by(&mut self, of: &IdedExpr, name: &IdedExpr, key: &IdedExpr) -> (Op, Flow) {
        let (list, flow) = self.range(of);
        let name = self.variable_name(name);
        let element = flow.element();
        let times = self.times;
        self.times = times.saturating_mul(ELEMENTS);
        let (slot, key) = self.with(name, element, |scope, slot| (slot, scope.consumed(key).0));
        self.times = times;
        let kind = Type::of(Kind::List, flow.of.inner());
        (Op::SortBy(slot, Box::new([list, key])), flow.typed(kind))
    }

    fn size(&mut self, of: &IdedExpr) -> (Op, Flow) {
        let (node, flow) = self.node(of);
        if !matches!(flow.of.kind, Kind::Dyn | Kind::List | Kind::Map | Kind::Text | Kind::Bytes) {
            self.no_overload("size", &[flow.of.kind], of);
        }
        let place = self.place(of.id);
        self.go_through(&flow, &place);
        (Op::Size(Box::new(node)), Flow::made(Type::a(Kind::Int)))
    }

    /// What a loop goes over.
    fn range(&mut self, expr: &IdedExpr) -> (Node, Flow) {
        let (node, flow) = self.node(expr);
        let place = self.place(expr.id);
        if !matches!(flow.of.kind, Kind::Dyn | Kind::List | Kind::Map) {
            let text = format!("a loop goes over lists and maps, and this is {}", flow.of.kind.name());
            self.problem(Problem::new(Rule::UnknownName, place.clone(), text));
        }
        if let Op::Documents(input) = node.op
            && self.compiler.subject.is_some_and(|subject| subject != input)
        {
            let text = "all documents of another input are looked at for each object";
            let help = "declare an index of the input, and look the key up: `input.byName[?key]`";
            self.problem(Problem::new(Rule::Scan, place.clone(), text).help(help));
            // Not ten, but what a cluster has.
            self.cost = self.cost.saturating_add(self.times * 100);
        }
        self.go_through(&flow, &place);
        (node, flow)
    }

    fn comprehension(
        &mut self,
        name: &str,
        range: &IdedExpr,
        args: &[IdedExpr],
        expr: &IdedExpr,
    ) -> Option<(Op, Flow)> {
        let (form, two) = match (name, args.len()) {
            ("all", 2 | 3) => (Form::All, args.len() == 3),
            ("exists", 2 | 3) => (Form::Exists, args.len() == 3),
            ("exists_one" | "existsOne", 2 | 3) => (Form::ExistsOne, args.len() == 3),
            ("filter", 2) => (Form::Filter, false),
            ("map", 2 | 3) => (Form::Map, false),
            ("transformList", 3 | 4) => (Form::Map, true),
            ("transformMap", 3 | 4) => (Form::TransformMap, true),
            ("transformMapEntry", 3 | 4) => (Form::TransformMapEntry, true),
            _ => {
                let place = self.place(expr.id);
                let text = format!("`{name}` does not take {} arguments", args.len());
                let help = format!("write `list.{name}(x, ...)`; loops are {}", list_of(LOOPS));
                return Some(self.fail(Problem::new(Rule::UnknownName, place, text).help(help), Fault::NoSuchOverload));
            }
        };
        let (range_node, flow) = self.range(range);
        let names = if two { &args[..2] } else { &args[..1] };
        let (filter, body) = match &args[names.len()..] {
            [filter, body] => (Some(filter), body),
            [body] => (None, body),
            _ => return None,
        };
        let is_documents = matches!(range_node.op, Op::Documents(_));
        let mut element = flow.element();
        if two && !is_documents {
            // The value of a key lies below any key, which paths cannot say.
            let place = self.place(range.id);
            self.consume(&flow, &place);
            element.paths.clear();
        }
        let times = self.times;
        self.times = times.saturating_mul(ELEMENTS);
        let first = self.variable_name(&names[0]);
        let compiled = if two {
            let second = self.variable_name(&names[1]);
            if first == second && !first.is_empty() {
                let place = self.place(names[1].id);
                self.problem(Problem::new(Rule::Syntax, place, "two names of a loop differ"));
            }
            let of_key = if flow.of.kind == Kind::List { Type::a(Kind::Int) } else { Type::DYN };
            self.with(first, Flow::made(of_key), |scope, key| {
                scope.with(second, element, |scope, value| scope.body(form, filter, body, (key, Some(value))))
            })
        } else {
            self.with(first, element, |scope, slot| scope.body(form, filter, body, (slot, None)))
        };
        self.times = times;
        let (slots, filter, body, result) = compiled;
        let result = match form {
            Form::All | Form::Exists | Form::ExistsOne => Flow::made(Type::a(Kind::Bool)),
            Form::Filter => {
                let of = Type::of(Kind::List, flow.of.inner());
                flow.typed(of)
            }
            Form::Map => result.listed(),
            Form::TransformMap | Form::TransformMapEntry => Flow::made(Type::a(Kind::Map)),
        };
        let range = range_node;
        Some((Op::Loop(Box::new(Loop { form, range, slots, filter, body })), result))
    }

    fn body(
        &mut self,
        form: Form,
        filter: Option<&IdedExpr>,
        body: &IdedExpr,
        slots: (usize, Option<usize>),
    ) -> ((usize, Option<usize>), Option<Node>, Node, Flow) {
        let filter = filter.map(|filter| self.condition(filter));
        let (body, flow) = match form {
            Form::All | Form::Exists | Form::ExistsOne | Form::Filter => {
                (self.condition(body), Flow::made(Type::a(Kind::Bool)))
            }
            Form::Map => self.node(body),
            Form::TransformMap | Form::TransformMapEntry => {
                let (node, of) = self.consumed(body);
                (node, Flow::made(of))
            }
        };
        (slots, filter, body, flow)
    }
}
