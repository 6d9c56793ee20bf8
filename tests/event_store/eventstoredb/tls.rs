//! TLS: who is believed, and that whoever is not is not waited for.

use std::fs;

use madang::event_store::eventstoredb::{Credentials, EsdbUrl, EventStoreDb, provide_tls};
use madang::event_store::{EventStore as _, Position, StoreError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use super::short;
use crate::servers::eventstoredb as fake;

/// A server whose certificate names `host`, and a file with the authority that has signed it.
async fn server(host: &str) -> (fake::EventStoreDb, TempDir) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ca.pem"), authority.pem()).unwrap();
    provide_tls().await;
    let server = fake::EventStoreDb::start_tls(certificate.pem(), key.serialize_pem()).await;
    (server, directory)
}

fn log_of(server: &fake::EventStoreDb, directory: Option<&TempDir>, options: &str) -> EventStoreDb {
    let credentials = Credentials {
        ca_file: directory.map(|directory| directory.path().join("ca.pem")),
        ..Credentials::default()
    };
    let url = format!("{}{options}", server.url());
    EventStoreDb::open(&EsdbUrl::parse(&url, &credentials).unwrap(), short())
}

#[tokio::test]
async fn a_server_whose_authority_is_known_is_believed() {
    let (server, directory) = server("127.0.0.1").await;
    let log = log_of(&server, Some(&directory), "");
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_believed() {
    let (server, _directory) = server("127.0.0.1").await;
    let error = log_of(&server, None, "").head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_server_of_another_name_is_not_believed() {
    let (server, directory) = server("other.example").await;
    let log = log_of(&server, Some(&directory), "");
    let error = log.head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn whoever_asks_for_it_believes_everybody() {
    let (server, _directory) = server("other.example").await;
    let log = log_of(&server, None, "&tlsVerifyCert=false");
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_in_clear() {
    let plain = fake::EventStoreDb::start().await;
    let url = format!("esdb://127.0.0.1:{}", plain.port());
    let log = EventStoreDb::open(&super::parsed(&url), short());
    let error = log.head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}
