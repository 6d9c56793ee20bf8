//! Lists in both forms.

use insta::assert_snapshot;
use serde_json::Value;

use super::fixture::Yard;

async fn filled(articles: usize) -> (Yard, String) {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let path = format!("/v1/boards/{board}/articles");
    for n in 1..=articles {
        let last = yard.post(&board, &format!("No. {n}")).await;
        if n == articles {
            yard.call("GET", &path).after(&last).send().await;
        }
    }
    (yard, path)
}

fn titles(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["title"].as_str().unwrap()[4..].to_owned())
        .collect()
}

async fn read(yard: &Yard, path: &str) -> Value {
    let answer = yard.call("GET", path).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.shown());
    answer.json()
}

#[tokio::test]
async fn an_empty_board_has_an_empty_list() {
    let (yard, path) = filled(1).await;
    let id = read(&yard, &path).await["items"][0]["article_id"].clone();
    let path_of = format!("/v1/articles/{}", id.as_str().unwrap());
    let deleted = yard.call("DELETE", &path_of).by("kim").send().await;
    let pages = yard
        .call("GET", &format!("{path}?page=1"))
        .after(&deleted)
        .send()
        .await;
    assert_snapshot!(pages.json(), @r#"{"items":[],"page":1,"size":30,"total":0,"total_pages":0}"#);
    let list = yard.call("GET", &path).after(&deleted).send().await;
    assert_snapshot!(list.json(), @r#"{"items":[],"next_cursor":null}"#);
}

#[tokio::test]
async fn a_page_shows_articles_without_content() {
    let (yard, path) = filled(1).await;
    let answer = yard.call("GET", &format!("{path}?page=1")).send().await;
    assert_snapshot!(answer.shown(), @r#"
    200
    {
      "items": [
        {
          "article_id": "[id]",
          "board_id": "[id]",
          "comment_count": 0,
          "created_at": "2026-11-19T08:30:00.000Z",
          "like_count": 0,
          "modified_at": null,
          "revision": 0,
          "title": "No. 1",
          "view_count": 0,
          "writer": {
            "id": "kim",
            "name": "kim"
          }
        }
      ],
      "page": 1,
      "size": 30,
      "total": 1,
      "total_pages": 1
    }
    "#);
}

#[tokio::test]
async fn pages_are_newest_first_and_end() {
    let (yard, path) = filled(5).await;
    let page = |n: u32| format!("{path}?size=2&page={n}");
    assert_eq!(titles(&read(&yard, &page(1)).await), ["5", "4"]);
    assert_eq!(titles(&read(&yard, &page(3)).await), ["1"]);
    let past = read(&yard, &page(1_000_000_000)).await;
    assert!(titles(&past).is_empty());
    assert_eq!(
        (&past["total"], &past["total_pages"]),
        (&5.into(), &3.into())
    );
}

#[tokio::test]
async fn cursors_lead_through_the_whole_list_once() {
    let (yard, path) = filled(5).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(&yard, &format!("{path}?size=2&cursor={cursor}")).await;
        seen.extend(titles(&page));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, ["5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn bad_pages_sizes_and_cursors_are_refused() {
    let (yard, path) = filled(1).await;
    for (query, problem) in [
        ("size=0", "malformed-parameter"),
        ("size=101", "malformed-parameter"),
        ("size=", "malformed-parameter"),
        ("size=-1", "malformed-parameter"),
        ("size=+5", "malformed-parameter"),
        ("size=1e1", "malformed-parameter"),
        ("size=%ff", "malformed-parameter"),
        ("page=0", "malformed-parameter"),
        ("page=1000000001", "malformed-parameter"),
        ("page=1000000000000000000000", "malformed-parameter"),
        ("page=1&cursor=", "page-and-cursor"),
        ("page=1&cursor=x", "page-and-cursor"),
        ("page=1&page=2", "repeated-parameter"),
        ("size=1&s%69ze=1", "repeated-parameter"),
        ("cursor=x", "malformed-cursor"),
        ("cursor=%00", "malformed-cursor"),
        ("cursor=____", "malformed-cursor"),
        ("cursor=Zm9v", "malformed-cursor"),
    ] {
        for path in [path.as_str(), "/v1/boards"] {
            let answer = yard.call("GET", &format!("{path}?{query}")).problem().await;
            assert_eq!(answer, format!("400 {problem}"), "{query}");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let (yard, path) = filled(2).await;
    let cursor = read(&yard, &format!("{path}?size=1")).await["next_cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    let other = format!("/v1/boards/{}/articles", yard.board().await);
    for list in [other.as_str(), "/v1/boards"] {
        let call = yard.call("GET", &format!("{list}?cursor={cursor}"));
        assert_eq!(call.problem().await, "400 foreign-cursor");
    }
    let call = yard.call("GET", &format!("/v1/audit/events?cursor={cursor}"));
    assert_eq!(call.auditor().problem().await, "400 foreign-cursor");
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let (yard, path) = filled(1).await;
    let page = read(&yard, &format!("{path}?utm=1&utm=2&%ff=%ff&&=&x")).await;
    assert_eq!(titles(&page), ["1"]);
}
