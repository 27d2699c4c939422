//! One request to one answer: authentication, authorisation, routes. No I/O here.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::answer::{self, Answer, Payload};
use crate::clock::Clock;
use crate::content::Content;
use crate::discovery::Discovery;
use crate::fault::{self, Action, Asked, Fault, Strike};
use crate::kinds::{Kind, Kinds};
use crate::list::{Listing, type_fields};
use crate::log::Log;
use crate::paging::{self, Query, Token};
use crate::rbac::{Access, RoleRules};

/// What may change while a server runs.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) role: Option<RoleRules>,
    pub(crate) token: Option<String>,
    pub(crate) faults: Vec<Arc<Fault>>,
    /// Health checks that fail, by name.
    pub(crate) failing: Vec<String>,
}

/// A server, apart from its sockets.
pub(crate) struct Server {
    pub(crate) kinds: Kinds,
    pub(crate) content: Arc<dyn Content>,
    pub(crate) version: String,
    pub(crate) clock: Clock,
    pub(crate) user: String,
    /// A client certificate identifies the user, so no token is needed.
    pub(crate) certificates: bool,
    pub(crate) live: RwLock<Live>,
    pub(crate) log: Log,
}

const RESOURCE_VERSION: i64 = 123_456_789;
const ANONYMOUS: &str = "system:anonymous";

/// Checks of `/livez` and `/readyz`, in a real server's order.
const CHECKS: [&str; 12] = [
    "ping",
    "log",
    "etcd",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/bootstrap-controller",
    "poststarthook/apiservice-registration-controller",
    "autoregister-completion",
];

/// A path, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) group: Option<&'a str>,
    version: &'a str,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) resource: Option<&'a str>,
    name: Option<&'a str>,
    subresource: Option<&'a str>,
}

impl<'a> Target<'a> {
    pub(crate) fn parse(path: &'a str) -> Self {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => (Some(""), *version, rest),
            ["apis", group, version, rest @ ..] => (Some(*group), *version, rest),
            ["apis", group] => (Some(*group), "", [].as_slice()),
            _ => return Self::default(),
        };
        let (namespace, rest) = match rest {
            ["namespaces", ns, rest @ ..] if !rest.is_empty() => (Some(*ns), rest),
            ["namespaces", ns] => {
                return Self {
                    group,
                    version,
                    namespace: Some(ns),
                    resource: Some("namespaces"),
                    name: Some(ns),
                    subresource: None,
                };
            }
            _ => (None, rest),
        };
        let at = |i: usize| rest.get(i).copied();
        Self { group, version, namespace, resource: at(0), name: at(1), subresource: at(2) }
    }

    fn is_discovery(&self, path: &str) -> bool {
        self.resource.is_none()
            && (path.starts_with("/api/") || path.starts_with("/apis/") || path == "/api" || path == "/apis")
    }
}

/// A request with its place in the log and what the script does to it.
pub(crate) struct Judged {
    pub(crate) entry: usize,
    pub(crate) strike: Strike,
    pub(crate) query: Query,
}

impl Server {
    /// Notes the request and asks the fault script about it.
    pub(crate) fn judge(&self, parts: &Parts) -> Judged {
        let (path, raw) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        let query = Query::parse(raw);
        let token = query.token.as_deref().and_then(Token::decode);
        let text = |name: header::HeaderName| {
            parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
        };
        let request = crate::log::Request {
            method: parts.method.to_string(),
            path: path.into(),
            query: raw.into(),
            user_agent: text(header::USER_AGENT),
            accept: text(header::ACCEPT),
            authorized: parts.headers.contains_key(header::AUTHORIZATION),
            attempt: 0,
            status: 0,
            bytes: 0,
        };
        let selectors = raw
            .split('&')
            .filter(|p| p.starts_with("labelSelector") || p.starts_with("fieldSelector"))
            .collect::<String>();
        let identity = format!("{} {path} {:?} {selectors}", parts.method, query.token);
        let (entry, attempt) = self.log.open(request, identity);
        let target = Target::parse(path);
        let asked = Asked {
            path,
            discovery: target.is_discovery(path),
            group: target.group,
            resource: target.resource,
            namespace: target.namespace,
            page: token.as_ref().map_or(1, |t| t.page),
            attempt,
            resumed: token.is_some_and(|t| t.rv == -1),
        };
        Judged { entry, strike: Strike::of(&self.live().faults, &asked), query }
    }

