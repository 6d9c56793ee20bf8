//! What an import did, in numbers that add up to the lines of the file.

use std::collections::HashSet;

use serde::Serialize;

use super::record::{Extras, Line};
use crate::command::import::{Fate, Post, Told};
use crate::domain::article::ArticleRejection;

/// The most problems of one kind that are listed; the rest is counted.
const LISTED: usize = 1_000;

/// Why a line is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The line is no record.
    Broken,
    /// The line repeats the type and id of an earlier one.
    Duplicate,
    /// A rule refused the record.
    Rejected,
    /// The record was imported with changes.
    Repaired,
}

impl Kind {
    /// All kinds, worst first.
    pub const ALL: [Self; 4] = [
        Self::Broken,
        Self::Duplicate,
        Self::Rejected,
        Self::Repaired,
    ];

    /// As a person reads it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Repaired => "repaired",
        }
    }
}

/// A line that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which line.
    pub line: u64,
    /// What kind of problem.
    pub kind: Kind,
    /// What exactly.
    pub detail: String,
}

/// What became of the posts of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Posts {
    /// They are articles now.
    pub imported: u64,
    /// An earlier run brought them in.
    pub already_there: u64,
    /// A rule said no.
    pub rejected: u64,
    /// Earlier lines have the same ids.
    pub duplicate: u64,
    /// Read, but the import ended before their turn.
    pub unfinished: u64,
}

/// What became of the comments of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comments {
    /// In order, and waiting for a release that has comments.
    pub not_yet_possible: u64,
    /// Earlier lines have the same ids.
    pub duplicate: u64,
}

/// What became of the boards that posts name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Boards {
    /// Different names in the file.
    pub named: u64,
    /// Opened by this run.
    pub opened: u64,
}

/// What was counted and is not imported yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotImported {
    /// Views of posts and comments.
    pub views: u64,
    /// Likes by named authors.
    pub liked_by: u64,
    /// Likes that name nobody, which can never be imported.
    pub likes: u64,
}

/// The report. `lines` is the sum of `blank`, `broken` and all numbers of `posts` and `comments`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The source's name.
    pub source: String,
    /// Whether the whole file was gone through.
    pub complete: bool,
    /// Lines read.
    pub lines: u64,
    /// Lines of white space.
    pub blank: u64,
    /// Lines that are no records.
    pub broken: u64,
    /// Posts.
    pub posts: Posts,
    /// Comments.
    pub comments: Comments,
    /// Boards.
    pub boards: Boards,
    /// Posts that were changed to be importable, whether by this run or an earlier one.
    pub repaired: u64,
    /// Left out for now.
    pub not_imported: NotImported,
    /// Lines to look at: the first thousand of each kind.
    pub problems: Vec<Problem>,
    /// Further such lines, of any kind.
    pub problems_not_listed: u64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    #[serde(skip)]
    seen: Seen,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    posts: HashSet<u64>,
    comments: HashSet<u64>,
    boards: HashSet<String>,
    listed: [usize; Kind::ALL.len()],
}

impl Report {
    /// A report of an import of `source`, before the first line.
    pub fn of(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            ..Self::default()
        }
    }

    /// Whether everything in the file is where it should be, as far as that is possible yet.
    pub fn is_clean(&self) -> bool {
        let left_out = self.broken
            + self.posts.rejected
            + self.posts.duplicate
            + self.posts.unfinished
            + self.comments.duplicate;
        self.complete && left_out == 0
    }

    /// Counts a line; gives the post to import, if it is one.
    pub fn read(&mut self, number: u64, line: Line) -> Option<Box<Post>> {
        self.lines += 1;
        match line {
            Line::Blank => self.blank += 1,
            Line::Broken(detail) => {
                self.broken += 1;
                self.list(number, Kind::Broken, detail);
            }
            Line::Comment { id, extras } => self.read_comment(number, id, extras),
            Line::Post {
                post,
                repairs,
                extras,
            } => return self.read_post(post, &repairs, extras),
        }
        None
    }

    /// Counts what became of posts.
    pub fn hear(&mut self, told: Vec<Told>) {
        for Told { line, fate } in told {
            self.posts.unfinished -= 1;
            match fate {
                Fate::Imported => self.posts.imported += 1,
                Fate::AlreadyThere => self.posts.already_there += 1,
                Fate::Rejected(rejection) => {
                    self.posts.rejected += 1;
                    self.list(line, Kind::Rejected, explain(rejection));
                }
            }
        }
    }

    fn read_comment(&mut self, number: u64, id: u64, extras: Extras) {
        if self.seen.comments.insert(id) {
            self.comments.not_yet_possible += 1;
            self.set_aside(extras);
        } else {
            self.comments.duplicate += 1;
            self.list(number, Kind::Duplicate, format!("a second comment {id}"));
        }
    }

    fn read_post(
        &mut self,
        post: Box<Post>,
        repairs: &[String],
        extras: Extras,
    ) -> Option<Box<Post>> {
        if !self.seen.posts.insert(post.id) {
            self.posts.duplicate += 1;
            let detail = format!("a second post {}", post.id);
            self.list(post.line, Kind::Duplicate, detail);
            return None;
        }
        self.set_aside(extras);
        if !self.seen.boards.contains(post.board.as_str()) {
            self.seen.boards.insert(post.board.as_str().to_owned());
            self.boards.named += 1;
        }
        if !repairs.is_empty() {
            self.repaired += 1;
            self.list(post.line, Kind::Repaired, repairs.join("; "));
        }
        self.posts.unfinished += 1;
        Some(post)
    }

    fn set_aside(&mut self, extras: Extras) {
        let sums = &mut self.not_imported;
        sums.views = sums.views.saturating_add(extras.views);
        sums.liked_by = sums.liked_by.saturating_add(extras.liked_by);
        sums.likes = sums.likes.saturating_add(extras.likes);
    }

    fn list(&mut self, line: u64, kind: Kind, detail: String) {
        let listed = &mut self.seen.listed[kind as usize];
        if *listed < LISTED {
            *listed += 1;
            self.problems.push(Problem { line, kind, detail });
        } else {
            self.problems_not_listed += 1;
        }
    }
}

fn explain(rejection: ArticleRejection) -> String {
    rejection.to_string()
}
