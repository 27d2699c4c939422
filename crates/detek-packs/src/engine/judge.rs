//! One object after the other: scope, items, conditions, and what is said of those that hold.

use super::compile::{Compiled, CompiledEntry, CompiledSubject, Slots};
use crate::format::{DetectorFile, LabelExpression, LabelOperator, LabelSelector};
use bumpalo::Bump;
use detek_cel::{Error, Fault, Frame, Index, Input, Value};
use detek_core::{Findings, Judge, Level, ObjectRef, Subject, SubjectInput, glob};
use detek_doc::{Doc, RowError, Store};
use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// Units that one object may cost.
const OBJECT: u64 = 1_000_000;
/// Units that a run may cost, and those that are added for each object.
const RUN: i64 = 50_000_000;
const EACH: i64 = 1_000;

/// Documents as they are; who judges them names the inputs.
pub(super) struct Whole;

impl Subject for Whole {
    type Row<'s> = Doc<'s>;

    fn inputs() -> Vec<SubjectInput> {
        Vec::new()
    }

    fn read(_: usize, doc: Doc<'_>) -> Result<Doc<'_>, RowError> {
        Ok(doc)
    }
}

/// An input in hand.
pub(super) struct Joined {
    pub(super) documents: Arc<Store>,
    pub(super) complete: bool,
    pub(super) indexes: Vec<Arc<Index>>,
}

/// A detector with its inputs in hand.
pub(super) struct Judging {
    id: &'static str,
    compiled: Arc<Compiled>,
    file: Arc<DetectorFile>,
    inputs: Vec<Joined>,
    /// Units that are left of those of the run.
    left: AtomicI64,
    /// Units that one object may cost here.
    limit: u64,
}

/// What is asked for may lie in the part of an input that was not read.
struct NotRead;

thread_local! {
    /// Memory of the values of one object.
    static SCRATCH: RefCell<Bump> = RefCell::new(Bump::new());
}

impl Judging {
    pub(super) fn new(id: &'static str, compiled: Arc<Compiled>, file: Arc<DetectorFile>, inputs: Vec<Joined>) -> Self {
        let limit = file.spec.limits.cost.unwrap_or(OBJECT).min(OBJECT);
        Judging { id, compiled, file, inputs, left: AtomicI64::new(RUN), limit }
    }
}

impl Judge<Whole> for Judging {
    fn check(&self, _: usize, doc: &Doc<'_>, found: &mut Findings<'_>) {
        if !self.is_in_scope(*doc) {
            found.out_of_scope();
            return;
        }
        if self.left.load(Ordering::Relaxed) < 0 {
            found.error("cost_limit: the detector has used what it may cost in one run");
            return;
        }
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.reset();
            let spent = self.judge(*doc, scratch, found);
            self.left.fetch_add(EACH - spent, Ordering::Relaxed);
        });
    }
}

impl Judging {
    /// What the match says of namespaces and labels.
    fn is_in_scope(&self, doc: Doc<'_>) -> bool {
        let matching = &self.file.spec.matching;
        let text = |path: &[&str]| doc.at(path).and_then(Doc::as_str).unwrap_or_default();
        if !(matching.namespaces.is_empty() && matching.exclude_namespaces.is_empty()) {
            let namespace = text(&["metadata", "namespace"]);
            let any = |globs: &[String]| globs.iter().any(|pattern| glob(pattern, namespace));
            if (!matching.namespaces.is_empty() && !any(&matching.namespaces)) || any(&matching.exclude_namespaces) {
                return false;
            }
        }
        let labels = doc.at(&["metadata", "labels"]);
        matching.selector.as_ref().is_none_or(|selector| selects(selector, labels))
    }

