//! Where views on a server are, as the operator says it.

use madang::views::{ServerUrl, Views};
use tokio::net::TcpListener;

use super::refusals::location;

#[test]
fn a_url_is_shown_without_its_secrets() {
    for (url, shown) in [
        ("mysql://kim:secret@db:3307/forum", "mysql://db:3307/forum"),
        (
            "mysql://kim:se%40cret@db/forum?ssl-mode=required",
            "mysql://db/forum",
        ),
        ("mysql://[::1]:3306/a_b-c$1", "mysql://[::1]:3306/a_b-c$1"),
    ] {
        let parsed: ServerUrl = url.parse().unwrap();
        assert_eq!(parsed.to_string(), shown);
        assert_eq!(format!("{parsed:?}"), shown);
    }
}

#[test]
fn what_is_no_url_of_a_database_is_refused_without_showing_it() {
    for url in [
        "mysql://",
        "mysql://kim:secret@db",
        "mysql://kim:secret@db/",
        "mysql://kim:secret@/forum",
        "mysql://kim:secret@db:99999/forum",
        "mysql://kim:secret@db/fo`rum",
        "mysql://kim:secret@db/forum/more",
        "mysql://kim:secret@db/forum?ssl-mode=perhaps",
        "mysql://kim:secret@db/forum?charset=latin1",
        "mysql:kim:secret@db/forum",
        "mysql://kim:what?secret@db/forum",
        "mysql://kim:what?x&secret&y@db/forum",
        "mysql://db/forum?secret1",
        "mysql://kim:secret@db/forum_replay",
        &format!("mysql://kim:secret@db/{}", "x".repeat(51)),
    ] {
        let error = url.parse::<ServerUrl>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        assert!(error.contains("mysql://USER:PASSWORD@HOST"), "{error}");
    }
}

#[tokio::test]
async fn an_address_in_brackets_is_connected_to() {
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let location = location(&format!("mysql://root@{address}/forum"));
    let (opened, accepted) = tokio::join!(Views::open(&location), async {
        listener.accept().await.map(drop)
    });
    assert!(opened.unwrap_err().passes());
    accepted.unwrap();
}
