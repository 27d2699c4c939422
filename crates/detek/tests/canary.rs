//! No secret leaves detek: a word is hidden wherever a cluster, a kubeconfig or a credential plugin keeps secrets, and
//! must be found in nothing that a run writes.
#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use detek_sim::{Body, Running, Sim, on};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The word. Fits into a cloud access key, too.
const CANARY: &str = "CANARY7Q3";

/// What a run left behind.
struct Left {
    code: Option<i32>,
    /// Everything that was written, by where.
    texts: Vec<(String, Vec<u8>)>,
}

/// Runs `detek` with a kubeconfig in a folder of its own, which is also its home, and collects what it wrote.
fn detek(kubeconfig: &str, args: &[&str]) -> Left {
    let [given, home] = [(), ()].map(|()| tempfile::tempdir().expect("a folder can be made"));
    let path = given.path().join("kubeconfig");
    std::fs::write(&path, kubeconfig).expect("the kubeconfig can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_detek"))
        .env_clear()
        .envs(["HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"].map(|name| (name, home.path())))
        .env("PATH", "/usr/bin:/bin")
        .env("DETEK_BACKTRACE", "1")
        .current_dir(home.path())
        .args(args)
        .arg("--kubeconfig")
        .arg(&path)
        .output()
        .expect("the binary starts");
    let mut texts = vec![("standard output".to_owned(), output.stdout), ("standard error".to_owned(), output.stderr)];
    texts.extend(files(home.path()).into_iter().map(|path| {
        let bytes = std::fs::read(&path).expect("what was written can be read");
        (path.display().to_string(), bytes)
    }));
    Left { code: output.status.code(), texts }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

impl Left {
    /// Nothing holds the word, plainly or as base64.
    fn assert_clean(&self) {
        for (place, bytes) in &self.texts {
            let text = String::from_utf8_lossy(bytes);
            for word in std::iter::once(CANARY.to_owned()).chain(encoded()) {
                if let Some(at) = text.find(&word) {
                    let around: String =
                        text[..at].chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
                    panic!("{place} holds {word} after: {around}");
                }
            }
        }
    }

    fn text(&self, place: &str) -> String {
        let found = self.texts.iter().find(|(name, _)| name == place || name.ends_with(&format!("/{place}")));
        String::from_utf8_lossy(&found.unwrap_or_else(|| panic!("nothing was written to {place}")).1).into_owned()
    }
}

/// The part of the word that base64 shows, wherever in a text the word begins.
fn encoded() -> impl Iterator<Item = String> {
    (0..3).map(|shift| {
        let text = BASE64_STANDARD.encode(format!("{}{CANARY}", "x".repeat(shift)));
        let end = (shift + CANARY.len()) / 3 * 4;
        text[if shift == 0 { 0 } else { 4 }..end].to_owned()
    })
}

/// The word where clusters keep secrets, in objects of which detek has something to say.
fn cluster() -> Vec<Value> {
    let yaml = "
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, uid: 11111111-2222-3333-4444-555555555555}
---
apiVersion: v1
kind: Pod
metadata:
  namespace: shop
  name: web
  uid: 11111111-2222-3333-4444-666666666666
  labels: {app: web}
  annotations:
    note: CANARY7Q3
    kubectl.kubernetes.io/last-applied-configuration: '{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"annotations\":{\"note\":\"CANARY7Q3\"}}}'
  managedFields: [{manager: CANARY7Q3-free, operation: Update, apiVersion: v1, fieldsV1: {'f:CANARY7Q3': {}}}]
spec:
  containers:
    - name: app
      image: registry.example/app:latest
      command: [serve, --password=CANARY7Q3, -p, CANARY7Q3, --token, CANARY7Q3]
      args: [PASSWORD=CANARY7Q3, 'https://user:CANARY7Q3@db.example/?token=CANARY7Q3']
      env: [{name: PASSWORD, value: CANARY7Q3}, {name: URL, value: 'https://user:CANARY7Q3@db.example'}]
      livenessProbe: {httpGet: {path: /live, port: 80, httpHeaders: [{name: Authorization, value: Bearer CANARY7Q3}]}}
