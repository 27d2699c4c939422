//! All expressions of a detector, compiled for one set of parameters.

use super::{intern, kind};
use crate::{
    codes::Code,
    format::{DetectEntry, DetectorFile, Expression, InputSpec, OnAbsent, SubjectSpec, Template},
    param::ParamValue,
    problem::Problem,
    source::Spanned,
};
use detek_cel::{Compiler, Kind, Program, Read, Rule, Want};
use detek_core::{InputKind, Level};
use detek_doc::{Keep, Projection};
use std::collections::BTreeMap;

/// Where the names of the environment find their values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slots {
    pub(super) now: usize,
    pub(super) cluster: usize,
    pub(super) namespace: usize,
    pub(super) object: usize,
    pub(super) item: usize,
    /// All of them, with those of loops.
    pub(super) all: usize,
}

/// An input with what is read of it.
#[derive(Debug)]
pub(super) struct CompiledInput {
    pub(super) kind: InputKind,
    pub(super) optional: bool,
    pub(super) empty_if_absent: bool,
    /// Whether it may be narrowed to some namespaces.
    pub(super) narrow: bool,
    pub(super) indexes: Vec<CompiledIndex>,
    pub(super) reads: Vec<Read>,
}

impl CompiledInput {
    /// Adds what is read to a projection.
    pub(super) fn keep(&self, projection: &mut Projection) {
        for read in &self.reads {
            let keys: Vec<&str> = read.path.keys.iter().map(String::as_str).collect();
            // What may not be read was refused when the detector was compiled.
            let _ = projection.keep(&keys, read.keep);
        }
    }
}

#[derive(Debug)]
pub(super) struct CompiledIndex {
    pub(super) key: Program,
    pub(super) many: bool,
    /// What two indexes that are the same have in common.
    pub(super) name: String,
}

/// One condition and what it says.
#[derive(Debug)]
pub(super) struct CompiledEntry {
    pub(super) id: &'static str,
    pub(super) when: Program,
    pub(super) message: detek_cel::Template,
    pub(super) evidence: Vec<(&'static str, Program)>,
    pub(super) path: Option<detek_cel::Template>,
    pub(super) related: Vec<detek_cel::Template>,
    pub(super) fingerprint: Vec<Program>,
    pub(super) level: Level,
    pub(super) level_expression: Option<Program>,
    pub(super) subject: Option<CompiledSubject>,
}

#[derive(Debug)]
pub(super) struct CompiledSubject {
    pub(super) api_version: Option<detek_cel::Template>,
    pub(super) kind: detek_cel::Template,
    pub(super) namespace: Option<detek_cel::Template>,
    pub(super) name: Option<detek_cel::Template>,
}

/// A detector ready to judge.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) slots: Slots,
    /// In the order of the file; the number is that of `Input` in frames. The namespaces follow if they are read.
    pub(super) inputs: Vec<CompiledInput>,
    /// The input whose documents are judged one by one.
    pub(super) subject: Option<usize>,
    /// The input with the namespaces, if an expression or a selector reads that of the object.
    pub(super) namespaces: Option<usize>,
    pub(super) condition: Option<Program>,
    pub(super) items: Option<Program>,
    pub(super) variables: Vec<Program>,
    pub(super) entries: Vec<CompiledEntry>,
    pub(super) uses_cluster: bool,
}

impl Compiled {
    /// Estimated units for one object with one item.
    pub(super) fn cost(&self) -> u64 {
        let always = self.condition.iter().chain(&self.items).chain(&self.variables);
        let entries = self.entries.iter().map(|entry| &entry.when);
        always.chain(entries).map(Program::cost).fold(0, u64::saturating_add)
    }
}

/// Where the namespaces of a cluster are.
const NAMESPACES: &str = "kubernetes/core/v1/namespaces";

/// Compiles a detector, and says what may be better.
///
/// # Errors
/// Everything that is wrong with its expressions.
pub(super) fn compile(
    file: &DetectorFile,
    params: &BTreeMap<String, ParamValue>,
) -> Result<(Compiled, Vec<Problem>), Vec<Problem>> {
    let mut work = Work { file, compiler: Compiler::new(), reads: Vec::new(), problems: Vec::new() };
    let compiled = work.all(params);
    let (errors, warnings): (Vec<Problem>, Vec<Problem>) =
        work.problems.into_iter().partition(|problem| problem.severity() == crate::problem::Severity::Error);
    match compiled {
        Some(compiled) if errors.is_empty() => Ok((compiled, warnings)),
        _ => Err(errors.into_iter().chain(warnings).collect()),
    }
}

struct Work<'f> {
    file: &'f DetectorFile,
    compiler: Compiler,
    reads: Vec<Read>,
    problems: Vec<Problem>,
}

