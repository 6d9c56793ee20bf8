//! An EventStoreDB for tests, within the process: the part of its protocol that Madang speaks, over
//! a real connection, and its bad manners on demand.
//!
//! It promises what the real one does, no more: repeats of an append are recognised by its
//! expectation, positions are offsets in bytes, events of the server's own stand between those of
//! its users. What only a real one can show (a disk, an election, followers that lag) is left out; so is what
//! Madang never asks for, which is answered as unimplemented.

#![expect(clippy::result_large_err, reason = "the errors are what gRPC sends")]

mod acting;
mod append;
mod connection;
mod grpc;
pub(crate) mod log;
pub(crate) mod manners;
mod node;
mod read;
pub(crate) mod said;
mod subscribe;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use hyper::Request;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::body::BoxBody;
use tonic::server::NamedService;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tower::Service;

use self::connection::Connection;
use self::grpc::Answer;
pub(crate) use self::log::{FakeLog, Foreign};
pub(crate) use self::manners::{Act, Call, Ending, Manner, Manners, Rights};
use self::node::{Cluster, Node};
use super::process::free_port;

/// What is asked of a node, by the services of the protocol.
const SERVICES: [&str; 3] = [
    "event_store.client.streams.Streams",
    "event_store.client.gossip.Gossip",
    "event_store.client.server_features.ServerFeatures",
];

/// A server, or one node of a cluster. It ends when it is dropped.
pub(crate) struct EventStoreDb {
    node: Arc<Node>,
    /// Certificate and key, in PEM.
    identity: Option<(String, String)>,
    serving: Option<JoinHandle<()>>,
    /// Its own, so that a test which blocks its thread does not stop it. None while it is dropped.
    runtime: Option<Runtime>,
}

impl EventStoreDb {
    /// A server with an empty log.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server that treats all calls of these kinds so.
    pub(crate) async fn start_with(manners: &[(Call, Manner)]) -> Self {
        let mut server = Self::new(FakeLog::new(), Arc::default());
        for (call, manner) in manners {
            server.manners().always(*call, manner.clone());
        }
        server.lead();
        server.start_again().await;
        server
    }

    /// A server that speaks TLS with this certificate and its key, both in PEM. The process must have
    /// a provider of it.
    pub(crate) async fn start_tls(certificate: String, key: String) -> Self {
        let mut server = Self::new(FakeLog::new(), Arc::default());
        server.identity = Some((certificate, key));
        server.lead();
        server.start_again().await;
        server
    }

    /// Another node of the same cluster, before the same log, which does not lead.
    pub(crate) async fn start_beside(&self) -> Self {
        let node = &self.node;
        let mut server = Self::new(node.log.clone(), Arc::clone(&node.cluster));
        server.start_again().await;
        server
    }

    fn new(log: FakeLog, cluster: Arc<Cluster>) -> Self {
        let node = Node {
            log,
            manners: Manners::default(),
            cluster,
            port: free_port(),
            cuts: watch::Sender::new(0),
        };
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        Self {
            node: Arc::new(node),
            identity: None,
            serving: None,
            runtime: Some(runtime),
        }
    }

    /// Where it is, as a user says it.
    pub(crate) fn url(&self) -> String {
        let tls = self.identity.is_some();
        format!("esdb://127.0.0.1:{}?tls={tls}", self.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.node.port
    }

    /// What it keeps.
    pub(crate) fn log(&self) -> &FakeLog {
        &self.node.log
    }

    /// How it behaves.
    pub(crate) fn manners(&self) -> &Manners {
        &self.node.manners
    }

    /// Leads its cluster from now on.
    pub(crate) fn lead(&self) {
        self.node.cluster.leads(self.port());
    }

    /// Cuts all connections and refuses new ones. The log is kept.
    pub(crate) async fn stop(&mut self) {
        self.node.cluster.is(self.port(), false);
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // It was aborted.
            let _ = serving.await;
        }
        self.cut();
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        self.node.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Listens at the same port again, before the same log.
    pub(crate) async fn start_again(&mut self) {
        let runtime = self.runtime.as_ref().expect("a server that is not dropped");
        let address = (Ipv4Addr::LOCALHOST, self.port());
        let listening = runtime.spawn(TcpListener::bind(address));
        let listener = listening.await.unwrap().unwrap();
        let node = Arc::clone(&self.node);
        node.cluster.is(node.port, true);
        let mut server = Server::builder();
        if let Some((certificate, key)) = &self.identity {
            let identity = Identity::from_pem(certificate, key);
            let tls = ServerTlsConfig::new().identity(identity);
            server = server.tls_config(tls).unwrap();
        }
        let router = server
            .add_service(Served::<0>(Arc::clone(&node)))
            .add_service(Served::<1>(Arc::clone(&node)))
            .add_service(Served::<2>(Arc::clone(&node)));
        let incoming = Box::pin(connections(listener, node));
        self.serving = Some(runtime.spawn(async move {
            router.serve_with_incoming(incoming).await.unwrap();
        }));
    }
}

impl Drop for EventStoreDb {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Connections as they come in, without those that are not treated well.
fn connections(
    listener: TcpListener,
    node: Arc<Node>,
) -> impl Stream<Item = io::Result<Connection>> {
    let state = (listener, node, Vec::new());
    futures_util::stream::unfold(state, async |(listener, node, mut silent)| {
        loop {
            let accepted = listener.accept().await;
            let connection = accepted.and_then(|(tcp, _)| {
                tcp.set_nodelay(true)?;
                Ok(Connection::new(tcp, node.cuts.subscribe()))
            });
            match node.manners.meet(Call::Connection) {
                Manner::Cuts => {}
                Manner::Silent => silent.push(connection),
                _ => return Some((connection, (listener, node, silent))),
            }
        }
    })
}

/// One of the services, which are all one node's.
#[derive(Clone)]
struct Served<const SERVICE: usize>(Arc<Node>);

impl<const SERVICE: usize> NamedService for Served<SERVICE> {
    const NAME: &'static str = SERVICES[SERVICE];
}

impl<const SERVICE: usize> Service<Request<BoxBody>> for Served<SERVICE> {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<BoxBody>) -> Self::Future {
        let answer = Arc::clone(&self.0).call(request);
        Box::pin(async move { Ok(answer.await) })
    }
}
