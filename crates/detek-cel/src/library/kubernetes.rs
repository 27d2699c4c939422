//! What many detectors need to know of objects: the pod template of a workload, its containers and its owner, whether it
//! still runs, what a selector selects, and the parts of the name of an image.

use super::{Call, Fault, Gives, Overload, tenth, weight};
use crate::Kind::{Bool, Dyn, List, Map, Text};
use crate::{Value, kubernetes};

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::function("detek", "image.parse", &[Text], Gives::A(Map), |call, args| {
        let Value::Text(text) = args[0] else { return Err(Fault::NoSuchOverload) };
        call.charge(tenth(text.len()))?;
        Ok(parse_image(call, text))
    }),
    Overload::function("detek", "k8s.containerStatuses", &[Map], Gives::A(List), |call, args| {
        all_of(call, field(args[0], "status"), &STATUSES)
    }),
    Overload::function("detek", "k8s.containers", &[Map], Gives::A(List), |call, args| {
        all_of(call, Some(pod_spec(args[0])?), &CONTAINERS)
    }),
    Overload::function("detek", "k8s.howEnded", &[Map], Gives::A(Text), |call, args| {
        let number = |key| if let Some(Value::Int(number)) = field(args[0], key) { number } else { 0 };
        let reason = if let Some(Value::Text(reason)) = field(args[0], "reason") { reason } else { "" };
        Ok(call.text(&kubernetes::how_ended(number("exitCode"), number("signal"), reason)))
    }),
    Overload::function("detek", "k8s.isLive", &[Map], Gives::A(Bool), |_, args| Ok(Value::Bool(is_live(args[0])))),
    Overload::function("detek", "k8s.isMirror", &[Map], Gives::A(Bool), |_, args| {
        Ok(Value::Bool(at(args[0], &MIRROR).is_some()))
    }),
    Overload::function("detek", "k8s.isSystemNamespace", &[Text], Gives::A(Bool), |_, args| {
        let Value::Text(namespace) = args[0] else { return Err(Fault::NoSuchOverload) };
        Ok(Value::Bool(kubernetes::is_system_namespace(namespace)))
    }),
    Overload::function("detek", "k8s.longRunning", &[Map], Gives::A(List), long_running),
    Overload::function("detek", "k8s.owner", &[Map], Gives::OptionalOf(Map), owner),
    Overload::function("detek", "k8s.podSpec", &[Map], Gives::A(Map), |_, args| pod_spec(args[0])),
    Overload::function("detek", "k8s.selects", &[Dyn, Dyn], Gives::A(Bool), |call, args| {
        call.charge(weight(args[0], call.left()))?;
        match (present(args[0]), present(args[1])) {
            (None, _) => Ok(Value::Bool(false)),
            (Some(selector), labels) => selects(selector, labels.unwrap_or(Value::Map(&[]))).map(Value::Bool),
        }
    }),
];

fn field<'a>(value: Value<'a>, key: &str) -> Option<Value<'a>> {
    value.at_key(Value::Text(key))
}

fn at<'a>(value: Value<'a>, path: &[&str]) -> Option<Value<'a>> {
    path.iter().try_fold(value, |value, key| field(value, key))
}

/// The value, unless it is null or an empty optional.
fn present(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Null => None,
        Value::Optional(value) => value.copied(),
        _ => Some(value),
    }
}

/// The specification of the pods that an object is, or makes: that of a CronJob lies in its template of jobs, that of
/// other controllers in their template of pods.
fn pod_spec(object: Value<'_>) -> Result<Value<'_>, Fault> {
    let template = at(object, &["spec", "jobTemplate", "spec", "template"])
        .or_else(|| at(object, &["spec", "template"]))
        .or_else(|| field(object, "template"));
    field(template.unwrap_or(object), "spec").ok_or(Fault::NoSuchKey)
}

/// The lists of containers in the specification of a pod.
pub(crate) const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
/// Their statuses, in the order in which containers start.
pub(crate) const STATUSES: [&str; 3] = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
/// The annotation by which the API server shows a pod that a node runs by itself.
pub(crate) const MIRROR: [&str; 3] = ["metadata", "annotations", "kubernetes.io/config.mirror"];

/// The elements of several lists.
fn all_of<'a>(call: &mut Call<'a, '_>, of: Option<Value<'a>>, lists: &[&str]) -> Result<Value<'a>, Fault> {
    let all: Vec<_> = lists.iter().filter_map(|list| field(of?, list)?.elements()).flatten().collect();
    call.charge(all.len())?;
    Ok(call.list(&all))
}

