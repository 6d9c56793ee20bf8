//! Connections to a server, and which of them can be used again.
//!
//! sqlx has a pool, too. It sends a ping with each return of a connection and waits for the answer
//! before anybody else gets the place, for ever if the server is stopped; and it takes back a
//! connection whose statement was given up, and then waits for what that statement still has to say.
//! Here a connection is used again only if its last statement was answered in full and without an
//! error. Dropping one closes its socket; the server rolls back what was under way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::mysql::{MySql, MySqlArguments, MySqlDatabaseError, MySqlRow};
use sqlx::query::Query;
use sqlx::{Connection as _, Executor as _, MySqlConnection};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::session::{ANSWER, Use, connect, silent};
use crate::breaker::Breaker;
use crate::views::database::ServerUrl;

/// How long a caller waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(2);
/// A connection that nobody has used for longer is asked whether it is still there.
const FRESH: Duration = Duration::from_secs(1);
/// The greatest age of a connection that is used again. A name may lead to another server by then, and
/// whoever stays with the old one would read what it was.
const MAX_AGE: Duration = Duration::from_mins(1);
/// For how long nobody tries a server that did not answer, but one.
const PAUSE: Duration = Duration::from_secs(1);

/// Connections of one use. Cheap to clone; all clones share them.
#[derive(Clone, Debug)]
pub(in crate::views) struct ServerPool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: ServerUrl,
    database: String,
    usage: Use,
    idle: Mutex<Vec<Idle>>,
    /// Told of each connection that becomes idle.
    returned: Notify,
    places: Arc<Semaphore>,
    /// Whether the database is what it should be, so that what is read from it may be believed.
    open: AtomicBool,
    breaker: Breaker,
}

#[derive(Debug)]
struct Idle {
    connection: MySqlConnection,
    born: Instant,
    since: Instant,
}

/// A connection, until it is dropped.
pub(in crate::views) struct Lease {
    connection: Option<MySqlConnection>,
    born: Instant,
    state: State,
    pool: ServerPool,
    place: Option<OwnedSemaphorePermit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The server waits for the next statement.
    Ready,
    /// The same, in a transaction.
    Begun,
    /// A statement is under way, or was given up, or failed.
    Broken,
}

impl ServerPool {
    /// Connections to a database, made when they are needed. None is given out before the pool is
    /// opened, but for those that write.
    pub(in crate::views) fn new(url: &ServerUrl, database: &str, usage: Use) -> Self {
        Self(Arc::new(Inner {
            url: url.clone(),
            database: database.to_owned(),
            usage,
            idle: Mutex::default(),
            returned: Notify::new(),
            places: Arc::new(Semaphore::new(usage.connections())),
            open: AtomicBool::new(usage != Use::Read),
            breaker: Breaker::new(PAUSE),
        }))
    }

    /// From now on what is in the database may be believed.
    pub(in crate::views) fn open(&self) {
        self.0.open.store(true, Ordering::Release);
    }

    /// Takes a connection, for at most a bounded time.
    pub(in crate::views) async fn acquire(&self) -> sqlx::Result<Lease> {
        if !self.0.open.load(Ordering::Acquire) {
            return Err(away("the database was not looked at yet"));
        }
        // The projector has a back-off of its own.
        let guarded = self.0.usage == Use::Read;
        if guarded && self.0.breaker.is_open() {
            return Err(away("the server did not answer a moment ago"));
        }
        let place = timeout(ACQUIRE, Arc::clone(&self.0.places).acquire_owned()).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        // It may have become known while this one waited.
        if guarded && !self.0.breaker.lets_through() {
            return Err(away("the server did not answer just now"));
        }
        let connection = match self.connection().await {
            Err(error) if is_crowded(&error) => self.returned(error).await,
            connection => connection,
        };
        let (connection, born) = connection.inspect_err(|error| self.heard(error))?;
        Ok(Lease {
            connection: Some(connection),
            born,
            state: State::Ready,
            pool: self.clone(),
            place: Some(place),
        })
    }

    /// Takes a connection and begins a transaction.
    pub(in crate::views) async fn begin(&self) -> sqlx::Result<Lease> {
        let mut lease = self.acquire().await?;
        lease.run(self.0.usage.begin()).await?;
        lease.state = State::Begun;
        Ok(lease)
    }

