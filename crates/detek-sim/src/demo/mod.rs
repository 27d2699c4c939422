//! The demo cluster: a small shop with a payment service, run by people in a hurry. For most detectors there is one broken object and
//! one that looks like it and is fine.

mod app;
mod batch;
mod cluster;
mod network;
mod webhooks;

use std::net::SocketAddr;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::content::{ALPHABET, uid};
use crate::tls::Problem;
use app::App;

/// What all objects of one demo share: the time, the random numbers, and the addresses given out so far.
pub(crate) struct Maker {
    now: Timestamp,
    random: Rng,
    pods: u8,
    out: Vec<Value>,
}

const NODES: [&str; 3] = ["worker-1", "worker-2", "worker-3"];

impl Maker {
    /// A time so many minutes before the server's.
    fn ago(&self, minutes: i64) -> String {
        let at = self.now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(self.now);
        rfc3339(at)
    }

    fn uid(&mut self) -> String {
        uid(self.random.u128(..))
    }

    fn letters(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(ALPHABET[self.random.usize(..ALPHABET.len())])).collect()
    }

    /// `metadata` of an object so many minutes old.
    fn meta(&mut self, namespace: &str, name: &str, minutes: i64) -> Value {
        let (uid, version) = (self.uid(), self.random.u32(1_000_000..9_000_000));
        let mut meta = json!({"name": name, "uid": uid, "resourceVersion": version.to_string(), "generation": 1,
            "creationTimestamp": self.ago(minutes)});
        if !namespace.is_empty() {
            meta["namespace"] = namespace.into();
        }
        meta
    }

    /// Adds an object; `rest` is everything but type and metadata.
    fn add(&mut self, api_version: &str, kind: &str, meta: Value, rest: Value) {
        let mut object = serde_json::Map::new();
        object.insert("apiVersion".into(), api_version.into());
        object.insert("kind".into(), kind.into());
        object.insert("metadata".into(), meta);
        if let Value::Object(rest) = rest {
            object.extend(rest);
        }
        self.out.push(object.into());
    }
}

/// An owner reference of a controller.
fn owner(api_version: &str, kind: &str, meta: &Value) -> Value {
    json!([{"apiVersion": api_version, "kind": kind, "name": meta["name"], "uid": meta["uid"], "controller": true, "blockOwnerDeletion": true}])
}

/// All objects of the demo. `own` is where the server listens, if it speaks TLS: the address of its instance in `default/kubernetes`.
pub(crate) fn objects(seed: u64, now: Timestamp, own: Option<SocketAddr>) -> Result<Vec<Value>, Problem> {
    let mut maker = Maker { now, random: Rng::with_seed(seed), pods: 10, out: Vec::new() };
    cluster::add(&mut maker, own);
    for app in apps() {
        app::add(&mut maker, &app);
    }
    batch::add(&mut maker);
    network::add(&mut maker);
    webhooks::add(&mut maker)?;
    Ok(maker.out)
}

fn apps() -> Vec<App> {
    let app = |namespace, name, image| App { namespace, name, image, ..App::default() };
    vec![
        // The look-alike of everything: limits, probes, a pinned tag, a budget, a graceful end.
        App { replicas: 3, ..app("payments", "api", "registry.example.com/payments/api:2.14.3") },
        App { unready: 1, ..app("payments", "ledger", "registry.example.com/payments/ledger:1.8.0") },
        App {
            crash: true,
            replicas: 1,
            ..app("payments", "fraud-check", "registry.example.com/payments/fraud-check:0.9.1")
        },
        App { oom: true, ..app("payments", "statements", "registry.example.com/payments/statements:3.2.0") },
        App { limits: false, ..app("shop", "cart", "registry.example.com/shop/cart:5.1.0") },
        App { requests: false, limits: false, ..app("shop", "search", "registry.example.com/shop/search:4.0.2") },
        App { liveness: false, readiness: false, ..app("shop", "catalog", "registry.example.com/shop/catalog:7.3.1") },
        App { pull: "Always", ..app("shop", "recommendations", "registry.example.com/shop/recommendations:latest") },
        App { budget: false, ..app("shop", "checkout", "registry.example.com/shop/checkout:6.0.0") },
        App { unready: 2, ..app("shop", "reviews", "registry.example.com/shop/reviews:1.2.9") },
        App { grace: 0, replicas: 1, ..app("shop", "sessions", "docker.io/library/redis:7.4.2") },
        App {
            host_path: Some("/data/uploads"),
            replicas: 1,
            ..app("shop", "uploads", "registry.example.com/shop/uploads:2.2.0")
        },
        App {
            pull: "IfNotPresent",
            replicas: 1,
            ..app("internal", "wiki", "registry.example.com/internal/wiki:stable")
        },
        App { restarted: true, ..app("internal", "mailer", "registry.example.com/internal/mailer:1.0.7") },
        App {
            service_label: Some("grafana-ui"),
            replicas: 1,
            ..app("monitoring", "grafana", "docker.io/grafana/grafana:12.2.0")
        },
        App {
            target_port: "http-metrics",
            replicas: 1,
            ..app("monitoring", "prometheus", "quay.io/prometheus/prometheus:v3.6.0")
        },
        App { replicas: 2, ..app("kube-system", "coredns", "registry.k8s.io/coredns/coredns:v1.12.1") },
        App {
            replicas: 2,
            host_path: Some("/etc/localtime"),
            ..app("internal", "gitlab-runner", "docker.io/gitlab/gitlab-runner:v18.5.0")
        },
    ]
}
