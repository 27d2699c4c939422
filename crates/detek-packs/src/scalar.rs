//! From a character of a scalar as it is meant back to the character of the file that it was written with: through
//! escapes, doubled quotes, indentation, and the folding of lines.
//!
//! The decoder of YAML gives the value and where its text begins and ends. Here that text is decoded a second time, only
//! when a problem is to be shown, with the offset of each character written down; the rules are those of YAML 1.2.2,
//! chapters 7.3 and 8.1.

use crate::source::Span;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `a b`
    #[default]
    Plain,
    /// `'a b'`
    Single,
    /// `"a b"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Style {
    /// Every style, by the number that [`Style::number`] gives it.
    pub(crate) const ALL: [Style; 5] = [Style::Plain, Style::Single, Style::Double, Style::Literal, Style::Folded];

    /// Its number.
    pub(crate) fn number(self) -> u32 {
        self as u32
    }
}

/// A decoded character, and the offset of the file where its text begins.
type Decoded = Vec<(char, usize)>;

/// For each code point of `value`, the offset of the byte in `text` where it is written, and after the last one the
/// offset where the scalar ends. `None` if the text at this place does not decode to `value`, as that of a block without
/// any text may not.
pub(crate) fn offsets(text: &str, at: Span, value: &str) -> Option<Vec<usize>> {
    let (start, end) = (at.start as usize, at.end as usize);
    let raw = text.get(start..end)?;
    let inner = |raw: &str| raw.get(1..raw.len().checked_sub(1)?).map(|inner| flow(inner, start + 1, at.style));
    let mut decoded = match at.style {
        Style::Plain => flow(raw, start, at.style),
        Style::Single | Style::Double => inner(raw)?,
        Style::Literal => literal(&lines(text, start, end)),
        Style::Folded => folded(&lines(text, start, end)),
    };
    if matches!(at.style, Style::Literal | Style::Folded) {
        // What chomping has cut is at the end; a file may also end without the line break that a block ends with.
        decoded.truncate(value.chars().count());
        if value.ends_with('\n') && decoded.len() + 1 == value.chars().count() {
            decoded.push(('\n', end));
        }
    }
    let same = decoded.iter().map(|(c, _)| *c).eq(value.chars());
    let closing = usize::from(matches!(at.style, Style::Single | Style::Double));
    same.then(|| decoded.into_iter().map(|(_, offset)| offset).chain([end - closing]).collect())
}

/// Plain and quoted scalars, without their quotes; `base` is the offset of `raw` in the file.
fn flow(raw: &str, base: usize, style: Style) -> Decoded {
    let mut out = Decoded::new();
    let mut at = 0;
    while let Some(c) = raw[at..].chars().next() {
        let rest = &raw[at..];
        let took = match (c, style) {
            (' ' | '\t' | '\r' | '\n', _) => space(rest, base + at, false, &mut out),
            ('\'', Style::Single) => {
                out.push(('\'', base + at));
                2
            }
            ('\\', Style::Double) => escape(rest, base + at, &mut out),
            _ => {
                out.push((c, base + at));
                c.len_utf8()
            }
        };
        at += took.min(rest.len());
    }
    out
}

/// White space at the beginning of `rest`: kept on one line; with line breaks, one is a space (nothing if it was
/// `escaped`) and each further one a line break. Returns how many bytes that are.
fn space(rest: &str, base: usize, escaped: bool, out: &mut Decoded) -> usize {
    let run = &rest[..rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()];
    let breaks: Vec<usize> = run.match_indices('\n').map(|(n, _)| base + n).collect();
    match breaks.as_slice() {
        [] => out.extend(run.char_indices().map(|(n, c)| (c, base + n))),
        [only] if !escaped => out.push((' ', *only)),
        [_, further @ ..] => out.extend(further.iter().map(|offset| ('\n', *offset))),
    }
    run.len()
}

