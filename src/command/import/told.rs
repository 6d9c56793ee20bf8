//! What an import has to tell of its records.

use crate::domain::article::ArticleRejection;
use crate::domain::comment::CommentRejection;
use crate::domain::like::LikeRejection;
use crate::domain::view::ViewRejection;

/// What the news is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The post on the line.
    Post,
    /// The comment on the line.
    Comment {
        /// The depth at which it hangs on an ancestor, if its board does not allow the place that
        /// the source gives it.
        hangs: Option<u8>,
    },
    /// So many views of the post on the line.
    Views(u64),
    /// So many likes of the post on the line.
    Likes(u64),
}

/// Why a rule said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// To a post.
    #[error(transparent)]
    Post(#[from] ArticleRejection),
    /// To a comment.
    #[error(transparent)]
    Comment(#[from] CommentRejection),
    /// To views.
    #[error(transparent)]
    Views(#[from] ViewRejection),
    /// To likes.
    #[error(transparent)]
    Likes(#[from] LikeRejection),
}

impl Refusal {
    /// Whether this is about views or likes of a post that is not there, which follows from what
    /// was told of the post.
    pub fn follows_from_the_post(self) -> bool {
        matches!(
            self,
            Self::Views(ViewRejection::ArticleNotFound)
                | Self::Likes(LikeRejection::ArticleNotFound)
        )
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the log now.
    Imported,
    /// An earlier run brought it in.
    AlreadyThere,
    /// A rule said no.
    Rejected(Refusal),
}

impl Fate {
    pub(super) fn rejected(refusal: impl Into<Refusal>) -> Self {
        Self::Rejected(refusal.into())
    }
}

/// News of what stands on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which line.
    pub line: u64,
    /// What of it.
    pub what: What,
    /// What became of that.
    pub fate: Fate,
}
