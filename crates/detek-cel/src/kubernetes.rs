//! What expressions and compiled detectors both say of Kubernetes: how a container ended, and which namespaces are the
//! platform's.

/// The signal that ended a container: named as such, or by an exit code of 128 and its number. A `signal` of 0 is none.
pub fn signal(exit_code: i64, signal: i64) -> Option<i64> {
    match (signal, exit_code) {
        (0, 129..=192) => Some(exit_code - 128),
        (0, _) => None,
        (signal, _) => Some(signal),
    }
}

/// How a container ended: `exit code 17`, `exit code 139 (signal 11, SIGSEGV)`, `exit code 137 (OOMKilled)`.
pub fn how_ended(exit_code: i64, named_signal: i64, reason: &str) -> String {
    match (reason, signal(exit_code, named_signal)) {
        ("" | "Error", Some(signal)) => format!("exit code {exit_code} (signal {signal}{})", signal_name(signal)),
        ("", None) => format!("exit code {exit_code}"),
        (reason, _) => format!("exit code {exit_code} ({reason})"),
    }
}

/// `, SIGSEGV` for 11; empty for signals that have no name on every machine.
fn signal_name(signal: i64) -> &'static str {
    match signal {
        1 => ", SIGHUP",
        2 => ", SIGINT",
        3 => ", SIGQUIT",
        4 => ", SIGILL",
        6 => ", SIGABRT",
        8 => ", SIGFPE",
        9 => ", SIGKILL",
        11 => ", SIGSEGV",
        13 => ", SIGPIPE",
        14 => ", SIGALRM",
        15 => ", SIGTERM",
        _ => "",
    }
}

/// Whether a namespace is one of the platform, which detectors of good practice leave alone.
pub fn is_system_namespace(namespace: &str) -> bool {
    const SYSTEM: [&str; 8] = [
        "calico-system",
        "cilium",
        "gatekeeper-system",
        "gke-managed-system",
        "istio-system",
        "metallb-system",
        "openshift",
        "tigera-operator",
    ];
    namespace.starts_with("kube-") || namespace.starts_with("openshift-") || SYSTEM.contains(&namespace)
}
