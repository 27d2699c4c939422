//! Input keys: what collectors provide, and which of it packs may read.

use crate::{
    problem::Code,
    resource::{self, Resource},
};
use detek_cel::meant;
use std::{fmt, sync::LazyLock};

/// What an argument of a collector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// Text, in which `{{ params.x }}` may stand.
    Text,
    /// A length of time, in which `{{ params.x }}` may stand.
    Duration,
    /// A list of texts.
    Texts,
    /// The name of a source that the operator configures.
    Endpoint,
}

/// An argument of a collector.
#[derive(Debug, PartialEq, Eq)]
pub struct Arg {
    /// The name.
    pub name: &'static str,
    /// What its value is.
    pub kind: ArgKind,
    /// Whether it must be given.
    pub required: bool,
}

/// Something that can be read, apart from the resources of Kubernetes.
#[derive(Debug, PartialEq, Eq)]
pub struct Collector {
    /// The key.
    pub key: &'static str,
    /// What an element is.
    pub element: &'static str,
    /// Its arguments.
    pub args: &'static [Arg],
    /// Whether a collector for it exists; else its inputs are absent, as not configured.
    pub served: bool,
}

const fn arg(name: &'static str, kind: ArgKind, required: bool) -> Arg {
    Arg { name, kind, required }
}

const ENDPOINT: &[Arg] = &[arg("endpoint", ArgKind::Endpoint, false)];
const QUERY: &[Arg] = &[arg("endpoint", ArgKind::Endpoint, false), arg("query", ArgKind::Text, true)];
const RANGE: &[Arg] = &[
    arg("endpoint", ArgKind::Endpoint, false),
    arg("query", ArgKind::Text, true),
    arg("step", ArgKind::Duration, false),
    arg("window", ArgKind::Duration, true),
];
const PATH: &[Arg] =
    &[arg("endpoint", ArgKind::Endpoint, true), arg("path", ArgKind::Text, true), arg("query", ArgKind::Text, false)];

/// Arguments of every resource of Kubernetes.
pub static RESOURCE_ARGS: &[Arg] = &[
    arg("fallbackVersions", ArgKind::Texts, false),
    arg("fieldSelector", ArgKind::Text, false),
    arg("labelSelector", ArgKind::Text, false),
    arg("namespaces", ArgKind::Texts, false),
];

const fn served(key: &'static str, element: &'static str) -> Collector {
    Collector { key, element, args: &[], served: true }
}

const fn source(key: &'static str, args: &'static [Arg], element: &'static str) -> Collector {
    Collector { key, element, args, served: false }
}

