//! SQL views over TLS: whose certificate is believed, and what is said of the others.

use madang::views::{Views, ViewsError};

use super::refusals::{location, say};
use crate::servers::certificates::{Authority, Signed};
use crate::servers::mariadb::MariaDb;

/// Opens views with these choices, for a user who is let in by TLS only.
async fn opened(signed: &Signed, choices: &str) -> Result<(), ViewsError> {
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
