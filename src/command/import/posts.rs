//! Posts into articles.

use super::boards::Standings;
use super::names::{Key, origin_of};
use super::together::together;
use super::{Fate, IN_FLIGHT, ImportError, Importer, Post, Told};
use crate::command::CommandError;
use crate::command::article::Draft;
use crate::domain::Revision;
use crate::domain::article::ArticleRejection;
use crate::event_store::{Page, StreamName};

impl Importer {
    /// Keeps those of `posts`, planned by an earlier run, that are not there. An article that was
    /// changed or deleted since is there all the same.
    pub(super) async fn missing(&mut self, posts: Vec<Post>) -> Result<Vec<Post>, ImportError> {
        let mut missing = Vec::new();
        let mut posts = posts.into_iter();
        while posts.len() > 0 {
            self.go_on()?;
            let chunk: Vec<Post> = posts.by_ref().take(IN_FLIGHT).collect();
            let this = &*self;
            let there = together(chunk.iter().map(|post| this.is_there(post.id))).await;
            for (post, there) in chunk.into_iter().zip(there) {
                if there? {
                    self.tell(post.line, Fate::AlreadyThere);
                } else {
                    missing.push(post);
                }
            }
        }
        Ok(missing)
    }

    async fn is_there(&self, post: u64) -> Result<bool, ImportError> {
        let Some(id) = self.known.post(post) else {
            return Ok(false);
        };
        let store = &self.commands.store;
        let first = store
            .read_stream(&StreamName::article(id), Revision::FIRST, Page::forward(1))
            .await?;
        Ok(!first.is_empty())
    }

    /// Posts `posts`, all planned, on boards that stand as given.
    pub(super) async fn post(
        &mut self,
        posts: Vec<Post>,
        boards: &Standings,
    ) -> Result<(), ImportError> {
        let mut posts = posts.into_iter();
        while posts.len() > 0 {
            self.go_on()?;
            let chunk: Vec<Post> = posts.by_ref().take(IN_FLIGHT).collect();
            let lines: Vec<u64> = chunk.iter().map(|post| post.line).collect();
            let this = &*self;
            let fates = together(chunk.into_iter().map(|post| this.create(post, boards))).await;
            let mut failed = None;
            for (line, fate) in lines.into_iter().zip(fates) {
                match fate {
                    Ok(fate) => self.tell(line, fate),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            failed.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    async fn create(&self, post: Post, boards: &Standings) -> Result<Fate, ImportError> {
        let board = boards.get(post.board.as_str());
        let Some((article_id, (board_id, standing))) = self.known.post(post.id).zip(board.copied())
        else {
            return Ok(Fate::Rejected(ArticleRejection::BoardNotFound));
        };
        let by = (post.author, post.created_at);
        let origin = origin_of(&self.source, Key::Post(post.id), by);
        let draft = Draft {
            board_id,
            text: post.text,
            writer_name: post.writer_name,
        };
        let created = self
            .commands
            .create_article_on(&origin, article_id, (draft, standing));
        match created.await {
            Ok(_) => Ok(Fate::Imported),
            Err(CommandError::Rejected { rejection, .. }) => Ok(match rejection {
                ArticleRejection::Exists => Fate::AlreadyThere,
                other => Fate::Rejected(other),
            }),
            Err(error) => Err(ImportError::of(error, |_| ImportError::Conflict)),
        }
    }

    fn tell(&mut self, line: u64, fate: Fate) {
        self.told.push(Told { line, fate });
    }
}
