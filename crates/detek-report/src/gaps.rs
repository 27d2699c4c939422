//! What was not evaluated, by cause, and what to type about it.

use crate::text::text;
use detek_core::{CauseClass, Input, InputKey, InputState, Report, Run};
use std::collections::BTreeSet;

/// One reason why detectors were not evaluated: an input that is not complete, or a fault of detectors.
#[derive(Debug)]
pub struct Gap<'a> {
    /// The inputs as people know them, `pods.metrics`, that ended for this reason; or the first of the detectors.
    pub names: Vec<String>,
    /// What kind of cause it has; `None` if it lies in detectors.
    pub class: Option<CauseClass>,
    /// `denied`, `skipped`, `detector`.
    pub state: &'static str,
    /// Ids of the reports that it touches, at least one.
    pub detectors: Vec<&'a str>,
    /// The detectors that these are: a family is one.
    pub families: BTreeSet<&'a str>,
    /// Why, in words.
    pub text: String,
    /// What to type, the same for all gaps of one cause.
    pub fix: Option<String>,
}

impl<'a> Gap<'a> {
    /// What it is called: `pods`, `pods and 33 more`.
    pub fn name(&self) -> String {
        match self.names.as_slice() {
            [] => String::new(),
            [name] => name.clone(),
            [first, more @ ..] => format!("{first} and {} more", more.len()),
        }
    }

    /// Takes in another of the same cause: people are told of it once.
    fn join(&mut self, other: Gap<'a>) {
        self.names.extend(other.names);
        self.detectors.extend(other.detectors);
        self.detectors.sort_unstable();
        self.detectors.dedup();
        self.families.extend(other.families);
    }
}

/// Every gap of a run: inputs in the order of their keys, then what lies in detectors. Commands begin with `program`.
pub fn gaps<'a>(run: &'a Run, program: &str) -> Vec<Gap<'a>> {
    let mut gaps: Vec<Gap<'_>> = Vec::new();
    let lost_inputs = run.inputs.iter().filter(|input| input.state() != InputState::Complete);
    for gap in lost_inputs.filter_map(|input| of_input(input, run, program)) {
        match gaps.iter_mut().find(|known| (known.state, &known.text) == (gap.state, &gap.text)) {
            Some(known) => known.join(gap),
            None => gaps.push(gap),
        }
    }
    for report in run.reports.iter().filter(|report| report.applicable()) {
        let Some(reason) = report.reason.as_ref().filter(|reason| !reason.inputs.iter().any(|key| lost(key, run)))
        else {
            continue;
        };
        let (state, text) = (reason.class.name(), text(&reason.text).into_owned());
        match gaps.iter_mut().find(|gap| gap.state == state && gap.text == text && gap.fix.is_none()) {
            Some(gap) => {
                gap.detectors.push(&report.id);
                gap.families.insert(report.detector.meta().id);
            }
            None => gaps.push(Gap {
                names: vec![report.id.clone()],
                class: None,
                state,
                detectors: vec![&report.id],
                families: BTreeSet::from([report.detector.meta().id]),
                text,
                fix: fix_of_report(report, program),
            }),
        }
    }
    gaps
}

