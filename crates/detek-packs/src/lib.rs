//! Detectors as data.
