//! One request: the gate, limits of time, the cap on the body, and asking again.

use crate::{
    answer::Answer,
    clock,
    failure::{self, Again, Failure, Route},
    gate,
    login::{Login, Session},
    probe::Way,
};
use detek_core::{Cause, CauseClass, Stage};
use http::{HeaderValue, Method, Request, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use kube::client::Body;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Limits on reading one cluster (`reliability.md` 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first request to its answer, waits included.
    pub first_contact: Duration,
    /// From a request to the first byte of its answer.
    pub first_byte: Duration,
    /// Without a byte inside a body.
    pub idle: Duration,
    /// One page with all attempts and waits.
    pub page: Duration,
    /// Bytes of one body.
    pub body_bytes: usize,
    /// Objects asked for in one page.
    pub page_limit: u32,
    /// Inputs read at the same time.
    pub parallel: usize,
    /// For a credential plugin that asks no questions.
    pub plugin: Duration,
    /// Whether instances of the API server are asked at addresses of this machine, too: for simulated clusters.
    pub probe_loopback: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            first_contact: Duration::from_secs(10),
            first_byte: Duration::from_secs(20),
            idle: Duration::from_secs(10),
            page: Duration::from_secs(60),
            body_bytes: 32 << 20,
            page_limit: 500,
            parallel: 4,
            plugin: Duration::from_secs(30),
            probe_loopback: false,
        }
    }
}

/// Retries after a failure that came fast.
const RETRIES: u8 = 3;
/// Tries when the server says how long to wait.
const TRIES_WHEN_ASKED: u8 = 6;
/// Longest wait that is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// All waits the server asked for, for one page.
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
}

impl<'a> Ask<'a> {
    pub(crate) fn json(path: &'a str) -> Self {
        Ask { path, accept: JSON, health: false, posted: None }
    }

    pub(crate) fn health(path: &'a str) -> Self {
        Ask { accept: "text/plain, */*", health: true, ..Ask::json(path) }
    }

    pub(crate) fn post(path: &'a str, body: &'a str) -> Self {
        Ask { posted: Some(body), ..Ask::json(path) }
    }

    fn method(&self) -> Method {
        if self.posted.is_some() { Method::POST } else { Method::GET }
    }
}

/// The way to one server.
pub(crate) struct Transport {
    login: Arc<Login>,
    route: Route,
    /// `User-Agent`.
    agent: HeaderValue,
    way: Option<Arc<Way>>,
    pub(crate) limits: Limits,
    date: Mutex<Option<Timestamp>>,
    met: AtomicBool,
}

impl Transport {
    /// `way` leads to single instances of the server, if there are any to ask.
    pub(crate) fn new(login: Arc<Login>, route: Route, agent: HeaderValue, way: Option<Arc<Way>>) -> Self {
        let (date, met) = (Mutex::new(None), AtomicBool::new(false));
        Transport { login, route, agent, way, limits: Limits::default(), date, met }
    }

    /// The same way with other limits.
    pub(crate) fn with_limits(&self, limits: Limits) -> Self {
        let same = Transport::new(self.login.clone(), self.route.clone(), self.agent.clone(), self.way.clone());
        Transport { limits, ..same }
    }

    /// How single instances of the server are called.
    pub(crate) fn way(&self) -> Option<&Way> {
        self.way.as_deref()
    }

    pub(crate) fn agent(&self) -> &HeaderValue {
        &self.agent
    }

    /// The latest time the server named.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        *self.date.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks until there is an answer, or a failure that asking again does not cure. A rejected credential is obtained
    /// anew, once.
    pub(crate) async fn fetch(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let never = |cause| Failure::new(cause, Again::Never);
        let session = self.login.session(self.limits.plugin).await.map_err(never)?;
        let rejected = match self.within(ask, &session).await {
            Err(failure) if failure.cause.class == CauseClass::Auth => failure,
            done => return done,
        };
        match self.login.renew(&session, self.limits.plugin).await.map_err(never)? {
            Some(session) => self.within(ask, &session).await,
            None => Err(rejected),
        }
    }

    /// Asks within the limit of time for one page.
    async fn within(&self, ask: Ask<'_>, session: &Session) -> Result<Answer, Failure> {
        let met = self.met.load(Ordering::Relaxed);
        let (limit, stage) =
            if met { (self.limits.page, Stage::FirstByte) } else { (self.limits.first_contact, Stage::Connect) };
        let done = timeout(limit, self.persist(ask, session, met)).await;
        done.unwrap_or_else(|_| Err(Failure::timeout(stage, &format!("no answer within {} s", limit.as_secs()))))
    }