/// Every collector, by key.
pub static COLLECTORS: &[Collector] = &[
    source("alertmanager/alerts", ENDPOINT, "name, labels, state, starts_at, ends_at, updated_at, silenced_by"),
    source("alertmanager/info", ENDPOINT, "version, cluster_status, peers_n"),
    source("alertmanager/silences", ENDPOINT, "id, matchers, starts_at, ends_at, created_by, comment, state"),
    source("aws/clusters", ENDPOINT, "name, version, status, platform_version, endpoint, tags"),
    source("aws/costs", ENDPOINT, "day, cluster, service, amount_micros, currency, estimated"),
    source("aws/instances", ENDPOINT, "id, type, state, az, private_ip, launched_at, tags, status_checks"),
    source("aws/volumes", ENDPOINT, "id, state, size_gib, type, attached_to, tags, created"),
    served("cluster/components", "component, version, node"),
    served("cluster/info", "id, name, version, platform, labels"),
    source("exec/probes", ENDPOINT, "name, status, message"),
    source("http/get", PATH, "status, headers, body"),
    source("http/items", ENDPOINT, "the records that the operator has typed"),
    served("kubernetes/raw/livez", "name, ok, reason"),
    served("kubernetes/raw/readyz", "name, ok, reason"),
    served("kubernetes/raw/version", "the body of /version"),
    source("openstack/quotas", ENDPOINT, "service, resource, used, max"),
    source(
        "openstack/servers",
        ENDPOINT,
        "id, name, project_id, status, vm_state, power_state, host, az, flavor, metadata",
    ),
    source("openstack/services", ENDPOINT, "binary, host, state, status, disabled_reason"),
    source(
        "openstack/volumes",
        ENDPOINT,
        "id, name, project_id, status, size_gib, type, az, attachments, metadata, created",
    ),
    source("prometheus/info", ENDPOINT, "version"),
    source("prometheus/query", QUERY, "labels, value, at"),
    source("prometheus/query_range", RANGE, "labels, samples: at, value"),
    source("prometheus/rules", ENDPOINT, "group, name, query, state, health, last_error"),
    source("prometheus/targets", ENDPOINT, "job, instance, health, last_error, last_scrape"),
    source("ssh/hosts", ENDPOINT, "node, address, state, cause, params, kernel, os, certificates, time_offset_seconds"),
    source("trivy/misconfigurations", ENDPOINT, "owner, id, severity, title"),
    source("trivy/summary", ENDPOINT, "owner, critical_n, high_n, medium_n, low_n, updated"),
    source(
        "trivy/vulnerabilities",
        ENDPOINT,
        "artifact, digest, owner, container, id, severity, package, installed, fixed",
    ),
    source("vault/audit", ENDPOINT, "path, type"),
    source("vault/health", ENDPOINT, "initialized, sealed, standby, version, storage_type, ha_enabled, has_leader"),
    source("vault/mounts", ENDPOINT, "path, type"),
    source("vault/pki", ENDPOINT, "mount, issuer_id, subject, is_default, not_after"),
    source("vault/token", ENDPOINT, "ttl_seconds, renewable, policies"),
];

/// What an input reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Objects of Kubernetes.
    Resource {
        /// API group, empty for the core group.
        group: String,
        /// `v1`.
        version: String,
        /// `pods`.
        plural: String,
        /// What is known of it; `None` for custom resources, which discovery knows.
        known: Option<&'static Resource>,
    },
    /// Something else.
    Collector(&'static Collector),
}

/// As it is written in files.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Resource { group, version, plural, .. } => {
                let group = if group.is_empty() { "core" } else { group };
                write!(f, "kubernetes/{group}/{version}/{plural}")
            }
            Key::Collector(collector) => f.write_str(collector.key),
        }
    }
}

impl Key {
    /// Its arguments.
    pub fn args(&self) -> &'static [Arg] {
        match self {
            Key::Resource { .. } => RESOURCE_ARGS,
            Key::Collector(collector) => collector.args,
        }
    }

    /// Whether its elements are objects of Kubernetes, so that they are subjects of findings without being told how.
    pub fn is_kubernetes_object(&self) -> bool {
        matches!(self, Key::Resource { .. })
    }

    /// Reads a key.
    ///
    /// # Errors
    /// That it is unknown, or that packs may not read it.
    pub fn parse(text: &str) -> Result<Key, BadKey> {
        let not_allowed =
            |text: &str, help: &str| BadKey { code: Code::NotAllowed, text: text.into(), help: help.into() };
        if text.contains('*') {
            return Err(not_allowed("packs may not read `*`", "name one resource for each input"));
        }
        if let Some(collector) = COLLECTORS.iter().find(|collector| collector.key == text) {
            return Ok(Key::Collector(collector));
        }
        match text.split('/').collect::<Vec<_>>().as_slice() {
            ["kubernetes", group, version, plural] if *group != "raw" => resource(text, group, version, plural),
            ["kubernetes", group, version, plural, below] if is_version(version) => {
                let words = format!("packs may not read the subresource `{below}`");
                Err(not_allowed(&words, &format!("read `kubernetes/{group}/{version}/{plural}`")))
            }
            _ => Err(unknown(text)),
        }
    }
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadKey {
    /// Unknown, or not allowed.
    pub code: Code,
    /// What is wrong.
    pub text: String,
    /// What would be right.
    pub help: String,
}

