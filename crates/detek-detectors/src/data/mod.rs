//! Tables that detectors judge by, each with its source.

mod releases;
mod removed_apis;

pub(crate) use releases::end_of_maintenance;
pub(crate) use removed_apis::{REMOVED, RemovedApi, RemovedKind};
