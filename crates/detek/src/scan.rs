//! A scan: plan → read → judge.

use crate::{
    failure::{Code, Failure, did_you_mean, nearest},
    hints::{Hints, quoted},
    select::Selected,
};
use detek_core::{Cause, CauseClass, Input, Inputs, Judging, Note, Run, Scope, Stage, Target, invariant};
use detek_kube::{Cluster, PlannedRead, ReadOptions};
use jiff::Timestamp;
use std::num::NonZeroUsize;

/// What a scan is about, besides the cluster and the plan.
pub(crate) struct Request {
    /// Only these namespaces; all if empty.
    pub(crate) namespaces: Vec<String>,
    /// The time to judge by; without it, the server's.
    pub(crate) now: Option<Timestamp>,
    /// Threads that judge.
    pub(crate) threads: Option<NonZeroUsize>,
    /// When to stop, and who is told how far it is.
    pub(crate) reading: ReadOptions,
    /// Commands to type next.
    pub(crate) hints: Hints,
}

/// A run, and why nothing could be read of the cluster, if that is so.
pub(crate) struct Scanned {
    pub(crate) run: Run,
    pub(crate) unreadable: Option<Failure>,
}

/// Reads what the plan needs from `cluster` and judges it.
///
/// # Errors
/// If a namespace does not exist, or the run contradicts itself.
pub(crate) async fn scan(
    cluster: &Cluster,
    context: &str,
    selected: &Selected,
    request: &Request,
) -> Result<Scanned, Failure> {
    check_namespaces(cluster, request).await?;
    let plan = &selected.plan;
    let (skipped, reads): (Vec<_>, Vec<_>) =
        plan.inputs.iter().partition(|input| selected.skipped.contains(input.kind.key.as_str()));
    let reads: Vec<PlannedRead> = reads
        .into_iter()
        .map(|input| PlannedRead { kind: input.kind.clone(), projection: input.projection.clone() })
        .collect();
    let namespaces = &request.namespaces;
    let scope = if namespaces.is_empty() { Scope::Cluster } else { Scope::Namespaces(namespaces.clone()) };
    let mut inputs: Inputs = cluster.read(&reads, &scope, &request.reading).await.into_iter().collect();
    for input in skipped {
        let cause = Cause::new(CauseClass::Skipped, Stage::Config, "skipped with --skip-input");
        inputs.insert(Input::failed(input.kind.key.clone(), scope.clone(), cause));
    }
    let unreadable = unreadable(cluster, context, &inputs, &request.hints);
    let mut notes: Vec<Note> = clock_skew(cluster).map(|text| Note { text }).into_iter().collect();
    let cluster_id = if unreadable.is_some() { Err(None) } else { cluster.id().await.map_err(Some) };
    let cluster_id = cluster_id.unwrap_or_else(|cause| {
        notes.extend(cause.map(|cause: Cause| Note {
            text: format!("the uid of kube-system cannot be read ({}); the server's address stands for it", cause.text),
        }));
        cluster.server().to_owned()
    });
    let target = Target {
        context: context.to_owned(),
        server: cluster.server().to_owned(),
        cluster_id,
        version: detek_detectors::server_version(&inputs),
        namespaces: namespaces.clone(),
    };
    let threads = request.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let now = request.now.or_else(|| cluster.now()).unwrap_or_else(local_time);
    let judging = Judging { target, now, threads, not_run: selected.not_run.clone(), notes };
    let mut run = tokio::task::block_in_place(|| plan.judge(&inputs, judging));
    run.notes.extend(crate::waivers::notes(&run));
    if run.left_out > 0 {
        let text = format!("{} findings about excluded objects were left out", run.left_out);
        run.notes.push(Note { text });
    }
    let honest = invariant::check_honest(&run, plan).and_then(|()| invariant::check_counts(&run));
    honest.map_err(|violation| {
        Failure::new(Code::Detector, format!("detek contradicts itself and does not trust this run: {violation}"))
    })?;
    Ok(Scanned { run, unreadable })
}

/// The difference of the clocks from which on it is worth a word.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);

/// How far the clock of this machine is from the server's, if that is worth a word.
pub(crate) fn clock_skew(cluster: &Cluster) -> Option<String> {
    let skew = local_time().duration_since(cluster.now()?);
    let side = if skew.is_positive() { "ahead of" } else { "behind" };
    let seconds = skew.abs().as_secs();
    (skew.abs() > SKEW)
        .then(|| format!("the clock of this machine is {seconds} s {side} the server's; the server's counts"))
}

