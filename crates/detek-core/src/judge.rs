//! Judging: each document once, by all detectors of its input, in parallel.
//!
//! Documents are taken in blocks; each worker keeps its own findings, merged by fingerprint, and they are folded and
//! sorted at the end, so that nothing depends on the number of threads. A panic ends the detector that raised it, for
//! this run, and nothing else.

use crate::{
    AnyDetector, Counts, Exclusions, Facts, Fault, Finding, Findings, Fingerprint, Identity, Input, InputKey,
    InputKind, Inputs, NotRun, Note, ObjectRef, Plan, PlannedDetector, Reason, ReasonClass, Report, RollUp, Run,
    Target,
    group::{Check, Group, Groups, Member},
    symptom,
    verdict::{Standing, standing, verdict},
    waiver::Waiving,
};
use detek_doc::{Caps, Doc, Projection, Store, StoreBuilder};
use jiff::Timestamp;
use std::{
    any::TypeId,
    cmp::Reverse,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

/// Documents that a worker takes at a time.
const BLOCK: usize = 1_024;
/// Findings kept per detector; all are counted.
const KEPT: usize = 10_000;

/// What judging depends on besides inputs and detectors.
#[derive(Clone, Debug)]
pub struct Context {
    /// The time of the run, by the server's clock.
    pub now: Timestamp,
    /// What is scanned; its id is part of every fingerprint.
    pub target: Target,
}

/// How to judge, and what the run is about.
pub struct Judging {
    /// What was scanned.
    pub target: Target,
    /// The time of the run.
    pub now: Timestamp,
    /// Worker threads, at least one.
    pub threads: usize,
    /// Detectors that were chosen but not planned.
    pub not_run: Vec<NotRun>,
    /// Notes to carry along.
    pub notes: Vec<Note>,
}

/// A detector in the course of a run.
struct Runner {
    planned: PlannedDetector,
    standing: Standing,
    /// The type of the rows that it judges, if it can.
    group: Option<TypeId>,
    evaluated: AtomicU64,
    panicked: AtomicBool,
    /// What went wrong, the first by object so that it does not depend on the order.
    error: Mutex<Option<(ObjectRef, String)>>,
    errors: AtomicU64,
}

/// What is the same for every document of a run.
struct Course<'r> {
    runners: &'r [Runner],
    context: &'r Context,
    owners: Option<&'r dyn RollUp>,
    exclusions: &'r Exclusions,
    left_out: AtomicU64,
}

impl Plan {
    /// Judges `inputs`. A pure function of its arguments; the same bytes come out whatever the number of threads.
    pub fn judge(&self, inputs: &Inputs, judging: Judging) -> Run {
        let context = Context { now: judging.now, target: judging.target.clone() };
        let mut facts = Facts::new(inputs);
        // Without its roll-up a run is longer, but not wrong.
        let owners = catch_unwind(AssertUnwindSafe(|| (self.owners)(&mut facts))).ok().flatten();
        let mut groups = Groups::default();
        let runners: Vec<Runner> = (self.detectors.iter().enumerate())
            .map(|(number, planned)| {
                let mut runner = Runner::new(planned, standing(self, planned, inputs));
                runner.arm(number, &mut facts, &mut groups);
                runner
            })
            .collect();
        let work = self.work(&runners, &groups, inputs);
        let course = Course {
            runners: &runners,
            context: &context,
            owners: owners.as_deref(),
            exclusions: &self.exclusions,
            left_out: AtomicU64::new(0),
        };
        let found = judge_all(&work, &course, judging.threads.max(1));
        let left_out = course.left_out.into_inner();
        let mut waiving = Waiving::new(&self.waivers, &judging.target, judging.now);
        let mut reports: Vec<Report> = (runners.into_iter().zip(found).enumerate())
            .map(|(number, (runner, findings))| {
                let fault = runner.group.and_then(|id| groups.get(id)?.fault(number));
                report(runner, fault, findings, &mut waiving)
            })
            .collect();
        symptom::explain(&mut reports);
        for report in &mut reports {
            let waived = |finding: &Finding| finding.waiver.is_some();
            report.findings.sort_by(|a, b| {
                let (a_first, b_first) = ((waived(a), Reverse(a.level)), (waived(b), Reverse(b.level)));
                (a_first, &a.subject, a.detect, a.fingerprint).cmp(&(b_first, &b.subject, b.detect, b.fingerprint))
            });
        }
        let tallies = waiving.tallies();
        let mut run = Run {
            target: judging.target,
            now: judging.now,
            inputs: inputs.iter().map(Input::without_documents).collect(),
            reports,
            not_run: judging.not_run,
            notes: judging.notes,
            left_out,
            waivers: Vec::new(),
        };
        run.waivers = self.waivers.audit(&run, &tallies);
        run
    }

