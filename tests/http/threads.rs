//! Comments as everybody reads them: the tree in both forms, its levels, one at a time.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::fixture::{Answer, Yard};

/// An article's path, and the answer to what was done last.
struct Thread {
    yard: Yard,
    article: String,
    last: Answer,
}

impl Thread {
    async fn open() -> Self {
        let yard = Yard::open().await;
        let board = yard.board().await;
        let last = yard.post(&board, "First").await;
        let article = last.header("location").unwrap().to_owned();
        Self {
            yard,
            article,
            last,
        }
    }

    /// Writes a comment; answers with its id.
    async fn say(&mut self, content: &str, parent: Option<&str>) -> String {
        let call = self
            .yard
            .call("POST", &format!("{}/comments", self.article));
        let body = json!({"content": content, "parent_id": parent});
        self.last = call.by("kim").json(body).send().await;
        assert_eq!(self.last.status, 201, "{}", self.last.shown());
        self.last.id("comment_id")
    }

    async fn delete(&mut self, path: &str) {
        self.last = self.yard.call("DELETE", path).by("kim").send().await;
        assert_eq!(self.last.status, 204, "{}", self.last.shown());
    }

    async fn unsay(&mut self, comment: &str) {
        self.delete(&format!("/v1/comments/{comment}")).await;
    }

    /// What is read at a path after all that was done.
    async fn get(&self, path: &str) -> Answer {
        self.yard.call("GET", path).after(&self.last).send().await
    }

    async fn list(&self, query: &str) -> Answer {
        self.get(&format!("{}/comments{query}", self.article)).await
    }

    async fn comment(&self, id: &str) -> Answer {
        self.get(&format!("/v1/comments/{id}")).await
    }

