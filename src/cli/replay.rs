//! `madang replay`: the views folded anew from the log.

use anyhow::{Context as _, bail};
use serde_json::json;

use super::progress::{Progress, Reader, Unit, per_second};
use super::{Outcome, WrongUse, output};
use crate::ambient::Clock;
use crate::config::Config;
use crate::event_store::eventstoredb::provide_tls;
use crate::event_store::{EventStore, Log};
use crate::hot::Hot;
use crate::projections::fold::{FoldError, OnUnfit};
use crate::projections::rebuild::{RebuildError, Rebuilt, rebuild};

/// Rebuild the SQL views from the event log; stop the server first
///
/// The old views stay as they are until the new ones are complete, so a replay that fails or is
/// killed changes nothing. Exit: 0 the views are new; 1 they are not.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Rebuild while no server runs; the only way there is yet
    #[arg(long)]
    offline: bool,
    /// Park events that cannot be folded, with the later ones of their streams, instead of giving
    /// up at the first
    #[arg(long)]
    park: bool,
    /// Write the result as one JSON object, and progress as JSON lines to standard error
    #[arg(long)]
    json: bool,
}

/// Replays.
pub async fn run(config: &Config, args: &Args, clock: Clock) -> anyhow::Result<Outcome> {
    if !args.offline {
        let why = "replay needs --offline: it builds the views anew in place of the old ones, so \
                   the server must be stopped meanwhile";
        return Err(WrongUse(why.to_owned()).into());
    }
    if let Log::File(path) = &config.event_store
        && !path.exists()
    {
        bail!("{}: there is no such log", path.display());
    }
    // Before anybody connects anywhere by TLS.
    if config.may_use_tls() {
        provide_tls().await;
    }
    let log = config.event_store.open(clock).await?;
    let outcome = replay(config, args, &*log).await;
    log.close().await;
    outcome.map(|()| Outcome::Done)
}

async fn replay(config: &Config, args: &Args, log: &dyn EventStore) -> anyhow::Result<()> {
    let total = config.event_store.distance(log.head().await?);
    let unit = match config.event_store {
        Log::File(_) => Unit::Events,
        Log::Server(_) => Unit::Bytes,
    };
    let mut progress = Progress::begin("replay", (unit, total), Reader::of(args.json));
    let on_unfit = if args.park {
        OnUnfit::Park
    } else {
        OnUnfit::Fail
    };
    let views = (&config.database, &config.calendar);
    let rebuilt = rebuild(log, views, on_unfit, |position| {
        progress.reached(config.event_store.distance(position));
    })
    .await;
    let elapsed = progress.end();
    if rebuilt
        .as_ref()
        .map_or_else(RebuildError::is_unsure, |_| true)
    {
        forget_what_is_hot(config).await?;
    }
    let rebuilt = rebuilt.map_err(explain)?;
    let rate = per_second(rebuilt.events, elapsed);
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    output::line(&show(&rebuilt, (rate, millis), args.json))
}

/// What is hot was folded before: it goes with the old views. Its next projector begins anew.
async fn forget_what_is_hot(config: &Config) -> anyhow::Result<()> {
    let Some((url, prefix)) = &config.redis else {
        return Ok(());
    };
    let forgotten = Hot::new(url.clone(), prefix.clone()).forget_all().await;
    forgotten.with_context(|| {
        format!(
            "the views are rebuilt, but Redis still has what was hot before: \
             delete the key {}:generation, or replay again when Redis is there",
            prefix.as_str()
        )
    })
}

fn explain(error: RebuildError) -> anyhow::Error {
    if error.is_unsure() {
        return error.into();
    }
    let unfit = matches!(error, RebuildError::Fold(FoldError::Unfit { .. }));
    let error = anyhow::Error::new(error);
    if unfit {
        return error.context(
            "nothing was changed, because an event cannot be folded; run the release of Madang \
             that wrote it, or go on without it by --park",
        );
    }
    error.context("nothing was changed")
}

fn show(rebuilt: &Rebuilt, (rate, millis): (u64, u64), as_json: bool) -> String {
    let Rebuilt {
        events,
        unknown,
        parked,
        position,
    } = rebuilt;
    if as_json {
        return json!({
            "events": events, "unknown": unknown, "parked": parked,
            "position": position.to_string(), "elapsed_ms": millis, "events_per_second": rate,
        })
        .to_string();
    }
    let rows = [
        ("events", *events),
        ("of unknown types, skipped", *unknown),
        ("parked", *parked),
        ("milliseconds", millis),
        ("events per second", rate),
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|(name, number)| format!("  {name:<27}{number:>12}"))
        .collect();
    format!(
        "the views are rebuilt\n{}\nposition {position}",
        rows.join("\n")
    )
}
