//! gRPC by hand, since what is to be imitated is also how a server ends: messages in frames of five
//! bytes and a message, and a status in the trailers, or instead of everything.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Response};
use prost::Message;
use tokio::sync::mpsc;
use tonic::body::{BoxBody, boxed};
use tonic::{Code, Status};

/// Frames of an answer that wait for the connection.
const WAITING: usize = 16;
const HEADER: usize = 5;
/// More than a frame passes through on its way from an answer into its connection.
const TURNS: usize = 32;

/// What a call is answered with.
pub(crate) type Answer = Response<BoxBody>;

/// A message as it stands in a body.
pub(crate) fn framed(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = Vec::with_capacity(HEADER + length);
    frame.push(0);
    let length = u32::try_from(length).expect("a message of less than 4 GiB");
    frame.extend(length.to_be_bytes());
    message.encode_raw(&mut frame);
    frame.into()
}

/// The messages of a request's body.
pub(crate) async fn messages<M: Message + Default>(body: BoxBody) -> Result<Vec<M>, Status> {
    let mut rest = body.collect().await?.to_bytes();
    let mut messages = Vec::new();
    while rest.len() >= HEADER {
        let header = rest.split_to(HEADER);
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
        if header[0] != 0 || rest.len() < length {
            return Err(Status::internal("a compressed or broken message"));
        }
        let message = M::decode(rest.split_to(length));
        messages.push(message.map_err(|error| Status::internal(error.to_string()))?);
    }
    Ok(messages)
}

/// The one message of a request's body.
pub(crate) async fn message<M: Message + Default>(body: BoxBody) -> Result<M, Status> {
    let only = messages(body).await?.pop();
    only.ok_or_else(|| Status::internal("no message"))
}

fn response(body: BoxBody) -> Answer {
    let mut response = Response::new(body);
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, grpc);
    response
}

/// One message and its status.
pub(crate) fn answered(message: &impl Message) -> Answer {
    let frames = [
        Frame::data(framed(message)),
        Frame::trailers(trailers(&Status::ok(""))),
    ];
    let frames = frames.map(Ok::<_, Status>);
    response(boxed(StreamBody::new(futures_util::stream::iter(frames))))
}

/// A failure before anything was said.
pub(crate) fn failed(status: &Status) -> Answer {
    let body = Empty::new().map_err(|never: Infallible| match never {});
    let mut response = response(boxed(body));
    response.headers_mut().extend(trailers(status));
    response
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = status.metadata().clone().into_headers();
    trailers.insert("grpc-status", HeaderValue::from(status.code() as i32));
    if let Ok(message) = HeaderValue::from_str(status.message()) {
        trailers.insert("grpc-message", message);
    }
    trailers
}

/// The writing end of an answer that goes on for a while.
pub(crate) struct Speaker(mpsc::Sender<Result<Frame<Bytes>, Status>>);

/// Nobody listens any more.
pub(crate) struct Gone;

/// An answer that is still being written.
pub(crate) fn spoken() -> (Speaker, Answer) {
    let (speaker, frames) = mpsc::channel(WAITING);
    let frames = futures_util::stream::unfold(frames, async |mut frames| {
        let frame = frames.recv().await?;
        Some((frame, frames))
    });
    (
        Speaker(speaker),
        response(boxed(StreamBody::new(Box::pin(frames)))),
    )
}

impl Speaker {
    /// Sends what has been framed: one message, or many.
    pub(crate) async fn say(&self, frames: Bytes) -> Result<(), Gone> {
        let sent = self.0.send(Ok(Frame::data(frames))).await;
        sent.map_err(|_| Gone)
    }

    /// Ends with a status, 0 for a good end.
    pub(crate) async fn end(self, status: Status) {
        let _ = self.0.send(Ok(Frame::trailers(trailers(&status)))).await;
    }

    /// Lets what was said get away, before something is done that would catch up with it: on a runtime
    /// of one thread, all others have had their turns.
    pub(crate) async fn let_go(&self) {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }

    /// Ends without a status, by `RST_STREAM` (see `connection`).
    pub(crate) async fn reset(self) {
        self.let_go().await;
        let reset = Status::new(Code::Aborted, "a reset");
        let _ = self.0.send(Err(reset)).await;
    }

    /// Waits until nobody listens any more.
    pub(crate) async fn gone(&self) {
        self.0.closed().await;
    }
}
