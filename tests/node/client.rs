//! The least of an HTTP client: one connection, one request at a time.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take; far longer than anything that a server lets a caller wait for.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);

/// A connection that is kept open.
pub(crate) struct Client {
    connection: BufReader<TcpStream>,
    token: String,
}

/// An answer that came to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By their names in lower case.
    headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Where the log stood when a command was done.
    pub(crate) fn position(&self) -> Option<&str> {
        self.header("madang-position")
    }
}

impl Client {
    pub(crate) fn connect(address: &str, token: &str) -> Self {
        Self::try_connect(address, token).unwrap()
    }

    /// An error is a server that does not listen.
    pub(crate) fn try_connect(address: &str, token: &str) -> io::Result<Self> {
        let connection = TcpStream::connect(address)?;
        connection.set_nodelay(true)?;
        connection.set_read_timeout(Some(ANSWERS_WITHIN))?;
        Ok(Self {
            connection: BufReader::new(connection),
            token: token.to_owned(),
        })
    }

    /// Posts JSON. An error is a connection that broke before the whole answer was there.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> io::Result<Answer> {
        self.with_body(&format!("POST {path}"), body)
    }

    /// Puts JSON.
    pub(crate) fn replace(&mut self, path: &str, body: &Value) -> io::Result<Answer> {
        self.with_body(&format!("PUT {path}"), body)
    }

    fn with_body(&mut self, what: &str, body: &Value) -> io::Result<Answer> {
        let body = body.to_string();
        let length = body.len();
        let headers = format!("content-type: application/json\r\ncontent-length: {length}\r\n");
        self.send(what, &headers, &body)
    }

    /// Puts, with nothing to say but the path.
    pub(crate) fn put(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&format!("PUT {path}"), "content-length: 0\r\n", "")
    }

    pub(crate) fn delete(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&format!("DELETE {path}"), "", "")
    }

    /// Reads what the views hold now.
    pub(crate) fn read(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&format!("GET {path}"), "", "")
    }

    /// Reads what the views hold once they have reached `position`.
    pub(crate) fn get(&mut self, path: &str, position: &str) -> io::Result<Answer> {
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
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").map_or("0", String::as_str);
        let mut body = vec![0; length.parse().unwrap()];
        self.connection.read_exact(&mut body)?;
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body)?
        };
        Ok(Answer {
            status,
            headers,
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
