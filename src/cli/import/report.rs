//! What an import did, in numbers that add up to the lines of the file.

use std::collections::HashSet;

use serde::Serialize;

use super::record::{LeftOut, Line};
use crate::command::import::{Comment, Fate, Post, Record, Refusal, Told, What};

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

/// What became of the posts of the file, of its comments, of the views or of the likes of its posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// They are in the log now.
    pub imported: u64,
    /// An earlier run brought them in.
    pub already_there: u64,
    /// A rule said no.
    pub rejected: u64,
    /// Earlier lines have the same ids; or an author is named twice.
    pub duplicate: u64,
    /// Read, but the import ended before their turn.
    pub unfinished: u64,
}

impl Counts {
    fn read(&mut self, count: u64) {
        self.unfinished = self.unfinished.saturating_add(count);
    }

    fn repeated(&mut self, count: u64) {
        self.duplicate = self.duplicate.saturating_add(count);
    }

    fn hear(&mut self, count: u64, fate: Fate) {
        self.unfinished = self.unfinished.saturating_sub(count);
        let sum = match fate {
            Fate::Imported => &mut self.imported,
            Fate::AlreadyThere => &mut self.already_there,
            Fate::Rejected(_) => &mut self.rejected,
        };
        *sum = sum.saturating_add(count);
    }

    /// How many are not where they should be.
    fn lost(&self) -> u64 {
        self.rejected.saturating_add(self.unfinished)
    }
}

/// What became of the boards that posts name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Boards {
    /// Different names in the file.
    pub named: u64,
    /// Opened by this run.
    pub opened: u64,
}

/// What was counted and has no place in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotImported {
    /// Views of comments.
    pub views: u64,
    /// Likes of comments by named authors, and likes by an empty name.
    pub liked_by: u64,
    /// Likes that name nobody.
    pub likes: u64,
}

/// The report. `lines` is the sum of `blank`, `broken` and all numbers of `posts` and `comments`. All
/// numbers of `views` and `not_imported.views` are the sum of the file's `views`; all of `likes` and
/// `not_imported.liked_by` are the authors of its `liked_by`.
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
    pub posts: Counts,
    /// Comments.
    pub comments: Counts,
    /// Views of posts.
    pub views: Counts,
    /// Likes of posts by named authors.
    pub likes: Counts,
    /// Boards.
    pub boards: Boards,
    /// Posts and comments that were changed to be importable, whether by this run or an earlier
    /// one.
    pub repaired: u64,
    /// Left out.
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
    /// Lines whose texts were repaired, until it is known what became of them.
    repaired: HashSet<u64>,
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

    /// Whether everything in the file that has a place in the log is there.
    pub fn is_clean(&self) -> bool {
        let counts = [self.posts, self.comments, self.views, self.likes];
        let repeated_lines = self.posts.duplicate + self.comments.duplicate;
        let lost = counts.iter().any(|counts| counts.lost() > 0);
        self.complete && self.broken == 0 && repeated_lines == 0 && !lost
    }

    /// Counts a line; gives the record to import, if it is one.
    pub fn read(&mut self, number: u64, line: Line) -> Option<Record> {
        self.lines += 1;
        match line {
            Line::Blank => self.blank += 1,
            Line::Broken(detail) => {
                self.broken += 1;
                self.list(number, Kind::Broken, detail);
            }
            Line::Record {
                record,
                repairs,
                left_out,
            } => {
                self.set_aside(left_out);
                let first = match &record {
                    Record::Post(post) => self.read_post(post, left_out.repeated),
                    Record::Comment(comment) => self.read_comment(comment),
                };
                if first && !repairs.is_empty() {
                    self.seen.repaired.insert(number);
                    self.repair(number, repairs.join("; "));
                }
                return first.then_some(record);
            }
        }
        None
    }

    /// Counts what became of records.
    pub fn hear(&mut self, told: Vec<Told>) {
        for Told { line, what, fate } in told {
            match what {
                What::Post => self.posts.hear(1, fate),
                What::Comment { hangs } => {
                    self.comments.hear(1, fate);
                    if let Some(depth) = hangs {
                        self.hung(line, depth);
                    }
                }
                What::Views(count) => self.views.hear(count, fate),
                What::Likes(count) => self.likes.hear(count, fate),
            }
            if matches!(what, What::Post | What::Comment { .. }) {
                self.seen.repaired.remove(&line);
            }
            if let Fate::Rejected(refusal) = fate
                && !refusal.follows_from_the_post()
            {
                self.list(line, Kind::Rejected, explain(what, refusal));
            }
        }
    }

    /// Whether the post is the first of its id.
    fn read_post(&mut self, post: &Post, repeated_likes: u64) -> bool {
        let likes = post.liked_by.len() as u64;
        self.likes.repeated(repeated_likes);
        if !self.seen.posts.insert(post.id) {
            self.posts.repeated(1);
            self.views.repeated(post.views);
            self.likes.repeated(likes);
            let detail = format!("a second post {}", post.id);
            self.list(post.line, Kind::Duplicate, detail);
            return false;
        }
        if !self.seen.boards.contains(post.board.as_str()) {
            self.seen.boards.insert(post.board.as_str().to_owned());
            self.boards.named += 1;
        }
        self.posts.read(1);
        self.views.read(post.views);
        self.likes.read(likes);
        true
    }

    /// Whether the comment is the first of its id.
    fn read_comment(&mut self, comment: &Comment) -> bool {
        let first = self.seen.comments.insert(comment.id);
        if first {
            self.comments.read(1);
        } else {
            self.comments.repeated(1);
            let detail = format!("a second comment {}", comment.id);
            self.list(comment.line, Kind::Duplicate, detail);
        }
        first
    }

    fn hung(&mut self, line: u64, depth: u8) {
        let detail = format!("too deep for its board: it hangs on an ancestor, at depth {depth}");
        if self.seen.repaired.contains(&line) {
            // Counted already, for its texts.
            self.list(line, Kind::Repaired, detail);
        } else {
            self.repair(line, detail);
        }
    }

    fn repair(&mut self, line: u64, detail: String) {
        self.repaired += 1;
        self.list(line, Kind::Repaired, detail);
    }

    fn set_aside(&mut self, left_out: LeftOut) {
        let sums = &mut self.not_imported;
        sums.views = sums.views.saturating_add(left_out.views);
        sums.liked_by = sums.liked_by.saturating_add(left_out.liked_by);
        sums.likes = sums.likes.saturating_add(left_out.likes);
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

fn explain(what: What, refusal: Refusal) -> String {
    match what {
        What::Post | What::Comment { .. } => refusal.to_string(),
        What::Views(count) => format!("its {count} views: {refusal}"),
        What::Likes(count) => format!("{count} of its likes: {refusal}"),
    }
}
