//! From files to packs. A pack loads whole or not at all: a [`Draft`] holds what could be read with all its problems, and
//! becomes a [`Pack`] only without errors.

use crate::{
    check::{self, Surroundings},
    format::{DetectorBody, DetectorFile, PackFile},
    problem::{Code, Fault, Problem, Severity, sorted},
    read, schema,
    source::{Source, Span},
    yaml::{self, Node, Value},
};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::Arc,
};

/// Most bytes of a pack.
pub const MAX_PACK_BYTES: usize = 1024 * 1024;
/// Most detectors of a pack.
pub const MAX_DETECTORS: usize = 500;
/// Most problems that are told of one file.
const MAX_PROBLEMS: usize = 100;

/// A pack as it was read, with everything that is wrong with it.
#[derive(Debug)]
pub struct Draft {
    /// The directory that `pack.yaml` lies in, as paths were given; empty for files outside of any pack.
    pub root: String,
    /// `pack.yaml`; none for files outside of any pack, or if it could not be read.
    pub file: Option<PackFile>,
    /// The detectors that could be read, by id, parameters of the pack put in.
    pub detectors: Vec<DetectorFile>,
    /// What is wrong, in the order of checks. Checks of expressions add theirs.
    pub problems: Vec<Problem>,
}

/// A pack without errors.
#[derive(Debug)]
pub struct Pack {
    /// `pack.yaml`; none for files outside of any pack.
    pub file: Option<PackFile>,
    /// Its detectors, by id.
    pub detectors: Vec<DetectorFile>,
    /// What may be wrong, by place.
    pub warnings: Vec<Problem>,
}

impl Draft {
    /// Whether there is an error.
    pub fn is_faulty(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity() == Severity::Error)
    }

    /// The pack, if nothing is wrong with it; with `strict`, warnings count too.
    ///
    /// # Errors
    /// All problems, by place.
    pub fn finish(self, strict: bool) -> Result<Pack, Vec<Problem>> {
        let refused = self.is_faulty() || (strict && !self.problems.is_empty());
        let problems = sorted(self.problems);
        if refused {
            Err(problems)
        } else {
            Ok(Pack { file: self.file, detectors: self.detectors, warnings: problems })
        }
    }
}

/// Reads packs from their files, given as path and text: each directory with a `pack.yaml` is one, and what lies outside
/// of all is another without a name. `taken` holds the ids of other packs, which may not be used again, with the name of
/// the pack that has them.
pub fn load(files: impl IntoIterator<Item = (String, String)>, taken: &BTreeMap<String, String>) -> Vec<Draft> {
    let files: BTreeMap<String, String> = files.into_iter().collect();
    let mut roots: Vec<&str> = files.keys().filter_map(|path| directory_of_pack(path)).collect();
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    let mut packs: BTreeMap<Option<&str>, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, text) in &files {
        let root = roots.iter().copied().find(|root| below(root, path).is_some());
        packs.entry(root).or_default().push((path, text));
    }
    let mut ids: HashMap<String, String> = taken.iter().map(|(id, pack)| (id.clone(), pack.clone())).collect();
    packs.into_iter().map(|(root, files)| pack(root, &files, &mut ids)).collect()
}

/// `a/b` of `a/b/pack.yaml`.
fn directory_of_pack(path: &str) -> Option<&str> {
    let rest = path.strip_suffix("pack.yaml")?;
    if rest.is_empty() { Some("") } else { rest.strip_suffix('/') }
}

/// The path below a directory.
fn below<'p>(root: &str, path: &'p str) -> Option<&'p str> {
    if root.is_empty() { (!path.starts_with('/')).then_some(path) } else { path.strip_prefix(root)?.strip_prefix('/') }
}

