//! Where the credential comes from: files, plugins, certificates, proxies on the way.
#![expect(clippy::disallowed_methods, reason = "kubeconfigs and tokens are files")]

use crate::{NODES, PODS, READYZ, Tested, VERSION, class, plan};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use detek_core::{CauseClass, Input, InputState, Scope, Stage};
use detek_kube::{Cluster, ConnectError, ConnectOptions, Limits, Programs, ReadOptions};
use detek_sim::{Running, Sim, Tls};
use serde_json::json;
use std::{error::Error, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

/// The kubeconfig of a server, whose user is this piece of YAML in place of a token.
fn config_with(server: &Running, user: &str) -> String {
    let config = server.kubeconfig();
    let at = config.find("    token:").or_else(|| config.find("    client-cert")).unwrap_or(config.len());
    format!("{}    {user}\n", &config[..at])
}

/// A user whose credential comes from this shell script, which runs in `dir`.
fn plugin(dir: &TempDir, script: &str) -> String {
    let user = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
        "env": [{"name": "DIR", "value": dir.path()}], "interactiveMode": "Never", "provideClusterInfo": true});
    format!("exec: {user}")
}

/// A command that issues the token which lies in the file of this name.
const ISSUE: &str = r#"echo run >> $DIR/runs; printf '{"apiVersion":"client.authentication.k8s.io/v1",
    "kind":"ExecCredential","status":{"token":"%s"}}' "$(cat $DIR/token)""#;

async fn read(cluster: &Cluster) -> Vec<Input> {
    let plan = [plan(&PODS), plan(&NODES), plan(&VERSION), plan(&READYZ)];
    cluster.read(&plan, &Scope::Cluster, &ReadOptions::default()).await
}

async fn read_with(server: &Running, user: &str) -> Result<Vec<Input>, Box<dyn Error>> {
    Ok(read(&Cluster::from_kubeconfig_text(&config_with(server, user), None).await?).await)
}

/// The words of a plugin's failure, which must be the end of every input.
async fn failure(script: &str) -> Result<String, Box<dyn Error>> {
    let (server, dir) = (Sim::demo().start().await?, TempDir::new()?);
    let inputs = read_with(&server, &plugin(&dir, script)).await?;
    for input in &inputs {
        assert_eq!((input.state(), class(input)), (InputState::Error, Some(CauseClass::Exec)), "{:?}", input.cause());
        assert_eq!(input.cause().map(|cause| cause.stage), Some(Stage::Credential));
    }
    assert!(server.requests().is_empty());
    Ok(inputs[0].cause().map(|cause| cause.text.clone()).unwrap_or_default())
}

fn runs(dir: &TempDir) -> usize {
    fs::read_to_string(dir.path().join("runs")).map_or(0, |text| text.lines().count())
}

fn complete(inputs: &[Input]) {
    for input in inputs {
        assert_eq!(input.state(), InputState::Complete, "{}: {:?}", input.key(), input.cause());
    }
}

#[tokio::test]
async fn a_plugin_is_run_once_for_all_requests() -> Tested {
    let (server, dir) = (Sim::demo().token("from plugin").start().await?, TempDir::new()?);
    fs::write(dir.path().join("token"), "from plugin")?;
    complete(&read_with(&server, &plugin(&dir, ISSUE)).await?);
    assert_eq!(runs(&dir), 1);
    Ok(())
}

#[tokio::test]
async fn a_plugin_is_told_of_the_cluster() -> Tested {
    let (server, dir) = (Sim::demo().tls(Tls::Good).start().await?, TempDir::new()?);
    fs::write(dir.path().join("token"), "any")?;
    let script = format!("printf '%s' \"$KUBERNETES_EXEC_INFO\" > $DIR/info; {ISSUE}");
    complete(&read_with(&server, &plugin(&dir, &script)).await?);
    let info: serde_json::Value = serde_json::from_slice(&fs::read(dir.path().join("info"))?)?;
    assert_eq!(info["apiVersion"], "client.authentication.k8s.io/v1");
    assert_eq!(
        (&info["spec"]["interactive"], &info["spec"]["cluster"]["server"]),
        (&json!(false), &json!(server.url()))
    );
    assert!(info["spec"]["cluster"]["certificate-authority-data"].is_string());
    Ok(())
}

