//! Stopped and started again, beside another one, and with a part of the roles.

use madang::ambient::Clock;
use madang::calendar::Calendar;
use madang::command::article::Draft;
use madang::config::{Config, Database, Role, Roles};
use madang::domain::text::WriterName;
use madang::domain::{ArticleId, BoardId};
use madang::event_store::{Log, Position};
use madang::node::Node;
use madang::query::articles::ArticleView;
use madang::query::{Document, Lookup, QueryError};

use super::{new_board, origin, refusal};
use crate::projections::yard::text;
use crate::stack::{Home, Stack};

fn show(view: ArticleView) -> Document {
    Document {
        body: view.summary.title.into(),
        etag: None,
    }
}

async fn start(config: &Config) -> Node {
    Node::start(config, Clock::system()).await.unwrap()
}

/// Posts an article; answers also with its position.
async fn post(node: &Node, board_id: BoardId, title: &str) -> (ArticleId, Position) {
    let draft = Draft {
        board_id,
        text: text(title),
        writer_name: WriterName::parse("Kim").unwrap(),
    };
    let by = origin(&Clock::system());
    let done = node.commands.create_article(&by, draft).await.unwrap();
    (done.state.id, done.position)
}

/// The title of an article, once the views have reached `position`.
async fn title(node: &Node, id: ArticleId, position: Position) -> Result<String, QueryError> {
    match node.queries.article(id, Some(position), show).await? {
        Lookup::Found(document) => Ok(String::from_utf8(document.body.to_vec()).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let home = Home::new();
    let config = home.config().await;
    let mut posted: Vec<(ArticleId, Position, String)> = Vec::new();
    let mut board = None;
    for round in 0..3 {
        let node = start(&config).await;
        for (id, position, text) in &posted {
            assert_eq!(title(&node, *id, *position).await.as_ref(), Ok(text));
        }
        let clock = Clock::system();
        let on = match board {
            Some(board) => board,
            None => new_board(&node, &clock).await,
        };
        board = Some(on);
        let text = format!("round {round}");
        let (id, position) = post(&node, on, &text).await;
        posted.push((id, position, text));
        node.stop().await;
    }
}

#[tokio::test]
async fn a_second_node_on_any_of_the_files_is_refused_and_told_which() {
    let [home, elsewhere] = [(); 2].map(|()| Home::on(Stack::Embedded));
    let first = home.config().await;
    let node = start(&first).await;
    let same_lease = Config {
        event_store: Log::File(elsewhere.path("log.db")),
        database: Database::File(elsewhere.path("views.db")),
        ..first.clone()
    };
    let same_views = Config {
        database: first.database.clone(),
        ..elsewhere.config().await
    };
    let cases = [
        (&first, "log.db"),
        (&same_lease, "ids.lease"),
        (&same_views, "views.db"),
    ];
    for (second, file) in cases {
        let path = first.data_dir.join(file);
        let text = refusal(second).await;
        assert!(text.contains("in use by another process"), "{text}");
        assert_eq!(text.matches(path.to_str().unwrap()).count(), 1, "{text}");
    }
    new_board(&node, &Clock::system()).await;
    node.stop().await;
}

#[tokio::test]
async fn views_of_another_log_are_refused_with_the_remedy() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let first = home.config().await;
    let node = start(&first).await;
    new_board(&node, &Clock::system()).await;
    node.stop().await;
    let elsewhere = elsewhere.config().await;
    start(&elsewhere).await.stop().await;
    let stranger = Config {
        database: first.database.clone(),
        ..elsewhere
    };
    let text = refusal(&stranger).await;
    assert!(text.contains("of another log"), "{text}");
    assert!(text.contains("`madang replay --offline`"), "{text}");
    start(&first).await.stop().await;
}

#[tokio::test]
async fn views_of_another_zone_are_refused_in_any_role() {
    let home = Home::new();
    let first = home.config().await;
    start(&first).await.stop().await;
    for roles in [Roles::ALL, Roles::of(&[Role::Query])] {
        let moved = Config {
            calendar: Calendar::named("Europe/Berlin").unwrap(),
            roles,
            ..first.clone()
        };
        let text = refusal(&moved).await;
        assert!(text.contains("--time-zone Europe/Berlin"), "{text}");
    }
    start(&first).await.stop().await;
}

#[tokio::test]
async fn without_a_projector_the_views_stay_until_one_comes() {
    let home = Home::new();
    let all = home.config().await;
    let blind = Config {
        roles: Roles::of(&[Role::Command, Role::Query]),
        ..all.clone()
    };
    let node = start(&blind).await;
    assert!(node.status.is_none());
    let board = new_board(&node, &Clock::system()).await;
    let (id, position) = post(&node, board, "later").await;
    let behind = title(&node, id, position).await;
    assert_eq!(behind, Err(QueryError::Behind));
    node.stop().await;
    let node = start(&all).await;
    let seen = title(&node, id, position).await;
    assert_eq!(seen.as_deref(), Ok("later"));
    node.stop().await;
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_is_named() {
    let home = Home::new();
    let file = home.path("file");
    std::fs::write(&file, "").unwrap();
    let nowhere = Config {
        data_dir: file.join("data"),
        ..home.config().await
    };
    let text = refusal(&nowhere).await;
    assert!(text.starts_with(file.to_str().unwrap()), "{text}");
}
