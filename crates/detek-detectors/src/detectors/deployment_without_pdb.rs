use crate::prelude::*;

/// `deployment_without_pdb`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DeploymentWithoutPdb {
    min_replicas: i64,
}

impl Default for DeploymentWithoutPdb {
    fn default() -> Self {
        DeploymentWithoutPdb { min_replicas: 2 }
    }
}

impl Detector for DeploymentWithoutPdb {
    const META: Meta = Meta {
        id: "deployment_without_pdb",
        level: Level::Warn,
        title: "Deployment behind a Service has no disruption budget",
        explanation: "When nodes are drained, for an upgrade or to save money, Kubernetes may stop all pods of a workload at the same time, unless a PodDisruptionBudget says how many may be away at once. This Deployment has several pods so that the Service behind which they stand survives the loss of one, but nothing protects it from losing all.",
        remediation: "Allow one pod to be away at a time: `kubectl create poddisruptionbudget NAME -n NAMESPACE --max-unavailable=1 --selector=\"$(kubectl get deployment NAME -n NAMESPACE -o jsonpath='{.spec.selector.matchLabels}' | tr -d '{}\"' | tr : =)\"`. Avoid a `--min-available` as large as the number of replicas: it stops every drain.",
        category: Category::Reliability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["A workload whose users may well do without it during a drain."],
        parameters: &[("min_replicas", "smallest number of replicas that is judged")],
        symptom_of: &[],
        references: &[
            Reference { title: "Disruptions", url: "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/" },
            Reference {
                title: "Specifying a disruption budget",
                url: "https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
            },
        ],
        fires: "
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, tier: front}}}}
---
kind: Service
metadata: {name: front, namespace: shop}
spec: {selector: {tier: front}, ports: [{port: 80}]}
---
# A budget counts in its own namespace only.
kind: PodDisruptionBudget
metadata: {name: web, namespace: other}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
# A budget without a selector selects nothing.
kind: PodDisruptionBudget
metadata: {name: none, namespace: shop}
spec: {maxUnavailable: 1}
",
        silent: "
kind: Service
metadata: {name: front, namespace: shop}
spec: {selector: {tier: front}, ports: [{port: 80}]}
---
kind: Deployment
metadata: {name: guarded, namespace: shop}
spec: {replicas: 3, template: {metadata: {labels: {app: guarded, tier: front}}}}
---
kind: PodDisruptionBudget
metadata: {name: by-expression, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchExpressions: [{key: app, operator: In, values: [guarded, other]}]}}
---
kind: Deployment
metadata: {name: single, namespace: shop}
spec: {template: {metadata: {labels: {app: single, tier: front}}}}
---
# No Service sends it requests.
kind: Deployment
metadata: {name: workers, namespace: shop}
spec: {replicas: 5, template: {metadata: {labels: {app: workers}}}}
---
kind: Deployment
metadata: {name: dns, namespace: kube-system}
spec: {replicas: 2, template: {metadata: {labels: {k8s-app: dns}}}}
---
kind: Service
metadata: {name: dns, namespace: kube-system}
spec: {selector: {k8s-app: dns}}
",
    };
    type Subject = Deployments;
    type Reads = (ByNamespace<PodDisruptionBudgets>, ByNamespace<Services>);

    fn check(
        &self,
        deployment: &Replicated<'_>,
        (budgets, services): Values<'_, Self::Reads>,
        found: &mut Findings<'_>,
    ) {
        let (namespace, labels) = (deployment.metadata.namespace, deployment.pod_labels());
        let replicas = deployment.replicas();
        if !deployment.is_judged_by_spec() || replicas < self.min_replicas {
            return;
        }
        let Some(service) = services.rows(namespace).find(|service| service.selects(labels)) else { return };
        let selects = |budget: &PodDisruptionBudget<'_>| {
            budget.spec.selector.as_ref().is_some_and(|selector| selector.matches(labels))
        };
        if budgets.rows(namespace).any(|budget| selects(&budget)) {
            return;
        }
        let service = service.metadata.name;
        let message = format!(
            "{replicas} replicas behind Service {service}, and no disruption budget: a drain may stop them all"
        );
        found
            .add("no_budget", message)
            .evidence("replicas", replicas)
            .evidence("service", service)
            .related(ObjectRef::new("", "Service", namespace, service));
    }
}

#[cfg(test)]
mod tests {
    use super::DeploymentWithoutPdb;
    use crate::testing::check;
    use detek_core::Detector as _;
    use expect_test::expect;

    #[test]
    fn a_budget_elsewhere_or_without_selector_protects_nothing() {
        check::<DeploymentWithoutPdb>(
            DeploymentWithoutPdb::META.fires,
            &[],
            &expect![[r"
                Warn
                Warn Deployment/shop/web: 3 replicas behind Service front, and no disruption budget: a drain may stop them all"]],
        );
    }

    #[test]
    fn an_empty_selector_protects_the_whole_namespace() {
        let budget = "---\nkind: PodDisruptionBudget\nmetadata: {name: all, namespace: shop}\nspec: {selector: {}}\n";
        check::<DeploymentWithoutPdb>(
            &format!("{}{budget}", DeploymentWithoutPdb::META.fires),
            &[],
            &expect!["Normal"],
        );
    }

    #[test]
    fn the_number_of_replicas_that_matters_can_be_set() {
        check::<DeploymentWithoutPdb>(DeploymentWithoutPdb::META.fires, &[("min_replicas", "4")], &expect!["Normal"]);
    }
}
