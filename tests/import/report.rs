//! The numbers of a report.

use madang::cli::import::record::{LeftOut, Line};
use madang::cli::import::report::{Counts, Kind, Report};
use madang::command::import::{Fate, Record, Refusal, Told, What};
use madang::domain::article::ArticleRejection;
use madang::domain::comment::CommentRejection;
use madang::domain::view::ViewRejection;

use super::log::{comment, liked, post};

fn read(report: &mut Report, line: u64, record: impl Into<Record>) -> bool {
    let mut record = record.into();
    match &mut record {
        Record::Post(post) => post.line = line,
        Record::Comment(comment) => comment.line = line,
    }
    let (repairs, left_out) = (Vec::new(), LeftOut::default());
    let read = Line::Record {
        record,
        repairs,
        left_out,
    };
    report.read(line, read).is_some()
}

fn told(line: u64, what: What, fate: Fate) -> Told {
    Told { line, what, fate }
}

const COMMENT: What = What::Comment { hangs: None };

fn closed() -> Fate {
    Fate::Rejected(Refusal::Post(ArticleRejection::BoardClosed))
}

fn total(counts: Counts) -> u64 {
    counts.imported + counts.already_there + counts.rejected + counts.duplicate + counts.unfinished
}

fn sum(report: &Report) -> u64 {
    report.blank + report.broken + total(report.posts) + total(report.comments)
}

fn listed(report: &Report) -> Vec<(u64, Kind)> {
    report.problems.iter().map(|p| (p.line, p.kind)).collect()
}

#[test]
fn every_line_is_counted_once() {
    let mut report = Report::of("elsewhere");
    report.read(1, Line::Blank);
    report.read(2, Line::Broken("why".to_owned()));
    for (line, id) in [(3, 1), (4, 1), (5, 2), (6, 3), (7, 4)] {
        assert_eq!(read(&mut report, line, post(id, "a")), line != 4);
    }
    for (line, id) in [(8, 1), (9, 1), (10, 2)] {
        assert_eq!(read(&mut report, line, comment(id, 1, None)), line != 9);
    }
    let orphan = Fate::Rejected(Refusal::Comment(CommentRejection::ParentNotFound));
    report.hear(vec![
        told(3, What::Post, Fate::Imported),
        told(5, What::Post, Fate::AlreadyThere),
        told(6, What::Post, closed()),
        told(8, COMMENT, orphan),
    ]);
    assert_eq!((report.lines, sum(&report)), (10, 10));
    assert_eq!((report.posts.unfinished, report.posts.duplicate), (1, 1));
    assert_eq!(
        (report.comments.rejected, report.comments.unfinished),
        (1, 1)
    );
    let expected = [
        (2, Kind::Broken),
        (4, Kind::Duplicate),
        (9, Kind::Duplicate),
        (6, Kind::Rejected),
        (8, Kind::Rejected),
    ];
    assert_eq!(listed(&report), expected);
}

#[test]
fn every_view_and_like_is_counted_once() {
    let mut report = Report::of("elsewhere");
    for (line, id) in [(1, 10), (2, 20), (3, 10), (4, 40)] {
        read(&mut report, line, liked(post(id, "a"), 3));
    }
    report.hear(vec![
        told(1, What::Views(10), Fate::Imported),
        told(1, What::Likes(2), Fate::Imported),
        told(1, What::Likes(1), Fate::AlreadyThere),
        told(2, What::Views(20), Fate::AlreadyThere),
    ]);
    let views = Counts {
        imported: 10,
        already_there: 20,
        duplicate: 10,
        unfinished: 40,
        ..Counts::default()
    };
    let likes = Counts {
        imported: 2,
        already_there: 1,
        duplicate: 3,
        unfinished: 6,
        ..Counts::default()
    };
    assert_eq!((report.views, report.likes), (views, likes));
}

#[test]
fn views_of_a_post_that_was_rejected_are_counted_and_not_listed() {
    let mut report = Report::of("elsewhere");
    for line in [1, 2] {
        read(&mut report, line, liked(post(line, "a"), 0));
    }
    let views = |rejection| Fate::Rejected(Refusal::Views(rejection));
    report.hear(vec![
        told(1, What::Post, closed()),
        told(1, What::Views(1), views(ViewRejection::ArticleNotFound)),
        told(2, What::Post, Fate::AlreadyThere),
        told(2, What::Views(2), views(ViewRejection::ArticleDeleted)),
    ]);
    assert_eq!(listed(&report), [(1, Kind::Rejected), (2, Kind::Rejected)]);
    assert_eq!(
        report.problems[1].detail,
        "its 2 views: the article was deleted"
    );
    assert_eq!((report.views.rejected, report.views.unfinished), (3, 0));
}

#[test]
fn a_record_that_is_repaired_twice_counts_once() {
    let mut report = Report::of("elsewhere");
    for (line, repairs) in [(1, vec!["body: cut".to_owned()]), (2, Vec::new())] {
        let record = comment(line, 1, None).into();
        let left_out = LeftOut::default();
        report.read(
            line,
            Line::Record {
                record,
                repairs,
                left_out,
            },
        );
    }
    let hung = What::Comment { hangs: Some(2) };
    report.hear(vec![
        told(1, hung, Fate::Imported),
        told(2, hung, Fate::Imported),
    ]);
    let expected = [1, 1, 2].map(|line| (line, Kind::Repaired));
    assert_eq!((report.repaired, listed(&report)), (2, expected.to_vec()));
    report.complete = true;
    assert!(report.is_clean());
}

#[test]
fn a_thousand_problems_of_a_kind_are_listed() {
    let mut report = Report::of("elsewhere");
    for line in 1..=1_500 {
        report.read(line, Line::Broken("why".to_owned()));
    }
    read(&mut report, 1_501, post(1, "a"));
    read(&mut report, 1_502, post(1, "a"));
    assert_eq!(
        (report.problems.len(), report.problems_not_listed),
        (1_001, 500)
    );
    assert_eq!((report.broken, sum(&report)), (1_500, 1_502));
}

#[test]
fn only_a_whole_file_without_losses_is_clean() {
    let mut report = Report::of("elsewhere");
    assert!(!report.is_clean());
    report.complete = true;
    assert!(report.is_clean());
    read(&mut report, 1, comment(1, 1, None));
    assert!(!report.is_clean());
    report.hear(vec![told(1, COMMENT, Fate::Imported)]);
    assert!(report.is_clean());
    report.read(2, Line::Broken("why".to_owned()));
    assert!(!report.is_clean());
}
