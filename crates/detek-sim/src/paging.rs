//! Paging: opaque tokens, selectors, and which objects a page holds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The message of a 410 whose token is too old.
pub(crate) const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without \
     the continue parameter.";
/// The same with a fresh token.
pub(crate) const EXPIRED_WITH_TOKEN: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list \
     without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the \
     provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned \
     and now may show up in the list.";

/// What a continue token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    v: String,
    /// Snapshot; -1 after a 410 was answered with a fresh token.
    pub(crate) rv: i64,
    /// Index of the next object in the list.
    pub(crate) start: usize,
    /// Number of the page it asks for; the first page is 1.
    pub(crate) page: u32,
}

impl Token {
    pub(crate) fn new(rv: i64, start: usize, page: u32) -> Self {
        Self { v: "meta.k8s.io/v1".into(), rv, start, page }
    }

    pub(crate) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(json!(self).to_string())
    }

    pub(crate) fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// The parameters of a list request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) limit: usize,
    pub(crate) token: Option<String>,
    pub(crate) labels: Vec<Term>,
    pub(crate) fields: Vec<Term>,
    pub(crate) watch: bool,
}

/// One term of a selector: `key=value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key`, `!key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    key: String,
    /// `None` asks for the key alone.
    values: Option<Vec<String>>,
    negated: bool,
}

impl Term {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let term = |key: &str, values: Option<Vec<String>>, negated| Self { key: key.trim().into(), values, negated };
        let set = |list: &str| list.trim_matches(['(', ')', ' ']).split(',').map(|v| v.trim().to_owned()).collect();
        if let Some((key, list)) = text.split_once(" notin ") {
            return term(key, Some(set(list)), true);
        }
        if let Some((key, list)) = text.split_once(" in ") {
            return term(key, Some(set(list)), false);
        }
        if let Some((key, value)) = text.split_once("!=") {
            return term(key, Some(vec![value.trim().into()]), true);
        }
        if let Some((key, value)) = text.split_once('=') {
            return term(key, Some(vec![value.trim_start_matches('=').trim().into()]), false);
        }
        match text.strip_prefix('!') {
            Some(key) => term(key, None, true),
            None => term(text, None, false),
        }
    }

    fn holds(&self, found: Option<&str>) -> bool {
        let holds = match &self.values {
            None => found.is_some(),
            Some(values) => found.is_some_and(|f| values.iter().any(|v| v == f)),
        };
        holds != self.negated
    }
}

/// Splits at commas outside parentheses.
fn terms(selector: &str) -> Vec<Term> {
    let (mut depth, mut start, mut out) = (0, 0, Vec::new());
    for (i, c) in selector.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(Term::parse(&selector[start..i]));
                start = i + 1;
            }
            _ => {}
        }
    }
    if start < selector.len() {
        out.push(Term::parse(&selector[start..]));
    }
    out
}

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode(value);
            match key {
                "limit" => parsed.limit = value.parse().unwrap_or(0),
                "continue" if !value.is_empty() => parsed.token = Some(value),
                "labelSelector" => parsed.labels = terms(&value),
                "fieldSelector" => parsed.fields = terms(&value),
                "watch" => parsed.watch = matches!(value.as_str(), "true" | "1"),
                _ => {}
            }
        }
        parsed
    }

    pub(crate) fn selects(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let label = |key: &str| object["metadata"]["labels"][key].as_str();
        let field = |path: &str| path.split('.').try_fold(object, |v, key| v.get(key)).and_then(Value::as_str);
        self.labels.iter().all(|t| t.holds(label(&t.key)))
            && self.fields.iter().all(|t| t.holds(Some(field(&t.key).unwrap_or_default())))
    }
}

pub(crate) fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                let code = std::str::from_utf8(&digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
                out.push(code.unwrap_or(b'?'));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_follow_the_rules_of_the_api() {
        let pod = json!({"metadata": {"name": "a", "labels": {"app": "web", "tier": "front"}}, "type": "x"});
        for (query, want) in [
            ("labelSelector=app%3Dweb", true),
            ("labelSelector=app%21%3Dweb", false),
            ("labelSelector=app+in+(api,web),tier", true),
            ("labelSelector=%21tier", false),
            ("labelSelector=zone+notin+(a)", true),
            ("fieldSelector=metadata.name%3Da,type%3Dx", true),
            ("fieldSelector=metadata.name=b", false),
        ] {
            assert_eq!(Query::parse(query).matches(&pod), want, "{query}");
        }
    }

    #[test]
    fn a_token_comes_back_as_it_went() {
        let token = Token::new(7, 500, 2);
        assert_eq!(Token::decode(&token.encode()), Some(token));
        assert_eq!(Token::decode("nonsense"), None);
    }
}
