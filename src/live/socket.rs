//! A stream to another program or machine: `host:port`, `:port`, `tcp:host:port`, `unix:/path`. It never waits for ever.

use crate::{Error, ErrorKind, Layer, Result};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a wait lasts before somebody looks whether the user said stop.
const SLICE: Duration = Duration::from_millis(100);

/// Where somebody listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host's name or address, and a port.
    Tcp(String, u16),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Address {
    /// Reads `host:port`, `[::1]:port`, `:port`, `tcp:host:port`, `unix:/path`, or a path with a slash.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for anything else; `who` is named.
    pub fn parse(text: &str, who: &str, port: Option<u16>) -> Result<Self> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("unix:").or_else(|| text.contains('/').then_some(text)) {
            return Ok(Self::Unix(path.into()));
        }
        let rest = text.strip_prefix("tcp:").unwrap_or(text);
        let (host, digits) = match rest.rsplit_once(':') {
            // A bare IPv6 address has colons of its own.
            Some((host, digits)) if !host.contains(':') || host.ends_with(']') => (host, Some(digits)),
            _ => (rest, None),
        };
        let port = digits.map_or(port, |d| d.parse().ok());
        let host = host.trim_start_matches('[').trim_end_matches(']');
        port.map(|port| Self::Tcp(if host.is_empty() { "localhost" } else { host }.to_owned(), port)).ok_or_else(|| {
            Error::new(Layer::Connector, ErrorKind::Invalid, format!("{who}: `{text}` is not host:port or unix:/path"))
                .hint("for example localhost:1234, :1234, [::1]:1234, unix:/tmp/gdb.sock")
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A connected stream whose reads and writes end after [`SLICE`].
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A unix socket.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

impl Read for &Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(s) => (&mut &*s).read(buf),
            #[cfg(unix)]
            Stream::Unix(s) => (&mut &*s).read(buf),
        }
    }
}

impl Write for &Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(s) => (&mut &*s).write(buf),
            #[cfg(unix)]
            Stream::Unix(s) => (&mut &*s).write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why nothing came, or nothing went.
#[derive(Debug)]
pub enum Stopped {
    /// The time is over.
    Timeout,
    /// The other side has closed.
    Closed,
    /// The user said stop.
    Interrupted,
    /// The link failed.
    Failed(io::Error),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Closed => f.write_str("the other side closed the connection"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Failed(e) => write!(f, "the connection failed: {e}"),
        }
    }
}

/// A stream with a limit of time on all it does.
pub struct Wire {
    stream: Stream,
    interrupt: Option<&'static AtomicBool>,
}

impl Wire {
    /// Connects within `timeout`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when nobody listens there, or nobody answers in time; `who` is what should.
    pub fn connect(address: &Address, who: &str, timeout: Duration, interrupt: Option<&'static AtomicBool>) -> Result<Self> {
        let failed = |e: &dyn fmt::Display| {
            Error::new(Layer::Connector, ErrorKind::Io, format!("{who}: connecting to {address} failed: {e}"))
                .hint("is the other side running, and listening there?")
        };
        let stream = match address {
            Address::Tcp(host, port) => Stream::Tcp(tcp(host, *port, timeout).map_err(|e| failed(&e))?),
            #[cfg(unix)]
            Address::Unix(path) => Stream::Unix(std::os::unix::net::UnixStream::connect(path).map_err(|e| failed(&e))?),
            #[cfg(not(unix))]
            Address::Unix(_) => return Err(failed(&"this system has no unix sockets")),
        };
        Self::over(stream, interrupt).map_err(|e| failed(&e))
    }

    /// Takes a stream that is connected.
    ///
    /// # Errors
    /// When it refuses limits of time.
    pub fn over(stream: Stream, interrupt: Option<&'static AtomicBool>) -> io::Result<Self> {
        match &stream {
            Stream::Tcp(s) => {
                // A small request must not wait for the answer to another one.
                s.set_nodelay(true)?;
                s.set_read_timeout(Some(SLICE))?;
                s.set_write_timeout(Some(SLICE))?;
            }
            #[cfg(unix)]
            Stream::Unix(s) => {
                s.set_read_timeout(Some(SLICE))?;
                s.set_write_timeout(Some(SLICE))?;
            }
        }
        Ok(Self { stream, interrupt })
    }

    /// From now on nothing but time ends a wait.
    pub fn uninterrupted(&mut self) {
        self.interrupt = None;
    }

    /// Whether the user said stop.
    pub fn interrupted(&self) -> bool {
        self.interrupt.is_some_and(|i| i.load(Ordering::Relaxed))
    }

    fn until<T>(&self, end: Instant, mut step: impl FnMut(&Stream) -> io::Result<T>) -> Result<T, Stopped> {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, TimedOut, WouldBlock};
        loop {
            match step(&self.stream) {
                Ok(n) => return Ok(n),
                Err(e) if matches!(e.kind(), WouldBlock | TimedOut | Interrupted) => {}
                Err(e) if matches!(e.kind(), ConnectionReset | ConnectionAborted | io::ErrorKind::BrokenPipe) => {
                    return Err(Stopped::Closed);
                }
                Err(e) => return Err(Stopped::Failed(e)),
            }
            if self.interrupted() {
                return Err(Stopped::Interrupted);
            }
            if Instant::now() >= end {
                return Err(Stopped::Timeout);
            }
        }
    }

    /// Some bytes, before `end`.
    ///
    /// # Errors
    /// When none come; also when the other side has closed.
    pub fn receive(&self, buf: &mut [u8], end: Instant) -> Result<usize, Stopped> {
        match self.until(end, |mut s| s.read(buf))? {
            0 => Err(Stopped::Closed),
            n => Ok(n),
        }
    }

    /// Sends all of `bytes` before `end`.
    ///
    /// # Errors
    /// When not all of it went.
    pub fn send(&self, bytes: &[u8], end: Instant) -> Result<(), Stopped> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let n = self.until(end, |mut s| s.write(rest))?;
            rest = rest.get(n..).filter(|_| n > 0).ok_or(Stopped::Closed)?;
        }
        Ok(())
    }
}

/// The first of the host's addresses that answers.
fn tcp(host: &str, port: u16, timeout: Duration) -> io::Result<TcpStream> {
    let end = Instant::now() + timeout;
    let mut why = None;
    for address in (host, port).to_socket_addrs()? {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(e) => why = Some(e),
        }
    }
    Err(why.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        let tcp = |h: &str, p| Address::Tcp(h.to_owned(), p);
        let parse = |t: &str| Address::parse(t, "x", None);
        assert_eq!(parse(":1234").unwrap(), tcp("localhost", 1234));
        assert_eq!(parse("tcp::1234").unwrap(), tcp("localhost", 1234));
        assert_eq!(parse("tcp:host:1").unwrap(), tcp("host", 1));
        assert_eq!(parse("[::1]:99").unwrap(), tcp("::1", 99));
        assert_eq!(parse("unix:/a/b").unwrap(), Address::Unix("/a/b".into()));
        assert_eq!(parse("./s").unwrap(), Address::Unix("./s".into()));
        assert_eq!(Address::parse("host", "x", Some(7)).unwrap(), tcp("host", 7));
        assert_eq!(Address::parse("::1", "x", Some(7)).unwrap(), tcp("::1", 7));
        for bad in ["host", "host:port", "host:99999", ""] {
            assert!(parse(bad).unwrap_err().reason().contains("is not host:port"), "{bad}");
        }
    }
}
