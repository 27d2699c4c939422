//! Detectors as data.

pub mod tree;
