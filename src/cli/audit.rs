//! `madang audit`: who did what, and when, read from the log itself. Works beside a running server.

use anyhow::bail;
use clap::Subcommand;
use serde_json::Value;

use super::{Outcome, output};
use crate::ambient::Clock;
use crate::audit::{self, Bound, Filter, Shown};
use crate::config::Config;
use crate::domain::Revision;
use crate::event_store::{Direction, EventStore, Position, RecordedEvent, StreamName};

/// Events that are read at once.
const PAGE: usize = audit::MAX_FOUND;

/// Show what the event log holds, also beside a running server
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// The events of one stream, such as `article-91724563456`
    Stream {
        /// The stream's name
        name: StreamName,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// The events of the whole log
    Events {
        #[command(flatten)]
        wanted: Wanted,
    },
}

#[derive(clap::Args, Clone, Debug)]
struct Wanted {
    /// Write each event as a JSON object on a line of its own
    #[arg(long)]
    json: bool,
    /// Only events of this type, such as `ArticleCreated`
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only from here on: a position, or an RFC 3339 time of recording
    #[arg(long, value_name = "POSITION|TIME", value_parser = bound)]
    from: Option<Bound>,
    /// Only up to here: a position, or an RFC 3339 time of recording
    #[arg(long, value_name = "POSITION|TIME", value_parser = bound)]
    to: Option<Bound>,
    /// Newest first
    #[arg(long)]
    backward: bool,
    /// Stop after so many events
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

/// The empty position is before everything and bounds nothing, so it is no bound here.
fn bound(text: &str) -> Result<Bound, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    text.parse::<Bound>().map_err(|error| error.to_string())
}

impl Wanted {
    fn filter(&self) -> Filter {
        Filter {
            direction: if self.backward {
                Direction::Backward
            } else {
                Direction::Forward
            },
            event_type: self.event_type.clone(),
            actor: self.actor.clone(),
            from: self.from,
            to: self.to,
        }
    }
}

/// Shows events.
pub async fn run(config: &Config, args: &Args, clock: Clock) -> anyhow::Result<Outcome> {
    let log = config.event_store.open_read_only(clock).await?;
    let shown = match &args.what {
        What::Stream { name, wanted } => stream(&*log, name, wanted).await,
        What::Events { wanted } => events(&*log, wanted).await,
    };
    log.close().await;
    shown.map(|()| Outcome::Done)
}

async fn events(log: &dyn EventStore, wanted: &Wanted) -> anyhow::Result<()> {
    let filter = wanted.filter();
    let mut left = Left::of(wanted);
    let mut after: Option<Position> = None;
    while let Some(size) = left.page() {
        let found = audit::events(log, &filter, (after, size)).await?;
        left.show(found.events, wanted.json)?;
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

async fn stream(log: &dyn EventStore, name: &StreamName, wanted: &Wanted) -> anyhow::Result<()> {
    let filter = wanted.filter();
    let mut left = Left::of(wanted);
    let mut after: Option<Revision> = None;
    while let Some(size) = left.page() {
        let found = audit::stream(log, name, &filter, (after, size)).await?;
        let Some(found) = found else {
            bail!("there is no stream `{name}`");
        };
        left.show(found.events, wanted.json)?;
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

/// How many events are still wanted.
struct Left(Option<u64>);

impl Left {
    fn of(wanted: &Wanted) -> Self {
        Self(wanted.limit)
    }

    /// How many to ask for next; `None` if that is enough.
    fn page(&self) -> Option<usize> {
        let left = self.0.unwrap_or(u64::MAX);
        let page = usize::try_from(left).unwrap_or(usize::MAX).min(PAGE);
        (page > 0).then_some(page)
    }

    fn show(&mut self, events: Vec<RecordedEvent>, json: bool) -> anyhow::Result<()> {
        if let Some(left) = &mut self.0 {
            *left = left.saturating_sub(events.len() as u64);
        }
        for event in events {
            let shown = Shown::from(event);
            output::line(&if json {
                serde_json::to_string(&shown)?
            } else {
                human(&shown)
            })?;
        }
        Ok(())
    }
}

/// One line: when, where, what, who, and the payload as it is.
fn human(shown: &Shown) -> String {
    let metadata = shown.metadata.as_ref().map_or("", |raw| raw.get());
    let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
    let actor = metadata["actor"].as_str().unwrap_or("?");
    let data = shown.data.as_ref().map_or("", |raw| raw.get());
    let position = &shown.position;
    format!(
        "{position} {} {}@{} {} by {actor:?} {data}",
        shown.recorded_at, shown.stream, shown.revision, shown.r#type
    )
}
