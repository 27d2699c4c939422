//! Files of a pack, and places in them.

use crate::scalar::{self, Style};
use std::sync::Arc;

/// A file of a pack as it was given to us.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path, as messages show it.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Where a node of YAML stands in its file: bytes, and how they are written, so that a character of a decoded scalar can
/// be found again behind escapes and folding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
    /// How a scalar is written; `Plain` for what is none.
    pub style: Style,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place in the file that it was read from.
    pub at: Span,
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A place in a file as people read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
    /// Code points that are meant, at least 1, all on this line.
    pub width: usize,
}

impl Source {
    /// A file of a pack.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Source { path: path.into(), text: text.into() })
    }

    /// The place of a whole node; of a node over several lines, the part on the first.
    pub fn place(&self, at: Span) -> Place {
        self.range(at.start as usize, at.end as usize)
    }

    /// The place of `width` code points of a decoded scalar from its code point `offset` on. What escapes, folding and
    /// indentation have put between is undone; a range over several lines ends with the first.
    pub fn place_in(&self, scalar: &Spanned<String>, offset: usize, width: usize) -> Place {
        let Some(offsets) = scalar::offsets(&self.text, scalar.at, &scalar.value) else { return self.place(scalar.at) };
        let last = offsets.len() - 1;
        let start = offsets[offset.min(last)];
        let end = offsets[offset.saturating_add(width.max(1)).min(last)];
        self.range(start, end)
    }

    /// The text of a line, from 1, without its end; empty behind the last.
    pub fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default()
    }

    fn range(&self, start: usize, end: usize) -> Place {
        let start = start.min(self.text.len());
        let before = &self.text[..start];
        let begin = before.rfind('\n').map_or(0, |n| n + 1);
        let rest = self.text[start..end.clamp(start, self.text.len())].lines().next().unwrap_or_default();
        Place {
            file: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: before[begin..].chars().count() + 1,
            width: rest.trim_end().chars().count().max(1),
        }
    }
}
