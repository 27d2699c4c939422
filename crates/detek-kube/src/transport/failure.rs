//! What a failure means: its class, found by walking the chain of errors or from the answer, and whether to ask again.

use crate::transport::{answer::Answer, tls};
use detek_core::{Cause, CauseClass, Stage};
use detek_doc::redact;
use jiff::Timestamp;
use serde::Deserialize;
use std::{error::Error, io, time::Duration};

/// Whether the same request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// It would fail again.
    Never,
    /// After a short wait.
    Soon,
    /// Once, as waiting was already long.
    AfterTimeout,
    /// Not before this time, as the server asked.
    After(Duration),
}

/// A request that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    pub(crate) again: Again,
    /// The token with which an expired list may go on.
    pub(crate) fresh: Option<String>,
}

impl Failure {
    pub(crate) fn new(cause: Cause, again: Again) -> Self {
        Failure { cause, again, fresh: None }
    }

    pub(crate) fn timeout(stage: Stage, text: &str) -> Self {
        Failure::new(Cause::new(CauseClass::Timeout, stage, text), Again::AfterTimeout)
    }
}

/// What lies between us and the server, for the words of failures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// What the server's certificate is checked against.
    pub(crate) trust: String,
    /// The proxy on the way.
    pub(crate) proxy: Option<String>,
    /// When our own certificate ends.
    pub(crate) certificate_ends: Option<Timestamp>,
}

/// The parts of a `Status` that are kept.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    message: String,
    metadata: StatusMeta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusMeta {
    r#continue: String,
}

/// The failure that an answer other than 200 stands for.
pub(crate) fn of_answer(answer: &Answer) -> Failure {
    let status = if answer.is_json() { serde_json::from_slice::<Status>(&answer.body).ok() } else { None };
    let status = status.filter(|s| s.kind == "Status");
    let known = status.is_some();
    let Status { message, metadata, .. } = status.unwrap_or_default();
    let (class, again) = class_of(answer);
    let text = if message.is_empty() { format!("the server answered {}", answer.status) } else { message };
    let text = redact::clean(&text, 4096);
    let mut cause = Cause::new(class, Stage::FirstByte, &text);
    cause.status = Some(answer.status);
    if class == CauseClass::Forbidden {
        cause.user = user_in(&text).map(|user| detek_core::clip(user, 100));
    }
    // A page of some other server says nothing of what this cluster serves.
    if !known && answer.content_type.contains("html") && (400..500).contains(&answer.status) {
        cause = answer.not_kubernetes();
    }
    Failure { cause, again, fresh: Some(metadata.r#continue).filter(|token| !token.is_empty()) }
}

fn class_of(answer: &Answer) -> (CauseClass, Again) {
    let again = answer.retry_after.map_or(Again::Soon, Again::After);
    match answer.status {
        300..=399 => (CauseClass::Redirect, Again::Never),
        401 => (CauseClass::Auth, Again::Never),
        403 => (CauseClass::Forbidden, Again::Never),
        404 => (CauseClass::NotServed, Again::Never),
        407 => (CauseClass::Proxy, Again::Never),
        410 => (CauseClass::Expired, Again::Never),
        429 => (CauseClass::Throttled, again),
        503 => (CauseClass::Unavailable, again),
        500 | 502 | 504 => (CauseClass::Unavailable, Again::Soon),
        _ => (CauseClass::Internal, Again::Never),
    }
}

/// The user in `pods is forbidden: User "x" cannot list resource ...`.
fn user_in(message: &str) -> Option<&str> {
    let rest = message.split_once("User \"")?.1;
    rest.split_once("\" cannot").map(|(user, _)| user)
}

/// The failure that an error of the connection stands for.
pub(crate) fn of_error(error: &(dyn Error + 'static), stage: Stage, route: &Route) -> Failure {
    let mut found = None;
    let mut connecting = false;
    let mut text = error.to_string();
    let mut handshake = None;
    let mut next = Some(error);
    while let Some(link) = next {
        handshake = handshake.or(link.downcast_ref::<rustls::Error>());
        if found.is_none() {
            found = class_of_link(link);
        }
        let words = link.to_string();
        // Only the resolver of the connector says so, and its type is private.
        if words == "dns error" {
            found = Some((CauseClass::Dns, Again::Never));
        }
        connecting |= words == "client error (Connect)" || words.starts_with("tcp connect error");
        text = words;
        // An io::Error steps over the error it wraps when asked for its source.
        next = match link.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => link.source(),
        };
    }
    let fallback =
        if connecting { (CauseClass::Unreachable, Again::Soon) } else { (CauseClass::Unavailable, Again::Soon) };
    let (class, again) = match found {
        // Whatever does not answer to connecting is not there, as far as can be seen from here.
        Some((CauseClass::Timeout, _)) if connecting => (CauseClass::Unreachable, Again::Never),
        Some(found) => found,
        None => fallback,
    };
    let stage = match class {
        CauseClass::Dns | CauseClass::Refused | CauseClass::Unreachable | CauseClass::Tls => Stage::Connect,
        _ if connecting => Stage::Connect,
        _ => stage,
    };
    if let Some(handshake) = handshake {
        text = tls::words(handshake, route);
    }
    let mut failure = Failure::new(Cause::new(class, stage, &text), again);
    // Behind a proxy, we connect to nobody but the proxy.
    if let Some(proxy) = &route.proxy
        && failure.cause.stage == Stage::Connect
        && handshake.is_none()
    {
        failure.cause = Cause::new(CauseClass::Proxy, Stage::Connect, &format!("by way of the proxy {proxy}: {text}"));
    }
    failure
}

fn class_of_link(link: &(dyn Error + 'static)) -> Option<(CauseClass, Again)> {
    if link.is::<rustls::Error>() {
        return Some((CauseClass::Tls, Again::Never));
    }
    if link.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
        return Some((CauseClass::Unavailable, Again::Soon));
    }
    match link.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some((CauseClass::Refused, Again::Never)),
        io::ErrorKind::TimedOut => Some((CauseClass::Timeout, Again::AfterTimeout)),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some((CauseClass::Unreachable, Again::Never))
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some((CauseClass::Unavailable, Again::Soon)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::user_in;

    #[test]
    fn a_refusal_names_its_user() {
        let message = r#"pods is forbidden: User "system:serviceaccount:a:b" cannot list resource "pods""#;
        assert_eq!(user_in(message), Some("system:serviceaccount:a:b"));
        assert_eq!(user_in("no"), None);
    }
}
