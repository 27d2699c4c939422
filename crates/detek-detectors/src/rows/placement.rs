//! Pods as the scheduler sees them: where they are, what they ask for and which taints they bear.

use super::{Resources, Taint, quantity};
use detek_core::{InputKind, Kind};
use detek_doc::IntOrString;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Pods, as nodes hold them.
pub(crate) struct Placements;

impl Kind for Placements {
    const INPUT: InputKind = super::Pods::INPUT;
    type Row<'s> = Placement<'s>;
}

/// Where a pod is and what it takes there.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Placement<'s> {
    #[serde(borrow)]
    pub(crate) spec: PlacementSpec<'s>,
    #[serde(borrow)]
    pub(crate) status: Phase<'s>,
}

/// `status`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Phase<'s> {
    pub(crate) phase: &'s str,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PlacementSpec<'s> {
    pub(crate) node_name: &'s str,
    #[serde(borrow)]
    pub(crate) tolerations: Vec<Toleration<'s>>,
    #[serde(borrow)]
    pub(crate) containers: Vec<Asks<'s>>,
    #[serde(borrow)]
    pub(crate) init_containers: Vec<Asks<'s>>,
    #[serde(borrow)]
    pub(crate) overhead: BTreeMap<&'s str, IntOrString<'s>>,
    #[serde(borrow)]
    pub(crate) resources: Resources<'s>,
}

/// What a container asks for.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Asks<'s> {
    pub(crate) restart_policy: &'s str,
    #[serde(borrow)]
    pub(crate) resources: Resources<'s>,
}

/// One of `spec.tolerations`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Toleration<'s> {
    pub(crate) key: &'s str,
    pub(crate) operator: &'s str,
    pub(crate) value: &'s str,
    pub(crate) effect: &'s str,
}

impl Toleration<'_> {
    /// Whether it is meant for this taint, and not for any: it names the key.
    fn names(&self, taint: &Taint<'_>) -> bool {
        self.key == taint.key
            && (self.effect.is_empty() || self.effect == taint.effect)
            && (!matches!(self.operator, "" | "Equal") || self.value == taint.value)
    }
}

impl Placement<'_> {
    /// Whether it tolerates this taint by name.
    pub(crate) fn names(&self, taint: &Taint<'_>) -> bool {
        self.spec.tolerations.iter().any(|toleration| toleration.names(taint))
    }

    /// What the scheduler sets aside for it of `resource` (the effective request): the larger of
    /// all long-running containers together, and of each init container with the sidecars started before it.
    pub(crate) fn request(&self, resource: &str) -> f64 {
        if resource == "pods" {
            return 1.0;
        }
        let spec = &self.spec;
        let asked = |resources: &Resources<'_>| resources.request(resource).and_then(quantity);
        let of = |container: &Asks<'_>| asked(&container.resources).unwrap_or(0.0);
        let (mut sidecars, mut most) = (0.0, 0.0_f64);
        for init in &spec.init_containers {
            if init.restart_policy == "Always" {
                sidecars += of(init);
            } else {
                most = most.max(sidecars + of(init));
            }
        }
        let running = spec.containers.iter().map(of).sum::<f64>() + sidecars;
        let overhead = spec.overhead.get(resource).and_then(|amount| quantity(*amount)).unwrap_or(0.0);
        asked(&spec.resources).unwrap_or_else(|| running.max(most)) + overhead
    }
}

#[cfg(test)]
mod tests {
    use super::{Placement, PlacementSpec};
    use crate::rows::Taint;

    fn spec(yaml: &str) -> Placement<'_> {
        // Borrowing rows are read from JSON text.
        let spec: PlacementSpec<'_> = serde_json::from_str(yaml).expect("a valid pod");
        Placement { spec, ..Placement::default() }
    }

    #[test]
    fn a_pod_takes_the_larger_of_its_running_containers_and_its_init_containers() {
        let pod = spec(
            r#"{"containers": [{"resources": {"requests": {"cpu": "100m"}}}, {"resources": {"limits": {"cpu": 1}}}],
                "initContainers": [
                    {"resources": {"requests": {"cpu": "2"}}},
                    {"restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}},
                    {"resources": {"requests": {"cpu": "1500m"}}}],
                "overhead": {"cpu": "250m"}}"#,
        );
        assert!((pod.request("cpu") - 2.25).abs() < 1e-9, "{}", pod.request("cpu"));
        assert!(pod.request("memory").abs() < 1e-9);
        assert!((pod.request("pods") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_set_for_the_pod_as_a_whole_wins() {
        let pod = spec(
            r#"{"containers": [{"resources": {"requests": {"memory": "8Gi"}}}], "resources": {"limits": {"memory": "1Ki"}}}"#,
        );
        assert!((pod.request("memory") - 1024.0).abs() < 1e-9);
    }

    #[test]
    fn only_a_toleration_that_names_the_key_is_meant_for_a_taint() {
        let taint = Taint { key: "gpu", value: "yes", effect: "NoSchedule", ..Taint::default() };
        for (toleration, meant) in [
            (r#"{"operator": "Exists"}"#, false),
            (r#"{"key": "gpu", "operator": "Exists"}"#, true),
            (r#"{"key": "gpu", "value": "yes"}"#, true),
            (r#"{"key": "gpu", "value": "no"}"#, false),
            (r#"{"key": "gpu", "value": "yes", "effect": "NoExecute"}"#, false),
        ] {
            assert_eq!(spec(&format!(r#"{{"tolerations": [{toleration}]}}"#)).names(&taint), meant, "{toleration}");
        }
    }
}
