//! P4: Ingresses joined with Services by a declared index, against reading both.

use crate::{
    Outcome,
    figure::{Budget, Figure, median},
    workload::{Pages, cpu, projection, services},
};
use bumpalo::Bump;
use detek_cel::{Compiler, Frame, Index, Input, Program, Value, Want};
use detek_doc::Store;
use std::sync::Arc;
use std::{fmt::Write as _, time::Duration};

const ROUNDS: usize = 7;
/// Of the time of reading both.
const BUDGET: f64 = 3.0;
/// One of so many Ingresses is judged by looking at all Services, too; all of them would take minutes.
const SCANNED: usize = 499;
/// One of so many Ingresses names a Service that does not exist.
const DANGLING: usize = 100;
/// Units for each Ingress; a scan of 10,000 Services takes a fifth.
const FUEL: u64 = 1_000_000;

const KEY: &str = "object.metadata.namespace + '/' + object.metadata.name";
const BY_INDEX: &str =
    "object.spec.?rules.orValue([]).exists(r, r.?http.?paths.orValue([]).exists(p, has(p.backend.service)
    && !services.byName[?(object.metadata.namespace + '/' + p.backend.service.name)].hasValue()))";
const BY_SCAN: &str =
    "object.spec.?rules.orValue([]).exists(r, r.?http.?paths.orValue([]).exists(p, has(p.backend.service)
    && !services.items.exists(s,
        s.metadata.namespace == object.metadata.namespace && s.metadata.name == p.backend.service.name)))";

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let key = compile(KEY, Want::Text, 1)?;
    let [lookup, scan] = [compile(BY_INDEX, Want::Bool, 0)?, compile(BY_SCAN, Want::Bool, 0)?];
    let programs = [&key, &lookup, &scan];
    let services = Pages { projection: projection("kubernetes/core/v1/services", programs, 1)?, bodies: services()? };
    let ingresses = Pages {
        projection: projection("kubernetes/networking.k8s.io/v1/ingresses", programs, 0)?,
        bodies: bodies(&services.read()?),
    };
    let join = Join { services, ingresses, key, lookup, scan };
    let rounds = (0..ROUNDS).map(|_| join.round()).collect::<Outcome<Vec<_>>>()?;
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let told = |name, value, unit| Figure::new(name, value, unit, Budget::Told);
    let count = rounds.first().map_or(0, |round| round.ingresses);
    Ok(vec![
        Figure::new(
            format!("P4 join of {count} Ingresses and Services, time of reading"),
            of(|round| (round.index + round.lookups).div_duration_f64(round.read)),
            "",
            Budget::AtMost(BUDGET),
        ),
        told("   building the index", of(|round| round.index.div_duration_f64(round.read)), ""),
        told("   bytes of the index, for each Service", of(|round| round.bytes as f64 / round.ingresses as f64), "B"),
        told(
            "   looking at all Services instead, time of lookups",
            of(|round| {
                let scanned = round.ingresses.div_ceil(SCANNED) as f64 / round.ingresses as f64;
                round.scans.div_duration_f64(round.index + round.lookups) / scanned
            }),
            "",
        ),
    ])
}

/// `object` is a document of the input of this number.
fn compile(source: &str, want: Want, input: usize) -> Outcome<Program> {
    let mut compiler = Compiler::new();
    compiler.document("object", input);
    compiler.input("services", 1, vec![("byName".to_owned(), true)]);
    compiler.expression(source, want).map_err(|problems| format!("{source}: {problems:?}").into())
}

struct Join {
    services: Pages,
    ingresses: Pages,
    key: Program,
    lookup: Program,
    scan: Program,
}

struct Round {
    ingresses: usize,
    bytes: usize,
    read: Duration,
    index: Duration,
    lookups: Duration,
    scans: Duration,
}

