//! Who we are: where the credential comes from, and when it is obtained anew.

use crate::{
    clock,
    connect::{
        error::ConnectError,
        kubeconfig::unreadable,
        plugin::{Issued, Plugin},
    },
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use detek_core::{Cause, CauseClass, Stage, clip};
use http::HeaderValue;
use kube::config::{AuthInfo, AuthProviderConfig};
use secrecy::ExposeSecret;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};

/// After this time a token is read from its file again.
const FILE_AGE: Duration = Duration::from_secs(60);
/// A credential is used until this long before its end.
const MARGIN: Duration = Duration::from_secs(60);
/// After a plugin failed it is not run again for this long.
const PAUSE: Duration = Duration::from_secs(30);

/// Where a credential comes from.
enum Source {
    /// The kubeconfig itself, if it holds any.
    Fixed(Option<HeaderValue>),
    /// A file that somebody writes anew from time to time.
    File(PathBuf),
    /// A program.
    Plugin(Box<Plugin>),
}

/// The credential of one cluster. All requests share it: it is obtained once, whoever needs it first.
pub(crate) struct Login {
    /// How the cluster is reached; of credentials it holds a client certificate at most.
    config: kube::Config,
    source: Source,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    failed: Option<(Instant, Cause)>,
}

/// A credential in use.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) client: kube::Client,
    /// `Authorization`.
    pub(crate) header: Option<HeaderValue>,
    number: u32,
    renew_at: Option<Instant>,
    /// Whether the server has taken it.
    taken: Arc<AtomicBool>,
}

impl Session {
    /// Notes that the server has taken the credential.
    pub(crate) fn worked(&self) {
        self.taken.store(true, Ordering::Relaxed);
    }
}

impl Login {
    /// Takes everything but a client certificate out of the configuration: no other part of it may use a credential.
    pub(crate) fn new(mut config: kube::Config) -> Result<Self, ConnectError> {
        let source = source(&mut config.auth_info)?;
        // What cannot be used at all is said before anything is sent.
        let client = kube::Client::try_from(config.clone()).map_err(|why| ConnectError::config(&why.to_string()))?;
        let session = match &source {
            Source::Fixed(header) => Some(Session::new(client, header.clone())),
            Source::File(path) => {
                let mut session = Session::new(client, Some(token_of(path)?));
                session.renew_at = Some(Instant::now() + FILE_AGE);
                Some(session)
            }
            Source::Plugin(_) => None,
        };
        Ok(Login { config, source, state: Mutex::new(State { session, failed: None }) })
    }

    /// The credential to use now.
    pub(crate) async fn session(&self, limit: Duration) -> Result<Session, Cause> {
        let mut state = self.state.lock().await;
        match &state.session {
            Some(session) if session.renew_at.is_none_or(|at| Instant::now() < at) => Ok(session.clone()),
            _ => self.obtain(&mut state, limit).await,
        }
    }

    /// Another credential than the one that was rejected; `None` if there is none.
    pub(crate) async fn renew(&self, rejected: &Session, limit: Duration) -> Result<Option<Session>, Cause> {
        let mut state = self.state.lock().await;
        match &state.session {
            // Another request was faster.
            Some(session) if session.number != rejected.number => return Ok(Some(session.clone())),
            // The one before it was rejected, too.
            Some(session) if session.number > 0 && !session.taken.load(Ordering::Relaxed) => return Ok(None),
            _ => {}
        }
        let renewed = match &self.source {
            Source::Fixed(_) => return Ok(None),
            _ => self.obtain(&mut state, limit).await?,
        };
        Ok(Some(renewed).filter(|session| session.number != rejected.number))
    }

    async fn obtain(&self, state: &mut State, limit: Duration) -> Result<Session, Cause> {
        if let Some((at, cause)) = &state.failed
            && at.elapsed() < PAUSE
        {
            return Err(cause.clone());
        }
        let next = state.session.as_ref().map_or(0, |old| old.number + 1);
        let made = match &self.source {
            Source::Plugin(plugin) => Box::pin(plugin.run(limit))
                .await
                .and_then(|issued| Ok(Session { number: next, ..self.issued(issued)? })),
            Source::File(path) => self.read(path, state.session.as_ref()),
            Source::Fixed(_) => Err(failed("the credential of the kubeconfig does not change")),
        };
        match &made {
            Ok(session) => *state = State { session: Some(session.clone()), failed: None },
            Err(cause) => state.failed = Some((Instant::now(), cause.clone())),
        }
        made
    }

    /// The token as it is in its file now; the last good one if the file has vanished.
    fn read(&self, path: &Path, old: Option<&Session>) -> Result<Session, Cause> {
        let mut session = match (token_of(path), old) {
            (Ok(header), Some(old)) if old.header.as_ref() != Some(&header) => {
                Session { number: old.number + 1, ..Session::new(old.client.clone(), Some(header)) }
            }
            (_, Some(old)) => old.clone(),
            (Ok(header), None) => Session::new(self.client(None)?, Some(header)),
            (Err(why), None) => return Err(failed(&why.to_string())),
        };
        session.renew_at = Some(Instant::now() + FILE_AGE);
        Ok(session)
    }