impl<'f> Work<'f> {
    fn all(&mut self, params: &BTreeMap<String, ParamValue>) -> Option<Compiled> {
        let spec = &self.file.spec;
        let params: serde_json::Map<String, serde_json::Value> =
            params.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
        let subject = spec.matching.foreach.as_ref().and_then(|name| spec.inputs.names().position(|n| n == name.value));
        let mut inputs: Vec<CompiledInput> = spec.inputs.iter().map(|(_, input)| self.input(input, &params)).collect();
        let mut slots = Slots {
            now: self.compiler.typed_slot("now", Kind::Timestamp),
            cluster: self.compiler.typed_slot("cluster", Kind::Map),
            ..Slots::default()
        };
        self.compiler.constant("params", params.into());
        self.refuse_what_waits();
        for (number, (name, input)) in spec.inputs.iter().enumerate() {
            let indexes = input.index.iter().map(|(name, index)| (name.value.clone(), index.unique)).collect();
            self.compiler.input(name, number, indexes);
        }
        let namespaces = self.reads_namespaces().then_some(inputs.len());
        if let Some(number) = namespaces {
            inputs.push(by_name(NAMESPACES, spec.matching.namespace_selector.is_none()));
            slots.namespace = self.compiler.other_document("namespaceObject", number);
        }
        if let Some(subject) = subject {
            slots.object = self.compiler.document("object", subject);
        }
        let condition = self.optional_expression(spec.matching.condition.as_ref(), Want::Bool);
        let items = self.optional_expression(spec.items.as_ref(), Want::List);
        slots.item = match (&items, subject) {
            (Some(items), _) => self.compiler.element("item", items),
            (None, Some(subject)) => self.compiler.document("item", subject),
            (None, None) => self.compiler.slot("item"),
        };
        let variables = self.variables();
        let entries: Vec<CompiledEntry> = spec.detect.iter().filter_map(|entry| self.entry(entry)).collect();
        slots.all = self.most_slots(condition.as_ref(), items.as_ref(), &variables, &entries);
        self.distribute(&mut inputs, subject, namespaces);
        let complete = entries.len() == spec.detect.len() && variables.len() == spec.variables.len();
        complete.then_some(Compiled {
            slots,
            inputs,
            subject,
            namespaces,
            condition,
            items,
            variables,
            entries,
            uses_cluster: self.mentions("cluster"),
        })
    }

    /// What the format has and nothing does yet is refused: as if it were not there, it would accuse more objects than it
    /// may. What no collector reads does not apply anyway.
    fn refuse_what_waits(&mut self) {
        let spec = &self.file.spec;
        for (_, input) in spec.inputs.iter().filter(|(_, input)| input.key.starts_with("kubernetes/")) {
            let args = input.args.iter().map(|(name, _)| name.value.as_str());
            let fields = [
                ("maxAge", input.max_age.is_some()),
                ("maxItems", input.max_items.is_some()),
                ("consistent", input.consistent),
            ];
            for waits in args.chain(fields.into_iter().filter_map(|(name, given)| given.then_some(name))) {
                let text = format!("`{waits}` of {} is not yet possible", input.key.value);
                let problem = self.file.problem(Code::WrongValue, &input.key, 0, input.key.chars().count(), &text);
                self.problems.push(problem.help("read all, and let `where` say which objects it is about"));
            }
        }
        if let Some(affects) = spec.affects.first() {
            let component = &affects.component;
            let text = "`affects` is not yet possible";
            let problem = self.file.problem(Code::WrongValue, component, 0, component.chars().count(), text);
            self.problems
                .push(problem.help("compare versions in `where`: `version.inRange(cluster.version, '<1.30')`"));
        }
        if let Some(key) = spec.inputs.iter().map(|(_, input)| &input.key).find(|key| key.starts_with("cluster/")) {
            let text = format!("{} is not yet read", key.value);
            let problem = self.file.problem(Code::UnknownKey, key, 0, key.chars().count(), &text);
            self.problems.push(problem.help("the variable `cluster` has its id, name and version"));
        }
    }

    /// Whether an expression may use a name.
    fn mentions(&self, name: &str) -> bool {
        let mut used = crate::names::Used::default();
        for text in texts(self.file) {
            used.add(text);
        }
        used.roots.contains(name)
    }

    fn reads_namespaces(&self) -> bool {
        self.file.spec.matching.namespace_selector.is_some() || self.mentions("namespaceObject")
    }

