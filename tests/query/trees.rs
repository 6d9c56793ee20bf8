//! Random trees, read in pieces.

use madang::domain::comment::CommentEvent;
use madang::query::Part;
use proptest::prelude::*;

use super::Desk;
use super::threads::{desk, said, unsaid};

/// Where each comment of a random tree hangs, and whether it is deleted in the end.
fn trees() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((any::<usize>(), prop::bool::weighted(0.4)), 0..120)
}

/// A tree as its rules tell it, and the events that lead there.
#[derive(Default)]
struct Tree {
    ids: Vec<i64>,
    parents: Vec<Option<usize>>,
    dead: Vec<bool>,
}

impl Tree {
    fn of(picks: &[(usize, bool)]) -> Self {
        let mut tree = Self::default();
        for (number, (pick, dead)) in picks.iter().enumerate() {
            // Of late comments, so that it grows deep; ids cross the borders of bytes.
            let near = number.saturating_sub(6);
            let parent = (pick % 5 > 0).then(|| near + pick % (number - near).max(1));
            tree.parents.push(parent.filter(|parent| *parent < number));
            tree.ids.push(200 + 97 * i64::try_from(number).unwrap());
            tree.dead.push(*dead);
        }
        tree
    }

    fn events(&self) -> Vec<CommentEvent> {
        let created = (0..self.ids.len()).map(|at| said(self.ids[at], &self.above(at)));
        let dead = (0..self.ids.len()).filter(|at| self.dead[*at]);
        created.chain(dead.map(|at| unsaid(self.ids[at]))).collect()
    }

    fn above(&self, at: usize) -> Vec<i64> {
        let mut above = Vec::new();
        let mut next = self.parents[at];
        while let Some(parent) = next {
            above.insert(0, self.ids[parent]);
            next = self.parents[parent];
        }
        above
    }

    /// What can be seen under a comment, depth first.
    fn visible(&self, under: Option<usize>) -> Vec<i64> {
        let children = (0..self.ids.len()).filter(|at| self.parents[*at] == under);
        let mut seen = Vec::new();
        for child in children {
            let replies = self.visible(Some(child));
            if !self.dead[child] || !replies.is_empty() {
                seen.push(self.ids[child]);
                seen.extend(replies);
            }
        }
        seen
    }
}

async fn by_cursor(desk: &Desk, size: u32) -> Vec<i64> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let listed = desk.tree(10, Part::After { after, size }).await.listed();
        assert!(listed.ids.len() <= size as usize);
        seen.extend(listed.ids);
        after = listed.next_after;
        if after.is_none() {
            return seen;
        }
    }
}

async fn by_page(desk: &Desk, size: u32, total: usize) -> Vec<i64> {
    let mut seen = Vec::new();
    for number in 1.. {
        let listed = desk.tree(10, Part::Page { number, size }).await.listed();
        assert_eq!(listed.total, total);
        if listed.ids.is_empty() {
            break;
        }
        seen.extend(listed.ids);
    }
    seen
}

#[test]
fn reading_in_pieces_of_any_size_gives_the_whole_tree_once_in_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig::with_cases(8);
    proptest!(config, |(picks in trees(), sizes in prop::collection::vec(1..=100_u32, 4))| {
        let tree = Tree::of(&picks);
        let expected = tree.visible(None);
        runtime.block_on(async {
            let desk = desk(tree.events()).await;
            for size in sizes.into_iter().chain([1, 100]) {
                assert_eq!(by_cursor(&desk, size).await, expected, "size {size}");
                assert_eq!(by_page(&desk, size, expected.len()).await, expected, "size {size}");
            }
        });
    });
}
