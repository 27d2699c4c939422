//! Judging: each document once, by all detectors of its input, in parallel.
//!
//! Documents are taken in blocks; each worker keeps its own findings, merged by fingerprint, and they are folded and
//! sorted at the end, so that nothing depends on the number of threads. A panic ends the detector that raised it, for
//! this run, and nothing else.

use crate::{
    AnyDetector, Checks, Counts, Facts, Finding, Findings, Fingerprint, Identity, Input, InputKey, InputKind, Inputs,
    NotRun, Note, ObjectRef, Plan, PlannedDetector, Reason, ReasonClass, Report, RollUp, Run, Target,
    detector::identity,
    symptom,
    verdict::{Standing, standing, verdict},
};
use detek_doc::{Caps, Doc, Projection, Store, StoreBuilder};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashMap},
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
    /// uid of `kube-system`, or what stands for it: part of every fingerprint.
    pub cluster_id: String,
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
    checks: Option<Box<dyn Checks>>,
    evaluated: AtomicU64,
    panicked: AtomicBool,
    /// What went wrong, the first by object so that it does not depend on the order.
    error: Mutex<Option<(ObjectRef, String)>>,
    errors: AtomicU64,
}

impl Plan {
    /// Judges `inputs`. A pure function of its arguments; the same bytes come out whatever the number of threads.
    pub fn judge(&self, inputs: &Inputs, judging: Judging) -> Run {
        let context = Context { now: judging.now, cluster_id: judging.target.cluster_id.clone() };
        let mut facts = Facts::new(inputs);
        let owners = (self.owners)(&mut facts);
        let runners: Vec<Runner> =
            self.detectors.iter().map(|planned| self.runner(planned, inputs, &mut facts)).collect();
        let work = self.work(&runners, inputs);
        let found = judge_all(&work, &runners, &context, owners.as_deref(), judging.threads.max(1));
        let mut reports: Vec<Report> =
            runners.into_iter().zip(found).map(|(runner, findings)| report(runner, findings)).collect();
        symptom::explain(&mut reports);
        for report in &mut reports {
            report.findings.sort_by(|a, b| {
                (b.level, &a.subject, a.detect, a.fingerprint).cmp(&(a.level, &b.subject, b.detect, b.fingerprint))
            });
        }
        Run {
            target: judging.target,
            now: judging.now,
            inputs: inputs.iter().map(Input::without_documents).collect(),
            reports,
            not_run: judging.not_run,
            notes: judging.notes,
        }
    }

    fn runner(&self, planned: &PlannedDetector, inputs: &Inputs, facts: &mut Facts<'_>) -> Runner {
        let mut standing = standing(self, planned, inputs);
        let mut checks = None;
        if !matches!(standing, Standing::Unknown(_)) {
            match Arc::clone(&planned.detector).arm(facts) {
                Ok(armed) => checks = Some(armed),
                Err(fault) => {
                    let text = format!("an object of {} cannot be read: {}", fault.input.name(), fault.text);
                    standing =
                        Standing::Unknown(Reason { class: ReasonClass::Detector, text, inputs: vec![fault.input] });
                }
            }
        }
        Runner {
            planned: planned.clone(),
            standing,
            checks,
            evaluated: AtomicU64::new(0),
            panicked: AtomicBool::new(false),
            error: Mutex::new(None),
            errors: AtomicU64::new(0),
        }
    }

    /// For each store, who judges its documents: `(runner, index of the input in its subject)`.
    fn work(&self, runners: &[Runner], inputs: &Inputs) -> Vec<Work> {
        let mut by_input: BTreeMap<InputKey, Vec<(usize, usize)>> = BTreeMap::new();
        let mut once = Vec::new();
        for (number, runner) in runners.iter().enumerate().filter(|(_, runner)| runner.checks.is_some()) {
            if runner.planned.subjects.is_empty() {
                once.push((number, 0));
            }
            for (index, key) in runner.planned.subjects.iter().enumerate() {
                by_input.entry(key.clone()).or_default().push((number, index));
            }
        }
        let mut work = vec![Work { kind: None, store: Arc::new(one_document()), judges: once }];
        for (key, judges) in by_input {
            let store = inputs.get(&key).and_then(Input::seen);
            if let (Some(store), Some(kind)) = (store, self.kind(&key)) {
                work.push(Work { kind: Some(kind.clone()), store: Arc::clone(store), judges });
            }
        }
        work
    }
}

/// The documents of one input with their judges; no kind for the cluster as a whole.
struct Work {
    kind: Option<InputKind>,
    store: Arc<Store>,
    judges: Vec<(usize, usize)>,
}

/// What stands for the document of the cluster as a whole.
fn one_document() -> Store {
    let mut builder = StoreBuilder::new(&Caps::default());
    builder.push_json(&serde_json::json!({}), &Projection::new("")).expect("an empty object fits into any store");
    builder.finish()
}

