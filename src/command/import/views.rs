//! The views that come with posts: one event for each post, in a stream of the source's own.
//!
//! The event stands under the command id of its post, so its id is that of the event of the
//! article. That is fine: event ids tell events of one stream apart, and these are in two.

use std::collections::HashSet;

use super::found::Extras;
use super::names::{Key, origin_of, system};
use super::{Fate, ImportError, Importer, Source, Told, What};
use crate::command::execute::{append_encoded, encode};
use crate::domain::view::{self, Viewed};
use crate::domain::{ArticleId, Event, Revision};
use crate::event_store::codec::{self, Decoded, UPCASTERS};
use crate::event_store::{
    AppendError, EventStore, Expected, MAX_APPEND_EVENTS, NewEvent, Page, RecordedEvent,
    StoreError, StreamName,
};

/// Events that are read at once; each holds one article and a number.
const PAGE: usize = 1_000;
/// How often an append is done again behind what came in between.
const MAX_ATTEMPTS: u32 = 5;

/// Which articles' views are in, and where the stream of them ends: a few bytes for each post.
#[derive(Debug)]
pub(super) struct Counted {
    stream: StreamName,
    revision: Option<Revision>,
    articles: HashSet<ArticleId>,
}

impl Counted {
    pub(super) async fn read(store: &dyn EventStore, source: &Source) -> Result<Self, StoreError> {
        let mut counted = Self {
            stream: StreamName::imported_views(source.as_str()),
            revision: None,
            articles: HashSet::new(),
        };
        counted.catch_up(store).await?;
        Ok(counted)
    }

    async fn catch_up(&mut self, store: &dyn EventStore) -> Result<(), StoreError> {
        loop {
            let from = Expected::from(self.revision).first();
            let page = Page::forward(PAGE);
            let page = store.read_stream(&self.stream, from, page).await?;
            for recorded in &page {
                self.revision = Some(recorded.revision);
                let views = views_of(recorded)?;
                self.articles
                    .extend(views.iter().map(|viewed| viewed.article_id));
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }
}

impl Importer {
    /// Appends the views of posts that have any, unless they are in already.
    pub(super) async fn bring_views(&mut self, extras: &[Extras]) -> Result<(), ImportError> {
        let mut wanted = Vec::new();
        for one in extras.iter().filter(|one| one.views > 0) {
            let (line, what) = (one.line, What::Views(one.views));
            let Some(article_id) = self.known.post(one.post) else {
                continue;
            };
            let fate = if self.counted.articles.contains(&article_id) {
                Fate::AlreadyThere
            } else if let Err(rejection) = view::decide(one.article) {
                Fate::rejected(rejection)
            } else {
                wanted.push((one, article_id));
                continue;
            };
            self.tell(Told { line, what, fate });
        }
        for chunk in wanted.chunks(MAX_APPEND_EVENTS) {
            self.go_on()?;
            self.append_views(chunk).await?;
        }
        Ok(())
    }

    /// Appends the views of `chunk` together: each expects the one before it, and a log on a server takes
    /// appends that wait together in any order. If they do not find their place, somebody came in
    /// between, and what is left of them is done again behind it.
    async fn append_views(&mut self, chunk: &[(&Extras, ArticleId)]) -> Result<(), ImportError> {
        let mut left = chunk.to_vec();
        for _ in 0..MAX_ATTEMPTS {
            let events = left.iter().flat_map(|one| self.views(*one)).collect();
            let at = (&self.counted.stream, Expected::from(self.counted.revision));
            match append_encoded(&*self.commands.store, at, events).await {
                Ok(appended) => {
                    self.counted.revision = Some(appended.revision);
                    for (extras, article_id) in left {
                        self.counted.articles.insert(article_id);
                        self.tell_views(extras, Fate::Imported);
                    }
                    return Ok(());
                }
                Err(AppendError::WrongExpectedRevision { .. }) => {}
                Err(AppendError::Store(error)) => return Err(error.into()),
                Err(AppendError::Size) => {
                    return Err(Self::too_large(&self.counted.stream).into());
                }
            }
            self.counted.catch_up(&*self.commands.store).await?;
            let there = |(_, id): &(_, ArticleId)| self.counted.articles.contains(id);
            let (known, missing) = left.into_iter().partition::<Vec<_>, _>(there);
            for (extras, _) in known {
                self.tell_views(extras, Fate::AlreadyThere);
            }
            if missing.is_empty() {
                return Ok(());
            }
            left = missing;
        }
        Err(self.overtaken())
    }

    /// The event of a post's views.
    fn views(&self, (extras, article_id): (&Extras, ArticleId)) -> Vec<NewEvent> {
        let by = (system(), extras.at);
        let origin = origin_of(&self.source, Key::Post(extras.post), by);
        let count = extras.views;
        let views = vec![Viewed { article_id, count }];
        encode(&origin, &[Event::ArticlesViewed { views }])
    }

    fn tell_views(&mut self, extras: &Extras, fate: Fate) {
        let (line, what) = (extras.line, What::Views(extras.views));
        self.tell(Told { line, what, fate });
    }
}

fn views_of(recorded: &RecordedEvent) -> Result<Vec<Viewed>, StoreError> {
    let foreign = || recorded.corrupt(format!("{} tells of no views", recorded.event_type));
    let decoded = codec::decode(recorded, UPCASTERS).map_err(|e| recorded.corrupt(e.reason))?;
    match decoded {
        Decoded::Known(fact) => match fact.event {
            Event::ArticlesViewed { views } => Ok(views),
            _ => Err(foreign()),
        },
        Decoded::Unknown => Err(foreign()),
    }
}
