//! What a program says that it reads is enough: over documents of which nothing else was kept it gives the same.

use crate::datum::Datum;
use crate::differential::expressions;
use crate::differential::objects::{all, projected, whole};
use crate::evaluate::{compile, over};
use detek_cel::Program;
use detek_doc::Doc;
use fastrand::Rng;
use serde_json::{Value, json};

#[test]
fn a_document_as_projected_gives_the_same_as_the_whole_one() {
    let objects: Vec<Value> = all().into_iter().step_by(5).collect();
    let store = whole(&objects);
    for expression in expressions() {
        let Ok(program) = compile(expression) else { continue };
        let kept = projected(&objects, program.reads());
        for (whole, kept) in store.docs().zip(kept.docs()) {
            same(&program, expression, whole, kept);
        }
    }
}

#[test]
fn a_part_that_is_counted_and_another_that_is_read_are_both_kept() {
    let objects =
        [json!({"m": {"a": 1, "b": {"c": 2}}, "l": [{"a": 1}, {"b": 2}, 3], "ll": [[1, 2], [3]], "t": "text"})];
    let store = whole(&objects);
    for expression in [
        "size(object.m) == 2 && object.m.a == 1",
        "object.m.a == 1 && object.m.exists(k, k == 'b')",
        "object.m.b.c == 2 && object.m.map(k, k).size() == 2",
        "has(object.m.b) && object.m.b.c == 2",
        "object.l[2] == 3 && object.l[0].a == 1",
        "object.l.size() == 3 && object.l[0].a == 1",
        "object.l.map(e, dyn(1)).size() == 3",
        "size(object.t) == 4",
        "object.ll.all(l, l.size() > 0) && object.ll[0].size() == 2",
        "object.ll.flatten().size() == 3",
        "object.ll.map(l, l).flatten().map(n, n) == [1, 2, 3]",
        "object.ll.filter(l, true).first().value().size() == 2",
        "object.l[0].size() == 1 && object.l.exists(e, e.size() == 1 && e.exists(k, k == 'b'))",
        "object.l.map(e, e).reverse()[1].size() == 1",
        "object.size() == 4 && object.m.a == 1",
        "object.map(k, k).size() == 4",
        "object.all(k, k in ['m', 'l', 'll', 't'])",
        "object.?m.optMap(m, true).orValue(false)",
        "object.?m.optFlatMap(m, optional.of(true)).orValue(false)",
        "object.?x.or(object.?m).hasValue()",
        "cel.bind(m, object.m, true)",
        "[?object.?m, ?object.?x].size() == 1",
        "[object.m, object.t].size() == 2",
        "dyn(object.m).a == 1",
        "optional.of(object).value().m.a == 1",
        "object.m.transformList(k, v, k).size() == 2",
        "object.l.transformList(i, e, i) == [0, 1, 2]",
        "object.l.filter(e, type(e) == int) == [3]",
        "object.l.first().value().a == 1 && object.l.last().value() == 3",
        "'b' in object.m && 'c' in object.m.b",
        "type(object.m) == map && type(object.l) == list && type(object.t) == string",
        "object.m == {'a': 1, 'b': {'c': 2}}",
        "(has(object.x) ? object.x : object.m).b.c == 2",
    ] {
        let program = compile(expression).unwrap();
        let kept = projected(&objects, program.reads());
        assert_eq!(over(&program, kept.doc(0)), Ok(Datum::Bool(true)), "{expression}: {:?}", program.reads());
        same(&program, expression, store.doc(0), kept.doc(0));
    }
}

#[test]
fn no_way_of_passing_values_on_loses_a_path() {
    let mut random = Rng::with_seed(11);
    let objects: Vec<Value> = (0..40).map(|_| document(&mut random, 4)).collect();
    let store = whole(&objects);
    let mut values = 0;
    for _ in 0..4_000 {
        let expression = Writer { random: &mut random, scope: vec!["object".to_owned()] }.any(4);
        let program = match compile(&expression) {
            Ok(program) => program,
            Err(problems) => panic!("{expression}: {problems:?}"),
        };
        let kept = projected(&objects, program.reads());
        for (whole, kept) in store.docs().zip(kept.docs()) {
            values += usize::from(same(&program, &expression, whole, kept));
        }
    }
    assert!(values > 40_000, "expressions that only fail show nothing, and {values} did not");
}

/// Whether it has a value, the same of both. Which error it is may depend on what was kept: that of a missing field is one of a wrong type elsewhere.
fn same(program: &Program, expression: &str, whole: Doc<'_>, kept: Doc<'_>) -> bool {
    let (want, got) = (over(program, whole), over(program, kept));
    let same = if let (Ok(want), Ok(got)) = (&want, &got) { want == got } else { want.is_err() && got.is_err() };
    assert!(same, "{expression}\nof {}\nas {}\ngives {want:?}\nand {got:?}", whole.to_json(), kept.to_json());
    want.is_ok()
}

/// A map with a map, a list of maps, a text and a number, of which one or the other is missing.
fn document(random: &mut Rng, depth: usize) -> Value {
    let mut map = json!({"s": (["a", "b"][random.usize(..2)]), "n": random.i64(0..3)});
    if depth > 0 {
        map["m"] = document(random, depth - 1);
        map["l"] = (0..random.usize(..3)).map(|_| document(random, depth - 1)).collect();
    }
    if random.u8(..4) == 0 {
        let key = ["s", "n", "m", "l"][random.usize(..4)];
        map.as_object_mut().expect("made above").remove(key);
    }
    map
}

