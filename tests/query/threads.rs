//! Comments: the visible tree in both forms, its levels, and one at a time.

use madang::domain::comment::CommentEvent;
use madang::query::comments::{CommentView, Level};
use madang::query::{Document, Items, MAX_PAGE_SIZE, Part, Row};

use super::{Answer, Desk, document, show_list};
use crate::projections::readers::{comment, commented, removed, replied};
use crate::projections::yard::{
    Yard, article, deleted, encoded, opened, own_stream, posted, tamper,
};

/// A comment under the article 10, below these.
pub(super) fn said(number: i64, under: &[i64]) -> CommentEvent {
    replied(number, 10, under)
}

pub(super) fn unsaid(number: i64) -> CommentEvent {
    removed(number, 10)
}

/// The articles 10 and 11, and what people say about 10.
pub(super) async fn desk(events: Vec<CommentEvent>) -> Desk {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard.happens(posted(11, 1)).await;
    let now = yard.clock().now();
    let events = events.into_iter().map(Into::into);
    let events = events.map(|event| (own_stream(&event), encoded(event, now)));
    yard.happen(events.collect()).await;
    Desk::over(yard).await
}

fn show_tree(items: Items<CommentView>) -> Document {
    let ids = items.items.into_iter().map(|item| item.comment_id);
    show_list(ids, items.total, items.next_after)
}

impl Desk {
    pub(super) async fn tree(&self, of: i64, part: Part) -> Answer {
        let found = self
            .queries
            .comments((article(of), part), None, |_, items| show_tree(items));
        Answer::of(found.await.unwrap())
    }

    pub(super) async fn level(
        &self,
        (of, parent): (i64, Option<i64>),
        after: Option<i64>,
    ) -> Answer {
        self.level_by((of, parent), (after, 100)).await
    }

    async fn level_by(
        &self,
        (of, parent): (i64, Option<i64>),
        (after, size): (Option<i64>, u32),
    ) -> Answer {
        let level = Level {
            article_id: article(of),
            parent: parent.map(comment),
        };
        let found = self
            .queries
            .level((level, after, size), None, |_, items| show_tree(items));
        Answer::of(found.await.unwrap())
    }

    pub(super) async fn comment(&self, number: i64) -> Row<CommentView> {
        self.queries.comment(comment(number), None).await.unwrap()
    }

    /// The ids of the whole tree, in order.
    async fn all(&self) -> Vec<i64> {
        self.tree(10, WHOLE).await.listed().ids
    }
}

const WHOLE: Part = Part::After {
    after: None,
    size: MAX_PAGE_SIZE,
};

/// ```text
/// 20 ── 23 ── 25
///    └─ 24
/// 21 ── 22
/// ```
fn two_threads() -> Vec<CommentEvent> {
    vec![
        said(20, &[]),
        said(21, &[]),
        said(22, &[21]),
        said(23, &[20]),
        said(24, &[20]),
        said(25, &[20, 23]),
    ]
}

fn and(
    mut events: Vec<CommentEvent>,
    more: impl IntoIterator<Item = CommentEvent>,
) -> Vec<CommentEvent> {
    events.extend(more);
    events
}

#[tokio::test]
async fn the_tree_is_depth_first_oldest_first() {
    let desk = desk(two_threads()).await;
    assert_eq!(desk.all().await, [20, 23, 25, 24, 21, 22]);
    let page = Part::Page { number: 2, size: 4 };
    let listed = desk.tree(10, page).await.listed();
    assert_eq!((listed.ids, listed.total), (vec![21, 22], 6));
}

/// The last bytes of their paths are `A`, `a`, and those with a byte more: one letter where case does
/// not count, one number where only the end is looked at.
#[tokio::test]
async fn paths_do_not_collide_whatever_their_bytes_spell() {
    let desk = desk(vec![
        said(0x41, &[]),
        said(0x61, &[]),
        said(0x141, &[0x61]),
        said(0x161, &[0x41]),
        said(0x4141, &[]),
        said(0x4161, &[0x61]),
    ])
    .await;
    let tree = [0x41, 0x161, 0x61, 0x141, 0x4161, 0x4141];
    assert_eq!(desk.all().await, tree);
    for (parent, replies) in [(0x41, vec![0x161]), (0x61, vec![0x141, 0x4161])] {
        let listed = desk.level((10, Some(parent)), None).await.listed();
        assert_eq!(listed.ids, replies);
    }
}

