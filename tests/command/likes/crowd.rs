//! Many likes at once: of many users, and of one who cannot decide.

use std::collections::HashSet;

use madang::command::CommandError;
use madang::event_store::{Position, RecordedEvent};
use tokio::task::JoinSet;

use super::{LIKED, UNLIKED};
use crate::command::{Square, by};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_users_at_once_are_a_thousand_likes() {
    let square = Square::open().await;
    let mut tasks = JoinSet::new();
    for n in 0..1_000 {
        let (commands, article) = (square.commands.clone(), square.article);
        tasks.spawn(async move {
            let user = by(&format!("user-{n}"));
            let first = commands.like(&user, article, true).await;
            // Who is told that too many are waiting comes back; so does who was lucky.
            let again = commands.like(&by(user.actor.as_str()), article, true).await;
            (first, again)
        });
    }
    for (first, again) in tasks.join_all().await {
        assert_eq!(first.unwrap(), again.unwrap());
    }
    let events = square.events().await;
    let users: HashSet<_> = events[2..].iter().map(|event| &event.data).collect();
    assert_eq!((events.len() - 2, users.len()), (1_000, 1_000));
    assert_eq!(square.since().await, vec![LIKED; 1_000]);
}

/// Where each answer that was given points to, and what was asked for.
async fn pressed(square: &Square, tasks: usize, presses: usize) -> Vec<(bool, Position)> {
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let (commands, article) = (square.commands.clone(), square.article);
        running.spawn(async move {
            let mut answers = Vec::new();
            for press in 0..presses {
                let liked = (task + press) % 2 == 0;
                match commands.like(&by("kim"), article, liked).await {
                    Ok(position) => answers.push((liked, position)),
                    Err(CommandError::Conflict { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            answers
        });
    }
    running.join_all().await.concat()
}

/// Whether the log holds what an answer says: the event that it points to is the word that was said,
/// or the article's own if no like had been there to end.
fn explained(events: &[RecordedEvent], (liked, position): (bool, Position)) -> bool {
    let event = events.iter().find(|event| event.position == position);
    match event.map(|event| event.event_type.as_str()) {
        Some(LIKED) => liked,
        Some(UNLIKED | "ArticleCreated") => !liked,
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_user_in_fifty_places_likes_and_unlikes_in_turn() {
    let square = Square::open().await;
    let answers = pressed(&square, 50, 10).await;
    let events = square.events().await;
    let turns = [LIKED, UNLIKED].into_iter().cycle();
    assert!(
        square
            .since()
            .await
            .into_iter()
            .eq(turns.take(events.len() - 2))
    );
    for answer in &answers {
        assert!(explained(&events, *answer), "{answer:?}");
    }
    let told: HashSet<_> = answers.iter().map(|(_, position)| *position).collect();
    let appended = events[2..].iter().map(|event| event.position);
    assert!(appended.clone().all(|position| told.contains(&position)));
}

/// Whatever the storm has left, the next word is the last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_storm_the_last_word_counts() {
    for last in [true, false] {
        let square = Square::open().await;
        pressed(&square, 20, 3).await;
        square.says("kim", last).await;
        let newest = square.since().await.pop();
        let expected = if last { LIKED } else { UNLIKED };
        // Nothing but unlikes may have come through, of a like that never was.
        let nothing = newest.is_none() && !last;
        assert!(nothing || newest.as_deref() == Some(expected), "{newest:?}");
    }
}
