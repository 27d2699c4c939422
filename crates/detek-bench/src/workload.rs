//! What is measured with: generated clusters that are the same on every machine, what detek keeps of them, and the
//! yardstick.

use crate::Outcome;
use detek_doc::Projection;
use detek_sim::{Sim, Size};
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use serde::de::IgnoredAny;
use std::time::Duration;

/// Objects of one page, as detek asks for them.
const PAGE: usize = 500;

/// A cluster of this size: the same bytes whenever and wherever it is made.
pub(crate) fn cluster(size: Size) -> Sim {
    Sim::cluster(size).seed(7).date(Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 56))
}

/// The pages of one input of the plan, with what all detectors together keep of it.
pub(crate) struct Pages {
    pub(crate) projection: Projection,
    pub(crate) bodies: Vec<Vec<u8>>,
}

/// What a scan with all detectors reads of a generated cluster, if `wanted`.
pub(crate) fn pages(size: Size, wanted: impl Fn(&str) -> bool) -> Outcome<Vec<Pages>> {
    let plan = detek_detectors::plan(detek_detectors::all());
    let mut lists = Vec::new();
    for input in plan.inputs {
        let parts: Vec<&str> = input.kind.key.as_str().split('/').collect();
        let ["kubernetes", group, version, resource] = parts[..] else { continue };
        if wanted(resource) {
            let group = if group == "core" { "" } else { group };
            let bodies = cluster(size).pages(group, version, resource, PAGE)?;
            lists.push(Pages { projection: input.projection, bodies });
        }
    }
    Ok(lists)
}

/// The yardstick of everything that reads pages: serde_json parses one and keeps nothing.
pub(crate) fn skip(body: &[u8]) -> Outcome<()> {
    serde_json::from_slice::<IgnoredAny>(body)?;
    Ok(())
}

/// CPU time that this thread takes for `work`.
pub(crate) fn cpu(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let start = now();
    work()?;
    Ok(now().saturating_sub(start))
}
