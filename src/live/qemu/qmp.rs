//! A client of QMP, QEMU's machine protocol (docs/interop/qmp-spec.rst): JSON, one object a line.
//!
//! The peer may be anything that listens there: lines, waiting and the number of events are bounded.

use super::cmdline::Address;
use crate::{Error, ErrorKind, Layer, Result};
use serde_json::{Value, json};
use std::io::{ErrorKind as Io, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// The longest line that is taken: the map of a machine with thousands of devices is smaller.
const MOST_LINE: usize = 32 << 20;
/// So much of what a peer says an error quotes.
const QUOTED: usize = 120;

trait Stream: Read + Write + Send {
    /// No call waits longer.
    fn patience(&self, time: Duration) -> std::io::Result<()>;
}

impl Stream for TcpStream {
    fn patience(&self, time: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

#[cfg(unix)]
impl Stream for std::os::unix::net::UnixStream {
    fn patience(&self, time: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

/// An open monitor.
pub(super) struct Qmp {
    stream: Box<dyn Stream>,
    address: Address,
    timeout: Duration,
    /// What came and was not looked at yet.
    received: Vec<u8>,
    /// Who listens there, where the system says it.
    peer: Option<u32>,
    greeting: Value,
}

impl Qmp {
    /// Connects and makes the monitor ready for commands. No step takes longer than `timeout`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when nobody listens or answers, [`ErrorKind::Malformed`] when whoever answers does not speak QMP.
    pub(super) fn connect(address: &Address, timeout: Duration) -> Result<Self> {
        let cannot = |e: std::io::Error| {
            let error = Error::new(Layer::Connector, ErrorKind::Io, format!("can't connect to QMP at {address}: {e}"));
            match e.kind() {
                Io::WouldBlock | Io::TimedOut => error.hint(BUSY),
                Io::PermissionDenied => error.hint("the socket belongs to another user: run memsh as that one, or as root"),
                _ => error.hint("QEMU offers a monitor with -qmp unix:PATH,server=on,wait=off"),
            }
        };
        let (stream, peer) = open(address, timeout).map_err(cannot)?;
        let mut qmp = Self { stream, address: address.clone(), timeout, received: Vec::new(), peer, greeting: Value::Null };
        let greeting = qmp.message(Instant::now() + timeout)?;
        if greeting.get("QMP").is_none() {
            return Err(qmp.no_qmp(&greeting.to_string()));
        }
        qmp.greeting = greeting;
        qmp.command("qmp_capabilities", Value::Null)?;
        Ok(qmp)
    }

    /// Process id of who listens, where the system says it.
    pub(super) fn peer(&self) -> Option<u32> {
        self.peer
    }

    /// Where it is.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Version as the greeting says it: `10.0.2 (Debian 1:10.0.2+ds-2)`.
    pub(super) fn version(&self) -> Option<String> {
        let version = self.greeting.get("QMP")?.get("version")?;
        let numbers = ["major", "minor", "micro"].map(|k| version.get("qemu").and_then(|q| q.get(k)?.as_u64()));
        let [major, minor, micro] = numbers;
        let package = version.get("package").and_then(Value::as_str).filter(|p| !p.is_empty());
        let package = package.map(|p| format!(" ({})", p.trim_matches(['(', ')']))).unwrap_or_default();
        Some(format!("{}.{}.{}{package}", major?, minor?, micro?))
    }

    /// Runs a command and gives what it returns.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] with QEMU's own words when it refuses, [`ErrorKind::Io`] when no answer comes in time.
    pub(super) fn command(&mut self, name: &str, arguments: Value) -> Result<Value> {
        let mut request = json!({ "execute": name });
        if let (Some(map), false) = (request.as_object_mut(), arguments.is_null()) {
            map.insert("arguments".to_owned(), arguments);
        }
        let deadline = Instant::now() + self.timeout;
        let line = format!("{request}\n");
        self.stream.patience(self.timeout).and_then(|()| self.stream.write_all(line.as_bytes())).map_err(|e| self.lost(&e))?;
        loop {
            let mut answer = self.message(deadline)?;
            if let Some(error) = answer.get("error") {
                let words = error.get("desc").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
                return Err(Error::new(
                    Layer::Connector,
                    ErrorKind::Unsupported,
                    format!("QEMU at {} refuses {name}: {words}", self.address),
                ));
            }
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
            if answer.get("event").is_none() {
                return Err(self.no_qmp(&answer.to_string()));
            }
        }
    }

    /// What a command of the human monitor prints.
    ///
    /// # Errors
    /// As [`command`](Self::command).
    pub(super) fn human(&mut self, line: &str) -> Result<String> {
        let answer = self.command("human-monitor-command", json!({ "command-line": line }))?;
        match answer {
            Value::String(text) => Ok(text),
            other => Err(self.no_qmp(&other.to_string())),
        }
    }

    /// The next line, as JSON.
    fn message(&mut self, deadline: Instant) -> Result<Value> {
        loop {
            let line = self.line(deadline)?;
            let text = line.trim_ascii();
            if text.is_empty() {
                continue;
            }
            return serde_json::from_slice(text).map_err(|_| self.no_qmp(&String::from_utf8_lossy(text)));
        }
    }

    fn line(&mut self, deadline: Instant) -> Result<Vec<u8>> {
        let mut looked = 0;
        let mut piece = vec![0u8; 64 << 10];
        loop {
            let fresh = self.received.get(looked..).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', fresh) {
                let rest = self.received.split_off(looked + end + 1);
                return Ok(std::mem::replace(&mut self.received, rest));
            }
            looked = self.received.len();
            if looked > MOST_LINE {
                return Err(self.no_qmp("a line without an end"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.lost(&std::io::Error::from(Io::TimedOut)));
            }
            self.stream.patience(left.max(Duration::from_millis(1))).map_err(|e| self.lost(&e))?;
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(self.lost(&std::io::Error::from(Io::UnexpectedEof))),
                Ok(n) => self.received.extend(piece.iter().take(n)),
                Err(e) if matches!(e.kind(), Io::Interrupted | Io::WouldBlock | Io::TimedOut) => {}
                Err(e) => return Err(self.lost(&e)),
            }
        }
    }

    fn lost(&self, e: &std::io::Error) -> Error {
        let address = &self.address;
        match e.kind() {
            Io::TimedOut | Io::WouldBlock => {
                let what = format!("QMP at {address} did not answer within {} ms", self.timeout.as_millis());
                Error::new(Layer::Connector, ErrorKind::Io, what).hint(BUSY)
            }
            Io::UnexpectedEof => Error::new(Layer::Connector, ErrorKind::Io, format!("QMP at {address} hung up")),
            _ => Error::new(Layer::Connector, ErrorKind::Io, format!("lost QMP at {address}: {e}")),
        }
    }

    fn no_qmp(&self, said: &str) -> Error {
        let quoted: String = said.chars().take(QUOTED).flat_map(char::escape_debug).collect();
        let what = format!("what listens at {} does not speak QMP; it says \"{quoted}\"", self.address);
        Error::new(Layer::Connector, ErrorKind::Malformed, what).hint("a monitor for people (-monitor) is another one than -qmp")
    }
}

/// A monitor talks to one client at a time.
const BUSY: &str = "a monitor serves one client at a time: while libvirt or another tool holds it, nobody else is heard; \
qmp=no does without, timeout=10s waits longer";

type Opened = (Box<dyn Stream>, Option<u32>);

fn open(address: &Address, timeout: Duration) -> std::io::Result<Opened> {
    match address {
        Address::Tcp(address) => {
            let mut last = std::io::Error::from(Io::AddrNotAvailable);
            for address in address.to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, timeout) {
                    Ok(stream) => return Ok((Box::new(stream), None)),
                    Err(e) => last = e,
                }
            }
            Err(last)
        }
        Address::Unix(path) => unix(path),
    }
}

/// A connection that does not wait for a place in the queue of one who never looks into it.
#[cfg(target_os = "linux")]
fn unix(path: &std::path::Path) -> std::io::Result<Opened> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, sockopt};
    use std::os::unix::net::UnixStream;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let peer = sockopt::socket_peercred(&socket).ok().and_then(|c| u32::try_from(c.pid.as_raw_nonzero().get()).ok());
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok((Box::new(stream), peer))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn unix(path: &std::path::Path) -> std::io::Result<Opened> {
    Ok((Box::new(std::os::unix::net::UnixStream::connect(path)?), None))
}

#[cfg(not(unix))]
fn unix(_: &std::path::Path) -> std::io::Result<Opened> {
    Err(std::io::Error::from(Io::Unsupported))
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread;

    const GREETING: &str = r#"{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "Debian 1:10"}, "capabilities": ["oob"]}}"#;

    /// Somebody who says `words` to whoever comes, and then nothing until the other side hangs up.
    fn peer(words: &'static [&'static str]) -> (tempfile::TempDir, Address, thread::JoinHandle<()>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q");
        let listener = UnixListener::bind(&path).unwrap();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for word in words {
                if stream.write_all(word.as_bytes()).is_err() {
                    return;
                }
            }
            let _ = stream.read_to_end(&mut Vec::new());
        });
        (folder, Address::Unix(path), thread)
    }

    fn connect(words: &'static [&'static str]) -> Result<Qmp> {
        let (_folder, address, _) = peer(words);
        Qmp::connect(&address, Duration::from_millis(200))
    }

    #[test]
    fn events_are_passed_over() {
        let words = &[GREETING, "\n", "{\"return\": {}}\r\n", "{\"event\": \"STOP\"}\n{\"ret", "urn\": 5}\n"];
        let mut qmp = connect(words).unwrap();
        assert_eq!(qmp.version().as_deref(), Some("10.0.2 (Debian 1:10)"));
        assert_eq!(qmp.command("query-x", Value::Null).unwrap(), json!(5));
        assert_eq!(qmp.peer(), Some(std::process::id()));
    }

    #[test]
    fn refusals_are_in_the_words_of_qemu() {
        let mut qmp = connect(&[
            GREETING,
            "\n{\"return\": {}}\n",
            r#"{"error": {"class": "CommandNotFound", "desc": "no such thing"}}"#,
            "\n",
        ])
        .unwrap();
        let e = qmp.command("query-x", Value::Null).unwrap_err();
        assert!(e.reason().ends_with("refuses query-x: no such thing"), "{e}");
    }

    #[test]
    fn hostile_peers() {
        for (words, what) in [
            (&["SSH-2.0-OpenSSH\n"][..], "does not speak QMP; it says \"SSH-2.0-OpenSSH\""),
            (&["QEMU 10.0.2 monitor\n(qemu) \u{1b}[K"], "does not speak QMP"),
            (&["{\"hello\": 1}\n"], "does not speak QMP"),
            (&["\u{1b}[31m\n"], "\\u{1b}[31m"),
            (&[], "did not answer within 200 ms"),
            (&[GREETING, "\n"], "did not answer within 200 ms"),
            (&["{\"QMP\""], "did not answer within 200 ms"),
        ] {
            let begun = Instant::now();
            let e = connect(words).err().unwrap();
            assert!(e.reason().contains(what), "{words:?}: {e}");
            assert!(begun.elapsed() < Duration::from_secs(2));
        }
        let missing = Qmp::connect(&Address::Unix("/nowhere/q".into()), Duration::from_millis(200)).err().unwrap();
        assert!(missing.reason().contains("No such file"), "{missing}");
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q");
        let listener = UnixListener::bind(&path).unwrap();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let piece = vec![b'x'; 1 << 20];
            while stream.write_all(&piece).is_ok() {}
        });
        let e = Qmp::connect(&Address::Unix(path), Duration::from_secs(20)).err().unwrap();
        assert!(e.reason().contains("a line without an end"), "{e}");
        thread.join().unwrap();
    }

    #[test]
    fn a_full_queue_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q");
        let listener = UnixListener::bind(&path).unwrap();
        let begun = Instant::now();
        // Nobody accepts: each connection stands in the queue, until there is no room.
        let e = (0..10_000).map_while(|_| unix(&path).err().map_or(Some(None), |e| Some(Some(e)))).flatten().next();
        assert_eq!(e.map(|e| e.kind()), Some(Io::WouldBlock));
        assert!(begun.elapsed() < Duration::from_secs(5));
        drop(listener);
    }
}
