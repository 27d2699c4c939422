//! `detek doctor`: each step on the way to a complete scan, until the first that fails. It explains the first cause, not
//! its consequences.

use super::{
    Answer, Session,
    plan::{grant, look_up, permissions, refusals},
};
use crate::{
    catalogue,
    cli::LookArguments,
    connect::{connect, contexts},
    failure::Failure,
    hints::Hints,
    scan::{clock_skew, connection_failure},
    select::{Selected, select},
};
use detek_core::{CauseClass, InputKey};
use detek_kube::{Access, Cluster, Permission, Presence};
use serde_json::json;
use std::{collections::BTreeMap, fmt::Write as _};

/// The steps, in order.
const STEPS: [&str; 6] = ["kubeconfig", "credential", "connection", "clock", "discovery", "permissions"];

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// One step: how it ended, and what is to say of it, line by line.
struct Step {
    verdict: Verdict,
    lines: Vec<String>,
}

impl Step {
    fn ok(line: impl Into<String>) -> Self {
        Step { verdict: Verdict::Ok, lines: vec![line.into()] }
    }

    fn warn(lines: Vec<String>) -> Self {
        Step { verdict: Verdict::Warn, lines }
    }

    fn fail(failure: &Failure) -> Self {
        Step { verdict: Verdict::Fail, lines: failure.to_string().lines().map(|line| line.trim().to_owned()).collect() }
    }
}

pub(super) async fn doctor(arguments: &LookArguments, session: &Session) -> Result<u8, Failure> {
    let selected = select(
        &catalogue::with(&arguments.selection.pack)?,
        &arguments.selection,
        &session.configuration.detectors,
        None,
    )?;
    let (mut text, mut clusters, mut exit) = (String::new(), Vec::new(), 0);
    let hints = Hints::new(session.program, arguments.target.kubeconfig.as_deref());
    for context in contexts(&arguments.target, &hints)? {
        let (steps, code) = examine(arguments, context, &selected, session).await;
        exit = exit.max(code);
        write_steps(&mut text, &steps);
        let steps = STEPS
            .iter()
            .zip(&steps)
            .map(|(name, step)| json!({"step": name, "verdict": step.verdict.name(), "text": step.lines}));
        clusters.push(json!({"steps": steps.collect::<Vec<_>>()}));
    }
    Answer { text, json: json!({"clusters": clusters}), names: STEPS.map(str::to_owned).to_vec() }
        .print(arguments.form.output)?;
    Ok(exit)
}

fn write_steps(text: &mut String, steps: &[Step]) {
    let mut line = |line: &str| writeln!(text, "{}", line.trim_end()).expect("writing to a string cannot fail");
    for (name, step) in STEPS.iter().zip(steps) {
        for (n, words) in step.lines.iter().enumerate() {
            let (verdict, name) = if n == 0 { (step.verdict.name(), *name) } else { ("", "") };
            line(&format!("  {verdict:<6} {name:<12} {words}"));
        }
    }
    if let Some(skipped) = STEPS.get(steps.len()..).filter(|skipped| !skipped.is_empty()) {
        line(&format!("  -      {}: skipped", skipped.join(", ")));
    }
}

