//! Failures of a command as people read them: a code, what was tried, why it failed, and what to type next.

use std::fmt;

/// A permanent error code and its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// No cluster, or a kubeconfig that cannot be used.
    Kubeconfig,
    /// Unknown detector or set.
    UnknownDetector,
    /// A namespace that does not exist.
    UnknownNamespace,
    /// Wrong usage of a flag.
    Usage,
    /// The server cannot be reached.
    Unreachable,
    /// The credential was rejected.
    Rejected,
    /// The TLS handshake failed.
    Tls,
    /// The answer is none of a Kubernetes API.
    NotKubernetes,
    /// detek's own rules of honesty do not hold for a run.
    Dishonest,
    /// An output cannot be written.
    Output,
}

impl Code {
    fn text(self) -> &'static str {
        match self {
            Code::Kubeconfig => "DTK-E103",
            Code::UnknownDetector => "DTK-E104",
            Code::UnknownNamespace => "DTK-E106",
            Code::Usage => "DTK-E110",
            Code::Unreachable => "DTK-E201",
            Code::Rejected => "DTK-E202",
            Code::Tls => "DTK-E203",
            Code::NotKubernetes => "DTK-E205",
            Code::Dishonest => "DTK-E403",
            Code::Output => "DTK-E501",
        }
    }
}

/// A failure of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    what: String,
    lines: Vec<(&'static str, String)>,
}

impl Failure {
    /// `what` was tried, with names, in lower case.
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Failure { code, what: what.into(), lines: Vec::new() }
    }

    /// Adds a line such as `cause` or `fix`.
    pub(crate) fn line(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.lines.push((label, text.into()));
        self
    }

    /// The exit code (`ux.md` 1.4).
    pub(crate) fn exit(&self) -> u8 {
        match self.code {
            Code::Kubeconfig | Code::UnknownDetector | Code::UnknownNamespace | Code::Usage => 2,
            Code::Unreachable | Code::Rejected | Code::Tls | Code::NotKubernetes => 4,
            Code::Dishonest => 3,
            Code::Output => 5,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error[{}]: {}", self.code.text(), detek_core::clip(&self.what, 300))?;
        for (label, text) in &self.lines {
            writeln!(f, "  {label:<8} {}", detek_core::clip(text, 400))?;
        }
        Ok(())
    }
}
