//! Waivers: findings that somebody accepts, with a reason and an end.
//!
//! A waiver marks findings; it removes none, hides no gap, and makes no Unknown Normal. Whether it still holds is decided
//! by the time of the run.

use crate::{Finding, ObjectRef, Report, Run, Target, glob};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{fmt, sync::Arc};

/// The longest life of a waiver, in days from the run that reads it.
const LONGEST_DAYS: i64 = 365;
/// A waiver that ends within so many days is told about.
const EXPIRING_DAYS: i64 = 14;
/// A waiver of more than one finding is too broad from more than this part of the objects of a detector on, in percent.
const BROAD_PERCENT: u64 = 25;

/// A condition over a finding. An error in it means that it does not match.
pub type Condition = Arc<dyn Fn(&Finding) -> bool + Send + Sync>;

/// An accepted finding, or several.
#[derive(Clone)]
pub struct Waiver {
    /// Its name.
    pub name: String,
    /// Where it stands, for messages: `waivers.yaml:3:1`.
    pub place: String,
    /// Ids of detectors or families, or `id.detect`.
    pub detectors: Vec<String>,
    /// The clusters, by the name of their context or by id, with `*`; all if empty.
    pub clusters: Vec<String>,
    /// The namespaces, with `*`; all if empty.
    pub namespaces: Vec<String>,
    /// The kinds; all if empty.
    pub kinds: Vec<String>,
    /// The names of objects, with `*`; all if empty.
    pub names: Vec<String>,
    /// A further condition.
    pub condition: Option<Condition>,
    /// Why.
    pub reason: String,
    /// Who accepts it.
    pub owner: String,
    /// The last day on which it holds, in UTC.
    pub expires: Date,
    /// Where it is discussed.
    pub ticket: Option<String>,
}

/// What became of a waiver in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaiverState {
    /// It holds; what it matches, a run will say.
    Active,
    /// It marks findings.
    Matched,
    /// It marks findings, and ends soon.
    Expiring,
    /// It marks more than it should: over a quarter of the objects of a detector.
    TooBroad,
    /// Everything it is about was looked at, and it marks nothing.
    Unused,
    /// Not everything that it is about was looked at, and it marks nothing.
    NotEvaluated,
    /// It is for other clusters.
    NotApplicable,
    /// It names a detector that there is not, and marks nothing by that.
    UnknownDetector,
    /// It has ended, and marks nothing.
    Expired,
    /// It cannot be used.
    Invalid,
}

impl WaiverState {
    /// The name as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            WaiverState::Active => "active",
            WaiverState::Matched => "matched",
            WaiverState::Expiring => "expiring",
            WaiverState::TooBroad => "too_broad",
            WaiverState::Unused => "unused",
            WaiverState::NotEvaluated => "not_evaluated",
            WaiverState::NotApplicable => "not_applicable",
            WaiverState::UnknownDetector => "unknown_detector",
            WaiverState::Expired => "expired",
            WaiverState::Invalid => "invalid",
        }
    }
}

/// A waiver in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverAudit {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// What became of it.
    pub state: WaiverState,
    /// Findings that it matches.
    pub matches: u64,
    /// What to know about it, in words; empty if it is as it should be.
    pub text: String,
}

/// The waivers of a run.
#[derive(Clone, Debug, Default)]
pub struct Waivers {
    /// Those that can be used.
    pub all: Vec<Arc<Waiver>>,
    /// Those that cannot: name, place, and why.
    pub invalid: Vec<(String, String, String)>,
    /// Ids of every detector and family that there is, chosen or not.
    pub detectors: Vec<String>,
}

/// What one waiver came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    matches: u64,
    too_broad: bool,
}

/// The waivers that hold in one run, and what they come to.
pub(crate) struct Waiving<'w> {
    holding: Vec<(usize, &'w Arc<Waiver>)>,
    tallies: Vec<Tally>,
}

impl<'w> Waiving<'w> {
    pub(crate) fn new(waivers: &'w Waivers, target: &Target, now: Timestamp) -> Self {
        let holds = |(_, waiver): &(usize, &Arc<Waiver>)| waiver.holds(now) && waiver.is_for(target);
        Waiving {
            holding: waivers.all.iter().enumerate().filter(holds).collect(),
            tallies: vec![Tally::default(); waivers.all.len()],
        }
    }

    /// Marks the findings of a report about `evaluated` objects; says how many it marked.
    pub(crate) fn mark(&mut self, (family, id): (&str, &str), evaluated: u64, findings: &mut [Box<Finding>]) -> u64 {
        let (mut waived, mut all) = (0, vec![(0_u64, 0_u64); self.holding.len()]);
        for finding in findings {
            for ((_, waiver), (matches, objects)) in self.holding.iter().zip(&mut all) {
                if waiver.matches((family, id), finding) {
                    (*matches, *objects) = (*matches + 1, *objects + finding.count);
                    finding.waiver.get_or_insert_with(|| Arc::clone(waiver));
                }
            }
            waived += u64::from(finding.waiver.is_some());
        }
        for ((number, _), (matches, objects)) in self.holding.iter().zip(all) {
            let tally = &mut self.tallies[*number];
            tally.matches += matches;
            // A single object cannot be named more narrowly.
            tally.too_broad |= matches > 1 && objects * 100 > evaluated * BROAD_PERCENT;
        }
        waived
    }

    pub(crate) fn tallies(self) -> Vec<Tally> {
        self.tallies
    }
}

