use crate::prelude::*;

/// `pod_image_unknown_registry`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodImageUnknownRegistry {
    allowed: Vec<String>,
}

impl Detector for PodImageUnknownRegistry {
    const META: Meta = Meta {
        id: "pod_image_unknown_registry",
        level: Level::Warn,
        title: "Container image comes from a place that is not allowed",
        explanation: "The image was fetched from a registry, or a path in one, that is not on your list. Nobody reviewed what is in it, and it can change or vanish without notice.",
        remediation: "Copy the image into an allowed registry, for example `skopeo copy docker://IMAGE docker://REGISTRY/PATH`, and use it: `kubectl set image KIND/NAME -n NAMESPACE CONTAINER=REGISTRY/PATH`. Or add the place to `allowed`.",
        category: Category::Security,
        on: false,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["Nodes that fetch images through a mirror: the name of the image does not show it."],
        parameters: &[(
            "allowed",
            "registries, with or without a path, that images may come from: `registry.example/team`, `docker.io/library`",
        )],
        symptom_of: &[],
        references: &[Reference {
            title: "Image names",
            url: "https://kubernetes.io/docs/concepts/containers/images/#image-names",
        }],
        fires: "
# with allowed=registry.example/team
kind: Pod
metadata: {name: hub, namespace: shop}
spec: {containers: [{name: app, image: 'nginx:1.27'}]}
",
        silent: "
kind: Pod
metadata: {name: mirrored, namespace: shop}
spec: {containers: [{name: app, image: 'registry.example/team/app:1.0'}]}
---
kind: Pod
metadata: {name: done, namespace: shop}
spec: {containers: [{name: app, image: 'nginx:1.27'}]}
status: {phase: Succeeded}
",
    };
    type Subject = Pods;
    type Reads = ();

    fn unset(&self) -> Option<&'static str> {
        self.allowed.is_empty().then_some("allowed")
    }

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if !pod.is_judged_by_spec() {
            found.out_of_scope();
            return;
        }
        for container in pod.all_containers() {
            let source = Image::new(container.image).to_string();
            if self.allowed.iter().any(|allowed| is_below(&source, allowed)) {
                continue;
            }
            let (name, image) = (container.name, container.image);
            found
                .add("registry", format!("container {name} runs {image}: {source} is not allowed"))
                .path("spec.containers.image")
                .key(name)
                .evidence("container", name)
                .evidence("image", image)
                .evidence("source", source);
        }
    }
}

/// Whether `source` is `place` or lies below it; `team` is not a place of `team-b/app`.
fn is_below(source: &str, place: &str) -> bool {
    source.strip_prefix(place.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::PodImageUnknownRegistry;
    use crate::testing::check;
    use expect_test::expect;

    const PODS: &str = "
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  initContainers: [{name: a, image: busybox}]
  containers:
    - {name: b, image: 'registry.example/team/app:1.0'}
    - {name: c, image: 'registry.example/team-b/app:1.0'}
    - {name: d, image: 'registry.example:5000/team/app@sha256:0a'}
    - {name: e, image: 'other/app'}
";

    #[test]
    fn places_are_whole_parts_of_the_normalised_name() {
        check::<PodImageUnknownRegistry>(
            PODS,
            &[("allowed", "registry.example/team/, docker.io/library")],
            &expect![[r"
                Warn
                Warn Pod/shop/web: container e runs other/app: docker.io/other/app is not allowed
                Warn Pod/shop/web: container c runs registry.example/team-b/app:1.0: registry.example/team-b/app is not allowed
                Warn Pod/shop/web: container d runs registry.example:5000/team/app@sha256:0a: registry.example:5000/team/app is not allowed"]],
        );
    }

    #[test]
    fn without_allowed_places_nothing_is_judged() {
        check::<PodImageUnknownRegistry>(PODS, &[], &expect!["Unknown"]);
    }
}
