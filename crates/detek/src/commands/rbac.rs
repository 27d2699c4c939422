//! `detek rbac`: the least role for what the chosen detectors read.

use super::Session;
use crate::{
    catalogue,
    cli::RbacArguments,
    failure::{Code, Failure},
    output::print,
    select::{Selected, select, unknown},
};
use detek_core::{InputKey, Plan};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// What the whole role holds besides the inputs: a cluster is known by the uid of this namespace.
const CLUSTER_ID: &str = "- {apiGroups: [\"\"], resources: [namespaces], resourceNames: [kube-system], verbs: [get]}\n";

/// Said above a role that grants reading Secrets.
const SECRETS: &str = "# WITH THIS ROLE THE CREDENTIAL CAN READ EVERY SECRET OF THE CLUSTER\n";

pub(super) fn rbac(arguments: &RbacArguments, session: &Session) -> Result<u8, Failure> {
    let whole = arguments.only.is_empty();
    let all = catalogue::with(&arguments.pack)?;
    let Selected { plan, .. } = select(&all, &arguments.selection(), &session.configuration.detectors, None)?;
    let keys = wanted(&plan, &arguments.only)?;
    let (secrets, keys): (BTreeSet<InputKey>, BTreeSet<InputKey>) =
        keys.into_iter().partition(|key| key.name() == "secrets");
    let subject = subject(&arguments.to)?;
    let name = role_name(&arguments.only);
    let readers = arguments.explain.then_some(&plan);
    let mut objects = Vec::new();
    if !keys.is_empty() {
        let mut role = role(&name, &keys, readers);
        if whole && keys.iter().all(|key| key.name() != "namespaces") {
            role += CLUSTER_ID;
        }
        objects.push(role);
        objects.extend(account(&subject).filter(|_| whole));
        objects.push(binding(&name, &subject));
    }
    if !secrets.is_empty() {
        // An object of its own, so that a reviewer sees what was opted into.
        let name = role_name(&["secrets".to_owned()]);
        objects.push(format!("{SECRETS}{}", role(&name, &secrets, readers)));
        objects.push(binding(&name, &subject));
    }
    print(&objects.join("---\n"))?;
    Ok(0)
}

/// Parts that the name of a role tells; the number of the others and a hash stand for them.
const NAMED: usize = 3;

/// `detek-scanner`, or `detek-scanner-pods-failed-pod` for a part of it.
fn role_name(only: &[String]) -> String {
    let more = only.len().saturating_sub(NAMED);
    // Another part must have another name, or applying it would take away what the first one granted.
    let hash = Sha256::digest(only.join(","));
    let more =
        (more > 0).then(|| format!("and {more} more {:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3]));
    name_of(["detek-scanner"].into_iter().chain(only.iter().take(NAMED).map(String::as_str)).chain(more.as_deref()))
}

/// The words of some texts as a name that Kubernetes takes.
fn name_of<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
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
            return Err(unknown("resource or detector", name, &known, "detek plan"));
        }
    }
    Ok(keys)
}

/// What a rule grants: resources of an API group, or paths outside of them, and for which inputs.
#[derive(Default)]
struct Rule<'k> {
    names: BTreeSet<String>,
    inputs: BTreeSet<&'k InputKey>,
}

/// A ClusterRole with one rule for each API group, and one for paths outside of them; above each rule the detectors of
/// `readers` that need it.
fn role(name: &str, keys: &BTreeSet<InputKey>, readers: Option<&Plan>) -> String {
    let mut groups: BTreeMap<Option<&str>, Rule<'_>> = BTreeMap::new();
    for key in keys {
        let (group, names) = match key.as_str().split('/').collect::<Vec<_>>()[..] {
            ["kubernetes", "raw", "version"] => (None, vec!["/version".to_owned()]),
            ["kubernetes", "raw", path] => (None, vec![format!("/{path}"), format!("/{path}/*")]),
            // The addresses of the instances.
            ["kubernetes", "probe", "apiservers"] => (Some("discovery.k8s.io"), vec!["endpointslices".to_owned()]),
            ["kubernetes", "core", _, resource] => (Some(""), vec![resource.to_owned()]),
            ["kubernetes", group, _, resource] => (Some(group), vec![resource.to_owned()]),
            _ => continue,
        };
        let rule = groups.entry(group).or_default();
        rule.names.extend(names);
        rule.inputs.insert(key);
    }
    let mut text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{app.kubernetes.io/name: detek}}}}\nrules:\n"
    );
    let (paths, groups): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(group, _)| group.is_none());
    for (group, rule) in groups.into_iter().chain(paths) {
        let detectors: BTreeSet<&str> =
            readers.iter().flat_map(|plan| rule.inputs.iter().flat_map(|key| plan.dependants(key))).collect();
        if !detectors.is_empty() {
            let detectors = detectors.into_iter().collect::<Vec<_>>().join(", ");
            writeln!(text, "# {detectors}").expect("writing to a string cannot fail");
        }
        let names = rule.names.into_iter().collect::<Vec<_>>().join(", ");
        match group {
            Some(group) => writeln!(text, "- {{apiGroups: [\"{group}\"], resources: [{names}], verbs: [get, list]}}"),
            None => writeln!(text, "- {{nonResourceURLs: [{names}], verbs: [get]}}"),
        }
        .expect("writing to a string cannot fail");
    }
    text
}

/// Namespace and name of the account that is meant if nobody else is.
const OWN: (&str, &str) = ("detek", "detek-scanner");

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

/// The account that a binding names, if it names one, and the namespace that is for it alone.
fn account(subject: &Subject) -> Option<String> {
    match subject {
        Subject::Account { namespace, name } => {
            // Another namespace is there already, and must not go when somebody deletes what was applied.
            let own = "apiVersion: v1\nkind: Namespace\nmetadata: {name: detek}\n---\n";
            let before = if namespace == OWN.0 { own } else { "" };
            Some(format!(
                "{before}apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
            ))
        }
        Subject::Person { .. } => None,
    }
}

/// A binding of its own for each subject: one more reader takes nothing from those before.
fn binding(role: &str, subject: &Subject) -> String {
    let name = match subject {
        Subject::Account { namespace, name } if (namespace.as_str(), name.as_str()) == OWN => role.to_owned(),
        Subject::Account { namespace, name } => name_of([role, namespace, name].into_iter()),
        Subject::Person { kind, name } => name_of([role, kind, name].into_iter()),
    };
    let subject = match subject {
        Subject::Account { namespace, name } => {
            format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
        }
        Subject::Person { kind, name } => {
            format!("{{kind: {kind}, name: \"{name}\", apiGroup: rbac.authorization.k8s.io}}")
        }
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: {name}, labels: {{app.kubernetes.io/name: detek}}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\nsubjects:\n- {subject}\n"
    )
}
