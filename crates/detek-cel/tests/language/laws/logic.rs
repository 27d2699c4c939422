//! Errors in logic: `&&`, `||`, `all` and `exists` absorb them whatever stands first, nothing else does. Expressions are
//! made at random and held against a model of three values.

use crate::datum::Datum;
use crate::evaluate::evaluate;
use proptest::collection::vec;
use proptest::prelude::*;

/// What comes of an expression: a truth value, another value, or an error.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Truth {
    Is(bool),
    Other,
    Error,
}

use Truth::{Error, Is, Other};

#[derive(Clone, Debug)]
enum Logic {
    Leaf(&'static str, Truth),
    Not(Box<Logic>),
    And(Box<Logic>, Box<Logic>),
    Or(Box<Logic>, Box<Logic>),
    Choice(Box<[Logic; 3]>),
    /// A macro over a list, with what comes of its body for each element.
    Each(Macro, Vec<Logic>),
}

#[derive(Clone, Copy, Debug)]
enum Macro {
    All,
    Exists,
    ExistsOne,
    /// `filter`, and whether it keeps so many.
    Filter(usize),
    Map,
}

const LEAVES: [(&str, Truth); 7] = [
    ("true", Is(true)),
    ("false", Is(false)),
    ("1 / 0 == 1", Error),
    ("{'a': true}.b", Error),
    ("[true][1]", Error),
    ("'text'", Other),
    ("null", Other),
];

fn and(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Is(false), _) | (_, Is(false)) => Is(false),
        (Is(true), Is(true)) => Is(true),
        _ => Error,
    }
}

fn or(left: Truth, right: Truth) -> Truth {
    not(and(not(left), not(right)))
}

fn not(of: Truth) -> Truth {
    if let Is(value) = of { Is(!value) } else { Error }
}

impl Logic {
    /// What must come of it.
    fn truth(&self) -> Truth {
        match self {
            Logic::Leaf(_, truth) => *truth,
            Logic::Not(of) => not(of.truth()),
            Logic::And(left, right) => and(left.truth(), right.truth()),
            Logic::Or(left, right) => or(left.truth(), right.truth()),
            Logic::Choice(parts) => match parts[0].truth() {
                Is(true) => parts[1].truth(),
                Is(false) => parts[2].truth(),
                _ => Error,
            },
            Logic::Each(each, bodies) => {
                let truths: Vec<Truth> = bodies.iter().map(Logic::truth).collect();
                let hits = truths.iter().filter(|truth| **truth == Is(true)).count();
                let decided = truths.iter().all(|truth| matches!(truth, Is(_)));
                match each {
                    Macro::All => truths.into_iter().fold(Is(true), and),
                    Macro::Exists => truths.into_iter().fold(Is(false), or),
                    Macro::ExistsOne if decided => Is(hits == 1),
                    Macro::Filter(kept) if decided => Is(hits == *kept),
                    Macro::Map if !truths.contains(&Error) => Is(true),
                    Macro::ExistsOne | Macro::Filter(_) | Macro::Map => Error,
                }
            }
        }
    }

    fn source(&self) -> String {
        match self {
            Logic::Leaf(source, _) => format!("({source})"),
            Logic::Not(of) => format!("(!{})", of.source()),
            Logic::And(left, right) => format!("({} && {})", left.source(), right.source()),
            Logic::Or(left, right) => format!("({} || {})", left.source(), right.source()),
            Logic::Choice(parts) => {
                format!("({} ? {} : {})", parts[0].source(), parts[1].source(), parts[2].source())
            }
            Logic::Each(each, bodies) => {
                let range: Vec<usize> = (0..bodies.len()).collect();
                let body = bodies
                    .iter()
                    .enumerate()
                    .rev()
                    .fold("1 / 0".to_owned(), |rest, (n, body)| format!("x == {n} ? {} : {rest}", body.source()));
                match each {
                    Macro::All => format!("{range:?}.all(x, {body})"),
                    Macro::Exists => format!("{range:?}.exists(x, {body})"),
                    Macro::ExistsOne => format!("{range:?}.exists_one(x, {body})"),
                    Macro::Filter(kept) => format!("({range:?}.filter(x, {body}).size() == {kept})"),
                    Macro::Map => format!("({range:?}.map(x, {body}).size() == {})", bodies.len()),
                }
            }
        }
    }
}

fn logic() -> impl Strategy<Value = Logic> {
    let leaf = proptest::sample::select(&LEAVES[..]).prop_map(|(source, truth)| Logic::Leaf(source, truth));
    leaf.prop_recursive(3, 24, 3, |inner| {
        let part = inner.clone().prop_map(Box::new);
        let each = prop_oneof![
            Just(Macro::All),
            Just(Macro::Exists),
            Just(Macro::ExistsOne),
            (0_usize..3).prop_map(Macro::Filter),
            Just(Macro::Map)
        ];
        prop_oneof![
            part.clone().prop_map(Logic::Not),
            (part.clone(), part.clone()).prop_map(|(left, right)| Logic::And(left, right)),
            (part.clone(), part).prop_map(|(left, right)| Logic::Or(left, right)),
            [inner.clone(), inner.clone(), inner.clone()].prop_map(|parts| Logic::Choice(Box::new(parts))),
            (each, vec(inner, 0..4)).prop_map(|(each, bodies)| Logic::Each(each, bodies)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn errors_are_absorbed_where_the_outcome_does_not_depend_on_them(logic in logic()) {
        let source = logic.source();
        match (logic.truth(), evaluate(&source, &[])) {
            (Is(want), Ok(Datum::Bool(got))) => prop_assert_eq!(want, got, "{}", source),
            (Other, Ok(Datum::Text(_) | Datum::Null)) | (Error, Err(_)) => {}
            (want, got) => prop_assert!(false, "{source}: {want:?} expected, {got:?} came"),
        }
    }
}
