//! The accept loop: HTTP/1.1 over TCP, with everything bounded.
//!
//! What must hold: after the signal to stop no new connection is taken, every request that is in
//! flight gets its answer within [`DRAIN`], and idle connections are closed at once.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service as _;

/// The most connections at a time; more wait in the listener's queue.
pub const MAX_CONNECTIONS: usize = 10_000;
/// The longest time between a connection's being ready for a request and the end of its headers.
pub const HEADER_TIME: Duration = Duration::from_secs(30);
/// The longest time that requests in flight get after the signal to stop.
pub const DRAIN: Duration = Duration::from_secs(20);
/// The wait after a failed accept, which mostly means that there are no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready, then lets the requests in flight finish.
pub async fn run(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        match accepted {
            Ok((stream, place)) => serve(stream, place, &router, &graceful),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time and were dropped");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(connections).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

fn serve(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    router: &Router,
    graceful: &GracefulShutdown,
) {
    let router = router.clone();
    let service =
        service_fn(move |request: Request<Incoming>| router.clone().call(request.map(Body::new)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(place);
    });
}
