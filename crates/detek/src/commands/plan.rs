//! `detek plan`: what would be read, for whom, and whether the credential may. Lists nothing.

use super::{Answer, Session};
use crate::{
    catalogue,
    cli::LookArguments,
    connect::{connect, contexts},
    failure::Failure,
    hints::Hints,
    select::{Selected, select},
};
use detek_core::{InputKey, InputKind, NotRunReason, PlannedInput, Scope};
use detek_kube::{Access, Cluster, Permission, Presence};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write as _};

pub(super) async fn plan(arguments: &LookArguments, session: &Session) -> Result<u8, Failure> {
    let selected = select(
        &catalogue::with(&arguments.selection.pack)?,
        &arguments.selection,
        &session.configuration.detectors,
        None,
    )?;
    let mut clusters = Vec::new();
    let hints = Hints::new(session.program, arguments.target.kubeconfig.as_deref());
    for context in contexts(&arguments.target, &hints)? {
        let named = context.is_some();
        let reached = match connect(&arguments.target, context, &session.run_id, &hints).await {
            Ok(cluster) => {
                let found = look_up(&cluster, &selected).await;
                let access = permissions(&cluster, &selected, &arguments.target.namespace, &found).await;
                // A review of one's own access names nobody; a refusal does.
                let refused = access.iter().any(|access| !allowed(access));
                let user = if refused { cluster.id().await.err().and_then(|cause| cause.user) } else { None };
                Ok(Reached { context: cluster.target().context.clone(), user, access })
            }
            // Without a cluster the plan is still worth something, unless one was asked for.
            Err(failure) if named || arguments.target.kubeconfig.is_some() => return Err(failure),
            Err(failure) => Err(failure),
        };
        clusters.push(reached);
    }
    let denied = clusters.iter().flatten().flat_map(|reached| &reached.access).any(|access| !allowed(access));
    Answer {
        text: text(&selected, &clusters, session.program),
        json: json(&selected, &clusters),
        names: selected.plan.inputs.iter().map(|input| input.kind.key.to_string()).collect(),
    }
    .print(arguments.form.output)?;
    Ok(if denied { 3 } else { 0 })
}

/// A cluster that could be asked.
struct Reached {
    context: String,
    /// Who we are, where the server said so.
    user: Option<String>,
    /// What may be read there.
    access: Vec<Access>,
}

/// The lists of the plan, each with whether the server has it.
pub(super) async fn look_up<'s>(cluster: &Cluster, selected: &'s Selected) -> Vec<(&'s InputKey, Presence)> {
    let keys: Vec<&InputKey> = selected.plan.inputs.iter().map(|input| &input.kind.key).collect();
    cluster.presences(&keys).await
}

/// What the credential may read of the plan; what is not served is not asked for.
pub(super) async fn permissions(
    cluster: &Cluster,
    selected: &Selected,
    namespaces: &[String],
    found: &[(&InputKey, Presence)],
) -> Vec<Access> {
    let absent = |key: &InputKey| found.contains(&(key, Presence::NotServed));
    let read = |input: &&PlannedInput| !selected.skipped.contains(input.kind.key.as_str()) && !absent(&input.kind.key);
    let kinds: Vec<InputKind> = selected.plan.inputs.iter().filter(read).map(|input| input.kind.clone()).collect();
    let scope = if namespaces.is_empty() { Scope::Cluster } else { Scope::Namespaces(namespaces.to_vec()) };
    cluster.may_list(&kinds, &scope).await
}

fn allowed(access: &Access) -> bool {
    access.permission == Permission::Allowed
}

/// `pods  denied  7 detectors  reason`, for each that is not granted; what has the same reason is one line.
pub(super) fn refusals(selected: &Selected, access: &[Access]) -> Vec<String> {
    let mut reasons: Vec<(&str, &str, Vec<&Access>)> = Vec::new();
    for refused in access.iter().filter(|access| !allowed(access)) {
        let (state, why) = match &refused.permission {
            Permission::Allowed => continue,
            Permission::Denied(why) => ("denied", why.as_str()),
            Permission::Unknown(cause) => ("not known", cause.text.as_str()),
        };
        match reasons.iter_mut().find(|known| state != "denied" && (known.0, known.1) == (state, why)) {
            Some((.., known)) => known.push(refused),
            None => reasons.push((state, why, vec![refused])),
        }
    }
    let line = |(state, why, refused): (&str, &str, Vec<&Access>)| {
        let place = refused[0].namespace.as_ref().map_or_else(String::new, |name| format!(" in {name}"));
        let more = if refused.len() > 1 { format!(" and {} more", refused.len() - 1) } else { String::new() };
        let readers: BTreeSet<&str> = refused.iter().flat_map(|access| selected.plan.dependants(&access.key)).collect();
        let readers = match readers.len() {
            0 => "optional".to_owned(),
            1 => "1 detector".to_owned(),
            n => format!("{n} detectors"),
        };
        format!("{}{place}{more}  {state}  {readers}  {why}", refused[0].key.name()).trim_end().to_owned()
    };
    reasons.into_iter().map(line).collect()
}