    pub(crate) fn live(&self) -> std::sync::RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, before its body is slowed, cut or broken.
    pub(crate) fn answer(&self, parts: &Parts, body: &Bytes, judged: &Judged) -> Answer {
        // What discovery says of a stale group is for `Discovery` to answer.
        let discovers = Target::parse(parts.uri.path()).resource.is_none();
        if let Some(code) = judged.strike.find(|a| match a {
            Action::Status(code) => Some(*code),
            Action::Stale if !discovers => Some(503),
            _ => None,
        }) {
            return self.scripted(parts, code);
        }
        if let Some(token) = judged.strike.find(|a| match a {
            Action::Expire { token } => Some(*token),
            _ => None,
        }) {
            return expired(judged.query.token.as_deref().filter(|_| token));
        }
        if judged.strike.has(|a| matches!(a, Action::Without)) {
            return answer::no_such_path();
        }
        self.route(parts, body, judged)
    }

    fn scripted(&self, parts: &Parts, code: u16) -> Answer {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let target = Target::parse(parts.uri.path());
        match (code, target.resource) {
            (401, _) => answer::unauthorized(),
            (302, _) => answer::text(status, String::new()),
            (403, Some(_)) => forbid(&access(&target, "list"), &self.user),
            (403, None) => answer::forbidden(
                &format!("forbidden: User \"{}\" cannot get path \"{}\"", self.user, parts.uri.path()),
                &json!({}),
            ),
            _ => {
                let (reason, message) = answer::reason_of(code);
                answer::failure(status, reason, message, &json!({}))
            }
        }
    }

    /// The user, or `None` if the credential is wrong.
    fn authenticate(&self, parts: &Parts) -> Option<&str> {
        let live = self.live();
        let Some(wanted) = &live.token else { return Some(&self.user) };
        match parts.headers.get(header::AUTHORIZATION).map(header::HeaderValue::to_str) {
            Some(Ok(given)) if given.strip_prefix("Bearer ").is_some_and(|t| t == wanted) => Some(&self.user),
            Some(_) => None,
            None if self.certificates => Some(&self.user),
            None => Some(ANONYMOUS),
        }
    }

    /// The rules that bind a user; `None` means everything is allowed.
    fn rules(&self, user: &str) -> Option<RoleRules> {
        if user == ANONYMOUS { Some(RoleRules::none()) } else { self.live().role.clone() }
    }

    fn route(&self, parts: &Parts, body: &Bytes, judged: &Judged) -> Answer {
        let path = parts.uri.path();
        let target = Target::parse(path);
        let Some(user) = self.authenticate(parts) else { return answer::unauthorized() };
        if parts.method == Method::POST
            && matches!(target.resource, Some("selfsubjectaccessreviews" | "selfsubjectrulesreviews"))
        {
            return self.review(&target, user, body);
        }
        if parts.method != Method::GET || judged.query.watch {
            return answer::method_not_allowed();
        }
        let Some(resource) = target.resource else { return self.raw(parts, &target, user) };
        let verb = if target.name.is_some() { "get" } else { "list" };
        let full = target.subresource.map_or_else(|| resource.to_owned(), |sub| format!("{resource}/{sub}"));
        let access = Access { resource: &full, ..access(&target, verb) };
        if self.rules(user).is_some_and(|rules| !rules.allows(&access)) {
            return forbid(&access, user);
        }
        if target.subresource.is_some() {
            return answer::no_such_resource();
        }
        let found = self.kinds.find(target.group.unwrap_or_default(), target.version, resource);
        let Some(index) =
            found.filter(|&i| self.kinds.get(i).namespaced || target.namespace.is_none() || resource == "namespaces")
        else {
            return answer::no_such_resource();
        };
        match target.name {
            Some(name) => self.get(index, &target, name),
            None => self.list(index, &target, judged),
        }
    }

