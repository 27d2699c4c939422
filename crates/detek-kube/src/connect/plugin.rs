//! Running the program that a kubeconfig names to obtain a credential (`client.authentication.k8s.io`).
//!
//! A plugin is somebody else's program: it may hang, flood, fork or fail. It gets a group of its own, a limit of time and
//! caps on what it writes, and nothing of it is left when it has ended. Its arguments and environment appear in no message.

use crate::{clock, connect::error::ConnectError};
use detek_core::{Cause, CauseClass, Stage, clip};
use detek_doc::redact;
use jiff::Timestamp;
use kube::config::{ExecConfig, ExecInteractiveMode};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::json;
use std::{
    io::{self, IsTerminal},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

/// What a person needs to log in with a browser.
const INTERACTIVE: Duration = Duration::from_secs(180);
/// From the request to end to the order to end.
const GRACE: Duration = Duration::from_secs(2);
/// For what is still in the pipes when the program has ended.
const DRAIN: Duration = Duration::from_millis(500);
const MOST_OUTPUT: usize = 1 << 20;
const MOST_ERRORS: usize = 64 << 10;

/// A plugin, ready to run.
pub(crate) struct Plugin {
    command: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    version: String,
    mode: ExecInteractiveMode,
    hint: Option<String>,
    cluster: Option<kube::config::ExecAuthCluster>,
}

/// What a plugin gave.
#[derive(Default)]
pub(crate) struct Issued {
    pub(crate) token: Option<String>,
    /// Certificate and key in PEM.
    pub(crate) certificate: Option<(String, String)>,
    pub(crate) expires: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: String,
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

impl Plugin {
    pub(crate) fn of(exec: ExecConfig) -> Result<Self, ConnectError> {
        let Some(command) = exec.command.filter(|command| !command.is_empty()) else {
            return Err(ConnectError::config("the user's exec section names no command"));
        };
        let version = exec.api_version.unwrap_or_default();
        if !matches!(version.as_str(), "client.authentication.k8s.io/v1" | "client.authentication.k8s.io/v1beta1") {
            let known = "client.authentication.k8s.io/v1 and v1beta1 are known";
            return Err(ConnectError::config(&format!("exec of {command} has the apiVersion \"{version}\"; {known}")));
        }
        let pair = |entry: &std::collections::HashMap<String, String>| {
            Some((entry.get("name")?.clone(), entry.get("value")?.clone()))
        };
        Ok(Plugin {
            environment: exec.env.unwrap_or_default().iter().filter_map(pair).collect(),
            arguments: exec.args.unwrap_or_default(),
            mode: exec.interactive_mode.unwrap_or(ExecInteractiveMode::IfAvailable),
            hint: exec.install_hint,
            cluster: exec.cluster.filter(|_| exec.provide_cluster_info),
            command,
            version,
        })
    }

    /// Runs the program and reads what it issues. Nothing of it runs any more afterwards, also if this is dropped.
    pub(crate) async fn run(&self, limit: Duration) -> Result<Issued, Cause> {
        let terminal = io::stdin().is_terminal();
        let interactive = match self.mode {
            ExecInteractiveMode::Never => false,
            ExecInteractiveMode::IfAvailable => terminal,
            ExecInteractiveMode::Always if terminal => true,
            ExecInteractiveMode::Always => return Err(self.failed("it asks questions, and there is no terminal")),
        };
        let mut running =
            Running::start(self.command(interactive), interactive).map_err(|error| self.not_started(&error))?;
        let limit = if interactive { INTERACTIVE.max(limit) } else { limit };
        let done = timeout(limit, running.finish()).await;
        let (status, output, errors) = match done {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => return Err(self.failed(&error.to_string())),
            Err(_) => {
                running.stop().await;
                return Err(self.failed(&format!("it did not end within {} s and was killed", limit.as_secs_f32())));
            }
        };
        if !status.success() {
            let said = String::from_utf8_lossy(&errors);
            let said = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            let said = redact::clean(said, 1024);
            return Err(self.failed(&format!("{status}: {said}")));
        }
        self.issued(&output)
    }

    fn command(&self, interactive: bool) -> Command {
        let mut spec = json!({"interactive": interactive});
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = serde_json::to_value(cluster).unwrap_or_default();
        }
        let info = json!({"apiVersion": self.version, "kind": "ExecCredential", "spec": spec});
        let mut command = Command::new(&self.command);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if !interactive {
            // Of another group, it could not read from the terminal.
            command.process_group(0);
        }
        command
    }

    fn issued(&self, output: &[u8]) -> Result<Issued, Cause> {
        // The parser's message could quote the credential.
        let credential: ExecCredential =
            serde_json::from_slice(output).map_err(|_| self.failed("it did not write an ExecCredential"))?;
        if credential.api_version != self.version {
            let text = format!("it wrote {}, and {} was asked for", credential.api_version, self.version);
            return Err(self.failed(&text));
        }
        let Status { token, client_certificate_data, client_key_data, expiration_timestamp } =
            credential.status.unwrap_or_default();
        if let Some(end) = expiration_timestamp.filter(|end| *end <= clock::now()) {
            return Err(self.failed(&format!("it issued a credential that had already expired at {end}")));
        }
        let token = token.filter(|token| !token.is_empty());
        let certificate = client_certificate_data.zip(client_key_data);
        if token.is_none() && certificate.is_none() {
            return Err(self.failed("it issued neither a token nor a certificate with its key"));
        }
        Ok(Issued { token, certificate, expires: expiration_timestamp })
    }

    fn not_started(&self, error: &io::Error) -> Cause {
        let hint = self.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
        match error.kind() {
            io::ErrorKind::NotFound => self.failed(&format!("it is not installed{hint}")),
            _ => self.failed(&format!("it cannot be started: {error}")),
        }
    }

    fn failed(&self, why: &str) -> Cause {
        let text = format!("the credential plugin {} failed: {why}", clip(&self.command, 100));
        Cause::new(CauseClass::Exec, Stage::Credential, &text)
    }
}

/// A program at work; dropping it ends it, and whatever it started.
struct Running {
    child: Child,
    /// Its process group, if it has one of its own.
    group: Option<Pid>,
}

impl Running {
    fn start(mut command: Command, interactive: bool) -> io::Result<Self> {
        let child = command.spawn()?;
        let number = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Running { child, group: number.filter(|_| !interactive) })
    }

    /// Waits for its end; its output, and the last part of what it said.
    async fn finish(&mut self) -> io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        let status = {
            let reading = async { tokio::try_join!(whole(stdout, &mut output), last(stderr, &mut errors)) };
            tokio::pin!(reading);
            tokio::select! {
                // Both pipes are closed, so that it is about to end.
                read = &mut reading => {
                    read?;
                    self.child.wait().await?
                }
                status = self.child.wait() => {
                    // What it left behind may hold the pipes open for ever.
                    if let Ok(read) = timeout(DRAIN, &mut reading).await {
                        read?;
                    }
                    status?
                }
            }
        };
        Ok((status, output, errors))
    }

    /// Asks it to end, and waits a little.
    async fn stop(&mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::TERM);
            let _ = timeout(GRACE, self.child.wait()).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It fails if there is nothing left of the group.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn whole(pipe: Option<impl AsyncRead + Unpin>, out: &mut Vec<u8>) -> io::Result<()> {
    let Some(pipe) = pipe else { return Ok(()) };
    pipe.take(MOST_OUTPUT as u64 + 1).read_to_end(out).await?;
    if out.len() > MOST_OUTPUT {
        return Err(io::Error::other("it wrote more than 1 MiB"));
    }
    Ok(())
}

async fn last(pipe: Option<impl AsyncRead + Unpin>, out: &mut Vec<u8>) -> io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    let mut part = [0; 4096];
    loop {
        match pipe.read(&mut part).await? {
            0 => return Ok(()),
            n => out.extend_from_slice(&part[..n]),
        }
        let surplus = out.len().saturating_sub(MOST_ERRORS);
        out.drain(..surplus);
    }
}