    /// One root with one reply, and another root.
    async fn of_three() -> (Self, [String; 3]) {
        let mut thread = Self::open().await;
        let root = thread.say("root", None).await;
        let other = thread.say("other", None).await;
        let reply = thread.say("reply", Some(&root)).await;
        (thread, [root, reply, other])
    }
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["comment_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_tree_is_depth_first_in_both_forms() {
    let (thread, expected) = Thread::of_three().await;
    let page = thread.list("?page=1").await;
    assert_eq!(ids(&page.json()), expected);
    let list = thread.list("").await;
    assert_eq!(ids(&list.json()), expected);
    assert_eq!(list.json()["next_cursor"], Value::Null);
    assert_eq!(page.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_page_shows_placeholders_without_what_they_said() {
    let (mut thread, [root, _, other]) = Thread::of_three().await;
    thread.unsay(&root).await;
    thread.unsay(&other).await;
    assert_snapshot!(thread.list("?page=1").await.shown(), @r#"
    200
    {
      "items": [
        {
          "article_id": "[id]",
          "comment_id": "[id]",
          "content": null,
          "created_at": "2026-11-19T08:30:00.000Z",
          "deleted": true,
          "depth": 1,
          "modified_at": null,
          "parent_id": null,
          "reply_count": 1,
          "revision": 1,
          "writer": null
        },
        {
          "article_id": "[id]",
          "comment_id": "[id]",
          "content": "reply",
          "created_at": "2026-11-19T08:30:00.000Z",
          "deleted": false,
          "depth": 2,
          "modified_at": null,
          "parent_id": "[id]",
          "reply_count": 0,
          "revision": 0,
          "writer": {
            "id": "kim",
            "name": "kim"
          }
        }
      ],
      "page": 1,
      "size": 30,
      "total": 2,
      "total_pages": 1
    }
    "#);
}

#[tokio::test]
async fn cursors_and_pages_of_any_size_give_the_whole_tree_once() {
    let mut thread = Thread::open().await;
    let mut said: Vec<String> = Vec::new();
    for number in 0..23_usize {
        let parent = (number % 4 > 0).then(|| said[number * 7 % number].clone());
        let id = thread.say("so it is", parent.as_deref()).await;
        said.push(id);
    }
    let whole = ids(&thread.list("?size=100").await.json());
    let mut sorted = whole.clone();
    sorted.sort();
    said.sort();
    assert_eq!(sorted, said);
    for size in [1, 2, 7, 22, 23, 24] {
        let (mut pages, mut items) = (Vec::new(), Vec::new());
        for page in 1..=23 / size + 1 {
            let query = format!("?size={size}&page={page}");
            pages.extend(ids(&thread.list(&query).await.json()));
        }
        let mut cursor = Some(String::new());
        while let Some(after) = cursor {
            let query = format!("?size={size}&cursor={after}");
            let list = thread.list(&query).await.json();
            items.extend(ids(&list));
            cursor = list["next_cursor"].as_str().map(str::to_owned);
        }
        assert_eq!((&pages, &items), (&whole, &whole), "size {size}");
    }
}

#[tokio::test]
async fn one_level_is_read_at_a_time() {
    let (thread, [root, reply, other]) = Thread::of_three().await;
    let roots = thread.list("?parent=root&size=1").await.json();
    assert_eq!(ids(&roots), [root.as_str()]);
    let cursor = roots["next_cursor"].as_str().unwrap();
    let rest = thread.list(&format!("?parent=root&cursor={cursor}")).await;
    assert_eq!(ids(&rest.json()), [other.as_str()]);
    let replies = thread.list(&format!("?parent={root}")).await.json();
    assert_eq!(ids(&replies), [reply.as_str()]);
    let none = thread.list(&format!("?parent={reply}")).await;
    assert_snapshot!(none.shown(), @r#"
    200
    {
      "items": [],
      "next_cursor": null
    }
    "#);
}

#[tokio::test]
async fn a_parent_that_is_no_comment_is_refused() {
    let (thread, [root, ..]) = Thread::of_three().await;
    for (query, problem) in [
        ("?parent=", "400 malformed-parameter"),
        ("?parent=Root", "400 malformed-parameter"),
        ("?parent=0", "400 malformed-parameter"),
        ("?parent=-1", "400 malformed-parameter"),
        ("?parent=07", "400 malformed-parameter"),
        ("?parent=9223372036854775808", "400 malformed-parameter"),
        ("?parent=%ff", "400 malformed-parameter"),
        ("?parent=root&parent=root", "400 repeated-parameter"),
        ("?parent=root&page=1", "400 no-pages"),
        ("?parent=7&page=1", "400 no-pages"),
        ("?parent=7&page=1&cursor=", "400 page-and-cursor"),
        ("?parent=7", "404 comment-not-found"),
    ] {
        assert_eq!(thread.list(query).await.problem(), problem, "{query}");
    }
    assert_eq!(thread.list(&format!("?parent={root}")).await.status, 200);
}

#[tokio::test]
async fn a_level_belongs_to_its_own_article() {
    let (mut thread, [root, reply, other]) = Thread::of_three().await;
    thread.unsay(&root).await;
    thread.unsay(&other).await;
    let replies = thread.list(&format!("?parent={root}")).await.json();
    assert_eq!(ids(&replies), [reply]);
    let gone = thread.list(&format!("?parent={other}")).await;
    assert_eq!(gone.problem(), "410 comment-deleted");
    let board = thread.yard.board().await;
    let elsewhere = thread.yard.post(&board, "Second").await;
    let path = elsewhere.header("location").unwrap();
    let call = format!("{path}/comments?parent={root}");
    let call = thread.yard.call("GET", &call).after(&elsewhere);
    assert_eq!(call.problem().await, "404 comment-not-found");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_tree_or_level_only() {
    let (thread, [root, ..]) = Thread::of_three().await;
    let board = thread.yard.board().await;
    let elsewhere = thread.yard.post(&board, "Second").await;
    let elsewhere = format!("{}/comments", elsewhere.header("location").unwrap());
    let here = format!("{}/comments", thread.article);
    let lists = [
        format!("{here}?"),
        format!("{here}?parent=root&"),
        format!("{here}?parent={root}&"),
        format!("{elsewhere}?"),
        format!("{elsewhere}?parent=root&"),
        "/v1/boards?".to_owned(),
    ];
    for query in ["?size=1", "?size=1&parent=root"] {
        let list = thread.list(query).await.json();
        let cursor = list["next_cursor"].as_str().unwrap();
        let own = usize::from(query.contains("parent"));
        for (number, list) in lists.iter().enumerate() {
            let answer = thread.get(&format!("{list}cursor={cursor}")).await;
            let fits = number == own;
            assert_eq!(answer.status, if fits { 200 } else { 400 }, "{list}");
            assert!(fits || answer.problem() == "400 foreign-cursor");
        }
    }
}

#[tokio::test]
async fn a_made_up_cursor_is_refused() {
    use base64::Engine as _;
    let (thread, _) = Thread::of_three().await;
    let id = thread.article.rsplit('/').next().unwrap();
    for (key, problem) in [("7", "malformed-cursor"), ("x", "malformed-cursor")] {
        let name = format!("article-comments/{id}\n{key}");
        let cursor = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(name);
        let answer = thread.list(&format!("?cursor={cursor}")).await;
        assert_eq!(answer.problem(), format!("400 {problem}"));
    }
}

#[tokio::test]
async fn a_comment_is_read_where_the_answer_said() {
    let (thread, _) = Thread::of_three().await;
    let path = thread.last.header("location").unwrap();
    let read = thread.get(path).await;
    assert_eq!(read.json(), thread.last.json());
    let tag = read.header("etag").unwrap();
    assert_eq!(thread.last.header("etag"), Some(tag));
    let call = thread.yard.call("GET", path);
    let held = call.header("if-none-match", tag).send().await;
    assert_eq!((held.status, held.bytes.len()), (304, 0));
}

#[tokio::test]
async fn a_new_reply_makes_another_tag_and_no_other_revision() {
    let (mut thread, [_, reply, _]) = Thread::of_three().await;
    let before = thread.comment(&reply).await;
    thread.say("so it is", Some(&reply)).await;
    let after = thread.comment(&reply).await;
    assert_eq!(after.json()["reply_count"], 1);
    assert_eq!(after.json()["revision"], before.json()["revision"]);
    assert_ne!(after.header("etag"), before.header("etag"));
}

#[tokio::test]
async fn a_comment_is_there_a_placeholder_gone_or_never_was() {
    let (mut thread, [root, reply, other]) = Thread::of_three().await;
    thread.unsay(&root).await;
    thread.unsay(&other).await;
    let placeholder = thread.comment(&root).await;
    assert_eq!(placeholder.status, 200);
    let json = placeholder.json();
    assert_eq!(
        (&json["deleted"], &json["reply_count"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(
        (&json["content"], &json["writer"]),
        (&Value::Null, &Value::Null)
    );
    let gone = thread.comment(&other).await;
    assert_eq!(gone.problem(), "410 comment-deleted");
    thread.unsay(&reply).await;
    let gone = thread.comment(&root).await;
    assert_eq!(gone.problem(), "410 comment-deleted");
    let never = thread.comment("7").await;
    assert_eq!(never.problem(), "404 comment-not-found");
    let none = thread.comment("x").await;
    assert_eq!(none.problem(), "400 malformed-id");
}

#[tokio::test]
async fn comments_go_with_their_article() {
    let (mut thread, [root, ..]) = Thread::of_three().await;
    thread.list("").await;
    let article = thread.article.clone();
    thread.delete(&article).await;
    for query in ["", "?page=1", "?parent=root"] {
        let list = thread.list(query).await;
        assert_eq!(list.problem(), "410 article-deleted", "{query}");
    }
    let list = thread.list(&format!("?parent={root}")).await;
    assert_eq!(list.problem(), "410 comment-deleted");
    let gone = thread.comment(&root).await;
    assert_eq!(gone.problem(), "410 comment-deleted");
    for query in ["", "?page=1", "?parent=root"] {
        let path = format!("/v1/articles/7/comments{query}");
        let never = thread.get(&path).await;
        assert_eq!(never.problem(), "404 article-not-found");
    }
}

/// Also for those who name no position: whoever has heard of a deletion has seen the last of it.
#[tokio::test]
async fn what_is_deleted_is_not_in_the_cache_either() {
    let (mut thread, [root, reply, other]) = Thread::of_three().await;
    for gone in [other, reply, root] {
        let path = format!("{}/comments", thread.article);
        thread.comment(&gone).await;
        let before = thread.yard.call("GET", &path).send().await;
        assert!(ids(&before.json()).contains(&gone));
        thread.unsay(&gone).await;
        thread.comment(&gone).await;
        let after = thread.yard.call("GET", &path).send().await;
        assert!(!ids(&after.json()).contains(&gone));
    }
}

#[tokio::test]
async fn articles_show_how_many_comments_are_live() {
    let (mut thread, [root, _, other]) = Thread::of_three().await;
    thread.unsay(&root).await;
    let article = thread.get(&thread.article).await.json();
    assert_eq!(article["comment_count"], 2);
    let board = article["board_id"].as_str().unwrap();
    let list = format!("/v1/boards/{board}/articles");
    for form in ["", "?page=1"] {
        let listed = thread.get(&format!("{list}{form}")).await.json();
        assert_eq!(listed["items"][0]["comment_count"], 2);
    }
    thread.unsay(&other).await;
    let listed = thread.get(&list).await.json();
    assert_eq!(listed["items"][0]["comment_count"], 1);
}
