//! Views: how often articles were read. Nobody's view is kept, only how many there were; that one
//! user counts once in a while is looked after before anything is decided (`command::view`).

use super::article::ArticleStanding;
use super::id::ArticleId;

/// The most articles that one `ArticlesViewed` speaks of.
pub const MAX_VIEWED: usize = 10_000;

/// How often an article was viewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewed {
    /// Which article.
    pub article_id: ArticleId,
    /// How often, at least once.
    pub count: u64,
}

/// Why a rule said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewRejection {
    /// There never was such an article.
    #[error("there is no such article")]
    ArticleNotFound,
    /// The article was deleted.
    #[error("the article was deleted")]
    ArticleDeleted,
}

/// Whether an article can be viewed.
pub fn decide(article: ArticleStanding) -> Result<(), ViewRejection> {
    match article {
        ArticleStanding::Missing => Err(ViewRejection::ArticleNotFound),
        ArticleStanding::Deleted => Err(ViewRejection::ArticleDeleted),
        ArticleStanding::Live => Ok(()),
    }
}
