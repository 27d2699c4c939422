//! Text with expressions between `{{` and `}}`.

use super::{Compiler, Want};
use crate::{Problem, Template, problem::Rule, program::Part};

impl Compiler {
    /// Compiles text with `{{ expression }}` in it.
    ///
    /// # Errors
    /// Everything that is wrong with its expressions, with places in the whole text.
    pub fn template(&self, source: &str) -> Result<Template, Vec<Problem>> {
        let (mut parts, mut problems) = (Vec::new(), Vec::new());
        let mut rest = source;
        while let Some(open) = rest.find("{{") {
            let before = source.len() - rest.len() + open;
            if open > 0 {
                parts.push(Part::Text(rest[..open].into()));
            }
            let Some(length) = end(&rest[open + 2..]) else {
                let start = source[..before].chars().count();
                let problem = Problem::new(Rule::Syntax, start..start + 2, "`{{` is never closed");
                problems.push(problem.help("write `{{ expression }}`"));
                return Err(problems);
            };
            let expression = &rest[open + 2..][..length];
            let shift = source[..before + 2].chars().count();
            match self.expression(expression, Want::Any) {
                Ok(program) => parts.push(Part::Program(program)),
                Err(found) => problems.extend(found.into_iter().map(|problem| Problem {
                    place: problem.place.start + shift..problem.place.end + shift,
                    ..problem
                })),
            }
            rest = &rest[open + 2 + length + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        if problems.is_empty() { Ok(Template { parts }) } else { Err(problems) }
    }
}

/// Where `}}` closes an expression: not inside of a string, and not as the end of a map.
fn end(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None::<char>);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') if text[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
    }
    None
}
