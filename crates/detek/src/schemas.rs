//! JSON Schemas of the files that people write, so that editors complete and check them.

use serde_json::Value;

/// A schema.
pub(crate) struct Schema {
    /// The name as it is typed.
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) help: &'static str,
    /// The schema.
    pub(crate) json: fn() -> Value,
}

/// Every schema, by name.
pub(crate) static SCHEMAS: &[Schema] = &[
    Schema { name: "config", help: "a configuration file: detek.yaml", json: crate::config::schema },
    Schema { name: "detector", help: "a detector of a pack", json: || parsed(detek_packs::schema::DETECTOR) },
    Schema { name: "pack", help: "pack.yaml", json: || parsed(detek_packs::schema::PACK) },
    Schema { name: "waiver", help: "an accepted finding", json: detek_packs::waivers::schema },
];

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).expect("the schemas of packs are JSON: their tests validate with them")
}