type Found = Vec<HashMap<Fingerprint, Finding>>;

fn judge_all(
    work: &[Work],
    runners: &[Runner],
    context: &Context,
    owners: Option<&dyn RollUp>,
    threads: usize,
) -> Found {
    let blocks: Vec<(&Work, usize)> = work
        .iter()
        .filter(|work| !work.judges.is_empty())
        .flat_map(|work| (0..work.store.len().div_ceil(BLOCK)).map(move |block| (work, block * BLOCK)))
        .collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut found: Found = runners.iter().map(|_| HashMap::new()).collect();
        while let Some((work, start)) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            for number in *start..(*start + BLOCK).min(work.store.len()) {
                judge_one(work, work.store.doc(number as u32), runners, context, owners, &mut found);
            }
        }
        found
    };
    let all: Vec<Found> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        handles.into_iter().map(|handle| handle.join().expect("workers catch the panics of detectors")).collect()
    });
    let mut total: Found = runners.iter().map(|_| HashMap::new()).collect();
    for found in all {
        for (into, from) in total.iter_mut().zip(found) {
            for finding in from.into_values() {
                merge(into, finding);
            }
        }
    }
    total
}

fn merge(into: &mut HashMap<Fingerprint, Finding>, finding: Finding) {
    match into.get_mut(&finding.fingerprint) {
        Some(known) => known.merge(finding),
        None => {
            into.insert(finding.fingerprint, finding);
        }
    }
}

fn judge_one(
    work: &Work,
    doc: Doc<'_>,
    runners: &[Runner],
    context: &Context,
    owners: Option<&dyn RollUp>,
    found: &mut Found,
) {
    let seen = || match &work.kind {
        Some(kind) => identity(kind, doc),
        None => Identity { object: ObjectRef::cluster(), controller: None },
    };
    for (number, index) in &work.judges {
        let runner = &runners[*number];
        let Some(checks) = runner.checks.as_deref() else { continue };
        if runner.panicked.load(Ordering::Relaxed) {
            continue;
        }
        let mut findings = Findings::new(context);
        match catch_unwind(AssertUnwindSafe(|| checks.check(*index, doc, &mut findings))) {
            Ok(Ok(())) => {
                runner.evaluated.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Err(why)) => runner.note(seen().object, &why.to_string()),
            Err(_) => {
                runner.panicked.store(true, Ordering::Relaxed);
                runner.note(seen().object, "panicked");
                continue;
            }
        }
        let drafts = findings.take();
        if drafts.is_empty() {
            continue;
        }
        let seen = seen();
        for draft in drafts {
            let detector = (runner.planned.id.as_str(), runner.planned.detector.meta().level);
            merge(&mut found[*number], draft.finish(detector, &seen, owners, context));
        }
    }
}

impl Runner {
    fn note(&self, object: ObjectRef, text: &str) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        let mut error = self.error.lock().expect("nothing panics while holding it");
        if error.as_ref().is_none_or(|(known, _)| object < *known) {
            *error = Some((object, crate::clip(text, 300)));
        }
    }
}

fn report(runner: Runner, findings: HashMap<Fingerprint, Finding>) -> Report {
    let errors = runner.errors.into_inner();
    let mut error = runner.error.into_inner().expect("nothing panics while holding it").map(|(object, text)| Reason {
        class: ReasonClass::Detector,
        text: format!("{errors} objects could not be judged; {object}: {text}"),
        inputs: runner.planned.subjects.clone(),
    });
    let mut standing = runner.standing;
    if runner.panicked.into_inner() {
        let text = error.take().map_or_else(|| "panicked".into(), |error| error.text);
        standing = Standing::Unknown(Reason { class: ReasonClass::Detector, text, inputs: Vec::new() });
    } else if let Some(fault) = runner.checks.as_ref().and_then(|checks| checks.fault()) {
        let text = format!("an object of {} cannot be read: {}", fault.input.name(), fault.text);
        standing = Standing::Unknown(Reason { class: ReasonClass::Detector, text, inputs: vec![fault.input] });
    }
    let mut findings: Vec<Finding> =
        if matches!(standing, Standing::Unknown(_)) { Vec::new() } else { findings.into_values().collect() };
    let total = findings.len() as u64;
    let truncated = findings.len() > KEPT;
    if truncated {
        // By level and then by a stable hash, not by name: a flood of names cannot push others out.
        findings.sort_by(|a, b| (b.level, a.fingerprint).cmp(&(a.level, b.fingerprint)));
        findings.truncate(KEPT);
    }
    let (level, reason, partial) = verdict(standing, error, &findings);
    Report {
        detector: Arc::clone(&runner.planned.detector) as Arc<dyn AnyDetector>,
        id: runner.planned.id,
        level,
        reason,
        partial,
        counts: Counts { evaluated: runner.evaluated.into_inner(), findings: total, truncated },
        findings,
    }
}
