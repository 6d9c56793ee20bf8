//! SQL views over TLS: whose certificate is believed, and what is said of the others.

use madang::event_store::eventstoredb::provide_tls;
use madang::views::{Views, ViewsError};

use super::refusals::{location, say};
use crate::cli::madang::{Place, forum};
use crate::node::server::Server;
use crate::servers::certificates::{Authority, Signed};
use crate::servers::eventstoredb::EventStoreDb;
use crate::servers::mariadb::MariaDb;

/// A server, and the URL of a database there for a user who is let in by TLS only.
async fn served(signed: &Signed) -> (MariaDb, String) {
    let server = MariaDb::start_with(&[
        format!("--ssl-cert={}", signed.certificate.display()),
        format!("--ssl-key={}", signed.key.display()),
    ]);
    let database = server.database().await;
    say(
        &database.url,
        "CREATE USER kim@'%' IDENTIFIED BY 'secret' REQUIRE SSL",
    )
    .await;
    say(&database.url, "GRANT ALL ON *.* TO kim@'%'").await;
    let url = database.url.replace("root@", "kim:secret@");
    (server, url)
}

/// Opens views with these choices.
async fn opened(signed: &Signed, choices: &str) -> Result<(), ViewsError> {
    provide_tls().await;
    let (_server, url) = served(signed).await;
    let views = Views::open(&location(&format!("{url}?{choices}"))).await?;
    views.close().await;
    Ok(())
}

fn named(authority: &Authority) -> String {
    format!("ssl-ca={}", authority.certificate().display())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_ones_own_is_believed_if_it_is_named() {
    let authority = Authority::new();
    let signed = authority.sign("127.0.0.1");
    let choices = format!("ssl-mode=verify_identity&{}", named(&authority));
    opened(&signed, &choices).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_authority_there_is_tls_all_the_same() {
    let signed = Authority::new().sign("elsewhere.example");
    for choices in ["ssl-mode=required", ""] {
        opened(&signed, choices).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_is_enough_unless_the_identity_is_asked_for() {
    let authority = Authority::new();
    let signed = authority.sign("elsewhere.example");
    opened(&signed, &named(&authority)).await.unwrap();
    let identity = format!("ssl-mode=verify_identity&{}", named(&authority));
    let refused = opened(&signed, &identity).await.unwrap_err();
    assert!(refused.to_string().contains("?ssl-mode="), "{refused}");
    assert!(!refused.passes(), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_another_authority_is_refused_with_what_to_do() {
    let signed = Authority::new().sign("127.0.0.1");
    let refused = opened(&signed, &named(&Authority::new()))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("certificates that fit"),
        "{refused}"
    );
    assert!(!refused.passes(), "{refused}");
}

/// Each in a process of its own: what one of them has provided for TLS is of no use to the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_and_a_replay_get_there_also_with_a_log_that_needs_no_tls() {
    let authority = Authority::new();
    let (_server, url) = served(&authority.sign("127.0.0.1")).await;
    let place = Place::new();
    let choices = named(&authority);
    place.write("madang.toml", format!("database = \"{url}?{choices}\""));
    let mut server = Server::start(&place);
    server.is_ready();
    server.terminate();
    assert!(server.ended().success());
    place.run(&["replay", "--offline"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_gets_its_node_number_there() {
    let store = EventStoreDb::start().await;
    let authority = Authority::new();
    let (_server, url) = served(&authority.sign("127.0.0.1")).await;
    let place = Place::new();
    let (store, choices) = (store.url(), named(&authority));
    place.write(
        "madang.toml",
        format!("event_store = \"{store}\"\ndatabase = \"{url}?{choices}\""),
    );
    place.write("forum.jsonl", forum(20));
    place.run(&["import", "forum.jsonl"]).expect(0);
}
