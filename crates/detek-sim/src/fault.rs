//! The fault script: which requests go wrong, how, and how often.
//!
//! ```
//! use detek_sim::{discovery, group, on};
//! let twice_unavailable = on("pods").page(2).attempt(1..=2).status(503);
//! let no_metrics = group("metrics.k8s.io").stale();
//! let slow_discovery = discovery().drip(100).times(1);
//! ```

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use jiff::SignedDuration;
use serde_json::Value;

/// A change made to an object before it is sent.
type Mutation = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// Which requests a fault concerns.
#[derive(Clone, Debug)]
enum Target {
    Any,
    Resource(String),
    Path(String),
    Discovery,
    Group(String),
}

/// Requests of a resource: `pods` or `deployments.apps`, in all groups if no group is named; `*` for every request.
pub fn on(resource: &str) -> Match {
    Match::new(if resource == "*" { Target::Any } else { Target::Resource(resource.into()) })
}

/// Requests whose path starts with `prefix`, such as `/readyz`.
pub fn on_path(prefix: &str) -> Match {
    Match::new(Target::Path(prefix.into()))
}

/// All requests of discovery: `/api`, `/apis` and the group versions below them.
pub fn discovery() -> Match {
    Match::new(Target::Discovery)
}

/// One API group, whose discovery and resources go wrong together.
pub fn group(name: &str) -> GroupFault {
    GroupFault(name.into())
}

/// Requests that a fault concerns; a verb makes it a [`Fault`].
#[derive(Clone, Debug)]
pub struct Match {
    target: Target,
    pages: Option<RangeInclusive<u32>>,
    attempts: Option<RangeInclusive<u32>>,
    unless_ns: Option<String>,
}

impl Match {
    fn new(target: Target) -> Self {
        Self { target, pages: None, attempts: None, unless_ns: None }
    }

    /// Only page `n` of a list; the first is 1.
    #[must_use]
    pub fn page(mut self, n: u32) -> Self {
        self.pages = Some(n..=n);
        self
    }

    /// Only these attempts at the same page; the first is 1.
    #[must_use]
    pub fn attempt(mut self, range: RangeInclusive<u32>) -> Self {
        self.attempts = Some(range);
        self
    }

    /// Not for requests in this namespace.
    #[must_use]
    pub fn unless_ns(mut self, namespace: &str) -> Self {
        self.unless_ns = Some(namespace.into());
        self
    }

    fn with(self, action: Action) -> Fault {
        Fault { when: self, action, headers: Vec::new(), times: u32::MAX, done: AtomicU32::new(0) }
    }

    /// Answers with this code and the `Status` a server sends with it.
    pub fn status(self, code: u16) -> Fault {
        self.with(Action::Status(code))
    }

    /// Answers 302 to another place.
    pub fn redirect(self, location: &str) -> Fault {
        self.with(Action::Status(302)).header("location", location)
    }

    /// Resets the connection (RST) after `bytes` bytes of the answer, headers included; 0 is before any header.
    pub fn reset(self, bytes: u64) -> Fault {
        self.with(Action::Break { bytes, reset: true })
    }

    /// Closes the connection (FIN) after `bytes` bytes of the answer, headers included.
    pub fn close(self, bytes: u64) -> Fault {
        self.with(Action::Break { bytes, reset: false })
    }

    /// Reads the request and never answers.
    pub fn stall(self) -> Fault {
        self.with(Action::Stall)
    }

    /// Sends the headers and `bytes` bytes of the body, then nothing more.
    pub fn stall_after(self, bytes: u64) -> Fault {
        self.with(Action::StallAfter(bytes))
    }

    /// Sends the body at this many bytes a second.
    pub fn drip(self, bytes_per_second: u32) -> Fault {
        self.with(Action::Drip(bytes_per_second.max(1)))
    }

    /// Ends the body after `bytes` bytes, as if that were all: a well-formed answer with broken JSON.
    pub fn cut(self, bytes: u64) -> Fault {
        self.with(Action::Cut(bytes))
    }

    /// Answers 200 with another body.
    pub fn body(self, body: Body) -> Fault {
        self.with(Action::Body(body))
    }

    /// Answers 410: the token is too old. With `token`, a fresh one is offered, and requests that use it succeed.
    pub fn expire(self, token: bool) -> Fault {
        self.with(Action::Expire { token })
    }

    /// The page names its own token as the next one.
    pub fn loop_pages(self) -> Fault {
        self.with(Action::Loop)
    }

    /// The page is empty and names a next one.
    pub fn empty_page(self) -> Fault {
        self.with(Action::Empty)
    }

    /// `limit` and `continue` are ignored: everything comes in one answer.
    pub fn unpaged(self) -> Fault {
        self.with(Action::Unpaged)
    }

    /// The first object of the list comes once more at the end of the page.
    pub fn duplicate(self) -> Fault {
        self.with(Action::Duplicate)
    }

    /// Changes each object named `name` (`*` for all) before it is sent.
    pub fn object(self, name: &str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Fault {
        self.with(Action::Mutate(name.into(), Arc::new(change)))
    }

    /// The `Date` header of the answer is off by this much.
    pub fn date(self, skew: SignedDuration) -> Fault {
        self.with(Action::Date(skew))
    }

    /// Leaves the answer as it is but for headers added with [`Fault::header`].
    pub fn pass(self) -> Fault {
        self.with(Action::Pass)
    }
}

/// What can be wrong with a whole group.
#[derive(Clone, Debug)]
pub struct GroupFault(String);

impl GroupFault {
    /// The group is not served and discovery does not name it.
    pub fn without(self) -> Fault {
        Match::new(Target::Group(self.0)).with(Action::Without)
    }

