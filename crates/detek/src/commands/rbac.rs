//! `detek rbac`: the least role for what the chosen detectors read.

use crate::{
    cli::RbacArguments,
    failure::{Code, Failure},
    output::{Destination, write},
    select::{select, unknown},
};
use detek_core::{InputKey, Plan};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// What the whole role holds besides the inputs: a cluster is known by the uid of this namespace.
const CLUSTER_ID: &str = "- {apiGroups: [\"\"], resources: [namespaces], resourceNames: [kube-system], verbs: [get]}\n";

pub(super) fn rbac(arguments: &RbacArguments) -> Result<u8, Failure> {
    let (detectors, _) = select(&arguments.selection())?;
    let plan = detek_detectors::plan(detectors);
    let keys = wanted(&plan, &arguments.only)?;
    let name = role_name(&arguments.only);
    let mut text = role(&name, &keys);
    if arguments.only.is_empty() && keys.iter().all(|key| key.name() != "namespaces") {
        text += CLUSTER_ID;
    }
    text += &binding(&name, &subject(&arguments.to)?, arguments.only.is_empty());
    write(&Destination::Stdout, text.as_bytes())?;
    Ok(0)
}

/// `detek-scanner`, or `detek-scanner-pods-failed-pod` for a part of it.
fn role_name(only: &[String]) -> String {
    let words = only.iter().flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric()));
    ["detek", "scanner"].into_iter().chain(words.filter(|word| !word.is_empty())).collect::<Vec<_>>().join("-")
}

/// The inputs that the role is for: all of the plan, or those named by resource or by the detectors that read them.
fn wanted(plan: &Plan, only: &[String]) -> Result<BTreeSet<InputKey>, Failure> {
    if only.is_empty() {
        return Ok(plan.inputs.iter().map(|input| input.kind.key.clone()).collect());
    }
    let mut keys = BTreeSet::new();
    for name in only {
        let before = keys.len();
        keys.extend(plan.inputs.iter().map(|input| &input.kind.key).filter(|key| key.name() == name).cloned());
        let detectors =
            plan.detectors.iter().filter(|detector| detector.id == *name || detector.detector.meta().id == name);
        keys.extend(detectors.flat_map(|detector| detector.roles.keys().cloned()));
        if keys.len() == before {
            let resources = plan.inputs.iter().map(|input| input.kind.key.name());
            let known: Vec<&str> =
                resources.chain(plan.detectors.iter().map(|detector| detector.id.as_str())).collect();
            return Err(unknown("resource or detector", name, &known));
        }
    }
    Ok(keys)
}

/// A ClusterRole with one rule for each API group, and one for paths outside of them.
fn role(name: &str, keys: &BTreeSet<InputKey>) -> String {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut paths = BTreeSet::new();
    for key in keys {
        match key.as_str().split('/').collect::<Vec<_>>()[..] {
            ["kubernetes", "raw", "version"] => {
                paths.insert("/version".to_owned());
            }
            ["kubernetes", "raw", path] => paths.extend([format!("/{path}"), format!("/{path}/*")]),
            // The addresses of the instances.
            ["kubernetes", "probe", "apiservers"] => {
                groups.entry("discovery.k8s.io").or_default().insert("endpointslices");
            }
            ["kubernetes", group, _, resource] => {
                groups.entry(if group == "core" { "" } else { group }).or_default().insert(resource);
            }
            _ => {}
        }
    }
    let mut text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{app.kubernetes.io/name: detek}}}}\nrules:\n"
    );
    for (group, resources) in groups {
        let resources = resources.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(text, "- {{apiGroups: [\"{group}\"], resources: [{resources}], verbs: [get, list]}}")
            .expect("writing to a string cannot fail");
    }
    if !paths.is_empty() {
        let paths = paths.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(text, "- {{nonResourceURLs: [{paths}], verbs: [get]}}").expect("writing to a string cannot fail");
    }
    text
}

/// Whom the binding names.
enum Subject {
    Account { namespace: String, name: String },
    Person { kind: &'static str, name: String },
}

fn subject(to: &str) -> Result<Subject, Failure> {
    let good =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && !"\"'\\{}[],#".contains(c));
    let parsed = match to.split_once(':') {
        Some(("sa", account)) => account
            .split_once('/')
            .filter(|(namespace, name)| good(namespace) && good(name))
            .map(|(namespace, name)| Subject::Account { namespace: namespace.to_owned(), name: name.to_owned() }),
        Some(("user", name)) if good(name) => Some(Subject::Person { kind: "User", name: name.to_owned() }),
        Some(("group", name)) if good(name) => Some(Subject::Person { kind: "Group", name: name.to_owned() }),
        _ => None,
    };
    parsed.ok_or_else(|| {
        Failure::new(Code::Usage, format!("wrong usage of --to: `{to}`"))
            .line("cause", "it is not of the form user:NAME, group:NAME or sa:NAMESPACE/NAME")
            .line("example", "--to sa:detek/detek-scanner")
    })
}

/// The binding, and with the whole role also the account that it names.
fn binding(name: &str, subject: &Subject, whole: bool) -> String {
    let (account, subject) = match subject {
        Subject::Account { namespace, name } => {
            let account = format!(
                "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
            );
            (account, format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}"))
        }
        Subject::Person { kind, name } => {
            (String::new(), format!("{{kind: {kind}, name: \"{name}\", apiGroup: rbac.authorization.k8s.io}}"))
        }
    };
    let account = if whole { account } else { String::new() };
    format!(
        "{account}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: {name}, labels: {{app.kubernetes.io/name: detek}}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}\nsubjects:\n- {subject}\n"
    )
}
