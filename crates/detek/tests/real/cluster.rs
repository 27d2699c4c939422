//! The real control plane: built once with Go, started once for all tests, gone when the test process is.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::certificates;

/// The folder of the Go program.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cluster");

/// A running control plane. When it is dropped, or the process ends, its standard input closes and it stops.
pub(crate) struct Cluster {
    dir: PathBuf,
    child: Child,
    stdin: Option<ChildStdin>,
}

/// The cluster that all tests share; `None`, said loudly, when `DETEK_REAL` is not set.
pub(crate) fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    enabled().then(|| SHARED.get_or_init(|| Cluster::start("shared", 5, &["-audit"])))
}

/// Whether the real tier was asked for.
pub(crate) fn enabled() -> bool {
    let enabled = std::env::var_os("DETEK_REAL").is_some_and(|value| !value.is_empty());
    if !enabled {
        say("SKIPPED: needs a real control plane; set DETEK_REAL=1 (Go is needed, the first build takes long)");
    }
    enabled
}

impl Cluster {
    /// Starts an empty cluster in a folder called `name` and returns when it is usable.
    ///
    /// # Panics
    /// When Go is missing, the program does not build or the cluster does not start: this tier was asked for.
    pub(crate) fn start(name: &str, nodes: u32, flags: &[&str]) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cluster-{name}"));
        fs::create_dir_all(&dir).expect("the folder of the cluster can be made");
        let mut child = Command::new(program())
            .args(["run", "-stdin"])
            .args(flags)
            .arg(&dir)
            .arg(nodes.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the cluster program starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("standard output is piped");
        let ready = BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line.starts_with("ready after"));
        assert!(ready, "the cluster did not start, see {}/logs", dir.display());
        Self { dir, child, stdin }
    }

    /// The kubeconfig of a cluster administrator.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.dir.join("kubeconfig")
    }

    /// Writes a kubeconfig called `name`: `ca` is the file below `pki` that the server is trusted by, `credential` the
    /// fields of its user.
    pub(crate) fn kubeconfig_with(&self, name: &str, ca: &str, credential: &str) -> PathBuf {
        let path = self.dir.join(format!("{name}.kubeconfig"));
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {name}\n\
             contexts: [{{name: {name}, context: {{cluster: real, user: {name}}}}}]\n\
             clusters: [{{name: real, cluster: {{server: \"{}\", certificate-authority: \"{}\"}}}}]\n\
             users: [{{name: {name}, user: {{{credential}}}}}]\n",
            self.server(),
            self.dir.join("pki").join(ca).display(),
        );
        fs::write(&path, text).expect("the kubeconfig can be written");
        path
    }

    /// The same for the holder of a bearer token.
    pub(crate) fn kubeconfig_by_token(&self, name: &str, token: &str) -> PathBuf {
        self.kubeconfig_with(name, "ca.crt", &format!("token: {token}"))
    }

    /// The same for `user`, by a client certificate that is `valid` or `expired`.
    pub(crate) fn kubeconfig_by_certificate(&self, user: &str, kind: &str) -> PathBuf {
        let ca_key = fs::read_to_string(self.dir.join("pki/ca.key")).expect("the cluster writes its CA's key");
        let (certificate, key) = certificates::client(user, kind, &ca_key);
        let [certificate, key] = [certificate, key].map(|pem| BASE64_STANDARD.encode(pem));
        let credential = format!("client-certificate-data: {certificate}, client-key-data: {key}");
        self.kubeconfig_with(user, "ca.crt", &credential)
    }

    /// Runs kubectl as administrator with `input` on its standard input and returns what it printed.
    ///
    /// # Panics
    /// When kubectl fails: then the case itself is wrong.
    pub(crate) fn kubectl(&self, args: &[&str], input: &str) -> String {
        let mut child = Command::new(self.dir.join("kubectl"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        stdin.write_all(input.as_bytes()).expect("kubectl reads its input");
        drop(stdin);
        let output = child.wait_with_output().expect("kubectl ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {}: {stderr}", args.join(" "));
        String::from_utf8(output.stdout).expect("kubectl prints text")
    }

    /// Makes namespaces and waits until pods can be made in them.
    pub(crate) fn create_namespaces(&self, names: &[String]) {
        let mut documents = String::new();
        for name in names {
            let _ = writeln!(documents, "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        }
        self.kubectl(&["create", "-f", "-"], &documents);
        for name in names {
            self.kubectl(&["-n", name, "wait", "--for=create", "--timeout=60s", "serviceaccount/default"], "");
        }
    }

    /// Sends SIGTERM to one component.
    pub(crate) fn terminate(&self, component: &str) {
        let file = self.dir.join(format!("{component}.pid"));
        let pid = fs::read_to_string(file).expect("every component has its pid file");
        let status = Command::new("kill").arg(pid.trim()).status().expect("kill starts");
        assert!(status.success(), "cannot stop {component}");
    }

    /// Every request so far, one JSON document a line.
    pub(crate) fn audit_log(&self) -> String {
        fs::read_to_string(self.dir.join("audit.log")).expect("the shared cluster writes an audit log")
    }

    /// The port of the API server.
    pub(crate) fn port(&self) -> String {
        let server = self.server();
        server.rsplit(':').next().expect("the address has a port").to_owned()
    }

    /// The address of the API server.
    pub(crate) fn server(&self) -> String {
        let env = fs::read_to_string(self.dir.join("env")).expect("the cluster writes its environment");
        let server = env.lines().find_map(|line| line.strip_prefix("K8S_SERVER="));
        server.expect("the environment names the server").to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// Past the test harness, which swallows what a passing test prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The program, built when it is missing or older than its sources.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let source = Path::new(SOURCE);
        let program = source.join("cluster");
        if modified(&program) < newest_source(source) {
            say(&format!("building {}: the first time takes 6 to 20 minutes", program.display()));
            let status = Command::new(source.join("build.sh")).status().expect("build.sh starts");
            assert!(status.success(), "cannot build the control plane: is Go 1.24 or later installed?");
        }
        program
    })
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn newest_source(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).expect("the sources of the control plane are in the repository");
    let sources = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("go" | "mod" | "sum" | "sh"))
    });
    sources.filter_map(|path| modified(&path)).max()
}

/// An address of this host that is not loopback, without sending anything.
pub(crate) fn host_address() -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket can be made");
    socket.connect("192.0.2.1:9").expect("this host has a route: its address is needed for a second instance");
    socket.local_addr().expect("a connected socket has an address").ip().to_string()
}

/// A port on which nobody listens now.
pub(crate) fn closed_port() -> String {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a port can be had");
    listener.local_addr().expect("a listener has an address").port().to_string()
}
