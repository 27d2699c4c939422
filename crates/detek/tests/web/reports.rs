//! Reports to look at, made by the binary from simulated clusters.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use detek_sim::{Running, Sim, on};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A report on disk, as long as it lives.
pub(crate) struct Report {
    pub(crate) file: PathBuf,
    /// The same run in other formats.
    pub(crate) csv: PathBuf,
    pub(crate) json: PathBuf,
    _folder: TempDir,
}

/// Markup, scripts and attributes, as somebody who may create objects could name them.
pub(crate) const HOSTILE: &str = "<img src=x onerror=owned=1>\"'</script><script>owned=1</script>";

/// Detectors found something; two lists were refused, and what one detector finds is accepted.
pub(crate) fn with_gaps() -> Report {
    scan(Sim::demo().fault(on("services").status(403)).fault(on("nodes").status(403)), Some("pod_image_mutable_tag"))
}

/// Objects whose every text is an attack.
pub(crate) fn hostile() -> Report {
    let mut pod = pod("web", HOSTILE);
    pod["metadata"]["labels"] = json!({(HOSTILE): HOSTILE});
    pod["spec"]["containers"][0]["name"] = json!(HOSTILE);
    pod["spec"]["containers"][0]["image"] = json!(format!("{HOSTILE}:latest"));
    pod["status"] = json!({"phase": "Failed", "reason": HOSTILE, "message": HOSTILE});
    scan(Sim::objects(vec![pod]), None)
}

/// At least 10,000 findings, each about an object of its own.
pub(crate) fn large() -> Report {
    let namespaces = ["payments", "shop", "search", "platform"];
    let pods = (0..3_400).map(|number| pod(namespaces[number % 4], &format!("worker-{number:05}"))).collect();
    scan(Sim::objects(pods), None)
}

/// A running pod that breaks what is good practice.
fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:latest"}]},
        "status": {"phase": "Running"}
    })
}

fn scan(sim: Sim, accepted: Option<&str>) -> Report {
    let server: Running = sim.start_in_thread().expect("the simulator starts");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let [kubeconfig, file, csv, json, waivers] =
        ["kubeconfig", "report.html", "report.csv", "report.json", "waivers.yaml"].map(|name| folder.path().join(name));
    std::fs::write(&kubeconfig, server.kubeconfig()).expect("the kubeconfig can be written");
    let run = |arguments: &[String]| {
        let output = Command::new(env!("CARGO_BIN_EXE_detek"))
            .args(["run", "all", "--quiet", "--allow-partial", "--kubeconfig"])
            .arg(&kubeconfig)
            .args(arguments)
            .env_clear()
            .output()
            .expect("the binary starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let to = |format: &str, path: &Path| format!("-o{format}={}", path.display());
    let mut arguments = vec![to("html", &file), to("csv", &csv), to("json", &json)];
    if let Some(detector) = accepted {
        run(&[format!("--only={detector}"), to("waivers", &waivers)]);
        arguments.push(format!("--waivers={}", waivers.display()));
    }
    run(&arguments);
    Report { file, csv, json, _folder: folder }
}
