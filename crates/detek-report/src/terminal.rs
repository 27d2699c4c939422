//! Lines for a terminal: built from text that is clean, measured in columns, cut, and coloured last.

use crate::Style;
use anstyle::AnsiColor;
use detek_core::Level;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar;

/// How a part of a line looks. From the palette of 16 colours, so that people's own themes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Plain,
    Strong,
    Faint,
    Level(Level),
}

impl Look {
    fn style(self) -> anstyle::Style {
        match self {
            Look::Strong => anstyle::Style::new().bold(),
            Look::Faint => anstyle::Style::new().dimmed(),
            Look::Level(Level::Fatal) => AnsiColor::Red.on_default().bold().invert(),
            Look::Level(Level::Error) => AnsiColor::Red.on_default().bold(),
            Look::Level(Level::Warn) => AnsiColor::Yellow.on_default(),
            Look::Level(Level::Info) => AnsiColor::Cyan.on_default(),
            Look::Level(Level::Unknown) => AnsiColor::Magenta.on_default(),
            // Nothing is green: a table does not say that a cluster is well.
            Look::Plain | Look::Level(Level::Normal) => anstyle::Style::new(),
        }
    }
}

/// The shape that stands beside the letter of a level, one column wide.
pub(crate) fn shape(level: Level) -> char {
    match level {
        Level::Fatal => '■',
        Level::Error => '●',
        Level::Warn => '▲',
        Level::Info => '○',
        Level::Normal | Level::Unknown => ' ',
    }
}

/// Columns that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// `text` in at most `max` columns, with `…` where it was cut.
pub(crate) fn fit(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += columns(*c);
        used < max
    });
    let mut text: String = kept.collect();
    if max > 0 {
        text.push('…');
    }
    text
}

/// A line of a table.
#[derive(Default)]
pub(crate) struct Line(Vec<(Look, String)>);

impl Line {
    pub(crate) fn add(mut self, look: Look, text: impl Into<String>) -> Self {
        self.0.push((look, text.into()));
        self
    }

    /// Fills up to `column`; text that is already there is followed by two spaces at least.
    pub(crate) fn to(self, column: usize) -> Self {
        let (width, least) = (self.width(), if self.0.is_empty() { 0 } else { 2 });
        self.add(Look::Plain, " ".repeat(column.saturating_sub(width).max(least)))
    }

    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// Cut to the width of `style`.
    pub(crate) fn fit(self, style: &Style<'_>) -> Self {
        let Some(mut left) = style.width else { return self };
        let mut line = Line::default();
        let too_long = self.width() > left;
        for (look, text) in self.0 {
            // The mark of the cut needs a column of its own, which the last part that fits must leave.
            if too_long && width(&text) >= left {
                return line.add(look, fit(&(text + " "), left));
            }
            left -= width(&text);
            line = line.add(look, text);
        }
        line
    }

    /// Appends it with its colours and a newline.
    pub(crate) fn write(&self, style: &Style<'_>, out: &mut Vec<u8>) {
        let mut text = String::new();
        for (look, part) in &self.0 {
            let look = look.style();
            if style.color && look != anstyle::Style::new() {
                write!(text, "{look}{part}{look:#}").expect("writing to a string cannot fail");
            } else {
                text += part;
            }
        }
        out.extend_from_slice(text.trim_end().as_bytes());
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Look, fit, width};
    use crate::Style;

    #[test]
    fn width_is_that_of_columns_not_of_characters() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn a_line_of_several_parts_is_cut_at_the_width() {
        let line = || Line::default().add(Look::Plain, "abc").add(Look::Strong, "def");
        for (max, want) in [(7, "abcdef"), (6, "abcdef"), (5, "abcd…"), (4, "abc…"), (3, "ab…"), (1, "…")] {
            let style = Style { width: Some(max), ..Style::default() };
            let mut out = Vec::new();
            line().fit(&style).write(&style, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), format!("{want}\n"));
        }
    }
}
