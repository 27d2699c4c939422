//! Cost is the same whenever an expression is evaluated over the same document, and what it does not suffice for ends with
//! the cost limit, whatever the expression absorbs.

use crate::differential::{expressions, objects};
use crate::evaluate::{compile, over, over_with};
use detek_cel::Fault;

#[test]
fn what_an_expression_costs_is_what_it_needs_and_nothing_absorbs_the_limit() {
    let objects: Vec<_> = objects::all().into_iter().step_by(67).collect();
    let store = objects::whole(&objects);
    for expression in expressions() {
        let Ok(program) = compile(expression) else { continue };
        for doc in store.docs() {
            let want = over(&program, doc);
            let (_, spent) = over_with(&program, doc, u64::MAX >> 1);
            assert_eq!(over_with(&program, doc, spent), (want, spent), "{expression} with just enough");
            let less = (0..spent.min(20)).chain([spent / 2, spent - 1]);
            for fuel in less {
                let (outcome, _) = over_with(&program, doc, fuel);
                assert_eq!(outcome, Err(Fault::CostLimit), "{expression} with {fuel} of {spent}");
            }
        }
    }
}

#[test]
fn longer_lists_cost_more() {
    let objects: Vec<_> =
        (0..20).map(|n| serde_json::json!({"list": (0..n).collect::<Vec<_>>(), "text": "x".repeat(n * 10)})).collect();
    let store = objects::whole(&objects);
    for expression in [
        "object.list.all(x, x >= 0)",
        "object.list.exists(x, x < 0)",
        "object.list.map(x, x + 1)",
        "object.list.filter(x, x > 3)",
        "object.list == object.list",
        "-1 in object.list",
        "object.list.sum()",
        "object.text + object.text",
        "object.text.contains('y')",
        "object.text.matches('^[a-z]*y')",
        "object.text.upperAscii()",
        "object.text.split('')",
    ] {
        let program = compile(expression).unwrap();
        let costs: Vec<u64> = store.docs().map(|doc| over_with(&program, doc, 1_000_000).1).collect();
        assert!(costs.is_sorted() && costs[0] < costs[19], "{expression}: {costs:?}");
    }
}
