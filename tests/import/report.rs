//! The numbers of a report.

use madang::cli::import::record::{Extras, Line};
use madang::cli::import::report::{Kind, Report};
use madang::command::import::{Fate, Told};
use madang::domain::article::ArticleRejection;

use super::log::post;

fn read_post(report: &mut Report, line: u64, id: u64) -> bool {
    let mut post = Box::new(post(id, "a"));
    post.line = line;
    let (repairs, extras) = (Vec::new(), Extras::default());
    let read = Line::Post {
        post,
        repairs,
        extras,
    };
    report.read(line, read).is_some()
}

fn sum(report: &Report) -> u64 {
    let (posts, comments) = (report.posts, report.comments);
    report.blank
        + report.broken
        + (posts.imported + posts.already_there + posts.rejected)
        + (posts.duplicate + posts.unfinished)
        + (comments.not_yet_possible + comments.duplicate)
}

#[test]
fn every_line_is_counted_once() {
    let mut report = Report::of("elsewhere");
    report.read(1, Line::Blank);
    report.read(2, Line::Broken("why".to_owned()));
    for (line, id) in [(3, 1), (4, 1), (5, 2), (6, 3), (7, 4)] {
        assert_eq!(read_post(&mut report, line, id), line != 4);
    }
    for line in [8, 9] {
        let (id, extras) = (1, Extras::default());
        report.read(line, Line::Comment { id, extras });
    }
    let rejected = Fate::Rejected(ArticleRejection::BoardClosed);
    let fates = [(3, Fate::Imported), (5, Fate::AlreadyThere), (6, rejected)];
    report.hear(fates.map(|(line, fate)| Told { line, fate }).to_vec());
    assert_eq!((report.lines, sum(&report)), (9, 9));
    assert_eq!((report.posts.unfinished, report.posts.duplicate), (1, 1));
    let listed = report.problems.iter().map(|p| (p.line, p.kind));
    let expected = [
        (2, Kind::Broken),
        (4, Kind::Duplicate),
        (9, Kind::Duplicate),
        (6, Kind::Rejected),
    ];
    assert_eq!(listed.collect::<Vec<_>>(), expected);
}

#[test]
fn a_thousand_problems_of_a_kind_are_listed() {
    let mut report = Report::of("elsewhere");
    for line in 1..=1_500 {
        report.read(line, Line::Broken("why".to_owned()));
    }
    read_post(&mut report, 1_501, 1);
    read_post(&mut report, 1_502, 1);
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
    let (id, extras) = (1, Extras::default());
    report.read(1, Line::Comment { id, extras });
    assert!(report.is_clean());
    report.read(2, Line::Broken("why".to_owned()));
    assert!(!report.is_clean());
}
