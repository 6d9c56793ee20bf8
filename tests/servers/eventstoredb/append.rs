//! Appending, as a server answers it or does not.

use std::future::pending;

use hyper::body::Bytes;
use tonic::Status;
use tonic::metadata::MetadataValue;

use super::grpc::{Answer, answered, failed};
use super::log::{FakeLog, MAX_APPEND_BYTES, Refusal, Written};
use super::manners::Manner;
use super::read::stream_deleted;
use super::wire::{AppendOptions, AppendReq, AppendResp, Position, Success, WrongVersion};

/// What an append is to be done with, and how.
pub(super) struct Order {
    pub(super) messages: Vec<AppendReq>,
    pub(super) manner: Manner,
}

/// Does it, and answers.
pub(super) async fn append(log: &FakeLog, order: Order) -> Answer {
    match done(log, order.messages) {
        Err(status) => failed(&status),
        Ok(response) => answer(response, order.manner).await,
    }
}

async fn answer(mut response: AppendResp, manner: Manner) -> Answer {
    let success = response.success.as_mut();
    match manner {
        Manner::DoesThenFails(status) => return failed(&status),
        Manner::DoesThenSilent => return pending().await,
        Manner::Hollow => return answered(&AppendResp::default()),
        Manner::WithoutPosition => {
            if let Some(success) = success {
                success.position = None;
                success.no_position = Some(());
            }
        }
        Manner::ZeroPosition => {
            if let Some(success) = success {
                success.position = Some(Position::at(0));
            }
        }
        _ => {}
    }
    answered(&response)
}

fn done(log: &FakeLog, messages: Vec<AppendReq>) -> Result<AppendResp, Status> {
    let mut options = None;
    let mut events = Vec::new();
    for message in messages {
        options = options.or(message.options);
        events.extend(message.proposed);
    }
    let options = options.ok_or_else(|| Status::invalid_argument("no options"))?;
    let stream = options.stream.clone().unwrap_or_default().name;
    let first = first(&options)?;
    match log.append(&stream, first, events) {
        Ok(written) => Ok(success(written)),
        Err(Refusal::Wrong { current }) => Ok(wrong(current, &options)),
        Err(refusal) => Err(status(&refusal, &stream)),
    }
}

/// What the first event's revision is to be. Expectations that know no repeat after a restart are
/// none that anybody here should have.
fn first(options: &AppendOptions) -> Result<u64, Status> {
    match (options.revision, options.no_stream) {
        (Some(revision), _) => Ok(revision.saturating_add(1)),
        (None, Some(())) => Ok(0),
        (None, None) => Err(Status::unimplemented("Any and StreamExists")),
    }
}

fn success(written: Written) -> AppendResp {
    AppendResp {
        success: Some(Success {
            revision: Some(written.revision),
            position: Some(Position::at(written.position)),
            no_position: None,
        }),
        wrong: None,
    }
}

fn wrong(current: Option<u64>, options: &AppendOptions) -> AppendResp {
    AppendResp {
        success: None,
        wrong: Some(WrongVersion {
            current,
            current_no_stream: current.is_none().then_some(()),
            expected: options.revision,
            expected_no_stream: options.no_stream,
        }),
    }
}

fn status(refusal: &Refusal, stream: &Bytes) -> Status {
    if !matches!(refusal, Refusal::Size) {
        return stream_deleted(stream);
    }
    let text = format!("Maximum Append Size of {MAX_APPEND_BYTES} Exceeded.");
    let mut status = Status::invalid_argument(text);
    let exception = MetadataValue::from_static("maximum-append-size-exceeded");
    status.metadata_mut().insert("exception", exception);
    status
}
