//! A loop that never yields is left, on the very thread that is in it.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::yield_now;
use tonic::body::BoxBody;
use tonic::codegen::{Service, http};
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::{Broken, UNKNOWN_IN_A_POLL, poll_unspun};
use crate::event_store::eventstoredb::{Credentials, EsdbUrl, EventStoreDb, Limits};
use crate::event_store::{EventStore, Position, StoreError};

async fn unspun<F: Future>(future: F) -> Result<F::Output, Broken> {
    let mut future = pin!(future);
    poll_fn(|context| poll_unspun(future.as_mut(), context)).await
}

fn say_unknown() {
    tracing::warn!(target: "eventstore::commands", "Received an unknown subscription message");
}

#[tokio::test]
async fn a_loop_that_only_says_that_it_knows_nothing_is_left() {
    let spinning = async {
        loop {
            say_unknown();
        }
    };
    let broken: Result<(), _> = unspun(spinning).await;
    assert_eq!(broken, Err(Broken::CleanEnd));
}

#[tokio::test]
async fn messages_of_a_newer_server_do_not_end_it() {
    let newer = async {
        for _ in 0..3 {
            (0..UNKNOWN_IN_A_POLL).for_each(|_| say_unknown());
            yield_now().await;
        }
        7
    };
    assert_eq!(unspun(newer).await, Ok(7));
}

#[tokio::test]
async fn other_lines_are_not_counted() {
    let talking = async {
        for _ in 0..=UNKNOWN_IN_A_POLL {
            tracing::warn!(target: "eventstore::grpc", "something else");
            tracing::error!(target: "eventstore::commands", "something worse");
        }
    };
    assert_eq!(unspun(talking).await, Ok(()));
}

#[tokio::test]
async fn a_panic_is_told_from_a_clean_end() {
    let broken: Result<(), _> = unspun(async { panic!("unreachable") }).await;
    assert_eq!(broken, Err(Broken::Panicked("unreachable".to_owned())));
}

/// Streams that end before they have said anything: status 0, and no message.
#[derive(Clone)]
struct Silent;

impl NamedService for Silent {
    const NAME: &'static str = "event_store.client.streams.Streams";
}

impl Service<http::Request<BoxBody>> for Silent {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<BoxBody>) -> Self::Future {
        ready(Ok(tonic::Status::ok("").into_http()))
    }
}

/// The server is of this very thread, too: a spin would keep it from ever answering.
async fn silent_server() -> EsdbUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("esdb://{}?tls=false", listener.local_addr().unwrap());
    let incoming = TcpIncoming::from_listener(listener, true, None).unwrap();
    tokio::spawn(
        Server::builder()
            .add_service(Silent)
            .serve_with_incoming(incoming),
    );
    EsdbUrl::parse(&url, &Credentials::default()).unwrap()
}

#[tokio::test]
async fn a_stream_that_ends_cleanly_costs_no_thread() {
    let limits = Limits {
        pause: Duration::from_millis(1),
        ..Limits::default()
    };
    let log = EventStoreDb::open(&silent_server().await, limits);
    for _ in 0..20 {
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        let mut batch = Vec::new();
        assert_eq!(subscription.next_batch(&mut batch, 9).await, 1);
        let Err(StoreError::Unavailable { detail, .. }) = &batch[0] else {
            panic!("{batch:?}");
        };
        assert!(detail.contains("ended the subscription"), "{detail}");
        assert_eq!(subscription.next_batch(&mut batch, 9).await, 0);
    }
}
