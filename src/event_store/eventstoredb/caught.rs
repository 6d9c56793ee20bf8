//! Panics of the client, caught where they come up.
//!
//! The client unwraps fields that a server may leave out, and holds some messages for impossible. A
//! panic of it must not take more with it than the one call or subscription.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// What a caught panic was thrown with.
pub(super) type Payload = Box<dyn Any + Send>;

/// Runs `future`; `Err` if it panics. It is dropped then, half done as it is.
pub(super) async fn caught<F: Future>(future: F) -> Result<F::Output, Payload> {
    let mut future = pin!(future);
    poll_fn(|context| poll_caught(future.as_mut(), context)).await
}

/// Polls `future` once; `Err` if it panics, after which it must not be polled again.
pub(super) fn poll_caught<F: Future>(
    future: Pin<&mut F>,
    context: &mut Context<'_>,
) -> Poll<Result<F::Output, Payload>> {
    match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(payload) => Poll::Ready(Err(payload)),
    }
}

/// The message of a panic.
pub(super) fn message(payload: &Payload) -> String {
    let literal = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = literal.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{caught, message};

    #[tokio::test]
    async fn what_does_not_panic_is_handed_on() {
        assert_eq!(caught(async { 7 }).await.ok(), Some(7));
    }

    #[tokio::test]
    async fn a_panic_is_caught_with_its_message() {
        let literal: Result<(), _> = caught(async { panic!("a literal") }).await;
        assert_eq!(message(&literal.unwrap_err()), "a literal");
        let made: Result<(), _> = caught(async { panic!("made of {}", 2) }).await;
        assert_eq!(message(&made.unwrap_err()), "made of 2");
    }

    #[tokio::test]
    async fn a_panic_after_a_wait_is_caught_too() {
        let late = caught(async {
            tokio::task::yield_now().await;
            panic!("late");
        });
        let outcome: Result<(), _> = late.await;
        assert!(outcome.is_err());
    }
}