/// What to type about `gaps`, each once.
pub(crate) fn fixes<'g>(gaps: &'g [Gap<'_>]) -> Vec<&'g str> {
    let mut fixes: Vec<&str> = Vec::new();
    for fix in gaps.iter().filter_map(|gap| gap.fix.as_deref()) {
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    fixes
}

fn lost(key: &InputKey, run: &Run) -> bool {
    run.inputs.iter().any(|input| input.key() == key && input.state() != InputState::Complete)
}

fn of_input<'a>(input: &'a Input, run: &'a Run, program: &str) -> Option<Gap<'a>> {
    let touches =
        |report: &&Report| report.applicable() && report.reason.iter().any(|why| why.inputs.contains(input.key()));
    let touched: Vec<&Report> = run.reports.iter().filter(touches).collect();
    let class = input.cause().map(|cause| cause.class);
    let state = match class {
        Some(class @ (CauseClass::Skipped | CauseClass::NotConfigured)) => class.name(),
        _ => input.state().name(),
    };
    (!touched.is_empty()).then(|| Gap {
        names: vec![name(input.key(), run)],
        class,
        state,
        detectors: touched.iter().map(|report| report.id.as_str()).collect(),
        families: touched.iter().map(|report| report.detector.meta().id).collect(),
        text: input.cause().map_or_else(String::new, |cause| text(&cause.text).into_owned()),
        fix: class.and_then(|class| fix_of_input(class, run, program)),
    })
}

/// `pods`; `pods.metrics` where another input of this run has the same name.
fn name(key: &InputKey, run: &Run) -> String {
    let parts: Vec<&str> = key.as_str().split('/').collect();
    let shared = run.inputs.iter().filter(|input| input.key().name() == key.name()).count() > 1;
    match parts[..] {
        [_, group, _, _] if shared && group != "core" => {
            format!("{}.{}", text(key.name()), text(group.split('.').next().unwrap_or(group)))
        }
        _ => text(key.name()).into_owned(),
    }
}

fn fix_of_input(class: CauseClass, run: &Run, program: &str) -> Option<String> {
    match class {
        CauseClass::Forbidden => Some(grant_all(run, program)),
        CauseClass::Timeout => Some(format!("{program} run --deadline 10m")),
        CauseClass::TooLarge => Some(format!("{program} run -n NAMESPACE")),
        CauseClass::Discovery => Some("kubectl get apiservices".to_owned()),
        CauseClass::Skipped | CauseClass::NotConfigured | CauseClass::NotServed | CauseClass::Cancelled => None,
        _ => Some(format!("{program} doctor")),
    }
}

/// The command that grants everything that was refused.
fn grant_all(run: &Run, program: &str) -> String {
    let refused = |input: &&Input| input.cause().is_some_and(|cause| cause.class == CauseClass::Forbidden);
    let refused: Vec<&Input> = run.inputs.iter().filter(refused).collect();
    let user = refused.iter().find_map(|input| input.cause()?.user.as_deref());
    grant(refused.iter().map(|input| input.key()), user, program)
}

/// The command that lets `user`, as the server named it, read these inputs.
pub fn grant<'k>(keys: impl Iterator<Item = &'k InputKey>, user: Option<&str>, program: &str) -> String {
    // Names go into a command that is pasted into a shell: what is not plainly a name is left for people to write.
    let mut names: Vec<&str> = keys.map(InputKey::name).filter(|name| plain(name)).collect();
    names.dedup();
    format!("{program} rbac --only {} --to {} | kubectl apply -f -", names.join(","), grantee(user))
}

/// The user that a server named, as `rbac --to` takes it: `sa:ops/ci`, `user:ops@example.com`. Whoever sent no credential
/// is anonymous, and to grant that user would be to grant everybody: it is left to people, as what is not plainly a name.
fn grantee(user: Option<&str>) -> String {
    let user = user.filter(|user| plain(user) && *user != "system:anonymous");
    match user.map(|user| (user, user.strip_prefix("system:serviceaccount:"))) {
        None => "user:NAME".to_owned(),
        Some((_, Some(account))) if account.contains(':') => format!("sa:{}", account.replacen(':', "/", 1)),
        Some((user, _)) => format!("user:{user}"),
    }
}

/// Whether a shell takes it for a word, and nothing else.
fn plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:@".contains(c))
}

fn fix_of_report(report: &Report, program: &str) -> Option<String> {
    let id = report.detector.meta().id;
    match (report.detector.unset(), report.reason.as_ref()?.class) {
        (Some(parameter), _) => Some(format!("{program} run --param {id}.{parameter}=VALUE")),
        (None, detek_core::ReasonClass::Detector) => Some(format!("{program} run --skip {id}")),
        _ => None,
    }
}