    fn issued(&self, issued: Issued) -> Result<Session, Cause> {
        let header = match &issued.token {
            Some(token) => {
                Some(bearer(token).ok_or_else(|| failed("the credential plugin issued a token that is none"))?)
            }
            None => None,
        };
        let mut session = Session::new(self.client(issued.certificate)?, header);
        session.renew_at = issued.expires.map(|end| {
            let left = Duration::try_from(end.duration_since(clock::now())).unwrap_or_default();
            // One that lives for less than the margin is used for half of its life.
            Instant::now() + left.saturating_sub(MARGIN).max(left / 2)
        });
        Ok(session)
    }

    fn client(&self, certificate: Option<(String, String)>) -> Result<kube::Client, Cause> {
        let mut config = self.config.clone();
        if let Some((certificate, key)) = certificate {
            config.auth_info.client_certificate_data = Some(STANDARD.encode(certificate));
            config.auth_info.client_key_data = Some(STANDARD.encode(key).into());
        }
        kube::Client::try_from(config).map_err(|why| failed(&why.to_string()))
    }
}

impl Session {
    fn new(client: kube::Client, header: Option<HeaderValue>) -> Self {
        Session { client, header, number: 0, renew_at: None, taken: Arc::default() }
    }
}

fn failed(why: &str) -> Cause {
    Cause::new(CauseClass::Exec, Stage::Credential, why)
}

/// What of a kubeconfig's user is used as the credential: the first of these that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Token,
    File(String),
    Password,
    Plugin(String),
    Provider(String),
    Certificate,
    Nothing,
}

impl Kind {
    pub(crate) fn of(auth: &AuthInfo) -> Self {
        match auth {
            AuthInfo { token: Some(_), .. } => Kind::Token,
            AuthInfo { token_file: Some(file), .. } => Kind::File(file.clone()),
            AuthInfo { username: Some(_), password: Some(_), .. } => Kind::Password,
            AuthInfo { exec: Some(exec), .. } => Kind::Plugin(exec.command.clone().unwrap_or_default()),
            AuthInfo { auth_provider: Some(provider), .. } => Kind::Provider(provider.name.clone()),
            AuthInfo { client_key: Some(_), .. } | AuthInfo { client_key_data: Some(_), .. } => Kind::Certificate,
            _ => Kind::Nothing,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Token => f.write_str("bearer token"),
            Kind::File(path) => write!(f, "token file {}", clip(path, 200)),
            Kind::Password => f.write_str("password"),
            Kind::Plugin(command) => write!(f, "program {}", clip(command, 200)),
            Kind::Provider(name) => write!(f, "auth provider {}", clip(name, 200)),
            Kind::Certificate => f.write_str("client certificate"),
            Kind::Nothing => f.write_str("nothing"),
        }
    }
}

/// Takes the credential out of what a kubeconfig says of its user, but for a client certificate.
fn source(auth: &mut AuthInfo) -> Result<Source, ConnectError> {
    let kind = Kind::of(auth);
    let (token, name, password) = (auth.token.take(), auth.username.take(), auth.password.take());
    let (exec, provider) = (auth.exec.take(), auth.auth_provider.take());
    auth.token_file = None;
    let header = match kind {
        Kind::Nothing | Kind::Certificate => return Ok(Source::Fixed(None)),
        Kind::File(path) => return Ok(Source::File(path.into())),
        Kind::Plugin(_) => {
            return Plugin::of(exec.unwrap_or_default()).map(|plugin| Source::Plugin(Box::new(plugin)));
        }
        Kind::Provider(ref name) => match provider.as_ref().and_then(provided) {
            Some(token) => bearer(token),
            None => return Err(removed(name)),
        },
        Kind::Token => token.and_then(|token| bearer(token.expose_secret())),
        Kind::Password => name.zip(password).and_then(|(name, password)| {
            secret(&format!("Basic {}", STANDARD.encode(format!("{name}:{}", password.expose_secret()))))
        }),
    };
    let unusable = || ConnectError::config(&format!("the {kind} of the kubeconfig cannot be sent"));
    header.map(|header| Source::Fixed(Some(header))).ok_or_else(unusable)
}

/// The token that an auth provider of old has left in the kubeconfig.
fn provided(provider: &AuthProviderConfig) -> Option<&String> {
    ["id-token", "access-token"].iter().find_map(|key| provider.config.get(*key)).filter(|_| provider.name != "azure")
}

fn removed(provider: &str) -> ConnectError {
    let plugin = match provider {
        "azure" => "kubelogin",
        "gcp" => "gke-gcloud-auth-plugin",
        _ => "kubectl oidc-login",
    };
    ConnectError::config(&format!(
        "the auth-provider \"{provider}\" was removed from Kubernetes; use a credential plugin, such as {plugin}"
    ))
}

fn bearer(token: &str) -> Option<HeaderValue> {
    let token = token.trim();
    if token.is_empty() { None } else { secret(&format!("Bearer {token}")) }
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[expect(clippy::disallowed_methods, reason = "tokens of accounts live in files")]
fn token_of(path: &Path) -> Result<HeaderValue, ConnectError> {
    let token = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
    bearer(&token).ok_or_else(|| ConnectError::config(&format!("{} holds no token", path.display())))
}
