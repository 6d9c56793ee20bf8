//! `madang import`: a file of another forum's records into the log.
//!
//! A thread reads and parses the file ahead of the appends, a bounded number of lines. The report
//! counts each line once, also when the import is stopped or fails on the way.

pub mod lines;
pub mod record;
pub mod report;
mod table;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::lines::Lines;
use self::record::Line;
use self::report::Report;
use super::progress::{Progress, Reader, Unit};
use super::{Outcome, WrongUse, output, sure_of_its_number};
use crate::ambient::Clock;
use crate::command::import::{ImportError, Importer, Source, Stop};
use crate::config::Config;
use crate::event_store::EventStore;
use crate::event_store::eventstoredb::provide_tls;
use crate::event_store::patient::Patient;
use crate::node::{Numbering, asked_to_stop, begin};
use crate::views::Views;

/// Lines that are read ahead.
const AHEAD: usize = 256;
/// Bytes of the file that are read at once.
const READ_AHEAD_BYTES: usize = 256 * 1024;
/// How long an import waits for a node number.
const NUMBER: Duration = Duration::from_secs(15);

/// Import another forum's posts, comments, views and likes
///
/// With the event log in a file the server has to be stopped first; on an EventStoreDB it may run.
///
/// FILE holds one JSON object a line, in time order, parents before their children:
/// `{"type":"post","id":1,"board":"name","author":"x","title":"…","body":"…","created_at":<ms>}` or
/// `{"type":"comment","id":2,"post_id":1,"parent_id":null,"author":"y","body":"…","created_at":<ms>}`.
/// A post may have `"views":20` and `"liked_by":["y"]`. What was imported before is left as it is, so
/// an import that was stopped or killed is resumed by running it again. Exit: 0 everything is in; 1
/// some lines are not, each is reported.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The file to import
    file: PathBuf,
    /// What to know its records by, in this and later runs [default: the file's name without
    /// extension]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Write the report as one JSON object, and progress as JSON lines to standard error
    #[arg(long)]
    json: bool,
}

/// A line of the file as the reading thread hands it over.
struct Read {
    number: u64,
    /// Bytes of the file up to the end of this line.
    bytes: u64,
    line: Line,
}

/// The file's lines, and `None` at its end: a channel that just ends is a reader that died.
type Incoming = mpsc::Receiver<io::Result<Option<Read>>>;

/// Imports.
pub async fn run(config: &Config, args: &Args, clock: Clock) -> anyhow::Result<Outcome> {
    let source = source(args)?;
    sure_of_its_number(config)?;
    let file = File::open(&args.file).with_context(|| args.file.display().to_string())?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    // Before anybody connects anywhere by TLS.
    if config.may_use_tls() {
        provide_tls().await;
    }
    let log = open(config, &clock).await?;
    let (stop, mut heard) = stopped_by_signals()?;
    let mut report = Report::of(source.as_str());
    let mut progress = Progress::begin("import", (Unit::Bytes, length), Reader::of(args.json));
    let work = async {
        let numbered = Numbered::begin(config, (&log, clock), &mut heard).await?;
        let ids = numbered.numbering.ids();
        let outcome = async {
            let opening = Importer::open(patient(config, &log, &stop), ids, source, stop);
            // It reads all that earlier runs have planned, which may be much.
            let mut importer = unless(&mut heard, opening).await??;
            let lines = read_ahead(file);
            let telling = (&mut report, &mut progress);
            let outcome = bring(&mut importer, (lines, &mut heard), telling).await;
            report.hear(importer.take_told());
            report.boards.opened = importer.boards_opened();
            outcome
        }
        .await;
        numbered.end().await;
        outcome
    };
    let outcome = work.await;
    log.close().await;
    let elapsed = progress.end();
    report.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    report.complete = outcome.is_ok();
    conclude(&report, args.json, outcome)
}

fn source(args: &Args) -> Result<Source, WrongUse> {
    let name = match &args.source {
        Some(name) => Some(name.as_str()),
        None => args.file.file_stem().and_then(|stem| stem.to_str()),
    };
    let parsed = name.map(Source::parse);
    match parsed {
        Some(Ok(source)) => Ok(source),
        Some(Err(error)) => Err(WrongUse(format!("{error}; choose one with --source"))),
        None => Err(WrongUse(
            "the file's name cannot name a source; give --source".into(),
        )),
    }
}

async fn open(config: &Config, clock: &Clock) -> anyhow::Result<Arc<dyn EventStore>> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| config.data_dir.display().to_string())?;
    let log = config.event_store.open(clock.clone()).await?;
    match begin(config, &log, clock).await {
        Ok(()) => Ok(log),
        Err(error) => {
            log.close().await;
            Err(error.into())
        }
    }
}

