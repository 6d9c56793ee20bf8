//! Whoever has seen that something happened is shown nothing from before it: no answer that the cache
//! keeps outlives a change of what it shows.

use serde_json::{Value, json};

use super::fixture::{Answer, Yard};

/// From the yard's beginning to the moment when its day's popular list can be read.
const UNTIL_OUT: i64 = 27_000_000;

/// A yard, and all that can be read of what is in it.
struct Village {
    yard: Yard,
    paths: Vec<String>,
}

impl Village {
    /// Does something, and looks at everything once it is in the views.
    async fn sees(&self, command: Answer) -> Answer {
        assert!(command.status < 300, "{}", command.shown());
        let wait = self.yard.call("GET", "/v1/projections").admin();
        assert_eq!(wait.after(&command).send().await.status, 200);
        self.yard.advance(UNTIL_OUT);
        for path in &self.paths {
            let shown = self.yard.call("GET", path).send().await;
            // Never from the cache; and leaves there what the next command makes old.
            let truth = self.yard.call("GET", path).after(&command).send().await;
            let shown = (shown.status, String::from_utf8(shown.bytes).unwrap());
            let truth = (truth.status, String::from_utf8(truth.bytes).unwrap());
            assert_eq!(shown, truth, "{path}");
        }
        self.yard.advance(-UNTIL_OUT);
        command
    }

    async fn says(&self, method: &str, path: &str, body: Value) -> Answer {
        let call = self.yard.call(method, path).by("kim");
        self.sees(call.json(body).send().await).await
    }

    async fn does(&self, method: &str, path: &str) {
        let call = self.yard.call(method, path).admin();
        self.sees(call.send().await).await;
    }

    fn reads<const N: usize>(&mut self, paths: [String; N]) {
        self.paths.extend(paths);
    }
}

/// A village with a board and an article, and their paths.
async fn village() -> (Village, [String; 2]) {
    let yard = Yard::open().await;
    let board = format!("/v1/boards/{}", yard.board().await);
    let popular = "/v1/popular?date=2026-11-19".to_owned();
    let paths = vec!["/v1/boards".to_owned(), "/v1/boards?page=1".to_owned()];
    let mut village = Village { yard, paths };
    let articles = format!("{board}/articles");
    village.reads([board.clone(), articles.clone(), popular]);
    village.reads([format!("{articles}?page=1")]);
    let body = json!({"title": "First", "content": "Hello"});
    let article = village.says("POST", &articles, body).await;
    let article = article.header("location").unwrap().to_owned();
    let comments = format!("{article}/comments");
    village.reads([article.clone(), format!("{comments}?page=1")]);
    village.reads([format!("{comments}?parent=root"), comments]);
    (village, [board, article])
}

#[tokio::test]
async fn what_is_done_to_boards_and_articles_is_seen_everywhere() {
    let (village, [board, article]) = village().await;
    village.does("PUT", &format!("{article}/like")).await;
    village.does("POST", &format!("{article}/views")).await;
    let body = json!({"title": "Second", "content": "Hello"});
    village.says("PUT", &article, body).await;
    village.does("DELETE", &format!("{article}/like")).await;
    let call = village.yard.call("PUT", &board).admin();
    village
        .sees(call.json(json!({"name": "Park"})).send().await)
        .await;
    village.does("POST", &format!("{board}/close")).await;
    let call = village.yard.call("DELETE", &article).by("kim");
    village.sees(call.send().await).await;
}

#[tokio::test]
async fn what_is_done_to_comments_is_seen_everywhere() {
    let (mut village, [_, article]) = village().await;
    let comments = format!("{article}/comments");
    let mut said: Vec<String> = Vec::new();
    for _ in 0..3 {
        let body = json!({"content": "Well", "parent_id": said.last()});
        let id = village.says("POST", &comments, body).await.id("comment_id");
        village.reads([format!("/v1/comments/{id}")]);
        village.reads([format!("{comments}?parent={id}")]);
        said.push(id);
    }
    let said: Vec<_> = said.iter().map(|id| format!("/v1/comments/{id}")).collect();
    village
        .says("PUT", &said[0], json!({"content": "Well, well"}))
        .await;
    for path in &said {
        let call = village.yard.call("DELETE", path).by("kim");
        village.sees(call.send().await).await;
    }
}