/// The containers that run as long as the pod: those of the application, and init containers that restart (sidecars).
fn long_running<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let spec = pod_spec(args[0])?;
    let list = |name| field(spec, name).and_then(Value::elements).into_iter().flatten();
    let restarts = |container: &Value<'_>| matches!(field(*container, "restartPolicy"), Some(Value::Text("Always")));
    let all: Vec<_> = list("containers").chain(list("initContainers").filter(restarts)).collect();
    call.charge(all.len())?;
    Ok(call.list(&all))
}

/// Whether an object has neither ended, as pods do, nor is being deleted.
fn is_live(object: Value<'_>) -> bool {
    let has_ended = matches!(at(object, &["status", "phase"]), Some(Value::Text("Succeeded" | "Failed")));
    !has_ended && at(object, &["metadata", "deletionTimestamp"]).is_none()
}

/// The reference to the controller.
fn owner<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let references = at(args[0], &["metadata", "ownerReferences"]).and_then(Value::elements);
    call.charge(references.as_ref().map_or(0, ExactSizeIterator::len))?;
    let controls = |reference: &Value<'_>| matches!(field(*reference, "controller"), Some(Value::Bool(true)));
    let controller = references.into_iter().flatten().find(controls);
    Ok(call.optional(controller))
}

/// Whether a LabelSelector selects what has these labels. All its requirements must hold; one without any selects
/// everything.
fn selects(selector: Value<'_>, labels: Value<'_>) -> Result<bool, Fault> {
    let no_selector = Fault::Invalid("a LabelSelector with `matchLabels` and `matchExpressions`");
    for (part, requirements) in selector.entries().ok_or(no_selector)? {
        let hold = match part {
            Value::Text("matchLabels") => {
                let mut wanted = requirements.entries().ok_or(no_selector)?;
                wanted.all(|(key, value)| labels.at_key(key) == Some(value))
            }
            Value::Text("matchExpressions") => {
                let mut expressions = requirements.elements().ok_or(no_selector)?;
                expressions.all(|expression| holds(expression, labels))
            }
            // Such as the plain map of a Service, which would seem to have no requirement.
            _ => return Err(no_selector),
        };
        if !hold {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `NotIn` and `DoesNotExist` hold for a missing key. An operator that nobody knows holds never.
fn holds(expression: Value<'_>, labels: Value<'_>) -> bool {
    let value = field(expression, "key").and_then(|key| labels.at_key(key));
    let mut values = field(expression, "values").and_then(Value::elements).into_iter().flatten();
    let listed = value.is_some_and(|value| values.any(|one| one == value));
    match field(expression, "operator") {
        Some(Value::Text("In")) => listed,
        Some(Value::Text("NotIn")) => !listed,
        Some(Value::Text("Exists")) => value.is_some(),
        Some(Value::Text("DoesNotExist")) => value.is_none(),
        _ => false,
    }
}

/// Where images come from that name no registry.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Registry and repository as runtimes understand them; tag and digest are empty if the name has none.
fn parse_image<'a>(call: &Call<'a, '_>, text: &'a str) -> Value<'a> {
    let (text, digest) = text.split_once('@').unwrap_or((text, ""));
    // A `:` before the last `/` belongs to the port of a registry.
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match text[last..].split_once(':') {
        Some((name, tag)) => (&text[..last + name.len()], tag),
        None => (text, ""),
    };
    // Paths have no upper case, so that a first segment with it is a host.
    let is_host = |first: &str| {
        first.contains(['.', ':']) || first == "localhost" || first.contains(|c: char| c.is_ascii_uppercase())
    };
    let (registry, path) = match name.split_once('/') {
        Some((first, rest)) if is_host(first) => (first.to_ascii_lowercase(), rest),
        _ => (DEFAULT_REGISTRY.to_owned(), name),
    };
    let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { &registry };
    let library = if registry == DEFAULT_REGISTRY && !path.contains('/') { "library/" } else { "" };
    let repository = call.text(&format!("{library}{path}"));
    let parts = [
        (Value::Text("digest"), Value::Text(digest)),
        (Value::Text("registry"), call.text(registry)),
        (Value::Text("repository"), repository),
        (Value::Text("tag"), Value::Text(tag)),
    ];
    Value::Map(call.scratch.alloc(parts))
}
