//! What is asked for, and the limits on it.

use detek_core::clip;
use http::{HeaderMap, Method, header};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Limits on reading one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first request to its answer, waits included.
    pub first_contact: Duration,
    /// All of discovery.
    pub discovery: Duration,
    /// One request of discovery.
    pub discovery_each: Duration,
    /// From a request to the first byte of its answer.
    pub first_byte: Duration,
    /// Without a byte inside a body.
    pub idle: Duration,
    /// One page with all attempts and waits.
    pub page: Duration,
    /// Bytes of one page or of any other answer, decompressed.
    pub body_bytes: usize,
    /// Objects asked for in one page.
    pub page_limit: u32,
    /// Bytes of one list.
    pub list_bytes: u64,
    /// Objects of one list.
    pub list_objects: usize,
    /// Bytes of documents kept, of all inputs together.
    pub kept_bytes: usize,
    /// Requests in flight at the beginning; up to twice as many if the server answers well.
    pub parallel: usize,
    /// Whether to ask for compressed answers; without a word only outside of private networks, where it pays.
    pub gzip: Option<bool>,
    /// For a credential plugin that asks no questions.
    pub plugin: Duration,
    /// Whether instances of the API server are asked at addresses of this machine, too: for simulated clusters.
    pub probe_loopback: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            first_contact: Duration::from_secs(10),
            discovery: Duration::from_secs(15),
            discovery_each: Duration::from_secs(5),
            first_byte: Duration::from_secs(20),
            idle: Duration::from_secs(10),
            page: Duration::from_secs(60),
            body_bytes: 32 << 20,
            page_limit: 500,
            list_bytes: 16 << 30,
            list_objects: 2_000_000,
            kept_bytes: 192 << 20,
            parallel: 4,
            gzip: None,
            plugin: Duration::from_secs(30),
            probe_loopback: false,
        }
    }
}

/// Longest wait that is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// All waits the server asked for, for one input.
const ALL_WAITS: Duration = Duration::from_secs(30);

/// JSON, as lists are.
pub(crate) const JSON: &str = "application/json";

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Path and query.
    pub(crate) path: &'a str,
    /// `Accept`.
    pub(crate) accept: &'a str,
    /// Whether it is a health check, whose answer is text and may be a 500.
    pub(crate) health: bool,
    /// What is posted, as JSON; without it the request is a `GET`.
    pub(crate) posted: Option<&'a str>,
    /// Objects asked for, if it is a page of a list.
    pub(crate) page: Option<u32>,
    /// All attempts and waits; else [`Limits::page`].
    pub(crate) within: Option<Duration>,
    /// How long its input has waited at the server's request.
    pub(crate) waits: Option<&'a Waits>,
}

impl<'a> Ask<'a> {
    pub(crate) fn json(path: &'a str) -> Self {
        Ask { path, accept: JSON, health: false, posted: None, page: None, within: None, waits: None }
    }

    pub(crate) fn health(path: &'a str) -> Self {
        Ask { accept: "text/plain, */*", health: true, ..Ask::json(path) }
    }

    pub(crate) fn post(path: &'a str, body: &'a str) -> Self {
        Ask { posted: Some(body), ..Ask::json(path) }
    }

    pub(crate) fn page(path: &'a str, limit: u32, waits: &'a Waits) -> Self {
        Ask { page: Some(limit), waits: Some(waits), ..Ask::json(path) }
    }

    pub(crate) fn method(&self) -> Method {
        if self.posted.is_some() { Method::POST } else { Method::GET }
    }
}

/// How long an input has waited because the server asked for it, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Waits(AtomicU64);

impl Waits {
    /// Whether to wait as long as asked.
    pub(crate) fn allow(&self, asked: Duration) -> bool {
        let millis = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let spent = self.0.load(Ordering::Relaxed).saturating_add(millis(asked));
        let allowed = asked <= LONGEST_WAIT && spent <= millis(ALL_WAITS);
        if allowed {
            self.0.store(spent, Ordering::Relaxed);
        }
        allowed
    }
}

/// `Retry-After`: seconds, or a date by the clock of the server. What is neither is ignored.
pub(crate) fn retry_after(headers: &HeaderMap, date: Option<Timestamp>) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Duration::try_from(at.duration_since(date?)).ok()
}

/// Full jitter: anything up to 250 ms doubled with each attempt, at most 4 s.
pub(crate) fn backoff(attempt: u8) -> Duration {
    let most = 250_u64.saturating_mul(1 << u32::from(attempt.min(5))).min(4_000);
    Duration::from_millis(fastrand::u64(0..=most))
}

/// `text; asked to wait 3600 s`.
pub(crate) fn asked_to_wait(text: &str, asked: Duration) -> String {
    clip(&format!("{text}; asked to wait {} s", asked.as_secs()), 300)
}

#[cfg(test)]
mod tests {
    use super::{Waits, retry_after};
    use http::{HeaderMap, HeaderValue, header};
    use std::time::Duration;

    #[test]
    fn a_wait_is_seconds_or_a_date_and_nothing_else() {
        let date = "2026-11-25T06:00:00Z".parse().ok();
        let table = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Wed, 25 Nov 2026 06:00:09 GMT", Some(9)),
            ("Wed, 25 Nov 2026 05:00:00 GMT", None),
            ("-1", None),
            ("soon", None),
            ("99999999999999999999999", None),
        ];
        for (text, seconds) in table {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers, date), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), date), None);
    }

    #[test]
    fn an_input_waits_for_half_a_minute_in_all() {
        let waits = Waits::default();
        let ten = Duration::from_secs(10);
        assert!(!waits.allow(Duration::from_secs(11)));
        assert!((0..3).all(|_| waits.allow(ten)));
        assert!(!waits.allow(Duration::from_secs(1)));
    }
}
