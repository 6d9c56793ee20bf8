//! What a node does when it is asked for more than it can do.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::poll;
use hyper::body::Frame;
use insta::assert_snapshot;
use madang::command::REPEAT_FOR;
use madang::event_store::eventstoredb;
use madang::http::Limits;
use madang::query::wait::MAX_WAITING;
use serde_json::json;

use super::fixture::{Plan, Yard};

/// A body of unknown length; it never ends if it has no frames.
pub(super) struct Frames(std::vec::IntoIter<Vec<u8>>, bool);

impl Frames {
    pub(super) fn of(frames: Vec<Vec<u8>>) -> Self {
        let endless = frames.is_empty();
        Self(frames.into_iter(), endless)
    }
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.next() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes.into())))),
            None if self.1 => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

fn limited(change: impl FnOnce(&mut Limits)) -> Plan {
    let mut plan = Plan::default();
    change(&mut plan.limits);
    plan
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let plan = limited(|limits| {
        limits.body_time = Duration::from_millis(1);
        limits.drain_time = Duration::from_millis(1);
    });
    let yard = Yard::planned(plan).await;
    let call = yard.call("POST", "/v1/boards").admin();
    let call = call.header("content-type", "application/json");
    let problem = call.body(Body::new(Frames::of(Vec::new()))).problem().await;
    assert_eq!(problem, "408 body-too-slow");
}

/// Or a command would be cut off while it finds out what became of its append.
#[test]
fn a_request_may_take_longer_than_an_append_is_repeated() {
    let one = eventstoredb::Limits::default().call;
    assert!(Limits::default().request_time > one + REPEAT_FOR);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let plan = limited(|limits| limits.request_time = Duration::from_millis(1));
    let yard = Yard::planned(plan).await;
    let call = yard.call("GET", "/v1/boards");
    let problem = call
        .header("madang-wait-for", &"f".repeat(32))
        .problem()
        .await;
    assert_eq!(problem, "503 timed-out");
}

#[tokio::test]
async fn an_overloaded_node_says_so_and_still_answers_probes() {
    let yard = Yard::planned(limited(|limits| limits.in_flight = 0)).await;
    assert_eq!(
        yard.call("GET", "/v1/boards").problem().await,
        "503 overloaded"
    );
    assert_eq!(yard.call("GET", "/health/live").send().await.status, 200);
}

#[tokio::test]
async fn health_is_public() {
    let yard = Yard::open().await;
    assert_snapshot!(yard.call("GET", "/health/live").send().await.shown(), @r#"
    200
    {
      "status": "live"
    }
    "#);
    assert_snapshot!(yard.call("GET", "/health/ready").send().await.shown(), @r#"
    200
    {
      "checks": [
        {
          "name": "views",
          "ok": true,
          "state": "live"
        }
      ],
      "status": "ready"
    }
    "#);
}

#[tokio::test]
async fn a_node_that_is_not_ready_says_what_it_waits_for() {
    let plan = Plan {
        ready: false,
        ..Plan::default()
    };
    let answer = Yard::planned(plan)
        .await
        .call("GET", "/health/ready")
        .send()
        .await;
    assert_eq!(answer.problem(), "503 not-ready");
    assert_snapshot!(answer.shown(), @r#"
    503
    retry-after: 5
    {
      "checks": [
        {
          "name": "views",
          "ok": false,
          "state": "catching-up"
        }
      ],
      "detail": "this node is not ready; see checks",
      "instance": "/health/ready",
      "status": 503,
      "title": "Not ready",
      "type": "/problems/not-ready"
    }
    "#);
}

#[tokio::test]
async fn readers_who_wait_for_what_never_comes_leave_room_for_others() {
    let yard = Yard::open().await;
    let never = "f".repeat(32);
    let mut waiting = Vec::new();
    for _ in 0..Limits::default().in_flight {
        let call = yard.call("GET", "/v1/boards");
        let mut call = Box::pin(call.header("madang-wait-for", &never).send());
        if poll!(&mut call).is_pending() {
            waiting.push(call);
        }
    }
    assert_eq!(waiting.len(), MAX_WAITING);
    let answer = yard.call("GET", "/v1/boards").send().await;
    assert_eq!(answer.json()["items"], json!([]));
}

/// It was given none yet, or has not been able to renew its lease.
#[tokio::test]
async fn a_node_without_a_number_makes_nothing_new_and_says_when_to_come_back() {
    let yard = Yard::planned(Plan {
        numbered: false,
        ..Plan::default()
    })
    .await;
    let call = yard.call("POST", "/v1/boards").admin();
    let answer = call.json(json!({"name": "Plaza"})).send().await;
    assert_eq!(answer.problem(), "503 no-ids");
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(
        answer.json()["detail"],
        "this node has no number to make ids with now; nothing was done"
    );
}
