//! `detek list`.

use crate::{
    failure::Failure,
    output::{Destination, write},
};
use std::fmt::Write as _;

pub(super) fn list() -> Result<u8, Failure> {
    let mut text = String::new();
    for make in detek_detectors::ALL {
        let detector = make();
        let meta = detector.meta();
        writeln!(text, "{}  {:<26}  {}", meta.level.sign(), detector.id(), meta.title)
            .expect("writing to a string cannot fail");
    }
    write(&Destination::Stdout, text.as_bytes())?;
    Ok(0)
}
