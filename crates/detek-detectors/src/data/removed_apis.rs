//! API versions that are gone or going.
//!
//! Derived from the lifecycle declarations of the API types (`zz_generated.prerelease-lifecycle.go` in kubernetes/api) and
//! <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>. Left out are kinds that are never stored (reviews,
//! Eviction) and those with an object for each node, address or request (Lease, Event, IPAddress): nobody keeps manifests
//! of them.

use detek_core::InputKind;

/// A group and version that the server stops to serve.
pub(crate) struct RemovedApi {
    /// `policy/v1beta1`.
    pub(crate) version: &'static str,
    /// What it held.
    pub(crate) kinds: &'static [RemovedKind],
}

/// A kind of such a version.
pub(crate) struct RemovedKind {
    /// Minor version of the first release without it.
    pub(crate) gone: u32,
    /// Where its objects are read today.
    pub(crate) input: &'static InputKind,
    /// What to use in its place: a version, or what does its work.
    pub(crate) instead: &'static str,
    /// Whether the old version is the only one there ever was, so that each object is a use of it.
    pub(crate) last: bool,
}

/// A kind that is gone in the old version and is served in the version `instead`.
const fn moved(gone: u32, instead: &'static str, input: &'static InputKind) -> RemovedKind {
    RemovedKind { gone, input, instead, last: false }
}

/// A kind that has no successor.
const fn ended(gone: u32, instead: &'static str, input: &'static InputKind) -> RemovedKind {
    RemovedKind { gone, input, instead, last: true }
}

macro_rules! inputs {
    ($($name:ident: $key:literal $group:literal $kind:literal $namespaced:literal;)*) => {
        $(static $name: InputKind = InputKind::new($key, $group, $kind, $namespaced);)*
    };
}

inputs! {
    DEPLOYMENTS: "kubernetes/apps/v1/deployments" "apps" "Deployment" true;
    DAEMON_SETS: "kubernetes/apps/v1/daemonsets" "apps" "DaemonSet" true;
    STATEFUL_SETS: "kubernetes/apps/v1/statefulsets" "apps" "StatefulSet" true;
    CRON_JOBS: "kubernetes/batch/v1/cronjobs" "batch" "CronJob" true;
    INGRESSES: "kubernetes/networking.k8s.io/v1/ingresses" "networking.k8s.io" "Ingress" true;
    INGRESS_CLASSES: "kubernetes/networking.k8s.io/v1/ingressclasses" "networking.k8s.io" "IngressClass" false;
    NETWORK_POLICIES: "kubernetes/networking.k8s.io/v1/networkpolicies" "networking.k8s.io" "NetworkPolicy" true;
    PDBS: "kubernetes/policy/v1/poddisruptionbudgets" "policy" "PodDisruptionBudget" true;
    PSPS: "kubernetes/policy/v1beta1/podsecuritypolicies" "policy" "PodSecurityPolicy" false;
    HPAS: "kubernetes/autoscaling/v2/horizontalpodautoscalers" "autoscaling" "HorizontalPodAutoscaler" true;
    ENDPOINT_SLICES: "kubernetes/discovery.k8s.io/v1/endpointslices" "discovery.k8s.io" "EndpointSlice" true;
    RUNTIME_CLASSES: "kubernetes/node.k8s.io/v1/runtimeclasses" "node.k8s.io" "RuntimeClass" false;
    PRIORITY_CLASSES: "kubernetes/scheduling.k8s.io/v1/priorityclasses" "scheduling.k8s.io" "PriorityClass" false;
    STORAGE_CLASSES: "kubernetes/storage.k8s.io/v1/storageclasses" "storage.k8s.io" "StorageClass" false;
    CSI_DRIVERS: "kubernetes/storage.k8s.io/v1/csidrivers" "storage.k8s.io" "CSIDriver" false;
    ROLES: "kubernetes/rbac.authorization.k8s.io/v1/roles" "rbac.authorization.k8s.io" "Role" true;
    ROLE_BINDINGS: "kubernetes/rbac.authorization.k8s.io/v1/rolebindings" "rbac.authorization.k8s.io" "RoleBinding" true;
    CLUSTER_ROLES: "kubernetes/rbac.authorization.k8s.io/v1/clusterroles" "rbac.authorization.k8s.io" "ClusterRole" false;
    CLUSTER_ROLE_BINDINGS: "kubernetes/rbac.authorization.k8s.io/v1/clusterrolebindings" "rbac.authorization.k8s.io" "ClusterRoleBinding" false;
    CRDS: "kubernetes/apiextensions.k8s.io/v1/customresourcedefinitions" "apiextensions.k8s.io" "CustomResourceDefinition" false;
    API_SERVICES: "kubernetes/apiregistration.k8s.io/v1/apiservices" "apiregistration.k8s.io" "APIService" false;
    VALIDATING_WEBHOOKS: "kubernetes/admissionregistration.k8s.io/v1/validatingwebhookconfigurations" "admissionregistration.k8s.io" "ValidatingWebhookConfiguration" false;
    MUTATING_WEBHOOKS: "kubernetes/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations" "admissionregistration.k8s.io" "MutatingWebhookConfiguration" false;
    ADMISSION_POLICIES: "kubernetes/admissionregistration.k8s.io/v1/validatingadmissionpolicies" "admissionregistration.k8s.io" "ValidatingAdmissionPolicy" false;
    ADMISSION_POLICY_BINDINGS: "kubernetes/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings" "admissionregistration.k8s.io" "ValidatingAdmissionPolicyBinding" false;
    FLOW_SCHEMAS: "kubernetes/flowcontrol.apiserver.k8s.io/v1/flowschemas" "flowcontrol.apiserver.k8s.io" "FlowSchema" false;
    PRIORITY_LEVELS: "kubernetes/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations" "flowcontrol.apiserver.k8s.io" "PriorityLevelConfiguration" false;
}