    /// Judges an object; gives what it cost.
    fn judge(&self, doc: Doc<'_>, scratch: &Bump, found: &mut Findings<'_>) -> i64 {
        let compiled = &*self.compiled;
        let inputs = scratch.alloc_slice_fill_iter(self.inputs.iter().map(|joined| Input {
            documents: &joined.documents,
            complete: joined.complete,
            indexes: &joined.indexes,
        }));
        let Slots { now, cluster, namespace, object, item, all } = compiled.slots;
        let mut frame = Frame::new(scratch, all, inputs, &compiled.variables, self.limit);
        let start = frame.fuel();
        frame.set(now, Value::Timestamp(found.now()));
        if compiled.uses_cluster {
            frame.set(cluster, about(found, scratch));
        }
        if compiled.subject.is_some() {
            frame.set(object, Value::Stored(doc));
            frame.set(item, Value::Stored(doc));
        }
        if let Some(number) = compiled.namespaces {
            let Ok(selected) = self.namespace_of(doc, number) else {
                found.error("its namespace was not read");
                return 0;
            };
            let labels = selected.and_then(|namespace| namespace.at(&["metadata", "labels"]));
            if self.file.spec.matching.namespace_selector.as_ref().is_some_and(|selector| !selects(selector, labels)) {
                found.out_of_scope();
                return 0;
            }
            frame.set(namespace, selected.map_or(Value::Null, Value::Stored));
        }
        if let Err(why) = self.conditions(&mut frame, doc, found) {
            found.error(self.told("", why));
        }
        start - frame.fuel()
    }

    /// The namespace of an object; none for what lives in none, or in one that is gone.
    ///
    /// # Errors
    /// If it was not read.
    fn namespace_of(&self, doc: Doc<'_>, number: usize) -> Result<Option<Doc<'_>>, NotRead> {
        let Some(name) = doc.at(&["metadata", "namespace"]).and_then(Doc::as_str) else { return Ok(None) };
        let Joined { documents, complete, indexes } = &self.inputs[number];
        match indexes.iter().find_map(|by_name| by_name.find(name).next()) {
            Some(number) => Ok(Some(documents.doc(number))),
            None if *complete => Ok(None),
            None => Err(NotRead),
        }
    }

    fn conditions<'a>(&'a self, frame: &mut Frame<'a>, doc: Doc<'_>, found: &mut Findings<'_>) -> Result<(), Error> {
        let compiled = &*self.compiled;
        if let Some(condition) = &compiled.condition
            && !condition.holds(frame)?
        {
            found.out_of_scope();
            return Ok(());
        }
        let Some(items) = &compiled.items else {
            return self.entries(frame, doc, found);
        };
        let items = items.eval(frame)?;
        for item in items.list().ok_or(Error { fault: Fault::NoSuchOverload, at: 0 })? {
            frame.set(compiled.slots.item, item);
            frame.next();
            self.entries(frame, doc, found)?;
        }
        Ok(())
    }

    /// Every entry is tried; what cannot be evaluated is an error of the object, and the others go on.
    fn entries<'a>(&'a self, frame: &mut Frame<'a>, doc: Doc<'_>, found: &mut Findings<'_>) -> Result<(), Error> {
        for entry in &self.compiled.entries {
            match entry.when.holds(frame) {
                Ok(true) => self.report(entry, frame, doc, found),
                Ok(false) => {}
                Err(why) if why.fault == Fault::CostLimit => return Err(why),
                Err(why) => found.error(self.told(entry.id, why)),
            }
        }
        Ok(())
    }

    fn report<'a>(&'a self, entry: &'a CompiledEntry, frame: &mut Frame<'a>, doc: Doc<'_>, found: &mut Findings<'_>) {
        let message = entry.message.render(frame);
        let subject = match &entry.subject {
            Some(subject) => Some(named(subject, frame)),
            None if self.file.spec.owner_rollup => None,
            None => self.compiled.subject.map(|number| {
                let kind = &self.compiled.inputs[number].kind;
                let text = |key| doc.at(&["metadata", key]).and_then(Doc::as_str).unwrap_or_default();
                ObjectRef::new(&kind.group, &kind.kind, text("namespace"), text("name"))
            }),
        };
        let mut level = entry.level;
        if let Some(expression) = &entry.level_expression {
            match expression.eval(frame) {
                Ok(Value::Text(name)) => match name.parse::<Level>() {
                    Ok(named) if Level::OF_FINDINGS.contains(&named) => level = named,
                    _ => found.error(format!("{}: `{name}` is no level of a finding", entry.id)),
                },
                Ok(_) => found.error(self.told(entry.id, Error { fault: Fault::NoSuchOverload, at: 0 })),
                Err(why) => found.error(self.told(entry.id, why)),
            }
        }
        let evidence = entry.evidence.iter().filter_map(|(name, program)| match program.eval(frame) {
            // What was not there was not seen.
            Ok(Value::Optional(None)) => None,
            Ok(value) => Some((*name, value.to_json())),
            Err(why) => Some((*name, format!("<error: {}>", why.fault).into())),
        });
        let evidence: Vec<_> = evidence.collect();
        let path = entry.path.as_ref().map(|path| path.render(frame));
        let related: Vec<String> = entry.related.iter().map(|related| related.render(frame)).collect();
        let keys = entry.fingerprint.iter().map(|program| match program.eval(frame) {
            Ok(value) => match value.to_json() {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            },
            Err(why) => why.fault.to_string(),
        });
        let keys: Vec<String> = keys.collect();
        let draft = found.add(entry.id, message);
        draft.level(level);
        for (name, value) in evidence {
            draft.evidence(name, value);
        }
        if let Some(subject) = subject {
            draft.subject(subject);
        }
        if let Some(path) = path {
            draft.path(path);
        }
        for related in related.iter().filter_map(|text| object(text)) {
            draft.related(related);
        }
        if self.file.spec.fingerprint_version != 1 {
            draft.key(format!("version {}", self.file.spec.fingerprint_version));
        }
        for key in keys {
            draft.key(key);
        }
    }

    /// Why an object could not be judged: `mutable_tag: no such key`.
    fn told(&self, entry: &str, why: Error) -> String {
        let of = if entry.is_empty() { self.id } else { entry };
        match why.fault {
            Fault::CostLimit => format!("cost_limit: {of} costs more than {} units for one object", self.limit),
            fault => format!("{of}: {fault}"),
        }
    }
}

