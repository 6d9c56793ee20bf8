//! Reads on what a caller is still sending after their request was turned away.
//!
//! Whoever closes a connection while the other side is still sending resets it, and the other side
//! may lose the answer (RFC 9112, 9.6). So a body is only lent to the handler; what is left of it
//! when the answer is there is read and dropped, within bounds, before the answer goes out.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};

/// The most bytes that are read only to be dropped.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A body that comes back when whoever borrowed it is done with it.
#[derive(Debug)]
pub(super) struct Loan(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    body: Body,
    touched: bool,
}

struct Lent(Arc<Mutex<Shared>>);

/// Lends out a body.
pub(super) fn lend(body: Body) -> (Body, Loan) {
    let touched = false;
    let shared = Arc::new(Mutex::new(Shared { body, touched }));
    (Body::new(Lent(Arc::clone(&shared))), Loan(shared))
}

impl Loan {
    /// Reads and drops what is left, for at most `time`. A caller who waits to be told to go on (`expects_continue`)
    /// and never was has sent nothing.
    pub(super) async fn drain(self, expects_continue: bool, time: Duration) {
        let (body, touched) = {
            let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (std::mem::take(&mut shared.body), shared.touched)
        };
        if expects_continue && !touched {
            return;
        }
        // Late or broken, there is nothing more to be done for them.
        let _ = tokio::time::timeout(time, drop_frames(body)).await;
    }
}

async fn drop_frames(mut body: Body) {
    let mut dropped = 0;
    while let Some(Ok(frame)) = body.frame().await {
        dropped += frame.data_ref().map_or(0, Bytes::len);
        if dropped > MAX_BYTES {
            return;
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.touched = true;
        Pin::new(&mut shared.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.body.size_hint()
    }
}
