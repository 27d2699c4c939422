//! Configuration: a project file, a user file and variables, as defaults of the command line.
//!
//! A key stands for an argument: its words become the argument's default, so that a flag always wins, and whatever reads
//! arguments needs to know nothing of files. What no argument can say is the setting of detectors.

mod detectors;
mod keys;
mod sources;

pub(crate) use detectors::{Setting, Settings};
pub(crate) use keys::schema;
pub(crate) use sources::read_named;

use crate::failure::{Code, Failure};
use clap::{ArgMatches, Command, error::ContextKind, error::ContextValue, parser::ValueSource};
use detek_packs::tree::{Key, Mark, Mistake, Node, documents};
use keys::{FLAGS_ONLY, KEYS, Setter, Shape};
use sources::{Owner, Source};
use std::{collections::BTreeMap, error::Error as _, fmt, path::Path, sync::Arc};

/// Everything that files and variables say, and what follows for each key.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    given: BTreeMap<&'static str, Given>,
    /// What is set of detectors.
    pub(crate) detectors: Arc<Settings>,
    /// Files looked for, and whether they were found.
    pub(crate) looked: Vec<(Source, bool)>,
    /// Every key with its value.
    pub(crate) effective: Vec<Effective>,
}

/// The words of a key, as the command line takes them, and who set them.
#[derive(Clone, Debug)]
struct Given {
    words: Vec<String>,
    origin: Origin,
}

/// A key with the value that counts.
#[derive(Clone, Debug)]
pub(crate) struct Effective {
    /// The key, with dots.
    pub(crate) key: String,
    /// The value, as the command line takes it; none if nothing is set.
    pub(crate) words: Vec<String>,
    /// Who set it.
    pub(crate) origin: Origin,
}

/// Who set a value.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// An argument.
    Flag(String),
    /// A variable.
    Variable(String),
    /// A file.
    File(Place),
    /// Nobody.
    Default,
}

/// A place in a file.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    file: Arc<Path>,
    mark: Mark,
}

impl Place {
    fn new(file: &Path, mark: Mark) -> Self {
        Place { file: file.into(), mark }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.mark.line, self.mark.column)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => f.write_str(flag),
            Origin::Variable(name) => write!(f, "${name}"),
            Origin::File(place) => place.fmt(f),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// Reads the configuration: of `named` alone if it is given, else of the user and of the working directory; then the
/// variables.
///
/// # Errors
/// The first mistake.
pub(crate) fn load(named: Option<&Path>) -> Result<Configuration, Failure> {
    let mut configuration = Configuration::default();
    for source in sources::of(named) {
        let text = source.read()?;
        configuration.looked.push((source.clone(), text.is_some()));
        if let Some(text) = text {
            let read = configuration.read(&source, &text);
            read.map_err(|mistake| failure("config", (&source.path.display().to_string(), &text), &mistake))?;
        }
    }
    configuration.read_variables()?;
    Ok(configuration)
}

/// What is said of a mistake in a file.
pub(crate) fn failure(schema: &str, (file, text): (&str, &str), mistake: &Mistake) -> Failure {
    let Mark { line, column } = mistake.mark;
    let shown = text.lines().nth(line as usize - 1).unwrap_or_default();
    Failure::new(Code::Configuration, format!("{} at {file}:{line}:{column}", mistake.what))
        .shown(shown, column as usize)
        .line("cause", &mistake.cause)
        .line("fix", format!("detek list schemas {schema}"))
}

impl Configuration {
    fn read(&mut self, source: &Source, text: &str) -> Result<(), Mistake> {
        let documents = documents(text)?;
        let [document, more @ ..] = documents.as_slice() else { return Ok(()) };
        if let Some(second) = more.first() {
            let cause = "a configuration is one document".to_owned();
            return Err(Mistake { mark: second.mark, what: "a second document".to_owned(), cause });
        }
        self.read_map(source, "", document)
    }

