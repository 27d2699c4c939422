//! Why there is no connection: the ways in which a configuration cannot be used.

use detek_doc::redact;
use std::{fmt, path::PathBuf};

/// A place where a cluster was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place: `$KUBECONFIG`, `in-cluster account`, `~/.kube/config`.
    pub name: &'static str,
    /// What was found there: `not set`, `not running in a pod`.
    pub found: String,
}

/// Why there is no connection. Nothing was sent to the cluster yet.
#[derive(Debug)]
pub enum ConnectError {
    /// There is no kubeconfig, and this is no pod.
    NoConfig {
        /// Where it was looked for, in order.
        places: Vec<Place>,
    },
    /// A file that the configuration needs could not be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A kubeconfig is not YAML of the right shape.
    BadYaml {
        /// The file, if it is one.
        path: Option<PathBuf>,
        /// What is wrong, without values of the file.
        message: String,
        /// Line and column, counted from 1.
        at: Option<(u64, u64)>,
    },
    /// The context is not in the kubeconfig.
    NoContext {
        /// The files, as people write them: joined with `:`.
        file: String,
        /// The context asked for; `None` if there is no current context.
        context: Option<String>,
        /// The contexts there are.
        known: Vec<String>,
    },
    /// A credential would go over plain http to another machine.
    PlainHttp {
        /// The server's address.
        server: String,
        /// What would be sent, such as `bearer token`.
        credential: String,
    },
    /// A kubeconfig that others can change names a program to run.
    UntrustedProgram {
        /// The file or its directory.
        path: PathBuf,
        /// Permission bits, as `chmod` takes them.
        mode: u32,
        /// Numeric id of the owner.
        owner: u32,
        /// The program.
        command: String,
    },
    /// The policy does not allow to run the program that a kubeconfig names.
    ProgramNotAllowed {
        /// The program.
        command: String,
    },
    /// Anything else that is wrong with the configuration.
    Config {
        /// What is wrong.
        message: String,
    },
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConfig { places } => {
                f.write_str("no kubeconfig found, and this is not a pod with an account")?;
                for (n, place) in places.iter().enumerate() {
                    let before = if n == 0 { "; looked at " } else { ", " };
                    write!(f, "{before}{} ({})", place.name, place.found)?;
                }
                Ok(())
            }
            Self::Unreadable { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Self::BadYaml { path, message, at } => {
                f.write_str("cannot parse kubeconfig")?;
                if let Some(path) = path {
                    write!(f, " {}", path.display())?;
                }
                if let Some((line, column)) = at {
                    write!(f, ", line {line}, column {column}")?;
                }
                write!(f, ": {message}")
            }
            Self::NoContext { context, known, .. } => {
                match context {
                    Some(context) => write!(f, "no context \"{context}\" in the kubeconfig")?,
                    None => f.write_str("the kubeconfig has no current context")?,
                }
                if known.is_empty() {
                    return f.write_str("; it has no contexts");
                }
                write!(f, "; its contexts are: {}", known.join(", "))
            }
            Self::PlainHttp { server, credential } => {
                write!(f, "the {credential} for {server} would be sent unencrypted; use https")
            }
            Self::UntrustedProgram { path, mode, owner, command } => write!(
                f,
                "{command} is not run: others can change {} (mode {mode:04o}, owner {owner}), which names it",
                path.display()
            ),
            Self::ProgramNotAllowed { command } => {
                write!(f, "{command} is not run: the policy does not allow the program that the kubeconfig names")
            }
            Self::Config { message } => write!(f, "cannot use the kubeconfig: {message}"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl ConnectError {
    pub(crate) fn config(message: &str) -> Self {
        // What was typed or configured may hold a credential, such as an address with a password.
        Self::Config { message: detek_core::clip(&redact::clean(message, 4096), 300) }
    }
}
