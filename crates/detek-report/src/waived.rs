//! What is said of findings that somebody accepts.

use crate::{text::text, words::thousands};
use detek_core::{Finding, Run, Waiver};

/// `3 waived`, if there are any: it stands beside every total.
pub(crate) fn number(run: &Run) -> Option<String> {
    let waived = run.totals().waived;
    (waived > 0).then(|| format!("{} waived", thousands(waived)))
}

/// Every finding that is waived, with the id of its report and its waiver.
pub(crate) fn findings(run: &Run) -> impl Iterator<Item = (&str, &Finding, &Waiver)> {
    run.reports.iter().flat_map(|report| {
        let waived = report.waived().iter();
        waived.filter_map(|finding| Some((report.id.as_str(), finding, finding.waiver.as_deref()?)))
    })
}

/// `until 2027-06-30 by team-batch: vendor ships only :latest`.
pub(crate) fn terms(waiver: &Waiver) -> String {
    format!("until {} by {}: {}", waiver.expires, text(&waiver.owner), text(&waiver.reason))
}
