//! The kinds a server knows: those every 1.34 server has and the default role reads, and those that a test's objects bring along.

use std::collections::BTreeMap;

/// One served kind, in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: String,
    /// Version inside the group, such as `v1`.
    pub version: String,
    /// Plural resource name as in paths and roles.
    pub resource: String,
    /// Kind as in objects.
    pub kind: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Short name that kubectl knows, or empty.
    pub short: String,
    /// Objects of custom resources keep `apiVersion` and `kind` inside lists; those of built-in kinds do not.
    pub custom: bool,
}

impl Kind {
    /// A custom kind; the plural is the lower-case kind with the usual English ending.
    pub fn custom(api_version: &str, kind: &str, namespaced: bool) -> Self {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Self {
            group: group.into(),
            version: version.into(),
            resource: plural(kind),
            kind: kind.into(),
            namespaced,
            short: String::new(),
            custom: true,
        }
    }

    /// The same kind under another plural name.
    #[must_use]
    pub fn resource(mut self, plural: &str) -> Self {
        self.resource = plural.into();
        self
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `deployments.apps`, as the server names resources in messages.
    pub fn qualified(&self) -> String {
        qualified(&self.group, &self.resource)
    }
}

/// `pods` or `deployments.apps`.
pub(crate) fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.into() } else { format!("{resource}.{group}") }
}

fn plural(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    match lower.as_bytes() {
        [.., b's' | b'x'] | [.., b'c', b'h'] => format!("{lower}es"),
        [head @ .., b'y'] if !head.ends_with(b"a") && !head.ends_with(b"e") => format!("{}ies", &lower[..head.len()]),
        _ => format!("{lower}s"),
    }
}