fn named<'a>(subject: &'a CompiledSubject, frame: &mut Frame<'a>) -> ObjectRef {
    let mut text =
        |template: Option<&'a detek_cel::Template>| template.map_or_else(String::new, |text| text.render(frame));
    let version = text(subject.api_version.as_ref());
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let (kind, namespace, name) =
        (text(Some(&subject.kind)), text(subject.namespace.as_ref()), text(subject.name.as_ref()));
    ObjectRef::new(group, &kind, &namespace, &name)
}

/// `Service/shop/web` or `Node/a`.
fn object(text: &str) -> Option<ObjectRef> {
    match text.split('/').collect::<Vec<_>>()[..] {
        [kind, namespace, name] => Some(ObjectRef::new("", kind, namespace, name)),
        [kind, name] => Some(ObjectRef::new("", kind, "", name)),
        _ => None,
    }
}

/// The variable `cluster`.
fn about<'a>(found: &Findings<'_>, scratch: &'a Bump) -> Value<'a> {
    let target = found.cluster();
    let text = |text: &str| Value::Text(scratch.alloc_str(text));
    let entries = [
        ("id", text(&target.cluster_id)),
        ("labels", Value::Map(&[])),
        ("name", text(&target.context)),
        ("platform", text(target.version.as_deref().map_or("", platform))),
        ("version", text(target.version.as_deref().unwrap_or_default())),
    ];
    Value::Map(scratch.alloc_slice_fill_iter(entries.map(|(key, value)| (Value::Text(key), value))))
}

/// What the suffix of a version says of who runs the cluster: `gke`, `eks`, `k3s`; empty if nothing.
fn platform(version: &str) -> &str {
    let suffix = version.find(['-', '+']).map_or("", |at| &version[at + 1..]);
    suffix.split(['.', '-', '+']).next().unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Whether a selector holds of labels, as Kubernetes says: an empty one of everything.
fn selects(selector: &LabelSelector, labels: Option<Doc<'_>>) -> bool {
    let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Doc::as_str);
    let equal = |(key, wanted): (&String, &String)| value(key) == Some(wanted);
    let holds = |LabelExpression { key, operator, values }: &LabelExpression| {
        let value = value(key);
        let listed = value.is_some_and(|value| values.iter().any(|known| known == value));
        match operator {
            LabelOperator::In => listed,
            LabelOperator::NotIn => !listed,
            LabelOperator::Exists => value.is_some(),
            LabelOperator::DoesNotExist => value.is_none(),
        }
    };
    selector.match_labels.iter().all(equal) && selector.match_expressions.iter().all(holds)
}
