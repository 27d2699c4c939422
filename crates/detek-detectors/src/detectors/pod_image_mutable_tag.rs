use crate::prelude::*;

/// `pod_image_mutable_tag`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodImageMutableTag {
    mutable: Vec<String>,
}

impl Default for PodImageMutableTag {
    fn default() -> Self {
        PodImageMutableTag { mutable: mutable_tags() }
    }
}

/// Tags that move unless somebody says otherwise.
pub(super) fn mutable_tags() -> Vec<String> {
    ["latest", "main", "master", "dev", "stable"].map(String::from).to_vec()
}

impl Detector for PodImageMutableTag {
    const META: Meta = Meta {
        id: "pod_image_mutable_tag",
        level: Level::Warn,
        title: "Container image has no tag or a tag that moves",
        explanation: "The tag points at another image tomorrow: two nodes can run different code under one name, and a rollback cannot be reproduced.",
        remediation: "Name a version that never moves, or the digest: `kubectl set image KIND/NAME -n NAMESPACE CONTAINER=IMAGE:1.2.3`.",
        category: Category::Reliability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[],
        parameters: &[("mutable", "tags that move")],
        symptom_of: &[],
        references: &[Reference { title: "Images", url: "https://kubernetes.io/docs/concepts/containers/images/" }],
        fires: "
kind: Pod
metadata: {name: bad, namespace: shop}
spec: {containers: [{name: a, image: nginx}, {name: b, image: 'registry.example:5000/app:latest'}]}
",
        silent: "
kind: Pod
metadata: {name: good, namespace: shop}
spec:
  containers:
    - {name: a, image: 'registry.example:5000/app:1.2'}
    - {name: b, image: 'nginx:latest@sha256:0a'}
    - {name: c, image: 'localhost/app@sha256:0b'}
",
    };
    type Subject = Pods;
    type Reads = ();

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if !pod.is_judged_by_spec() {
            found.out_of_scope();
            return;
        }
        for container in pod.all_containers() {
            let what = match Image::new(container.image).moving_tag(&self.mutable) {
                None => continue,
                Some("") => "which has no tag and therefore means latest".to_owned(),
                Some(tag) => format!("whose tag {tag} moves"),
            };
            found
                .add("mutable_tag", format!("container {} runs {}, {what}", container.name, container.image))
                .path("spec.containers.image")
                .key(container.name)
                .evidence("container", container.name)
                .evidence("image", container.image);
        }
    }
}