/// The command that grants what was refused, to the user that the server named.
pub(super) fn grant(access: &[Access], user: Option<&str>, program: &str) -> Option<String> {
    let mut denied = access
        .iter()
        .filter(|access| matches!(access.permission, Permission::Denied(_)))
        .map(|access| &access.key)
        .peekable();
    denied.peek()?;
    Some(detek_report::grant(denied, user, program))
}

fn readers(selected: &Selected, key: &InputKey) -> String {
    match selected.plan.dependants(key).as_slice() {
        [] => "optional: adds precision to what is found".to_owned(),
        readers => readers.join(", "),
    }
}

fn text(selected: &Selected, clusters: &[Result<Reached, Failure>], program: &str) -> String {
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "{line}").expect("writing to a string cannot fail");
    let plan = &selected.plan;
    line(&format!("{} reports, {} inputs", plan.detectors.len(), plan.inputs.len()));
    for input in &plan.inputs {
        let skipped = if selected.skipped.contains(input.kind.key.as_str()) { "  (skipped)" } else { "" };
        line(&format!("\n  {}{skipped}\n    for    {}", input.kind.key, readers(selected, &input.kind.key)));
        let paths: Vec<String> = input.projection.paths().into_iter().map(|(path, _)| path).collect();
        line(&format!("    keeps  {}", paths.join(" ")));
    }
    for skipped in &selected.not_run {
        line(&format!("\n  {} is not run: {}", skipped.id, skipped.reason));
    }
    for cluster in clusters {
        match cluster {
            Ok(Reached { context, user, access }) => {
                let refusals = refusals(selected, access);
                if refusals.is_empty() {
                    line(&format!("\npermissions in {context}: everything may be read"));
                    continue;
                }
                line(&format!("\npermissions in {context}: {} of {} are missing", refusals.len(), access.len()));
                let fix = grant(access, user.as_deref(), program).map(|fix| format!("fix  {fix}"));
                for text in refusals.into_iter().chain(fix) {
                    line(&format!("  {text}"));
                }
            }
            Err(failure) => line(&format!("\npermissions were not asked for\n{failure}")),
        }
    }
    text
}

fn json(selected: &Selected, clusters: &[Result<Reached, Failure>]) -> Value {
    let inputs = selected.plan.inputs.iter().map(|input| {
        let key = &input.kind.key;
        let keeps: Vec<String> = input.projection.paths().into_iter().map(|(path, _)| path).collect();
        json!({"input": key.to_string(), "detectors": selected.plan.dependants(key), "keeps": keeps,
            "skipped": selected.skipped.contains(key.as_str())})
    });
    let permissions = clusters.iter().flatten().map(|Reached { context, access, .. }| {
        let access = access.iter().map(|access| {
            let (state, why) = match &access.permission {
                Permission::Allowed => ("allowed", ""),
                Permission::Denied(reason) => ("denied", reason.as_str()),
                Permission::Unknown(cause) => ("unknown", cause.text.as_str()),
            };
            json!({"input": access.key.to_string(), "namespace": access.namespace, "permission": state, "reason": why})
        });
        json!({"context": context, "access": access.collect::<Vec<_>>()})
    });
    let detectors: Vec<&str> = selected.plan.detectors.iter().map(|detector| detector.id.as_str()).collect();
    let not_run = selected.not_run.iter().map(|skipped| match &skipped.reason {
        NotRunReason::NeedsAddon(addon) => json!({"detector": skipped.id, "addon": addon.name()}),
        NotRunReason::Disabled(why) => json!({"detector": skipped.id, "disabled": why}),
    });
    json!({"detectors": detectors, "inputs": inputs.collect::<Vec<_>>(), "not_run": not_run.collect::<Vec<_>>(),
        "permissions": permissions.collect::<Vec<_>>()})
}
