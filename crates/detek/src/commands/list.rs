//! `detek list`.

use crate::{
    failure::Failure,
    output::{Destination, write},
};
use std::fmt::Write as _;

pub(super) fn list() -> Result<u8, Failure> {
    let mut text = String::new();
    let mut detectors = detek_detectors::all();
    // A family is one line.
    detectors.dedup_by_key(|detector| detector.meta().id);
    for detector in detectors {
        let meta = detector.meta();
        writeln!(text, "{}  {:<29}  {}", meta.level.sign(), meta.id, meta.title)
            .expect("writing to a string cannot fail");
    }
    write(&Destination::Stdout, text.as_bytes())?;
    Ok(0)
}