fn pack(root: Option<&str>, files: &[(&str, &str)], ids: &mut HashMap<String, String>) -> Draft {
    let mut draft =
        Draft { root: root.unwrap_or_default().into(), file: None, detectors: Vec::new(), problems: Vec::new() };
    let relative = |path: &'_ str| root.and_then(|root| below(root, path)).unwrap_or(path).to_owned();
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    if let (Some((path, text)), true) = (files.first(), bytes > MAX_PACK_BYTES) {
        let text = Fault::new(
            Code::LimitExceeded,
            Span::default(),
            format!("the pack has {bytes} bytes; the limit is {MAX_PACK_BYTES}"),
        )
        .problem(&Source::new(*path, *text));
        draft.problems.push(text);
        return draft;
    }
    let mut fixtures = Fixtures::default();
    let mut detectors = Vec::new();
    for (path, text) in files {
        let relative = relative(path);
        let source = || Source::new(*path, *text);
        match kind(&relative, root.is_some()) {
            FileKind::Pack => draft.read_pack(&source()),
            FileKind::Fixture => fixtures.add(relative, &source(), &mut draft.problems),
            FileKind::Detector => detectors.push(source()),
            FileKind::Other => {}
        }
    }
    if let Some(source) = detectors.get(MAX_DETECTORS) {
        let text = format!("the pack has {} detectors; the limit is {MAX_DETECTORS}", detectors.len());
        draft.problems.push(Fault::new(Code::LimitExceeded, Span::default(), text).problem(source));
        return draft;
    }
    for source in &detectors {
        draft.read_detector(source, &fixtures, ids);
    }
    draft.detectors.sort_by(|a, b| a.metadata.id.value.cmp(&b.metadata.id.value));
    draft
}

enum FileKind {
    Pack,
    Detector,
    Fixture,
    Other,
}

/// What a file is, by its path below the pack; outside of packs the folders may lie anywhere.
fn kind(path: &str, in_pack: bool) -> FileKind {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_yaml = matches!(extension, "yaml" | "yml");
    let mut folders: Vec<&str> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let within = |folder: &str| if in_pack { folders.first() == Some(&folder) } else { folders.contains(&folder) };
    match name {
        "pack.yaml" if folders.is_empty() => FileKind::Pack,
        _ if within("fixtures") && (is_yaml || extension == "json") => FileKind::Fixture,
        _ if within("schemas") || !is_yaml => FileKind::Other,
        _ => FileKind::Detector,
    }
}

/// Files with the inputs of tests, by their path in the pack.
#[derive(Default)]
pub(crate) struct Fixtures(BTreeMap<String, Vec<Json>>);

