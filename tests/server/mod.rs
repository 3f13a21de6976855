//! A web server for one file, on the loopback.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// How it answers.
#[derive(Clone, Debug)]
pub enum Habit {
    /// As it should.
    Right,
    /// The whole file, whatever range is asked for.
    NoRanges,
    /// To a port where nothing is.
    Redirect,
    /// This instead of the file.
    Status(&'static str),
    /// One byte more than it was asked for.
    TooLong,
    /// A range that begins one byte later.
    OtherRange,
    /// Half of what it announces, then nothing more.
    Short,
    /// The same, the first time that a place is asked for.
    BreakOff,
    /// Another ETag.
    OtherTag,
    /// 412 where the ETag is asked for.
    Precondition,
    /// Another length of the file.
    Size(u64),
}

struct Shared {
    file: Vec<u8>,
    /// The file's length, with zeros behind its bytes.
    size: u64,
    habit: Mutex<Habit>,
    bytes: AtomicU64,
    heads: Mutex<Vec<String>>,
    asked: Mutex<HashSet<u64>>,
}

/// The server. Its threads end with the test.
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
}

impl Server {
    /// Serves `file` under every name.
    pub fn start(file: Vec<u8>) -> Self {
        let size = file.len() as u64;
        Self::padded(file, size)
    }

    fn listen(&self, listener: TcpListener) {
        let shared = Arc::downgrade(&self.shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), Some(shared)) = (stream, shared.upgrade()) else { return };
                std::thread::spawn(move || {
                    let _ = serve(&shared, stream);
                });
            }
        });
    }

    /// Serves `file` with zeros behind it up to `size`.
    pub fn padded(file: Vec<u8>, size: u64) -> Self {
        let shared = Shared {
            file,
            size,
            habit: Mutex::new(Habit::Right),
            bytes: AtomicU64::new(0),
            heads: Mutex::default(),
            asked: Mutex::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, shared: Arc::new(shared) };
        server.listen(listener);
        server
    }

    /// From now on it answers like this.
    pub fn with(self, habit: Habit) -> Self {
        *self.shared.habit.lock().unwrap() = habit;
        self
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    /// Bytes of the file that it sent.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::SeqCst)
    }

    /// Requests with their headers, names in lower case.
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }
}

/// Answers the requests of one connection.
fn serve(shared: &Shared, stream: TcpStream) -> std::io::Result<()> {
    let mut from = BufReader::new(stream.try_clone()?);
    let mut to = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if from.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let lines = head.lines().map(|l| match l.split_once(": ") {
            Some((name, value)) => format!("{}: {value}\n", name.to_lowercase()),
            None => format!("{l}\n"),
        });
        let head: String = lines.collect();
        shared.heads.lock().unwrap().push(head.clone());
        if !answer(shared, &head, &mut to)? {
            return Ok(());
        }
    }
}

/// One answer; false where the connection ends with it.
fn answer(shared: &Shared, head: &str, to: &mut TcpStream) -> std::io::Result<bool> {
    let habit = shared.habit.lock().unwrap().clone();
    let field = |name: &str| head.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
    let mut say = |status: &str, fields: &str, body: &[u8], announced: u64| {
        // In one piece: a second one would wait for the first to be acknowledged.
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {announced}\r\n{fields}\r\n");
        to.write_all(&[head.as_bytes(), body].concat())
    };
    let size = if let Habit::Size(size) = habit { size } else { shared.size };
    match &habit {
        Habit::Redirect => {
            return say("302 Found", "Location: http://127.0.0.1:1/elsewhere?key=secret\r\n", b"", 0).map(|()| true);
        }
        Habit::Status(status) => {
            let body = b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>";
            return say(status, "", body, body.len() as u64).map(|()| true);
        }
        Habit::Precondition if field("if-match").is_some() => return say("412 Precondition Failed", "", b"", 0).map(|()| true),
        _ => {}
    }
    let range = field("range").and_then(|r| r.strip_prefix("bytes=")?.split_once('-'));
    let range = range.map(|(first, last)| (first.parse::<u64>().unwrap(), last.parse::<u64>().unwrap().min(size.max(1) - 1)));
    let (first, last) = match range {
        Some((first, last)) if first < size && !matches!(habit, Habit::NoRanges) => (first, last),
        Some(_) if !matches!(habit, Habit::NoRanges) => return say("416 Range Not Satisfiable", "", b"", 0).map(|()| true),
        _ => {
            // As much of it as is taken.
            let _ = say("200 OK", "", &shared.file, size);
            return Ok(false);
        }
    };
    let (first, last) = if matches!(habit, Habit::OtherRange) { (first + 1, last + 1) } else { (first, last) };
    let len = last - first + 1 + u64::from(matches!(habit, Habit::TooLong));
    let tag = if matches!(habit, Habit::OtherTag) { "\"two\"" } else { "\"one\"" };
    let mut body: Vec<u8> = shared.file.iter().skip(first as usize).take(len as usize).copied().collect();
    body.resize(len as usize, 0);
    let fields =
        format!("Content-Range: bytes {first}-{last}/{size}\r\nETag: {tag}\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n");
    let turn = matches!(habit, Habit::BreakOff) && shared.asked.lock().unwrap().insert(first);
    if turn || matches!(habit, Habit::Short) {
        body.truncate(body.len() / 2);
    }
    shared.bytes.fetch_add(body.len() as u64, Ordering::SeqCst);
    say("206 Partial Content", &fields, &body, len)?;
    Ok(body.len() as u64 == len)
}
