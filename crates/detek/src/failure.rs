//! Failures of a command as people read them: a code, what was tried, why it failed, and what to type next.

pub(crate) use crate::codes::Code;
use std::fmt;

/// A failure of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    what: String,
    lines: Vec<(&'static str, String)>,
}

impl Failure {
    /// `what` was tried, with names, in lower case.
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Failure { code, what: what.into(), lines: Vec::new() }
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
        for (label, text) in &self.lines {
            // A command that is cut cannot be pasted.
            let most = if matches!(*label, "fix" | "or") { 4_000 } else { 400 };
            writeln!(f, "  {label:<10} {}", detek_core::clip(text, most))?;
        }
        Ok(())
    }
}

/// The names nearest to one that is not known, at most three, nearest first.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (strsim::levenshtein(known, name), known))
        .filter(|(distance, known)| *distance <= 1 + name.len() / 3 || known.starts_with(name))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// `did you mean a or b?`, or all that are known.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()).as_slice() {
        [] if known.is_empty() => "there is none".to_owned(),
        [] if known.len() > 12 => "no known name is similar".to_owned(),
        [] => format!("there are {}", known.join(", ")),
        near => format!("did you mean {}?", near.join(" or ")),
    }
}
