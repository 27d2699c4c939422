//! A run in the order in which people read it, for every format that is for them: detectors with findings, worst first,
//! with what follows from them below; and numbers that say how much was not shown.

use crate::{text::text, words::count};
use detek_core::{Finding, Fingerprint, InputState, Level, ObjectRef, Report, Run};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many causes of causes are followed.
const CHAIN: usize = 8;

/// Findings of one detector (of a family: of all its reports).
pub(crate) struct Row<'a> {
    /// Id of the detector, as `explain` takes it.
    pub(crate) id: &'a str,
    /// States the bad state.
    pub(crate) title: &'a str,
    /// The worst of its findings.
    pub(crate) level: Level,
    /// In the order of the run.
    pub(crate) findings: Vec<&'a Finding>,
    /// Findings that were counted and not kept.
    pub(crate) dropped: u64,
    /// Whether its findings follow from those of the last row before it that does not.
    pub(crate) follows: bool,
    /// Whether not everything was read, so that there may be more.
    pub(crate) partial: bool,
}

impl<'a> Row<'a> {
    fn new(reports: &[&'a Report], findings: Vec<&'a Finding>, follows: bool) -> Self {
        let meta = reports[0].detector.meta();
        let dropped = |report: &&Report| report.counts.findings.saturating_sub(report.findings.len() as u64);
        Row {
            id: meta.id,
            title: meta.title,
            level: findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Normal),
            findings,
            dropped: if follows { 0 } else { reports.iter().map(dropped).sum() },
            follows,
            partial: reports.iter().any(|report| report.partial()),
        }
    }

    /// Its subjects, each once, in the order of the findings.
    pub(crate) fn subjects(&self) -> Vec<&'a ObjectRef> {
        let mut seen = HashSet::new();
        self.findings.iter().map(|finding| &finding.subject).filter(|subject| seen.insert(*subject)).collect()
    }

    /// `2 nodes, 1 pod`.
    pub(crate) fn tally(&self) -> String {
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for subject in self.subjects() {
            *kinds.entry(&subject.kind).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.iter().map(|(kind, number)| count(*number, &text(kind))).collect();
        let least = if self.partial || self.dropped > 0 { "at least " } else { "" };
        format!("{least}{}", kinds.join(", "))
    }
}

/// The detectors that found something, worst first, then in the order of the run; each followed by those whose findings
/// it explains. These are not counted in the totals of a run.
pub(crate) fn rows(run: &Run) -> Vec<Row<'_>> {
    let homes = homes(run);
    let mut rows = Vec::new();
    let mut following: Vec<(&str, Row<'_>)> = Vec::new();
    for reports in families(run) {
        let mut own = Vec::new();
        let mut explained: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in reports.iter().flat_map(|report| report.open()) {
            match root(finding, &homes) {
                Some(detector) => explained.entry(detector).or_default().push(finding),
                None => own.push(finding),
            }
        }
        if !own.is_empty() {
            rows.push(Row::new(&reports, own, false));
        }
        following.extend(explained.into_iter().map(|(by, findings)| (by, Row::new(&reports, findings, true))));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.level));
    let mut all = Vec::new();
    for row in rows {
        let id = row.id;
        all.push(row);
        all.extend(following.extract_if(.., |(by, _)| *by == id).map(|(_, row)| row));
    }
    all
}

/// Reports of one detector are neighbours, as their ids begin with its own.
fn families(run: &Run) -> Vec<Vec<&Report>> {
    let mut families: Vec<Vec<&Report>> = Vec::new();
    for report in &run.reports {
        match families.last_mut() {
            Some(family) if family[0].detector.meta().id == report.detector.meta().id => family.push(report),
            _ => families.push(vec![report]),
        }
    }
    families
}

/// For each finding its detector, and what explains it.
type Homes<'a> = HashMap<Fingerprint, (&'a str, Option<Fingerprint>)>;

fn homes(run: &Run) -> Homes<'_> {
    let mut homes = Homes::new();
    for report in &run.reports {
        let home = |finding: &Finding| (finding.fingerprint, (report.detector.meta().id, finding.cause));
        homes.extend(report.findings.iter().map(home));
    }
    homes
}

/// The detector of the finding at the end of the chain of causes, if there is such an end.
fn root<'a>(finding: &Finding, homes: &Homes<'a>) -> Option<&'a str> {
    let mut cause = finding.cause?;
    for _ in 0..CHAIN {
        match homes.get(&cause)? {
            (detector, None) => return Some(detector),
            (_, Some(next)) => cause = *next,
        }
    }
    None
}

/// `214 nodes`, `16,021 pods`: what the cluster holds, of lists that were read to their end.
pub(crate) fn sizes(run: &Run) -> Vec<String> {
    let size = |(key, kind)| {
        let input = run.inputs.iter().find(|input| input.key().as_str() == key)?;
        (input.state() == InputState::Complete).then(|| count(input.volume().items, kind))
    };
    [("kubernetes/core/v1/nodes", "node"), ("kubernetes/core/v1/pods", "pod")].into_iter().filter_map(size).collect()
}

/// `F 1`, `E 5`, `W 31`, `I 12`, `? 0`: findings per level, then detectors that were not evaluated.
pub(crate) fn totals(run: &Run) -> [(Level, u64); 5] {
    let totals = run.totals();
    [
        (Level::Fatal, totals.fatal),
        (Level::Error, totals.error),
        (Level::Warn, totals.warn),
        (Level::Info, totals.info),
        (Level::Unknown, totals.unknown),
    ]
}

/// `84 of 84 detectors evaluated`, `78 of 84 detectors evaluated, 6 not`.
pub(crate) fn coverage(run: &Run) -> String {
    let coverage = run.coverage();
    let missing = coverage.applicable - coverage.evaluated;
    let missing = if missing > 0 { format!(", {missing} not") } else { String::new() };
    format!("{} of {} detectors evaluated{missing}", coverage.evaluated, coverage.applicable)
}

/// What a run without findings may say: never that the cluster is well.
pub(crate) fn nothing_found(run: &Run) -> String {
    let coverage = run.coverage();
    match coverage.evaluated {
        0 => "Nothing was evaluated.".to_owned(),
        evaluated => format!("Nothing found by {evaluated} of {} detectors.", coverage.applicable),
    }
}
