//! What a server answered, read to its end.

use crate::transport::request::retry_after;
use detek_core::{Cause, CauseClass, Stage, clip};
use http::{HeaderMap, HeaderName, header};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use std::time::Duration;

/// An answer that was read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, or empty.
    pub content_type: String,
    /// When the server says it answered.
    pub date: Option<Timestamp>,
    /// The body.
    pub body: Vec<u8>,
    /// How often it was asked.
    pub attempts: u8,
    /// `Server`, or empty.
    pub(crate) server: String,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

impl Answer {
    pub(crate) fn new(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let date = DateTimeParser::new().parse_timestamp(text(header::DATE)).ok();
        Answer {
            status,
            content_type: text(header::CONTENT_TYPE).to_owned(),
            date,
            server: text(header::SERVER).to_owned(),
            retry_after: retry_after(headers, date),
            body,
            attempts: 1,
        }
    }

    /// Whether the server calls the body JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.content_type.contains("json")
    }

    /// The cause when this is an answer of something else than a Kubernetes API. The body is never shown.
    pub(crate) fn not_kubernetes(&self) -> Cause {
        let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { clip(text, 80) };
        let text = format!(
            "the answer is not one of a Kubernetes API: status {}, content type {}, server {}",
            self.status,
            shown(&self.content_type),
            shown(&self.server)
        );
        let mut cause = Cause::new(CauseClass::NotKubernetes, Stage::Body, &text);
        cause.status = Some(self.status);
        cause.attempts = self.attempts;
        cause
    }
}
