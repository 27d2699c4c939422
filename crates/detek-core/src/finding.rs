//! Findings: one bad state of one object, and how a detector reports it.

use crate::{Identity, Level, ObjectRef, OwnerRef, RollUp, Span, Target, Waiver, clip, judge::Context};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt, sync::Arc};

/// How many names of objects a rolled-up finding keeps.
const SAMPLES: usize = 5;
/// Longest message, in characters.
const MESSAGE: usize = 300;
/// Longest text inside evidence, in characters.
const EVIDENCE: usize = 300;
/// Most elements of a list in evidence.
const EVIDENCE_ITEMS: usize = 20;

/// The identity of a finding over time: the first 16 bytes of SHA-256 over detector, detect entry, cluster, subject and
/// declared values; never over uid, message, level or version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What was seen, by name. A list in the order of names: most have few entries, and a map takes 600 bytes for one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence(Vec<(Cow<'static, str>, Value)>);

impl Evidence {
    /// What was seen under this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Of two values with one name the last stays.
    fn insert(&mut self, name: Cow<'static, str>, value: Value) {
        match self.place(&name) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (name, value)),
        }
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }
}

impl<N: Into<Cow<'static, str>>> FromIterator<(N, Value)> for Evidence {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(entries: I) -> Self {
        let mut all = Evidence::default();
        for (name, value) in entries {
            all.insert(name.into(), value);
        }
        all
    }
}

/// One thing that is wrong with one object, or with several of one owner.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Identity over time.
    pub fingerprint: Fingerprint,
    /// Which of the detector's conditions it is: `image`, `service_missing`.
    pub detect: &'static str,
    /// How bad it is.
    pub level: Level,
    /// The object to mend: the top controller of the objects seen.
    pub subject: ObjectRef,
    /// How many objects show it.
    pub count: u64,
    /// Up to five of these objects, first by name; empty if the subject itself is the only one.
    pub samples: Vec<ObjectRef>,
    /// What is wrong, in one line, with the value seen; of the first sample by name.
    pub message: String,
    /// JSON path of the fault, if certain.
    pub path: Option<String>,
    /// What was seen, by name.
    pub evidence: Evidence,
    /// Other objects involved.
    pub related: Vec<ObjectRef>,
    /// The finding that explains this one; it is then not counted again.
    pub cause: Option<Fingerprint>,
    /// Who accepts it; it is then not counted.
    pub waiver: Option<Arc<Waiver>>,
    /// The object whose message this is.
    pub(crate) told_by: ObjectRef,
}

/// A finding that is being written by a detector.
pub struct Draft {
    detect: &'static str,
    message: String,
    level: Option<Level>,
    subject: Option<ObjectRef>,
    path: Option<String>,
    evidence: Evidence,
    related: Vec<ObjectRef>,
    values: Vec<String>,
}

impl Draft {
    /// Another level than the detector's own.
    pub fn level(&mut self, level: Level) -> &mut Self {
        self.level = Some(level);
        self
    }

    /// Another subject than the object being judged; it is not rolled up.
    pub fn subject(&mut self, subject: ObjectRef) -> &mut Self {
        self.subject = Some(subject);
        self
    }

    /// JSON path of the fault.
    pub fn path(&mut self, path: impl Into<String>) -> &mut Self {
        self.path = Some(path.into());
        self
    }

    /// What was seen. Text is cleaned and cut.
    pub fn evidence(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> &mut Self {
        self.evidence.insert(name.into(), clean(value.into()));
        self
    }

    /// Another object involved; of many, the first by name are kept.
    pub fn related(&mut self, object: ObjectRef) -> &mut Self {
        insert(&mut self.related, object, EVIDENCE_ITEMS);
        self
    }

    /// A value that tells this finding from others of the same condition and subject.
    pub fn key(&mut self, value: impl fmt::Display) -> &mut Self {
        self.values.push(value.to_string());
        self
    }
}

/// Puts an object into its place among others, of which the first are kept. A list, since most have one or none.
fn insert(objects: &mut Vec<ObjectRef>, object: ObjectRef, most: usize) {
    if let Err(place) = objects.binary_search(&object) {
        objects.insert(place, object);
        objects.truncate(most);
    }
}

fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clip(&text, EVIDENCE)),
        Value::Array(items) => items.into_iter().take(EVIDENCE_ITEMS).map(clean).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (clip(&name, EVIDENCE), clean(value))).collect()
        }
        other => other,
    }
}

