//! Operators. What is no operator is a macro or a function.

use super::scope::Scope;
use crate::{
    Kind, Problem,
    flow::{Flow, Type},
    problem::Rule,
    program::{Arithmetic, Comparison, Constant, Found, Node, Op},
};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use detek_doc::{Field, Keep};

impl Scope<'_> {
    pub(super) fn call(&mut self, call: &CallExpr, expr: &IdedExpr) -> (Op, Flow) {
        if call.target.is_none()
            && let Some(compiled) = self.operator(&call.func_name, &call.args, expr)
        {
            return compiled;
        }
        match self.macro_call(call, expr) {
            Some(compiled) => compiled,
            None => self.function(call, expr),
        }
    }

    fn operator(&mut self, name: &str, args: &[IdedExpr], expr: &IdedExpr) -> Option<(Op, Flow)> {
        let bool = || Flow::made(Type::a(Kind::Bool));
        Some(match (name, args) {
            (operators::LOGICAL_NOT, [of]) => (Op::Not(Box::new(self.condition(of))), bool()),
            (operators::LOGICAL_AND, [a, b]) => (Op::And(Box::new(self.conditions(a, b))), bool()),
            (operators::LOGICAL_OR, [a, b]) => (Op::Or(Box::new(self.conditions(a, b))), bool()),
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let condition = self.condition(condition);
                let ((yes, flow), (no, other)) = (self.node(yes), self.node(no));
                (Op::Choose(Box::new([condition, yes, no])), flow.or(other))
            }
            (operators::EQUALS, [a, b]) => self.equality(a, b, true, expr),
            (operators::NOT_EQUALS, [a, b]) => self.equality(a, b, false, expr),
            (operators::LESS, [a, b]) => self.order(a, b, Comparison::Less, expr),
            (operators::LESS_EQUALS, [a, b]) => self.order(a, b, Comparison::LessOrEqual, expr),
            (operators::GREATER, [a, b]) => self.order(a, b, Comparison::Greater, expr),
            (operators::GREATER_EQUALS, [a, b]) => self.order(a, b, Comparison::GreaterOrEqual, expr),
            (operators::IN, [value, of]) => self.membership(value, of),
            (operators::ADD, [a, b]) => self.add(a, b, expr),
            (operators::SUBSTRACT, [a, b]) => self.arithmetic(a, b, Arithmetic::Subtract, expr),
            (operators::MULTIPLY, [a, b]) => self.arithmetic(a, b, Arithmetic::Multiply, expr),
            (operators::DIVIDE, [a, b]) => self.arithmetic(a, b, Arithmetic::Divide, expr),
            (operators::MODULO, [a, b]) => self.arithmetic(a, b, Arithmetic::Remainder, expr),
            (operators::NEGATE, [of]) => {
                let (node, of) = self.consumed(of);
                if !matches!(of.kind, Kind::Dyn | Kind::Int | Kind::Double) {
                    self.no_overload("-", &[of.kind], expr);
                }
                (Op::Negate(Box::new(node)), Flow::made(of))
            }
            (operators::INDEX, [of, key]) => self.index(of, key, false, expr),
            (operators::OPT_INDEX, [of, key]) => self.index(of, key, true, expr),
            (operators::OPT_SELECT, [of, key]) => {
                let field = literal_text(key)?;
                let (of, flow) = self.node(of);
                let place = self.place(expr.id);
                self.require_map(&flow, &place, field);
                let below = flow.field(field).typed(Type::of(Kind::Optional, Type::DYN));
                (Op::OptionalField(Box::new(of), Field::new(field)), below)
            }
            _ => return None,
        })
    }

    /// Notes that a function or operator does not take these types.
    pub(super) fn no_overload(&mut self, name: &str, kinds: &[Kind], expr: &IdedExpr) {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let text = format!("`{name}` does not take {}", kinds.join(" and "));
        let place = self.place(expr.id);
        self.problem(Problem::new(Rule::UnknownName, place, text));
    }

    pub(super) fn condition(&mut self, expr: &IdedExpr) -> Node {
        let (node, of) = self.consumed(expr);
        let place = self.place(expr.id);
        if !Kind::Bool.takes(of.kind) {
            let text = format!("a condition is bool, and this is {}", of.kind.name());
            self.problem(Problem::new(Rule::UnknownName, place.clone(), text));
        }
        // A parameter is constant too, but another one elsewhere.
        if let (Op::Constant(Constant::Bool(value)), Expr::Literal(_)) = (&node.op, &expr.expr) {
            let text = format!("this condition is always {value}");
            self.problem(Problem::new(Rule::Constant, place, text));
        }
        node
    }

    fn conditions(&mut self, a: &IdedExpr, b: &IdedExpr) -> [Node; 2] {
        [self.condition(a), self.condition(b)]
    }

    fn equality(&mut self, a: &IdedExpr, b: &IdedExpr, wanted: bool, expr: &IdedExpr) -> (Op, Flow) {
        let ((first, of), (second, other)) = (self.consumed(a), self.consumed(b));
        let place = self.place(expr.id);
        if of.kind == Kind::Null || other.kind == Kind::Null {
            let text = "no field of a document is null: what is not set is missing";
            let help = "`has(x.y)` or `x.?y.hasValue()` asks whether it is set";
            self.problem(Problem::new(Rule::NullComparison, place, text).help(help));
        } else if !comparable(of.kind, other.kind) {
            let text = format!("{} and {} are never equal", of.kind.name(), other.kind.name());
            self.problem(Problem::new(Rule::Constant, place, text));
        }
        (Op::Equal(Box::new([first, second]), wanted), Flow::made(Type::a(Kind::Bool)))
    }

    fn order(&mut self, a: &IdedExpr, b: &IdedExpr, comparison: Comparison, expr: &IdedExpr) -> (Op, Flow) {
        let ((first, of), (second, other)) = (self.consumed(a), self.consumed(b));
        let ordered = |kind| {
            use Kind::{Bool, Bytes, Double, Duration, Dyn, Int, Text, Timestamp, UInt};
            matches!(kind, Dyn | Bool | Bytes | Double | Duration | Int | Text | Timestamp | UInt)
        };
        if !comparable(of.kind, other.kind) || !ordered(of.kind) || !ordered(other.kind) {
            let name = match comparison {
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            self.no_overload(name, &[of.kind, other.kind], expr);
        }
        (Op::Order(Box::new([first, second]), comparison), Flow::made(Type::a(Kind::Bool)))
    }

    fn membership(&mut self, value: &IdedExpr, of: &IdedExpr) -> (Op, Flow) {
        let bool = Flow::made(Type::a(Kind::Bool));
        if let Some((op, _)) = self.lookup(of, value, Found::Presence) {
            return (op, bool);
        }
        let (value_node, _) = self.consumed(value);
        if let Some(texts) = literal_texts(of) {
            self.cost = self.cost.saturating_add(self.times * texts.len() as u64);
            return (Op::InTexts(Box::new(value_node), texts), bool);
        }
        let (of_node, flow) = self.node(of);
        let place = self.place(of.id);
        if !matches!(flow.of.kind, Kind::Dyn | Kind::List | Kind::Map) {
            self.no_overload("in", &[flow.of.kind], of);
        }
        let key = literal_text(value);
        match key {
            // Whether a key is there; of a list of texts all are kept.
            Some(key) if flow.of.kind != Kind::List => self.read(&flow.field(key), Keep::Presence),
            _ => self.consume(&flow, &place),
        }
        let op = match key {
            Some(key) => Op::HasKey(Box::new(of_node), Field::new(key)),
            None => Op::In(Box::new([value_node, of_node])),
        };
        (op, bool)
    }

    fn add(&mut self, a: &IdedExpr, b: &IdedExpr, expr: &IdedExpr) -> (Op, Flow) {
        let ((first, flow), (second, other)) = (self.node(a), self.node(b));
        let of = self.sum(&flow.of, &other.of, Arithmetic::Add, expr);
        // Of lists it passes elements on, and what is read of them depends on their use; so it does for all else.
        let sum = flow.or(other).typed(of);
        (Op::Compute(Box::new([first, second]), Arithmetic::Add), sum)
    }

    fn arithmetic(&mut self, a: &IdedExpr, b: &IdedExpr, operation: Arithmetic, expr: &IdedExpr) -> (Op, Flow) {
        let ((first, of), (second, other)) = (self.consumed(a), self.consumed(b));
        let of = self.sum(&of, &other, operation, expr);
        (Op::Compute(Box::new([first, second]), operation), Flow::made(of))
    }

    /// The type of a result of arithmetic.
    fn sum(&mut self, a: &Type, b: &Type, operation: Arithmetic, expr: &IdedExpr) -> Type {
        use Kind::{Bytes, Double, Duration, Dyn, Int, List, Text, Timestamp, UInt};
        let number = |kind| matches!(kind, Int | UInt | Double);
        match (a.kind, b.kind) {
            (Dyn, other) | (other, Dyn) if number(other) => Type::a(other),
            (Dyn, _) | (_, Dyn) => Type::DYN,
            (a, b) if a == b && number(a) => Type::a(a),
            (List, List) if operation == Arithmetic::Add => a.join(b),
            (Text | Bytes | Duration, kind) if a.kind == kind && operation == Arithmetic::Add => Type::a(kind),
            (Timestamp, Duration) if matches!(operation, Arithmetic::Add | Arithmetic::Subtract) => Type::a(Timestamp),
            (Duration, Timestamp) if operation == Arithmetic::Add => Type::a(Timestamp),
            (Duration, Duration) | (Timestamp, Timestamp) if operation == Arithmetic::Subtract => Type::a(Duration),
            (a, b) if number(a) && number(b) => {
                let text = format!("arithmetic does not mix {} and {}", a.name(), b.name());
                let place = self.place(expr.id);
                let help = "`double(x)` or `int(x)` converts one of them; a number with a point is a double";
                self.problem(Problem::new(Rule::MixedTypes, place, text).help(help));
                Type::DYN
            }
            (a, b) => {
                let sign = match operation {
                    Arithmetic::Add => "+",
                    Arithmetic::Subtract => "-",
                    Arithmetic::Multiply => "*",
                    Arithmetic::Divide => "/",
                    Arithmetic::Remainder => "%",
                };
                self.no_overload(sign, &[a, b], expr);
                Type::DYN
            }
        }
    }

    fn index(&mut self, of: &IdedExpr, key: &IdedExpr, optional: bool, expr: &IdedExpr) -> (Op, Flow) {
        let gives = if optional { Found::Optional } else { Found::Value };
        if let Some(compiled) = self.lookup(of, key, gives) {
            return compiled;
        }
        let (of_node, flow) = self.node(of);
        let behind_optional = optional || flow.of.kind == Kind::Optional;
        let typed = |of: Type| if behind_optional { Type::of(Kind::Optional, of) } else { of };
        if let Some(name) = literal_text(key) {
            let place = self.place(expr.id);
            self.require_map(&flow, &place, name);
            let below = flow.field(name).typed(typed(Type::DYN));
            let op = if optional {
                Op::OptionalField(Box::new(of_node), Field::new(name))
            } else {
                Op::field(of_node, name, place.start as u32)
            };
            return (op, below);
        }
        let (key_node, key_type) = self.consumed(key);
        let sides = Box::new([of_node, key_node]);
        let op = if optional { Op::OptionalIndex(sides) } else { Op::Index(sides) };
        if key_type.kind == Kind::Int {
            // An element of a list, which lies where the list does; the place counts all of them.
            let place = self.place(of.id);
            self.go_through(&flow, &place);
            let of = typed(flow.of.inner());
            return (op, flow.element().typed(of));
        }
        let place = self.place(of.id);
        self.consume(&flow, &place);
        let of = typed(flow.of.inner());
        (op, Flow::made(of))
    }
}

/// Whether values of two types may be equal.
fn comparable(a: Kind, b: Kind) -> bool {
    let number = |kind| matches!(kind, Kind::Int | Kind::UInt | Kind::Double);
    a.takes(b) || (number(a) && number(b))
}

pub(super) fn literal_text(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

fn literal_texts(expr: &IdedExpr) -> Option<Box<[Box<str>]>> {
    let Expr::List(list) = &expr.expr else { return None };
    if !list.optional_indices.is_empty() {
        return None;
    }
    list.elements.iter().map(|element| literal_text(element).map(Into::into)).collect()
}
