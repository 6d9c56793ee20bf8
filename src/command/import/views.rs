//! The views that come with posts: one event for each post, in a stream of the source's own.
//!
//! The event stands under the command id of its post, so its id is that of the event of the
//! article. That is fine: event ids tell events of one stream apart, and these are in two.

use std::collections::HashSet;

use super::found::Extras;
use super::names::{Key, origin_of, system};
use super::together::together;
use super::{Fate, IN_FLIGHT, ImportError, Importer, Source, Told, What};
use crate::command::execute::append;
use crate::domain::view::{self, Viewed};
use crate::domain::{ArticleId, Event, Revision};
use crate::event_store::codec::{self, Decoded, UPCASTERS};
use crate::event_store::{
    AppendError, EventStore, Expected, Page, RecordedEvent, StoreError, StreamName,
};

/// Events that are read at once; each holds one article and a number.
const PAGE: usize = 1_000;
/// How often appends are done again behind what came in between.
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

    /// Where the appends belong that follow now, one event each.
    fn places(&self) -> impl Iterator<Item = Expected> + use<> {
        let mut revision = self.revision;
        std::iter::from_fn(move || {
            let place = Expected::from(revision);
            revision = Some(place.first());
            Some(place)
        })
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
        for chunk in wanted.chunks(IN_FLIGHT) {
            self.go_on()?;
            self.append_views(chunk).await?;
        }
        Ok(())
    }

    /// Appends in the order of `chunk`, all at once: each expects the one before it, which is in
    /// the log's queue already. If one does not find its place, somebody (perhaps a repetition of
    /// an append whose outcome was unknown) came in between, and the rest is done again behind it.
    async fn append_views(&mut self, chunk: &[(&Extras, ArticleId)]) -> Result<(), ImportError> {
        let mut left: Vec<_> = chunk.iter().collect();
        for _ in 0..MAX_ATTEMPTS {
            let this = &*self;
            let appended = together(left.iter().zip(this.counted.places()).map(
                async |((extras, article_id), place)| {
                    this.append_view(extras, *article_id, place).await
                },
            ));
            let mut again = Vec::new();
            let mut failed = None;
            for (one, appended) in left.iter().zip(appended.await) {
                match appended {
                    Ok(revision) => {
                        self.counted.revision = Some(revision);
                        self.counted.articles.insert(one.1);
                        self.tell_views(one.0, Fate::Imported);
                    }
                    Err(AppendError::WrongExpectedRevision { .. }) => again.push(*one),
                    Err(AppendError::Store(error)) => failed = failed.or(Some(error)),
                    Err(AppendError::Size) => {
                        failed = failed.or(Some(Self::too_large(&self.counted.stream)));
                    }
                }
            }
            failed.map_or(Ok(()), Err)?;
            if again.is_empty() {
                return Ok(());
            }
            self.counted.catch_up(&*self.commands.store).await?;
            left.clear();
            for one in again {
                if self.counted.articles.contains(&one.1) {
                    self.tell_views(one.0, Fate::AlreadyThere);
                } else {
                    left.push(one);
                }
            }
        }
        Err(self.overtaken())
    }

    async fn append_view(
        &self,
        extras: &Extras,
        article_id: ArticleId,
        place: Expected,
    ) -> Result<Revision, AppendError> {
        let by = (system(), extras.at);
        let origin = origin_of(&self.source, Key::Post(extras.post), by);
        let count = extras.views;
        let views = vec![Viewed { article_id, count }];
        let at = (&self.counted.stream, place);
        let event = Event::ArticlesViewed { views };
        append(&*self.commands.store, at, &origin, &[event]).await?;
        Ok(place.first())
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
