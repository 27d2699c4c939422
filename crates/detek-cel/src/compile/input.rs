//! Inputs other than the one that is judged: their documents and their indexes.

use super::{
    Binding,
    scope::{Scope, list_of},
};
use crate::{
    Kind, Problem,
    flow::{Flow, Type},
    library::Fault,
    problem::{Rule, meant},
    program::{Found, Lookup, Op},
};
use cel::common::ast::{Expr, IdedExpr, SelectExpr};
use std::ops::Range;

impl Scope<'_> {
    pub(super) fn input_field(
        &mut self,
        name: &str,
        number: usize,
        indexes: &[(String, bool)],
        select: &SelectExpr,
        place: Range<usize>,
    ) -> (Op, Flow) {
        if select.field == "items" {
            return (Op::Documents(number), Flow::document(number).listed());
        }
        let field = &select.field;
        if indexes.iter().any(|(index, _)| index == field) {
            let text = format!("an index gives documents by key, and `{name}.{field}` has none");
            let help = format!("write `{name}.{field}[key]`, or `{name}.{field}[?key]` if there may be none");
            return self.fail(Problem::new(Rule::UnknownName, place, text).help(help), Fault::NoSuchOverload);
        }
        let known: Vec<&str> = indexes.iter().map(|(index, _)| index.as_str()).chain(["items"]).collect();
        let problem = Problem::new(Rule::UnknownName, place, format!("input `{name}` has no `{field}`"));
        let problem = match meant(field, known.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{name}.{near}`?")),
            None => problem.help(format!("it has {}", list_of(known))),
        };
        self.fail(problem, Fault::NoSuchKey)
    }

    /// `input.index[key]`, `input.index[?key]` or `key in input.index`, if `of` is an index.
    pub(super) fn lookup(&mut self, of: &IdedExpr, key: &IdedExpr, gives: Found) -> Option<(Op, Flow)> {
        let Expr::Select(select) = &of.expr else { return None };
        let Expr::Ident(name) = &select.operand.expr else { return None };
        let Some(Binding::Input(input, indexes)) = self.binding(name) else { return None };
        let index = indexes.iter().position(|(index, _)| *index == select.field)?;
        let unique = indexes[index].1;
        let (compiled, of) = self.consumed(key);
        if !Kind::Text.takes(of.kind) {
            let text = format!("the keys of an index are string, and this is {}", of.kind.name());
            let place = self.place(key.id);
            self.problem(Problem::new(Rule::UnknownName, place, text).help("`string(x)` makes a string of it"));
        }
        let documents = Flow::document(*input);
        let documents = if unique { documents } else { documents.listed() };
        let found = match gives {
            Found::Value => documents,
            Found::Optional => {
                let of = Type::of(Kind::Optional, documents.of.clone());
                documents.typed(of)
            }
            Found::Presence => Flow::made(Type::a(Kind::Bool)),
        };
        let lookup = Lookup { input: *input, index, unique, key: compiled, gives };
        Some((Op::Lookup(Box::new(lookup)), found))
    }
}