#[tokio::test]
async fn a_rejected_credential_is_obtained_anew_once() -> Tested {
    let (server, dir) = (Sim::demo().token("second").start().await?, TempDir::new()?);
    fs::write(dir.path().join("token"), "first")?;
    let script = format!("{ISSUE}; printf second > $DIR/token");
    complete(&read_with(&server, &plugin(&dir, &script)).await?);
    assert_eq!(runs(&dir), 2);
    server.require_token("third");
    fs::write(dir.path().join("token"), "first")?;
    let inputs = read_with(&server, &plugin(&dir, ISSUE)).await?;
    assert!(inputs.iter().all(|input| input.state() == InputState::Denied));
    assert_eq!(runs(&dir), 4, "one refresh for all requests");
    Ok(())
}

#[tokio::test]
async fn a_plugin_that_hangs_is_killed_with_what_it_started() -> Tested {
    let (server, dir) = (Sim::demo().start().await?, TempDir::new()?);
    let alive = dir.path().join("alive");
    assert!(std::process::Command::new("mkfifo").arg(&alive).status()?.success());
    let mut pipe = tokio::net::unix::pipe::OpenOptions::new().open_receiver(&alive)?;
    let script = "trap '' TERM; exec 3>$DIR/alive; (trap '' TERM; sleep 1000) & sleep 1000";
    let cluster = Cluster::from_kubeconfig_text(&config_with(&server, &plugin(&dir, script)), None).await?;
    let limits = Limits { plugin: Duration::from_millis(300), ..Limits::default() };
    let inputs = read(&cluster.with_limits(limits)).await;
    let text = inputs[0].cause().map(|cause| cause.text.clone()).unwrap_or_default();
    assert!(text.ends_with("it did not end within 0.3 s and was killed"), "{text}");
    // The pipe ends when the last process that holds it does.
    assert_eq!(pipe.read_to_end(&mut Vec::new()).await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_a_plugin_leaves_running_does_not_hold_us() -> Tested {
    let (server, dir) = (Sim::demo().token("t").start().await?, TempDir::new()?);
    fs::write(dir.path().join("token"), "t")?;
    let script = format!("{ISSUE}; sleep 1000 &");
    complete(&read_with(&server, &plugin(&dir, &script)).await?);
    Ok(())
}

#[tokio::test]
async fn a_plugin_that_fails_is_named_with_its_last_words_and_no_secrets() -> Tested {
    let script = "echo first >&2; echo 'cannot log in with eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyZXQifQ.c2lnbmF0dXJlc2lnbmF0dXJl at https://u:s3cret@host/' >&2; exit 7";
    let text = failure(script).await?;
    assert!(text.starts_with("the credential plugin sh failed: exit status: 7: cannot log in with "), "{text}");
    assert!(!["s3cret", "eyJ", "first"].iter().any(|word| text.contains(word)), "{text}");
    let text = failure("echo '{\"token\": \"s3cret\"'").await?;
    assert!(text.ends_with("it did not write an ExecCredential") && !text.contains("s3cret"), "{text}");
    let text = failure("yes").await?;
    assert!(text.ends_with("it wrote more than 1 MiB"), "{text}");
    let expired = r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
        "status":{"token":"s3cret","expirationTimestamp":"2020-01-01T00:00:00Z"}}'"#;
    let text = failure(expired).await?;
    assert!(text.ends_with("it issued a credential that had already expired at 2020-01-01T00:00:00Z"), "{text}");
    let old = r#"printf '{"apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"s3cret"}}'"#;
    assert!(failure(old).await?.contains("client.authentication.k8s.io/v1 was asked for"));
    let none = r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","status":{}}'"#;
    assert!(failure(none).await?.ends_with("it issued neither a token nor a certificate with its key"));
    Ok(())
}

#[tokio::test]
async fn a_missing_plugin_comes_with_its_install_hint() -> Tested {
    let server = Sim::demo().start().await?;
    let user = "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, installHint: brew it}";
    let inputs = read_with(&server, user).await?;
    let text = inputs[0].cause().map(|cause| cause.text.clone()).unwrap_or_default();
    assert_eq!(text, "the credential plugin no-such-plugin failed: it is not installed; brew it");
    let asking = "exec: {apiVersion: client.authentication.k8s.io/v2, command: sh}";
    let unknown = Cluster::from_kubeconfig_text(&config_with(&server, asking), None).await;
    assert!(unknown.is_err_and(|why| why.to_string().contains("client.authentication.k8s.io/v2")));
    Ok(())
}

#[tokio::test]
async fn a_plugin_may_issue_a_client_certificate() -> Tested {
    let (server, dir) = (Sim::demo().tls(Tls::RequireClientCert).start().await?, TempDir::new()?);
    let config = server.kubeconfig();
    let pem = |key: &str| -> Result<String, Box<dyn Error>> {
        let line = config.lines().find_map(|line| line.trim().strip_prefix(key)).ok_or("no such line")?;
        Ok(String::from_utf8(STANDARD.decode(line.trim_start_matches(':').trim())?)?)
    };
    let status =
        json!({"clientCertificateData": pem("client-certificate-data")?, "clientKeyData": pem("client-key-data")?});
    let issued = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status});
    fs::write(dir.path().join("issued"), issued.to_string())?;
    complete(&read_with(&server, &plugin(&dir, "cat $DIR/issued")).await?);
    Ok(())
}