    fn input(&mut self, input: &'f InputSpec, params: &serde_json::Map<String, serde_json::Value>) -> CompiledInput {
        let kind = kind(&input.key);
        let mut compiler = Compiler::new();
        compiler.constant("params", params.clone().into());
        compiler.document("object", 0);
        let (mut indexes, mut reads) = (Vec::new(), Vec::new());
        for (_, index) in input.index.iter() {
            let want = if index.many { Want::Any } else { Want::Text };
            match compiler.expression(&index.key, want) {
                Ok(key) => {
                    reads.extend(key.reads().iter().cloned());
                    let name = format!(
                        "{}\n{}\n{}\n{}",
                        input.key.value,
                        index.many,
                        index.key.value,
                        serde_json::Value::from(params.clone())
                    );
                    indexes.push(CompiledIndex { key, many: index.many, name });
                }
                Err(problems) => self.report(&index.key, problems),
            }
        }
        CompiledInput {
            kind,
            optional: input.optional,
            empty_if_absent: input.on_absent == OnAbsent::Empty,
            narrow: input.scope == crate::format::InputScope::Namespace,
            indexes,
            reads,
        }
    }

    fn variables(&mut self) -> Vec<Program> {
        let variables = &self.file.spec.variables;
        self.compiler.announce(variables.iter().map(|variable| variable.name.value.clone()));
        let mut programs = Vec::new();
        for variable in variables {
            if let Some(program) = self.expression(&variable.expression, Want::Passed) {
                self.compiler.variable(&variable.name, &program);
                programs.push(program);
            }
        }
        programs
    }

    fn entry(&mut self, entry: &'f DetectEntry) -> Option<CompiledEntry> {
        let spec = &self.file.spec;
        let when = self.expression(&entry.when, Want::Bool);
        let message = self.template(&entry.message);
        let mut evidence = Vec::new();
        for (name, expression) in entry.evidence.iter() {
            evidence.extend(self.expression(expression, Want::Any).map(|program| (intern::text(name), program)));
        }
        let path = entry.path.as_ref().map(|path| self.template(path));
        let related: Vec<_> = entry.related.iter().map(|related| self.template(related)).collect();
        let fingerprint: Vec<_> =
            entry.fingerprint.iter().map(|expression| self.expression(expression, Want::Any)).collect();
        let level_expression = entry.level_expression.as_ref().or(match entry.level {
            Some(_) => None,
            None => spec.level_expression.as_ref(),
        });
        let level_expression = level_expression.map(|expression| self.expression(expression, Want::Text));
        let subject = entry.subject.as_ref().or(spec.subject.as_ref()).map(|subject| self.subject(subject));
        Some(CompiledEntry {
            id: intern::text(&entry.id),
            when: when?,
            message: message?,
            evidence,
            path: path.map_or(Some(None), |path| path.map(Some))?,
            related: related.into_iter().collect::<Option<_>>()?,
            fingerprint: fingerprint.into_iter().collect::<Option<_>>()?,
            level: entry.level.unwrap_or(spec.level),
            level_expression: level_expression.map_or(Some(None), |program| program.map(Some))?,
            subject: subject.map_or(Some(None), |subject| subject.map(Some))?,
        })
    }

