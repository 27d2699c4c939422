//! Failures of a command as people read them: a code, what was tried, why it failed, and what to type next.

pub(crate) use crate::codes::Code;
pub(crate) use detek_packs::{nearest, tree::did_you_mean};
use std::fmt;

/// A failure of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    what: String,
    /// A line of a file, and the column that is meant.
    shown: Option<(String, usize)>,
    argument: Option<&'static str>,
    lines: Vec<(&'static str, String)>,
}

impl Failure {
    /// `what` was tried, with names, in lower case.
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Failure { code, what: what.into(), shown: None, argument: None, lines: Vec::new() }
    }

    /// With the line of a file that it is about, and the column, from 1.
    pub(crate) fn shown(self, line: &str, column: usize) -> Self {
        Failure { shown: Some((line.to_owned(), column)), ..self }
    }

    /// With the argument whose value it is about.
    pub(crate) fn of(self, argument: &'static str) -> Self {
        Failure { argument: Some(argument), ..self }
    }

    /// The argument whose value it is about.
    pub(crate) fn argument(&self) -> Option<&'static str> {
        self.argument
    }

    /// Adds a line such as `cause` or `fix`.
    pub(crate) fn line(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.lines.push((label, text.into()));
        self
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> u8 {
        self.code.page().exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error[{}]: {}", self.code.page().code, detek_core::clip(&self.what, 300))?;
        if let Some((line, column)) = &self.shown {
            let (line, caret) = snippet(line, *column);
            writeln!(f, "  | {line}\n  | {caret}")?;
        }
        for (label, text) in &self.lines {
            // A command that is cut cannot be pasted.
            let most = if matches!(*label, "fix" | "or") { 4_000 } else { 400 };
            writeln!(f, "  {label:<10} {}", detek_core::clip(text, most))?;
        }
        Ok(())
    }
}

/// Characters shown of a line of a file.
const SHOWN: usize = 100;
/// Characters shown before the one that is meant.
const BEFORE: usize = 60;

/// The part of a line around a column, and a caret below that column.
fn snippet(line: &str, column: usize) -> (String, String) {
    let at = column.saturating_sub(1);
    let start = at.saturating_sub(BEFORE);
    let visible =
        |c: char| if c.is_control() || detek_core::clip(c.encode_utf8(&mut [0; 4]), 1).is_empty() { ' ' } else { c };
    let text: String = line.chars().skip(start).take(SHOWN).map(visible).collect();
    (text.trim_end().to_owned(), format!("{:>width$}", '^', width = at - start + 1))
}
