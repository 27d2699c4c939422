//! Finding and reading kubeconfigs: which files, which context, and who else may change them.

use crate::connect::error::{ConnectError, Place};
use kube::config::{Kubeconfig, KubeconfigError};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Where the configuration of a cluster comes from.
pub(crate) enum Found {
    /// Kubeconfigs, the first of which wins.
    Files(Box<Files>),
    /// The account of the pod that detek runs in.
    Pod(Box<kube::Config>),
}

/// Kubeconfigs that belong together.
pub(crate) struct Files {
    each: Vec<(PathBuf, Kubeconfig)>,
    pub(crate) merged: Kubeconfig,
}

/// Looks at the flag, `$KUBECONFIG`, the pod's account and `~/.kube/config`, in this order. The account has no contexts,
/// so that it is not looked at if one is asked for.
pub(crate) fn find(flag: Option<&Path>, wants_context: bool) -> Result<Found, ConnectError> {
    if let Some(path) = flag {
        return Files::read(&[path.to_owned()]).map(|files| Found::Files(Box::new(files)));
    }
    let mut places = Vec::new();
    if let Some(named) = named_by_environment() {
        let (there, missing): (Vec<_>, Vec<_>) = named.into_iter().partition(|path| path.exists());
        if !there.is_empty() {
            return Files::read(&there).map(|files| Found::Files(Box::new(files)));
        }
        // Whoever named a file does not mean another cluster.
        let missing: Vec<String> = missing.iter().map(|path| path.display().to_string()).collect();
        let found = format!("{} not found", missing.join(" and "));
        return Err(ConnectError::NoConfig { places: vec![Place { name: "$KUBECONFIG", found }] });
    }
    places.push(Place { name: "$KUBECONFIG", found: "not set".to_owned() });
    if wants_context {
        places.push(Place { name: "in-cluster account", found: "has no contexts".to_owned() });
    } else {
        match kube::Config::incluster() {
            Ok(config) => return Ok(Found::Pod(Box::new(config))),
            Err(why) => places.push(Place { name: "in-cluster account", found: no_account(&why) }),
        }
    }
    let found = match std::env::home_dir() {
        None => "no home directory".to_owned(),
        Some(home) => match home.join(".kube/config") {
            path if path.exists() => return Files::read(&[path]).map(|files| Found::Files(Box::new(files))),
            _ => "not found".to_owned(),
        },
    };
    places.push(Place { name: "~/.kube/config", found });
    Err(ConnectError::NoConfig { places })
}

#[expect(clippy::disallowed_methods, reason = "KUBECONFIG is where kubeconfigs are named")]
fn named_by_environment() -> Option<Vec<PathBuf>> {
    let value = std::env::var_os("KUBECONFIG")?;
    let paths: Vec<PathBuf> = std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect();
    (!paths.is_empty()).then_some(paths)
}

fn no_account(why: &kube::config::InClusterError) -> String {
    match why {
        kube::config::InClusterError::ReadEnvironmentVariable(_) => "not running in a pod".to_owned(),
        other => detek_core::clip(&other.to_string(), 200),
    }
}

impl Files {
    fn read(paths: &[PathBuf]) -> Result<Self, ConnectError> {
        let mut each = Vec::new();
        let mut merged = Kubeconfig::default();
        for path in paths {
            let config = Kubeconfig::read_from(path).map_err(|why| unusable(why, Some(path)))?;
            merged = merged.merge(config.clone()).map_err(|why| unusable(why, Some(path)))?;
            each.push((path.clone(), config));
        }
        Ok(Files { each, merged })
    }

    /// A kubeconfig that is no file.
    pub(crate) fn of_text(text: &str) -> Result<Self, ConnectError> {
        let merged = Kubeconfig::from_yaml(text).map_err(|why| unusable(why, None))?;
        Ok(Files { each: Vec::new(), merged })
    }

