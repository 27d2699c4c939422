//! Answers in the words of kube-apiserver.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};

use crate::kinds::Kind;

/// What is sent, before faults change it.
pub(crate) enum Payload {
    /// A whole body.
    Whole(Bytes),
    /// A list, written while it is sent.
    List(Box<crate::list::ListBody>),
}

pub(crate) type Answer = Response<Payload>;

pub(crate) fn with(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Payload::Whole(body.into()));
    *answer.status_mut() = status;
    if let Ok(value) = content_type.parse() {
        answer.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    answer
}

pub(crate) fn text(status: StatusCode, body: String) -> Answer {
    with(status, "text/plain; charset=utf-8", body)
}

pub(crate) fn json(status: StatusCode, body: &Value) -> Answer {
    with(status, "application/json", body.to_string())
}

/// The body of an error: a `Status` object; null `details` are left out.
pub(crate) fn status_body(code: u16, reason: &str, message: &str, details: &Value) -> Value {
    let mut body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code});
    if !details.is_null() {
        body["details"] = details.clone();
    }
    body
}

pub(crate) fn failure(code: StatusCode, reason: &str, message: &str, details: &Value) -> Answer {
    json(code, &status_body(code.as_u16(), reason, message, details))
}

pub(crate) fn unauthorized() -> Answer {
    failure(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized", &Value::Null)
}

pub(crate) fn forbidden(message: &str, details: &Value) -> Answer {
    failure(StatusCode::FORBIDDEN, "Forbidden", message, details)
}

/// A path that the server does not have at all.
pub(crate) fn no_such_path() -> Answer {
    text(StatusCode::NOT_FOUND, "404 page not found\n".into())
}

/// A resource that the group version does not have.
pub(crate) fn no_such_resource() -> Answer {
    failure(StatusCode::NOT_FOUND, "NotFound", "the server could not find the requested resource", &json!({}))
}

pub(crate) fn not_found(kind: &Kind, name: &str) -> Answer {
    let message = format!("{} \"{name}\" not found", kind.qualified());
    failure(StatusCode::NOT_FOUND, "NotFound", &message, &details(&kind.group, &kind.resource, Some(name)))
}

pub(crate) fn method_not_allowed() -> Answer {
    let message = "the server does not allow this method on the requested resource";
    failure(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message, &json!({}))
}

pub(crate) fn bad_request(message: &str) -> Answer {
    failure(StatusCode::BAD_REQUEST, "BadRequest", message, &Value::Null)
}

/// The `details` of a `Status` about a resource or an object.
pub(crate) fn details(group: &str, resource: &str, name: Option<&str>) -> Value {
    let mut details = json!({"kind": resource});
    if !group.is_empty() {
        details["group"] = group.into();
    }
    if let Some(name) = name {
        details["name"] = name.into();
    }
    details
}

/// The reason that goes with a scripted status.
pub(crate) fn reason_of(code: u16) -> (&'static str, &'static str) {
    match code {
        400 => ("BadRequest", "the server rejected our request for an unknown reason"),
        401 => ("Unauthorized", "Unauthorized"),
        403 => ("Forbidden", "forbidden"),
        404 => ("NotFound", "the server could not find the requested resource"),
        410 => ("Expired", crate::paging::EXPIRED),
        429 => ("TooManyRequests", "too many requests, please try again later"),
        500 => ("InternalError", "Internal error occurred: etcdserver: request timed out"),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504 => (
            "Timeout",
            "the server was unable to return a response in the time allotted, but may still be processing the request",
        ),
        _ => ("", "unexpected answer"),
    }
}
