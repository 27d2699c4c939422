//! What is wrong with an expression, found before it runs.

use std::ops::Range;

/// One problem, with its place in the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which rule is broken.
    pub rule: Rule,
    /// Where, in code points of the expression.
    pub place: Range<usize>,
    /// What is wrong, in lower case and without a full stop.
    pub text: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// The rules that expressions are checked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It is not an expression.
    Syntax,
    /// A name, a function or these arguments of a function are not known.
    UnknownName,
    /// A variable is used above its definition.
    NotYetDefined,
    /// The result has the wrong type for its use.
    WrongResult,
    /// A literal that a function reads cannot be read.
    BadLiteral,
    /// `orValue` and others are called on what is no optional.
    NotOptional,
    /// It is too long, too deep or too large.
    TooLarge,
    /// Its loops cost too much.
    TooCostly,
    /// Literals of several types in one list, or integers with floating-point numbers.
    MixedTypes,
    /// A comparison with `null`, which no field of a document is.
    NullComparison,
    /// A condition that is always the same.
    Constant,
    /// A whole document is kept.
    WholeObject,
    /// All documents of another input are looked at for each object.
    Scan,
    /// A pattern is compiled for each object.
    ComputedPattern,
}

impl Rule {
    /// Whether the expression works nevertheless.
    pub fn is_warning(self) -> bool {
        matches!(self, Rule::NullComparison | Rule::Constant | Rule::WholeObject | Rule::Scan | Rule::ComputedPattern)
    }
}

impl Problem {
    pub(crate) fn new(rule: Rule, place: Range<usize>, text: impl Into<String>) -> Self {
        Problem { rule, place, text: text.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The names nearest to one that is not known, at most three, nearest first.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (strsim::levenshtein(known, name), known))
        .filter(|(distance, known)| *distance <= 1 + name.len() / 3 || known.starts_with(name))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// The name out of `known` that was probably meant.
pub fn meant<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    nearest(name, known).into_iter().next()
}
