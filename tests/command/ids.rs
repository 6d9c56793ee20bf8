//! New ids under the lease in a file, whatever clocks, files and processes do.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::FutureExt as _;
use madang::ambient::Clock;
use madang::command::ids::{IdError, Ids, LEASE_STEP};
use madang::domain::snowflake::{EPOCH, Node, Snowflake};
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const NOON: i64 = 1_800_000_000_000;

struct Place {
    dir: TempDir,
    hands: Arc<AtomicI64>,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
            hands: Arc::new(AtomicI64::new(NOON)),
        }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("ids.lease")
    }

    /// Where the next lease is written before it takes the place of the present one.
    fn draft(&self) -> PathBuf {
        self.dir.path().join("ids.new")
    }

    fn open(&self) -> Result<Ids, IdError> {
        let clock = Clock::driven_by(self.hands.clone());
        Ids::open(&self.file(), Node::new(7).unwrap(), clock)
    }

    fn lease(&self) -> i64 {
        let text = fs::read_to_string(self.file()).unwrap();
        text.trim().parse().unwrap()
    }

    fn set(&self, time: i64) {
        self.hands.store(time, Ordering::Relaxed);
    }
}

/// When an id was made, which nobody but a test asks it.
fn milliseconds(id: Snowflake) -> i64 {
    (id.to_i64() >> 22) + EPOCH.0
}

fn detail(error: IdError) -> String {
    match error {
        IdError::Lease { detail, .. } => detail,
        IdError::NoNode | IdError::OutOfTime(_) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_thousand_at_once_get_ids_in_the_order_in_which_they_asked() {
    let place = Place::new();
    let ids = Arc::new(place.open().unwrap());
    // On one thread, tasks ask in the order in which they were spawned.
    let ask = |_| {
        let ids = ids.clone();
        tokio::spawn(async move { ids.next().await.unwrap() })
    };
    let asked: Vec<_> = (0..1000).map(ask).collect();
    let mut last = None;
    for task in asked {
        let id = task.await.unwrap();
        assert!(last < Some(id));
        last = Some(id);
    }
    assert_eq!(place.lease(), NOON + LEASE_STEP);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_are_unique_on_many_threads_while_leases_end() {
    let place = Place::new();
    let ids = Arc::new(place.open().unwrap());
    let mut tasks = JoinSet::new();
    for _ in 0..1000 {
        let (ids, hands) = (ids.clone(), place.hands.clone());
        tasks.spawn(async move {
            let mut mine = Vec::new();
            for _ in 0..5 {
                hands.fetch_add(7, Ordering::Relaxed);
                mine.push(ids.next().await.unwrap());
            }
            assert!(mine.is_sorted(), "later is greater");
            mine
        });
    }
    let mut all: Vec<_> = tasks.join_all().await.concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 5000);
    assert!(milliseconds(all[4999]) < place.lease());
}

#[tokio::test]
async fn the_lease_is_written_once_for_each_step() {
    let place = Place::new();
    let ids = place.open().unwrap();
    assert!(!place.file().exists(), "nobody has asked");
    ids.next().await.unwrap();
    assert_eq!(place.lease(), NOON + LEASE_STEP);
    fs::remove_file(place.file()).unwrap();
    for later in [0, 1, LEASE_STEP / 2, LEASE_STEP - 1] {
        place.set(NOON + later);
        ids.next().await.unwrap();
        assert!(!place.file().exists(), "nothing is written within a step");
    }
    place.set(NOON + LEASE_STEP);
    ids.next().await.unwrap();
    assert_eq!(place.lease(), NOON + 2 * LEASE_STEP);
}

#[tokio::test]
async fn without_a_lease_on_disk_there_is_no_id() {
    let place = Place::new();
    let ids = place.open().unwrap();
    let first = ids.next().await.unwrap();
    fs::create_dir(place.draft()).unwrap();
    place.set(NOON + LEASE_STEP);
    for _ in 0..3 {
        let error = ids.next().await.unwrap_err();
        assert!(error.to_string().contains("ids.lease"), "{error}");
    }
    assert_eq!(place.lease(), NOON + LEASE_STEP);

    fs::remove_dir(place.draft()).unwrap();
    let next = ids.next().await.unwrap();
    assert!(first < next && milliseconds(next) < place.lease());
}

#[tokio::test]
async fn a_restart_goes_on_at_the_end_of_the_lease() {
    let place = Place::new();
    let mut newest = None;
    // At once, much later, and on a machine whose clock was set back by a year.
    for time in [NOON, NOON, NOON + 3_600_000, NOON - 31_536_000_000] {
        place.set(time);
        let ended = place.file().exists().then(|| place.lease());
        let ids = place.open().unwrap();
        for _ in 0..5000 {
            let id = ids.next().await.unwrap();
            assert!(newest < Some(id));
            assert!(ended <= Some(milliseconds(id)) && milliseconds(id) < place.lease());
            newest = Some(id);
        }
    }
}

#[tokio::test]
async fn a_clock_that_steps_back_repeats_nothing() {
    let place = Place::new();
    let ids = place.open().unwrap();
    let mut newest = ids.next().await.unwrap();
    for time in [NOON - 1, NOON - 86_400_000, NOON + 5, 0, -1, NOON] {
        place.set(time);
        let id = ids.next().await.unwrap();
        assert!(newest < id);
        newest = id;
    }
    assert_eq!(place.lease(), NOON + LEASE_STEP);
}

#[test]
fn a_file_that_is_no_lease_is_refused_with_the_remedy() {
    let place = Place::new();
    for text in ["", "soon", "1e9", "1 2"] {
        fs::write(place.file(), text).unwrap();
        let detail = detail(place.open().unwrap_err());
        assert!(detail.contains("write a number past"), "{text}: {detail}");
    }
}

#[test]
fn a_lease_has_one_holder() {
    let place = Place::new();
    let _holder = place.open().unwrap();
    let detail = detail(place.open().unwrap_err());
    assert!(detail.contains("in use by another process"), "{detail}");
}

#[tokio::test]
async fn past_the_last_id_there_is_none() {
    let place = Place::new();
    fs::write(place.file(), i64::MAX.to_string()).unwrap();
    let ids = place.open().unwrap();
    let error = ids.next().await.unwrap_err();
    assert!(matches!(error, IdError::OutOfTime(_)), "{error}");
}

/// Whoever gives up leaves a write behind that goes on. Were the next one begun beside it, the
/// earlier lease might be the last to reach the file.
#[test]
fn a_write_that_nobody_waits_for_any_more_has_no_other_beside_it() {
    let place = Place::new();
    let ids = place.open().unwrap();
    // A pipe: writing to it begins when somebody can read, and it cannot be synced.
    let made = Command::new("mkfifo").arg(place.draft()).status().unwrap();
    assert!(made.success());
    let one_after_the_other = Builder::new_current_thread()
        .max_blocking_threads(1)
        .build();
    one_after_the_other.unwrap().block_on(async {
        for _ in 0..3 {
            assert!(ids.next().now_or_never().is_none());
        }
        let pipe = fs::File::options()
            .read(true)
            .write(true)
            .open(place.draft());
        ids.next().await.unwrap_err();
        let mut written = [0; 100];
        let bytes = pipe.unwrap().read(&mut written).unwrap();
        let written = str::from_utf8(&written[..bytes]).unwrap();
        assert_eq!(written.lines().count(), 2, "the abandoned one and the last");
        fs::remove_file(place.draft()).unwrap();
        ids.next().await.unwrap();
    });
    assert_eq!(place.lease(), NOON + LEASE_STEP);
}
