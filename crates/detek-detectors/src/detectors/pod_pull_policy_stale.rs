use super::pod_image_mutable_tag::mutable_tags;
use crate::prelude::*;

/// `pod_pull_policy_stale`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodPullPolicyStale {
    mutable: Vec<String>,
}

impl Default for PodPullPolicyStale {
    fn default() -> Self {
        PodPullPolicyStale { mutable: mutable_tags() }
    }
}

impl Detector for PodPullPolicyStale {
    const META: Meta = Meta {
        id: "pod_pull_policy_stale",
        level: Level::Warn,
        title: "Container has a tag that moves and does not look for a newer image",
        explanation: "The tag is meant to move, but a node that already has an image of this name never asks for another. So the old version keeps running there, also after a new deployment, while other nodes run the new one.",
        remediation: "Name a version that never moves: `kubectl set image KIND/NAME -n NAMESPACE CONTAINER=IMAGE:1.2.3`. As a stopgap set `imagePullPolicy: Always` in the pod template and run `kubectl rollout restart KIND/NAME -n NAMESPACE`.",
        category: Category::Reliability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["Images that are loaded into the nodes by hand, as on development clusters."],
        parameters: &[("mutable", "tags that move")],
        symptom_of: &["pod_image_mutable_tag"],
        references: &[Reference {
            title: "Image pull policy",
            url: "https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy",
        }],
        fires: "
kind: Pod
metadata: {name: stale, namespace: shop}
spec: {containers: [{name: app, image: 'registry.example:5000/app:latest', imagePullPolicy: IfNotPresent}]}
",
        silent: "
kind: Pod
metadata: {name: fresh, namespace: shop}
spec:
  containers:
    - {name: always, image: 'registry.example:5000/app:latest', imagePullPolicy: Always}
    - {name: defaulted, image: 'registry.example:5000/app', imagePullPolicy: Always}
    - {name: pinned, image: 'registry.example:5000/app:1.2', imagePullPolicy: IfNotPresent}
    - {name: digest, image: 'registry.example/app:latest@sha256:0a', imagePullPolicy: IfNotPresent}
",
    };
    type Subject = Pods;
    type Reads = ();

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if !pod.is_judged_by_spec() {
            found.out_of_scope();
            return;
        }
        let keeps = |container: &&Container<'_>| matches!(container.image_pull_policy, "IfNotPresent" | "Never");
        for container in pod.all_containers().filter(keeps) {
            if Image::new(container.image).moving_tag(&self.mutable).is_none() {
                continue;
            }
            let (name, image, policy) = (container.name, container.image, container.image_pull_policy);
            found
                .add(
                    "pull_policy",
                    format!("container {name} runs {image} with pull policy {policy}: nodes keep the image they have"),
                )
                .path("spec.containers.imagePullPolicy")
                .key(name)
                .evidence("container", name)
                .evidence("image", image)
                .evidence("image_pull_policy", policy);
        }
    }
}
