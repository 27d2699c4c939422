use crate::prelude::*;

/// `apiserver_check_failed`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ApiserverCheckFailed {}

impl Detector for ApiserverCheckFailed {
    const META: Meta = Meta {
        id: "apiserver_check_failed",
        level: Level::Error,
        title: "API server fails a check of its own",
        explanation: "The API server tests its parts (etcd, informers, start-up hooks) and says which one does not work. A load balancer takes a server that is not ready out of service; one that is not alive is restarted.",
        remediation: "Run `kubectl get --raw '/readyz?verbose'` and look at the named check: `etcd` points to the database, `poststarthook/...` to the component of that name, `shutdown` to a server that was told to stop. Then read the log of the API server.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["A server that is starting or being replaced at the moment of the scan."],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "Kubernetes API health endpoints",
            url: "https://kubernetes.io/docs/reference/using-api/health-checks/",
        }],
        fires: "
kind: HealthCheck
name: etcd
ok: false
reason: reason withheld
---
kind: HealthCheck
name: ping
ok: true
",
        silent: "
kind: HealthCheck
name: etcd
ok: true
---
kind: HealthCheck
name: poststarthook/start-apiextensions-informers
ok: true
",
    };
    type Subject = HealthChecks;
    type Reads = ();

    fn check(&self, check: &HealthCheck<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if check.ok {
            return;
        }
        // Without this privilege the server says only that there is a reason.
        let why = match check.reason {
            "" | "reason withheld" => String::new(),
            reason => format!(": {reason}"),
        };
        let finding = found.add("check", format!("check {} fails{why}", check.name)).subject(ObjectRef::cluster());
        finding.key(check.name).evidence("check", check.name).evidence("reason", check.reason);
    }
}