#[tokio::test]
async fn an_article_without_comments_has_an_empty_tree() {
    let desk = desk(two_threads()).await;
    for part in [WHOLE, Part::Page { number: 1, size: 9 }] {
        let listed = desk.tree(11, part).await.listed();
        assert_eq!((listed.ids.len(), listed.total), (0, 0));
        assert_eq!(listed.next_after, None);
    }
}

#[tokio::test]
async fn past_the_end_there_is_nothing_but_the_total() {
    let desk = desk(two_threads()).await;
    for number in [4, 1_000_000_000] {
        let listed = desk.tree(10, Part::Page { number, size: 2 }).await.listed();
        assert_eq!((listed.ids.len(), listed.total), (0, 6));
    }
}

#[tokio::test]
async fn a_deleted_comment_with_replies_is_a_placeholder_that_hides_what_it_said() {
    let desk = desk(and(two_threads(), [unsaid(20)])).await;
    assert_eq!(desk.all().await, [20, 23, 25, 24, 21, 22]);
    let Row::Live(view) = desk.comment(20).await else {
        panic!("not visible");
    };
    assert_eq!((view.said, view.reply_count, view.revision), (None, 2, 1));
    let Row::Live(view) = desk.comment(21).await else {
        panic!("not visible");
    };
    assert_eq!(view.said.unwrap().content, "well said");
}

/// Rows keep what they need, so this must not rest on what a row happens to hold.
#[tokio::test]
async fn deleted_content_is_never_returned_whatever_the_row_holds() {
    const KEEP: &str = "UPDATE comment SET content = 'secret', writer_id = 'secret', \
         writer_name = 'secret' WHERE deleted = 1";
    let desk = desk(and(two_threads(), [unsaid(20), unsaid(25)])).await;
    tamper(&desk.yard.views, KEEP).await;
    let show = |_, items: Items<CommentView>| document(format!("{:?}", items.items));
    let (queries, of) = (&desk.queries, article(10));
    let tree = queries.comments((of, WHOLE), None, show).await.unwrap();
    let Answer::Found(tree) = Answer::of(tree) else {
        panic!("no tree");
    };
    assert!(tree.contains("well said") && !tree.contains("secret"));
    let placeholder = format!("{:?}", desk.comment(20).await);
    assert!(placeholder.contains("said: None"), "{placeholder}");
    assert_eq!(desk.comment(25).await, Row::Deleted);
}

#[tokio::test]
async fn placeholders_go_with_their_last_reply() {
    let events = and(
        two_threads(),
        [unsaid(20), unsaid(23), unsaid(24), unsaid(25)],
    );
    let desk = desk(events).await;
    assert_eq!(desk.all().await, [21, 22]);
    for gone in [20, 23, 24, 25] {
        assert_eq!(desk.comment(gone).await, Row::Deleted);
    }
    assert_eq!(desk.comment(99).await, Row::Missing);
}

/// The reply was decided before the deletion, and recorded after it.
#[tokio::test]
async fn a_late_reply_brings_its_removed_ancestors_back_as_placeholders() {
    let events = [said(20, &[]), said(21, &[20]), unsaid(21), unsaid(20)];
    let mut desk = desk(events.into()).await;
    assert_eq!(desk.all().await, [0; 0]);
    desk.yard.happens(said(22, &[20, 21])).await;
    desk.follow().await;
    assert_eq!(desk.all().await, [20, 21, 22]);
    let Row::Live(view) = desk.comment(21).await else {
        panic!("not visible");
    };
    assert_eq!((view.said, view.reply_count), (None, 1));
}

#[tokio::test]
async fn levels_hold_the_direct_replies() {
    let desk = desk(and(two_threads(), [unsaid(20), unsaid(24)])).await;
    for (parent, replies) in [
        (None, vec![20, 21]),
        (Some(20), vec![23]),
        (Some(23), vec![25]),
        (Some(25), vec![]),
    ] {
        let listed = desk.level((10, parent), None).await.listed();
        assert_eq!(listed.ids, replies, "under {parent:?}");
    }
}

#[tokio::test]
async fn a_level_goes_on_after_a_cursor() {
    let desk = desk((20..29).map(|n| said(n, &[])).collect()).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let listed = desk.level_by((10, None), (after, 4)).await.listed();
        seen.extend(listed.ids);
        after = listed.next_after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (20..29).collect::<Vec<_>>());
}