impl Fixtures {
    pub(crate) fn get(&self, path: &str) -> Option<&Vec<Json>> {
        self.0.get(path)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn add(&mut self, path: String, source: &Source, problems: &mut Vec<Problem>) {
        let mut faults = Vec::new();
        let root = parse(source, &mut faults);
        let list = root.as_deref().and_then(|root| match (&root.value, root.get("items")) {
            (Value::List(_), _) => Some(root),
            (_, items) => items.map(|items| &**items).filter(|items| matches!(items.value, Value::List(_))),
        });
        match (list.map(read::read::<Vec<Json>>), root) {
            (Some(Ok(items)), _) => {
                self.0.insert(path, items);
            }
            (_, Some(root)) => {
                // It is there, so tests that name it are not wrong as well.
                self.0.insert(path, Vec::new());
                let text = "a fixture must be a list of objects, or a `List` with `items`".into();
                faults
                    .push(Fault::new(Code::WrongValue, root.at, text).help("as `kubectl get pods -o yaml` prints it"));
            }
            (_, None) => {
                self.0.insert(path, Vec::new());
            }
        }
        problems.extend(faults.into_iter().take(MAX_PROBLEMS).map(|fault| fault.problem(source)));
    }
}

/// The document of a file; what ends reading is one of the faults.
fn parse(source: &Source, faults: &mut Vec<Fault>) -> Option<Arc<Node>> {
    match yaml::parse(&source.text, faults) {
        Ok(Some(root)) => Some(root),
        Ok(None) => {
            let fault = Fault::new(Code::YamlSyntax, Span::default(), "the file is empty".into());
            faults.push(fault.help("remove it, or begin with `detek pack new DIR`"));
            None
        }
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

/// A document as its type. Where the schema has found something, that is why it cannot be read.
fn typed<'n, T: serde::Deserialize<'n>>(root: &'n Node, faults: &mut Vec<Fault>) -> Option<T> {
    match read::read(root) {
        Ok(value) => Some(value),
        Err(mismatch) if faults.is_empty() => {
            faults.push(Fault::new(Code::WrongValue, mismatch.at.unwrap_or(root.at), mismatch.text));
            None
        }
        Err(_) => None,
    }
}

impl Draft {
    fn read_pack(&mut self, source: &Source) {
        let mut faults = Vec::new();
        if let Some(root) = parse(source, &mut faults) {
            schema::check_pack(&root, &mut faults);
            self.file = typed::<PackFile>(&root, &mut faults);
        }
        if let Some(file) = &self.file {
            check::check_pack(file, &mut faults);
        }
        self.tell(source, faults);
    }

    fn read_detector(&mut self, source: &Arc<Source>, fixtures: &Fixtures, ids: &mut HashMap<String, String>) {
        let mut faults = Vec::new();
        let Some(root) = parse(source, &mut faults) else { return self.tell(source, faults) };
        schema::check_detector(&root, &mut faults);
        let Some(mut body) = typed::<DetectorBody>(&root, &mut faults) else { return self.tell(source, faults) };
        let name = source.path.rsplit('/').next().unwrap_or_default();
        let stem = name.strip_suffix(".yaml").or(name.strip_suffix(".yml")).unwrap_or(name);
        check::check(&body, &Surroundings { stem, pack: self.file.as_ref(), fixtures }, &mut faults);
        self.complete(&mut body, fixtures);
        let id = &body.metadata.id;
        let place = source.place(id.at);
        let here = format!("{}:{}:{}", place.file, place.line, place.column);
        if let Some(first) = ids.insert(id.value.clone(), here) {
            let text = format!("detector `{}` is there already: {first}", id.value);
            faults.push(Fault::new(Code::DuplicateId, id.at, text).help("choose another id"));
            ids.insert(id.value.clone(), first);
        }
        self.tell(source, faults);
        let DetectorBody { metadata, spec, tests } = body;
        self.detectors.push(DetectorFile { source: Arc::clone(source), digest: digest(&root), metadata, spec, tests });
    }

    /// Puts in what stands in other files: shared parameters, and the items of tests.
    fn complete(&self, body: &mut DetectorBody, fixtures: &Fixtures) {
        for (name, spec) in body.spec.params.0.iter_mut().filter(|(_, spec)| spec.from.is_some()) {
            if let Some(shared) = self.file.as_ref().and_then(|file| file.spec.params.get(name)) {
                spec.clone_from(shared);
            }
        }
        for (_, given) in body.tests.iter_mut().flat_map(|test| &mut test.inputs.0) {
            let items = given.value.file.as_ref().and_then(|file| fixtures.get(file));
            given.value.items.extend(items.into_iter().flatten().cloned());
        }
    }

    fn tell(&mut self, source: &Source, faults: Vec<Fault>) {
        self.problems.extend(faults.into_iter().take(MAX_PROBLEMS).map(|fault| fault.problem(source)));
    }
}

/// SHA-256 of what a detector says, tests left out: of its JSON with sorted keys, so that comments and layout do not count.
fn digest(root: &Node) -> String {
    let fields: BTreeMap<String, Json> = read::read(root).unwrap_or_default();
    let rest: BTreeMap<&String, &Json> = fields.iter().filter(|(name, _)| *name != "tests").collect();
    let bytes = Sha256::digest(serde_json::to_vec(&rest).unwrap_or_default());
    bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