/// Writes expressions that pass values of such documents on in every way that there is.
struct Writer<'r> {
    random: &'r mut Rng,
    /// Names of maps.
    scope: Vec<String>,
}

impl Writer<'_> {
    fn any(&mut self, depth: usize) -> String {
        match self.random.usize(..4) {
            0 => self.map(depth),
            1 => self.list(depth),
            2 => self.scalar(depth),
            _ => self.truth(depth),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else {
            return self.scope[self.random.usize(..self.scope.len())].clone();
        };
        match self.random.usize(..16) {
            0..4 => format!("{}.m", self.map(depth)),
            4 => format!("{}['m']", self.map(depth)),
            5 => format!("{}[0]", self.list(depth)),
            6 => format!("{}.first().orValue({})", self.list(depth), self.map(depth)),
            7 => format!("{}.?m.orValue({})", self.map(depth), self.map(depth)),
            8 => format!("{}[?'m'].or(optional.of({})).value()", self.map(depth), self.map(depth)),
            9 => format!("({} ? {} : {})", self.truth(depth), self.map(depth), self.map(depth)),
            10 => format!("[{}, {}][{}]", self.map(depth), self.map(depth), self.random.usize(..2)),
            11 => format!("{{'m': {}, 's': {}}}", self.map(depth), self.scalar(depth)),
            12 => format!("dyn(optional.of({}).value())", self.map(depth)),
            13 => format!("{}[{}]", self.list(depth), self.scalar(depth)),
            14 => self.bound(depth, |w, v| format!("cel.bind({v}, {}, {})", w.0, w.1), Self::map, Self::map),
            _ => {
                let other = self.map(depth);
                let write =
                    |(of, body): (String, String), v: &str| format!("{of}.?m.optMap({v}, {body}).orValue({other})");
                self.bound(depth, write, Self::map, Self::map)
            }
        }
    }

    fn list(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else { return format!("{}.l", self.map(0)) };
        match self.random.usize(..14) {
            0..4 => format!("{}.l", self.map(depth)),
            4 => format!("({} + {})", self.list(depth), self.list(depth)),
            5 => format!("[{}, {}]", self.map(depth), self.map(depth)),
            6 => format!("[?{}.?m, {}]", self.map(depth), self.map(depth)),
            7 => format!("{}.reverse()", self.list(depth)),
            8 => format!("{}.?l.orValue([])", self.map(depth)),
            9 => self.bound(depth, |w, v| format!("{}.filter({v}, {})", w.0, w.1), Self::list, Self::truth),
            10 => self.bound(depth, |w, v| format!("{}.map({v}, {})", w.0, w.1), Self::list, Self::map),
            11 => self.bound(depth, |w, v| format!("{}.map({v}, {}).flatten()", w.0, w.1), Self::list, Self::list),
            12 => self.bound(depth, |w, v| format!("{}.sortBy({v}, {})", w.0, w.1), Self::list, Self::scalar),
            _ => self.bound(depth, |w, v| format!("{}.transformList(i, {v}, {})", w.0, w.1), Self::list, Self::map),
        }
    }

    fn scalar(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else { return self.random.usize(..3).to_string() };
        match self.random.usize(..9) {
            0..3 => format!("{}.n", self.map(depth)),
            3 => format!("{}.s", self.map(depth)),
            4 => format!("size({})", self.list(depth)),
            5 => format!("size({})", self.map(depth)),
            6 => format!("{}.?n.orValue({})", self.map(depth), self.scalar(depth)),
            7 => self.bound(depth, |w, v| format!("{}.map({v}, {}).size()", w.0, w.1), Self::list, Self::scalar),
            _ => self.bound(depth, |w, v| format!("cel.bind({v}, {}, {})", w.0, w.1), Self::map, Self::scalar),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else { return self.random.bool().to_string() };
        let key = ["s", "n", "m", "l"][self.random.usize(..4)];
        match self.random.usize(..15) {
            0 | 1 => format!("has({}.{key})", self.map(depth)),
            2 => format!("('{key}' in {})", self.map(depth)),
            3 => format!("{}.?{key}.hasValue()", self.map(depth)),
            4 | 5 => format!("({} == {})", self.scalar(depth), self.scalar(depth)),
            6 => format!("({} == {})", self.map(depth), self.map(depth)),
            7 => format!("({} in {})", self.map(depth), self.list(depth)),
            8 => format!("({} && {})", self.truth(depth), self.truth(depth)),
            9 => format!("({} || {})", self.truth(depth), self.truth(depth)),
            10 => format!("{}.exists(k, k == '{key}')", self.map(depth)),
            11 => format!("{}.all(k, k != {})", self.map(depth), self.scalar(depth)),
            12 => self.bound(depth, |w, v| format!("{}.exists({v}, {})", w.0, w.1), Self::list, Self::truth),
            13 => self.bound(depth, |w, v| format!("{}.all({v}, {})", w.0, w.1), Self::list, Self::truth),
            _ => self.bound(depth, |w, v| format!("{}.exists_one({v}, {})", w.0, w.1), Self::list, Self::truth),
        }
    }

    /// What `write` makes of a value, and of an expression in which a new name stands for a map of it.
    fn bound(
        &mut self,
        depth: usize,
        write: impl FnOnce((String, String), &str) -> String,
        of: fn(&mut Self, usize) -> String,
        body: fn(&mut Self, usize) -> String,
    ) -> String {
        let of = of(self, depth);
        let name = format!("v{}", self.scope.len());
        self.scope.push(name.clone());
        let body = body(self, depth);
        self.scope.pop();
        write((of, body), &name)
    }
}
