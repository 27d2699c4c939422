//! What a bench says: a value, what it may be, and whether it is.

use serde::Serialize;
use std::fmt;

/// What a value may be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Budget {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Told, not judged.
    Told,
}

/// One measured value.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// Empty for a ratio.
    pub(crate) unit: &'static str,
    pub(crate) budget: Budget,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str, budget: Budget) -> Self {
        Self { name: name.into(), value, unit, budget }
    }

    pub(crate) fn is_within(&self) -> bool {
        match self.budget {
            Budget::AtLeast(least) => self.value >= least,
            Budget::AtMost(most) => self.value <= most,
            Budget::Told => true,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, unit, budget } = self;
        write!(f, "{name:<58} {value:>8.2} {unit:<4}")?;
        let verdict = if self.is_within() { "ok" } else { "BROKEN" };
        match budget {
            Budget::AtLeast(least) => write!(f, " at least {least:<6} {verdict}"),
            Budget::AtMost(most) => write!(f, " at most  {most:<6} {verdict}"),
            Budget::Told => Ok(()),
        }
    }
}

/// The middle of the values of several rounds.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
