//! What the server was asked, so that tests can count attempts, bytes and parallel requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::server::Server;

/// One request as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query as sent, without the question mark.
    pub query: String,
    /// `User-Agent`, or empty.
    pub user_agent: String,
    /// `Accept`, or empty.
    pub accept: String,
    /// Whether an `Authorization` header was sent. Its value is not kept.
    pub authorized: bool,
    /// 1 for the first request of this path and page, 2 for its first repetition.
    pub attempt: u32,
    /// Status sent; 0 if the connection was closed before one was.
    pub status: u16,
    /// Bytes of body handed to the connection.
    pub bytes: u64,
}

#[derive(Debug, Default)]
struct Entries {
    requests: Vec<Request>,
    attempts: HashMap<String, u32>,
    open: usize,
    peak: usize,
}

/// All requests of one server.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Entries>);

impl Log {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; `identity` is what makes two requests the same one. Gives its place in the log and the attempt's number.
    pub(crate) fn open(&self, mut request: Request, identity: String) -> (usize, u32) {
        let mut entries = self.entries();
        let attempt = entries.attempts.entry(identity).or_default();
        *attempt += 1;
        request.attempt = *attempt;
        let attempt = *attempt;
        entries.requests.push(request);
        entries.open += 1;
        entries.peak = entries.peak.max(entries.open);
        (entries.requests.len() - 1, attempt)
    }

    pub(crate) fn status(&self, at: usize, status: u16) {
        self.entries().requests[at].status = status;
    }

    /// Ends a request, of whose body this much was handed over.
    fn close(&self, at: usize, bytes: u64) {
        let mut entries = self.entries();
        entries.requests[at].bytes += bytes;
        entries.open -= 1;
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.entries().requests.clone()
    }

    pub(crate) fn peak(&self) -> usize {
        self.entries().peak
    }
}

/// A request that is open: it ends with this, however it ends.
pub(crate) struct Open {
    server: Arc<Server>,
    entry: usize,
    pub(crate) sent: u64,
}

impl Open {
    pub(crate) fn new(server: Arc<Server>, entry: usize) -> Self {
        Self { server, entry, sent: 0 }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.server.log.close(self.entry, self.sent);
    }
}
