//! Releases of Kubernetes and the ends of their maintenance.
//!
//! Source: `data/releases/{eol,schedule}.yaml` of kubernetes/website, shown on
//! <https://kubernetes.io/releases/patch-releases/>. A release that is newer than this table is not judged.

use jiff::civil::{Date, date};

/// `(minor, last day of maintenance)`, oldest first.
const END_OF_MAINTENANCE: [(u32, Date); 19] = [
    (19, date(2021, 10, 28)),
    (20, date(2022, 2, 28)),
    (21, date(2022, 6, 28)),
    (22, date(2022, 12, 8)),
    (23, date(2023, 2, 28)),
    (24, date(2023, 7, 28)),
    (25, date(2023, 10, 28)),
    (26, date(2024, 2, 28)),
    (27, date(2024, 7, 16)),
    (28, date(2024, 10, 22)),
    (29, date(2025, 2, 28)),
    (30, date(2025, 7, 15)),
    (31, date(2025, 11, 11)),
    (32, date(2026, 2, 28)),
    (33, date(2026, 6, 28)),
    (34, date(2026, 10, 27)),
    (35, date(2027, 2, 28)),
    (36, date(2027, 6, 28)),
    (37, date(2027, 10, 28)),
];

/// The last day on which release 1.`minor` was or will be maintained; `None` for releases newer than the table.
pub(crate) fn end_of_maintenance(minor: u32) -> Option<Date> {
    let (oldest, first) = END_OF_MAINTENANCE[0];
    if minor < oldest {
        return Some(first);
    }
    END_OF_MAINTENANCE.iter().find(|(known, _)| *known == minor).map(|(_, end)| *end)
}