    fn subject(&mut self, subject: &'f SubjectSpec) -> Option<CompiledSubject> {
        let mut optional = |template: Option<&'f Template>| match template {
            Some(template) => self.template(template).map(Some),
            None => Some(None),
        };
        let (api_version, namespace, name) = (
            optional(subject.api_version.as_ref()),
            optional(subject.namespace.as_ref()),
            optional(subject.name.as_ref()),
        );
        let kind = self.template(&subject.kind);
        Some(CompiledSubject { api_version: api_version?, kind: kind?, namespace: namespace?, name: name? })
    }

    fn optional_expression(&mut self, expression: Option<&'f Expression>, want: Want) -> Option<Program> {
        self.expression(expression?, want)
    }

    fn expression(&mut self, expression: &Expression, want: Want) -> Option<Program> {
        match self.compiler.expression(expression, want) {
            Ok(program) => {
                self.report(expression, program.warnings().to_vec());
                self.reads.extend(program.reads().iter().cloned());
                Some(program)
            }
            Err(problems) => {
                self.report(expression, problems);
                None
            }
        }
    }

    fn template(&mut self, template: &Template) -> Option<detek_cel::Template> {
        match self.compiler.template(template) {
            Ok(compiled) => {
                for program in compiled.programs() {
                    self.reads.extend(program.reads().iter().cloned());
                }
                Some(compiled)
            }
            Err(problems) => {
                self.report(template, problems);
                None
            }
        }
    }

    fn report(&mut self, scalar: &Spanned<String>, problems: Vec<detek_cel::Problem>) {
        for detek_cel::Problem { rule, place, text, help } in problems {
            let problem = self.file.problem(code(rule), scalar, place.start, place.len(), &text);
            self.problems.push(match help {
                Some(help) => problem.help(help),
                None => problem,
            });
        }
    }

    /// Gives each input what is read of it, and refuses what detek redacts.
    fn distribute(&mut self, inputs: &mut [CompiledInput], subject: Option<usize>, namespaces: Option<usize>) {
        for read in std::mem::take(&mut self.reads) {
            inputs[read.path.input].reads.push(read);
        }
        let matching = &self.file.spec.matching;
        let mut labels = |input: Option<usize>, wanted: bool| {
            if let (Some(input), true) = (input, wanted) {
                let keys = vec!["metadata".to_owned(), "labels".to_owned()];
                inputs[input].reads.push(Read { path: detek_cel::Path { input, keys }, keep: Keep::All });
            }
        };
        labels(subject, matching.selector.is_some());
        labels(namespaces, matching.namespace_selector.is_some());
        for (input, (name, spec)) in inputs.iter().zip(self.file.spec.inputs.iter()) {
            let mut projection = Projection::new(input.kind.key.as_str());
            for read in &input.reads {
                let keys: Vec<&str> = read.path.keys.iter().map(String::as_str).collect();
                if let Err(redacted) = projection.keep(&keys, read.keep) {
                    let text = format!("input `{}`: {redacted}", name.value);
                    self.problems.push(self.file.problem(
                        Code::NotAllowed,
                        &spec.key,
                        0,
                        spec.key.chars().count(),
                        &text,
                    ));
                }
            }
        }
    }

    fn most_slots(
        &self,
        condition: Option<&Program>,
        items: Option<&Program>,
        variables: &[Program],
        entries: &[CompiledEntry],
    ) -> usize {
        let templates = entries.iter().flat_map(|entry| {
            let subject = entry.subject.iter().flat_map(|subject| {
                [&subject.api_version, &subject.namespace, &subject.name].into_iter().flatten().chain([&subject.kind])
            });
            entry.path.iter().chain(&entry.related).chain([&entry.message]).chain(subject)
        });
        let programs = entries.iter().flat_map(|entry| {
            entry
                .evidence
                .iter()
                .map(|(_, program)| program)
                .chain(&entry.fingerprint)
                .chain(&entry.level_expression)
                .chain([&entry.when])
        });
        let all = condition.into_iter().chain(items).chain(variables).chain(programs);
        let most = all.chain(templates.flat_map(detek_cel::Template::programs)).map(Program::slots).max();
        most.unwrap_or(0).max(self.compiler.slots())
    }
}

/// An input whose documents are found by their names.
fn by_name(key: &str, optional: bool) -> CompiledInput {
    let mut compiler = Compiler::new();
    compiler.document("object", 0);
    let name = compiler.expression("object.metadata.name", Want::Text).expect("it is an expression");
    CompiledInput {
        kind: kind(key),
        optional,
        empty_if_absent: false,
        narrow: false,
        reads: name.reads().to_vec(),
        indexes: vec![CompiledIndex { key: name, many: false, name: format!("{key} by name") }],
    }
}

/// All expressions and templates that are evaluated with the names of the environment.
fn texts(file: &DetectorFile) -> Vec<&str> {
    let spec = &file.spec;
    let mut texts: Vec<&Spanned<String>> = Vec::new();
    texts.extend(&spec.matching.condition);
    texts.extend(&spec.items);
    texts.extend(&spec.level_expression);
    texts.extend(spec.variables.iter().map(|variable| &variable.expression));
    texts.extend(spec.subject.iter().flat_map(SubjectSpec::templates));
    for entry in &spec.detect {
        texts.extend([&entry.when, &entry.message]);
        texts.extend(entry.evidence.iter().map(|(_, expression)| expression));
        texts.extend(entry.path.iter().chain(&entry.related).chain(&entry.fingerprint).chain(&entry.level_expression));
        texts.extend(entry.subject.iter().flat_map(SubjectSpec::templates));
    }
    texts.into_iter().map(|text| text.value.as_str()).collect()
}

fn code(rule: Rule) -> Code {
    match rule {
        Rule::Syntax => Code::Syntax,
        Rule::UnknownName => Code::UnknownName,
        Rule::NotYetDefined => Code::UsedTooEarly,
        Rule::WrongResult => Code::WrongResult,
        Rule::BadLiteral => Code::BadLiteral,
        Rule::NotOptional => Code::NotOptional,
        Rule::TooLarge => Code::TooComplex,
        Rule::TooCostly => Code::TooCostly,
        Rule::MixedTypes => Code::MixedTypes,
        Rule::NullComparison => Code::NullComparison,
        Rule::Constant => Code::ConstantCondition,
        Rule::WholeObject => Code::WholeObject,
        Rule::Scan => Code::Scan,
        Rule::ComputedPattern => Code::ComputedPattern,
    }
}
