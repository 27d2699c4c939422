//! `detek list schemas NAME`.

use crate::{failure::Failure, output::print, schemas::SCHEMAS, select::unknown};

pub(super) fn schema(name: &str) -> Result<u8, Failure> {
    let known: Vec<&str> = SCHEMAS.iter().map(|schema| schema.name).collect();
    let schema = SCHEMAS.iter().find(|schema| schema.name == name);
    let schema = schema.ok_or_else(|| unknown("schema", name, &known, "detek list schemas"))?;
    print(&format!("{:#}\n", (schema.json)()))?;
    Ok(0)
}
