//! An answer of many messages, and what is done to it.

use std::collections::VecDeque;
use std::future::pending;

use hyper::body::Bytes;
use tokio::sync::watch;
use tonic::Status;

use super::grpc::{Gone, Speaker};
use super::manners::{Act, Ending};
use super::said;

/// What is sent at once at most.
const CHUNK: usize = 64 * 1024;

/// One message of an answer.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) framed: Bytes,
    /// Where the event stands, if it is one.
    pub(super) event: Option<u64>,
}

/// An answer that is still being written.
pub(super) struct Acting {
    /// None when the answer has ended.
    speaker: Option<Speaker>,
    acts: VecDeque<Act>,
    /// From now on everything is repeated.
    repeating: bool,
    before: Option<Item>,
    cuts: watch::Sender<u64>,
}

impl Acting {
    pub(super) fn new(speaker: Speaker, acts: Vec<Act>, cuts: watch::Sender<u64>) -> Self {
        Self {
            speaker: Some(speaker),
            acts: acts.into(),
            repeating: false,
            before: None,
            cuts,
        }
    }

    /// Says what there is to say, and does what there is to do in between. [`Gone`] if nobody
    /// listens, or the answer has ended.
    pub(super) async fn pass(&mut self, items: Vec<Item>) -> Result<(), Gone> {
        let mut chunk = Vec::new();
        for item in items {
            chunk.extend_from_slice(&item.framed);
            let passed = item.event.is_some() && self.passed();
            if self.repeating && item.event.is_some() {
                self.repeat(&mut chunk, item);
            }
            if passed || chunk.len() >= CHUNK {
                self.say(std::mem::take(&mut chunk).into()).await?;
                self.act().await?;
            }
        }
        if !chunk.is_empty() {
            self.say(chunk.into()).await?;
        }
        Ok(())
    }

    /// Counts an event; whether there is something to do now.
    fn passed(&mut self) -> bool {
        let Some(Act::Passes(left)) = self.acts.front_mut() else {
            return false;
        };
        *left = left.saturating_sub(1);
        *left == 0
    }

    fn repeat(&mut self, chunk: &mut Vec<u8>, item: Item) {
        let before = self.before.replace(item.clone());
        for item in [Some(item), before].into_iter().flatten() {
            chunk.extend_from_slice(&item.framed);
            chunk.extend_from_slice(&said::checkpoint(item.event.unwrap_or_default()));
        }
    }

    /// Does what is to be done before the next event.
    pub(super) async fn act(&mut self) -> Result<(), Gone> {
        loop {
            match self.acts.front() {
                None | Some(Act::Passes(1..)) => return Ok(()),
                Some(_) => {}
            }
            match self.acts.pop_front() {
                None | Some(Act::Passes(_)) => {}
                Some(Act::Says(framed)) => self.say(framed).await?,
                Some(Act::Repeats) => self.repeating = true,
                Some(Act::Ends(ending)) => return self.end(ending).await,
            }
        }
    }

    async fn say(&self, framed: Bytes) -> Result<(), Gone> {
        self.speaker.as_ref().ok_or(Gone)?.say(framed).await
    }

    async fn end(&mut self, ending: Ending) -> Result<(), Gone> {
        let speaker = self.speaker.take().ok_or(Gone)?;
        match ending {
            Ending::Cleanly => speaker.end(Status::ok("")).await,
            Ending::Reset => speaker.reset().await,
            Ending::With(status) => speaker.end(status).await,
            Ending::Cut => {
                speaker.let_go().await;
                self.cuts.send_modify(|cuts| *cuts += 1);
                speaker.gone().await;
            }
            Ending::Silence => speaker.gone().await,
        }
        Err(Gone)
    }

    /// All has been said.
    pub(super) async fn finish(mut self) {
        // It may have ended otherwise.
        let _ = self.end(Ending::Cleanly).await;
    }

    /// Waits until nobody listens any more.
    pub(super) async fn gone(&self) {
        match &self.speaker {
            Some(speaker) => speaker.gone().await,
            None => pending().await,
        }
    }
}
