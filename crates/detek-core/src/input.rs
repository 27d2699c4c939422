//! Inputs: one thing read from one system, with the state it was read in.
//!
//! There is no way from a failed read to an empty list: an [`Input`] cannot be built without saying how the read ended,
//! and its documents are reached through [`Input::seen`] or [`Input::whole`], which pass that state.

use detek_doc::Store;
use jiff::Timestamp;
use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

/// The name of an input: `kubernetes/core/v1/pods`, `kubernetes/raw/readyz`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputKey(Cow<'static, str>);

impl InputKey {
    /// A key known when detek was compiled.
    pub const fn new(key: &'static str) -> Self {
        InputKey(Cow::Borrowed(key))
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part, which people know: `pods`, `readyz`.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl From<String> for InputKey {
    fn from(key: String) -> Self {
        InputKey(Cow::Owned(key))
    }
}

impl fmt::Display for InputKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is known of an input before it is read: its key and what its documents are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputKind {
    /// The key under which it is stored.
    pub key: InputKey,
    /// API group of its documents, empty for core and for what is no object.
    pub group: Cow<'static, str>,
    /// `Pod`; names the subject of findings.
    pub kind: Cow<'static, str>,
    /// Whether its documents live in namespaces, so that a scan of some namespaces narrows it.
    pub namespaced: bool,
}

impl InputKind {
    /// An input known when detek was compiled.
    pub const fn new(key: &'static str, group: &'static str, kind: &'static str, namespaced: bool) -> Self {
        InputKind { key: InputKey::new(key), group: Cow::Borrowed(group), kind: Cow::Borrowed(kind), namespaced }
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The name as in JSON and text.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

named! {
    /// How a read ended.
    InputState {
        /// Everything was read, or there is nothing.
        Complete = "complete",
        /// Some of it was read, then the read failed for good, or an object could not be decoded.
        Partial = "partial",
        /// The credential may not read it.
        Denied = "denied",
        /// Proven not to be served.
        Absent = "absent",
        /// Older than the data may be.
        Stale = "stale",
        /// A limit of time was hit before anything was read, or the user cancelled.
        TimedOut = "timed_out",
        /// A cap on bytes, objects or memory was hit.
        TooLarge = "too_large",
        /// Everything else; the cause says what.
        Error = "error",
    }
}

named! {
    /// Why a read did not end complete.
    CauseClass {
        /// The name of the server could not be resolved.
        Dns = "dns",
        /// The connection was refused.
        Refused = "refused",
        /// No route, or no answer to connecting.
        Unreachable = "unreachable",
        /// The proxy refused or could not be reached.
        Proxy = "proxy",
        /// The TLS handshake failed.
        Tls = "tls",
        /// The credential was rejected.
        Auth = "auth",
        /// The credential is good but not allowed to.
        Forbidden = "forbidden",
        /// The API is not served.
        NotServed = "not_served",
        /// The server asked to slow down beyond what we wait.
        Throttled = "throttled",
        /// The server failed, or closed the connection.
        Unavailable = "unavailable",
        /// A limit of time was hit.
        Timeout = "timeout",
        /// The body could not be parsed.
        BadBody = "bad_body",
        /// The answer is not one of a Kubernetes API.
        NotKubernetes = "not_kubernetes",
        /// The server redirected, which is never followed.
        Redirect = "redirect",
        /// A cap was hit.
        TooLarge = "too_large",
        /// The list expired on the server while it was read.
        Expired = "expired",
        /// Paging did not end.
        PagingLoop = "paging_loop",
        /// A credential plugin failed.
        Exec = "exec",
        /// Discovery is not complete, so nothing is known of this API.
        Discovery = "discovery",
        /// The user or the deadline stopped the run.
        Cancelled = "cancelled",
        /// A fault of detek, or an answer nobody expected.
        Internal = "internal",
        /// The source is not configured, or there is none that can be asked from here.
        NotConfigured = "not_configured",
        /// The user skipped it.
        Skipped = "skipped",
    }
}

named! {
    /// Where in a read the cause lies.
    Stage {
        /// Kubeconfig and options.
        Config = "config",
        /// Obtaining a credential.
        Credential = "credential",
        /// DNS, TCP, proxy, TLS.
        Connect = "connect",
        /// Finding out what is served.
        Discovery = "discovery",
        /// From the request to the first byte of the answer.
        FirstByte = "first_byte",
        /// Inside a body.
        Body = "body",
        /// Decoding.
        Decode = "decode",
        /// Between pages.
        Paging = "paging",
    }
}

/// Why an input is not complete. The text is cleaned and cut when the cause is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What kind of failure it was.
    pub class: CauseClass,
    /// Where it happened.
    pub stage: Stage,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How often it was tried.
    pub attempts: u8,
    /// The other side's words, cleaned, at most 300 characters.
    pub text: String,
    /// The user that the server named in a refusal, cleaned.
    pub user: Option<String>,
}

impl Cause {
    /// A cause after one attempt, without a status. `text` is cleaned and cut.
    pub fn new(class: CauseClass, stage: Stage, text: &str) -> Self {
        Cause { class, stage, status: None, attempts: 1, text: crate::clip(text, 300), user: None }
    }
}

/// Which part of the cluster an input covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Cluster,
    /// These namespaces only.
    Namespaces(Vec<String>),
}

/// How much was read, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Documents stored.
    pub items: u64,
    /// Items of the answer that could not be decoded.
    pub skipped: u64,
    /// Pages read.
    pub pages: u32,
    /// Bytes of bodies, decompressed.
    pub bytes: u64,
    /// Whether the list was resumed after it expired, so that it is not one snapshot.
    pub resumed: bool,
    /// Whether the server ignored the page limit.
    pub unpaged: bool,
    /// Of the list.
    pub resource_version: Option<String>,
    /// When the first request was sent.
    pub started: Option<Timestamp>,
    /// When the last byte was read.
    pub finished: Option<Timestamp>,
}

/// One thing read from one system, with the state it was read in.
#[derive(Clone, Debug)]
pub struct Input {
    key: InputKey,
    scope: Scope,
    state: InputState,
    cause: Option<Cause>,
    volume: Volume,
    store: Arc<Store>,
}

impl Input {
    /// A read that ended well. Becomes `partial` if an item had to be skipped.
    pub fn complete(key: InputKey, scope: Scope, store: Store, volume: Volume) -> Self {
        let (state, cause) = match volume.skipped {
            0 => (InputState::Complete, None),
            n => {
                let text = format!("{n} items could not be decoded");
                (InputState::Partial, Some(Cause::new(CauseClass::BadBody, Stage::Decode, &text)))
            }
        };
        Input { key, scope, state, cause, volume, store: Arc::new(store) }
    }

