//! Problems of packs: a code, a place, what is wrong and what would be right, printed as compilers do.

use crate::source::{Place, Source, Span};
use std::fmt::{self, Write as _};
use unicode_width::UnicodeWidthChar;

pub use crate::codes::{Code, PAGES, Page, Severity};

/// Lines are shown up to this width, cut around the place that is meant.
const MAX_SHOWN: usize = 160;

/// Something in a pack that is wrong, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub code: Code,
    /// Where it is.
    pub place: Place,
    /// What is wrong, in one line.
    pub text: String,
    /// What would be right.
    pub help: Option<String>,
    /// The line of the file.
    pub line: String,
}

impl Problem {
    /// A problem of `source` at `place`, which is one of its own.
    pub fn new(code: Code, source: &Source, place: Place, text: impl Into<String>) -> Self {
        let line = source.line(place.line).to_owned();
        Problem { code, place, text: text.into(), help: None, line }
    }

    /// The same with a hint.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Problem { help: Some(help.into()), ..self }
    }

    /// Whether it refuses the pack, or only warns.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// `FILE:LINE:COLUMN`.
    pub fn location(&self) -> String {
        format!("{}:{}:{}", visible(&self.place.file), self.place.line, self.place.column)
    }
}

/// As compilers print it: code and text, place, for errors the line with the place underlined, and the hint.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.place.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{}[{}]: {}", self.severity().name(), self.code.name(), visible(&self.text))?;
        writeln!(f, "{margin}--> {}", self.location())?;
        if self.severity() == Severity::Error {
            let (line, before, marked) = snippet(&self.line, self.place.column - 1, self.place.width);
            writeln!(f, "{margin} |")?;
            writeln!(f, "{}", format_args!("{number} | {line}").to_string().trim_end())?;
            writeln!(f, "{margin} | {}{}", " ".repeat(before), "^".repeat(marked))?;
        }
        match &self.help {
            Some(help) => writeln!(f, "{margin} = help: {}", visible(help)),
            None => Ok(()),
        }
    }
}

/// The problems of several packs, by place, each once.
pub fn sorted(problems: impl IntoIterator<Item = Problem>) -> Vec<Problem> {
    let mut all: Vec<Problem> = problems.into_iter().collect();
    all.sort_by(|a, b| (&a.place, a.code, &a.text).cmp(&(&b.place, b.code, &b.text)));
    all.dedup();
    all
}

/// Text of a pack for a terminal: characters that move the cursor or hide others are shown as `\u{..}`.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        shown(c, &mut out);
    }
    out
}

/// Adds a character as it is shown; returns the columns that it takes.
fn shown(c: char, out: &mut String) -> usize {
    match c.width() {
        _ if c == '\t' => {
            out.push_str("    ");
            4
        }
        Some(width @ 1..) => {
            out.push(c);
            width
        }
        _ if combines(c) => {
            out.push(c);
            0
        }
        _ => {
            let escaped = c.escape_unicode().to_string();
            out.push_str(&escaped);
            escaped.len()
        }
    }
}

/// Accents and the like, which take no column of their own and are meant to.
fn combines(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{FE00}'..='\u{FE0F}')
}

/// The line as it is shown, the columns before the place and the columns that it takes.
fn snippet(line: &str, column: usize, width: usize) -> (String, usize, usize) {
    let (mut out, mut before, mut marked) = (String::new(), 0, 0);
    for (n, c) in line.chars().enumerate() {
        let took = shown(c, &mut out);
        if n < column {
            before += took;
        } else if n < column + width {
            marked += took;
        }
    }
    let marked = marked.max(1);
    let total: usize = out.chars().map(|c| c.width().unwrap_or(0)).sum();
    if total <= MAX_SHOWN {
        return (out, before, marked);
    }
    // What is meant begins in the first quarter, if the line is longer than that.
    let from = before.saturating_sub(MAX_SHOWN / 4).min(total - MAX_SHOWN);
    let mut cut = String::new();
    let (mut at, mut lost) = (0, 0);
    for c in out.chars() {
        let took = c.width().unwrap_or(0);
        if at < from {
            lost += took;
        } else if at + took <= from + MAX_SHOWN {
            cut.push(c);
        }
        at += took;
    }
    let lead = if lost > 0 { "..." } else { "" };
    let tail = if from + MAX_SHOWN < total { "..." } else { "" };
    let before = before - lost;
    let mut shown = String::new();
    let _ = write!(shown, "{lead}{cut}{tail}");
    (shown, before + lead.len(), marked.min(MAX_SHOWN - before))
}

/// A problem before its file is known: how checks of one file report.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) at: Span,
    /// The scalar at `at`, and the first code point and the number of code points of it, if only these are meant.
    part: Option<Box<(String, usize, usize)>>,
    text: String,
    help: Option<String>,
    also: Option<Box<(&'static str, Span)>>,
}

impl Fault {
    pub(crate) fn new(code: Code, at: Span, text: String) -> Self {
        Fault { code, at, part: None, text, help: None, also: None }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Fault { help: Some(help.into()), ..self }
    }

    /// Adds a hint to a fault that was told already.
    pub(crate) fn set_help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// Another place of the same file that the text ends with.
    pub(crate) fn also(self, what: &'static str, at: Span) -> Self {
        Fault { also: Some(Box::new((what, at))), ..self }
    }

    /// Only `width` code points of the scalar `value` from `offset` on are meant.
    pub(crate) fn part(self, value: &str, offset: usize, width: usize) -> Self {
        Fault { part: Some(Box::new((value.to_owned(), offset, width))), ..self }
    }

    pub(crate) fn problem(self, source: &Source) -> Problem {
        let place = match self.part.map(|part| *part) {
            Some((value, offset, width)) => {
                source.place_in(&crate::source::Spanned { value, at: self.at }, offset, width)
            }
            None => source.place(self.at),
        };
        let text = match self.also.map(|also| *also) {
            Some((what, at)) => {
                let other = source.place(at);
                format!("{}; {what} {}:{}:{}", self.text, other.file, other.line, other.column)
            }
            None => self.text,
        };
        Problem { help: self.help, ..Problem::new(self.code, source, place, text) }
    }
}
