//! How a projector is doing, for waiting readers, for health and for `/v1/projections`.

use crate::ambient::Clock;
use crate::domain::Timestamp;
use crate::event_store::Position;
use crate::views::Views;

/// What a projector is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Reading what was in the log when it began.
    CatchingUp,
    /// Everything known is folded; new events follow as they come.
    Live,
    /// What it folds into cannot be written; it keeps trying.
    Retrying,
    /// The log cannot be read; it keeps trying. Bad even if the lag reads 0: nobody would know.
    ReaderDown,
    /// It was told to stop.
    Stopped,
}

impl State {
    /// The name that `/v1/projections` shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CatchingUp => "catching-up",
            Self::Live => "live",
            Self::Retrying => "retrying",
            Self::ReaderDown => "reader-down",
            Self::Stopped => "stopped",
        }
    }

    /// What a projector is at that follows the log, which it may have been level with.
    pub(super) fn following(level: bool) -> Self {
        if level { Self::Live } else { Self::CatchingUp }
    }
}

/// How a projector is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Everything up to here is folded.
    pub position: Position,
    /// The newest event that the reader knows of.
    pub head: Position,
    /// What it is at.
    pub state: State,
    /// The class of what is wrong, if something is. Never a text: those go to the log lines.
    pub error: Option<&'static str>,
    /// Whether it has ever been level with the log since it started.
    pub caught_up: bool,
    /// Events known to the reader and not applied.
    pub waiting: u64,
    /// When the log took the oldest event that is not applied, or the one before it.
    pub behind_since: Option<Timestamp>,
    /// Events that are parked.
    pub parked: u64,
}

impl Status {
    /// A projector that starts at `position`.
    pub fn starting(position: Position, parked: u64) -> Self {
        Self {
            position,
            head: position,
            state: State::CatchingUp,
            error: None,
            caught_up: false,
            waiting: 0,
            behind_since: None,
            parked,
        }
    }

    /// Whether readers get what the log says, at most a moment late.
    pub fn is_healthy(&self) -> bool {
        self.caught_up && matches!(self.state, State::Live | State::CatchingUp)
    }

    /// Events known and not applied; `None` before it first caught up.
    pub fn lag_events(&self) -> Option<u64> {
        self.caught_up.then_some(self.waiting)
    }

    /// Milliseconds since the log took the oldest event that is not applied: 0 when level with the
    /// log, `None` if it has read nothing yet.
    pub fn lag_ms(&self, clock: &Clock) -> Option<i64> {
        match self.behind_since {
            Some(since) => Some((clock.now().0 - since.0).max(0)),
            None => self.caught_up.then_some(0),
        }
    }

    /// Writes this into the row of a projection, where every node can see it; with the position, if
    /// its checkpoint is `elsewhere`.
    pub(super) async fn report(
        &self,
        (projection, elsewhere): (&'static str, bool),
        views: &Views,
        clock: &Clock,
    ) -> sqlx::Result<()> {
        const REPORT: &str = "UPDATE checkpoint SET head = ?, lag_events = ?, lag_ms = ?, \
             state = ?, error = ?, reported_at = ? WHERE projection = ?";
        // One statement, or somebody would see a new state at an old position.
        const WITH_POSITION: &str = "UPDATE checkpoint SET head = ?, lag_events = ?, lag_ms = ?, \
             state = ?, error = ?, reported_at = ?, position = ? WHERE projection = ?";
        let moved = elsewhere && self.position > Position::START;
        let lag_events = self
            .lag_events()
            .map(|lag| i64::try_from(lag).unwrap_or(i64::MAX));
        let mut connection = views.writer().acquire().await?;
        let mut report = connection
            .statement(if moved { WITH_POSITION } else { REPORT })
            .bind(self.head.to_string())
            .bind(lag_events)
            .bind(self.lag_ms(clock))
            .bind(self.state.as_str())
            .bind(self.error)
            .bind(clock.now().0);
        if moved {
            report = report.bind(self.position.to_string());
        }
        report.bind(projection).execute(&mut connection).await?;
        Ok(())
    }
}