    /// Discovery calls the group stale and names no resource; requests for it get 503.
    pub fn stale(self) -> Fault {
        Match::new(Target::Group(self.0)).with(Action::Stale)
    }

    /// Requests below the group, its own discovery included, get this status; aggregated discovery still names its resources.
    pub fn status(self, code: u16) -> Fault {
        Match::new(Target::Group(self.0)).status(code)
    }
}

/// A body that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A login page.
    Html,
    /// Bytes that are not JSON, called JSON.
    Garbage,
    /// A list that never ends: blanks after its first bracket.
    Endless,
    /// Gzip that unpacks to more than a gigabyte of blanks inside a list.
    GzipBomb,
    /// Anything.
    Custom {
        /// `Content-Type`.
        content_type: String,
        /// The body.
        body: Bytes,
    },
}

#[derive(Clone)]
pub(crate) enum Action {
    Status(u16),
    Break { bytes: u64, reset: bool },
    Stall,
    StallAfter(u64),
    Drip(u32),
    Cut(u64),
    Body(Body),
    Expire { token: bool },
    Loop,
    Empty,
    Unpaged,
    Duplicate,
    Mutate(String, Mutation),
    Date(SignedDuration),
    Pass,
    Without,
    Stale,
}

/// One line of the script.
pub struct Fault {
    when: Match,
    action: Action,
    headers: Vec<(String, String)>,
    times: u32,
    done: AtomicU32,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("when", &self.when).field("times", &self.times).finish_non_exhaustive()
    }
}

impl Fault {
    /// At most this many times.
    #[must_use]
    pub fn times(mut self, n: u32) -> Self {
        self.times = n;
        self
    }

    /// Sets a header of the answer, such as `Retry-After`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn concerns(&self, asked: &Asked<'_>) -> bool {
        let inside = |range: &Option<RangeInclusive<u32>>, n: u32| range.as_ref().is_none_or(|r| r.contains(&n));
        let target = match &self.when.target {
            Target::Any => true,
            Target::Path(prefix) => asked.path.starts_with(prefix.as_str()),
            Target::Discovery => asked.discovery,
            Target::Group(group) => asked.group == Some(group),
            Target::Resource(name) => {
                let (resource, group) = name.split_once('.').map_or((name.as_str(), None), |(r, g)| (r, Some(g)));
                asked.resource == Some(resource) && group.is_none_or(|g| asked.group == Some(g))
            }
        };
        target
            && inside(&self.when.pages, asked.page)
            && inside(&self.when.attempts, asked.attempt)
            && (self.when.unless_ns.is_none() || self.when.unless_ns.as_deref() != asked.namespace)
            && !(matches!(self.action, Action::Expire { .. }) && (asked.resumed || asked.page < 2))
    }

    /// Whether it happens to this request; counts towards `times`.
    fn strikes(&self, asked: &Asked<'_>) -> bool {
        self.concerns(asked) && self.done.fetch_add(1, Ordering::Relaxed) < self.times
    }

    /// The group and whether it is absent (and not merely stale), if this fault changes what discovery says.
    fn hides(&self) -> Option<(&str, bool)> {
        match (&self.when.target, &self.action) {
            (Target::Group(group), Action::Without) => Some((group, true)),
            (Target::Group(group), Action::Stale) => Some((group, false)),
            _ => None,
        }
    }
}

/// What faults look at in a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) discovery: bool,
    pub(crate) group: Option<&'a str>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) page: u32,
    pub(crate) attempt: u32,
    /// The request uses a token offered by a 410.
    pub(crate) resumed: bool,
}

/// What happens to one request.
#[derive(Clone, Default)]
pub(crate) struct Strike {
    pub(crate) actions: Vec<Action>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Strike {
    pub(crate) fn of(faults: &[Arc<Fault>], asked: &Asked<'_>) -> Self {
        let mut strike = Self::default();
        for fault in faults.iter().filter(|f| f.strikes(asked)) {
            strike.actions.push(fault.action.clone());
            strike.headers.extend(fault.headers.iter().cloned());
        }
        strike
    }

    pub(crate) fn has(&self, wanted: impl FnMut(&Action) -> bool) -> bool {
        self.actions.iter().any(wanted)
    }

    pub(crate) fn find<T>(&self, pick: impl Fn(&Action) -> Option<T>) -> Option<T> {
        self.actions.iter().find_map(pick)
    }

    pub(crate) fn mutations(&self) -> Vec<(String, Mutation)> {
        let pick = |a: &Action| match a {
            Action::Mutate(name, change) => Some((name.clone(), Arc::clone(change))),
            _ => None,
        };
        self.actions.iter().filter_map(pick).collect()
    }
}

/// Groups that discovery must not name, and those it must call stale.
pub(crate) fn hidden_groups(faults: &[Arc<Fault>]) -> Vec<(String, bool)> {
    faults.iter().filter_map(|f| f.hides()).map(|(group, absent)| (group.to_owned(), absent)).collect()
}