/// An escape of a double-quoted scalar, or an escaped line break with the white space behind it.
fn escape(rest: &str, base: usize, out: &mut Decoded) -> usize {
    let Some(kind) = rest[1..].chars().next() else { return 1 };
    let digits = match kind {
        '\n' | '\r' => return 1 + space(&rest[1..], base + 1, true, out),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    let number = |from: usize, digits: usize| u32::from_str_radix(rest.get(from..from + digits)?, 16).ok();
    if digits > 0 {
        let mut took = 2 + digits;
        let mut code = number(2, digits);
        if let Some(high @ 0xD800..0xDC00) = code {
            // A pair of surrogates, as JSON writes characters beyond 16 bits.
            code = number(took + 2, 4).map(|low| 0x1_0000 + ((high - 0xD800) << 10) + (low & 0x3FF));
            took += 6;
        }
        out.push((code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), base));
        return took;
    }
    let c = match kind {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{B}',
        'f' => '\u{C}',
        'r' => '\r',
        'e' => '\u{1B}',
        'N' => '\u{85}',
        '_' => '\u{A0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        other => other,
    };
    out.push((c, base));
    1 + kind.len_utf8()
}

/// A line of a block scalar without its indentation.
struct Line<'t> {
    text: &'t str,
    start: usize,
    /// Offset of its line break.
    end: usize,
}

impl Line<'_> {
    fn is_more_indented(&self) -> bool {
        self.text.starts_with([' ', '\t'])
    }
}

/// The lines of a block scalar. Its text begins behind the indentation of the first line that is not empty, so that the
/// column of `start` is the indentation of all, and empty lines before it belong to it.
fn lines(text: &str, start: usize, end: usize) -> Vec<Line<'_>> {
    let mut begin = text[..start].rfind('\n').map_or(0, |n| n + 1);
    let indent = start - begin;
    while let Some(above) = text[..begin].strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |n| n + 1);
        if !above[line..].trim().is_empty() {
            break;
        }
        begin = line;
    }
    let mut lines = Vec::new();
    let mut at = begin;
    for line in text[begin..end.max(begin)].split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let spaces = bare.len() - bare.trim_start_matches(' ').len();
        let skip = spaces.min(indent);
        lines.push(Line { text: &bare[skip..], start: at + skip, end: at + line.trim_end_matches('\n').len() });
        at += line.len();
    }
    lines
}

fn push_text(line: &Line<'_>, out: &mut Decoded) {
    out.extend(line.text.char_indices().map(|(n, c)| (c, line.start + n)));
}

