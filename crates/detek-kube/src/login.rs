//! Who we are: where the credential comes from, and when it is obtained anew.

use crate::{
    clock,
    error::ConnectError,
    kubeconfig::unreadable,
    plugin::{Issued, Plugin},
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use detek_core::{Cause, CauseClass, Stage};
use http::HeaderValue;
use kube::config::AuthInfo;
use secrecy::ExposeSecret;
use std::{
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

/// Takes the credential out of what a kubeconfig says of its user, but for a client certificate.
fn source(auth: &mut AuthInfo) -> Result<Source, ConnectError> {
    let unusable = |what: &str| ConnectError::config(&format!("the {what} of the kubeconfig cannot be sent"));
    let exec = auth.exec.take();
    let (token, file) = (auth.token.take(), auth.token_file.take());
    let (name, password) = (auth.username.take(), auth.password.take());
    let provider = auth.auth_provider.take();
    if let Some(token) = token {
        return bearer(token.expose_secret())
            .map(|header| Source::Fixed(Some(header)))
            .ok_or_else(|| unusable("token"));
    }
    if let Some(file) = file {
        return Ok(Source::File(file.into()));
    }
    if let (Some(name), Some(password)) = (name, password) {
        let pair = STANDARD.encode(format!("{name}:{}", password.expose_secret()));
        let header = secret(&format!("Basic {pair}")).ok_or_else(|| unusable("password"))?;
        return Ok(Source::Fixed(Some(header)));
    }
    if let Some(exec) = exec {
        return Plugin::of(exec).map(|plugin| Source::Plugin(Box::new(plugin)));
    }
    let Some(provider) = provider else { return Ok(Source::Fixed(None)) };
    let token = ["id-token", "access-token"].iter().find_map(|key| provider.config.get(*key));
    match token.filter(|_| provider.name != "azure").and_then(|token| bearer(token)) {
        Some(header) => Ok(Source::Fixed(Some(header))),
        None => Err(ConnectError::config(&format!(
            "the auth-provider \"{}\" was removed from Kubernetes; use its exec plugin, such as {}",
            provider.name,
            match provider.name.as_str() {
                "azure" => "kubelogin",
                "gcp" => "gke-gcloud-auth-plugin",
                _ => "kubectl oidc-login",
            }
        ))),
    }
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
