//! What a client says to Redis, taken down and said again: as fast as Redis takes it, by a client that
//! does nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// What each of the scripts that is taken down answers with.
const OK: &[u8] = b"+OK\r\n";

/// Stands between a client and a server and takes down what the client says.
pub(crate) struct Tape {
    port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tape {
    /// Stands before the server at an address.
    pub(crate) async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let tape = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("a server");
                tokio::spawn(pass(client, server, Arc::clone(&tape)));
            }
        });
        Self { port, heard }
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What was said since the last time.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn pass(client: TcpStream, server: TcpStream, heard: Arc<Mutex<Vec<u8>>>) {
    let (mut questions, mut to_client) = client.into_split();
    let (mut answers, mut to_server) = server.into_split();
    tokio::spawn(async move { copy(&mut answers, &mut to_client).await });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = questions.read(&mut buffer).await {
        let said = &buffer[..read];
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(said);
        if to_server.write_all(said).await.is_err() {
            return;
        }
    }
}

/// The same with other names of the same length in the keys, so that no length changes.
pub(crate) fn renamed(mut said: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut at = 0;
    while let Some(found) = said[at..]
        .windows(from.len())
        .position(|name| name == from.as_bytes())
    {
        at += found;
        said[at..at + to.len()].copy_from_slice(to.as_bytes());
        at += to.len();
    }
    said
}

/// Says it all to the server at an address without waiting, and returns when the last of `calls` is
/// answered.
pub(crate) async fn play(server: &str, said: Vec<u8>, calls: usize) {
    let stream = TcpStream::connect(server).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let (mut answers, mut questions) = stream.into_split();
    let saying = tokio::spawn(async move { questions.write_all(&said).await.map(|()| questions) });
    let mut answered = vec![0; calls * OK.len()];
    answers.read_exact(&mut answered).await.expect("answers");
    let all_well = answered.chunks(OK.len()).all(|answer| answer == OK);
    assert!(all_well, "{}", String::from_utf8_lossy(&answered));
    saying.await.expect("a task").expect("a server");
}
