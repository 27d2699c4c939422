//! Error codes: permanent, one page each. Messages, `detek explain CODE`, `detek list errors` and exit codes come from here.

/// A permanent error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Nothing to scan.
    NoCluster,
    /// A context that is not in the kubeconfig.
    UnknownContext,
    /// A kubeconfig that cannot be used.
    Kubeconfig,
    /// Unknown detector or set.
    UnknownDetector,
    /// A mistake in a configuration.
    Configuration,
    /// A namespace that does not exist.
    UnknownNamespace,
    /// A credential would be sent unencrypted.
    PlainHttp,
    /// A kubeconfig that others can change names a program.
    UntrustedProgram,
    /// Wrong usage of a flag.
    Usage,
    /// The server cannot be reached.
    Unreachable,
    /// The credential was rejected.
    Rejected,
    /// The TLS handshake failed.
    Tls,
    /// A credential plugin failed.
    Plugin,
    /// The answer is none of a Kubernetes API.
    NotKubernetes,
    /// A kind may not be listed.
    Denied,
    /// A limit of time was hit.
    TimedOut,
    /// A cap was hit.
    TooLarge,
    /// Discovery is not complete.
    Discovery,
    /// An answer was of no use.
    Unusable,
    /// A file of a pack has a mistake.
    Pack,
    /// An expression of a pack has a mistake.
    PackExpression,
    /// A detector failed, or a run contradicts itself.
    Detector,
    /// An output cannot be written.
    Output,
}

/// What is said of a code.
#[derive(Debug)]
pub(crate) struct Page {
    /// Whose page it is.
    pub(crate) of: Code,
    /// `DTK-E101`.
    pub(crate) code: &'static str,
    /// First line of its messages, with places for names.
    pub(crate) title: &'static str,
    /// What it means, and what the cause line gives.
    pub(crate) meaning: &'static str,
    /// What to do.
    pub(crate) fix: &'static str,
    /// Exit code of the command.
    pub(crate) exit: u8,
}

impl Code {
    /// Its page.
    pub(crate) fn page(self) -> &'static Page {
        PAGES.iter().find(|page| page.of == self).expect("every code has a page: a test looks for it")
    }
}

