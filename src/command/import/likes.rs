//! The likes that come with posts, by named authors.

use super::found::Extras;
use super::names::origin_of_like;
use super::together::together;
use super::{Fate, IN_FLIGHT, ImportError, Importer, Told, What};
use crate::command::{CommandError, load};
use crate::domain::article::ArticleStanding;
use crate::domain::like::{Like, LikeCommand};
use crate::domain::{ArticleId, UserId};
use crate::event_store::StreamName;

/// A like of a post.
#[derive(Clone, Copy)]
struct Liked<'a> {
    extras: &'a Extras,
    article_id: ArticleId,
    by: &'a UserId,
}

impl Importer {
    /// Says for each author of `liked_by` that they like the article, unless they did before. What
    /// they may have said since stays.
    pub(super) async fn bring_likes(&mut self, extras: &[Extras]) -> Result<(), ImportError> {
        let mut likes = Vec::new();
        for extras in extras {
            let Some(article_id) = self.known.post(extras.post) else {
                continue;
            };
            likes.extend(extras.liked_by.iter().map(|by| Liked {
                extras,
                article_id,
                by,
            }));
        }
        for chunk in likes.chunks(IN_FLIGHT) {
            self.go_on()?;
            let this = &*self;
            // All are read before any is appended, so that they are appended in file order.
            let there = together(chunk.iter().map(|like| this.is_liked(*like))).await;
            let there: Vec<bool> = there.into_iter().collect::<Result<_, _>>()?;
            let said = together(chunk.iter().zip(there).map(async |(like, there)| {
                if there {
                    return Ok(Fate::AlreadyThere);
                }
                this.like(*like).await
            }))
            .await;
            let mut failed = None;
            for (like, fate) in chunk.iter().zip(said) {
                match fate {
                    Ok(fate) => self.tell_like(like.extras.line, fate),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            failed.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// Whether the author has ever said anything of the article.
    async fn is_liked(&self, like: Liked<'_>) -> Result<bool, ImportError> {
        if like.extras.new || like.extras.article == ArticleStanding::Missing {
            return Ok(false);
        }
        let stream = StreamName::like(like.article_id, like.by);
        let said = load::<Like>(&*self.commands.store, &stream).await?;
        Ok(said.state.is_some())
    }

    async fn like(&self, like: Liked<'_>) -> Result<Fate, ImportError> {
        let Liked {
            extras,
            article_id,
            by,
        } = like;
        let origin = origin_of_like(&self.source, extras.post, (by.clone(), extras.at));
        let command = LikeCommand {
            article_id,
            article: extras.article,
            user_id: by.clone(),
            liked: true,
        };
        match self.commands.say(&origin, command).await {
            Ok(_) => Ok(Fate::Imported),
            Err(CommandError::Rejected { rejection, .. }) => Ok(Fate::rejected(rejection)),
            Err(error) => Err(ImportError::of(error, |_| ImportError::Conflict)),
        }
    }

    /// Tells of one more like; those of a line that fare alike are told together.
    fn tell_like(&mut self, line: u64, fate: Fate) {
        match self.told.last_mut() {
            Some(Told {
                line: of,
                what: What::Likes(count),
                fate: same,
            }) if *of == line && *same == fate => *count += 1,
            _ => {
                let what = What::Likes(1);
                self.tell(Told { line, what, fate });
            }
        }
    }
}