    /// For each store, who judges its documents.
    fn work<'g>(&self, runners: &[Runner], groups: &'g Groups, inputs: &Inputs) -> Vec<Work<'g>> {
        let mut by_input: BTreeMap<Option<&InputKey>, ByType> = BTreeMap::new();
        for (number, runner) in runners.iter().enumerate() {
            let Some(group) = runner.group else { continue };
            let subjects = &runner.planned.subjects;
            // Without subjects it judges the cluster as a whole.
            let judged = if subjects.is_empty() { vec![None] } else { subjects.iter().map(Some).collect() };
            for (index, key) in judged.into_iter().enumerate() {
                by_input.entry(key).or_default().entry(group).or_default().push(Member { number, input: index });
            }
        }
        let mut work = Vec::new();
        for (key, members) in by_input {
            let (kind, store) = match key {
                None => (None, Arc::new(one_document())),
                Some(key) => match (inputs.get(key).and_then(Input::seen), self.kind(key)) {
                    (Some(store), Some(kind)) => (Some(kind.clone()), Arc::clone(store)),
                    _ => continue,
                },
            };
            let judges = members
                .into_iter()
                .filter_map(|(id, members)| Some(Joined { group: groups.get(id)?, members }))
                .collect();
            work.push(Work { kind, store, judges });
        }
        work
    }
}

/// Judges by the type of their rows.
type ByType = BTreeMap<TypeId, Vec<Member>>;

/// The documents of one input with their judges; no kind for the cluster as a whole.
struct Work<'g> {
    kind: Option<InputKind>,
    store: Arc<Store>,
    judges: Vec<Joined<'g>>,
}

/// A group, and those of its members that judge an input.
struct Joined<'g> {
    group: &'g dyn Group,
    members: Vec<Member>,
}

/// What stands for the document of the cluster as a whole.
fn one_document() -> Store {
    let mut builder = StoreBuilder::new(&Caps::default());
    builder.push_json(&serde_json::json!({}), &Projection::new("")).expect("an empty object fits into any store");
    builder.finish()
}

type Found = Vec<Merged>;

/// Findings of one detector. In boxes, as a table keeps up to twice the room that its entries take.
type Merged = HashMap<Fingerprint, Box<Finding>>;

fn judge_all(work: &[Work<'_>], course: &Course<'_>, threads: usize) -> Found {
    let blocks: Vec<(&Work<'_>, usize)> = work
        .iter()
        .flat_map(|work| (0..work.store.len().div_ceil(BLOCK)).map(move |block| (work, block * BLOCK)))
        .collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut found: Found = course.runners.iter().map(|_| HashMap::new()).collect();
        while let Some((work, start)) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            for number in *start..(*start + BLOCK).min(work.store.len()) {
                judge_one(work, work.store.doc(number as u32), course, &mut found);
            }
        }
        found
    };
    let all: Vec<Found> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        handles.into_iter().map(|handle| handle.join().expect("workers catch the panics of detectors")).collect()
    });
    all.into_iter().reduce(fold).expect("there is at least one worker")
}

fn fold(mut total: Found, found: Found) -> Found {
    for (into, from) in total.iter_mut().zip(found) {
        for finding in from.into_values() {
            merge(into, finding);
        }
    }
    total
}

fn merge(into: &mut Merged, finding: Box<Finding>) {
    match into.entry(finding.fingerprint) {
        Entry::Occupied(mut known) => known.get_mut().merge(*finding),
        Entry::Vacant(place) => {
            place.insert(finding);
        }
    }
}

