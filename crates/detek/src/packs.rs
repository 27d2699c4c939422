//! Packs on disk: files are read here, all else is `detek_packs`.
#![expect(clippy::disallowed_methods, reason = "reads the packs that the user names")]

use crate::failure::{Code, Failure};
use detek_core::AnyDetector;
use detek_packs::{
    PackDetector, compiled, load,
    problem::{self, Problem, Severity},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Files below a path that is no pack: a home directory, say.
const MOST_FILES: usize = 2_000;
/// Levels of folders.
const MOST_DEPTH: usize = 16;
/// Bytes of a file that are read; what is longer is no file of a pack.
const MOST_BYTES: u64 = 1 << 20;

/// Packs as they were read, with everything that is wrong with them.
pub(crate) struct Checked {
    /// The detectors whose expressions compile.
    pub(crate) detectors: Vec<PackDetector>,
    /// All problems, by place.
    pub(crate) problems: Vec<Problem>,
}

impl Checked {
    /// Whether something refuses a pack; with `strict`, warnings do too.
    pub(crate) fn is_faulty(&self, strict: bool) -> bool {
        self.problems.iter().any(|problem| strict || problem.severity() == Severity::Error)
    }
}

/// Reads and checks the packs below `paths`. `taken` are ids that they may not use, with who has them.
///
/// # Errors
/// If a path cannot be read or holds no pack.
pub(crate) fn check(paths: &[PathBuf], taken: &BTreeMap<String, String>) -> Result<Checked, Failure> {
    let mut files = BTreeMap::new();
    for path in paths {
        let before = files.len();
        collect(path, 0, &mut files).map_err(|why| {
            Failure::new(Code::Usage, format!("cannot read the pack {}", path.display()))
                .line("cause", why.to_string())
                .line("fix", "name a directory with a pack.yaml, or a file of a detector")
        })?;
        if files.len() == before {
            return Err(Failure::new(Code::Usage, format!("there is no pack in {}", path.display()))
                .line("cause", "it holds no file that ends in .yaml")
                .line("fix", format!("detek pack new {}", path.display())));
        }
    }
    let (mut detectors, mut problems) = (Vec::new(), Vec::new());
    let packs = compiled(load(files, taken)).ok_or_else(|| {
        Failure::new(Code::Usage, "cannot compile the packs").line("cause", "no thread can be started on this machine")
    })?;
    for (compiled, wrong) in packs {
        detectors.extend(compiled);
        problems.extend(wrong);
    }
    let problems = problem::sorted(problems);
    Ok(Checked { detectors, problems })
}

/// The detectors of packs that are to be run beside those `known`: a pack with a mistake is refused whole.
///
/// # Errors
/// The first mistake.
pub(crate) fn detectors(
    paths: &[PathBuf],
    known: &[Arc<dyn AnyDetector>],
) -> Result<Vec<Arc<dyn AnyDetector>>, Failure> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let taken = known.iter().map(|detector| (detector.meta().id.to_owned(), "detek itself".to_owned())).collect();
    let checked = check(paths, &taken)?;
    let errors: Vec<&Problem> = checked.problems.iter().filter(|p| p.severity() == Severity::Error).collect();
    if let Some(first) = errors.first() {
        let is_expression = first.code.name() >= "DTK-E431" && first.code.name() < "DTK-E451";
        let (code, what) = if is_expression {
            (Code::PackExpression, format!("expression refused at {}", first.location()))
        } else {
            (Code::Pack, format!("pack {} is invalid", first.location()))
        };
        let failure = Failure::new(code, what)
            .shown(&first.line, first.place.column)
            .line("cause", format!("{} ({})", first.text, first.code.name()));
        let failure = match &first.help {
            Some(help) => failure.line("fix", help.clone()),
            None => failure,
        };
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let all = format!("detek pack check {}", paths.join(" "));
        return Err(match errors.len() {
            1 => failure.line("or", all),
            more => failure.line("more", format!("{} further problems", more - 1)).line("or", all),
        });
    }
    Ok(checked.detectors.into_iter().map(|detector| Arc::new(detector) as Arc<dyn AnyDetector>).collect())
}

/// The files of packs below a path, or the file itself, with their texts.
fn collect(path: &Path, depth: usize, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.insert(path.display().to_string(), text(path)?);
        return Ok(());
    }
    if depth == MOST_DEPTH {
        return Err(io::Error::other(format!("folders are nested deeper than {MOST_DEPTH} levels")));
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let path = entry.path();
        // A link could lead in circles.
        let kind = entry.file_type()?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            collect(&path, depth + 1, files)?;
        } else if [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
            && entry.metadata()?.len() <= MOST_BYTES
        {
            if files.len() == MOST_FILES {
                return Err(io::Error::other(format!("there are more than {MOST_FILES} files below")));
            }
            files.insert(path.display().to_string(), text(&path)?);
        }
    }
    Ok(())
}

fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(fs::read(path)?).map_err(|_| io::Error::other(format!("{} is no UTF-8 text", path.display())))
}

/// Writes the files of a new pack below a directory that does not exist or is empty.
///
/// # Errors
/// If it holds something already, or cannot be written.
pub(crate) fn create(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |why: io::Error| {
        Failure::new(Code::Output, format!("cannot write the pack {}", directory.display()))
            .line("cause", why.to_string())
            .line("fix", "name a directory that can be written")
    };
    if fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(Code::Usage, format!("{} is not empty", directory.display()))
            .line("cause", "a new pack would mix with what is there")
            .line("fix", "name a new directory"));
    }
    let name = directory.file_name().map_or_else(|| "my_pack".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut written = Vec::new();
    for (path, text) in detek_packs::template(&name) {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap_or(directory)).map_err(failed)?;
        fs::write(&path, text).map_err(failed)?;
        written.push(path);
    }
    Ok(written)
}
