//! What expressions give, over documents that hold no more than they read.
#![expect(clippy::unwrap_used, reason = "a test ends there")]

use bumpalo::Bump;
use detek_cel::{Compiler, Fault, Frame, Index, Input, Limits, Program, Want};
use detek_doc::{Caps, Keep, Projection, Store, StoreBuilder};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Keeps what `programs` read of input `number`; everything if there is none.
fn store(documents: &[Json], programs: &[&Program], number: usize) -> Store {
    let mut projection = Projection::new("test/objects");
    for read in programs.iter().flat_map(|program| program.reads()).filter(|read| read.path.input == number) {
        let keys: Vec<&str> = read.path.keys.iter().map(String::as_str).collect();
        projection.keep(&keys, read.keep).unwrap();
    }
    if programs.is_empty() {
        projection.keep(&[], Keep::All).unwrap();
    }
    let mut builder = StoreBuilder::new(&Caps::default());
    for document in documents {
        builder.push_json(document, &projection).unwrap();
    }
    builder.finish()
}

fn eval(program: &Program, object: &Store, fuel: u64) -> Result<Json, Fault> {
    let scratch = Bump::new();
    let mut frame = Frame::new(&scratch, program.slots(), &[], &[], fuel);
    frame.set(0, detek_cel::Value::Stored(object.doc(0)));
    program.eval(&mut frame).map(detek_cel::Value::to_json).map_err(|error| error.fault)
}

/// The value of an expression over `object`, which must be the same over all of the object and over what is read of it.
fn check(source: &str, object: &Json) -> Result<Json, Fault> {
    let mut compiler = Compiler::new().unchecked(Limits::default());
    compiler.document("object", 0);
    let program = compiler.expression(source, Want::Any).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    let whole = eval(&program, &store(std::slice::from_ref(object), &[], 0), 1_000_000);
    let projected = eval(&program, &store(std::slice::from_ref(object), &[&program], 0), 1_000_000);
    assert_eq!(whole, projected, "{source} differs over what it reads: {:?}", program.reads());
    whole
}

fn pod() -> Json {
    json!({
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web", "tier": "front"}},
        "spec": {
            "replicas": 3,
            "containers": [
                {"name": "a", "image": "nginx:1", "ports": [{"containerPort": 80}]},
                {"name": "b", "image": "redis", "resources": {"limits": {"cpu": "1"}}},
            ],
            "args": ["x", "y"],
        },
    })
}

#[test]
fn expressions_give_what_the_language_says() {
    let object = pod();
    for (source, expected) in [
        ("1 + 2 * 3 - 4 / 2 % 2", json!(7)),
        ("object.metadata.name + '/' + object.metadata.namespace", json!("web/shop")),
        ("object.spec.containers.map(c, c.name)", json!(["a", "b"])),
        ("object.spec.containers.filter(c, c.image.contains(':')).size()", json!(1)),
        ("object.spec.containers.exists(c, c.name == 'b') && object.spec.containers.all(c, has(c.image))", json!(true)),
        ("object.spec.containers.exists_one(c, has(c.resources))", json!(true)),
        ("size(object.metadata.labels)", json!(2)),
        ("size(object.metadata.name)", json!(3)),
        ("size(object.spec.args) + size(object.spec.containers)", json!(4)),
        ("object.metadata.labels.exists(k, k == 'tier')", json!(true)),
        ("object.metadata.labels.exists(k, k.startsWith('ti'))", json!(true)),
        ("object.metadata.labels.exists(k, v, k == 'tier' && v == 'front')", json!(true)),
        ("object.metadata.labels.transformList(k, v, k + v)", json!(["appweb", "tierfront"])),
        ("'app' in object.metadata.labels && 'x' in object.spec.args && !('z' in object.spec.args)", json!(true)),
        ("object.spec.args.all(a, a in ['x', 'y'])", json!(true)),
        ("object.spec.containers[1].?resources.?limits[?'cpu'].orValue('none')", json!("1")),
        ("object.spec.containers[0].?resources.?limits[?'cpu'].orValue('none')", json!("none")),
        ("object.spec.containers[0].?resources.limits.cpu.hasValue()", json!(false)),
        ("object.metadata.?annotations[?'a'].hasValue()", json!(false)),
        ("object.spec.containers.map(c, c.?ports.orValue([]).map(p, p.containerPort)).flatten()", json!([80])),
        ("(object.spec.containers + object.spec.?initContainers.orValue([])).map(c, c.name)", json!(["a", "b"])),
        ("object.?spec.optMap(s, s.replicas + 1).orValue(0)", json!(4)),
        ("cel.bind(n, object.spec.replicas, n * n)", json!(9)),
        ("{'a': 1, ?'b': object.?nothing}", json!({"a": 1})),
        ("[1, ?object.?nothing, 2]", json!([1, 2])),
        ("object.spec.replicas > 2 ? 'many' : 'few'", json!("many")),
        ("object.metadata == object.metadata", json!(true)),
        ("1.0 == 1 && 1u == 1 && 2.5 > 2 && [1] == [1.0]", json!(true)),
        ("object.spec.containers.sortBy(c, c.image).map(c, c.name)", json!(["a", "b"])),
        ("timestamp('2020-01-01T00:00:00Z') + duration('1h') > timestamp('2020-01-01T00:30:00Z')", json!(true)),
        ("type(1) == int && type(object.spec.args) == list", json!(true)),
        ("has(object.spec.containers) && !has(object.spec.volumes)", json!(true)),
        ("(object.spec.replicas > 5 || object.missing.x == 1) || true", json!(true)),
        ("k8s.longRunning(object).map(c, c.name)", json!(["a", "b"])),
        ("k8s.containerStatuses(object).map(s, s.name)", json!([])),
        ("k8s.isLive(object) && !k8s.isMirror(object)", json!(true)),
    ] {
        assert_eq!(check(source, &object), Ok(expected), "{source}");
    }
}

