//! One file for each format.

pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod json_v0;
pub(crate) mod jsonl;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod name;
pub(crate) mod prometheus;
pub(crate) mod sarif;
pub(crate) mod table;
pub(crate) mod waivers;
pub(crate) mod wide;