fn resource(text: &str, group: &str, version: &str, plural: &str) -> Result<Key, BadKey> {
    let name = |text: &str| {
        let inner = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
        inner && text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.ends_with(['-', '.'])
    };
    if !name(group) || !is_version(version) || !name(plural) || plural.contains('.') {
        return Err(unknown(text));
    }
    let group = if group == "core" { "" } else { group };
    if group.is_empty() && plural == "secrets" {
        let text = "packs may not read Secrets".into();
        let help = "a compiled detector reads what it needs of them, with `--enable secrets`".into();
        return Err(BadKey { code: Code::NotAllowed, text, help });
    }
    let known = resource::find(group, plural);
    // Groups without a dot, and those of Kubernetes itself, are known in full.
    if known.is_none() && (resource::is_own_group(group) || !group.contains('.')) {
        return Err(unknown(text));
    }
    Ok(Key::Resource { group: group.into(), version: version.into(), plural: plural.into(), known })
}

/// `v1`, `v1beta1`.
fn is_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some(rest) = text.strip_prefix('v') else { return false };
    match rest.split_once("alpha").or_else(|| rest.split_once("beta")) {
        Some((major, minor)) => digits(major) && digits(minor),
        None => digits(rest),
    }
}

static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let resources = resource::RESOURCES.iter().map(Resource::key).filter(|key| !key.ends_with("/secrets"));
    COLLECTORS.iter().map(|collector| collector.key.to_owned()).chain(resources).collect()
});

fn unknown(text: &str) -> BadKey {
    let near = meant(text, KNOWN.iter().map(String::as_str));
    // A plural that is right in another group, or without one, is nearer than a similar name.
    let plural = text.rsplit('/').next().unwrap_or(text);
    let elsewhere = KNOWN.iter().find(|key| key.starts_with("kubernetes/") && key.rsplit('/').next() == Some(plural));
    let help = match elsewhere.map(String::as_str).or(near) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`kubernetes/GROUP/VERSION/PLURAL`, or one of `detek list collectors`".into(),
    };
    BadKey { code: Code::UnknownKey, text: format!("unknown input key `{text}`"), help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_collectors_is_sorted() {
        assert!(COLLECTORS.is_sorted_by_key(|collector| collector.key));
        for collector in COLLECTORS {
            assert!(collector.args.is_sorted_by_key(|arg| arg.name), "{}", collector.key);
        }
    }

    #[test]
    fn keys_read_back_what_they_print() {
        for text in [
            "kubernetes/core/v1/pods",
            "kubernetes/policy/v1/poddisruptionbudgets",
            "kubernetes/cert-manager.io/v1/certificates",
            "kubernetes/raw/readyz",
            "prometheus/query",
        ] {
            assert_eq!(Key::parse(text).expect("a key").to_string(), text);
        }
    }

    #[test]
    fn what_is_unknown_or_forbidden_says_what_to_write() {
        let help = |text: &str| Key::parse(text).expect_err("no key").help;
        assert_eq!(help("kubernetes/core/v1/pod"), "did you mean `kubernetes/core/v1/pods`?");
        assert_eq!(help("kubernetes/v1/pods"), "did you mean `kubernetes/core/v1/pods`?");
        assert_eq!(
            help("kubernetes/extensions/v1beta1/ingresses"),
            "did you mean `kubernetes/networking.k8s.io/v1/ingresses`?"
        );
        assert_eq!(help("prometheus/qery"), "did you mean `prometheus/query`?");
        for text in ["kubernetes/core/v1/secrets", "kubernetes/core/v1/pods/log", "kubernetes/*/v1/pods"] {
            assert_eq!(Key::parse(text).expect_err("not allowed").code, Code::NotAllowed, "{text}");
        }
    }
}
