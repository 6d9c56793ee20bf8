//! What users think of articles.

use super::execute::{Loaded, settle};
use super::{CommandError, Commands, Origin, load};
use crate::domain::ArticleId;
use crate::domain::article::{Article, ArticleStanding};
use crate::domain::like::{LikeCommand, LikeRejection, decide};
use crate::event_store::{Position, StreamName};

/// What a like, or the end of one, ends in: where the newest event stands that tells of it. If there
/// is none, since who never liked an article can like it no less: the article's own.
pub type LikeOutcome = Result<Position, CommandError<LikeRejection>>;

impl Commands {
    /// Says that the caller likes an article (or no more does). Saying it again changes nothing.
    /// One read (of the article); a like one append, and if it is not the first word, one read more;
    /// the end of one a read and an append.
    pub async fn like(&self, origin: &Origin, article_id: ArticleId, liked: bool) -> LikeOutcome {
        let article = load::<Article>(&*self.store, &StreamName::article(article_id)).await?;
        let command = LikeCommand {
            article_id,
            article: ArticleStanding::of(article.state.as_ref()),
            user_id: origin.actor.clone(),
            liked,
        };
        let said = self.say(origin, command).await;
        let said = said.map_err(|error| error.having_read(article.position))?;
        let position = said.or(article.position);
        position.ok_or(CommandError::Conflict { position })
    }

    /// Says what `command` says of an article that the caller has read: where the newest event
    /// stands that tells of it, if one does.
    pub(super) async fn say(
        &self,
        origin: &Origin,
        command: LikeCommand,
    ) -> Result<Option<Position>, CommandError<LikeRejection>> {
        let stream = StreamName::like(command.article_id, &command.user_id);
        // Most likes are the first word of a user on an article; if not, the append will say so.
        let loaded = if command.liked {
            Loaded::nothing()
        } else {
            load(&*self.store, &stream).await?
        };
        let decide = |state: Option<&_>| decide(command.clone(), state);
        let settled = settle(&*self.store, (&stream, loaded), origin, decide).await?;
        Ok(settled.position)
    }
}
