//! How far long work has got, on standard error: a bar with rate and time left on a terminal, now
//! and then a plain line elsewhere, JSON lines for machines.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::output;

/// How often a line is written where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of a file, or of a log on a server.
    Bytes,
    /// Events of the log.
    Events,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A person at a terminal.
    Terminal,
    /// A file of log lines.
    Lines,
    /// A program.
    Json,
}

impl Reader {
    /// Whoever reads standard error, if not told to write for machines.
    pub fn of(json: bool) -> Self {
        if json {
            Self::Json
        } else if io::stderr().is_terminal() {
            Self::Terminal
        } else {
            Self::Lines
        }
    }
}

/// A piece of work of known length.
pub struct Progress {
    what: &'static str,
    unit: Unit,
    total: u64,
    reader: Reader,
    bar: ProgressBar,
    began: Instant,
    last_line: Instant,
}

impl Progress {
    /// Work of `total` units begins.
    pub fn begin(what: &'static str, (unit, total): (Unit, u64), reader: Reader) -> Self {
        let bar = match reader {
            Reader::Terminal => ProgressBar::new(total)
                .with_style(style(unit))
                .with_message(what),
            Reader::Lines | Reader::Json => ProgressBar::hidden(),
        };
        let began = Instant::now();
        Self {
            what,
            unit,
            total,
            reader,
            bar,
            began,
            last_line: began,
        }
    }

    /// `done` units are behind us.
    pub fn reached(&mut self, done: u64) {
        self.bar.set_position(done.min(self.total));
        if self.reader != Reader::Terminal && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            output::note(&self.line(done, self.began.elapsed()));
        }
    }

    /// The work has ended, well or not; the bar goes.
    pub fn end(self) -> Duration {
        self.bar.finish_and_clear();
        self.began.elapsed()
    }

    /// What is written where there is no bar, `elapsed` after the beginning.
    pub fn line(&self, done: u64, elapsed: Duration) -> String {
        let rate = per_second(done, elapsed);
        let left = self.total.saturating_sub(done).checked_div(rate);
        if self.reader == Reader::Json {
            return json!({
                "progress": self.what, "unit": self.unit.name(), "done": done,
                "total": self.total, "per_second": rate, "seconds_left": left,
            })
            .to_string();
        }
        let percent = (done.min(self.total) * 100)
            .checked_div(self.total)
            .unwrap_or(100);
        let left = left.map_or_else(|| "?".to_owned(), |seconds| seconds.to_string());
        let (done, total, rate) = (
            self.unit.show(done),
            self.unit.show(self.total),
            self.unit.show(rate),
        );
        format!(
            "{}: {percent} %, {done} of {total}, {rate}/s, {left} s left",
            self.what
        )
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Events => "events",
        }
    }

    fn show(self, number: u64) -> String {
        match self {
            Self::Bytes => indicatif::BinaryBytes(number).to_string(),
            Self::Events => format!("{} events", indicatif::HumanCount(number)),
        }
    }
}

/// How many of `count` were done in a second; at least 1 unless none were.
pub fn per_second(count: u64, within: Duration) -> u64 {
    let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = u128::from(count) * 1000 / u128::from(millis);
    u64::try_from(rate)
        .unwrap_or(u64::MAX)
        .max(u64::from(count > 0))
}

fn style(unit: Unit) -> ProgressStyle {
    let template = match unit {
        Unit::Bytes => {
            "{msg} {wide_bar} {percent} % of {binary_total_bytes}, {binary_bytes_per_sec}, {eta} left"
        }
        Unit::Events => "{msg} {wide_bar} {percent} % of {human_len} events, {per_sec}, {eta} left",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
