//! The least of an HTTP client: one connection, one request at a time.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// A connection that is kept open.
pub(super) struct Client {
    connection: BufReader<TcpStream>,
    token: String,
}

/// An answer that came to its end.
pub(super) struct Answer {
    pub(super) status: u16,
    /// After how many seconds to try again.
    pub(super) retry_after: Option<u64>,
    pub(super) body: Value,
}

impl Client {
    pub(super) fn connect(address: &str, token: &str) -> Self {
        let connection = TcpStream::connect(address).unwrap();
        connection.set_nodelay(true).unwrap();
        Self {
            connection: BufReader::new(connection),
            token: token.to_owned(),
        }
    }

    /// Posts JSON. An error is a connection that broke before the whole answer was there.
    pub(super) fn post(&mut self, path: &str, body: &Value) -> io::Result<Answer> {
        let body = body.to_string();
        let length = body.len();
        let headers = format!("content-type: application/json\r\ncontent-length: {length}\r\n");
        self.send(&format!("POST {path}"), &headers, &body)
    }

    /// Puts, with nothing to say but the path.
    pub(super) fn put(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&format!("PUT {path}"), "content-length: 0\r\n", "")
    }

    /// Reads what the views hold once they have reached `position`.
    pub(super) fn get(&mut self, path: &str, position: &str) -> io::Result<Answer> {
        let headers = format!("madang-wait-for: {position}\r\n");
        self.send(&format!("GET {path}"), &headers, "")
    }

    /// Reads what needs no views, as nobody.
    pub(super) fn get_plainly(&mut self, path: &str) -> io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: madang\r\n\r\n");
        self.connection.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    fn send(&mut self, what: &str, headers: &str, body: &str) -> io::Result<Answer> {
        let token = &self.token;
        let request = format!(
            "{what} HTTP/1.1\r\nhost: madang\r\nauthorization: Bearer {token}\r\n\
             {headers}\r\n{body}"
        );
        self.connection.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let (mut length, mut retry_after) = (0, None);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if let Some(value) = line.strip_prefix("retry-after:") {
                retry_after = Some(value.trim().parse().unwrap());
            }
        }
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body)?;
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body)?
        };
        Ok(Answer {
            status,
            retry_after,
            body,
        })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
