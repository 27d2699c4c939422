//! What the schema cannot say of a detector file: references between its parts, names, keys, parameters, and whether its
//! tests show what they must.

mod input;
mod tests;

use crate::{
    format::{DetectorBody, Expression, PackFile, Spec, Template},
    load::Fixtures,
    names::Used,
    param::ParamSpec,
    problem::{Code, Fault},
    source::Spanned,
    version::Version,
};
use detek_cel::meant;
use regex::Regex;
use std::{collections::HashMap, sync::LazyLock};

/// Most indexes of a detector.
const MAX_INDEXES: usize = 16;

/// Names that mean something else in expressions: the variables of detek and the words of CEL.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "cluster",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "item",
    "let",
    "loop",
    "namespace",
    "namespaceObject",
    "now",
    "null",
    "object",
    "package",
    "params",
    "return",
    "true",
    "var",
    "variables",
    "void",
    "while",
];

/// What a detector file is checked against.
pub(crate) struct Surroundings<'p> {
    /// Name of the file without directory and extension.
    pub(crate) stem: &'p str,
    /// The pack, if it could be read.
    pub(crate) pack: Option<&'p PackFile>,
    /// The files that tests may name.
    pub(crate) fixtures: &'p Fixtures,
}

/// A detector file while it is checked.
struct Check<'c> {
    file: &'c DetectorBody,
    around: &'c Surroundings<'c>,
    faults: &'c mut Vec<Fault>,
}

/// Adds what is wrong with a detector file that fits its schema to `faults`.
pub(crate) fn check(file: &DetectorBody, around: &Surroundings<'_>, faults: &mut Vec<Fault>) {
    let mut check = Check { file, around, faults };
    check.metadata();
    check.params();
    check.inputs();
    check.matching();
    check.entries();
    check.affects();
    check.unused();
    check.tests();
}

/// Adds what is wrong with the shared parameters of a pack.
pub(crate) fn check_pack(file: &PackFile, faults: &mut Vec<Fault>) {
    for (name, spec) in file.spec.params.iter() {
        match &spec.from {
            Some(from) => {
                let text = format!("the shared parameter `{}` cannot be taken from a pack", name.value);
                faults.push(Fault::new(Code::WrongValue, from.at, text).help("give it a `type`"));
            }
            None => check_param(name, spec, faults),
        }
    }
    unique(file.spec.removed.iter().map(|removed| &removed.id), "detector", faults);
}

fn check_param(name: &Spanned<String>, spec: &ParamSpec, faults: &mut Vec<Fault>) {
    if spec.kind.is_none() {
        let text = format!("`{}` has no `type`", name.value);
        let help = "the type of its value; for example `type: duration`";
        return faults.push(Fault::new(Code::MissingField, name.at, text).help(help));
    }
    let what = |text| format!("the parameter `{}` {text}", name.value);
    let wrong = spec.faults().into_iter();
    faults.extend(wrong.map(|(at, text, why)| Fault::new(Code::WrongValue, at, what(text)).help(why)));
}

/// Names of which each may be given once.
fn unique<'n>(names: impl IntoIterator<Item = &'n Spanned<String>>, what: &str, faults: &mut Vec<Fault>) {
    let mut seen = HashMap::new();
    for name in names {
        match seen.get(name.value.as_str()) {
            Some(first) => {
                let text = format!("{what} `{}` is given twice", name.value);
                let fault = Fault::new(Code::DuplicateId, name.at, text).also("first given at", *first);
                faults.push(fault.help("rename or remove one of them"));
            }
            None => drop(seen.insert(name.value.as_str(), name.at)),
        }
    }
}

/// What to write instead of an unknown name.
fn instead<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    match meant(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there is none".into(),
        None => format!("there is {}", known.join(", ")),
    }
}

impl Spec {
    /// Every expression but those of inputs.
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let own = [&self.level_expression, &self.matching.condition, &self.items].into_iter().flatten();
        let entries = self.detect.iter().flat_map(|entry| {
            let values = entry.evidence.iter().map(|(_, value)| value);
            [&entry.when].into_iter().chain(&entry.level_expression).chain(values).chain(&entry.fingerprint)
        });
        own.chain(self.variables.iter().map(|variable| &variable.expression)).chain(entries)
    }

    /// Every template.
    fn templates(&self) -> impl Iterator<Item = &Template> {
        let subjects = self.subject.iter().chain(self.detect.iter().filter_map(|entry| entry.subject.as_ref()));
        let entries =
            self.detect.iter().flat_map(|entry| [&entry.message].into_iter().chain(&entry.path).chain(&entry.related));
        entries.chain(subjects.flat_map(crate::SubjectSpec::templates))
    }
}

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\{\{(.*?)\}\}").expect("a constant pattern is valid"));