status:
  phase: Failed
  message: 'cannot pull from https://robot:CANARY7Q3@registry.example/v2/ with AKIACANARY7Q3ABCDEFG or eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARY7Q3abcdefghijklmnopqrstuvwxyz'
  containerStatuses:
    - name: app
      restartCount: 3
      state: {waiting: {reason: CrashLoopBackOff, message: 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARY7Q3abcdefghijklmnopqrstuvwxyz'}}
      lastState: {terminated: {reason: Error, exitCode: 1, message: 'https://robot:CANARY7Q3@db.example refused'}}
---
apiVersion: v1
kind: Secret
metadata: {namespace: shop, name: plain, annotations: {note: CANARY7Q3}}
data: {password: BASE64, CANARY: BASE64}
stringData: {other: CANARY7Q3}
---
apiVersion: v1
kind: Secret
metadata: {namespace: shop, name: tls}
type: kubernetes.io/tls
data: {tls.crt: BASE64, tls.key: BASE64}
---
apiVersion: v1
kind: ConfigMap
metadata: {namespace: shop, name: settings}
data: {application.properties: 'password=CANARY7Q3'}
binaryData: {blob: BASE64}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: shop, name: shop, annotations: {nginx.ingress.kubernetes.io/configuration-snippet: 'auth CANARY7Q3;'}}
spec: {tls: [{secretName: tls}], defaultBackend: {service: {name: missing, port: {number: 80}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks:
  - name: hook.example.com
    clientConfig: {caBundle: BASE64, url: 'https://user:CANARY7Q3@hook.example.com/?token=CANARY7Q3'}
";
    let yaml = yaml.replace("BASE64", &BASE64_STANDARD.encode(CANARY));
    serde_saphyr::from_multiple(&yaml).expect("the objects are valid")
}

fn start(sim: Sim) -> Running {
    sim.start_in_thread().expect("the simulator starts")
}

/// Arguments for a scan with everything on that writes every format into a file of its name.
fn everything() -> Vec<String> {
    let formats =
        detek_report::FORMATS.iter().flat_map(|format| ["-o".to_owned(), format!("{0}=report.{0}", format.name)]);
    ["run", "all", "-vv", "--enable", "secrets"].map(str::to_owned).into_iter().chain(formats).collect()
}

/// A scan of `kubeconfig` with everything on.
fn scan(kubeconfig: &str) -> Left {
    let args = everything();
    detek(kubeconfig, &args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_word_is_recognised_in_base64_wherever_it_begins() {
    for padding in ["", "a", "ab", "abc"] {
        let text = BASE64_STANDARD.encode(format!("{padding}{CANARY}:and more"));
        assert!(encoded().any(|word| text.contains(&word)), "{text}");
    }
}

#[test]
fn no_format_holds_a_secret_of_the_cluster() {
    let server = start(Sim::objects(cluster()).token(CANARY));
    let left = scan(&server.kubeconfig());
    let json = left.text("report.json");
    assert!(json.contains("failed_pod") && json.contains("pod has failed"), "the cluster has findings: {json}");
    left.assert_clean();
}

#[test]
fn a_rejected_or_unreadable_credential_is_not_shown() {
    let server = start(Sim::objects(cluster()).token("another"));
    let good = server.kubeconfig();
    let rejected = scan(&good.replace("\"another\"", CANARY));
    assert_eq!(rejected.code, Some(4));
    rejected.assert_clean();
    let with = |field: &str| good.replace("token: \"another\"", field);
    for broken in [
        with("token: [CANARY7Q3"),
        with("token: {CANARY7Q3: CANARY7Q3}"),
        with("client-key-data: CANARY7Q3"),
        with("client-certificate-data: Q0FOQVJZN1Ez\n    client-key-data: Q0FOQVJZN1Ez"),
        with("username: CANARY7Q3\n    password: CANARY7Q3"),
        with("auth-provider: {name: oidc, config: {id-token: CANARY7Q3, refresh-token: CANARY7Q3}}"),
        good.replace("http://", "http://user:CANARY7Q3@"),
        good.replace("    server:", "    proxy-url: http://user:CANARY7Q3@127.0.0.1:1\n    server:"),
    ] {
        scan(&broken).assert_clean();
    }
}

#[test]
fn what_a_credential_plugin_says_is_not_shown() {
    let server = start(Sim::objects(cluster()).token(CANARY));
    let credential =
        r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"CANARY7Q3"}}"#;
    let plugin = |script: &str| {
        let exec = format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, {}, --token=CANARY7Q3], \
             env: [{{name: TOKEN, value: CANARY7Q3}}], interactiveMode: Never}}",
            serde_json::to_string(script).expect("text becomes JSON")
        );
        server.kubeconfig().replace(&format!("token: \"{CANARY}\""), &exec)
    };
    let good = scan(&plugin(&format!("echo 'debug: CANARY7Q3' >&2; echo '{credential}'")));
    assert!(good.text("report.json").contains("pod has failed"), "the plugin's token opens the cluster");
    good.assert_clean();
    for script in [
        format!("echo '{credential}'; exit 1"),
        format!("echo 'garbage CANARY7Q3 {credential}'"),
        "echo 'CANARY7Q3'; exit 255".to_owned(),
    ] {
        let left = scan(&plugin(&script));
        assert_ne!(left.code, Some(0), "{script}");
        left.assert_clean();
    }
}

#[test]
fn an_answer_that_cannot_be_used_is_not_shown() {
    let body = |content_type: &str, text: &str| Body::Custom {
        content_type: content_type.into(),
        body: text.to_owned().into(),
    };
    for body in [
        body("text/html", "<html>CANARY7Q3</html>"),
        body("application/json", "{\"kind\": \"PodList\", \"items\": [{\"metadata\": \"CANARY7Q3\"}, CANARY7Q3"),
        body("application/json", "\"CANARY7Q3\""),
    ] {
        let server = start(Sim::objects(cluster()).token(CANARY).fault(on("pods").body(body)));
        let left = scan(&server.kubeconfig());
        assert_eq!(left.code, Some(3), "{}", left.text("standard error"));
        left.assert_clean();
    }
}
