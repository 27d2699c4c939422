//! Jobs: a CronJob whose last run failed, and one whose run is fine.

use serde_json::json;

use super::{Maker, owner};

pub(super) fn add(maker: &mut Maker) {
    for (namespace, name, failed) in [("internal", "nightly-backup", true), ("payments", "settlement", false)] {
        run(maker, namespace, name, failed);
    }
}

fn run(maker: &mut Maker, namespace: &str, name: &str, failed: bool) {
    let image = format!("registry.example.com/{namespace}/{name}:1.4.2");
    let container = json!({"name": name, "image": image, "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}}});
    let spec = json!({"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 30});
    let template = json!({"metadata": {"labels": {"job": name}}, "spec": spec});
    let cron = maker.meta(namespace, name, 90 * 24 * 60);
    let job_spec = json!({"template": template, "backoffLimit": 0});
    maker.add(
        "batch/v1",
        "CronJob",
        cron.clone(),
        json!({"spec": {"schedule": "0 2 * * *", "concurrencyPolicy": "Forbid", "suspend": false,
        "jobTemplate": {"spec": job_spec}}, "status": {"lastScheduleTime": maker.ago(300)}}),
    );
    let mut job = maker.meta(namespace, &format!("{name}-29403480"), 300);
    job["ownerReferences"] = owner("batch/v1", "CronJob", &cron);
    let condition = json!([{"type": if failed { "Failed" } else { "Complete" }, "status": "True", "lastTransitionTime": maker.ago(295),
        "reason": if failed { "BackoffLimitExceeded" } else { "CompletionsReached" }}]);
    let status = json!({"startTime": maker.ago(300), "conditions": condition, "failed": i32::from(failed), "succeeded": i32::from(!failed)});
    maker.add("batch/v1", "Job", job.clone(), json!({"spec": job_spec, "status": status}));
    let suffix = maker.letters(5);
    let mut pod = maker.meta(namespace, &format!("{name}-29403480-{suffix}"), 300);
    pod["labels"] = json!({"job": name, "job-name": job["name"]});
    pod["ownerReferences"] = owner("batch/v1", "Job", &job);
    let mut pod_spec = spec;
    pod_spec["nodeName"] = "worker-1".into();
    let (code, reason) = if failed { (2, "Error") } else { (0, "Completed") };
    let status = json!({"phase": if failed { "Failed" } else { "Succeeded" }, "startTime": maker.ago(300), "podIP": "10.244.1.9",
        "containerStatuses": [{"name": name, "image": image, "ready": false, "restartCount": 0, "lastState": {}, "state": {"terminated":
            {"exitCode": code, "reason": reason, "startedAt": maker.ago(300), "finishedAt": maker.ago(296)}}}]});
    maker.add("v1", "Pod", pod, json!({"spec": pod_spec, "status": status}));
}