    fn read_map(&mut self, source: &Source, group: &str, node: &Node) -> Result<(), Mistake> {
        for (key, value) in node.map(if group.is_empty() { "the configuration" } else { group })? {
            let name = if group.is_empty() { key.name.clone() } else { format!("{group}.{}", key.name) };
            match KEYS.iter().find(|known| known.name == name) {
                Some(known) => self.set(source, known, key, value)?,
                None if KEYS.iter().any(|known| known.name.starts_with(&format!("{name}."))) => {
                    self.read_map(source, &name, value)?;
                }
                None => return Err(unknown(key, group)),
            }
        }
        Ok(())
    }

    fn set(&mut self, source: &Source, known: &'static keys::Key, key: &Key, value: &Node) -> Result<(), Mistake> {
        let project = source.owner == Owner::Project;
        let refused = |cause: String| {
            Err(Mistake { mark: key.mark, what: format!("cannot use the key \"{}\"", known.name), cause })
        };
        if project && known.setter == Setter::User {
            return refused(format!("a project file may not set it: {} may", sources::user_file_name()));
        }
        let mut words = match known.shape {
            Shape::Later(what) => return refused(format!("not yet possible: {what}")),
            Shape::Detectors => {
                self.detectors = Arc::new(detectors::read(value, &source.path)?);
                return Ok(());
            }
            shape => shape.words(known.name, value)?,
        };
        let inside = project && known.setter == Setter::Inside;
        if let Some(outside) = words.iter().filter(|_| inside).find_map(|word| sources::outside(word)) {
            let who = sources::user_file_name();
            let cause = format!("{outside} is outside the directory of the project: only {who} may name it");
            return Err(Mistake { mark: value.mark, what: format!("refusing a value of \"{}\"", known.name), cause });
        }
        if known.files && !project {
            words = words.iter().map(|word| source.beside(word)).collect();
        }
        let origin = Origin::File(Place::new(&source.path, value.mark));
        self.given.insert(known.name, Given { words, origin });
        Ok(())
    }

    fn read_variables(&mut self) -> Result<(), Failure> {
        for key in KEYS {
            let name = key.variable();
            let Some(value) = crate::env::variable(&name) else { continue };
            let words = match key.shape {
                Shape::Later(what) => {
                    return Err(Failure::new(Code::Configuration, format!("cannot use the variable ${name}"))
                        .line("cause", format!("not yet possible: {what}")));
                }
                Shape::Detectors => {
                    let file = format!("${name}");
                    let read = documents(&value).and_then(|documents| {
                        documents.iter().try_fold(Settings::new(), |_, node| detectors::read(node, Path::new(&file)))
                    });
                    self.detectors = Arc::new(read.map_err(|mistake| failure("config", (&file, &value), &mistake))?);
                    continue;
                }
                Shape::Texts => value.split(',').map(|word| word.trim().to_owned()).collect(),
                _ => vec![value],
            };
            self.given.insert(key.name, Given { words, origin: Origin::Variable(name) });
        }
        Ok(())
    }

    /// `command` with the words of each key as the default of its argument, wherever a command has that argument.
    ///
    /// # Errors
    /// If an argument does not take them.
    pub(crate) fn defaults_of(&self, command: Command) -> Result<Command, Failure> {
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        let command = names.into_iter().fold(command, |command, name| {
            command.mut_subcommand(name, |sub| self.given.iter().fold(sub, with_default))
        });
        // `run` has every argument that a key stands for.
        match command.clone().try_get_matches_from(["detek", "run"]) {
            Ok(_) => Ok(command),
            Err(why) => Err(self.unfit(command, &why)),
        }
    }

    /// What is said of words that an argument does not take.
    fn unfit(&self, mut command: Command, why: &clap::Error) -> Failure {
        command.build();
        let text = |kind| match why.get(kind) {
            Some(ContextValue::String(text)) => text.clone(),
            Some(ContextValue::Strings(texts)) => texts.join(", "),
            _ => String::new(),
        };
        let argument = text(ContextKind::InvalidArg);
        let run = command.find_subcommand("run");
        let id =
            run.and_then(|run| run.get_arguments().find(|known| known.to_string() == argument)).map(clap::Arg::get_id);
        let key = KEYS.iter().find(|key| id.is_some_and(|id| key.flag == Some(id.as_str())));
        let origin = key.and_then(|key| self.given.get(key.name)).map_or(Origin::Default, |given| given.origin.clone());
        let value = text(ContextKind::InvalidValue);
        let cause = match (why.source().map(ToString::to_string), text(ContextKind::ValidValue)) {
            (Some(source), _) if source.contains(&value) => source,
            (Some(source), _) => format!("`{value}`: {source}"),
            (None, valid) if !valid.is_empty() => format!("`{value}` is none of {valid}"),
            (None, _) => format!("`{value}`: {}", why.kind()),
        };
        let what = format!("invalid value of \"{}\" at {origin}", key.map_or(argument.as_str(), |key| key.name));
        Failure::new(Code::Configuration, what).line("cause", cause).line("fix", "detek list schemas config")
    }

