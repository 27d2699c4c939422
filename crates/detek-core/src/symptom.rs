//! One cause, one finding: a symptom names the finding that explains it and is not counted again.

use crate::{Fingerprint, Level, ObjectRef, Report};
use std::collections::HashMap;

/// Gives each symptom its cause, and each cause the highest level of its symptoms.
///
/// A finding of a detector with `symptom_of` is explained by a finding of such a detector about the same subject, or
/// with that subject among its related objects. What is waived explains nothing: a waiver hides what it names, no more.
pub(crate) fn explain(reports: &mut [Report]) {
    let mut causes: HashMap<(&'static str, ObjectRef), Fingerprint> = HashMap::new();
    for report in reports.iter() {
        let id = report.detector.meta().id;
        for finding in report.findings.iter().filter(|finding| finding.waiver.is_none()) {
            for object in std::iter::once(&finding.subject).chain(&finding.related) {
                causes.entry((id, object.clone())).or_insert(finding.fingerprint);
            }
        }
    }
    let mut raised: HashMap<Fingerprint, Level> = HashMap::new();
    for report in reports.iter_mut() {
        for finding in &mut report.findings {
            let find = |id: &&'static str| causes.get(&(*id, finding.subject.clone())).copied();
            finding.cause = report.detector.meta().symptom_of.iter().find_map(find);
            if let Some(cause) = finding.cause.filter(|_| finding.waiver.is_none()) {
                let level = raised.entry(cause).or_insert(finding.level);
                *level = (*level).max(finding.level);
            }
        }
    }
    for report in reports.iter_mut() {
        for finding in &mut report.findings {
            if let Some(level) = raised.get(&finding.fingerprint) {
                finding.level = finding.level.max(*level);
            }
        }
        let counted = report.findings.iter().filter(|finding| finding.waiver.is_none());
        if let Some(worst) = counted.map(|finding| finding.level).max() {
            report.level = worst;
        }
    }
}