/// The steps as far as they go, and the exit code that stands for them.
async fn examine(
    arguments: &LookArguments,
    context: Option<String>,
    selected: &Selected,
    session: &Session,
) -> (Vec<Step>, u8) {
    let hints = Hints::new(session.program, arguments.target.kubeconfig.as_deref()).of_doctor();
    let mut steps = Vec::new();
    let cluster = match connect(&arguments.target, context, &session.run_id, &hints).await {
        Ok(cluster) => cluster,
        Err(failure) => return (vec![Step::fail(&failure)], failure.exit()),
    };
    steps.push(Step::ok(kubeconfig(&cluster)));
    // Raw paths are open to everybody on most clusters; this one says who we are.
    let refusal = cluster.fetch("/api/v1/namespaces?limit=1").await.err();
    if let Some(cause) = refusal.as_ref().filter(|cause| cause.class != CauseClass::Forbidden) {
        let context = cluster.target().context.clone();
        if let Some(failure) = connection_failure(&cluster, &context, cause, &hints) {
            if !matches!(cause.class, CauseClass::Auth | CauseClass::Exec) {
                steps.push(Step::ok(cluster.target().credential.clone()));
            }
            steps.push(Step::fail(&failure));
            return (steps, failure.exit());
        }
    }
    let user = refusal.and_then(|cause| cause.user);
    steps.push(credential(&cluster, user.as_deref(), &hints));
    steps.push(Step::ok(connection(&cluster)));
    steps.push(clock(&cluster));
    let found = look_up(&cluster, selected).await;
    steps.push(discovery(&found));
    let access = permissions(&cluster, selected, &arguments.target.namespace, &found).await;
    steps.push(permission_step(selected, &access, user.as_deref(), session.program));
    let complete = steps.iter().all(|step| step.verdict == Verdict::Ok);
    (steps, if complete { 0 } else { 3 })
}

fn kubeconfig(cluster: &Cluster) -> String {
    let target = cluster.target();
    let files: Vec<String> = target.files.iter().map(|file| file.display().to_string()).collect();
    let place = if files.is_empty() { "account of this pod".to_owned() } else { files.join(":") };
    let user = target.user.as_ref().map_or_else(String::new, |user| format!(", user {user}"));
    let acting = target.impersonated.as_ref().map_or_else(String::new, |user| format!(" acting as {user}"));
    let proxy = target.proxy.as_ref().map_or_else(String::new, |proxy| format!(", through {proxy}"));
    detek_core::clip(&format!("{place}, context {}{user}{acting}{proxy}", target.context), 300)
}

/// Whether the server knows whom it talks to.
fn credential(cluster: &Cluster, user: Option<&str>, hints: &Hints) -> Step {
    if user == Some("system:anonymous") {
        let taken =
            format!("the server takes {} for nobody: it answers to system:anonymous", cluster.target().credential);
        return Step::warn(vec![taken, format!("fix  {}", hints.scan("--context NAME"))]);
    }
    Step::ok(format!("{} is accepted", cluster.target().credential))
}

fn connection(cluster: &Cluster) -> String {
    let server = cluster.server();
    if server.starts_with("http://") {
        format!("{server}, unencrypted")
    } else {
        format!("{server}, checked against {}", cluster.target().trust)
    }
}

fn clock(cluster: &Cluster) -> Step {
    match clock_skew(cluster) {
        Some(note) => Step::warn(vec![note]),
        None => Step::ok("agrees with the server's"),
    }
}

fn discovery(found: &[(&InputKey, Presence)]) -> Step {
    // One cause, such as a group that is down, touches many resources.
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, presence) in found {
        if let Presence::Unknown(cause) = presence {
            unknown.entry(&cause.text).or_default().push(key.name());
        }
    }
    if unknown.is_empty() {
        return Step::ok("complete for every API that is needed");
    }
    let lines = unknown.into_iter().map(|(why, resources)| format!("{}: {why}", resources.join(", ")));
    Step::warn(lines.chain(["fix  kubectl get apiservices".to_owned()]).collect())
}

fn permission_step(selected: &Selected, access: &[Access], user: Option<&str>, program: &str) -> Step {
    let refusals = refusals(selected, access);
    if refusals.is_empty() {
        return Step::ok("everything that is needed may be read");
    }
    let allowed = access.iter().filter(|access| access.permission == Permission::Allowed).count();
    let fix = grant(access, user, program).map(|fix| format!("fix  {fix}"));
    let first = format!("{allowed} of {} inputs may be read", access.len());
    Step::warn(std::iter::once(first).chain(refusals).chain(fix).collect())
}
