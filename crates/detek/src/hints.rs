//! Commands to type next: as detek was called, for the cluster that was meant.

use std::{borrow::Cow, path::Path};

/// How commands in messages begin.
#[derive(Clone, Debug)]
pub(crate) struct Hints {
    /// As detek is called: `detek`, `kubectl detek`.
    pub(crate) program: &'static str,
    /// The command that scans.
    scan: &'static str,
    /// Whether it is `doctor` that gives the hint, and so cannot be it.
    examining: bool,
    /// ` --kubeconfig FILE`, if it was given.
    kubeconfig: String,
}

impl Hints {
    /// For a cluster of a kubeconfig.
    pub(crate) fn new(program: &'static str, kubeconfig: Option<&Path>) -> Self {
        let file = kubeconfig.map(|file| file.display().to_string());
        let kubeconfig = file.map_or_else(String::new, |file| format!(" --kubeconfig {}", quoted(&file)));
        Hints { program, scan: "run", examining: false, kubeconfig }
    }

    /// The same, given by `doctor`.
    pub(crate) fn of_doctor(self) -> Self {
        Hints { examining: true, ..self }
    }

    /// For the simulated cluster.
    pub(crate) fn demo(program: &'static str) -> Self {
        Hints { program, scan: "demo", examining: false, kubeconfig: String::new() }
    }

    /// A scan with these flags.
    pub(crate) fn scan(&self, flags: &str) -> String {
        format!("{} {}{} {flags}", self.program, self.scan, self.kubeconfig)
    }

    /// A look at what is wrong with the way to a context.
    pub(crate) fn doctor(&self, context: &str) -> String {
        let context = quoted(context);
        if self.examining {
            let view = self.kubectl(&format!("config view --minify --context {context}"));
            return format!("{view}  # is `server:` right? VPN, proxy?");
        }
        format!("{} doctor{} --context {context}", self.program, self.kubeconfig)
    }

    /// A scan of a context.
    pub(crate) fn context(&self, context: &str) -> String {
        self.scan(&format!("--context {}", quoted(context)))
    }

    /// The contexts that there are.
    pub(crate) fn contexts(&self) -> String {
        format!("{} list contexts{}", self.program, self.kubeconfig)
    }

    /// kubectl with the same kubeconfig.
    pub(crate) fn kubectl(&self, arguments: &str) -> String {
        format!("kubectl {arguments}{}", self.kubeconfig)
    }
}

/// A word as a shell takes it for itself.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        assert_eq!(quoted("~/.kube/config"), "~/.kube/config");
        assert_eq!(quoted("arn:aws:eks:eu-1:1:cluster/a"), "arn:aws:eks:eu-1:1:cluster/a");
        assert_eq!(quoted("my config"), "'my config'");
        assert_eq!(quoted("$(rm -r .)'"), r"'$(rm -r .)'\'''");
        assert_eq!(quoted(""), "''");
    }
}
