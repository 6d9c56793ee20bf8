//! The smallest HTTP/1.1 client that can keep a server busy: one request over and over on kept
//! connections, and no more parsing than finding the end of an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        }
    }

    /// Sends a request and reads its answer, which has to be a success; answers with where its
    /// body begins.
    async fn ask(&mut self, request: &str) -> usize {
        self.stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        self.buffer.clear();
        loop {
            let read = self
                .stream
                .read_buf(&mut self.buffer)
                .await
                .expect("an answer");
            assert!(read > 0, "the server closed the connection");
            if let Some((begin, length)) = body(&self.buffer)
                && self.buffer.len() >= begin + length
            {
                assert!(self.buffer.starts_with(b"HTTP/1.1 20"), "{}", self.text());
                return begin;
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }
}

fn body(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    if head.starts_with("HTTP/1.1 204") {
        return Some((end + 4, 0));
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    })?;
    Some((end + 4, length))
}

/// The body of one answer.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Bytes {
    let mut connection = Connection::open(address).await;
    let begin = connection
        .ask(&format!("GET {path} HTTP/1.1\r\nhost: yard\r\n\r\n"))
        .await;
    connection.buffer.split_off(begin).into()
}

/// Answers per second, over `connections` that each send the request again and again for `time`.
pub(crate) async fn rate(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    request: &Arc<str>,
) -> f64 {
    let request = Arc::clone(request);
    rate_of(address, connections, time, move |_| Arc::clone(&request)).await
}

/// Answers per second, over `connections` that each send one after the other what `next` gives for
/// their number, for `time`.
pub(crate) async fn rate_of<R: AsRef<str> + Send>(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    next: impl Fn(usize) -> R + Clone + Send + 'static,
) -> f64 {
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for number in 0..connections {
        let next = next.clone();
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut answers = 0_u32;
            while begun.elapsed() < time {
                connection.ask(next(number).as_ref()).await;
                answers += 1;
            }
            answers
        });
    }
    let answers: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(answers) / begun.elapsed().as_secs_f64()
}

/// Whether a server at `address` says that it is ready.
pub(crate) async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return false;
    };
    let request = b"GET /health/ready HTTP/1.1\r\nhost: yard\r\nconnection: close\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}
