//! The only text that templates write without escaping.

use askama::filters::HtmlSafe;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Style or script of our own, known when detek was compiled.
#[derive(Clone, Copy)]
pub(super) struct Verbatim(pub(super) &'static str);

impl Verbatim {
    /// The source expression that allows it in a Content-Security-Policy.
    pub(super) fn source(self) -> String {
        format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(self.0)))
    }
}

impl fmt::Display for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl HtmlSafe for Verbatim {}

/// JSON inside a `script` element. What could end the element, confuse a parser or hide from a reader (`<`, `>`, `&`
/// and everything that is not printable ASCII) is written as `\u` escapes; in JSON it can only stand in strings.
pub(super) struct Data(pub(super) String);

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '<' | '>' | '&');
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find(|c| !plain(c)) {
            f.write_str(&rest[..at])?;
            let c = rest[at..].chars().next().expect("found there");
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(f, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        f.write_str(rest)
    }
}

impl HtmlSafe for Data {}
