//! The files that a configuration is read from, and what the names in them mean.

use crate::{
    env::variable,
    failure::{Code, Failure},
    hints::quoted,
};
use detek_packs::tree::MOST_BYTES;
use std::{
    io::{ErrorKind, Read as _},
    path::{Component, Path, PathBuf},
};

/// Names of a project file in the working directory; the first that is there counts.
const PROJECT_FILES: [&str; 2] = [".detek/detek.yaml", "detek.yaml"];

/// Who wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Whoever wrote the working directory.
    Project,
    /// The user.
    User,
    /// Whoever is named on the command line: it must be there.
    Named,
}

impl Owner {
    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Owner::Project => "project file",
            Owner::User => "user file",
            Owner::Named => "--config",
        }
    }
}

/// A file that may hold a configuration.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) owner: Owner,
    pub(crate) path: PathBuf,
}

/// The files to read, what counts more later.
pub(super) fn of(named: Option<&Path>) -> Vec<Source> {
    if let Some(path) = named {
        return vec![Source { owner: Owner::Named, path: path.to_owned() }];
    }
    let mut sources: Vec<Source> = user_file().map(|path| Source { owner: Owner::User, path }).into_iter().collect();
    let project = PROJECT_FILES.iter().find(|name| Path::new(name).exists()).unwrap_or(&PROJECT_FILES[1]);
    sources.push(Source { owner: Owner::Project, path: project.into() });
    sources
}

fn user_file() -> Option<PathBuf> {
    // The specification of these folders has relative ones ignored.
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = folder.or_else(|| Some(Path::new(&variable("HOME")?).join(".config")))?;
    Some(folder.join("detek/config.yaml"))
}

/// The file of the user, for messages.
pub(super) fn user_file_name() -> String {
    user_file().map_or_else(|| "a file given with --config".to_owned(), |path| path.display().to_string())
}

impl Source {
    /// Its text; none if there is no such file and none was named.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn read(&self) -> Result<Option<String>, Failure> {
        match text_of(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(why) if why.kind() == ErrorKind::NotFound && self.owner != Owner::Named => Ok(None),
            Err(why) => Err(unreadable(&self.path, &why)),
        }
    }

    /// A file that it names: beside it, unless the whole path is given.
    pub(super) fn beside(&self, name: &str) -> String {
        self.path.parent().unwrap_or(Path::new("")).join(name).display().to_string()
    }
}

/// The text of a file that must be there.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn read_named(path: &Path) -> Result<String, Failure> {
    text_of(path).map_err(|why| unreadable(path, &why))
}

/// Of a file that is too large, more than anybody reads.
fn text_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MOST_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// What is said of a file that cannot be read.
fn unreadable(path: &Path, why: &std::io::Error) -> Failure {
    let path = path.display().to_string();
    Failure::new(Code::Configuration, format!("cannot read {path}"))
        .line("cause", why.to_string())
        .line("fix", format!("ls -l {}", quoted(&path)))
}

/// The file of `FORMAT=FILE`, if it lies outside the working directory; also if a link leads there.
pub(super) fn outside(output: &str) -> Option<String> {
    let (_, file) = output.split_once('=')?;
    let path = Path::new(file);
    let within = |component: Component<'_>| matches!(component, Component::Normal(_) | Component::CurDir);
    let here = Path::new(".").canonicalize().ok();
    // Of a file that is not there yet, its folder is asked; of a folder that is not there, writing fails.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = path.canonicalize().or_else(|_| folder.canonicalize()).ok();
    // A link to a file that is not there leads somewhere, too.
    let dangling = path.is_symlink() && !path.exists();
    let inside = path.components().all(within)
        && !dangling
        && match (here, real) {
            (Some(here), Some(real)) => real.starts_with(here),
            (_, real) => real.is_none(),
        };
    (!inside).then(|| file.to_owned())
}