    /// Works out the value of every key, given what was typed.
    pub(crate) fn settle(mut self, mut command: Command, typed: &ArgMatches) -> Self {
        command.build();
        let run = command.find_subcommand("run");
        let version = Given { words: vec!["1".to_owned()], origin: Origin::Default };
        for key in KEYS {
            let Some(flag) = key.flag else {
                let given = self.given.get(key.name).or(Some(&version).filter(|_| key.shape == Shape::Version));
                self.effective.extend(given.map(|given| Effective::new(key.name, given)));
                let settings = self.detectors.iter().filter(|_| key.shape == Shape::Detectors);
                let told = settings.flat_map(|(id, setting)| setting.told().into_iter().map(move |one| (id, one)));
                self.effective.extend(told.map(|(id, (name, value, place))| Effective {
                    key: format!("detectors.{id}.{name}"),
                    words: vec![value],
                    origin: Origin::File(place),
                }));
                continue;
            };
            let argument = run.and_then(|run| run.get_arguments().find(|argument| argument.get_id() == flag));
            let was_typed =
                typed.try_contains_id(flag).is_ok() && typed.value_source(flag) == Some(ValueSource::CommandLine);
            let value = if was_typed {
                let words = typed.get_raw(flag).into_iter().flatten().map(|word| word.to_string_lossy().into_owned());
                let name = argument.map_or_else(String::new, ToString::to_string);
                Given { words: words.collect(), origin: Origin::Flag(name) }
            } else if let Some(given) = self.given.get(key.name) {
                given.clone()
            } else {
                let defaults = argument.map(clap::Arg::get_default_values).unwrap_or_default();
                let words = defaults.iter().map(|word| word.to_string_lossy().into_owned()).collect();
                Given { words, origin: Origin::Default }
            };
            self.effective.push(Effective::new(key.name, &value));
        }
        self
    }

    /// The failure with the place where the argument that it is about was set, if it was not typed.
    pub(crate) fn place(&self, failure: Failure) -> Failure {
        let key = KEYS.iter().find(|key| key.flag.is_some() && key.flag == failure.argument());
        let effective = key.and_then(|key| self.effective.iter().find(|effective| effective.key == key.name));
        match effective.map(|effective| &effective.origin) {
            Some(origin @ (Origin::Variable(_) | Origin::File(_))) => failure.line("set at", origin.to_string()),
            _ => failure,
        }
    }
}

impl Effective {
    fn new(key: &str, given: &Given) -> Self {
        Effective { key: key.to_owned(), words: given.words.clone(), origin: given.origin.clone() }
    }
}

fn with_default(command: Command, (name, given): (&&'static str, &Given)) -> Command {
    let flag = KEYS.iter().find(|key| key.name == *name).and_then(|key| key.flag);
    match flag.filter(|flag| command.get_arguments().any(|argument| argument.get_id() == flag)) {
        Some(flag) => command.mut_arg(flag, |argument| argument.default_values(given.words.clone())),
        None => command,
    }
}

fn unknown(key: &Key, group: &str) -> Mistake {
    if group.is_empty() && FLAGS_ONLY.contains(&key.name.as_str()) {
        let what = format!("cannot use the key \"{}\"", key.name);
        let cause = format!("it is typed each time: --{}", key.name.replace('_', "-"));
        return Mistake { mark: key.mark, what, cause };
    }
    let below = |name: &'static str| match group {
        "" => name.split('.').next(),
        group => name.strip_prefix(group)?.strip_prefix('.'),
    };
    let mut known: Vec<&str> = KEYS.iter().filter_map(|key| below(key.name)).collect();
    known.dedup();
    key.unknown(&known)
}
