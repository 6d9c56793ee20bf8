//! Which entries an event changes, and how.

use std::collections::BTreeMap;

use madang::calendar::Day;
use madang::domain::article::ArticleEvent;
use madang::domain::board::BoardEvent;
use madang::domain::{Event, Timestamp};
use madang::event_store::Position;
use madang::event_store::codec::{self, Decoded, UPCASTERS};
use madang::hot::{ArticleChange, Batch, BoardChange, Described, Edited, PopularChange};
use madang::projections::hot::changes::Changes;
use madang::views::Touched;
use uuid::Uuid;

use super::super::readers::{commented, liked, removed, replied, reworded, unliked, viewed};
use super::super::yard::{
    article, board, calendar, deleted, edited, encoded, opened, own_stream, posted, record,
    settings,
};

/// 2026-11-19, 23:59:59.999 in Seoul, and a millisecond later.
const LATE: i64 = 1_795_100_399_999;
const NEXT: i64 = LATE + 1;

fn day(yyyymmdd: i64) -> Day {
    Day::from_i64(yyyymmdd).unwrap()
}

fn at(number: u64) -> Position {
    Position::new(0, number)
}

/// What these events change, each of which happened at that time.
fn told(events: Vec<(Event, i64)>) -> (usize, Batch, Touched) {
    let events = events.into_iter().map(|(event, at)| {
        let stream = own_stream(&event);
        (stream, encoded(event, Timestamp(at)))
    });
    let calendar = calendar();
    let mut changes = Changes::new(&calendar);
    for recorded in record(events) {
        let Ok(Decoded::Known(fact)) = codec::decode(&recorded, UPCASTERS) else {
            panic!("an event of ours");
        };
        changes.add(&fact, &recorded);
    }
    let count = changes.len();
    let (batch, touched) = changes.done();
    (count, batch, touched)
}

fn batch(events: Vec<(Event, i64)>) -> Batch {
    told(events).1
}

/// The change that counts `by`, and is worth `score` in the list of that day.
fn counted(at: Position, by: ArticleChange, (on, score): (i64, i64)) -> Batch {
    let mut batch = Batch::default();
    batch.article(article(10), at, by);
    batch.popular(day(on), at, PopularChange::counts(article(10), score));
    batch
}

#[test]
fn a_new_article_is_one_more_on_its_board_and_begins_in_its_days_list() {
    let mut expected = Batch::default();
    expected.board(board(1), at(1), BoardChange::posted(article(10)));
    expected.article(article(10), at(1), ArticleChange::default());
    expected.popular(day(20_261_119), at(1), PopularChange::begins(article(10)));
    assert_eq!(batch(vec![(posted(10, 1).into(), LATE)]), expected);
}

#[test]
fn an_edit_sets_the_words_of_the_article_and_nothing_else() {
    let events = vec![(posted(10, 1).into(), LATE), (edited(10, 1).into(), NEXT)];
    let mut expected = batch(events[..1].to_vec());
    let edit = Edited {
        title: "second".to_owned(),
        content: "words".to_owned(),
        modified_at: Timestamp(NEXT),
        revision: 1,
    };
    let change = ArticleChange {
        edited: Some(edit),
        ..ArticleChange::default()
    };
    expected.article(article(10), at(2), change);
    assert_eq!(batch(events), expected);
}

#[test]
fn a_deleted_article_leaves_its_board_and_the_list_of_the_day_it_was_posted_on() {
    let event = ArticleEvent::Deleted {
        article_id: article(10),
        board_id: board(1),
        created_at: Timestamp(LATE),
    };
    let change = ArticleChange {
        deleted: true,
        ..ArticleChange::default()
    };
    let mut expected = Batch::default();
    expected.board(board(1), at(1), BoardChange::removed(article(10)));
    expected.article(article(10), at(1), change);
    expected.popular(day(20_261_119), at(1), PopularChange::ends(article(10)));
    assert_eq!(batch(vec![(event.into(), NEXT)]), expected);
}

#[test]
fn what_readers_do_counts_in_the_list_of_the_day_on_which_they_do_it() {
    let likes = |likes| ArticleChange {
        likes,
        ..ArticleChange::default()
    };
    let comments = |comments| ArticleChange {
        comments,
        ..ArticleChange::default()
    };
    let cases: [(Event, ArticleChange, i64); 5] = [
        (liked(10, "kim").into(), likes(1), 3),
        (unliked(10, "kim").into(), likes(-1), -3),
        (commented(20, 10).into(), comments(1), 2),
        (replied(21, 10, &[20]).into(), comments(1), 2),
        (removed(20, 10).into(), comments(-1), -2),
    ];
    for (event, change, score) in cases {
        for (time, on) in [(LATE, 20_261_119), (NEXT, 20_261_120)] {
            let expected = counted(at(1), change.clone(), (on, score));
            assert_eq!(batch(vec![(event.clone(), time)]), expected, "{event:?}");
        }
    }
}

#[test]
fn an_edited_comment_changes_nothing_that_is_hot() {
    assert!(batch(vec![(reworded(20, 10).into(), LATE)]).is_empty());
}

#[test]
fn views_count_for_each_article_that_was_viewed() {
    let event = viewed(&[(10, 2), (11, 5), (10, 1)]);
    let mut expected = Batch::default();
    for (number, views) in [(10, 2), (11, 5), (10, 1)] {
        let change = ArticleChange {
            views,
            ..ArticleChange::default()
        };
        expected.article(article(number), at(1), change);
        let scored = PopularChange::counts(article(number), views);
        expected.popular(day(20_261_120), at(1), scored);
    }
    let (count, batch, _) = told(vec![(event, NEXT)]);
    assert_eq!((count, batch), (6, expected));
}

#[test]
fn a_board_is_described_anew_and_closed() {
    let described = BoardEvent::Updated {
        board_id: board(1),
        settings: settings("garden"),
    };
    let closed = BoardEvent::Closed { board_id: board(1) };
    let events = vec![
        (opened(1).into(), LATE),
        (described.into(), LATE),
        (closed.into(), LATE),
    ];
    let settings = Described {
        name: "garden".to_owned(),
        description: String::new(),
        max_comment_depth: 100,
    };
    let mut expected = Batch::default();
    expected.board(board(1), at(1), BoardChange::default());
    let change = BoardChange {
        described: Some(settings),
        revision: Some(1),
        ..BoardChange::default()
    };
    expected.board(board(1), at(2), change);
    let change = BoardChange {
        closed: true,
        revision: Some(2),
        ..BoardChange::default()
    };
    expected.board(board(1), at(3), change);
    assert_eq!(batch(events), expected);
}

#[test]
fn what_is_about_the_log_itself_changes_nothing_that_is_hot() {
    let ids = BTreeMap::from([("post/1".to_owned(), article(1).0)]);
    let events = [
        Event::LogCreated {
            log_id: Uuid::nil(),
        },
        Event::ImportPlanned { ids },
    ];
    for event in events {
        assert_eq!(told(vec![(event, LATE)]).0, 0);
    }
}

/// Of a like nobody knows the board without looking, so lists are left to their age.
#[test]
fn copies_of_what_changed_are_to_be_forgotten() {
    let (_, _, touched) = told(vec![
        (opened(2).into(), LATE),
        (posted(10, 1).into(), LATE),
        (edited(10, 1).into(), LATE),
        (liked(11, "kim").into(), LATE),
        (deleted(10, 1).into(), LATE),
    ]);
    let expected = Touched {
        articles: vec![article(10), article(11)],
        boards: vec![board(1), board(2)],
        lists: vec![board(1)],
        ..Touched::default()
    };
    assert_eq!(touched, expected);
}
