//! Texts of detectors: prose with code between backticks.

/// Programs whose calls are worth copying.
const PROGRAMS: [&str; 4] = ["kubectl ", "detek ", "helm ", "openssl "];

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Span<'a> {
    Text(&'a str),
    Code(&'a str),
    /// Code to type into a shell.
    Command(&'a str),
}

/// Splits `text` at its backticks. One without a partner stays as it is.
pub(super) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some((before, (code, after))) = rest.split_once('`').and_then(|(b, r)| Some((b, r.split_once('`')?))) {
        if !before.is_empty() {
            spans.push(Span::Text(before));
        }
        let command = PROGRAMS.iter().any(|program| code.starts_with(program));
        spans.push(if command { Span::Command(code) } else { Span::Code(code) });
        rest = after;
    }
    if !rest.is_empty() {
        spans.push(Span::Text(rest));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::{Span::*, spans};

    #[test]
    fn commands_are_told_from_other_code_and_a_lone_backtick_is_text() {
        assert_eq!(
            spans("Set `memory` with `kubectl edit deployment NAME`. A ` stays"),
            [
                Text("Set "),
                Code("memory"),
                Text(" with "),
                Command("kubectl edit deployment NAME"),
                Text(". A ` stays")
            ]
        );
    }
}