/// A mistyped namespace has no objects, and would look as if nothing were wrong with it. Where namespaces may not be read
/// nothing is known, and the lists themselves will say what may be seen.
async fn check_namespaces(cluster: &Cluster, request: &Request) -> Result<(), Failure> {
    for namespace in &request.namespaces {
        let valid = !namespace.is_empty() && namespace.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let answer = if valid { cluster.fetch(&format!("/api/v1/namespaces/{namespace}")).await.err() } else { None };
        if !valid || answer.is_some_and(|cause| cause.status == Some(404)) {
            let what = format!("namespace \"{namespace}\" does not exist in {}", cluster.server());
            let known = namespaces(cluster).await;
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let failure = Failure::new(Code::UnknownNamespace, what).line("cause", did_you_mean(namespace, &known));
            let fix = match nearest(namespace, known).first() {
                Some(near) => request.hints.scan(&format!("-n {near}")),
                None => request.hints.kubectl("get namespaces"),
            };
            return Err(failure.line("fix", fix));
        }
    }
    Ok(())
}

/// The names of namespaces, as many as one page holds; none if they may not be listed.
async fn namespaces(cluster: &Cluster) -> Vec<String> {
    let Ok(answer) = cluster.fetch("/api/v1/namespaces?limit=500").await else { return Vec::new() };
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let items = body["items"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).map(|name| detek_core::clip(name, 63)).collect()
}

/// The time by this machine's clock, where the server did not say.
#[expect(clippy::disallowed_methods, reason = "the outermost crate hands the time to the run")]
pub(crate) fn local_time() -> Timestamp {
    Timestamp::now()
}

/// A failure if every input ended for the same reason before anything was read.
fn unreadable(cluster: &Cluster, context: &str, inputs: &Inputs, hints: &Hints) -> Option<Failure> {
    if inputs.iter().any(|input| input.seen().is_some()) {
        return None;
    }
    let cause = inputs.iter().filter_map(Input::cause).find(|cause| cause.class != CauseClass::Skipped)?;
    connection_failure(cluster, context, cause, hints)
}

/// What is said of a cause that lies before any reading: no connection, no credential.
pub(crate) fn connection_failure(cluster: &Cluster, context: &str, cause: &Cause, hints: &Hints) -> Option<Failure> {
    let target = cluster.target();
    let server = &target.server;
    let (choose, named) = (hints.scan("--context NAME"), quoted(context));
    let view = hints.kubectl(&format!("config view --minify --context {named}"));
    Some(match cause.class {
        CauseClass::Auth => {
            let user = target.user.as_deref().unwrap_or("this user");
            Failure::new(Code::Rejected, format!("credential rejected by {server} (401)"))
                .line("cause", format!("{} of {user}: {}", target.credential, cause.text))
                .line(
                    "fix",
                    format!(
                        "{}  # log in again if that fails, too",
                        hints.kubectl(&format!("auth whoami --context {named}"))
                    ),
                )
                .line("or", choose)
        }
        CauseClass::Tls => Failure::new(Code::Tls, format!("TLS to {server} failed"))
            .line("cause", &cause.text)
            .line("fix", format!("{view}  # server, certificate authority")),
        CauseClass::Exec => {
            let name = target.credential.strip_prefix("program ").unwrap_or(&target.credential);
            Failure::new(Code::Plugin, format!("credential plugin \"{name}\" failed"))
                .line(
                    "cause",
                    cause.text.strip_prefix(&format!("the credential plugin {name} failed: ")).unwrap_or(&cause.text),
                )
                .line("fix", format!("{name}  # by hand: log in again, or install it"))
                .line("or", choose)
        }
        CauseClass::NotKubernetes | CauseClass::Redirect => {
            Failure::new(Code::NotKubernetes, format!("{server} did not answer like a Kubernetes API"))
                .line("cause", format!("{}; a proxy or login page?", cause.text))
                .line("fix", format!("{view}  # is `server:` right?"))
                .line("or", choose)
        }
        CauseClass::Dns
        | CauseClass::Refused
        | CauseClass::Unreachable
        | CauseClass::Proxy
        | CauseClass::Timeout
        | CauseClass::Unavailable => Failure::new(Code::Unreachable, format!("cannot reach {server}"))
            .line("cause", format!("{}: {}", cause.class, cause.text))
            .line("fix", hints.doctor(context)),
        _ => return None,
    })
}
