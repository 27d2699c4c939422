//! URLs as Go reads them (net/url): an absolute URI, or an absolute path.

use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{Bool, Map, Text, Url as U};
use crate::{Object, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.0", "getEscapedPath", &[U], Gives::A(Text), |_, args| Ok(Value::Text(url(args[0])?.path))),
    Overload::method("1.0", "getHost", &[U], Gives::A(Text), |_, args| Ok(Value::Text(url(args[0])?.host))),
    Overload::method("1.0", "getHostname", &[U], Gives::A(Text), |_, args| {
        Ok(Value::Text(split_port(url(args[0])?.host).0))
    }),
    Overload::method("1.0", "getPort", &[U], Gives::A(Text), |_, args| {
        Ok(Value::Text(split_port(url(args[0])?.host).1))
    }),
    Overload::method("1.0", "getQuery", &[U], Gives::A(Map), get_query),
    Overload::method("1.0", "getScheme", &[U], Gives::A(Text), |_, args| Ok(Value::Text(url(args[0])?.scheme))),
    Overload::function("1.0", "isURL", &[Text], Gives::A(Bool), |call, args| {
        let Value::Text(text) = args[0] else { return Err(Fault::NoSuchOverload) };
        call.charge(tenth(text.len()))?;
        Ok(Value::Bool(parse(text, true).is_ok()))
    }),
    Overload::function("1.0", "url", &[Text], Gives::A(U), |call, args| {
        let Value::Text(text) = args[0] else { return Err(Fault::NoSuchOverload) };
        call.charge(tenth(text.len()))?;
        let parts = read(text).map_err(|_| Fault::Invalid("an absolute URL or path"))?;
        let keep = |text: &str| &*call.scratch.alloc_str(text);
        Ok(call.object(Object::Url(Url {
            scheme: keep(&parts.scheme),
            user: keep(&parts.user),
            host: keep(&parts.host),
            opaque: parts.opaque,
            path: keep(&parts.path),
            query: parts.query,
            fragment: text.split_once('#').map_or("", |(_, fragment)| fragment),
        })))
    }),
];

/// A URL, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Url<'a> {
    scheme: &'a str,
    user: &'a str,
    host: &'a str,
    opaque: &'a str,
    path: &'a str,
    query: &'a str,
    fragment: &'a str,
}

fn url(value: Value<'_>) -> Result<Url<'_>, Fault> {
    if let Value::Object(Object::Url(url)) = value { Ok(*url) } else { Err(Fault::NoSuchOverload) }
}

/// Host and port; the host without brackets.
fn split_port(host: &str) -> (&str, &str) {
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, port),
        _ => (host, ""),
    };
    (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
}

/// A map of lists; what is not well formed is left out.
fn get_query<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let query = url(args[0])?.query;
    call.charge(tenth(query.len()) + query.matches('&').count())?;
    let mut fields: BTreeMap<String, Vec<Value<'a>>> = BTreeMap::new();
    for field in query.split('&').filter(|field| !field.is_empty() && !field.contains(';')) {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        if let (Ok(key), Ok(value)) = (unescape(key, Part::Query), unescape(value, Part::Query)) {
            fields.entry(key.into_owned()).or_default().push(call.text(&value));
        }
    }
    let entries: Vec<_> = fields.iter().map(|(key, values)| (call.text(key), call.list(values))).collect();
    Ok(Value::Map(call.scratch.alloc_slice_copy(&entries)))
}

/// What a URL says, in the words of Go if it is none.
struct Parts<'a> {
    scheme: String,
    user: String,
    host: Cow<'a, str>,
    opaque: &'a str,
    path: Cow<'a, str>,
    query: &'a str,
}

/// What is wrong with a URL as a request would have it, as Go says it.
pub(super) fn problem(text: &str) -> Option<String> {
    parse(text, true).err().map(|problem| format!("parse {text:?}: {problem}"))
}

/// A URL must be one for a request, whose fragment is cut off then.
fn read(text: &str) -> Result<Parts<'_>, String> {
    parse(text, true)?;
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    unescape(fragment, Part::Path)?;
    parse(text, false)
}

