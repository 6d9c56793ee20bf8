//! A connection, which can be cut, and over which a stream can end by `RST_STREAM` with `NO_ERROR`.
//!
//! The server's own library resets a stream whose body fails, but gives another reason. So the frames
//! on their way to the client are followed, and the reason of every reset is made 0. Over TLS they
//! cannot be read, and stay as they are.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tonic::transport::server::Connected;

/// Length (3 bytes), type, flags, stream (4 bytes).
const HEADER: usize = 9;
const RST_STREAM: u8 = 3;

/// A TCP connection.
pub(super) struct Connection {
    tcp: TcpStream,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    frames: Frames,
}

impl Connection {
    pub(super) fn new(tcp: TcpStream, mut cuts: watch::Receiver<u64>) -> Self {
        cuts.borrow_and_update();
        let cut = Box::pin(async move {
            // No sender: the server is gone.
            let _ = cuts.changed().await;
        });
        Self {
            tcp,
            cut,
            frames: Frames::default(),
        }
    }

    /// Acknowledges what was read at once. The client sends a call in two pieces without `TCP_NODELAY`:
    /// the second waits until the first is acknowledged, 40 ms where that is left to Linux. Tests need
    /// not wait for it; with a real server, a lone call does.
    fn acknowledge(&self) {
        #[cfg(target_os = "linux")]
        // Without it, it is only slower.
        let _ = self.tcp.set_quickack(true);
    }

    fn cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => {
                // What was polled is not polled again.
                self.cut = Box::pin(std::future::ready(()));
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.cut(context)?;
        let read = Pin::new(&mut self.tcp).poll_read(context, buffer);
        if read.is_ready() {
            self.acknowledge();
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.cut(context)?;
        let mut after = self.frames.clone();
        let changed = after.follow(bytes);
        let sent = changed.as_deref().unwrap_or(bytes);
        let written = std::task::ready!(Pin::new(&mut self.tcp).poll_write(context, sent))?;
        if written == bytes.len() {
            self.frames = after;
        } else {
            self.frames.follow(&bytes[..written]);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

/// Where in the frames the bytes so far have ended.
#[derive(Clone, Default)]
struct Frames {
    header: [u8; HEADER],
    /// Bytes of the header that are known.
    known: usize,
    /// Bytes of the payload that are to come.
    payload: usize,
}

impl Frames {
    /// Goes on by these bytes; answers with others if they hold the reason of a reset.
    fn follow(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (mut changed, mut at) = (None, 0);
        while at < bytes.len() {
            if self.payload > 0 {
                let end = bytes.len().min(at + self.payload);
                self.payload -= end - at;
                if self.header[3] == RST_STREAM {
                    changed.get_or_insert_with(|| bytes.to_vec())[at..end].fill(0);
                }
                at = end;
                continue;
            }
            self.header[self.known] = bytes[at];
            (self.known, at) = (self.known + 1, at + 1);
            if self.known == HEADER {
                let [a, b, c, ..] = self.header;
                self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
                self.known = 0;
            }
        }
        changed
    }
}