    /// The files, in order.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.each.iter().map(|(path, _)| path.clone()).collect()
    }

    /// The names of all contexts, in the order of the files.
    pub(crate) fn contexts(&self) -> Vec<String> {
        self.merged.contexts.iter().map(|context| context.name.clone()).collect()
    }

    /// The context to use: `wanted`, else the current one.
    pub(crate) fn context(&self, wanted: Option<&str>) -> Result<kube::config::NamedContext, ConnectError> {
        let name = wanted.or(self.merged.current_context.as_deref()).filter(|name| !name.is_empty());
        let found = self.merged.contexts.iter().find(|context| Some(context.name.as_str()) == name);
        found.cloned().ok_or_else(|| {
            let files: Vec<String> = self.each.iter().map(|(path, _)| path.display().to_string()).collect();
            ConnectError::NoContext { file: files.join(":"), context: name.map(str::to_owned), known: self.contexts() }
        })
    }

    /// Refuses a context whose user is not there: without it, requests would be those of nobody.
    pub(crate) fn check_user(&self, named: &kube::config::NamedContext) -> Result<(), ConnectError> {
        let user = named.context.as_ref().and_then(|context| context.user.as_deref()).filter(|user| !user.is_empty());
        match user.filter(|user| self.merged.auth_infos.iter().all(|known| known.name != *user)) {
            None => Ok(()),
            Some(user) => {
                Err(ConnectError::config(&format!("context {} has the user {user}, which is not there", named.name)))
            }
        }
    }

    /// Whether a cluster has a proxy of its own.
    pub(crate) fn names_proxy(&self, cluster: &str) -> bool {
        let own = self.merged.clusters.iter().find(|known| known.name == cluster);
        own.and_then(|known| known.cluster.as_ref()).is_some_and(|known| known.proxy_url.is_some())
    }

    /// Refuses to run a program that somebody else may have named.
    pub(crate) fn check_program(&self, user: &str, command: &str) -> Result<(), ConnectError> {
        // The first file that names a user decides.
        let names = |config: &Kubeconfig| config.auth_infos.iter().any(|known| known.name == user);
        match self.each.iter().find(|(_, config)| names(config)) {
            Some((path, _)) => check_owner(path, command),
            None => Ok(()),
        }
    }
}

/// Whether only the user and root can change a file, or put another in its place.
fn check_owner(path: &Path, command: &str) -> Result<(), ConnectError> {
    use std::os::unix::fs::MetadataExt;
    let real = path.canonicalize().map_err(|error| unreadable(path, error))?;
    for place in [Some(real.as_path()), real.parent()].into_iter().flatten() {
        let meta = place.metadata().map_err(|error| unreadable(place, error))?;
        let (mode, owner) = (meta.mode() & 0o7777, meta.uid());
        let mine = owner == 0 || owner == rustix::process::geteuid().as_raw();
        // A group with the number of its user is, by custom, that user's alone.
        let shared = mode & 0o002 != 0 || (mode & 0o020 != 0 && meta.gid() != owner);
        // In a sticky directory, only owners replace files.
        let sticky = meta.is_dir() && mode & 0o1000 != 0;
        if !mine || (shared && !sticky) {
            return Err(ConnectError::UntrustedProgram {
                path: place.to_owned(),
                mode,
                owner,
                command: detek_core::clip(command, 200),
            });
        }
    }
    Ok(())
}

pub(crate) fn unreadable(path: &Path, error: io::Error) -> ConnectError {
    ConnectError::Unreadable { path: path.to_owned(), error }
}

/// What is wrong with a kubeconfig, in our words.
pub(crate) fn unusable(error: KubeconfigError, path: Option<&Path>) -> ConnectError {
    use kube::config::LoadDataError;
    match error {
        KubeconfigError::ReadConfig(error, path)
        | KubeconfigError::LoadCertificateAuthority(LoadDataError::ReadFile(error, path))
        | KubeconfigError::LoadClientCertificate(LoadDataError::ReadFile(error, path))
        | KubeconfigError::LoadClientKey(LoadDataError::ReadFile(error, path)) => {
            ConnectError::Unreadable { path, error }
        }
        KubeconfigError::Parse(error) => {
            let text = error.to_string();
            let message = detek_core::clip(&unquoted(text.lines().next().unwrap_or_default()), 300);
            let at = error.location().map(|at| (at.line(), at.column()));
            ConnectError::BadYaml { path: path.map(Path::to_owned), message, at }
        }
        other => ConnectError::config(&other.to_string()),
    }
}

/// A parser's message without the values it quotes, which may be credentials.
fn unquoted(message: &str) -> String {
    let message = message.replace("\\\"", "");
    let parts: Vec<&str> = message.split('"').step_by(2).collect();
    parts.join("\"…\"")
}