#[test]
fn what_has_no_value_says_why() {
    let object = pod();
    for (source, fault) in [
        ("object.spec.missing", Fault::NoSuchKey),
        ("has(object.missing.field)", Fault::NoSuchKey),
        ("object.spec.args[5]", Fault::IndexOutOfRange),
        ("object.spec.replicas + 'x'", Fault::NoSuchOverload),
        ("1 / 0", Fault::DivideByZero),
        ("9223372036854775807 + 1", Fault::Overflow),
        ("object.spec.missing == 1 && true", Fault::NoSuchKey),
        ("object.spec.containers.map(c, c.resources)", Fault::NoSuchKey),
        ("object.spec.containers.exists(c, c.resources.x == 1)", Fault::NoSuchKey),
        ("{'a': 1, 'a': 2}", Fault::DuplicateKey),
    ] {
        assert_eq!(check(source, &object), Err(fault), "{source}");
    }
}

#[test]
fn cost_ends_an_evaluation_and_nothing_absorbs_it() {
    let mut compiler = Compiler::new().unchecked(Limits::default());
    compiler.document("object", 0);
    let nest = "object.a.all(a, object.a.all(b, object.a.all(c, object.a.all(d, object.a.all(e, e >= 0))))) || true";
    let program = compiler.expression(nest, Want::Bool).unwrap();
    let object = store(&[json!({"a": (0..100).collect::<Vec<_>>()})], &[], 0);
    assert_eq!(eval(&program, &object, 100_000), Err(Fault::CostLimit));
}

#[test]
fn a_miss_in_an_incomplete_input_is_no_miss() {
    let documents = [json!({"name": "a", "ok": true}), json!({"name": "b", "ok": false})];
    let mut compiler = Compiler::new();
    compiler.document("object", 0);
    compiler.input("others", 1, vec![("byName".into(), true), ("byOk".into(), false)]);
    let key = |source| {
        let mut compiler = Compiler::new();
        compiler.document("object", 1);
        compiler.expression(source, Want::Text).unwrap()
    };
    let (by_name, by_ok) = (key("object.name"), key("string(object.ok)"));
    for (source, complete, incomplete) in [
        ("others.byName['a'].ok", Ok(json!(true)), Ok(json!(true))),
        ("others.byName[?'a'].hasValue()", Ok(json!(true)), Ok(json!(true))),
        ("others.byName[?'z'].hasValue()", Ok(json!(false)), Err(Fault::InputIncomplete)),
        ("'z' in others.byName", Ok(json!(false)), Err(Fault::InputIncomplete)),
        ("others.byName['z'].ok", Err(Fault::NoSuchKey), Err(Fault::InputIncomplete)),
        ("size(others.byOk['true'])", Ok(json!(1)), Err(Fault::InputIncomplete)),
        ("others.byOk['true'].exists(o, o.name == 'a')", Ok(json!(true)), Ok(json!(true))),
        ("others.byOk['true'].exists(o, o.name == 'z')", Ok(json!(false)), Err(Fault::InputIncomplete)),
        ("others.items.exists(o, o.ok)", Ok(json!(true)), Ok(json!(true))),
        ("others.items.all(o, o.ok)", Ok(json!(false)), Ok(json!(false))),
        ("others.items.all(o, has(o.name))", Ok(json!(true)), Err(Fault::InputIncomplete)),
        ("others.items.size()", Ok(json!(2)), Err(Fault::InputIncomplete)),
        ("others.items.map(o, o.name)", Ok(json!(["a", "b"])), Err(Fault::InputIncomplete)),
        ("others.items.exists(o, o.name == 'z') || true", Ok(json!(true)), Ok(json!(true))),
    ] {
        let program =
            compiler.expression(source, Want::Any).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
        let others = store(&documents, &[&program, &by_name, &by_ok], 1);
        let indexes = [Index::build(&others, &by_name, false), Index::build(&others, &by_ok, false)].map(Arc::new);
        let object = store(&[json!({})], &[], 0);
        for (complete, expected) in [(true, complete), (false, incomplete)] {
            let inputs = [
                Input { documents: &object, complete: true, indexes: &[] },
                Input { documents: &others, complete, indexes: &indexes },
            ];
            let scratch = Bump::new();
            let mut frame = Frame::new(&scratch, program.slots(), &inputs, &[], 100_000);
            let outcome = program.eval(&mut frame).map(detek_cel::Value::to_json).map_err(|error| error.fault);
            assert_eq!(outcome, expected, "{source}, complete: {complete}");
        }
    }
}