impl Waivers {
    /// Whether there is none, usable or not.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.invalid.is_empty()
    }

    /// What is known of each without a run, in the order given.
    pub fn look(&self, now: Timestamp) -> Vec<WaiverAudit> {
        let audit = |name: &str, place: &str, (state, text): (WaiverState, String)| WaiverAudit {
            name: name.into(),
            place: place.into(),
            state,
            matches: 0,
            text,
        };
        let usable = self.all.iter().map(|waiver| {
            let state = match waiver.unknown(&self.detectors) {
                _ if waiver.expired(now) => (WaiverState::Expired, format!("it ended on {}", waiver.expires)),
                _ if waiver.lives_too_long(now) => (
                    WaiverState::Invalid,
                    format!("it ends more than {LONGEST_DAYS} days ahead, on {}", waiver.expires),
                ),
                Some(why) => (WaiverState::UnknownDetector, why),
                None if waiver.ends_soon(now) => (WaiverState::Expiring, format!("it ends on {}", waiver.expires)),
                None => (WaiverState::Active, String::new()),
            };
            audit(&waiver.name, &waiver.place, state)
        });
        let invalid = self.invalid.iter();
        let invalid = invalid.map(|(name, place, why)| audit(name, place, (WaiverState::Invalid, why.clone())));
        usable.chain(invalid).collect()
    }

    /// What became of each in a run, in the order given.
    pub(crate) fn audit(&self, run: &Run, tallies: &[Tally]) -> Vec<WaiverAudit> {
        let mut audits = self.look(run.now);
        for ((audit, waiver), tally) in audits.iter_mut().zip(&self.all).zip(tallies) {
            audit.matches = tally.matches;
            if !matches!(audit.state, WaiverState::Active | WaiverState::Expiring) {
                continue;
            }
            let (state, text) = match tally {
                _ if !waiver.is_for(&run.target) => (WaiverState::NotApplicable, String::new()),
                Tally { too_broad: true, .. } => {
                    (WaiverState::TooBroad, format!("more than {BROAD_PERCENT} % of the objects of a detector"))
                }
                Tally { matches: 0, .. } if waiver.was_looked_at(run) => {
                    (WaiverState::Unused, "it matches nothing: remove it".to_owned())
                }
                Tally { matches: 0, .. } => (WaiverState::NotEvaluated, String::new()),
                _ if audit.state == WaiverState::Expiring => continue,
                _ => (WaiverState::Matched, String::new()),
            };
            (audit.state, audit.text) = (state, text);
        }
        audits
    }
}

impl WaiverAudit {
    /// Whether somebody should look after it now.
    pub fn is_worth_a_word(&self) -> bool {
        use WaiverState::{Expired, Invalid, TooBroad, UnknownDetector, Unused};
        matches!(self.state, TooBroad | Unused | UnknownDetector | Expired | Invalid)
    }
}

impl Waiver {
    /// Whether it marks findings at a time.
    fn holds(&self, now: Timestamp) -> bool {
        !self.expired(now) && !self.lives_too_long(now)
    }

    /// Whether it has ended.
    fn expired(&self, now: Timestamp) -> bool {
        day(now) > self.expires
    }

    /// Whether it ends further ahead than a waiver may.
    fn lives_too_long(&self, now: Timestamp) -> bool {
        self.days_left(now) > LONGEST_DAYS
    }

    fn ends_soon(&self, now: Timestamp) -> bool {
        self.days_left(now) <= EXPIRING_DAYS
    }

    /// Days from the day of the run to its last.
    fn days_left(&self, now: Timestamp) -> i64 {
        self.expires.duration_since(day(now)).as_hours() / 24
    }

    fn is_for(&self, target: &Target) -> bool {
        any(&self.clusters, &target.context) || any(&self.clusters, &target.cluster_id)
    }

    /// Whether it is about a finding of the report `id` of a family, whatever the cluster and the time.
    pub fn matches(&self, (family, id): (&str, &str), finding: &Finding) -> bool {
        let ObjectRef { namespace, kind, name, .. } = &finding.subject;
        self.names_detector(family, id, finding.detect)
            && any(&self.namespaces, namespace)
            && (self.kinds.is_empty() || self.kinds.contains(kind))
            && any(&self.names, name)
            && self.condition.as_ref().is_none_or(|holds| holds(finding))
    }

    fn names_detector(&self, family: &str, id: &str, detect: &str) -> bool {
        let of = |named: &str, id: &str| {
            named.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.') == Some(detect))
        };
        self.detectors.iter().any(|named| of(named, id) || of(named, family))
    }

    /// What is said if it names a detector that is none of `known`.
    fn unknown(&self, known: &[String]) -> Option<String> {
        let is_known = |named: &&String| {
            known
                .iter()
                .any(|id| named.strip_prefix(id.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        };
        let named = self.detectors.iter().find(|named| !is_known(named))?;
        Some(format!("there is no detector \"{named}\""))
    }

    /// Whether all that it is about was looked at in a run, so that no match means that there is nothing.
    fn was_looked_at(&self, run: &Run) -> bool {
        let whole = run.target.namespaces.is_empty() && run.left_out == 0;
        let reports = |named: &&String| {
            let about = |report: &&Report| {
                [report.id.as_str(), report.detector.meta().id]
                    .iter()
                    .any(|id| named.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
            };
            let mut about = run.reports.iter().filter(about).peekable();
            about.peek().is_some() && about.all(|report| report.evaluated() || !report.applicable())
        };
        whole && self.detectors.iter().all(|named| reports(&named))
    }
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, text))
}

fn day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// Two are the same if they stand at the same place: a condition cannot be compared.
impl PartialEq for Waiver {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.place) == (&other.name, &other.place)
    }
}

impl fmt::Debug for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waiver({} at {})", self.name, self.place)
    }
}