    fn get(&self, index: usize, target: &Target<'_>, name: &str) -> Answer {
        let kind: &Kind = self.kinds.get(index);
        let namespace = target.namespace.filter(|_| kind.namespaced).unwrap_or_default();
        let Some(object) = self.content.find(index, namespace, name) else { return answer::not_found(kind, name) };
        let mut out = Vec::new();
        self.content.write(index, object, &mut out);
        out.splice(1..1, type_fields(kind));
        answer::with(StatusCode::OK, "application/json", out)
    }

    /// Every page of a list over all namespaces, whole.
    pub(crate) fn pages(&self, index: usize, limit: usize) -> Vec<Vec<u8>> {
        let pages = self.content.count(index).div_ceil(limit).max(1);
        let query = Query { limit, ..Query::default() };
        (0..pages)
            .map(|page| {
                let token = Token::new(RESOURCE_VERSION, page * limit, page as u32 + 1);
                let listing = Listing {
                    content: &self.content,
                    index,
                    kind: self.kinds.get(index),
                    namespace: None,
                    resource_version: RESOURCE_VERSION,
                    query: &query,
                    token: Some(&token),
                };
                let mut body = listing.page(Strike::default());
                std::iter::from_fn(|| body.next_chunk()).fold(Vec::new(), |mut whole, chunk| {
                    whole.extend_from_slice(&chunk);
                    whole
                })
            })
            .collect()
    }

    fn list(&self, index: usize, target: &Target<'_>, judged: &Judged) -> Answer {
        let token = match judged.query.token.as_deref().map(Token::decode) {
            None => None,
            Some(None) => return answer::bad_request("continue key is not valid: illegal base64 data at input byte 0"),
            Some(Some(token)) => Some(token),
        };
        if token.as_ref().is_some_and(|t| t.rv != RESOURCE_VERSION && t.rv != -1) {
            return expired(None);
        }
        let listing = Listing {
            content: &self.content,
            index,
            kind: self.kinds.get(index),
            namespace: target.namespace,
            resource_version: RESOURCE_VERSION,
            query: &judged.query,
            token: token.as_ref(),
        };
        let mut out = Answer::new(Payload::List(Box::new(listing.page(judged.strike.clone()))));
        out.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        out
    }

    /// Everything that is not a resource: discovery, version, health.
    fn raw(&self, parts: &Parts, target: &Target<'_>, user: &str) -> Answer {
        let path = parts.uri.path();
        let rules = self
            .rules(user)
            .filter(|_| user != ANONYMOUS || !matches!(path, "/livez" | "/readyz" | "/healthz" | "/version"));
        if rules.is_some_and(|rules| user == ANONYMOUS || !rules.allows_path(path)) {
            return answer::forbidden(&format!("forbidden: User \"{user}\" cannot get path \"{path}\""), &json!({}));
        }
        let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let discovery =
            Discovery { kinds: &self.kinds, hidden: fault::hidden_groups(&self.live().faults), minor: self.minor() };
        match (path.trim_end_matches('/'), target.group, target.version) {
            ("/api", ..) => discovery.root(true, accept),
            ("/apis", ..) => discovery.root(false, accept),
            ("/version", ..) => answer::json(StatusCode::OK, &self.version_info()),
            (_, Some(group), "") => discovery.group(group),
            (_, Some(group), version) => discovery.version(group, version),
            (path, ..) => self.health(path, parts.uri.query().unwrap_or_default()),
        }
    }

    fn minor(&self) -> u32 {
        self.version.split('.').nth(1).and_then(|m| m.trim_end_matches('+').parse().ok()).unwrap_or(34)
    }

    fn version_info(&self) -> Value {
        json!({"major": self.version.trim_start_matches('v').split('.').next(), "minor": self.version.split('.').nth(1),
            "emulationMajor": "1", "emulationMinor": self.version.split('.').nth(1), "minCompatibilityMajor": "1",
            "minCompatibilityMinor": self.minor().saturating_sub(1).to_string(), "gitVersion": self.version,
            "gitCommit": "93248f9ae092f571eb870b7664c534bfc7d00f03", "gitTreeState": "clean", "buildDate": "2025-09-09T19:37:50Z",
            "goVersion": "go1.24.6", "compiler": "gc", "platform": "linux/amd64"})
    }