    async fn persist(&self, ask: Ask<'_>, session: &Session, met: bool) -> Result<Answer, Failure> {
        let (mut attempts, mut waited) = (0_u8, Duration::ZERO);
        loop {
            attempts += 1;
            let mut failure = match self.once(ask, session).await {
                Ok(answer) => return Ok(Answer { attempts, ..answer }),
                Err(failure) => failure,
            };
            failure.cause.attempts = attempts;
            let wait = match failure.again {
                Again::Soon if attempts <= RETRIES => backoff(attempts),
                Again::AfterTimeout if attempts == 1 && met => Duration::ZERO,
                Again::After(asked) if asked > LONGEST_WAIT || waited + asked > ALL_WAITS => {
                    let said = format!("{}; asked to wait {} s", failure.cause.text, asked.as_secs());
                    failure.cause.text = detek_core::clip(&said, 300);
                    return Err(failure);
                }
                Again::After(asked) if attempts < TRIES_WHEN_ASKED => {
                    waited += asked;
                    asked
                }
                _ => return Err(failure),
            };
            sleep(wait).await;
        }
    }

    /// Asks once, and without a credential if there is none.
    pub(crate) async fn try_once(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let session = self.login.session(self.limits.plugin).await.map_err(|why| Failure::new(why, Again::Never))?;
        self.once(ask, &session).await
    }

    async fn once(&self, ask: Ask<'_>, session: &Session) -> Result<Answer, Failure> {
        gate::check(&ask.method(), ask.path).map_err(|cause| Failure::new(cause, Again::Never))?;
        let mut request = Request::builder()
            .method(ask.method())
            .uri(ask.path)
            .header(header::ACCEPT, ask.accept)
            .header(header::USER_AGENT, &self.agent);
        if let Some(credential) = &session.header {
            request = request.header(header::AUTHORIZATION, credential);
        }
        if ask.posted.is_some() {
            request = request.header(header::CONTENT_TYPE, JSON);
        }
        let request = request
            .body(Body::from(ask.posted.unwrap_or_default().as_bytes().to_vec()))
            .map_err(|e| Failure::new(internal(&e.to_string()), Again::Never))?;
        let first = timeout(self.limits.first_byte, session.client.send(request)).await;
        let response = first
            .map_err(|_| {
                let text = format!("no answer within {} s", self.limits.first_byte.as_secs());
                Failure::timeout(Stage::FirstByte, &text)
            })?
            .map_err(|e| failure::of_error(&e, Stage::FirstByte, &self.route))?;
        let (parts, body) = response.into_parts();
        let body = self.body(body).await?;
        let answer = Answer::new(parts.status.as_u16(), &parts.headers, body);
        self.met.store(true, Ordering::Relaxed);
        if let Some(date) = answer.date {
            *self.date.lock().unwrap_or_else(PoisonError::into_inner) = Some(date);
        }
        if answer.status == 401 {
            return Err(self.rejected(&answer));
        }
        session.worked();
        accept(answer, ask)
    }

    fn rejected(&self, answer: &Answer) -> Failure {
        let mut failure = failure::of_answer(answer);
        if let Some(end) = self.route.certificate_ends.filter(|end| *end <= clock::now()) {
            let text = format!("{}; the client certificate ended at {end}", failure.cause.text);
            failure.cause.text = detek_core::clip(&text, 300);
        }
        failure
    }

    async fn body(&self, mut body: Body) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        loop {
            let frame = timeout(self.limits.idle, body.frame()).await.map_err(|_| {
                let text = format!("the answer stopped for {} s", self.limits.idle.as_secs());
                Failure::timeout(Stage::Body, &text)
            })?;
            let Some(frame) = frame else { return Ok(all) };
            let frame = frame.map_err(|e| failure::of_error(&e, Stage::Body, &self.route))?;
            let Some(data) = frame.data_ref() else { continue };
            if all.len() + data.len() > self.limits.body_bytes {
                let text = format!("the answer is larger than {} bytes", self.limits.body_bytes);
                return Err(Failure::new(Cause::new(CauseClass::TooLarge, Stage::Body, &text), Again::Never));
            }
            all.extend_from_slice(data);
        }
    }
}

fn accept(answer: Answer, ask: Ask<'_>) -> Result<Answer, Failure> {
    let checks = ask.health && (answer.body.starts_with(b"[+]") || answer.body.starts_with(b"[-]"));
    match answer.status {
        200 if ask.health || answer.is_json() => Ok(answer),
        201 if ask.posted.is_some() && answer.is_json() => Ok(answer),
        200 => Err(Failure::new(answer.not_kubernetes(), Again::Never)),
        500 if checks => Ok(answer),
        _ => Err(failure::of_answer(&answer)),
    }
}

fn internal(text: &str) -> Cause {
    Cause::new(CauseClass::Internal, Stage::Config, text)
}

/// Full jitter: anything up to 250 ms doubled with each attempt, at most 4 s.
fn backoff(attempt: u8) -> Duration {
    let most = 250_u64.saturating_mul(1 << u32::from(attempt.min(5))).min(4_000);
    Duration::from_millis(fastrand::u64(0..=most))
}