fn parse(text: &str, request: bool) -> Result<Parts<'_>, String> {
    if text.bytes().any(|b| b.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut parts =
        Parts { scheme: String::new(), user: String::new(), host: "".into(), opaque: "", path: "".into(), query: "" };
    if text == "*" {
        parts.path = "*".into();
        return Ok(parts);
    }
    if text.is_empty() && request {
        return Err("empty url".to_owned());
    }
    let (scheme, rest) = split_scheme(text)?;
    parts.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    parts.query = query;
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            parts.opaque = rest;
            return Ok(parts);
        }
        if request {
            return Err("invalid URI for request".to_owned());
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let may_have_host = !scheme.is_empty() || !request && !rest.starts_with("///");
    if let Some(authority) = rest.strip_prefix("//").filter(|_| may_have_host) {
        let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        parts.host = parse_host(host)?;
        parts.user = user.map_or(Ok(String::new()), parse_user)?;
        rest = path;
    }
    parts.path = escaped_path(rest)?;
    Ok(parts)
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.')).unwrap_or(text.len());
    match text[end..].strip_prefix(':') {
        Some(_) if end == 0 => Err("missing protocol scheme".to_owned()),
        Some(rest) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => Ok((&text[..end], rest)),
        _ => Ok(("", text)),
    }
}

fn parse_user(user: &str) -> Result<String, String> {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !user.bytes().all(known) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    unescape(user, Part::User).map(Cow::into_owned)
}

fn parse_host(host: &str) -> Result<Cow<'_, str>, String> {
    let valid_port =
        |port: &str| port.strip_prefix(':').map_or(port, |digits| digits).bytes().all(|b| b.is_ascii_digit());
    let checked = |port: &str| {
        let valid = (port.is_empty() || port.starts_with(':')) && valid_port(port);
        if valid { Ok(()) } else { Err(format!("invalid port {port:?} after host")) }
    };
    match host.rfind('[') {
        Some(0) => {
            let close = host.rfind(']').ok_or("missing ']' in host")?;
            let (name, port) = (&host[1..close], &host[close + 1..]);
            checked(port)?;
            let (address, zone) = name.split_at(name.find("%25").unwrap_or(name.len()));
            let address = unescape(address, Part::Host)?;
            let zone = unescape(zone, Part::Zone)?;
            match address.parse() {
                Ok(IpAddr::V6(_)) => Ok(Cow::Owned(format!("[{address}{zone}]{port}"))),
                _ => Err("invalid IP-literal".to_owned()),
            }
        }
        Some(_) => Err("invalid IP-literal".to_owned()),
        None => {
            host.rfind(':').map_or(Ok(()), |at| checked(&host[at..]))?;
            unescape(host, Part::Host)
        }
    }
}

/// Where a text stands in a URL.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    User,
    Host,
    Zone,
    Path,
    Query,
}

/// The text that escapes mean.
fn unescape(text: &str, part: Part) -> Result<Cow<'_, str>, String> {
    let in_host = |b: u8| b >= 0x80 || b.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&b);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let (meant, length) = match b {
            b'%' => (unescaped(bytes, at, part, in_host)?, 3),
            b'+' if part == Part::Query => (b' ', 1),
            _ if matches!(part, Part::Host | Part::Zone) && !in_host(b) => {
                return Err(format!("invalid character {:?} in host name", char::from(b).to_string()));
            }
            _ => (b, 1),
        };
        out.push(meant);
        at += length;
    }
    if out == bytes {
        return Ok(Cow::Borrowed(text));
    }
    Ok(Cow::Owned(String::from_utf8_lossy(&out).into_owned()))
}

/// The byte that the escape at this place means.
fn unescaped(bytes: &[u8], at: usize, part: Part, in_host: impl Fn(u8) -> bool) -> Result<u8, String> {
    let escape = &bytes[at..bytes.len().min(at + 3)];
    let invalid = || format!("invalid URL escape {:?}", String::from_utf8_lossy(escape));
    let digit = |place: usize| escape.get(place).and_then(|b| char::from(*b).to_digit(16));
    let (high, low) = digit(1).zip(digit(2)).ok_or_else(invalid)?;
    let byte = (high * 16 + low) as u8;
    let allowed = match part {
        // In a host, only what is not ASCII, and the sign itself.
        Part::Host => high >= 8 || byte == b'%',
        Part::Zone => byte == b'%' || byte == b' ' || in_host(byte),
        _ => true,
    };
    if allowed { Ok(byte) } else { Err(invalid()) }
}

/// The path as it is if it is escaped well; else with the escapes that Go would write.
fn escaped_path(path: &str) -> Result<Cow<'_, str>, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&b);
    let meant = unescape(path, Part::Path)?;
    if path.bytes().all(|b| plain(b) || b"!'()*[]%".contains(&b)) {
        return Ok(Cow::Borrowed(path));
    }
    let escape = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    Ok(Cow::Owned(meant.bytes().map(escape).collect()))
}
