//! Sockets: accepts connections, speaks TLS if asked to, and sends what the server answers in the way the script wants.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::answer::Payload;
use crate::body::{SentBody, Source};
use crate::clock::http_date;
use crate::fault::{Action, Body, Strike};
use crate::log::Open;
use crate::server::Server;
use crate::tls::{Identity, Tls};
use crate::wire::{Fuse, Stream, Wire};

/// A TLS 1.0 record: fatal alert 70, `protocol_version`.
const ALERT_PROTOCOL_VERSION: [u8; 7] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46];

/// Serves until the task is aborted; all connections end with it.
pub(crate) async fn accept(listener: TcpListener, server: Arc<Server>, identity: Option<Arc<Identity>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((tcp, _)) = accepted {
                    let (server, identity) = (Arc::clone(&server), identity.clone());
                    connections.spawn(async move {
                        if let Some(stream) = greet(tcp, identity.as_deref()).await {
                            connection(stream, server).await;
                        }
                    });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Does what comes before HTTP; `None` if that failed, as some scripts want it to.
async fn greet(mut tcp: TcpStream, identity: Option<&Identity>) -> Option<Stream> {
    let _ = tcp.set_nodelay(true);
    let Some(identity) = identity else { return Some(Stream::Plain(tcp)) };
    match identity.kind {
        Tls::NotTls => Some(Stream::Plain(tcp)),
        Tls::OldProtocol => {
            tcp.readable().await.ok()?;
            tcp.write_all(&ALERT_PROTOCOL_VERSION).await.ok()?;
            drain(&tcp).await;
            None
        }
        _ => {
            let acceptor = TlsAcceptor::from(Arc::clone(identity.server.as_ref()?));
            Some(Stream::Tls(Box::new(acceptor.accept(tcp).await.ok()?)))
        }
    }
}

/// Reads what is there, so that closing the socket does not reset it before the alert is read.
async fn drain(tcp: &TcpStream) {
    let mut buffer = [0; 4096];
    while tcp.readable().await.is_ok() {
        match tcp.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Speaks HTTP/1.1 over one stream until it ends.
async fn connection(stream: Stream, server: Arc<Server>) {
    let fuse = Fuse::new();
    let wire = Wire { stream, fuse: Arc::clone(&fuse) };
    let service = service_fn(move |request| {
        let (server, fuse) = (Arc::clone(&server), Arc::clone(&fuse));
        async move { respond(request, &server, &fuse).await }
    });
    let http = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(wire), service);
    // A client that goes away, and every scripted break, ends here with an error that nobody waits for.
    drop(http.await);
}

async fn respond(request: Request<Incoming>, server: &Arc<Server>, fuse: &Fuse) -> io::Result<Response<SentBody>> {
    let (parts, incoming) = request.into_parts();
    let judged = server.judge(&parts);
    let open = Open::new(Arc::clone(server), judged.entry);
    let strike = &judged.strike;
    if strike.has(|a| matches!(a, Action::Stall)) {
        std::future::pending::<()>().await;
    }
    let body = incoming.collect().await.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
    let (mut head, payload) = server.answer(&parts, &body, &judged).into_parts();
    let source = match strike.find(|a| if let Action::Body(b) = a { Some(b.clone()) } else { None }) {
        Some(body) => {
            let (content_type, source) = replaced(&body);
            head.status = http::StatusCode::OK;
            head.headers.insert(header::CONTENT_TYPE, content_type);
            if body == Body::GzipBomb {
                head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            source
        }
        None => Source::Payload(payload),
    };
    decorate(&mut head, strike, server);
    server.log.status(judged.entry, head.status.as_u16());
    let mut sent = SentBody::new(source, open);
    for action in &strike.actions {
        match action {
            Action::Break { bytes: 0, reset: false } => return Err(io::ErrorKind::ConnectionAborted.into()),
            Action::Break { bytes, reset } => fuse.blow_after(*bytes, *reset),
            Action::Cut(bytes) => sent = sent.ends_after(*bytes),
            Action::StallAfter(bytes) => sent = sent.stalls_after(*bytes),
            Action::Drip(rate) => sent = sent.drips(*rate),
            _ => {}
        }
    }
    Ok(Response::from_parts(head, sent))
}

fn decorate(head: &mut http::response::Parts, strike: &Strike, server: &Server) {
    let skew = strike.find(|a| if let Action::Date(skew) = a { Some(*skew) } else { None });
    let now = server.clock.now();
    let now = skew.and_then(|s| now.checked_add(s).ok()).unwrap_or(now);
    let date = http_date(now);
    let own = [
        ("date", date.as_str()),
        ("audit-id", "5d3a9d8e-6c1f-4d3b-9a53-0a8c6f0b7e11"),
        ("cache-control", "no-cache, private"),
    ];
    let scripted = strike.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    for (name, value) in own.into_iter().chain(scripted) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            head.headers.insert(name, value);
        }
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form action=\"/login\" method=\"post\">\
    <input name=\"user\"><input name=\"password\" type=\"password\"><button>Sign in</button></form></body></html>\n";
const LIST_START: &str =
    "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[";

fn replaced(body: &Body) -> (HeaderValue, Source) {
    let json = HeaderValue::from_static("application/json");
    let whole = |bytes: Bytes| Source::Payload(Payload::Whole(bytes));
    match body {
        Body::Html => {
            (HeaderValue::from_static("text/html; charset=utf-8"), whole(Bytes::from_static(LOGIN_PAGE.as_bytes())))
        }
        Body::Garbage => (json, whole(Bytes::from_static(b"\x00\x01{]not json at all"))),
        Body::Endless => {
            let again = Bytes::from(vec![b' '; 64 * 1024]);
            (
                json,
                Source::Repeat {
                    first: Some(Bytes::from_static(LIST_START.as_bytes())),
                    again,
                    times: u64::MAX,
                    last: None,
                },
            )
        }
        Body::GzipBomb => (json, crate::bomb::gzip_bomb(LIST_START.as_bytes())),
        Body::Custom { content_type, body } => {
            (HeaderValue::try_from(content_type).unwrap_or(json), whole(body.clone()))
        }
    }
}
