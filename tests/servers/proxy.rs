//! A TCP proxy in front of a server, for what a server does not do by itself when it is asked: to be
//! slow, to fall silent, to refuse, and to be another server from one moment to the next.
//!
//! It listens at one port for as long as it is there, except while it refuses. What it has been told
//! goes for open connections, too.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::process::free_port;

/// Bytes that are passed on at once, and such pieces that wait for a slow answer's time.
const PIECE: usize = 16 * 1024;
const PIECES: usize = 1024;

/// What a proxy does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Passes everything on at once.
    Pass,
    /// Passes on what the server says this much later.
    Slow(Duration),
    /// Takes connections and passes nothing on.
    Silent,
    /// Listens no more; open connections end.
    Refuse,
}

#[derive(Clone, Copy, Debug)]
struct Orders {
    server: SocketAddr,
    manner: Manner,
    /// How often connections were cut: those of an earlier time end.
    cuts: u64,
}

/// A proxy that ends when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    orders: watch::Sender<Orders>,
    /// Its own, so that a test which blocks its thread does not stop it. None while it is dropped.
    runtime: Option<Runtime>,
}

impl Proxy {
    /// In front of the server at a port of 127.0.0.1.
    pub(crate) fn before(port: u16) -> Self {
        let address = at(free_port());
        let (orders, told) = watch::channel(Orders {
            server: at(port),
            manner: Manner::Pass,
            cuts: 0,
        });
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        runtime.spawn(listen(listener, told));
        Self {
            address,
            orders,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn be(&self, manner: Manner) {
        self.orders.send_modify(|orders| orders.manner = manner);
    }

    /// Ends all open connections.
    pub(crate) fn cut(&self) {
        self.orders.send_modify(|orders| orders.cuts += 1);
    }

    /// Is in front of another server from now on; connections to the old one end.
    pub(crate) fn redirect(&self, port: u16) {
        self.orders.send_modify(|orders| {
            orders.server = at(port);
            orders.cuts += 1;
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A runtime may not wait for its tasks where another one runs.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn at(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

async fn listen(mut listener: TcpListener, mut told: watch::Receiver<Orders>) {
    let address = listener.local_addr().unwrap();
    loop {
        let refuse = async {
            told.wait_for(|now| now.manner == Manner::Refuse)
                .await
                .is_ok()
        };
        tokio::select! {
            biased;
            refuse = refuse => {
                drop(listener);
                let again = told.wait_for(|now| now.manner != Manner::Refuse).await.is_ok();
                if !(refuse && again) {
                    return;
                }
                listener = TcpListener::bind(address).await.unwrap();
            }
            taken = listener.accept() => {
                let (client, _) = taken.unwrap();
                tokio::spawn(connection(client, told.clone()));
            }
        }
    }
}

/// One connection to its end; if the server cannot be reached, that is at once.
async fn connection(client: TcpStream, mut told: watch::Receiver<Orders>) {
    let begun = *told.borrow();
    let over = |now: &Orders| now.cuts != begun.cuts || now.manner == Manner::Refuse;
    let passing = pass(client, begun.server, told.clone());
    tokio::select! {
        () = passing => {}
        _ = told.wait_for(over) => {}
    }
}

async fn pass(client: TcpStream, server: SocketAddr, told: watch::Receiver<Orders>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // Or the system's own thrift would be measured.
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (asked, answers) = client.into_split();
    let (answered, asks) = server.into_split();
    // Whichever side ends takes the other one along.
    tokio::select! {
        () = forward(asked, asks, told.clone(), false) => {}
        () = forward(answered, answers, told, true) => {}
    }
}

/// Passes on one direction; `late` if it is the one that a slow server's delay is for.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut told: watch::Receiver<Orders>,
    late: bool,
) {
    let (queue, mut queued) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES);
    let orders = told.clone();
    let read = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let delay = match orders.borrow().manner {
                Manner::Slow(delay) if late => delay,
                _ => Duration::ZERO,
            };
            let due = (Instant::now() + delay, piece[..length].to_vec());
            if queue.send(due).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        while let Some((due, piece)) = queued.recv().await {
            sleep_until(due).await;
            let passes = async {
                told.wait_for(|now| now.manner != Manner::Silent)
                    .await
                    .is_ok()
            };
            if !passes.await || to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    let (mut read, mut write) = (pin!(read), pin!(write));
    tokio::select! {
        () = &mut read => write.await,
        () = &mut write => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{Manner, Proxy};

    /// Long enough for a machine that is busy.
    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(100);

    /// A server that greets with its name and then repeats what it is told; its port.
    fn parrot(name: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for taken in listener.incoming() {
                let mut taken = taken.unwrap();
                thread::spawn(move || {
                    writeln!(taken, "{name}").unwrap();
                    let mut heard = taken.try_clone().unwrap();
                    io::copy(&mut heard, &mut taken)
                });
            }
        });
        port
    }

    fn call(proxy: &Proxy) -> io::Result<BufReader<TcpStream>> {
        let connection = TcpStream::connect(("127.0.0.1", proxy.port()))?;
        connection.set_read_timeout(Some(LONG))?;
        Ok(BufReader::new(connection))
    }

    fn heard(connection: &mut BufReader<TcpStream>) -> String {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    #[test]
    fn what_is_said_is_passed_on() {
        let proxy = Proxy::before(parrot("polly"));
        let mut connection = call(&proxy).unwrap();
        assert_eq!(heard(&mut connection), "polly");
        connection.get_mut().write_all(b"hello\n").unwrap();
        assert_eq!(heard(&mut connection), "hello");
    }

    #[test]
    fn a_slow_server_answers_later() {
        let proxy = Proxy::before(parrot("polly"));
        proxy.be(Manner::Slow(SHORT));
        let begun = Instant::now();
        let mut connection = call(&proxy).unwrap();
        assert_eq!(heard(&mut connection), "polly");
        assert!(begun.elapsed() >= SHORT);
    }

    #[test]
    fn a_silent_server_answers_when_it_speaks_again() {
        let proxy = Proxy::before(parrot("polly"));
        let mut connection = call(&proxy).unwrap();
        assert_eq!(heard(&mut connection), "polly");
        proxy.be(Manner::Silent);
        connection.get_mut().write_all(b"hello\n").unwrap();
        connection.get_ref().set_read_timeout(Some(SHORT)).unwrap();
        let nothing = connection.read(&mut [0]).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        connection.get_ref().set_read_timeout(Some(LONG)).unwrap();
        proxy.be(Manner::Pass);
        assert_eq!(heard(&mut connection), "hello");
    }

    #[test]
    fn refused_is_refused_and_taken_again_later() {
        let proxy = Proxy::before(parrot("polly"));
        let mut connection = call(&proxy).unwrap();
        assert_eq!(heard(&mut connection), "polly");
        proxy.be(Manner::Refuse);
        assert_eq!(heard(&mut connection), "");
        while call(&proxy).is_ok() {}
        proxy.be(Manner::Pass);
        let mut connection = (0..).find_map(|_| call(&proxy).ok()).unwrap();
        assert_eq!(heard(&mut connection), "polly");
    }

    #[test]
    fn redirected_it_is_another_server() {
        let proxy = Proxy::before(parrot("polly"));
        let mut connection = call(&proxy).unwrap();
        assert_eq!(heard(&mut connection), "polly");
        proxy.redirect(parrot("jack"));
        assert_eq!(heard(&mut connection), "");
        assert_eq!(heard(&mut call(&proxy).unwrap()), "jack");
    }

    #[test]
    fn cut_connections_end_and_new_ones_are_taken() {
        let proxy = Proxy::before(parrot("polly"));
        let mut connection = call(&proxy).unwrap();
        assert_eq!(heard(&mut connection), "polly");
        proxy.cut();
        assert_eq!(heard(&mut connection), "");
        assert_eq!(heard(&mut call(&proxy).unwrap()), "polly");
    }
}
