//! One node: what it does with each call.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Request};
use tokio::sync::watch;
use tonic::body::BoxBody;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use super::acting::Acting;
use super::append::{Order, append};
use super::grpc::{Answer, answered, failed, message, messages, spoken};
use super::log::FakeLog;
use super::manners::{Call, Manner, Manners, Rights, access_denied};
use super::read::read;
use super::subscribe::Wanted;
use super::wire::{ClusterInfo, EndPoint, Member, ReadOptions, ReadReq, SupportedMethods};

const VERSION: &str = "24.10.0";
const LEADER: i32 = 8;
const FOLLOWER: i32 = 6;

/// Nodes that stand before the same log.
#[derive(Default)]
pub(super) struct Cluster {
    members: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    /// By port: whether it is up.
    up: BTreeMap<u16, bool>,
    /// The port of the leader.
    leader: u16,
}

impl Cluster {
    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A node has started or stopped.
    pub(super) fn is(&self, port: u16, up: bool) {
        self.members().up.insert(port, up);
    }

    /// This node leads from now on.
    pub(super) fn leads(&self, port: u16) {
        self.members().leader = port;
    }

    fn gossip(&self) -> ClusterInfo {
        let members = self.members();
        let member = |(port, up): (&u16, &bool)| Member {
            state: if *port == members.leader {
                LEADER
            } else {
                FOLLOWER
            },
            is_alive: *up,
            end_point: Some(EndPoint {
                address: "127.0.0.1".to_owned(),
                port: u32::from(*port),
            }),
        };
        ClusterInfo {
            members: members.up.iter().map(member).collect(),
        }
    }
}

/// A node, whether or not it can be reached at the moment.
pub(super) struct Node {
    pub(super) log: FakeLog,
    pub(super) manners: Manners,
    pub(super) cluster: Arc<Cluster>,
    pub(super) port: u16,
    /// How often its connections were cut: those of an earlier time end.
    pub(super) cuts: watch::Sender<u64>,
}

impl Node {
    /// Answers one call.
    pub(super) async fn call(self: Arc<Self>, request: Request<BoxBody>) -> Answer {
        let path = request.uri().path().to_owned();
        let (head, body) = request.into_parts();
        let answer = match path.rsplit_once('.').map_or("", |(_, method)| method) {
            "ServerFeatures/GetSupportedMethods" => self.features().await,
            "Gossip/Read" => self.gossip().await,
            "Streams/Append" => self.append(&head.headers, body).await,
            "Streams/Read" => self.read(&head.headers, body).await,
            _ => Err(Status::unimplemented(path)),
        };
        answer.unwrap_or_else(|status| failed(&status))
    }

    /// What is common to all: a manner that does nothing ends it here.
    async fn meet(&self, call: Call) -> Result<Manner, Status> {
        match self.manners.meet(call) {
            Manner::Silent => pending().await,
            Manner::Fails(status) => Err(status),
            Manner::Cuts => self.cut().await,
            manner => Ok(manner),
        }
    }

    /// Cuts all connections; of this call, too, so that nothing follows.
    async fn cut<T>(&self) -> T {
        self.cuts.send_modify(|cuts| *cuts += 1);
        pending().await
    }

    async fn features(&self) -> Result<Answer, Status> {
        self.meet(Call::Features).await?;
        let version = VERSION.to_owned();
        Ok(answered(&SupportedMethods { version }))
    }

    async fn gossip(&self) -> Result<Answer, Status> {
        self.meet(Call::Gossip).await?;
        Ok(answered(&self.cluster.gossip()))
    }

    async fn append(&self, headers: &HeaderMap, body: BoxBody) -> Result<Answer, Status> {
        let messages = messages(body).await?;
        let manner = self.meet(Call::Append).await?;
        self.manners.rights(credentials(headers))?;
        self.lead(headers)?;
        let cuts = matches!(manner, Manner::DoesThenCuts);
        let answer = append(&self.log, Order { messages, manner }).await;
        if cuts { self.cut().await } else { Ok(answer) }
    }

    async fn read(&self, headers: &HeaderMap, body: BoxBody) -> Result<Answer, Status> {
        let options = message::<ReadReq>(body).await?.options;
        let options = options.ok_or_else(|| Status::invalid_argument("no options"))?;
        let call = match &options {
            ReadOptions { subscription, .. } if subscription.is_some() => Call::Subscribe,
            ReadOptions { all, .. } if all.is_some() => Call::ReadAll,
            _ => Call::ReadStream,
        };
        let acts = match self.meet(call).await? {
            Manner::Acts(acts) => acts,
            _ => Vec::new(),
        };
        let rights = self.manners.rights(credentials(headers))?;
        if call != Call::ReadStream && rights != Rights::Admin {
            return Err(access_denied());
        }
        self.lead(headers)?;
        let (speaker, answer) = spoken();
        let mut acting = Acting::new(speaker, acts, self.cuts.clone());
        if call == Call::Subscribe {
            self.subscribe(&options, acting)?;
            return Ok(answer);
        }
        let items = read(&self.log, &options)?;
        tokio::spawn(async move {
            if acting.act().await.is_ok() && acting.pass(items).await.is_ok() {
                acting.finish().await;
            }
        });
        Ok(answer)
    }

    fn subscribe(&self, options: &ReadOptions, acting: Acting) -> Result<(), Status> {
        let wanted = Wanted::of(&self.log, options)?;
        let (log, ended) = (self.log.clone(), self.manners.counter(Call::Unsubscribe));
        tokio::spawn(async move {
            let _ended = ended;
            // Somebody has left, or was told to.
            let _ = wanted.run(log, acting).await;
        });
        Ok(())
    }

    /// Refuses what only the leader should do, and says who that is.
    fn lead(&self, headers: &HeaderMap) -> Result<(), Status> {
        let leader = self.cluster.members().leader;
        let asked = headers.get("requires-leader");
        if leader == self.port || asked.is_none_or(|asked| asked != "true") {
            return Ok(());
        }
        let mut status = Status::new(Code::NotFound, "Leader info available");
        let says = status.metadata_mut();
        says.insert("exception", MetadataValue::from_static("not-leader"));
        says.insert(
            "leader-endpoint-host",
            MetadataValue::from_static("127.0.0.1"),
        );
        says.insert("leader-endpoint-port", MetadataValue::from(leader));
        Err(status)
    }
}

/// User and password, as HTTP sends them.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let basic = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = BASE64_STANDARD.decode(basic.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