/// One who asks the wrong article for a comment's replies must not get those of another thread.
#[tokio::test]
async fn replies_are_never_attached_to_another_articles_comment() {
    let desk = desk(and(two_threads(), [commented(30, 11)])).await;
    assert_eq!(desk.level((11, Some(20)), None).await, Answer::NotFound);
    assert_eq!(desk.level((10, Some(30)), None).await, Answer::NotFound);
    assert_eq!(desk.tree(11, WHOLE).await.listed().ids, [30]);
    assert_eq!(desk.level((11, None), None).await.listed().ids, [30]);
}

#[tokio::test]
async fn a_level_without_its_parent_is_gone_or_never_was() {
    let desk = desk(and(two_threads(), [unsaid(22)])).await;
    assert_eq!(desk.level((10, Some(22)), None).await, Answer::Deleted);
    assert_eq!(desk.level((10, Some(99)), None).await, Answer::NotFound);
    assert_eq!(desk.level((12, None), None).await, Answer::NotFound);
    assert_eq!(desk.level((12, Some(20)), None).await, Answer::NotFound);
}

#[tokio::test]
async fn comments_go_with_their_article() {
    let mut desk = desk(two_threads()).await;
    assert_eq!(desk.all().await.len(), 6);
    desk.level((10, None), None).await;
    desk.yard.happens(deleted(10, 1)).await;
    desk.follow().await;
    assert_eq!(desk.tree(10, WHOLE).await, Answer::Deleted);
    assert_eq!(desk.tree(12, WHOLE).await, Answer::NotFound);
    for parent in [None, Some(20)] {
        assert_eq!(desk.level((10, parent), None).await, Answer::Deleted);
    }
    assert_eq!(desk.comment(20).await, Row::Deleted);
}

#[tokio::test]
async fn a_cursor_outlives_the_comment_that_it_names() {
    let mut desk = desk(two_threads()).await;
    let part = |after| Part::After { after, size: 2 };
    let first = desk.tree(10, part(None)).await.listed();
    assert_eq!((first.ids, first.next_after), (vec![20, 23], Some(23)));
    desk.yard.happens(unsaid(25)).await;
    desk.yard.happens(unsaid(23)).await;
    desk.follow().await;
    let next = desk.tree(10, part(Some(23))).await.listed();
    assert_eq!(next.ids, [24, 21]);
}

#[tokio::test]
async fn a_cursor_that_nobody_gave_out_leads_nowhere() {
    let desk = desk(and(two_threads(), [commented(30, 11)])).await;
    for made_up in [30, 99, -1] {
        let after = Some(made_up);
        let part = Part::After { after, size: 2 };
        assert_eq!(desk.tree(10, part).await, Answer::Nowhere);
    }
}

#[tokio::test]
async fn cached_trees_and_levels_are_forgotten_when_a_comment_changes() {
    let mut desk = desk(two_threads()).await;
    desk.all().await;
    desk.level((10, None), None).await;
    desk.level((10, Some(26)), None).await;
    desk.yard.happens(unsaid(22)).await;
    desk.yard.happens(said(26, &[])).await;
    desk.follow().await;
    assert_eq!(desk.all().await, [20, 23, 25, 24, 21, 26]);
    assert_eq!(
        desk.level((10, None), None).await.listed().ids,
        [20, 21, 26]
    );
    assert_eq!(desk.level((10, Some(26)), None).await.listed().ids, [0; 0]);
}

#[tokio::test]
async fn an_empty_tree_is_found_as_soon_as_there_is_an_article() {
    let mut desk = desk(Vec::new()).await;
    assert_eq!(desk.tree(12, WHOLE).await, Answer::NotFound);
    desk.yard.happens(posted(12, 1)).await;
    desk.follow().await;
    assert!(desk.tree(12, WHOLE).await.listed().ids.is_empty());
}

#[tokio::test]
async fn articles_count_live_comments_and_trees_visible_ones() {
    let desk = desk(and(two_threads(), [unsaid(20), unsaid(22)])).await;
    let counts = desk.queries.counts(article(10)).await.unwrap();
    assert_eq!(counts.comments, 4);
    let page = Part::Page { number: 1, size: 9 };
    assert_eq!(desk.tree(10, page).await.listed().total, 5);
}
