//! What people do to articles.

use super::execute::{Loaded, execute};
use super::{CommandError, Commands, Done, Origin, load};
use crate::domain::article::{
    Article, ArticleCommand, ArticleRejection, BoardStanding, Text, decide,
};
use crate::domain::board::Board;
use crate::domain::text::WriterName;
use crate::domain::{ArticleId, BoardId, Revision};
use crate::event_store::{Position, StreamName};

/// What an article command ends in.
pub type ArticleOutcome = Result<Done<Article>, CommandError<ArticleRejection>>;

/// An article about to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where.
    pub board_id: BoardId,
    /// What it says.
    pub text: Text,
    /// The writer's name as readers will see it.
    pub writer_name: WriterName,
}

impl Commands {
    /// Posts an article under a new id. One read (of the board), one append.
    pub async fn create_article(&self, origin: &Origin, draft: Draft) -> ArticleOutcome {
        let standing = self.board_standing(draft.board_id).await?;
        let article_id = ArticleId(self.ids.next().await?);
        self.create(
            origin,
            create(article_id, draft, standing.0),
            (article_id, standing.1),
        )
        .await
    }

    /// Posts an article under an id that was fixed before. Doing it again under the same command
    /// id is the same command.
    pub async fn create_article_as(
        &self,
        origin: &Origin,
        article_id: ArticleId,
        draft: Draft,
    ) -> ArticleOutcome {
        let standing = self.board_standing(draft.board_id).await?;
        self.create(
            origin,
            create(article_id, draft, standing.0),
            (article_id, standing.1),
        )
        .await
    }

    /// Posts an article under an id that was fixed before, on a board that the caller has read.
    /// One append, no read.
    pub(super) async fn create_article_on(
        &self,
        origin: &Origin,
        article_id: ArticleId,
        (draft, board): (Draft, BoardStanding),
    ) -> ArticleOutcome {
        let command = create(article_id, draft, board);
        self.create(origin, command, (article_id, None)).await
    }

    /// Replaces an article's text, if it still stands at `if_match`. One read, one append.
    pub async fn update_article(
        &self,
        origin: &Origin,
        (article_id, if_match): (ArticleId, Option<Revision>),
        text: Text,
    ) -> ArticleOutcome {
        let by = origin.actor.clone();
        self.change(
            origin,
            article_id,
            ArticleCommand::Update { by, text, if_match },
        )
        .await
    }

    /// Removes an article, if it still stands at `if_match`. One read, one append.
    pub async fn delete_article(
        &self,
        origin: &Origin,
        (article_id, if_match): (ArticleId, Option<Revision>),
        moderator: bool,
    ) -> ArticleOutcome {
        let by = origin.actor.clone();
        let delete = ArticleCommand::Delete {
            by,
            moderator,
            if_match,
        };
        let outcome = self.change(origin, article_id, delete).await;
        // Also after an error: what could not be confirmed may have been done.
        self.deletions.changed(&article_id);
        outcome
    }

    async fn create(
        &self,
        origin: &Origin,
        command: ArticleCommand,
        (article_id, read): (ArticleId, Option<Position>),
    ) -> ArticleOutcome {
        let new = (&StreamName::article(article_id), Loaded::nothing());
        let outcome = execute(&*self.store, new, origin, |state| {
            decide(command.clone(), state)
        })
        .await;
        outcome.map_err(|error| error.having_read(read))
    }

    async fn change(
        &self,
        origin: &Origin,
        article_id: ArticleId,
        command: ArticleCommand,
    ) -> ArticleOutcome {
        let stream = StreamName::article(article_id);
        let loaded = load(&*self.store, &stream).await?;
        execute(&*self.store, (&stream, loaded), origin, |state| {
            decide(command.clone(), state)
        })
        .await
    }

    /// How a board stands now, and the newest event that was read to know.
    async fn board_standing(
        &self,
        board_id: BoardId,
    ) -> Result<(BoardStanding, Option<Position>), CommandError<ArticleRejection>> {
        let board = load::<Board>(&*self.store, &StreamName::board(board_id)).await?;
        Ok((BoardStanding::of(board.state.as_ref()), board.position))
    }
}

fn create(article_id: ArticleId, draft: Draft, board: BoardStanding) -> ArticleCommand {
    let Draft {
        board_id,
        text,
        writer_name,
    } = draft;
    ArticleCommand::Create {
        article_id,
        board_id,
        board,
        text,
        writer_name,
    }
}