/// `(group/version, namespaced, [(resource, kind, short name)])`, groups in the order of a real server's discovery.
type GroupRow = (&'static str, bool, &'static [(&'static str, &'static str, &'static str)]);

const BUILT_IN: &[GroupRow] = &[
    (
        "v1",
        true,
        &[
            ("configmaps", "ConfigMap", "cm"),
            ("endpoints", "Endpoints", "ep"),
            ("events", "Event", "ev"),
            ("limitranges", "LimitRange", "limits"),
            ("persistentvolumeclaims", "PersistentVolumeClaim", "pvc"),
            ("pods", "Pod", "po"),
            ("podtemplates", "PodTemplate", ""),
            ("replicationcontrollers", "ReplicationController", "rc"),
            ("resourcequotas", "ResourceQuota", "quota"),
            ("secrets", "Secret", ""),
            ("serviceaccounts", "ServiceAccount", "sa"),
            ("services", "Service", "svc"),
        ],
    ),
    (
        "v1",
        false,
        &[("namespaces", "Namespace", "ns"), ("nodes", "Node", "no"), ("persistentvolumes", "PersistentVolume", "pv")],
    ),
    ("apiregistration.k8s.io/v1", false, &[("apiservices", "APIService", "")]),
    (
        "apps/v1",
        true,
        &[
            ("controllerrevisions", "ControllerRevision", ""),
            ("daemonsets", "DaemonSet", "ds"),
            ("deployments", "Deployment", "deploy"),
            ("replicasets", "ReplicaSet", "rs"),
            ("statefulsets", "StatefulSet", "sts"),
        ],
    ),
    ("autoscaling/v2", true, &[("horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa")]),
    ("batch/v1", true, &[("cronjobs", "CronJob", "cj"), ("jobs", "Job", "")]),
    ("certificates.k8s.io/v1", false, &[("certificatesigningrequests", "CertificateSigningRequest", "csr")]),
    ("networking.k8s.io/v1", true, &[("ingresses", "Ingress", "ing"), ("networkpolicies", "NetworkPolicy", "netpol")]),
    ("networking.k8s.io/v1", false, &[("ingressclasses", "IngressClass", "")]),
    ("policy/v1", true, &[("poddisruptionbudgets", "PodDisruptionBudget", "pdb")]),
    ("rbac.authorization.k8s.io/v1", true, &[("rolebindings", "RoleBinding", ""), ("roles", "Role", "")]),
    (
        "rbac.authorization.k8s.io/v1",
        false,
        &[("clusterrolebindings", "ClusterRoleBinding", ""), ("clusterroles", "ClusterRole", "")],
    ),
    (
        "storage.k8s.io/v1",
        false,
        &[
            ("csidrivers", "CSIDriver", ""),
            ("csinodes", "CSINode", ""),
            ("storageclasses", "StorageClass", "sc"),
            ("volumeattachments", "VolumeAttachment", ""),
        ],
    ),
    ("storage.k8s.io/v1", true, &[("csistoragecapacities", "CSIStorageCapacity", "")]),
    (
        "admissionregistration.k8s.io/v1",
        false,
        &[
            ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", ""),
            ("validatingadmissionpolicies", "ValidatingAdmissionPolicy", ""),
            ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", ""),
            ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", ""),
        ],
    ),
    ("apiextensions.k8s.io/v1", false, &[("customresourcedefinitions", "CustomResourceDefinition", "crd")]),
    ("scheduling.k8s.io/v1", false, &[("priorityclasses", "PriorityClass", "pc")]),
    ("coordination.k8s.io/v1", true, &[("leases", "Lease", "")]),
    ("node.k8s.io/v1", false, &[("runtimeclasses", "RuntimeClass", "")]),
    ("discovery.k8s.io/v1", true, &[("endpointslices", "EndpointSlice", "")]),
    (
        "flowcontrol.apiserver.k8s.io/v1",
        false,
        &[("flowschemas", "FlowSchema", ""), ("prioritylevelconfigurations", "PriorityLevelConfiguration", "")],
    ),
];

/// Groups that an add-on serves: their objects carry `apiVersion` and `kind` in lists, except those of the metrics server.
const ADD_ONS: &[GroupRow] = &[
    ("gateway.networking.k8s.io/v1", false, &[("gatewayclasses", "GatewayClass", "gc")]),
    (
        "gateway.networking.k8s.io/v1",
        true,
        &[("gateways", "Gateway", "gtw"), ("grpcroutes", "GRPCRoute", ""), ("httproutes", "HTTPRoute", "")],
    ),
    ("gateway.networking.k8s.io/v1beta1", true, &[("referencegrants", "ReferenceGrant", "refgrant")]),
    ("metrics.k8s.io/v1beta1", false, &[("nodes", "NodeMetrics", "")]),
    ("metrics.k8s.io/v1beta1", true, &[("pods", "PodMetrics", "")]),
];

/// A group's name, and its versions with their kinds.
pub(crate) type GroupVersions<'a> = (&'a str, Vec<(&'a str, Vec<&'a Kind>)>);

/// All kinds of one server, in discovery order.
#[derive(Clone, Debug)]
pub(crate) struct Kinds {
    all: Vec<Kind>,
}

impl Kinds {
    /// What a 1.34 server with the metrics server and Gateway API serves.
    pub(crate) fn built_in() -> Self {
        let rows = |table: &'static [GroupRow], add_on: bool| {
            table.iter().flat_map(move |(api_version, namespaced, kinds)| {
                kinds.iter().map(move |(resource, kind, short)| Kind {
                    short: (*short).into(),
                    custom: add_on && !api_version.starts_with("metrics."),
                    ..Kind::custom(api_version, kind, *namespaced).resource(resource)
                })
            })
        };
        Self { all: rows(BUILT_IN, false).chain(rows(ADD_ONS, true)).collect() }
    }

    /// Adds a kind unless the same resource is there already.
    pub(crate) fn add(&mut self, kind: Kind) {
        if self.find(&kind.group, &kind.version, &kind.resource).is_none() {
            self.all.push(kind);
        }
    }

    pub(crate) fn find(&self, group: &str, version: &str, resource: &str) -> Option<usize> {
        self.all.iter().position(|k| k.group == group && k.version == version && k.resource == resource)
    }

    /// The kind of an object, by its `apiVersion` and `kind`.
    pub(crate) fn of_object(&self, api_version: &str, kind: &str) -> Option<usize> {
        self.all.iter().position(|k| k.kind == kind && k.api_version() == api_version)
    }

    pub(crate) fn get(&self, index: usize) -> &Kind {
        &self.all[index]
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Groups in discovery order, each with its versions, newest first, and their kinds.
    pub(crate) fn groups(&self) -> Vec<GroupVersions<'_>> {
        let mut order: Vec<&str> = Vec::new();
        let mut groups: BTreeMap<&str, Vec<(&str, Vec<&Kind>)>> = BTreeMap::new();
        for kind in &self.all {
            if !order.contains(&kind.group.as_str()) {
                order.push(&kind.group);
            }
            let versions = groups.entry(&kind.group).or_default();
            match versions.iter_mut().find(|(v, _)| *v == kind.version) {
                Some((_, kinds)) => kinds.push(kind),
                None => versions.push((&kind.version, vec![kind])),
            }
        }
        let mut out = Vec::new();
        for name in order {
            let mut versions = groups.remove(name).unwrap_or_default();
            versions.sort_by_key(|(v, _)| std::cmp::Reverse(version_rank(v)));
            for (_, kinds) in &mut versions {
                kinds.sort_by_key(|k| &k.resource);
            }
            out.push((name, versions));
        }
        out
    }
}

/// Kubernetes' version priority: general availability before beta before alpha, then by number.
fn version_rank(version: &str) -> (u8, u32, u32) {
    let rest = version.strip_prefix('v').unwrap_or(version);
    let (stage, major, minor) = match (rest.split_once("beta"), rest.split_once("alpha")) {
        (Some((major, minor)), _) => (1, major, minor),
        (_, Some((major, minor))) => (0, major, minor),
        _ => (2, rest, "0"),
    };
    (stage, major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_follow_the_usual_endings() {
        for (kind, want) in [
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Gateway", "gateways"),
            ("Widget", "widgets"),
        ] {
            assert_eq!(plural(kind), want);
        }
    }

    #[test]
    fn the_newest_stable_version_comes_first() {
        let mut kinds = Kinds::built_in();
        kinds.add(Kind::custom("policy/v1beta1", "PodDisruptionBudget", true));
        let groups = kinds.groups();
        let policy = groups.iter().find(|(name, _)| *name == "policy").expect("the policy group is built in");
        assert_eq!(policy.1.iter().map(|(v, _)| *v).collect::<Vec<_>>(), ["v1", "v1beta1"]);
    }

    #[test]
    fn every_resource_of_a_version_is_listed_once() {
        for (group, versions) in Kinds::built_in().groups() {
            for (version, kinds) in versions {
                let mut names: Vec<_> = kinds.iter().map(|k| &k.resource).collect();
                names.dedup();
                assert_eq!(names.len(), kinds.len(), "{group}/{version}");
            }
        }
    }
}
