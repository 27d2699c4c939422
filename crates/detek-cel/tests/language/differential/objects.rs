//! Objects to evaluate expressions on: saved from a real control plane (`objects.jsonl`, its README beside), generated, and
//! damaged ones of both, in which fields are missing or of another type.

use detek_cel::Read;
use detek_doc::{Caps, Keep, Projection, Store, StoreBuilder};
use detek_sim::{Sim, Size};
use fastrand::Rng;
use serde_json::{Value, json};

/// Kinds, and how many of each a simulated cluster gives; most conditions are about pods.
const KINDS: [(&str, &str, usize); 5] = [
    ("", "pods", 400),
    ("", "services", 60),
    ("apps", "deployments", 60),
    ("networking.k8s.io", "ingresses", 60),
    ("discovery.k8s.io", "endpointslices", 60),
];
/// A kind of which nothing is redacted.
const INPUT: &str = "test/objects";
const ALL: usize = 2_000;

/// All objects; always the same.
pub(crate) fn all() -> Vec<Value> {
    let date = "2026-01-02T03:04:05Z".parse().expect("a time");
    let clusters = [|| Sim::demo(), || Sim::cluster(Size { pods: 600, replicas: 5, revisions: 2 })];
    let lists = clusters.iter().flat_map(|sim| {
        KINDS.iter().flat_map(move |(group, plural, most)| {
            sim().date(date).pages(group, "v1", plural, *most).expect("a cluster").into_iter().take(1)
        })
    });
    let mut objects: Vec<Value> =
        include_str!("objects.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for body in lists {
        let list: Value = serde_json::from_slice(&body).expect("JSON");
        objects.extend(list["items"].as_array().expect("a list").iter().cloned());
    }
    let mut random = Rng::with_seed(7);
    for n in 0..ALL.saturating_sub(objects.len()) {
        let mut object = objects[n % objects.len()].clone();
        for _ in 0..random.usize(1..6) {
            damage(&mut object, &mut random);
        }
        objects.push(object);
    }
    objects
}

/// Documents of which everything is kept.
pub(crate) fn whole(objects: &[Value]) -> Store {
    let mut projection = Projection::new(INPUT);
    projection.keep(&[], Keep::All).expect("nothing is redacted in an input of no kind");
    store(objects, &projection)
}

/// Documents of which only this is kept.
pub(crate) fn projected(objects: &[Value], reads: &[Read]) -> Store {
    let mut projection = Projection::new(INPUT);
    for read in reads {
        let keys: Vec<&str> = read.path.keys.iter().map(String::as_str).collect();
        projection.keep(&keys, read.keep).expect("nothing is redacted in an input of no kind");
    }
    store(objects, &projection)
}

fn store(objects: &[Value], projection: &Projection) -> Store {
    let mut builder = StoreBuilder::new(&Caps::default());
    for object in objects {
        assert!(builder.push_json(object, projection).expect("small objects"), "documents are objects");
    }
    builder.finish()
}

/// Removes or replaces something at a random place below the top.
fn damage(object: &mut Value, random: &mut Rng) {
    let mut place = object;
    let mut depth = random.usize(1..8);
    loop {
        depth -= 1;
        match place {
            Value::Object(fields) if !fields.is_empty() => {
                let key = fields.keys().nth(random.usize(..fields.len())).expect("within").clone();
                if depth > 0 && fields[&key].as_object().map_or_else(|| fields[&key].is_array(), |f| !f.is_empty()) {
                    place = &mut fields[&key];
                } else if random.bool() {
                    fields.remove(&key);
                    return;
                } else {
                    fields.insert(key, other(random));
                    return;
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let at = random.usize(..items.len());
                if depth > 0 && (items[at].is_object() || items[at].is_array()) {
                    place = &mut items[at];
                } else if random.bool() {
                    items.remove(at);
                    return;
                } else {
                    items[at] = other(random);
                    return;
                }
            }
            _ => return,
        }
    }
}

fn other(random: &mut Rng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-7),
        json!(137),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(0.5),
        json!(""),
        json!("Failed"),
        json!("1"),
        json!("a:latest"),
        json!("ünïcödé \u{1f680}"),
        json!([]),
        json!(["ALL", null, 1]),
        json!({}),
        json!({"memory": "1Gi", "key": null}),
    ];
    values[random.usize(..values.len())].clone()
}
