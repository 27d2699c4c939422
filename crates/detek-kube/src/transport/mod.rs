//! The way to one server: every request passes the gate, limits of time, the cap on its answer, and asking again.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod failure;
mod gate;
mod pace;
pub(crate) mod request;
pub(crate) mod tls;

use self::{
    answer::Answer,
    body::{Incoming, whole_items},
    failure::{Again, Failure, Route},
    pace::Pace,
    request::{Ask, JSON, Limits, Waits, asked_to_wait, backoff},
};
use crate::{
    clock,
    connect::login::{Login, Session},
    read::probe::Way,
};
use bytes::Bytes;
use detek_core::{Cause, CauseClass, Stage};
use http::{HeaderValue, Request, header};
use hyper_util::client::legacy::connect::HttpInfo;
use jiff::Timestamp;
use kube::client::Body;
use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Retries after a failure that came fast.
const RETRIES: u8 = 3;
/// Tries when the server says how long to wait.
const TRIES_WHEN_ASKED: u8 = 6;
/// Up to here a list is held before it is decoded; a longer one is decoded as it comes, if the server ignores the limit.
const HELD: usize = 16 << 20;

/// The way to one server.
pub(crate) struct Transport {
    login: Arc<Login>,
    route: Route,
    /// `User-Agent`.
    agent: HeaderValue,
    way: Option<Arc<Way>>,
    pace: Pace,
    pub(crate) limits: Limits,
    date: Mutex<Option<Timestamp>>,
    met: AtomicBool,
    /// Whether the server was last met outside of private networks.
    far: AtomicBool,
}

impl Transport {
    /// `way` leads to single instances of the server, if there are any to ask.
    pub(crate) fn new(login: Arc<Login>, route: Route, agent: HeaderValue, way: Option<Arc<Way>>) -> Self {
        let (date, met) = (Mutex::new(None), AtomicBool::new(false));
        let (limits, far) = (Limits::default(), AtomicBool::new(false));
        Transport { login, route, agent, way, pace: Pace::new(limits.parallel), limits, date, met, far }
    }

