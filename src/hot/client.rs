//! The connection to Redis, standalone or Cluster: found out by asking, made when it is needed, dropped
//! when it fails.
//!
//! What must hold: nobody waits longer than the lane allows, whatever the server does; and a command
//! may arrive twice (a retry after a lost answer) or late (after its caller gave up), so all commands
//! that are sent here bear that. Left out: reading from replicas; they may be behind.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, Pipeline, RedisError,
    RedisResult, ServerErrorKind, TlsCertificates, Value, cmd,
};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::error::HotError;
use super::info::Info;
use super::script;
use super::url::HotUrl;

/// How long making a connection to one server may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long one seed may take for everything: it is asked what it is, the Cluster behind it is
/// connected, and has silent nodes perhaps, and the scripts are loaded.
const SEED: Duration = Duration::from_secs(5);
/// How often the Cluster's client tries a command again, after a redirection or on another node.
const CLUSTER_RETRIES: u32 = 3;
/// The longest pause between two of these, in milliseconds.
const CLUSTER_RETRY_WAIT: u64 = 50;

/// What one command got.
pub(super) type Answer = Result<Value, HotError>;

/// A connection and how patient its users are.
pub(super) struct Lane {
    url: HotUrl,
    /// How long an answer may take.
    patience: Duration,
    /// The connection and its number. Held for no longer than it takes to copy it.
    link: Mutex<Option<(u64, Link)>>,
    /// Held by who waits for the connection that is being made, so that the others wait, too.
    making: tokio::sync::Mutex<Making>,
}

/// Connections that were made, and the one that is. It has a task of its own: who waits may give up
/// before all seeds were tried, and whoever comes next must not begin with the first one again.
#[derive(Default)]
struct Making {
    count: u64,
    task: JoinSet<Result<Link, HotError>>,
}

#[derive(Clone)]
enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Lane {
    pub(super) fn new(url: HotUrl, patience: Duration) -> Self {
        Self {
            url,
            patience,
            link: Mutex::new(None),
            making: tokio::sync::Mutex::default(),
        }
    }

    /// Connects if there is no connection, and may take longer for it than for an answer.
    pub(super) async fn open(&self) -> Result<(), HotError> {
        self.link().await.map(|_| ())
    }

    /// Drops the connection: what it knows of a Cluster may be old.
    pub(super) fn renew(&self) {
        if let Some((number, _)) = self.current() {
            self.disconnect(number);
        }
    }

    /// Sends commands without waiting for each other's answers. In a Cluster they may be done in any
    /// order. An error is one of the connection: then nobody knows which commands were done.
    pub(super) async fn run(&self, commands: Vec<Cmd>) -> Result<Vec<Answer>, HotError> {
        let (number, mut link) = self.soon(self.link()).await?;
        let done = self.soon(run_on(&mut link, commands)).await;
        let failed = match &done {
            Ok(answers) => answers.iter().any(is_elsewhere),
            Err(_) => true,
        };
        if failed {
            self.disconnect(number);
        }
        done
    }

    /// Sends one command.
    pub(super) async fn ask(&self, command: Cmd) -> Answer {
        let mut answers = self.run(vec![command]).await?;
        let missing = || HotError::foreign("an answer is missing");
        answers.pop().ok_or_else(missing)?
    }

    /// What each master says of its replication.
    pub(super) async fn masters(&self) -> Result<Vec<Info>, HotError> {
        let (number, mut link) = self.soon(self.link()).await?;
        let done = self.soon(link.masters()).await;
        if done.is_err() {
            self.disconnect(number);
        }
        done
    }

    async fn soon<T>(
        &self,
        used: impl Future<Output = Result<T, HotError>>,
    ) -> Result<T, HotError> {
        timeout(self.patience, used)
            .await
            .unwrap_or_else(|_| Err(HotError::timeout()))
    }

    fn current(&self) -> Option<(u64, Link)> {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.clone()
    }

    /// Drops the connection, unless another one was made meanwhile.
    fn disconnect(&self, number: u64) {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if link.as_ref().is_some_and(|(current, _)| *current == number) {
            *link = None;
        }
    }

    async fn link(&self) -> Result<(u64, Link), HotError> {
        if let Some(link) = self.current() {
            return Ok(link);
        }
        let mut making = self.making.lock().await;
        if let Some(link) = self.current() {
            return Ok(link);
        }
        if making.task.is_empty() {
            making.task.spawn(connect(self.url.clone(), self.patience));
        }
        let made = making.task.join_next().await;
        let died = || Err(HotError::Away("connecting was cut off".to_owned()));
        let made = made.and_then(Result::ok).unwrap_or_else(died)?;
        making.count += 1;
        let link = (making.count, made);
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(link.clone());
        Ok(link)
    }
}

/// The first seed that is a master or knows a Cluster. A replica is passed over: one of the other
/// seeds may have been promoted.
async fn connect(url: HotUrl, patience: Duration) -> Result<Link, HotError> {
    let trusted = url.authorities().await?;
    let mut failure = HotError::timeout();
    for seed in url.seeds() {
        match timeout(SEED, connect_to(seed, trusted.as_ref(), patience)).await {
            Ok(Ok(link)) => return Ok(link),
            // An answer tells more than none.
            Ok(Err(error)) if failure.is_silence() => failure = error,
            Ok(Err(_)) | Err(_) => (),
        }
    }
    Err(failure)
}

