//! `detek plan`: what would be read, and for whom. Contacts nobody.

use crate::{
    cli::Selection,
    failure::Failure,
    output::{Destination, write},
    select::select,
};
use detek_core::NotRunReason;
use std::fmt::Write as _;

pub(super) fn plan(selection: &Selection) -> Result<u8, Failure> {
    let (detectors, not_run) = select(selection)?;
    let plan = detek_detectors::plan(detectors);
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("writing to a string cannot fail");
    line(format!("{} detectors, {} inputs", plan.detectors.len(), plan.inputs.len()));
    for input in &plan.inputs {
        let readers = plan.dependants(&input.kind.key);
        let readers =
            if readers.is_empty() { "optional: owners of what is found".to_owned() } else { readers.join(", ") };
        line(format!("\n  {}\n    for    {readers}", input.kind.key));
        let paths: Vec<String> = input.projection.paths().into_iter().map(|(path, _)| path).collect();
        line(format!("    keeps  {}", paths.join(" ")));
    }
    for skipped in not_run {
        let NotRunReason::NeedsAddon(addon) = skipped.reason;
        line(format!("\n  {} is not run: it needs the add-on {}", skipped.id, addon.name()));
    }
    write(&Destination::Stdout, text.as_bytes())?;
    Ok(0)
}
