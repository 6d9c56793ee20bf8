//! What is done in a storm, and what the log says was done.

use std::collections::BTreeMap;

use madang::event_store::RecordedEvent;
use serde_json::Value;

/// Something that is done once at most: an event's type and what tells it from others of its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deed {
    event: &'static str,
    which: String,
}

/// Events that commands lead to, and the field that is another one each time.
const EVENTS: &[(&str, &str)] = &[
    ("BoardCreated", "name"),
    ("BoardUpdated", "name"),
    ("BoardClosed", "board_id"),
    ("ArticleCreated", "title"),
    ("ArticleUpdated", "title"),
    ("ArticleDeleted", "article_id"),
    ("CommentCreated", "content"),
    ("CommentUpdated", "content"),
    ("CommentDeleted", "comment_id"),
    ("ArticleLiked", "article_id"),
    ("ArticleUnliked", "article_id"),
];

impl Deed {
    pub(super) fn of(event: &str, which: &str) -> Self {
        let known = EVENTS.iter().map(|(known, _)| *known);
        let event = known
            .chain(["ArticlesViewed"])
            .find(|known| *known == event);
        Self {
            event: event.expect("an event of a command"),
            which: which.to_owned(),
        }
    }
}

/// How often each thing was done, as the log tells it; imports left out.
pub(super) fn in_log(log: &[RecordedEvent]) -> BTreeMap<Deed, u64> {
    let mut deeds = BTreeMap::new();
    for event in log
        .iter()
        .filter(|event| !event.metadata.contains("\"import\""))
    {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        for (deed, times) in told(&event.event_type, &data) {
            *deeds.entry(deed).or_default() += times;
        }
    }
    deeds
}

fn told(event: &str, data: &Value) -> Vec<(Deed, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if let Some(views) = data["views"].as_array() {
        let viewed = |view: &Value| {
            let deed = Deed::of(event, &text(&view["article_id"]));
            (deed, view["count"].as_u64().unwrap())
        };
        return views.iter().map(viewed).collect();
    }
    let known = EVENTS.iter().find(|(known, _)| *known == event);
    let deed = known.map(|(_, field)| Deed::of(event, &text(&data[field])));
    deed.into_iter().map(|deed| (deed, 1)).collect()
}