/// The log as the import uses it: one on a server is waited for when it goes away on the way, and lines
/// that have been read need not be read again.
fn patient(config: &Config, log: &Arc<dyn EventStore>, stop: &Stop) -> Arc<dyn EventStore> {
    let (log, stop) = (Arc::clone(log), stop.clone());
    if !config.event_store.is_shared() {
        return log;
    }
    Arc::new(Patient::over(log, move || stop.is_asked()))
}

/// The import's node number: one of its own where nodes may run beside it.
struct Numbered {
    numbering: Numbering,
    /// Where the number is leased.
    views: Option<Views>,
}

impl Numbered {
    async fn begin(
        config: &Config,
        (log, clock): (&Arc<dyn EventStore>, Clock),
        stop: &mut JoinHandle<()>,
    ) -> anyhow::Result<Self> {
        if !Numbering::is_leased(config) {
            return Ok(Self {
                numbering: Numbering::in_file(config, clock)?,
                views: None,
            });
        }
        let views = Views::begin(&config.database).await?;
        let numbered = Self {
            numbering: Numbering::leased(config, (&views, log), clock),
            views: Some(views),
        };
        let error: anyhow::Error = match unless(stop, numbered.numbering.is_there(NUMBER)).await {
            Ok(Ok(())) => return Ok(numbered),
            Ok(Err(error)) => error.into(),
            Err(stopped) => stopped.into(),
        };
        numbered.end().await;
        Err(error)
    }

    async fn end(self) {
        self.numbering.stop().await;
        if let Some(views) = self.views {
            views.close().await;
        }
    }
}

/// Passes a signal on to the import, which may be in the middle of its appends.
fn stopped_by_signals() -> anyhow::Result<(Stop, JoinHandle<()>)> {
    let stop = Stop::default();
    let asked = stop.clone();
    let heard = asked_to_stop().context("signals cannot be heard")?;
    let heard = tokio::spawn(async move {
        heard.await;
        asked.ask();
    });
    Ok((stop, heard))
}

/// Does something that may take long, unless somebody asks to stop.
async fn unless<T>(
    stop: &mut JoinHandle<()>,
    work: impl Future<Output = T>,
) -> Result<T, ImportError> {
    tokio::select! {
        biased;
        _ = stop => Err(ImportError::Stopped),
        done = work => Ok(done),
    }
}

/// Reads the file in a thread of its own, which ends with the process if a pipe keeps it waiting.
fn read_ahead(file: File) -> Incoming {
    let (lines, incoming) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let mut file = Lines::of(BufReader::with_capacity(READ_AHEAD_BYTES, file));
        loop {
            let read = next(&mut file);
            let ended = !matches!(read, Ok(Some(_)));
            if lines.blocking_send(read).is_err() || ended {
                return;
            }
        }
    });
    incoming
}

fn next(file: &mut Lines<BufReader<File>>) -> io::Result<Option<Read>> {
    let Some(raw) = file.read()? else {
        return Ok(None);
    };
    let (number, bytes) = (raw.number, raw.bytes);
    let line = record::read(number, raw.content);
    Ok(Some(Read {
        number,
        bytes,
        line,
    }))
}

async fn bring(
    importer: &mut Importer,
    (mut lines, stop): (Incoming, &mut JoinHandle<()>),
    (report, progress): (&mut Report, &mut Progress),
) -> anyhow::Result<()> {
    loop {
        let read = tokio::select! {
            biased;
            _ = &mut *stop => return Err(ImportError::Stopped.into()),
            read = lines.recv() => read,
        };
        let read = read.context("whoever reads the file died")?;
        let Some(Read {
            number,
            bytes,
            line,
        }) = read.context("the file cannot be read to its end")?
        else {
            break;
        };
        if let Some(record) = report.read(number, line) {
            importer.add(record).await?;
            report.hear(importer.take_told());
        }
        progress.reached(bytes);
    }
    importer.finish().await?;
    Ok(())
}

fn conclude(report: &Report, json: bool, outcome: anyhow::Result<()>) -> anyhow::Result<Outcome> {
    let text = if json {
        serde_json::to_string(report)?
    } else {
        table::table(report)
    };
    let printed = output::line(&text);
    if let Err(error) = outcome {
        return Err(error.context("run the same import again to go on from here"));
    }
    let clean = report.is_clean();
    match printed {
        // The import is what counts, not whether anybody reads of it.
        Err(error) if !error.is::<output::Closed>() => Err(error),
        _ if clean => Ok(Outcome::Done),
        _ => Ok(Outcome::Differences),
    }
}
