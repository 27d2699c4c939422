//! Signals: the first ends reading, so that what was read is still reported; the second ends the process.

use detek_kube::CancellationToken;
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// Listens for Ctrl-C and termination.
#[derive(Clone)]
pub(crate) struct Interrupt {
    /// Cancelled by the first signal.
    pub(crate) token: CancellationToken,
    code: Arc<AtomicU8>,
}

impl Interrupt {
    /// Begins to listen.
    pub(crate) fn listen() -> Self {
        let interrupt = Interrupt { token: CancellationToken::new(), code: Arc::new(AtomicU8::new(0)) };
        let heard = interrupt.clone();
        tokio::spawn(async move {
            loop {
                let code = signal().await;
                if heard.code.swap(code, Ordering::Relaxed) != 0 {
                    std::process::exit(i32::from(code));
                }
                heard.token.cancel();
            }
        });
        interrupt
    }

    /// The exit code of an interrupted run.
    pub(crate) fn code(&self) -> Option<u8> {
        Some(self.code.load(Ordering::Relaxed)).filter(|code| *code != 0)
    }
}

/// The exit code that the next signal stands for.
#[cfg(unix)]
async fn signal() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => 130,
        _ = terminated.recv() => 143,
        else => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn signal() -> u8 {
    match tokio::signal::ctrl_c().await {
        Ok(()) => 130,
        Err(_) => std::future::pending().await,
    }
}