#[tokio::test]
async fn a_token_file_is_read_again_after_a_401() -> Tested {
    let (server, dir) = (Sim::demo().token("new").start().await?, TempDir::new()?);
    let file = dir.path().join("token");
    fs::write(&file, "old\n")?;
    let config = config_with(&server, &format!("tokenFile: {}", file.display()));
    let cluster = Cluster::from_kubeconfig_text(&config, None).await?;
    assert!(read(&cluster).await.iter().all(|input| input.state() == InputState::Denied));
    fs::write(&file, "new\n")?;
    complete(&read(&cluster).await);
    fs::remove_file(&file)?;
    complete(&read(&cluster).await);
    Ok(())
}

#[tokio::test]
async fn a_program_that_others_could_have_named_is_not_run() -> Tested {
    let (server, dir) = (Sim::demo().start().await?, TempDir::new()?);
    let (file, script) = (dir.path().join("config"), plugin(&dir, ISSUE));
    fs::write(&file, config_with(&server, &script))?;
    let connect = async |mode: u32, programs: Programs| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).ok();
        let kubeconfig = Some(file.clone());
        Cluster::connect(&ConnectOptions { kubeconfig, programs, ..ConnectOptions::default() }).await
    };
    assert!(connect(0o600, Programs::Any).await.is_ok());
    assert!(connect(0o600, Programs::Only(vec!["sh".into()])).await.is_ok());
    let refused = connect(0o606, Programs::Any).await;
    assert!(matches!(refused, Err(ConnectError::UntrustedProgram { mode: 0o606, .. })), "{refused:?}");
    for programs in [Programs::None, Programs::Only(vec!["aws".into()])] {
        let refused = connect(0o600, programs).await;
        assert!(matches!(refused, Err(ConnectError::ProgramNotAllowed { .. })), "{refused:?}");
    }
    assert_eq!(runs(&dir), 0);
    Ok(())
}

#[tokio::test]
async fn the_target_says_how_the_cluster_is_reached() -> Tested {
    let (server, dir) = (Sim::demo().tls(Tls::Good).start().await?, TempDir::new()?);
    let file = dir.path().join("config");
    fs::write(&file, server.kubeconfig())?;
    let token = dir.path().join("token");
    fs::write(&token, "t")?;
    let options = ConnectOptions {
        kubeconfig: Some(file.clone()),
        token_file: Some(token.clone()),
        impersonate_user: Some("jane".to_owned()),
        ..ConnectOptions::default()
    };
    let cluster = Cluster::connect(&options).await?;
    let target = cluster.target();
    assert_eq!((target.context.as_str(), target.user.as_deref()), ("sim", Some("sim")));
    assert_eq!(target.files, std::slice::from_ref(&file));
    assert_eq!(target.credential, format!("token file {}", token.display()));
    assert_eq!(target.impersonated.as_deref(), Some("jane"));
    assert_eq!(target.trust, "the certificate authority of the kubeconfig");
    assert_eq!(detek_kube::contexts(Some(Path::new(&file)))?, ["sim"]);
    Ok(())
}

#[tokio::test]
async fn the_run_is_named_in_every_request() -> Tested {
    let server = Sim::demo().start().await?;
    let dir = TempDir::new()?;
    let file = dir.path().join("config");
    fs::write(&file, server.kubeconfig())?;
    let options = ConnectOptions { kubeconfig: Some(file), run_id: Some("4711".into()), ..ConnectOptions::default() };
    complete(&read(&Cluster::connect(&options).await?).await);
    assert!(server.requests().iter().all(|request| request.user_agent.ends_with(" run/4711")));
    Ok(())
}