    /// `/livez`, `/readyz`, `/healthz`, with `?verbose`, and single checks below them.
    fn health(&self, path: &str, query: &str) -> Answer {
        let (probe, check) = path[1..].split_once('/').map_or((&path[1..], None), |(p, c)| (p, Some(c)));
        if !matches!(probe, "livez" | "readyz" | "healthz") {
            return answer::no_such_path();
        }
        let live = self.live();
        let mut checks: Vec<&str> = CHECKS.into_iter().filter(|c| check.is_none_or(|wanted| *c == wanted)).collect();
        checks.extend(
            live.failing.iter().map(String::as_str).filter(|f| !CHECKS.contains(f) && check.is_none_or(|w| *f == w)),
        );
        if probe == "readyz" && check.is_none() {
            checks.push("shutdown");
        }
        if checks.is_empty() {
            return answer::no_such_path();
        }
        let fails = |name: &str| live.failing.iter().any(|f| f == name);
        let verbose = query.split('&').any(|p| p == "verbose" || p.starts_with("verbose="));
        let bad = checks.iter().any(|c| fails(c));
        if !bad && !verbose {
            return answer::text(StatusCode::OK, "ok".into());
        }
        let mut lines: String = checks
            .iter()
            .map(|c| if fails(c) { format!("[-]{c} failed: reason withheld\n") } else { format!("[+]{c} ok\n") })
            .collect();
        lines.extend([probe, " check ", if bad { "failed" } else { "passed" }, "\n"]);
        answer::text(if bad { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }, lines)
    }

    fn review(&self, target: &Target<'_>, user: &str, body: &Bytes) -> Answer {
        let Ok(mut review) = serde_json::from_slice::<Value>(body) else {
            return answer::bad_request("the body of the request is not a review");
        };
        let rules = self.rules(user);
        let all = || {
            json!({"resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": false})
        };
        review["status"] = if target.resource == Some("selfsubjectrulesreviews") {
            rules.map_or_else(all, |r| r.review())
        } else {
            json!({"allowed": rules.is_none_or(|r| reviewed(&r, &review["spec"]))})
        };
        answer::json(StatusCode::CREATED, &review)
    }
}

fn forbid(access: &Access<'_>, user: &str) -> Answer {
    answer::forbidden(&access.refusal(user), &answer::details(access.group, access.resource, access.name))
}

fn access<'a>(target: &Target<'a>, verb: &'a str) -> Access<'a> {
    Access {
        verb,
        group: target.group.unwrap_or_default(),
        resource: target.resource.unwrap_or_default(),
        namespace: target.namespace,
        name: target.name,
    }
}

fn reviewed(rules: &RoleRules, spec: &Value) -> bool {
    let resource = &spec["resourceAttributes"];
    if !resource.is_object() {
        return rules.allows_path(spec["nonResourceAttributes"]["path"].as_str().unwrap_or_default());
    }
    let text = |key: &str| resource[key].as_str().filter(|s| !s.is_empty());
    let full = match (text("resource"), text("subresource")) {
        (Some(r), Some(sub)) => format!("{r}/{sub}"),
        (r, _) => r.unwrap_or_default().to_owned(),
    };
    rules.allows(&Access {
        verb: text("verb").unwrap_or_default(),
        group: text("group").unwrap_or_default(),
        resource: &full,
        namespace: text("namespace"),
        name: text("name"),
    })
}

/// 410, with a fresh token for the place of `old`.
fn expired(old: Option<&str>) -> Answer {
    let fresh = old.and_then(Token::decode).map(|t| Token::new(-1, t.start, t.page).encode());
    let message = if fresh.is_some() { paging::EXPIRED_WITH_TOKEN } else { paging::EXPIRED };
    let mut body = answer::status_body(410, "Expired", message, &json!({}));
    if let Some(fresh) = fresh {
        body["metadata"]["continue"] = fresh.into();
    }
    answer::json(StatusCode::GONE, &body)
}