fn literal(lines: &[Line<'_>]) -> Decoded {
    let mut out = Decoded::new();
    for line in lines {
        push_text(line, &mut out);
        out.push(('\n', line.end));
    }
    out
}

fn folded(lines: &[Line<'_>]) -> Decoded {
    let mut out = Decoded::new();
    let mut before: Option<&Line<'_>> = None;
    let mut empty: Vec<usize> = Vec::new();
    for line in lines {
        if line.text.is_empty() {
            empty.push(line.end);
            continue;
        }
        match before {
            Some(before) if before.is_more_indented() || line.is_more_indented() => out.push(('\n', before.end)),
            Some(before) if empty.is_empty() => out.push((' ', before.end)),
            _ => {}
        }
        out.extend(empty.drain(..).map(|offset| ('\n', offset)));
        push_text(line, &mut out);
        before = Some(line);
    }
    out.extend(before.map(|line| ('\n', line.end)));
    out.extend(empty.into_iter().map(|offset| ('\n', offset)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::{Source, Spanned},
        yaml::{self, Node},
    };
    use proptest::prelude::*;
    use std::sync::Arc;

    /// The value of `key` in a file, if it parses.
    fn scalar(text: &str, key: &str) -> Option<Spanned<String>> {
        let root = yaml::parse(text, &mut Vec::new()).ok()??;
        let node: &Arc<Node> = root.get(key)?;
        Some(Spanned { value: node.text()?.to_owned(), at: node.at })
    }

    /// Each character maps to the same one of the file, unless it was written as an escape or a line break.
    fn assert_maps(text: &str) {
        let Some(scalar) = scalar(text, "k") else { return };
        if scalar.at.start == scalar.at.end || scalar.value.trim().is_empty() {
            return;
        }
        let offsets = offsets(text, scalar.at, &scalar.value)
            .unwrap_or_else(|| panic!("{text:?} at {:?} does not decode to {:?}", scalar.at, scalar.value));
        assert_eq!(offsets.len(), scalar.value.chars().count() + 1, "{text:?}");
        assert!(offsets.is_sorted(), "{text:?}: {offsets:?}");
        for (c, offset) in scalar.value.chars().zip(&offsets) {
            let written = text[*offset..].chars().next();
            let same = written == Some(c)
                || (c == ' ' && written == Some('\n'))
                || (c == '\n' && matches!(written, None | Some('\r')))
                || (scalar.at.style == Style::Double && written == Some('\\'));
            assert!(same, "{text:?}: {c:?} is at {offset}, where {written:?} stands");
        }
    }

    /// What lines of scalars are made of.
    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[a-z.?()&é名 ]{0,12}",
            1 => Just(String::new()),
            1 => " {1,3}[a-z]{1,4}",
            1 => "[a-z]{1,3}[ \t]{1,2}",
            1 => r#"[a-z]{0,3}('|"|''|\\n|\\t|\\u00e9|\\x41|\\\\|\\")[a-z]{0,3}"#,
        ]
    }

    fn lines_of() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec(line(), 1..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn block_scalars_map_back(lines in lines_of(), style in "[|>][-+]?", indent in 1_usize..4, end in "\n{0,3}", after in any::<bool>()) {
            let pad = " ".repeat(indent);
            let body: String = lines.iter().map(|line| if line.is_empty() { "\n".into() } else { format!("{pad}{line}\n") }).collect();
            let rest = if after { "z: 1\n" } else { "" };
            assert_maps(&format!("a: 1\nk: {style}\n{body}{end}{rest}"));
            assert_maps(&format!("k: {}\n{body}", style.replacen(['|', '>'], &format!("{}{indent}", &style[..1]), 1)));
            assert_maps(format!("k: {style}\n{body}{end}{rest}").trim_end());
        }

        #[test]
        fn quoted_scalars_map_back(lines in lines_of(), quote in "['\"]", indent in 1_usize..4) {
            let body = lines.join(&format!("\n{}", " ".repeat(indent)));
            assert_maps(&format!("a: 1\nk: {quote}{body}{quote}\n"));
            assert_maps(&format!("a: {{k: {quote}{body}{quote}, b: c}}\n"));
            assert_maps(&format!("k: {quote}{}{quote}\n", body.replace('\n', "\\\n")));
        }

        #[test]
        fn plain_scalars_map_back(lines in lines_of(), indent in 1_usize..4) {
            let body = lines.join(&format!("\n{}", " ".repeat(indent)));
            assert_maps(&format!("a: 1\nk: x{body}\nb: c\n"));
            assert_maps(&format!("a: {{k: x{body}, b: c}}\n"));
        }
    }

    #[test]
    fn the_place_of_a_name_is_found_behind_folding_quoting_and_escapes() {
        for (text, column, line) in [
            ("k: a && NAME", 9, 1),
            ("k: 'it''s && NAME'", 14, 1),
            ("k: \"\\u00e9\\n && NAME\"", 17, 1),
            ("k: \"\\ud83d\\ude00 NAME\"", 18, 1),
            ("k: a\n  && NAME", 6, 2),
            ("k: >-\n  a\n  && NAME\n", 6, 3),
            ("k: >-\n\n  a\n    && NAME\n", 8, 4),
            ("k: |\n   a\n    && NAME\n", 8, 3),
            ("k: >-\r\n  a\r\n  && NAME\r\n", 6, 3),
            ("{é: 1, k: é && NAME}", 16, 1),
        ] {
            let scalar = scalar(text, "k").expect("it parses");
            let offset = scalar.value[..scalar.value.find("NAME").expect("it is there")].chars().count();
            let place = Source::new("f", text).place_in(&scalar, offset, 4);
            assert_eq!((place.line, place.column, place.width), (line, column, 4), "{text:?}");
        }
    }
}
