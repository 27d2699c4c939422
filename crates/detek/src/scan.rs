//! A scan: plan → read → judge.

use crate::failure::{Code, Failure};
use detek_core::{CauseClass, Input, Inputs, Judging, NotRun, Note, Plan, Run, Scope, Target, invariant};
use detek_kube::{Cluster, PlannedRead, ReadOptions};
use jiff::Timestamp;

/// What a scan is about, besides the cluster and the plan.
pub(crate) struct Request<'a> {
    /// Name of the context.
    pub(crate) context: &'a str,
    /// Only these namespaces; all if empty.
    pub(crate) namespaces: &'a [String],
    /// The time to judge by; without it, the server's.
    pub(crate) now: Option<Timestamp>,
}

/// Reads what the plan needs from `cluster` and judges it.
///
/// # Errors
/// If not a single input could be read because of one cause that lies before the reading: no connection, no credential.
pub(crate) async fn scan(
    cluster: &Cluster,
    request: &Request<'_>,
    plan: &Plan,
    not_run: Vec<NotRun>,
) -> Result<Run, Failure> {
    let Request { context, namespaces, now } = *request;
    check_namespaces(cluster, namespaces).await?;
    let scope = if namespaces.is_empty() { Scope::Cluster } else { Scope::Namespaces(namespaces.to_vec()) };
    let reads: Vec<PlannedRead> = plan
        .inputs
        .iter()
        .map(|input| PlannedRead { kind: input.kind.clone(), projection: input.projection.clone() })
        .collect();
    let inputs: Inputs = cluster.read(&reads, &scope, &ReadOptions::default()).await.into_iter().collect();
    unreadable(cluster, &inputs)?;
    let mut notes = Vec::new();
    let cluster_id = cluster.id().await.unwrap_or_else(|cause| {
        let text =
            format!("the uid of kube-system cannot be read ({}); the server's address stands for it", cause.text);
        notes.push(Note { text });
        cluster.server().to_owned()
    });
    let version = match cluster.fetch("/version").await {
        Ok(answer) => version(&answer),
        Err(_) => None,
    };
    let target = Target {
        context: context.to_owned(),
        server: cluster.server().to_owned(),
        cluster_id,
        version,
        namespaces: namespaces.to_vec(),
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let now = now.or_else(|| cluster.now()).unwrap_or_else(local_time);
    let run = plan.judge(&inputs, Judging { target, now, threads, not_run, notes });
    let honest = invariant::check_honest(&run, plan).and_then(|()| invariant::check_counts(&run));
    honest.map_err(|violation| {
        Failure::new(Code::Dishonest, format!("detek contradicts itself and does not trust this run: {violation}"))
    })?;
    Ok(run)
}

/// A mistyped namespace has no objects, and would look as if nothing were wrong with it. Where namespaces may not be read
/// nothing is known, and the lists themselves will say what may be seen.
async fn check_namespaces(cluster: &Cluster, namespaces: &[String]) -> Result<(), Failure> {
    for namespace in namespaces {
        let valid = !namespace.is_empty() && namespace.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let answer = if valid { cluster.fetch(&format!("/api/v1/namespaces/{namespace}")).await.err() } else { None };
        if !valid || answer.is_some_and(|cause| cause.status == Some(404)) {
            let what = format!("namespace \"{namespace}\" does not exist in {}", cluster.server());
            return Err(Failure::new(Code::UnknownNamespace, what).line("fix", "kubectl get namespaces"));
        }
    }
    Ok(())
}

fn version(answer: &detek_kube::Answer) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    Some(detek_core::clip(body["gitVersion"].as_str()?, 40))
}

/// The time by this machine's clock, where the server did not say.
#[expect(clippy::disallowed_methods, reason = "the outermost crate hands the time to the run")]
pub(crate) fn local_time() -> Timestamp {
    Timestamp::now()
}

/// A failure if every input ended for the same reason before anything was read.
fn unreadable(cluster: &Cluster, inputs: &Inputs) -> Result<(), Failure> {
    let server = cluster.server();
    if inputs.iter().any(|input| input.seen().is_some()) {
        return Ok(());
    }
    let Some(cause) = inputs.iter().find_map(Input::cause) else { return Ok(()) };
    let failure = match cause.class {
        CauseClass::Auth => Failure::new(Code::Rejected, format!("credential rejected by {server} (401)"))
            .line("cause", &cause.text)
            .line("fix", "log in again, or choose another context with --context"),
        CauseClass::Tls => Failure::new(Code::Tls, format!("TLS to {server} failed"))
            .line("cause", &cause.text)
            .line("fix", "check `certificate-authority-data`, the server's certificate and the clock"),
        CauseClass::NotKubernetes | CauseClass::Redirect => {
            Failure::new(Code::NotKubernetes, format!("{server} did not answer like a Kubernetes API"))
                .line("cause", format!("{}; a proxy or a login page?", cause.text))
                .line("fix", "check `server:` in the kubeconfig, or choose another context with --context")
        }
        CauseClass::Dns
        | CauseClass::Refused
        | CauseClass::Unreachable
        | CauseClass::Proxy
        | CauseClass::Timeout
        | CauseClass::Unavailable => Failure::new(Code::Unreachable, format!("cannot reach {server}"))
            .line("cause", format!("{}: {}", cause.class, cause.text))
            .line("fix", "check that the API server runs and that `server:` in the kubeconfig is right"),
        _ => return Ok(()),
    };
    Err(failure)
}
