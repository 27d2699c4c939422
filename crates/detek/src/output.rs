//! Writing reports: to standard output once, at the end; to files whole or not at all.

use crate::failure::{Code, Failure};
use std::{
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// A file, replaced atomically.
    File(PathBuf),
}

/// `FORMAT` or `FORMAT=FILE`, apart.
pub(crate) fn parse(text: &str) -> (&str, Destination) {
    match text.split_once('=') {
        Some((format, file)) => (format, Destination::File(file.into())),
        None => (text, Destination::Stdout),
    }
}

/// Writes a report.
///
/// # Errors
/// If it cannot be written; an old file is then untouched. A closed pipe is no error: the reader has seen enough.
pub(crate) fn write(destination: &Destination, bytes: &[u8]) -> Result<(), Failure> {
    match destination {
        Destination::Stdout => {
            let mut out = std::io::stdout().lock();
            match out.write_all(bytes).and_then(|()| out.flush()) {
                Err(why) if why.kind() != ErrorKind::BrokenPipe => Err(failure("standard output", &why)),
                _ => Ok(()),
            }
        }
        Destination::File(path) => replace(path, bytes).map_err(|why| failure(&path.display().to_string(), &why)),
    }
}

/// A file appears whole or not at all: written beside its place, flushed to disk, renamed.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.exists() && !path.is_file() {
        let mut device = std::fs::OpenOptions::new().write(true).open(path)?;
        return device.write_all(bytes).and_then(|()| device.flush());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    if let Ok(old) = path.metadata() {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    std::fs::File::open(folder)?.sync_all()
}

fn failure(place: &str, why: &std::io::Error) -> Failure {
    Failure::new(Code::Output, format!("cannot write {place}"))
        .line("cause", why.to_string())
        .line("kept", "what was there before is untouched")
        .line("fix", "choose another place with -o FORMAT=FILE")
}
