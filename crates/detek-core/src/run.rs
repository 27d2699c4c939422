//! A run: all reports of one scan, and what they rest on.

use crate::{AnyDetector, Finding, Input, InputKey, Level, NotRun, WaiverAudit};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Why a report is Unknown, or stands on incomplete inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonClass {
    /// The user narrowed or skipped what it needs.
    Skipped,
    /// The API is proven not to be served, or its source is not configured.
    NotApplicable,
    /// An input is not complete.
    Gap,
    /// The detector failed.
    Detector,
}

impl ReasonClass {
    /// The name as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ReasonClass::Skipped => "skipped",
            ReasonClass::NotApplicable => "not_applicable",
            ReasonClass::Gap => "gap",
            ReasonClass::Detector => "detector",
        }
    }
}

/// Why a report is Unknown or partial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What kind of reason.
    pub class: ReasonClass,
    /// In words.
    pub text: String,
    /// The inputs it lies in.
    pub inputs: Vec<InputKey>,
}

/// Numbers of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects judged.
    pub evaluated: u64,
    /// Findings, also those beyond the cap and those that are waived.
    pub findings: u64,
    /// Findings that are waived.
    pub waived: u64,
    /// Whether the list of findings was cut.
    pub truncated: bool,
}

/// One detector's outcome.
#[derive(Clone, Debug)]
pub struct Report {
    /// The detector.
    pub detector: Arc<dyn AnyDetector>,
    /// Its id.
    pub id: String,
    /// The highest level of its findings that are not waived, else Normal, or Unknown.
    pub level: Level,
    /// Why it is Unknown or partial.
    pub reason: Option<Reason>,
    /// Numbers.
    pub counts: Counts,
    /// Findings, worst first, then by subject; after them those that are waived.
    pub findings: Vec<Finding>,
}

/// How much was evaluated: detectors on complete inputs out of those that apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Evaluated on complete inputs.
    pub evaluated: usize,
    /// Applicable at all.
    pub applicable: usize,
}

/// Findings per level, without those that another finding explains; and detectors that are Unknown for a gap or a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Fatal.
    pub fatal: u64,
    /// Error.
    pub error: u64,
    /// Warn.
    pub warn: u64,
    /// Info.
    pub info: u64,
    /// Detectors not evaluated.
    pub unknown: u64,
    /// Findings that are waived; in none of the numbers above.
    pub waived: u64,
}

/// Something the reader should know that is no finding: a clock skew, an insecure flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// One line.
    pub text: String,
}

/// What was scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Name of the context, or of the simulated cluster.
    pub context: String,
    /// Address of the API server.
    pub server: String,
    /// uid of `kube-system`, or what stands for it.
    pub cluster_id: String,
    /// Version of the API server, if it said so.
    pub version: Option<String>,
    /// Namespaces, if the scan was narrowed to some.
    pub namespaces: Vec<String>,
}

/// All reports of one scan.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was scanned.
    pub target: Target,
    /// The time by which everything was judged.
    pub now: Timestamp,
    /// Every input, without its documents.
    pub inputs: Vec<Input>,
    /// Every report, in the order of ids.
    pub reports: Vec<Report>,
    /// Detectors that were not asked, and why.
    pub not_run: Vec<NotRun>,
    /// Notes.
    pub notes: Vec<Note>,
    /// Findings about single objects that were left out, as the user asked for.
    pub left_out: u64,
    /// What became of each waiver.
    pub waivers: Vec<WaiverAudit>,
}

impl Report {
    /// The findings that nobody accepts.
    pub fn open(&self) -> &[Finding] {
        self.findings.split_at(self.first_waived()).0
    }

    /// The findings that are waived.
    pub fn waived(&self) -> &[Finding] {
        self.findings.split_at(self.first_waived()).1
    }

    fn first_waived(&self) -> usize {
        self.findings.partition_point(|finding| finding.waiver.is_none())
    }

    /// Whether it was evaluated on complete inputs.
    pub fn evaluated(&self) -> bool {
        self.reason.is_none()
    }

    /// Whether its findings stand on incomplete subjects: what was seen speaks for itself, there may be more.
    pub fn partial(&self) -> bool {
        self.reason.is_some() && self.level != Level::Unknown
    }

    /// Whether it counts in the coverage.
    pub fn applicable(&self) -> bool {
        self.reason.as_ref().is_none_or(|reason| reason.class != ReasonClass::NotApplicable)
    }

    /// Whether it makes the run incomplete: for a gap or a fault of the detector, not for what the user asked for.
    pub fn incomplete(&self) -> bool {
        self.reason.as_ref().is_some_and(|reason| matches!(reason.class, ReasonClass::Gap | ReasonClass::Detector))
    }
}

impl Run {
    /// Detectors evaluated on complete inputs out of those that apply. A family is one detector: it applies if one of
    /// its instances does, and is evaluated if all of these are.
    pub fn coverage(&self) -> Coverage {
        let mut families: BTreeMap<&str, bool> = BTreeMap::new();
        for report in self.reports.iter().filter(|report| report.applicable()) {
            *families.entry(report.detector.meta().id).or_insert(true) &= report.evaluated();
        }
        Coverage { evaluated: families.values().filter(|evaluated| **evaluated).count(), applicable: families.len() }
    }

    /// Findings per level. Of detectors that were not evaluated, a family is one.
    pub fn totals(&self) -> Totals {
        let incomplete = self.reports.iter().filter(|report| report.incomplete());
        let unknown: BTreeSet<&str> = incomplete.map(|report| report.detector.meta().id).collect();
        let waived = self.reports.iter().map(|report| report.counts.waived).sum();
        let mut totals = Totals { unknown: unknown.len() as u64, waived, ..Totals::default() };
        for finding in self.reports.iter().flat_map(|report| &report.findings).filter(|finding| finding.counts()) {
            *match finding.level {
                Level::Fatal => &mut totals.fatal,
                Level::Error => &mut totals.error,
                Level::Warn => &mut totals.warn,
                _ => &mut totals.info,
            } += 1;
        }
        totals
    }

    /// The highest level of the findings that count.
    pub fn worst(&self) -> Option<Level> {
        let findings = self.reports.iter().flat_map(|report| &report.findings);
        findings.filter(|finding| finding.counts()).map(|finding| finding.level).max()
    }

    /// Whether a required input or a detector failed.
    pub fn incomplete(&self) -> bool {
        self.reports.iter().any(Report::incomplete)
    }
}