/// Every page, by number.
pub(crate) static PAGES: [Page; 23] = [
    Page {
        of: Code::NoCluster,
        code: "DTK-E101",
        title: "no cluster to scan",
        exit: 2,
        meaning: "There is no kubeconfig, and detek does not run in a pod. The message lists the places looked at.",
        fix: "Name a file with --kubeconfig FILE, or see what a report looks like with `detek demo`.",
    },
    Page {
        of: Code::UnknownContext,
        code: "DTK-E102",
        title: "context \"X\" not found in FILE",
        exit: 2,
        meaning: "The kubeconfig has no context of this name, or no current context. The message names the nearest ones.",
        fix: "`detek list contexts` shows what there is; choose one with --context NAME.",
    },
    Page {
        of: Code::Kubeconfig,
        code: "DTK-E103",
        title: "cannot read kubeconfig FILE",
        exit: 2,
        meaning: "The file is missing, may not be read, is not YAML, or lacks the cluster or user that the context names. The message gives line and column where there is one. Values of the file are never shown: they may be credentials.",
        fix: "`ls -l FILE`, then `kubectl config view --kubeconfig FILE`.",
    },
    Page {
        of: Code::UnknownDetector,
        code: "DTK-E104",
        title: "unknown detector or set \"X\"",
        exit: 2,
        meaning: "No detector, set or format has this name. The message gives the nearest one.",
        fix: "`detek list detectors` and `detek list sets` show what there is.",
    },
    Page {
        of: Code::Configuration,
        code: "DTK-E105",
        title: "unknown or invalid key \"X\" at FILE:L:C",
        exit: 2,
        meaning: "A configuration file, a file of waivers or a DETEK_ variable holds a key that there is not, a value that does not fit, or one that this file may not set: a project file names no credentials, no clusters and no reports outside its directory. The message shows the line and what would be right.",
        fix: "`detek list schemas config` prints every key; `detek doctor --config` every value and who set it.",
    },
    Page {
        of: Code::UnknownNamespace,
        code: "DTK-E106",
        title: "namespace \"X\" does not exist in CLUSTER",
        exit: 2,
        meaning: "A namespace that does not exist has no objects, and a scan of it would look as if nothing were wrong. The message gives the nearest names.",
        fix: "`kubectl get namespaces` shows what there is.",
    },
    Page {
        of: Code::PlainHttp,
        code: "DTK-E107",
        title: "refusing to send credentials over plain http",
        exit: 2,
        meaning: "The server's address begins with http://, so everybody on the way could read the credential.",
        fix: "Use the https:// address of the server; --allow-insecure-http if you know who listens.",
    },
    Page {
        of: Code::UntrustedProgram,
        code: "DTK-E108",
        title: "refusing to run a program from a kubeconfig others can change",
        exit: 2,
        meaning: "The kubeconfig names a program that obtains the credential. Whoever may write the file, or its directory, could make detek run anything as you.",
        fix: "`chmod go-w FILE`; --exec-policy says which programs may run at all.",
    },
    Page {
        of: Code::Usage,
        code: "DTK-E110",
        title: "wrong usage of FLAG",
        exit: 2,
        meaning: "The message says what was given and what would be right.",
        fix: "`detek COMMAND --help`.",
    },
    Page {
        of: Code::Unreachable,
        code: "DTK-E201",
        title: "cannot reach SERVER",
        exit: 4,
        meaning: "No connection came about: the name is unknown (dns), nobody listens (refused), nothing answered in time (timeout), a proxy refused (proxy), or the server answered that it is not available (503).",
        fix: "`detek doctor --context X` shows at which step it fails; check that the API server runs, and VPN or proxy.",
    },
    Page {
        of: Code::Rejected,
        code: "DTK-E202",
        title: "credential rejected by SERVER (401)",
        exit: 4,
        meaning: "The server does not accept the credential: it has expired, was revoked, or belongs to another cluster.",
        fix: "Log in again the way this cluster wants it, or choose another context with --context.",
    },
    Page {
        of: Code::Tls,
        code: "DTK-E203",
        title: "TLS to SERVER failed",
        exit: 4,
        meaning: "The certificate is expired, not yet valid, for another name, or not signed by the authority in the kubeconfig. The message says which, and gives dates where a clock may be wrong.",
        fix: "Check `certificate-authority-data` and `server:` in the kubeconfig, the server's certificate, and the clock.",
    },
    Page {
        of: Code::Plugin,
        code: "DTK-E204",
        title: "credential plugin \"X\" failed",
        exit: 4,
        meaning: "The program that the kubeconfig names to obtain a credential is not installed, ended with an error, or did not end within 30 s. The message gives its last line.",
        fix: "Run the program by hand, log in again, or install it.",
    },
    Page {
        of: Code::NotKubernetes,
        code: "DTK-E205",
        title: "SERVER did not answer like a Kubernetes API",
        exit: 4,
        meaning: "The answer was a page or a redirect, as proxies and login pages send them.",
        fix: "Check `server:` in the kubeconfig, or choose another context with --context.",
    },
    Page {
        of: Code::Denied,
        code: "DTK-E301",
        title: "cannot list KIND (403)",
        exit: 3,
        meaning: "The credential may not read this kind, so detectors that need it say Unknown: nothing is known, which is not the same as fine.",
        fix: "`detek rbac --only KIND --to user:NAME | kubectl apply -f -` grants it; --skip-input KIND records the gap as accepted.",
    },
    Page {
        of: Code::TimedOut,
        code: "DTK-E302",
        title: "KIND timed out",
        exit: 3,
        meaning: "Reading it did not end within its limit or that of the run. What was read until then was judged one by one.",
        fix: "--deadline 10m, or -n NAMESPACE for a part of the cluster.",
    },
    Page {
        of: Code::TooLarge,
        code: "DTK-E303",
        title: "KIND is too large",
        exit: 3,
        meaning: "A cap on objects, bytes or memory was hit. What was read until then was judged one by one.",
        fix: "-n NAMESPACE for a part of the cluster.",
    },
    Page {
        of: Code::Discovery,
        code: "DTK-E304",
        title: "API discovery is incomplete",
        exit: 3,
        meaning: "The server could not say whether it serves this kind, mostly because an aggregated API behind it is down.",
        fix: "`kubectl get apiservices` shows which are not available.",
    },
    Page {
        of: Code::Unusable,
        code: "DTK-E305",
        title: "the answer for KIND was unusable",
        exit: 3,
        meaning: "The server throttled, failed, closed the connection, or sent what could not be decoded, also after some attempts.",
        fix: "Run again; `detek doctor` if it stays.",
    },
    Page {
        of: Code::Pack,
        code: "DTK-E401",
        title: "pack FILE:L:C is invalid",
        exit: 2,
        meaning: "A file of a pack is no detector: a field that there is not, a value that does not fit, something missing. A pack loads whole or not at all, so that nothing is half checked. The message shows the line, and the code of the rule.",
        fix: "`detek pack check PATH` tells every mistake at once; `detek explain CODE` explains a rule.",
    },
    Page {
        of: Code::PackExpression,
        code: "DTK-E402",
        title: "expression refused at FILE:L:C",
        exit: 2,
        meaning: "An expression of a pack names what there is not, has the wrong type, or may cost too much. The message shows the place in the file.",
        fix: "`detek pack check PATH` tells every mistake at once; `detek list functions` shows all functions.",
    },
    Page {
        of: Code::Detector,
        code: "DTK-E403",
        title: "detector \"X\" failed on this cluster",
        exit: 3,
        meaning: "A fault of detek: the detector panicked or could not read an object. All others are not affected.",
        fix: "--skip X, and please report it with the message.",
    },
    Page {
        of: Code::Output,
        code: "DTK-E501",
        title: "cannot write PATH",
        exit: 5,
        meaning: "The disk is full, the place may not be written, or its directory does not exist. A file that was there before is untouched.",
        fix: "Choose another place with -o FORMAT=FILE.",
    },
];

#[cfg(test)]
mod tests {
    use super::{Code, PAGES};

    #[test]
    fn codes_are_unique_and_in_order_and_each_has_a_page() {
        assert!(PAGES.windows(2).all(|pair| pair[0].code < pair[1].code));
        // The last variant; all before it have smaller numbers.
        assert_eq!(Code::Output as usize + 1, PAGES.len());
        assert!(PAGES.iter().enumerate().all(|(n, page)| page.of as usize == n));
    }
}
