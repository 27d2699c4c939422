//! Which names an expression uses, found without parsing it: enough to tell what nobody uses. A name that only a loop
//! variable shadows counts as used.

use std::collections::BTreeSet;

/// The names that expressions use.
#[derive(Debug, Default)]
pub(crate) struct Used {
    /// Names that stand alone or before a dot: inputs.
    pub(crate) roots: BTreeSet<String>,
    /// `params.NAME`.
    pub(crate) params: BTreeSet<String>,
    /// `variables.NAME`.
    pub(crate) variables: BTreeSet<String>,
}

impl Used {
    /// Adds the names of an expression.
    pub(crate) fn add(&mut self, expression: &str) {
        let tokens = tokens(expression);
        for (n, token) in tokens.iter().enumerate() {
            let (Token::Name(name), false) = (token, n > 0 && is_select(&tokens[..n])) else { continue };
            self.roots.insert((*name).to_owned());
            let field = match &tokens[n + 1..] {
                [Token::Sign('.'), Token::Name(field), ..]
                | [Token::Sign('.'), Token::Sign('?'), Token::Name(field), ..]
                | [Token::Sign('['), Token::Text(field), ..]
                | [Token::Sign('['), Token::Sign('?'), Token::Text(field), ..] => *field,
                _ => continue,
            };
            match *name {
                "params" => self.params.insert(field.to_owned()),
                "variables" => self.variables.insert(field.to_owned()),
                _ => continue,
            };
        }
    }
}

#[derive(Debug)]
enum Token<'e> {
    Name(&'e str),
    Text(&'e str),
    Sign(char),
}

/// Whether what follows is the field of something: `.name` or `.?name`.
fn is_select(before: &[Token<'_>]) -> bool {
    matches!(before, [.., Token::Sign('.')] | [.., Token::Sign('.'), Token::Sign('?')])
}

fn tokens(expression: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(Token::Name(&rest[..end]));
                end
            }
            '0'..='9' => rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len()),
            '\'' | '"' => {
                let end = quoted(rest, c);
                tokens.push(Token::Text(rest[1..end].trim_end_matches(c)));
                end
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// Length of the literal text at the beginning.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (n, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return n + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::Used;

    #[test]
    fn inputs_params_and_variables_are_found_and_fields_are_not() {
        let mut used = Used::default();
        used.add(
            "svc.byName[?(object.metadata.namespace + '/services')].?pods == params.?a || params['b'] && variables.c",
        );
        used.add("x.params.d // params.e");
        let all = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(all(&used.roots), "object params svc variables x");
        assert_eq!(all(&used.params), "a b");
        assert_eq!(all(&used.variables), "c");
    }
}
