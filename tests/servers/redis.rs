//! Redis servers for tests: one alone, one with a replica, three as a Cluster.

use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, Value, cmd};
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

use super::certificates::{Authority, Signed};
use super::process::{Process, free_port};

/// How long a Cluster may take to come together, or a replica to catch up.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// A server. It keeps nothing on disk: restarted, it is empty.
pub(crate) struct Redis(Process, TlsPort);

/// Where it speaks TLS, if it does.
type TlsPort = Option<u16>;

impl Redis {
    /// A server alone.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server alone with some settings, such as `["--maxmemory", "10mb"]`.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let process = Process::start(|directory, socket, port| {
            let mut command = command(directory, socket, port);
            command.extend(settings.iter().map(ToString::to_string));
            command
        });
        Self(process, None)
    }

    /// A server alone that speaks TLS, too, at a port of its own.
    pub(crate) fn start_tls(signed: &Signed) -> Self {
        Self::start_tls_with(signed, &[])
    }

    fn start_tls_with(signed: &Signed, settings: &[&str]) -> Self {
        let port = free_port();
        let text = port.to_string();
        let files = [&signed.certificate, &signed.key, &signed.authority];
        let [certificate, key, authority] = files.map(|path| path.to_str());
        let tls = [
            "--tls-port",
            &text,
            "--tls-cert-file",
            certificate.unwrap(),
            "--tls-key-file",
            key.unwrap(),
            "--tls-ca-cert-file",
            authority.unwrap(),
            "--tls-auth-clients",
            "no",
            // Or a Cluster would send everybody to the ports without TLS.
            "--tls-cluster",
            "yes",
        ];
        let mut server = Self::start_with(&[&tls, settings].concat());
        server.1 = Some(port);
        server
    }

    /// A server that copies `master`, and has copied all that was there.
    pub(crate) async fn start_replica(master: &Self) -> Self {
        let port = master.0.port().to_string();
        let replica = Self::start_with(&["--replicaof", "127.0.0.1", &port]);
        replica.wait_for_info("master_link_status:up").await;
        replica
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.0.port())
    }

    /// Where it speaks TLS, for who believes this authority.
    pub(crate) fn tls_url(&self, authority: &Authority) -> String {
        let port = self.1.expect("it speaks TLS");
        let file = authority.certificate();
        format!("rediss://127.0.0.1:{port}?ssl-ca={}", file.display())
    }

    /// The process itself: to pause it, to kill it.
    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.0
    }

    /// Does what `words` say, such as `"DEL key"`.
    pub(crate) async fn run<T: FromRedisValue>(&self, words: &str) -> T {
        let mut words = words.split(' ');
        let mut command = cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command
            .query_async(&mut self.connect().await)
            .await
            .unwrap()
    }

    /// A connection of one's own.
    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        let patient = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(READY_WITHIN))
            .set_response_timeout(Some(READY_WITHIN));
        let client = Client::open(self.url()).unwrap();
        client
            .get_multiplexed_async_connection_with_config(&patient)
            .await
            .unwrap()
    }

    /// Waits until a replica has all that was written so far.
    pub(crate) async fn wait_until_copied(&self) {
        // WAIT is about what its own connection wrote last, and all before that.
        let mut connection = self.connect().await;
        let mut write = cmd("SET");
        write.arg("written").arg(1);
        write.exec_async(&mut connection).await.unwrap();
        let mut wait = cmd("WAIT");
        wait.arg(1).arg(0);
        let copies: i64 = wait.query_async(&mut connection).await.unwrap();
        assert_eq!(copies, 1);
    }

    /// Waits until `INFO` says a line.
    pub(crate) async fn wait_for_info(&self, line: &str) {
        self.wait_for("INFO", line).await;
    }

    async fn wait_for(&self, words: &str, line: &str) {
        let says = async {
            while !self.run::<String>(words).await.contains(line) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(timeout(READY_WITHIN, says).await.is_ok(), "never {line}");
    }
}

fn command(directory: &Path, socket: &Path, port: u16) -> Vec<String> {
    let (port, path) = (port.to_string(), |path: &Path| path.display().to_string());
    let (directory, socket) = (path(directory), path(socket));
    [
        "redis-server",
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--unixsocket",
        &socket,
        "--dir",
        &directory,
        "--save",
        "",
        "--appendonly",
        "no",
        "--repl-diskless-sync-delay",
        "0",
        "--enable-debug-command",
        "yes",
    ]
    .map(ToOwned::to_owned)
    .to_vec()
}

/// Three masters that share the keys.
pub(crate) struct RedisCluster(Vec<Redis>);

impl RedisCluster {
    /// The one that all tests of a process share, for it takes seconds to come together. Tests keep
    /// apart by their prefixes.
    pub(crate) async fn shared() -> &'static Self {
        static CLUSTER: OnceCell<RedisCluster> = OnceCell::const_new();
        CLUSTER.get_or_init(Self::start).await
    }

    /// A Cluster of one's own.
    pub(crate) async fn start() -> Self {
        Self::of(Redis::start_with).await
    }

    /// A Cluster of one's own that speaks TLS, too.
    pub(crate) async fn start_tls(signed: &Signed) -> Self {
        Self::of(|settings| Redis::start_tls_with(signed, settings)).await
    }

    async fn of(start: impl Fn(&[&str]) -> Redis) -> Self {
        let nodes = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)].map(|slots| {
            let bus = free_port();
            (slots, bus, cluster_node(bus, &start))
        });
        for (number, ((first, last), bus, node)) in nodes.iter().enumerate() {
            let epoch = number + 1;
            let _: Value = node.run(&format!("CLUSTER SET-CONFIG-EPOCH {epoch}")).await;
            let slots = format!("CLUSTER ADDSLOTSRANGE {first} {last}");
            let _: Value = node.run(&slots).await;
            let port = node.1.unwrap_or(node.0.port());
            let meet = format!("CLUSTER MEET 127.0.0.1 {port} {bus}");
            let _: Value = nodes[0].2.run(&meet).await;
        }
        let cluster = Self(nodes.into_iter().map(|(_, _, node)| node).collect());
        cluster.wait_until_whole().await;
        cluster
    }

    /// Waits until each node sees all three and finds nothing missing.
    pub(crate) async fn wait_until_whole(&self) {
        for node in &self.0 {
            node.wait_for("CLUSTER INFO", "cluster_known_nodes:3").await;
            node.wait_for("CLUSTER INFO", "cluster_state:ok").await;
        }
    }

    /// Where it is: all nodes, as seeds.
    pub(crate) fn url(&self) -> String {
        let urls: Vec<String> = self.0.iter().map(Redis::url).collect();
        urls.join(",")
    }

    /// The same over TLS, for who believes this authority.
    pub(crate) fn tls_url(&self, authority: &Authority) -> String {
        let urls: Vec<_> = self.0.iter().map(|node| node.tls_url(authority)).collect();
        urls.join(",")
    }

    /// A connection of one's own.
    pub(crate) async fn connect(&self) -> ClusterConnection {
        let client = ClusterClient::new(self.0.iter().map(Redis::url)).unwrap();
        client.get_async_connection().await.unwrap()
    }

    /// The nodes.
    pub(crate) fn nodes(&mut self) -> &mut [Redis] {
        &mut self.0
    }
}

fn cluster_node(bus: u16, start: impl Fn(&[&str]) -> Redis) -> Redis {
    let bus = bus.to_string();
    start(&[
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        "2000",
    ])
}