impl Join {
    fn round(&self) -> Outcome<Round> {
        let mut stores = [Store::empty(), Store::empty()];
        let read = cpu(|| {
            stores = [self.ingresses.read()?, self.services.read()?];
            Ok(())
        })?;
        let [ingresses, services] = &stores;
        let mut indexes = Vec::new();
        let index = cpu(|| {
            indexes.push(Arc::new(Index::build(services, &self.key, false)));
            Ok(())
        })?;
        let inputs = [
            Input { documents: ingresses, complete: true, indexes: &[] },
            Input { documents: services, complete: true, indexes: &indexes },
        ];
        let lookups = cpu(|| dangling(&self.lookup, &inputs, 1))?;
        let scans = cpu(|| dangling(&self.scan, &inputs, SCANNED))?;
        let bytes = indexes.iter().map(|index| index.memory()).sum();
        Ok(Round { ingresses: ingresses.len(), bytes, read, index, lookups, scans })
    }
}

/// Finds the Ingresses whose Service does not exist, of each `step`th one, and checks that these are all.
fn dangling(program: &Program, inputs: &[Input<'_>], step: usize) -> Outcome<()> {
    let mut scratch = Bump::new();
    for (n, doc) in inputs[0].documents.docs().enumerate().step_by(step) {
        scratch.reset();
        let mut frame = Frame::new(&scratch, program.slots(), inputs, &[], FUEL);
        frame.set(0, Value::Stored(doc));
        match program.holds(&mut frame) {
            Ok(dangles) if dangles == is_dangling(n) => {}
            other => return Err(format!("Ingress {n}: {other:?}").into()),
        }
    }
    Ok(())
}

fn is_dangling(number: usize) -> bool {
    number.is_multiple_of(DANGLING)
}

/// An Ingress for each Service, as long as real ones are, in pages of 500.
fn bodies(services: &Store) -> Vec<Vec<u8>> {
    let names: Vec<(&str, &str)> = services
        .docs()
        .filter_map(|doc| {
            Some((doc.at(&["metadata", "namespace"])?.as_str()?, doc.at(&["metadata", "name"])?.as_str()?))
        })
        .collect();
    let mut bodies = Vec::new();
    for (page, names) in names.chunks(500).enumerate() {
        let mut body = String::from(r#"{"kind":"IngressList","apiVersion":"networking.k8s.io/v1","items":["#);
        for (n, (namespace, name)) in names.iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            let service = if is_dangling(page * 500 + n) { "gone" } else { *name };
            // Writing to a String cannot fail.
            let _ = write!(
                body,
                r#"{comma}{{"metadata":{{"name":"{name}","namespace":"{namespace}","uid":"5b1f2c0e-8a44-4d9b-9a53-5d0e6e0c1a77","resourceVersion":"81234567","generation":1,"creationTimestamp":"2025-11-01T10:00:00Z","labels":{{"app.kubernetes.io/name":"{name}","app.kubernetes.io/managed-by":"Helm"}},"annotations":{{"cert-manager.io/cluster-issuer":"letsencrypt","nginx.ingress.kubernetes.io/proxy-body-size":"16m"}},"managedFields":[{{"manager":"helm","operation":"Update","apiVersion":"networking.k8s.io/v1","time":"2025-11-01T10:00:00Z","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:annotations":{{".":{{}},"f:cert-manager.io/cluster-issuer":{{}},"f:nginx.ingress.kubernetes.io/proxy-body-size":{{}}}},"f:labels":{{".":{{}},"f:app.kubernetes.io/managed-by":{{}},"f:app.kubernetes.io/name":{{}}}}}},"f:spec":{{"f:ingressClassName":{{}},"f:rules":{{}},"f:tls":{{}}}}}}}}]}},"spec":{{"ingressClassName":"nginx","tls":[{{"hosts":["{name}.{namespace}.example.com"],"secretName":"{name}-tls"}}],"rules":[{{"host":"{name}.{namespace}.example.com","http":{{"paths":[{{"path":"/","pathType":"Prefix","backend":{{"service":{{"name":"{service}","port":{{"name":"http"}}}}}}}},{{"path":"/api","pathType":"Prefix","backend":{{"service":{{"name":"{service}","port":{{"name":"http"}}}}}}}}]}}}}]}},"status":{{"loadBalancer":{{"ingress":[{{"ip":"198.51.100.7"}}]}}}}}}"#
            );
        }
        body.push_str("]}");
        bodies.push(body.into_bytes());
    }
    bodies
}