/// Where a detector puts what it finds about the object being judged.
pub struct Findings<'c> {
    context: &'c Context,
    drafts: Vec<Draft>,
    errors: Vec<String>,
    out_of_scope: bool,
}

impl<'c> Findings<'c> {
    pub(crate) fn new(context: &'c Context) -> Self {
        Findings { context, drafts: Vec::new(), errors: Vec::new(), out_of_scope: false }
    }

    /// The time of the run, by the server's clock.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The time from `at` to the run; none if `at` lies ahead, as clocks differ.
    pub fn age(&self, at: Timestamp) -> Span {
        Span::between(at.min(self.now()), self.now())
    }

    /// Reports condition `detect` with a one-line message that names the cause and the value seen. The message is
    /// cleaned and cut.
    pub fn add(&mut self, detect: &'static str, message: impl AsRef<str>) -> &mut Draft {
        self.drafts.push(Draft {
            detect,
            message: clip(message.as_ref(), MESSAGE),
            level: None,
            subject: None,
            path: None,
            evidence: Evidence::default(),
            related: Vec::new(),
            values: Vec::new(),
        });
        self.drafts.last_mut().expect("just pushed")
    }

    /// The cluster that is scanned.
    pub fn cluster(&self) -> &Target {
        &self.context.target
    }

    /// Says that the object could not be judged, or not wholly. What was found stands; that nothing was proves nothing.
    pub fn error(&mut self, text: impl Into<String>) {
        self.errors.push(text.into());
    }

    /// Says that the detector is not about this object: it does not count as evaluated.
    pub fn out_of_scope(&mut self) {
        self.out_of_scope = true;
    }

    /// What was found, what went wrong, and whether the object was judged at all.
    pub(crate) fn take(self) -> (Vec<Draft>, Vec<String>, bool) {
        (self.drafts, self.errors, !self.out_of_scope)
    }
}

impl Draft {
    /// The finding about `seen`, told of its top controller.
    pub(crate) fn finish(
        self,
        (id, level): (&str, Level),
        seen: &Identity,
        owners: Option<&dyn RollUp>,
        context: &Context,
    ) -> Finding {
        let object = self.subject.clone().unwrap_or_else(|| seen.object.clone());
        let subject = match &seen.controller {
            Some(controller) if self.subject.is_none() => top(controller, &object.namespace, owners),
            _ => object.clone(),
        };
        // One by one a list would take room for four.
        let samples = if subject == object { Vec::new() } else { vec![object.clone()] };
        Finding {
            fingerprint: fingerprint(id, self.detect, &subject, &self.values, context),
            detect: self.detect,
            level: self.level.unwrap_or(level),
            subject,
            count: 1,
            samples,
            message: self.message,
            path: self.path,
            evidence: self.evidence,
            related: self.related,
            cause: None,
            waiver: None,
            told_by: object,
        }
    }
}

fn top(controller: &OwnerRef, namespace: &str, owners: Option<&dyn RollUp>) -> ObjectRef {
    let root = owners.map_or_else(|| controller.clone(), |owners| owners.root(namespace, controller));
    ObjectRef { namespace: namespace.into(), kind: root.kind, name: root.name, group: root.group }
}

fn fingerprint(id: &str, detect: &str, subject: &ObjectRef, values: &[String], context: &Context) -> Fingerprint {
    let mut hash = Sha256::new();
    let parts =
        [id, detect, &context.target.cluster_id, &subject.group, &subject.kind, &subject.namespace, &subject.name];
    // Lengths keep neighbours apart: ("ab", "c") is not ("a", "bc").
    for part in parts.into_iter().chain(values.iter().map(String::as_str)) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    Fingerprint(first)
}

impl Finding {
    /// Whether it counts: no other explains it, and nobody accepts it.
    pub fn counts(&self) -> bool {
        self.cause.is_none() && self.waiver.is_none()
    }

    /// Folds another finding of the same fingerprint into this one. The result does not depend on the order.
    pub(crate) fn merge(&mut self, other: Finding) {
        self.count += other.count;
        for sample in other.samples {
            insert(&mut self.samples, sample, SAMPLES);
        }
        for related in other.related {
            insert(&mut self.related, related, EVIDENCE_ITEMS);
        }
        self.level = self.level.max(other.level);
        if (&other.told_by, &other.message) < (&self.told_by, &self.message) {
            self.told_by = other.told_by;
            self.message = other.message;
            self.path = other.path;
            self.evidence = other.evidence;
        }
    }
}