impl Check<'_> {
    fn fault(&mut self, code: Code, at: &Spanned<String>, text: String) -> &mut Fault {
        self.faults.push(Fault::new(code, at.at, text));
        self.faults.last_mut().expect("a fault was just added")
    }

    fn metadata(&mut self) {
        let metadata = &self.file.metadata;
        if metadata.id.value != self.around.stem {
            let text = format!("`{}` stands in a file that is named `{}`", metadata.id.value, self.around.stem);
            self.fault(Code::BadId, &metadata.id, text)
                .set_help(format!("rename the file to `{}.yaml`", metadata.id.value));
        }
        let version = |text: &str| text.parse::<Version>().ok();
        if let (Some(removed), Some(pack)) = (&metadata.lifecycle.removed_in, self.around.pack)
            && version(&pack.metadata.version).zip(version(removed)).is_some_and(|(now, removed)| now >= removed)
        {
            let text = format!("was to be removed in {}, and the pack is {}", removed.value, pack.metadata.version);
            let help = "remove the file and list the id under `spec.removed` of pack.yaml";
            self.fault(Code::PastRemoval, removed, text).set_help(help);
        }
    }

    fn params(&mut self) {
        let shared = self.around.pack.map(|pack| &pack.spec.params);
        for (name, spec) in self.file.spec.params.iter() {
            let Some(from) = &spec.from else {
                check_param(name, spec, self.faults);
                continue;
            };
            if spec.kind.is_some() || spec.default.is_some() || spec.choices.is_some() {
                let text = format!("`{}` is taken from the pack, so it says nothing else", name.value);
                self.fault(Code::WrongValue, from, text).set_help("remove the other fields, or `from`");
            } else if shared.and_then(|params| params.get(name)).is_none() {
                let text = format!("pack.yaml has no parameter `{}`", name.value);
                let help = instead(name, shared.into_iter().flat_map(crate::Named::names));
                self.fault(Code::WrongValue, from, text).set_help(help);
            }
        }
    }

    /// The declaration of a parameter, in the pack if it is taken from there.
    fn param(&self, name: &str) -> Option<&ParamSpec> {
        let own = self.file.spec.params.get(name)?;
        match &own.from {
            Some(_) => self.around.pack.and_then(|pack| pack.spec.params.get(name)),
            None => Some(own),
        }
    }

    fn matching(&mut self) {
        let (spec, id) = (&self.file.spec, &self.file.metadata.id);
        let once = spec.matching.once.as_ref().filter(|once| once.value);
        match (&spec.matching.foreach, once) {
            (None, None) => {
                let text = "`match` says neither `foreach` nor `once: true`".into();
                self.fault(Code::MissingField, id, text)
                    .set_help("name the input whose elements are judged: `foreach: pods`");
            }
            (Some(foreach), Some(_)) => {
                let text = "`foreach` and `once` exclude each other".into();
                self.fault(Code::WrongValue, foreach, text).set_help("remove one of them");
            }
            (Some(foreach), None) => match spec.inputs.get(foreach) {
                None => {
                    let text = format!("there is no input `{}`", foreach.value);
                    self.fault(Code::WrongValue, foreach, text).set_help(instead(foreach, spec.inputs.names()));
                }
                Some(input) if input.optional => {
                    let text = format!("`{}` is judged one by one, so it cannot be optional", foreach.value);
                    self.fault(Code::WrongValue, foreach, text).set_help("remove `optional: true`");
                }
                Some(_) => {}
            },
            (None, Some(_)) => {}
        }
    }

    fn entries(&mut self) {
        let spec = &self.file.spec;
        unique(spec.detect.iter().map(|entry| &entry.id), "entry", self.faults);
        unique(spec.variables.iter().map(|variable| &variable.name), "variable", self.faults);
        if spec.subject.is_some() || self.subject_is_known() {
            return;
        }
        for entry in spec.detect.iter().filter(|entry| entry.subject.is_none()) {
            let text = format!("`{}` does not say which object its findings are about", entry.id.value);
            let help = "what is judged is no object of Kubernetes: add `spec.subject` with `kind` and `name`";
            self.fault(Code::MissingField, &entry.id, text).set_help(help);
        }
    }

    /// Whether what is judged names itself; also if that cannot be told for another fault.
    fn subject_is_known(&self) -> bool {
        let spec = &self.file.spec;
        let Some(foreach) = &spec.matching.foreach else { return spec.matching.once.is_none() };
        let key = spec.inputs.get(foreach).and_then(|input| crate::Key::parse(&input.key).ok());
        key.is_none_or(|key| key.is_kubernetes_object())
    }

    fn affects(&mut self) {
        for range in self.file.spec.affects.iter().flat_map(|affects| &affects.ranges) {
            if let (Some(_), Some(last)) = (&range.fixed, &range.last_affected) {
                let text = "`fixed` and `lastAffected` exclude each other".into();
                self.fault(Code::WrongValue, last, text).set_help("`fixed` is the first version without it");
            }
        }
    }

    fn unused(&mut self) {
        let spec = &self.file.spec;
        let mut used = Used::default();
        spec.expressions().for_each(|expression| used.add(expression));
        let arguments = spec.inputs.iter().flat_map(|(_, input)| input.args.iter());
        let arguments = arguments.filter_map(|(_, value)| value.as_str());
        for text in spec.templates().map(|template| template.value.as_str()).chain(arguments) {
            PLACEHOLDER.captures_iter(text).for_each(|found| used.add(&found[1]));
        }
        let foreach = spec.matching.foreach.as_ref().map(|foreach| foreach.value.as_str());
        // Where it is not clear what is judged, one of them may be meant.
        let clear = foreach.map_or(spec.matching.once.is_some(), |name| spec.inputs.get(name).is_some());
        for (name, input) in spec.inputs.iter().filter(|_| clear) {
            let implied = !spec.affects.is_empty() && input.key.value == "cluster/components";
            if !implied && foreach != Some(name.value.as_str()) && !used.roots.contains(&name.value) {
                self.unused_name("input", name);
            }
        }
        for (name, _) in spec.params.iter().filter(|(name, _)| !used.params.contains(&name.value)) {
            self.unused_name("parameter", name);
        }
        for variable in spec.variables.iter().filter(|variable| !used.variables.contains(&variable.name.value)) {
            self.unused_name("variable", &variable.name);
        }
    }

    fn unused_name(&mut self, what: &str, name: &Spanned<String>) {
        self.fault(Code::Unused, name, format!("{what} `{}` is never used", name.value)).set_help("remove it");
    }
}
