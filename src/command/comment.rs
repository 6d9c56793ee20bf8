//! What people do to comments.

use super::execute::{Loaded, execute};
use super::{CommandError, Commands, Done, Origin, load};
use crate::domain::article::{Article, ArticleStanding};
use crate::domain::board::{Board, CommentDepth};
use crate::domain::comment::{Comment, CommentCommand, CommentRejection, Parent, decide};
use crate::domain::text::{Content, WriterName};
use crate::domain::{ArticleId, CommentId, Revision};
use crate::event_store::{Position, StoreError, StreamName};

/// What a comment command ends in.
pub type CommentOutcome = Result<Done<Comment>, CommandError<CommentRejection>>;

/// A comment about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentDraft {
    /// Under which article.
    pub article_id: ArticleId,
    /// What it replies to; `None` for the root of a thread.
    pub parent_id: Option<CommentId>,
    /// What it says.
    pub content: Content,
    /// The writer's name as readers will see it.
    pub writer_name: WriterName,
}

/// What an article and its board say to new comments, as far as their newest revisions tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    /// How the article stands.
    pub(super) article: ArticleStanding,
    /// How deep the threads of its board may grow.
    pub(super) max_depth: CommentDepth,
    /// The newest event that was read.
    pub(super) read: Option<Position>,
}

/// What a new comment depends on, as far as the newest revisions tell.
pub(super) struct Surroundings {
    /// The article and its board.
    pub(super) ground: Ground,
    /// What it replies to.
    pub(super) parent: Parent,
    /// The newest event of the parent that was read.
    pub(super) read: Option<Position>,
}

impl Commands {
    /// Writes a comment under a new id. Three reads (of the article, its board and the parent), one
    /// append.
    pub async fn create_comment(&self, origin: &Origin, draft: CommentDraft) -> CommentOutcome {
        let surroundings = self.surroundings(&draft).await?;
        let comment_id = CommentId(self.ids.next().await?);
        self.write(origin, comment_id, (draft, surroundings)).await
    }

    /// Writes a comment under an id that was fixed before. Doing it again under the same command id
    /// is the same command.
    pub async fn create_comment_as(
        &self,
        origin: &Origin,
        comment_id: CommentId,
        draft: CommentDraft,
    ) -> CommentOutcome {
        let surroundings = self.surroundings(&draft).await?;
        self.write(origin, comment_id, (draft, surroundings)).await
    }

    /// Writes a comment under an id that was fixed before, in surroundings that the caller has read.
    /// One append, no read.
    pub(super) async fn create_comment_in(
        &self,
        origin: &Origin,
        comment_id: CommentId,
        (draft, surroundings): (CommentDraft, Surroundings),
    ) -> CommentOutcome {
        self.write(origin, comment_id, (draft, surroundings)).await
    }

    /// Replaces a comment's text, if it still stands at `if_match`. Two reads, one append.
    pub async fn update_comment(
        &self,
        origin: &Origin,
        (comment_id, if_match): (CommentId, Option<Revision>),
        content: Content,
    ) -> CommentOutcome {
        let by = origin.actor.clone();
        let command = |article| CommentCommand::Update {
            by,
            article,
            content,
            if_match,
        };
        self.change_comment(origin, comment_id, command).await
    }

    /// Removes a comment, if it still stands at `if_match`. Two reads, one append.
    pub async fn delete_comment(
        &self,
        origin: &Origin,
        (comment_id, if_match): (CommentId, Option<Revision>),
        moderator: bool,
    ) -> CommentOutcome {
        let by = origin.actor.clone();
        let command = |article| CommentCommand::Delete {
            by,
            article,
            moderator,
            if_match,
        };
        self.change_comment(origin, comment_id, command).await
    }

    async fn surroundings(&self, draft: &CommentDraft) -> Result<Surroundings, StoreError> {
        let parent = async {
            match draft.parent_id {
                None => Ok((Parent::Article, None)),
                Some(parent_id) => self.parent(parent_id).await,
            }
        };
        let (ground, (parent, read)) = tokio::try_join!(self.ground(draft.article_id), parent)?;
        Ok(Surroundings {
            ground,
            parent,
            read,
        })
    }

    /// What an article says to new comments. Two reads.
    pub(super) async fn ground(&self, article_id: ArticleId) -> Result<Ground, StoreError> {
        let article = load::<Article>(&*self.store, &StreamName::article(article_id)).await?;
        let board = match &article.state {
            Some(article) => self.board(article).await?,
            None => Loaded::nothing(),
        };
        let depth = |board: Board| board.settings.max_comment_depth;
        Ok(Ground {
            article: ArticleStanding::of(article.state.as_ref()),
            max_depth: board.state.map(depth).unwrap_or_default(),
            read: article.position.max(board.position),
        })
    }

    async fn board(&self, article: &Article) -> Result<Loaded<Board>, StoreError> {
        load(&*self.store, &StreamName::board(article.board_id)).await
    }

    /// What a comment says to replies, and the newest event that was read to know. One read.
    pub(super) async fn parent(
        &self,
        comment_id: CommentId,
    ) -> Result<(Parent, Option<Position>), StoreError> {
        let parent = load::<Comment>(&*self.store, &StreamName::comment(comment_id)).await?;
        Ok((Parent::of(parent.state.as_ref()), parent.position))
    }

    async fn write(
        &self,
        origin: &Origin,
        comment_id: CommentId,
        (draft, surroundings): (CommentDraft, Surroundings),
    ) -> CommentOutcome {
        let command = CommentCommand::Create {
            comment_id,
            article_id: draft.article_id,
            article: surroundings.ground.article,
            max_depth: surroundings.ground.max_depth,
            parent: surroundings.parent,
            content: draft.content,
            writer_name: draft.writer_name,
        };
        let stream = StreamName::comment(comment_id);
        let new = (&stream, Loaded::nothing());
        let decide = |state: Option<&_>| decide(command.clone(), state);
        let outcome = execute(&*self.store, new, origin, decide).await;
        let read = surroundings.ground.read.max(surroundings.read);
        outcome.map_err(|error| error.having_read(read))
    }

    async fn change_comment(
        &self,
        origin: &Origin,
        comment_id: CommentId,
        command: impl FnOnce(ArticleStanding) -> CommentCommand,
    ) -> CommentOutcome {
        let stream = StreamName::comment(comment_id);
        let loaded = load::<Comment>(&*self.store, &stream).await?;
        let article = match &loaded.state {
            Some(comment) => {
                let article = StreamName::article(comment.article_id);
                load::<Article>(&*self.store, &article).await?
            }
            None => Loaded::nothing(),
        };
        let command = command(ArticleStanding::of(article.state.as_ref()));
        let decide = |state: Option<&_>| decide(command.clone(), state);
        let outcome = execute(&*self.store, (&stream, loaded), origin, decide).await;
        outcome.map_err(|error| error.having_read(article.position))
    }
}
