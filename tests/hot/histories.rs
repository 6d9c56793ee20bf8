//! Any story, delivered in any cuts and again, filled at any moment from any snapshot, with keys that
//! vanish in between: every entry is true at its own position.

use madang::hot::Missed;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Builder;

use super::checker::Checker;
use super::reader::{self, IDS, WANTED, Wanted};
use super::story::{Happening, Story};
use super::yard::Yard;

/// What may come next.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// SQL folds so many events.
    Sql(u64),
    /// The projector delivers so many events, some of them for another time.
    Deliver { again: u64, new: u64 },
    /// Somebody misses an entry and takes a snapshot of SQL.
    Miss(usize),
    /// Somebody who missed an entry fills it from his snapshot.
    Fill(usize),
    /// A key vanishes.
    Evict(usize),
    /// All keys vanish.
    Flush,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (1..6_u64).prop_map(Act::Sql),
        1 => (60..200_u64).prop_map(Act::Sql),
        4 => (0..5_u64, 0..6_u64).prop_map(|(again, new)| Act::Deliver { again, new }),
        1 => (0..100_u64, 60..200_u64).prop_map(|(again, new)| Act::Deliver { again, new }),
        4 => any::<usize>().prop_map(Act::Miss),
        4 => any::<usize>().prop_map(Act::Fill),
        1 => any::<usize>().prop_map(Act::Evict),
        1 => Just(Act::Flush),
    ]
}

fn wishes() -> impl Strategy<Value = (i64, Happening)> {
    let happening = prop_oneof![
        4 => Just(Happening::Liked),
        4 => any::<bool>().prop_map(|today| Happening::Unliked { today }),
        2 => (1..4_u32, any::<bool>()).prop_map(|(by, today)| Happening::Viewed { by, today }),
        1 => Just(Happening::Edited),
        1 => Just(Happening::Deleted),
    ];
    (prop::sample::select(&IDS[..]), happening)
}

/// One play of a story.
struct Play {
    yard: Yard,
    story: Story,
    /// Up to where SQL is, and up to where events were delivered.
    sql: u64,
    delivered: u64,
    missed: Vec<(Missed, Wanted, u64)>,
}

impl Play {
    async fn new(story: Story) -> Self {
        Self {
            yard: Yard::new().await,
            story,
            sql: 0,
            delivered: 0,
            missed: Vec::new(),
        }
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Sql(more) => self.sql = (self.sql + more).min(self.story.len()),
            Act::Deliver { again, new } => {
                let cut = (
                    self.delivered.saturating_sub(again),
                    (self.delivered + new).min(self.sql),
                );
                self.yard.apply(&self.story.batch(cut)).await;
                self.delivered = self.delivered.max(cut.1);
            }
            Act::Miss(which) => self.miss(WANTED[which % WANTED.len()]).await,
            Act::Fill(which) if !self.missed.is_empty() => {
                let which = which % self.missed.len();
                let (missed, wanted, snapshot) = self.missed.swap_remove(which);
                self.fill(&missed, wanted, snapshot).await;
            }
            Act::Fill(_) => (),
            Act::Evict(which) => {
                let mut keys: Vec<String> =
                    IDS.iter().map(|id| format!("article:{{{id}}}")).collect();
                keys.extend(
                    [
                        "board:{5}",
                        "board:{5}:articles",
                        "popular:{20261119}",
                        "popular:{20261119}:meta",
                    ]
                    .map(str::to_owned),
                );
                let _: i64 = self.yard.ask("DEL", &keys[which % keys.len()]).await;
            }
            Act::Flush => {
                let _: String = self.yard.redis.run("FLUSHALL").await;
            }
        }
    }

    async fn miss(&mut self, wanted: Wanted) {
        let from = (&self.yard.hot, &self.yard.generation);
        if let Some(missed) = reader::miss(from, wanted).await.unwrap() {
            self.missed.push((missed, wanted, self.sql));
        }
    }

    /// Whatever becomes of it.
    async fn fill(&self, missed: &Missed, wanted: Wanted, snapshot: u64) {
        let snapshot = (&self.story, snapshot);
        let filled = reader::fill(&self.yard.hot, (missed, wanted), snapshot).await;
        filled.unwrap();
    }

    async fn check(&self) -> usize {
        let mut checker = Checker {
            connection: self.yard.redis.connect().await,
            start: self.yard.key("").trim_end_matches(':').to_owned(),
        };
        checker.check(&self.story, &IDS).await
    }
}

#[test]
fn every_entry_is_true_at_its_position() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig::with_cases(48);
    proptest!(config, |(wishes in vec(wishes(), 1..400), acts in vec(acts(), 1..60))| {
        runtime.block_on(async {
            let mut play = Play::new(Story::of(wishes)).await;
            for act in acts {
                play.act(act).await;
                play.check().await;
            }
        });
    });
}

#[tokio::test]
async fn what_was_filled_and_delivered_is_all_hot_at_the_end() {
    let events = (0..400_usize).map(|n| (IDS[n % 3], Happening::Viewed { by: 1, today: true }));
    let mut play = Play::new(Story::of(events)).await;
    play.act(Act::Sql(100)).await;
    play.act(Act::Deliver { again: 0, new: 100 }).await;
    for wanted in WANTED {
        play.miss(wanted).await;
    }
    while let Some((missed, wanted, snapshot)) = play.missed.pop() {
        play.fill(&missed, wanted, snapshot).await;
    }
    play.act(Act::Sql(300)).await;
    play.act(Act::Deliver { again: 0, new: 300 }).await;
    assert_eq!(play.check().await, 5);
}