fn judge_one(work: &Work<'_>, doc: Doc<'_>, course: &Course<'_>, found: &mut Found) {
    let seen = || match &work.kind {
        Some(kind) => Identity::read(doc, &kind.group, &kind.kind),
        None => Identity { object: ObjectRef::cluster(), controller: None },
    };
    for Joined { group, members } in &work.judges {
        let mut judged = |number: usize, check: Check<'_>| {
            let runner = &course.runners[number];
            if runner.panicked.load(Ordering::Relaxed) {
                return;
            }
            let mut findings = Findings::new(course.context);
            if catch_unwind(AssertUnwindSafe(|| check(&mut findings))).is_err() {
                runner.panicked.store(true, Ordering::Relaxed);
                runner.note(seen().object, "panicked");
                return;
            }
            let (drafts, errors, judged) = findings.take();
            runner.evaluated.fetch_add(u64::from(judged), Ordering::Relaxed);
            for error in errors {
                runner.note(seen().object, &error);
            }
            if drafts.is_empty() {
                return;
            }
            let (seen, excluded) = (seen(), course.exclusions.hold_document(doc));
            for draft in drafts {
                let detector = (runner.planned.id.as_str(), runner.planned.detector.meta().level);
                let mut finding = draft.finish(detector, &seen, course.owners, course.context);
                if excluded || course.exclusions.hold(&finding.subject) {
                    course.left_out.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                finding.level = runner.planned.level.unwrap_or(finding.level);
                merge(&mut found[number], Box::new(finding));
            }
        };
        let why = match catch_unwind(AssertUnwindSafe(|| group.judge(members, doc, &mut judged))) {
            Ok(Ok(())) => continue,
            Ok(Err(why)) => why.to_string(),
            Err(_) => "reading it panicked".to_owned(),
        };
        for Member { number, .. } in members {
            course.runners[*number].note(seen().object, &why);
        }
    }
}

impl Runner {
    fn new(planned: &PlannedDetector, standing: Standing) -> Self {
        Runner {
            planned: planned.clone(),
            standing,
            group: None,
            evaluated: AtomicU64::new(0),
            panicked: AtomicBool::new(false),
            error: Mutex::new(None),
            errors: AtomicU64::new(0),
        }
    }

    /// Fetches its facts and joins the group of its rows, if its inputs allow to judge.
    fn arm(&mut self, number: usize, facts: &mut Facts<'_>, groups: &mut Groups) {
        if matches!(self.standing, Standing::Unknown(_)) {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| Arc::clone(&self.planned.detector).arm(facts))) {
            Ok(Ok(armed)) => self.group = Some(armed.join(number, groups)),
            Ok(Err(fault)) => self.standing = unreadable(fault),
            Err(_) => self.standing = failed("panicked in what it reads".to_owned(), Vec::new()),
        }
    }

    fn note(&self, object: ObjectRef, text: &str) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        let mut error = self.error.lock().expect("nothing panics while holding it");
        if error.as_ref().is_none_or(|(known, _)| object < *known) {
            *error = Some((object, crate::clip(text, 300)));
        }
    }
}

/// What follows from a document below a fact that cannot be read.
fn unreadable(fault: Fault) -> Standing {
    failed(format!("an object of {} cannot be read: {}", fault.input.name(), fault.text), vec![fault.input])
}

fn failed(text: String, inputs: Vec<InputKey>) -> Standing {
    Standing::Unknown(Reason { class: ReasonClass::Detector, text, inputs })
}

fn report(runner: Runner, fault: Option<Fault>, findings: Merged, waiving: &mut Waiving<'_>) -> Report {
    let errors = runner.errors.into_inner();
    let mut error = runner.error.into_inner().expect("nothing panics while holding it").map(|(object, text)| Reason {
        class: ReasonClass::Detector,
        text: format!("{errors} objects could not be judged; {object}: {text}"),
        inputs: runner.planned.subjects.clone(),
    });
    let mut standing = runner.standing;
    if runner.panicked.into_inner() {
        standing = failed(error.take().map_or_else(|| "panicked".into(), |error| error.text), Vec::new());
    } else if let Some(fault) = fault {
        standing = unreadable(fault);
    }
    let mut findings: Vec<Box<Finding>> =
        if matches!(standing, Standing::Unknown(_)) { Vec::new() } else { findings.into_values().collect() };
    let (total, evaluated) = (findings.len() as u64, runner.evaluated.into_inner());
    let waived = waiving.mark((runner.planned.detector.meta().id, &runner.planned.id), evaluated, &mut findings);
    let truncated = findings.len() > KEPT;
    if truncated {
        // By level and then by a stable hash, not by name: a flood of names cannot push others out, nor can what is waived.
        findings.sort_by_key(|finding| (finding.waiver.is_some(), Reverse(finding.level), finding.fingerprint));
        findings.truncate(KEPT);
    }
    let findings: Vec<Finding> = findings.into_iter().map(|finding| *finding).collect();
    let (level, reason) = verdict(standing, error, &findings);
    Report {
        detector: Arc::clone(&runner.planned.detector) as Arc<dyn AnyDetector>,
        id: runner.planned.id,
        level,
        reason,
        counts: Counts { evaluated, findings: total, waived, truncated },
        findings,
    }
}