    /// A connection, and when it was made.
    async fn connection(&self) -> sqlx::Result<(MySqlConnection, Instant)> {
        while let Some(mut idle) = self.pop() {
            if idle.born.elapsed() > MAX_AGE {
                continue;
            }
            if idle.since.elapsed() <= FRESH {
                return Ok((idle.connection, idle.born));
            }
            match timeout(ANSWER, idle.connection.ping()).await {
                Ok(Ok(())) => return Ok((idle.connection, idle.born)),
                // The server closed it, or was started anew.
                Ok(Err(_)) => {}
                // The others will not be answered either.
                Err(_) => {
                    self.idle().clear();
                    return Err(silent());
                }
            }
        }
        // Seldom, and large: whoever asks a question should not have to carry it along.
        let connecting = Box::pin(connect(&self.0.url, Some(&self.0.database), self.0.usage));
        Ok((connecting.await?, Instant::now()))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop(&self) -> Option<Idle> {
        self.idle().pop()
    }

    fn put_back(&self, connection: MySqlConnection, born: Instant) {
        if !self.0.places.is_closed() {
            self.idle().push(Idle {
                connection,
                born,
                since: Instant::now(),
            });
            self.0.returned.notify_one();
        }
    }

    /// A server that takes no more connections still answers on those that there are: waits until
    /// somebody has done with one.
    async fn returned(&self, error: sqlx::Error) -> sqlx::Result<(MySqlConnection, Instant)> {
        let returned = async {
            loop {
                self.0.returned.notified().await;
                if let Some(idle) = self.pop() {
                    return (idle.connection, idle.born);
                }
            }
        };
        timeout(ACQUIRE, returned).await.map_err(|_| error)
    }

    /// What an error says of the server: one that refuses something is not silent.
    fn heard(&self, error: &sqlx::Error) {
        match error {
            sqlx::Error::Database(_) => self.0.breaker.succeeded(),
            _ => self.0.breaker.failed(),
        }
    }

    /// Closes all connections that nobody uses, politely, and lets none be taken any more.
    pub(in crate::views) async fn close(&self) {
        self.0.places.close();
        while let Some(idle) = self.pop() {
            if timeout(ANSWER, idle.connection.close()).await.is_err() {
                // Nor will it hear of the others. Dropping them closes them, too.
                self.idle().clear();
            }
        }
    }
}

impl Lease {
    /// Runs a statement; answers with how many rows it found to change.
    pub(in crate::views) async fn execute(
        &mut self,
        query: Query<'static, MySql, MySqlArguments>,
    ) -> sqlx::Result<u64> {
        let (connection, limit, before) = self.under_way()?;
        let done = timeout(limit, query.execute(connection)).await;
        Ok(self.settle(done, before)?.rows_affected())
    }

    /// Runs a statement; answers with the rows that it found. There is no way to read some of them:
    /// the connection would have to wait for the rest.
    pub(in crate::views) async fn fetch_all(
        &mut self,
        query: Query<'static, MySql, MySqlArguments>,
    ) -> sqlx::Result<Vec<MySqlRow>> {
        let (connection, limit, before) = self.under_way()?;
        let done = timeout(limit, query.fetch_all(connection)).await;
        self.settle(done, before)
    }

    /// Runs a script that takes no values and answers nothing.
    pub(in crate::views) async fn run(&mut self, script: &'static str) -> sqlx::Result<()> {
        let (connection, limit, before) = self.under_way()?;
        let done = timeout(limit, connection.execute(sqlx::raw_sql(script))).await;
        self.settle(done, before)?;
        Ok(())
    }

    /// Ends the transaction.
    pub(in crate::views) async fn commit(mut self) -> sqlx::Result<()> {
        self.run("COMMIT").await?;
        self.state = State::Ready;
        Ok(())
    }

    /// From here until the statement is settled, whoever drops this drops the connection.
    fn under_way(&mut self) -> sqlx::Result<(&mut MySqlConnection, Duration, State)> {
        let before = std::mem::replace(&mut self.state, State::Broken);
        match &mut self.connection {
            Some(connection) if before != State::Broken => {
                Ok((connection, self.pool.0.usage.patience(), before))
            }
            _ => Err(away("an earlier statement was given up")),
        }
    }

    /// What the server says of a statement counts as an answer, too; the connection is let go of all
    /// the same: some errors are the last thing that is ever heard on it.
    fn settle<T>(
        &mut self,
        done: Result<sqlx::Result<T>, tokio::time::error::Elapsed>,
        before: State,
    ) -> sqlx::Result<T> {
        let done = done.unwrap_or_else(|_| Err(silent()));
        match &done {
            Ok(_) => {
                self.state = before;
                self.pool.0.breaker.succeeded();
            }
            Err(error) => self.pool.heard(error),
        }
        done
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        match self.state {
            State::Ready => self.pool.put_back(connection, self.born),
            State::Broken => {}
            State::Begun => {
                let Ok(runtime) = tokio::runtime::Handle::try_current() else {
                    return;
                };
                let (pool, place, born) = (self.pool.clone(), self.place.take(), self.born);
                runtime.spawn(async move {
                    let rolled_back = timeout(ANSWER, connection.execute("ROLLBACK")).await;
                    if matches!(rolled_back, Ok(Ok(_))) {
                        pool.put_back(connection, born);
                    }
                    drop(place);
                });
            }
        }
    }
}

/// Whether the server has all the connections that it takes, of all users or of this one.
fn is_crowded(error: &sqlx::Error) -> bool {
    let said = error.as_database_error();
    let said = said.and_then(|said| said.try_downcast_ref::<MySqlDatabaseError>());
    said.is_some_and(|said| matches!(said.number(), 1040 | 1203 | 1226))
}

fn away(why: &'static str) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::NotConnected, why))
}
