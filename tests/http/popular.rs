//! The popular lists of the days gone by. The node's days are Seoul's.

use insta::assert_snapshot;
use serde_json::Value;

use super::fixture::Yard;

/// From the yard's beginning (17:30 in Seoul) to 01:00 on the day after.
const UNTIL_OUT: i64 = 27_000_000;
const DAY: i64 = 86_400_000;

/// Two articles, of which Kim likes the second; the position of all is reached.
async fn yard() -> Yard {
    let yard = Yard::open().await;
    let board = yard.board().await;
    yard.post(&board, "First").await;
    let second = yard.post(&board, "Second").await;
    let like = format!("{}/like", second.header("location").unwrap());
    let liked = yard.call("PUT", &like).by("kim").send().await;
    yard.call("GET", &like).by("kim").after(&liked).send().await;
    yard
}

async fn get(yard: &Yard, path: &str) -> Value {
    let answer = yard.call("GET", path).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.shown());
    answer.json()
}

#[tokio::test]
async fn the_latest_published_list_is_shown() {
    let yard = yard().await;
    yard.advance(UNTIL_OUT - 1);
    let before = get(&yard, "/v1/popular").await;
    assert_snapshot!(before, @r#"{"date":"2026-11-18","items":[]}"#);
    yard.advance(1);
    let answer = yard.call("GET", "/v1/popular").send().await;
    assert_snapshot!(answer.shown(), @r#"
    200
    {
      "date": "2026-11-19",
      "items": [
        {
          "article": {
            "article_id": "[id]",
            "board_id": "[id]",
            "comment_count": 0,
            "content": "Hello",
            "created_at": "2026-11-19T08:30:00.000Z",
            "like_count": 1,
            "modified_at": null,
            "revision": 0,
            "title": "Second",
            "view_count": 0,
            "writer": {
              "id": "kim",
              "name": "kim"
            }
          },
          "rank": 1,
          "score": 3
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_day_is_asked_for_by_its_date() {
    let yard = yard().await;
    yard.advance(UNTIL_OUT + 6 * DAY);
    let by_date = get(&yard, "/v1/popular?date=2026-11-19").await;
    assert_eq!(by_date["date"], "2026-11-19");
    assert_eq!(by_date["items"][0]["article"]["title"], "Second");
    yard.advance(DAY);
    let call = yard.call("GET", "/v1/popular?date=2026-11-19");
    assert_eq!(call.problem().await, "404 popular-not-found");
}

#[tokio::test]
async fn dates_that_do_not_exist_are_refused() {
    let yard = Yard::open().await;
    for (date, problem) in [
        ("", "400 malformed-parameter"),
        ("today", "400 malformed-parameter"),
        ("20261118", "400 malformed-parameter"),
        ("2026-11-8", "400 malformed-parameter"),
        ("2026-02-29", "400 malformed-parameter"),
        ("2026-13-01", "400 malformed-parameter"),
        ("2026-11-00", "400 malformed-parameter"),
        ("+026-11-18", "400 malformed-parameter"),
        ("2026-11-18T00:00:00Z", "400 malformed-parameter"),
        ("2026-11-18&date=2026-11-18", "400 repeated-parameter"),
        ("2026-11-19", "404 popular-not-found"),
        ("2026-11-11", "404 popular-not-found"),
        ("0000-01-01", "404 popular-not-found"),
        ("9999-12-31", "404 popular-not-found"),
    ] {
        let call = yard.call("GET", &format!("/v1/popular?date={date}"));
        assert_eq!(call.problem().await, problem, "{date}");
    }
}

#[tokio::test]
async fn the_last_seven_days_are_shown_newest_first() {
    let yard = yard().await;
    yard.advance(UNTIL_OUT + 2 * DAY);
    let answer = get(&yard, "/v1/popular/days").await;
    let days = answer["days"].as_array().unwrap();
    let dates: Vec<_> = days
        .iter()
        .map(|day| day["date"].as_str().unwrap())
        .collect();
    assert_eq!(
        dates,
        [
            "2026-11-21",
            "2026-11-20",
            "2026-11-19",
            "2026-11-18",
            "2026-11-17",
            "2026-11-16",
            "2026-11-15"
        ]
    );
    assert_eq!(days[2], get(&yard, "/v1/popular?date=2026-11-19").await);
    assert_eq!(answer.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn who_waits_reads_the_list_without_what_they_deleted() {
    let yard = yard().await;
    yard.advance(UNTIL_OUT);
    let list = get(&yard, "/v1/popular").await;
    let id = list["items"][0]["article"]["article_id"].as_str().unwrap();
    yard.advance(-UNTIL_OUT);
    let call = yard.call("DELETE", &format!("/v1/articles/{id}"));
    let gone = call.by("kim").send().await;
    yard.advance(UNTIL_OUT);
    for path in ["/v1/popular", "/v1/popular?date=2026-11-19"] {
        let after = yard.call("GET", path).after(&gone).send().await.json();
        assert_eq!(after["items"], Value::Array(Vec::new()));
        assert_eq!(get(&yard, path).await, after);
    }
    let days = yard.call("GET", "/v1/popular/days").after(&gone);
    assert!(
        !String::from_utf8(days.send().await.bytes)
            .unwrap()
            .contains(id)
    );
}
