//! The server itself, over real sockets.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::fixture::{Yard, token};
use madang::http::Role;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    _yard: Yard,
}

async fn running() -> Running {
    let yard = Yard::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let router = yard.router.clone();
    let server = tokio::spawn(madang::http::run(listener, router, async {
        let _ = stopped.await;
    }));
    Running {
        address,
        stop,
        server,
        _yard: yard,
    }
}

fn head(extra: &str) -> String {
    let token = token("root", &[Role::Admin]);
    format!(
        "POST /v1/boards HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\nauthorization: Bearer {token}\r\n{extra}\r\n"
    )
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn who_sends_ten_megabytes_gets_to_read_the_answer() {
    let node = running().await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let body = vec![b' '; 10 * 1024 * 1024];
    stream
        .write_all(head(&format!("content-length: {}\r\n", body.len())).as_bytes())
        .await
        .unwrap();
    stream.write_all(&body).await.unwrap();
    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("/problems/body-too-large"), "{answer}");
}

#[tokio::test]
async fn who_asks_before_sending_is_told_at_once() {
    let node = running().await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let extra = "content-length: 10485760\r\nexpect: 100-continue\r\n";
    stream.write_all(head(extra).as_bytes()).await.unwrap();
    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_large_body_without_a_token_is_answered_too() {
    let node = running().await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let head = "POST /v1/boards HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..80 {
        stream.write_all(b"20000\r\n").await.unwrap();
        stream.write_all(&vec![b'x'; 0x20000]).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn a_request_in_flight_is_finished_after_the_signal_to_stop() {
    let node = running().await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let body = r#"{"name": "Last"}"#;
    let extra = format!("content-length: {}\r\nexpect: 100-continue\r\n", body.len());
    stream.write_all(head(&extra).as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    node.stop.send(()).unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    node.server.await.unwrap();
}

#[tokio::test]
async fn idle_connections_do_not_keep_a_node_from_stopping() {
    let node = running().await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    node.stop.send(()).unwrap();
    node.server.await.unwrap();
    assert!(TcpStream::connect(node.address).await.is_err());
}