const ADMISSION: &str = "admissionregistration.k8s.io/v1";
const FLOWCONTROL: &str = "flowcontrol.apiserver.k8s.io/v1";
const NETWORKING: &str = "networking.k8s.io/v1";
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const STORAGE: &str = "storage.k8s.io/v1";

const ROLES_AND_BINDINGS: &[RemovedKind] = &[
    moved(22, RBAC, &ROLES),
    moved(22, RBAC, &ROLE_BINDINGS),
    moved(22, RBAC, &CLUSTER_ROLES),
    moved(22, RBAC, &CLUSTER_ROLE_BINDINGS),
];

const fn flows(gone: u32) -> [RemovedKind; 2] {
    [moved(gone, FLOWCONTROL, &FLOW_SCHEMAS), moved(gone, FLOWCONTROL, &PRIORITY_LEVELS)]
}

/// Every version, by name.
pub(crate) static REMOVED: &[RemovedApi] = &[
    RemovedApi {
        version: "admissionregistration.k8s.io/v1alpha1",
        kinds: &[moved(32, ADMISSION, &ADMISSION_POLICIES), moved(32, ADMISSION, &ADMISSION_POLICY_BINDINGS)],
    },
    RemovedApi {
        version: "admissionregistration.k8s.io/v1beta1",
        kinds: &[
            moved(22, ADMISSION, &VALIDATING_WEBHOOKS),
            moved(22, ADMISSION, &MUTATING_WEBHOOKS),
            moved(34, ADMISSION, &ADMISSION_POLICIES),
            moved(34, ADMISSION, &ADMISSION_POLICY_BINDINGS),
        ],
    },
    RemovedApi { version: "apiextensions.k8s.io/v1beta1", kinds: &[moved(22, "apiextensions.k8s.io/v1", &CRDS)] },
    RemovedApi {
        version: "apiregistration.k8s.io/v1beta1",
        kinds: &[moved(22, "apiregistration.k8s.io/v1", &API_SERVICES)],
    },
    RemovedApi {
        version: "apps/v1beta1",
        kinds: &[moved(16, "apps/v1", &DEPLOYMENTS), moved(16, "apps/v1", &STATEFUL_SETS)],
    },
    RemovedApi {
        version: "apps/v1beta2",
        kinds: &[
            moved(16, "apps/v1", &DEPLOYMENTS),
            moved(16, "apps/v1", &STATEFUL_SETS),
            moved(16, "apps/v1", &DAEMON_SETS),
        ],
    },
    RemovedApi { version: "autoscaling/v2beta1", kinds: &[moved(25, "autoscaling/v2", &HPAS)] },
    RemovedApi { version: "autoscaling/v2beta2", kinds: &[moved(26, "autoscaling/v2", &HPAS)] },
    RemovedApi { version: "batch/v1beta1", kinds: &[moved(25, "batch/v1", &CRON_JOBS)] },
    RemovedApi { version: "batch/v2alpha1", kinds: &[moved(21, "batch/v1", &CRON_JOBS)] },
    RemovedApi { version: "discovery.k8s.io/v1beta1", kinds: &[moved(25, "discovery.k8s.io/v1", &ENDPOINT_SLICES)] },
    RemovedApi {
        version: "extensions/v1beta1",
        kinds: &[
            moved(16, "apps/v1", &DEPLOYMENTS),
            moved(16, "apps/v1", &DAEMON_SETS),
            moved(16, NETWORKING, &NETWORK_POLICIES),
            moved(22, NETWORKING, &INGRESSES),
        ],
    },
    RemovedApi { version: "flowcontrol.apiserver.k8s.io/v1beta1", kinds: &flows(26) },
    RemovedApi { version: "flowcontrol.apiserver.k8s.io/v1beta2", kinds: &flows(29) },
    RemovedApi { version: "flowcontrol.apiserver.k8s.io/v1beta3", kinds: &flows(32) },
    RemovedApi {
        version: "networking.k8s.io/v1beta1",
        kinds: &[moved(22, NETWORKING, &INGRESSES), moved(22, NETWORKING, &INGRESS_CLASSES)],
    },
    RemovedApi { version: "node.k8s.io/v1beta1", kinds: &[moved(25, "node.k8s.io/v1", &RUNTIME_CLASSES)] },
    RemovedApi {
        version: "policy/v1beta1",
        kinds: &[moved(25, "policy/v1", &PDBS), ended(25, "Pod Security admission or a policy engine", &PSPS)],
    },
    RemovedApi { version: "rbac.authorization.k8s.io/v1alpha1", kinds: ROLES_AND_BINDINGS },
    RemovedApi { version: "rbac.authorization.k8s.io/v1beta1", kinds: ROLES_AND_BINDINGS },
    RemovedApi { version: "scheduling.k8s.io/v1beta1", kinds: &[moved(22, "scheduling.k8s.io/v1", &PRIORITY_CLASSES)] },
    RemovedApi {
        version: "storage.k8s.io/v1beta1",
        kinds: &[moved(22, STORAGE, &STORAGE_CLASSES), moved(22, STORAGE, &CSI_DRIVERS)],
    },
];
