//! Files of waivers: read, and what is said of those that somebody should look after.

use crate::{
    config::{failure, read_named},
    failure::Failure,
    select::names,
};
use detek_core::{AnyDetector, Note, Run, Waivers};
use detek_packs::waivers::read;
use std::{path::PathBuf, sync::Arc};

/// Waivers that are told about in a run; the others are counted.
const TOLD: usize = 5;

/// The waivers of some files, for findings of `all` detectors.
///
/// # Errors
/// If a file cannot be read, or is no YAML. A mistake in one waiver harms that one only: it is invalid.
pub(crate) fn load(files: &[PathBuf], all: &[Arc<dyn AnyDetector>]) -> Result<Waivers, Failure> {
    let mut waivers = Waivers { detectors: names(all), ..Waivers::default() };
    for path in files {
        let (file, text) = (path.display().to_string(), read_named(path)?);
        let found = read(&file, &text).map_err(|why| failure("waiver", (&file, &text), &why))?;
        waivers.all.extend(found.waivers);
        waivers.invalid.extend(found.mistakes.into_iter().map(|(name, mistake)| {
            let place = format!("{file}:{}:{}", mistake.mark.line, mistake.mark.column);
            (name.unwrap_or_else(|| "unnamed".to_owned()), place, format!("{}: {}", mistake.what, mistake.cause))
        }));
    }
    Ok(waivers)
}

/// What is said in a run of waivers that somebody should look after.
pub(crate) fn notes(run: &Run) -> Vec<Note> {
    let mut texts: Vec<String> = (run.waivers.iter().filter(|audit| audit.is_worth_a_word()))
        .map(|audit| format!("waiver {} at {}, {}: {}", audit.name, audit.place, audit.state.name(), audit.text))
        .collect();
    let more = texts.len().saturating_sub(TOLD);
    if more > 0 {
        texts.truncate(TOLD);
        texts.push(format!("{more} more waivers need looking after: detek list waivers"));
    }
    texts.into_iter().map(|text| Note { text }).collect()
}
