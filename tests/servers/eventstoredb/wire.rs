//! The messages of EventStoreDB's protocol, as far as the fake speaks it.
//!
//! A `oneof` is written as fields of which one is set: on the wire that is the same.

use std::collections::HashMap;

use hyper::body::Bytes;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamId {
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) name: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Uuid {
    #[prost(message, optional, tag = "1")]
    pub(crate) structured: Option<Structured>,
    #[prost(string, optional, tag = "2")]
    pub(crate) string: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Structured {
    #[prost(int64, tag = "1")]
    pub(crate) high: i64,
    #[prost(int64, tag = "2")]
    pub(crate) low: i64,
}

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        Self {
            structured: None,
            string: Some(id.to_string()),
        }
    }
}

impl Uuid {
    /// The id, if it is one.
    pub(crate) fn read(&self) -> Option<uuid::Uuid> {
        match (&self.structured, &self.string) {
            (Some(Structured { high, low }), _) => Some(uuid::Uuid::from_u64_pair(
                high.cast_unsigned(),
                low.cast_unsigned(),
            )),
            (None, Some(text)) => text.parse().ok(),
            (None, None) => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Position {
    #[prost(uint64, tag = "1")]
    pub(crate) commit: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) prepare: u64,
}

impl Position {
    /// Where commit and prepare are the same, as they are since there are no transactions.
    pub(crate) fn at(position: u64) -> Self {
        Self {
            commit: position,
            prepare: position,
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadReq {
    #[prost(message, optional, tag = "1")]
    pub(crate) options: Option<ReadOptions>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream: Option<StreamOptions>,
    #[prost(message, optional, tag = "2")]
    pub(crate) all: Option<AllOptions>,
    #[prost(int32, tag = "3")]
    pub(crate) backwards: i32,
    #[prost(bool, tag = "4")]
    pub(crate) resolve_links: bool,
    #[prost(uint64, optional, tag = "5")]
    pub(crate) count: Option<u64>,
    #[prost(message, optional, tag = "6")]
    pub(crate) subscription: Option<()>,
    #[prost(message, optional, tag = "7")]
    pub(crate) filter: Option<Filter>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream: Option<StreamId>,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) revision: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub(crate) start: Option<()>,
    #[prost(message, optional, tag = "4")]
    pub(crate) end: Option<()>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct AllOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) position: Option<Position>,
    #[prost(message, optional, tag = "2")]
    pub(crate) start: Option<()>,
    #[prost(message, optional, tag = "3")]
    pub(crate) end: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Filter {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream: Option<Expression>,
    #[prost(message, optional, tag = "2")]
    pub(crate) event_type: Option<Expression>,
    #[prost(uint32, optional, tag = "3")]
    pub(crate) max: Option<u32>,
    #[prost(uint32, tag = "5")]
    pub(crate) multiplier: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Expression {
    #[prost(string, tag = "1")]
    pub(crate) regex: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) prefix: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadResp {
    #[prost(message, optional, tag = "1")]
    pub(crate) event: Option<ReadEvent>,
    #[prost(message, optional, tag = "2")]
    pub(crate) confirmation: Option<Confirmation>,
    #[prost(message, optional, tag = "3")]
    pub(crate) checkpoint: Option<Position>,
    #[prost(message, optional, tag = "4")]
    pub(crate) stream_not_found: Option<StreamNotFound>,
    #[prost(uint64, optional, tag = "6")]
    pub(crate) last_stream_position: Option<u64>,
    #[prost(message, optional, tag = "8")]
    pub(crate) caught_up: Option<()>,
    #[prost(message, optional, tag = "9")]
    pub(crate) fell_behind: Option<()>,
    /// No version of the protocol that the client knows has this.
    #[prost(message, optional, tag = "1000")]
    pub(crate) unheard_of: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Confirmation {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamNotFound {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream: Option<StreamId>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadEvent {
    #[prost(message, optional, tag = "1")]
    pub(crate) event: Option<Recorded>,
    #[prost(message, optional, tag = "2")]
    pub(crate) link: Option<Recorded>,
    #[prost(uint64, optional, tag = "3")]
    pub(crate) commit_position: Option<u64>,
    #[prost(message, optional, tag = "4")]
    pub(crate) no_position: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Recorded {
    #[prost(message, optional, tag = "1")]
    pub(crate) id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub(crate) stream: Option<StreamId>,
    #[prost(uint64, tag = "3")]
    pub(crate) revision: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) prepare: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) commit: u64,
    #[prost(map = "string, string", tag = "6")]
    pub(crate) metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "7")]
    pub(crate) custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "8")]
    pub(crate) data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AppendReq {
    #[prost(message, optional, tag = "1")]
    pub(crate) options: Option<AppendOptions>,
    #[prost(message, optional, tag = "2")]
    pub(crate) proposed: Option<Proposed>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AppendOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream: Option<StreamId>,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) revision: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub(crate) no_stream: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Proposed {
    #[prost(message, optional, tag = "1")]
    pub(crate) id: Option<Uuid>,
    #[prost(map = "string, string", tag = "2")]
    pub(crate) metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) data: Bytes,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct AppendResp {
    #[prost(message, optional, tag = "1")]
    pub(crate) success: Option<Success>,
    #[prost(message, optional, tag = "2")]
    pub(crate) wrong: Option<WrongVersion>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Success {
    #[prost(uint64, optional, tag = "1")]
    pub(crate) revision: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub(crate) position: Option<Position>,
    #[prost(message, optional, tag = "4")]
    pub(crate) no_position: Option<()>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct WrongVersion {
    #[prost(uint64, optional, tag = "6")]
    pub(crate) current: Option<u64>,
    #[prost(message, optional, tag = "7")]
    pub(crate) current_no_stream: Option<()>,
    #[prost(uint64, optional, tag = "8")]
    pub(crate) expected: Option<u64>,
    #[prost(message, optional, tag = "11")]
    pub(crate) expected_no_stream: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ClusterInfo {
    #[prost(message, repeated, tag = "1")]
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Member {
    #[prost(int32, tag = "3")]
    pub(crate) state: i32,
    #[prost(bool, tag = "4")]
    pub(crate) is_alive: bool,
    #[prost(message, optional, tag = "5")]
    pub(crate) end_point: Option<EndPoint>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndPoint {
    #[prost(string, tag = "1")]
    pub(crate) address: String,
    #[prost(uint32, tag = "2")]
    pub(crate) port: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SupportedMethods {
    #[prost(string, tag = "2")]
    pub(crate) version: String,
}
