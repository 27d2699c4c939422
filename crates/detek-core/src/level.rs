//! How bad a report is.

use std::{fmt, str::FromStr};

/// The outcome of a report, and how much a finding matters. Ordered from best to worst, with [`Level::Unknown`] below
/// all: it says nothing about the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not evaluated on complete inputs; the report's reason says why.
    Unknown,
    /// Evaluated on complete inputs, nothing found.
    Normal,
    /// Worth knowing; nobody needs to act now.
    Info,
    /// Will break, or a known trap.
    Warn,
    /// Broken now.
    Error,
    /// Users are cut off now.
    Fatal,
}

impl Level {
    /// Every level, worst first, as reports list them.
    pub const ALL: [Level; 6] = [Level::Fatal, Level::Error, Level::Warn, Level::Info, Level::Unknown, Level::Normal];
    /// The levels that a finding can have, worst first.
    pub const OF_FINDINGS: [Level; 4] = [Level::Fatal, Level::Error, Level::Warn, Level::Info];

    /// The name as in text and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Level::Unknown => "Unknown",
            Level::Normal => "Normal",
            Level::Info => "Info",
            Level::Warn => "Warn",
            Level::Error => "Error",
            Level::Fatal => "Fatal",
        }
    }

    /// The one-character sign of tables: `F E W I . ?`.
    pub fn sign(self) -> char {
        match self {
            Level::Unknown => '?',
            Level::Normal => '.',
            Level::Info => 'I',
            Level::Warn => 'W',
            Level::Error => 'E',
            Level::Fatal => 'F',
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Level::ALL
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("`{text}` is not a level: fatal, error, warn, info, normal or unknown"))
    }
}