    /// A read that gave some documents and then failed for good. With no document at all it ends in the state that the
    /// class of the cause stands for.
    pub fn partial(key: InputKey, scope: Scope, store: Store, cause: Cause, volume: Volume) -> Self {
        let state = match cause.class {
            CauseClass::TooLarge => InputState::TooLarge,
            _ if store.is_empty() => Self::state_of(cause.class),
            _ => InputState::Partial,
        };
        Input { key, scope, state, cause: Some(cause), volume, store: Arc::new(store) }
    }

    /// A read that gave nothing.
    pub fn failed(key: InputKey, scope: Scope, cause: Cause) -> Self {
        Input::partial(key, scope, Store::empty(), cause, Volume::default())
    }

    /// Data that is older than it may be, and so not looked at.
    pub fn stale(key: InputKey, scope: Scope, cause: Cause) -> Self {
        Input { state: InputState::Stale, ..Input::failed(key, scope, cause) }
    }

    /// The state in which a read ends that gave nothing for a cause of this class. `absent` needs proof: a complete
    /// discovery of the group is that of `not_served`.
    pub fn state_of(class: CauseClass) -> InputState {
        match class {
            CauseClass::Auth | CauseClass::Forbidden => InputState::Denied,
            CauseClass::NotServed | CauseClass::NotConfigured => InputState::Absent,
            CauseClass::Timeout | CauseClass::Cancelled => InputState::TimedOut,
            CauseClass::TooLarge => InputState::TooLarge,
            _ => InputState::Error,
        }
    }

    /// What it is.
    pub fn key(&self) -> &InputKey {
        &self.key
    }

    /// What part of the cluster it covers.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// How the read ended.
    pub fn state(&self) -> InputState {
        self.state
    }

    /// Why it is not complete.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// How much was read, and when.
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// The documents, only if all of them were read: for joins, counts and proofs of absence.
    pub fn whole(&self) -> Option<&Arc<Store>> {
        (self.state == InputState::Complete).then_some(&self.store)
    }

    /// The documents that were seen, for judging them one by one; `None` if the read gave nothing for a reason.
    pub fn seen(&self) -> Option<&Arc<Store>> {
        match self.state {
            InputState::Complete | InputState::Partial => Some(&self.store),
            InputState::TooLarge if !self.store.is_empty() => Some(&self.store),
            _ => None,
        }
    }

    /// The same input without its documents, as a run keeps it.
    pub(crate) fn without_documents(&self) -> Self {
        Input { store: Arc::new(Store::empty()), ..self.clone() }
    }
}

/// All inputs of a scan. An input that was planned and is not here was not read: see [`Inputs::get`].
#[derive(Clone, Debug, Default)]
pub struct Inputs(BTreeMap<InputKey, Input>);

impl Inputs {
    /// The input of this key, if a collector reported one.
    pub fn get(&self, key: &InputKey) -> Option<&Input> {
        self.0.get(key)
    }

    /// Stores an input under its key.
    pub fn insert(&mut self, input: Input) {
        self.0.insert(input.key.clone(), input);
    }

    /// All inputs, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Input> {
        self.0.values()
    }
}

impl FromIterator<Input> for Inputs {
    fn from_iter<T: IntoIterator<Item = Input>>(inputs: T) -> Self {
        Inputs(inputs.into_iter().map(|input| (input.key.clone(), input)).collect())
    }
}
