//! Reading the simulated cluster, well and badly served.

mod access;
mod connecting;
mod credentials;
mod ending;
mod instances;
mod lists;
mod proxies;
mod sizes;

use detek_core::{CauseClass, Input, InputKind, Scope};
use detek_doc::{Keep, Projection};
use detek_kube::{Cluster, ConnectError, Limits, PlannedRead, ReadOptions};
use detek_sim::{Fault, Running, Sim};
use std::error::Error;

type Tested = Result<(), Box<dyn Error>>;

const PODS: InputKind = InputKind::new("kubernetes/core/v1/pods", "", "Pod", true);
const NODES: InputKind = InputKind::new("kubernetes/core/v1/nodes", "", "Node", false);
const DEPLOYMENTS: InputKind = InputKind::new("kubernetes/apps/v1/deployments", "apps", "Deployment", true);
const WIDGETS: InputKind = InputKind::new("kubernetes/example.test/v1/widgets", "example.test", "Widget", true);
const VERSION: InputKind = InputKind::new("kubernetes/raw/version", "", "", false);
const READYZ: InputKind = InputKind::new("kubernetes/raw/readyz", "", "", false);

fn plan(kind: &InputKind) -> PlannedRead {
    let mut projection = Projection::new(kind.key.as_str());
    for path in
        [&["metadata", "name"][..], &["metadata", "namespace"], &["name"], &["ok"], &["reason"], &["gitVersion"]]
    {
        projection.keep(path, Keep::All).expect("these fields hold no credentials");
    }
    PlannedRead { kind: kind.clone(), projection }
}

async fn cluster(server: &Running) -> Result<Cluster, ConnectError> {
    Cluster::from_kubeconfig_text(&server.kubeconfig(), None).await
}

async fn read_one(server: &Running, kind: &InputKind, limits: Limits) -> Result<Input, Box<dyn Error>> {
    let cluster = cluster(server).await?.with_limits(limits);
    let mut inputs = cluster.read(&[plan(kind)], &Scope::Cluster, &ReadOptions::default()).await;
    Ok(inputs.pop().ok_or("no input")?)
}

async fn faulty(fault: Fault, kind: &InputKind) -> Result<Input, Box<dyn Error>> {
    let server = Sim::demo().fault(fault).start().await?;
    read_one(&server, kind, Limits { page_limit: 5, ..Limits::default() }).await
}

fn documents(input: &Input) -> Vec<String> {
    input
        .seen()
        .into_iter()
        .flat_map(|store| store.docs().map(|d| d.to_json().to_string()).collect::<Vec<_>>())
        .collect()
}

fn class(input: &Input) -> Option<CauseClass> {
    input.cause().map(|cause| cause.class)
}