async fn connect_to(
    seed: &ConnectionInfo,
    trusted: Option<&TlsCertificates>,
    patience: Duration,
) -> Result<Link, HotError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(patience));
    let client = match trusted {
        Some(trusted) => Client::build_with_tls(seed.clone(), trusted.clone())?,
        None => Client::open(seed.clone())?,
    };
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    let info: String = cmd("INFO").query_async(&mut connection).await?;
    let info = Info::parse(&info);
    info.check_version()?;
    let link = if info.is_cluster() {
        Link::Cluster(connect_cluster(seed, trusted, patience).await?)
    } else {
        info.check_master()?;
        Link::One(connection)
    };
    link.load_scripts().await?;
    Ok(link)
}

/// From the seed that just answered, which knows the others: a silent one would keep the client waiting.
async fn connect_cluster(
    seed: &ConnectionInfo,
    trusted: Option<&TlsCertificates>,
    patience: Duration,
) -> Result<ClusterConnection, HotError> {
    let mut client = ClusterClient::builder([seed.clone()]);
    if let Some(trusted) = trusted {
        client = client.certs(trusted.clone());
    }
    let client = client
        .connection_timeout(CONNECT)
        .response_timeout(patience)
        .retries(CLUSTER_RETRIES)
        .min_retry_wait(1)
        .max_retry_wait(CLUSTER_RETRY_WAIT)
        .build()?;
    Ok(client.get_async_connection().await?)
}

impl Link {
    async fn send(&mut self, commands: &Pipeline) -> Result<Vec<RedisResult<Value>>, HotError> {
        match self {
            Self::One(connection) => {
                let answers = connection.send_packed_commands(commands, 0, commands.len());
                let answers = answers.await?.into_iter();
                Ok(answers.map(Value::extract_error).collect())
            }
            Self::Cluster(connection) => scatter(connection, commands).await,
        }
    }

    /// All at once, as the first answer may be slow already.
    async fn load_scripts(&self) -> Result<(), HotError> {
        let mut sent = JoinSet::new();
        for load in script::loads() {
            let mut link = self.clone();
            sent.spawn(async move { link.ask_masters(load).await });
        }
        for loaded in sent.join_all().await {
            loaded?;
        }
        Ok(())
    }

    async fn masters(&mut self) -> Result<Vec<Info>, HotError> {
        let mut ask = cmd("INFO");
        ask.arg("replication");
        let answers = self.ask_masters(ask).await?;
        answers
            .into_iter()
            .map(|answer| {
                let text: String = redis::from_redis_value(answer).map_err(RedisError::from)?;
                let info = Info::parse(&text);
                info.check_master().map(|()| info)
            })
            .collect()
    }

    /// What each master answers. Of answers that are all alike the client may give only one.
    async fn ask_masters(&mut self, command: Cmd) -> Result<Vec<Value>, HotError> {
        let answer = match self {
            Self::One(connection) => connection.send_packed_command(&command).await?,
            Self::Cluster(connection) => {
                let masters = MultipleNodeRoutingInfo::AllMasters;
                let everywhere = RoutingInfo::MultiNode((masters, None));
                connection.route_command(command, everywhere).await?
            }
        };
        let answers = match answer {
            Value::Map(nodes) => nodes.into_iter().map(|(_, answer)| answer).collect(),
            other => vec![other],
        };
        let sound = answers.into_iter().map(Value::extract_error);
        Ok(sound.collect::<RedisResult<Vec<_>>>()?)
    }
}

/// Runs commands; those whose script the server has forgotten (it was restarted, or somebody flushed
/// the scripts) a second time.
async fn run_on(link: &mut Link, commands: Vec<Cmd>) -> Result<Vec<Answer>, HotError> {
    let commands = pipeline(commands);
    let mut answers = link.send(&commands).await?;
    let unknown: Vec<usize> = (0..answers.len())
        .filter(|at| is_unknown_script(&answers[*at]))
        .collect();
    if !unknown.is_empty() {
        link.load_scripts().await?;
        let again = commands.cmd_iter().zip(&answers);
        let again = again.filter(|(_, answer)| is_unknown_script(answer));
        let again = pipeline(again.map(|(command, _)| command.clone()));
        for (at, answer) in unknown.into_iter().zip(link.send(&again).await?) {
            answers[at] = answer;
        }
    }
    Ok(answers
        .into_iter()
        .map(|answer| answer.map_err(HotError::from))
        .collect())
}

fn pipeline(commands: impl IntoIterator<Item = Cmd>) -> Pipeline {
    let mut pipeline = Pipeline::new();
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline
}

fn is_unknown_script(answer: &RedisResult<Value>) -> bool {
    let unknown = ErrorKind::Server(ServerErrorKind::NoScript);
    answer.as_ref().is_err_and(|error| error.kind() == unknown)
}

/// Whether it is worth a new connection: behind the same address there may be another server by now.
fn is_elsewhere(answer: &Answer) -> bool {
    matches!(
        answer,
        Err(HotError::Away(_) | HotError::ReadOnly(_) | HotError::Refused(_))
    )
}

/// Sends each command to the node that has its key, all at once.
async fn scatter(
    connection: &ClusterConnection,
    commands: &Pipeline,
) -> Result<Vec<RedisResult<Value>>, HotError> {
    let mut sent = JoinSet::new();
    for (at, command) in commands.cmd_iter().enumerate() {
        let (mut connection, command) = (connection.clone(), command.clone());
        sent.spawn(async move { (at, command.query_async::<Value>(&mut connection).await) });
    }
    let mut answers = sent.join_all().await;
    answers.sort_unstable_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}
