//! The resources of Kubernetes 1.34 itself, so that a misspelt key is found without a cluster, and the kind of an object
//! is known without asking.

/// A resource of Kubernetes.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// The version that is served today.
    pub version: &'static str,
    /// `pods`.
    pub plural: &'static str,
    /// `Pod`.
    pub kind: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// `kubernetes/core/v1/pods`.
    pub fn key(&self) -> String {
        let group = if self.group.is_empty() { "core" } else { self.group };
        format!("kubernetes/{group}/{}/{}", self.version, self.plural)
    }
}

/// The resource of a group and a plural, whatever the version.
pub(crate) fn find(group: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.group == group && resource.plural == plural)
}

/// Whether all resources of the group are listed here.
pub(crate) fn is_own_group(group: &str) -> bool {
    RESOURCES.iter().any(|resource| resource.group == group)
}

const fn namespaced(group: &'static str, version: &'static str, plural: &'static str, kind: &'static str) -> Resource {
    Resource { group, version, plural, kind, namespaced: true }
}

const fn global(group: &'static str, version: &'static str, plural: &'static str, kind: &'static str) -> Resource {
    Resource { group, version, plural, kind, namespaced: false }
}

/// Every resource that can be listed, by group and plural (`kubectl api-resources`).
pub static RESOURCES: &[Resource] = &[
    namespaced("", "v1", "configmaps", "ConfigMap"),
    namespaced("", "v1", "endpoints", "Endpoints"),
    namespaced("", "v1", "events", "Event"),
    namespaced("", "v1", "limitranges", "LimitRange"),
    global("", "v1", "namespaces", "Namespace"),
    global("", "v1", "nodes", "Node"),
    namespaced("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    global("", "v1", "persistentvolumes", "PersistentVolume"),
    namespaced("", "v1", "pods", "Pod"),
    namespaced("", "v1", "podtemplates", "PodTemplate"),
    namespaced("", "v1", "replicationcontrollers", "ReplicationController"),
    namespaced("", "v1", "resourcequotas", "ResourceQuota"),
    namespaced("", "v1", "secrets", "Secret"),
    namespaced("", "v1", "serviceaccounts", "ServiceAccount"),
    namespaced("", "v1", "services", "Service"),
    global("admissionregistration.k8s.io", "v1beta1", "mutatingadmissionpolicies", "MutatingAdmissionPolicy"),
    global(
        "admissionregistration.k8s.io",
        "v1beta1",
        "mutatingadmissionpolicybindings",
        "MutatingAdmissionPolicyBinding",
    ),
    global("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
    global("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy"),
    global(
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
    ),
    global("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
    global("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition"),
    global("apiregistration.k8s.io", "v1", "apiservices", "APIService"),
    namespaced("apps", "v1", "controllerrevisions", "ControllerRevision"),
    namespaced("apps", "v1", "daemonsets", "DaemonSet"),
    namespaced("apps", "v1", "deployments", "Deployment"),
    namespaced("apps", "v1", "replicasets", "ReplicaSet"),
    namespaced("apps", "v1", "statefulsets", "StatefulSet"),
    namespaced("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    namespaced("batch", "v1", "cronjobs", "CronJob"),
    namespaced("batch", "v1", "jobs", "Job"),
    global("certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest"),
    global("certificates.k8s.io", "v1beta1", "clustertrustbundles", "ClusterTrustBundle"),
    namespaced("coordination.k8s.io", "v1", "leases", "Lease"),
    namespaced("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    namespaced("events.k8s.io", "v1", "events", "Event"),
    global("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", "FlowSchema"),
    global("flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", "PriorityLevelConfiguration"),
    global("internal.apiserver.k8s.io", "v1alpha1", "storageversions", "StorageVersion"),
    global("networking.k8s.io", "v1", "ingressclasses", "IngressClass"),
    namespaced("networking.k8s.io", "v1", "ingresses", "Ingress"),
    global("networking.k8s.io", "v1", "ipaddresses", "IPAddress"),
    namespaced("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    global("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR"),
    global("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass"),
    namespaced("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    global("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding"),
    global("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole"),
    namespaced("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    namespaced("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    global("resource.k8s.io", "v1", "deviceclasses", "DeviceClass"),
    global("resource.k8s.io", "v1alpha3", "devicetaintrules", "DeviceTaintRule"),
    namespaced("resource.k8s.io", "v1", "resourceclaims", "ResourceClaim"),
    namespaced("resource.k8s.io", "v1", "resourceclaimtemplates", "ResourceClaimTemplate"),
    global("resource.k8s.io", "v1", "resourceslices", "ResourceSlice"),
    global("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass"),
    global("storage.k8s.io", "v1", "csidrivers", "CSIDriver"),
    global("storage.k8s.io", "v1", "csinodes", "CSINode"),
    namespaced("storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity"),
    global("storage.k8s.io", "v1", "storageclasses", "StorageClass"),
    global("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment"),
    global("storage.k8s.io", "v1", "volumeattributesclasses", "VolumeAttributesClass"),
    global("storagemigration.k8s.io", "v1alpha1", "storageversionmigrations", "StorageVersionMigration"),
];

#[cfg(test)]
mod tests {
    use super::RESOURCES;

    #[test]
    fn the_list_of_resources_is_sorted() {
        assert!(RESOURCES.is_sorted_by_key(|resource| (resource.group, resource.plural)));
    }
}
