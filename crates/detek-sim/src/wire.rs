//! The connection below HTTP: plain or TLS, and able to break after an exact number of bytes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// How many more bytes a connection lets through, and how it ends then.
#[derive(Debug)]
pub(crate) struct Fuse {
    left: AtomicI64,
    reset: std::sync::atomic::AtomicBool,
}

impl Fuse {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(i64::MAX), reset: false.into() })
    }

    /// Lets `bytes` of what follows through, then closes the connection, by RST if `reset`.
    pub(crate) fn blow_after(&self, bytes: u64, reset: bool) {
        self.reset.store(reset, Ordering::Relaxed);
        self.left.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// A stream of either sort.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

/// A stream with a fuse.
pub(crate) struct Wire {
    pub(crate) stream: Stream,
    pub(crate) fuse: Arc<Fuse>,
}

macro_rules! each {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.get_mut().stream {
            Stream::Plain($stream) => $call,
            Stream::Tls($stream) => $call,
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, s => Pin::new(s).poll_read(cx, buf))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.fuse.left.load(Ordering::Relaxed);
        if left == i64::MAX {
            return each!(self, s => Pin::new(s).poll_write(cx, buf));
        }
        if left == 0 {
            if self.fuse.reset.load(Ordering::Relaxed) {
                self.stream.tcp().set_zero_linger()?;
            }
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let fuse = Arc::clone(&self.fuse);
        let buf = &buf[..buf.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        let written = each!(self, s => Pin::new(s).poll_write(cx, buf));
        if let Poll::Ready(Ok(n)) = written {
            fuse.left.fetch_sub(i64::try_from(n).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, s => Pin::new(s).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, s => Pin::new(s).poll_shutdown(cx))
    }
}
