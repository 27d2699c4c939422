//! One file for each format.

pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod name;
pub(crate) mod table;