    /// The same way with other limits.
    pub(crate) fn with_limits(&self, limits: Limits) -> Self {
        let same = Transport::new(self.login.clone(), self.route.clone(), self.agent.clone(), self.way.clone());
        Transport { pace: Pace::new(limits.parallel), limits, ..same }
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

    /// Asks until there is an answer, or a failure that asking again does not cure.
    pub(crate) async fn fetch(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        self.fetch_into(ask, &mut Vec::new()).await.map(|(answer, _)| answer)
    }

    /// The same with a buffer, which becomes the answer's body; after a failure inside of a body it holds what came. Of a
    /// list that is too long to be held, the rest comes with the answer. A rejected credential is obtained anew, once.
    pub(crate) async fn fetch_into(
        &self,
        ask: Ask<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(Answer, Option<Incoming>), Failure> {
        let never = |cause| Failure::new(cause, Again::Never);
        let session = self.login.session(self.limits.plugin).await.map_err(never)?;
        let rejected = match self.within(ask, &session, buffer).await {
            Err(failure) if failure.cause.class == CauseClass::Auth => failure,
            done => return done,
        };
        match self.login.renew(&session, self.limits.plugin).await.map_err(never)? {
            Some(session) => self.within(ask, &session, buffer).await,
            None => Err(rejected),
        }
    }

    /// Asks within the limit of time.
    async fn within(
        &self,
        ask: Ask<'_>,
        session: &Session,
        buffer: &mut Vec<u8>,
    ) -> Result<(Answer, Option<Incoming>), Failure> {
        // What waits here for its turn has not been asked.
        let _turn = self.pace.turn().await;
        let met = self.met.load(Ordering::Relaxed);
        let (limit, stage) = if met {
            (ask.within.unwrap_or(self.limits.page), Stage::FirstByte)
        } else {
            (self.limits.first_contact, Stage::Connect)
        };
        let done = timeout(limit, self.persist(ask, session, (met, &mut *buffer))).await;
        done.unwrap_or_else(|_| {
            let stage = if buffer.is_empty() { stage } else { Stage::Body };
            Err(late(stage, limit))
        })
    }

    async fn persist(
        &self,
        ask: Ask<'_>,
        session: &Session,
        (met, buffer): (bool, &mut Vec<u8>),
    ) -> Result<(Answer, Option<Incoming>), Failure> {
        let (mut attempts, own) = (0_u8, Waits::default());
        loop {
            attempts += 1;
            let mut failure = match self.once(ask, session, buffer).await {
                Ok((answer, rest)) => {
                    self.pace.good();
                    return Ok((Answer { attempts, ..answer }, rest));
                }
                Err(failure) => failure,
            };
            failure.cause.attempts = attempts;
            if failure.cause.status == Some(429) || (failure.again, failure.cause.stage) == OVERLOADED {
                self.pace.too_much();
            }
            let wait = match failure.again {
                Again::Soon if attempts <= RETRIES => backoff(attempts),
                Again::AfterTimeout if attempts == 1 && met => Duration::ZERO,
                Again::After(asked) if attempts < TRIES_WHEN_ASKED => {
                    if !ask.waits.unwrap_or(&own).allow(asked) {
                        failure.cause.text = asked_to_wait(&failure.cause.text, asked);
                        return Err(failure);
                    }
                    asked
                }
                _ => return Err(failure),
            };
            sleep(wait).await;
        }
    }

    /// Asks once, whatever comes of it, within [`Limits::page`].
    pub(crate) async fn try_once(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let session = self.login.session(self.limits.plugin).await.map_err(|why| Failure::new(why, Again::Never))?;
        let (limit, mut buffer) = (self.limits.page, Vec::new());
        let done = timeout(limit, self.once(ask, &session, &mut buffer)).await;
        done.unwrap_or_else(|_| Err(late(Stage::Body, limit))).map(|(answer, _)| answer)
    }

    async fn once(
        &self,
        ask: Ask<'_>,
        session: &Session,
        buffer: &mut Vec<u8>,
    ) -> Result<(Answer, Option<Incoming>), Failure> {
        buffer.clear();
        let request = self.request(ask, session)?;
        let first = timeout(self.limits.first_byte, session.client.send(request)).await;
        let response = first
            .map_err(|_| {
                let text = format!("no answer within {} s", self.limits.first_byte.as_secs());
                Failure::timeout(Stage::FirstByte, &text)
            })?
            .map_err(|e| failure::of_error(&e, Stage::FirstByte, &self.route))?;
        let (parts, body) = response.into_parts();
        let remote = parts.extensions.get::<HttpInfo>().map(|info| info.remote_addr().ip());
        self.far.store(remote.is_some_and(is_far), Ordering::Relaxed);
        let rest = self.collect(Incoming::new(body, &parts.headers), ask, buffer).await?;
        let answer = Answer::new(parts.status.as_u16(), &parts.headers, std::mem::take(buffer));
        self.met.store(true, Ordering::Relaxed);
        if let Some(date) = answer.date {
            *self.date.lock().unwrap_or_else(PoisonError::into_inner) = Some(date);
        }
        if answer.status == 401 {
            return Err(self.rejected(&answer));
        }
        session.worked();
        accept(answer, ask).map(|answer| (answer, rest))
    }

    fn request(&self, ask: Ask<'_>, session: &Session) -> Result<Request<Body>, Failure> {
        gate::check(&ask.method(), ask.path).map_err(|cause| Failure::new(cause, Again::Never))?;
        let mut request = Request::builder()
            .method(ask.method())
            .uri(ask.path)
            .header(header::ACCEPT, ask.accept)
            .header(header::USER_AGENT, &self.agent);
        if let Some(credential) = &session.header {
            request = request.header(header::AUTHORIZATION, credential);
        }
        if self.limits.gzip.unwrap_or(self.far.load(Ordering::Relaxed)) {
            request = request.header(header::ACCEPT_ENCODING, "gzip");
        }
        if ask.posted.is_some() {
            request = request.header(header::CONTENT_TYPE, JSON);
        }
        let body = Body::from(ask.posted.unwrap_or_default().as_bytes().to_vec());
        request.body(body).map_err(|why| {
            let cause = Cause::new(CauseClass::Internal, Stage::Config, &why.to_string());
            Failure::new(cause, Again::Never)
        })
    }

    fn rejected(&self, answer: &Answer) -> Failure {
        let mut failure = failure::of_answer(answer);
        if let Some(end) = self.route.certificate_ends.filter(|end| *end <= clock::now()) {
            let text = format!("{}; the client certificate ended at {end}", failure.cause.text);
            failure.cause.text = detek_core::clip(&text, 300);
        }
        failure
    }

    /// Reads a body to its end, or as far as it is held; then the rest of it is given back.
    async fn collect(
        &self,
        mut body: Incoming,
        ask: Ask<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Incoming>, Failure> {
        let cap = self.limits.body_bytes;
        let mut held = HELD.min(cap);
        while let Some(part) = self.part(&mut body).await? {
            buffer.extend_from_slice(&part);
            if buffer.len() <= held {
                continue;
            }
            if ask.page.is_some_and(|limit| whole_items(buffer) > limit) {
                return Ok(Some(body));
            }
            if buffer.len() > cap {
                let text = format!("the answer is larger than {cap} bytes");
                return Err(Failure::new(Cause::new(CauseClass::TooLarge, Stage::Body, &text), Again::Never));
            }
            held = cap;
        }
        Ok(None)
    }

    /// The next part of a body; `None` at its end.
    pub(crate) async fn part(&self, body: &mut Incoming) -> Result<Option<Bytes>, Failure> {
        body.part(self.limits.idle, &self.route).await
    }
}

fn late(stage: Stage, limit: Duration) -> Failure {
    Failure::timeout(stage, &format!("no whole answer within {} s", limit.as_secs()))
}

/// A server that does not begin to answer has too much to do.
const OVERLOADED: (Again, Stage) = (Again::AfterTimeout, Stage::FirstByte);

/// Whether bytes on the way to an address cost more than unpacking them would.
fn is_far(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !(v4.is_private() || v4.is_loopback() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local()),
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

#[cfg(test)]
mod tests {
    use super::is_far;

    #[test]
    fn private_networks_are_near() {
        for (address, far) in [
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("192.168.0.1", false),
            ("::ffff:172.16.0.1", false),
            ("fd00::1", false),
            ("203.0.113.1", true),
            ("2001:db8::1", true),
        ] {
            assert_eq!(is_far(address.parse().expect("an address")), far, "{address}");
        }
    }
}
