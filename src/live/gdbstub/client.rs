//! The dialogue with a stub: one request at a time, or several under way at once.
//!
//! A stub answers in the order in which it was asked. Where acknowledgements are on, each answer is acknowledged before the next
//! request stands in the stream; so requests can be sent ahead, the acknowledgement of the answer that is still to come before each,
//! and the stub sees what it would see of a client that waits. What turns out damaged is asked for again by itself.

use super::packet::{self, Piece};
use crate::live::socket::{Stopped, Wire};
use crate::{Error, ErrorKind, Layer, Result};
use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

/// No answer is longer than this, whatever the stub says of its packets.
pub const MOST_PACKET: usize = 1 << 20;
/// So many bytes that are no packet are passed over before a stub counts as none.
const MOST_NOISE: usize = 64 << 10;
/// So often a damaged answer is asked for again.
const AGAIN: usize = 3;
/// So many answers nobody asked for (stops, console) are passed over before one.
const STRAYS: usize = 64;

/// Why a request has no answer.
#[derive(Debug)]
pub enum Lost {
    /// The answer's sum did not fit, time and again; or the stub did not understand.
    Damaged,
    /// The link is of no use any more.
    Link(String),
    /// The user said stop; the link is well.
    Interrupted,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => write!(f, "the answer was damaged {AGAIN} times (its checksum is wrong)"),
            Self::Link(why) => f.write_str(why),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl Lost {
    /// As an error; `what` was tried.
    pub fn error(&self, what: &str) -> Error {
        let kind = match self {
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Damaged => ErrorKind::Malformed,
            Self::Link(_) => ErrorKind::Io,
        };
        let hint = match self {
            Self::Link(_) => "is this a GDB stub, and is no other debugger attached to it? timeout= gives it more time",
            _ => "what lies between memsh and the stub changes bytes: a serial line needs the right speed",
        };
        Error::new(Layer::Connector, kind, format!("gdbstub: {what}: {self}")).hint(hint)
    }
}

/// What a stub says next.
enum Said {
    /// An answer.
    Answer(Vec<u8>),
    /// An answer that is damaged.
    Damaged,
    /// The request was damaged when it came.
    Refused,
}

/// A connection to a stub.
pub struct Client {
    wire: Wire,
    timeout: Duration,
    /// What came in and is not used yet.
    come: Vec<u8>,
    used: usize,
    /// Whether answers are acknowledged.
    acks: bool,
    /// Answers to come that nobody waits for any more.
    stale: usize,
    /// Why the link is of no use, once it is not.
    dead: Option<String>,
    /// Requests that are under way at once.
    pub window: usize,
}

impl Client {
    /// Speaks over `wire`; every answer must come within `timeout`.
    pub fn new(wire: Wire, timeout: Duration) -> Self {
        Self { wire, timeout, come: Vec::new(), used: 0, acks: true, stale: 0, dead: None, window: 1 }
    }

    /// Why the link is of no use any more.
    pub fn dead(&self) -> Option<&str> {
        self.dead.as_deref()
    }

    /// From now on nothing but time ends a wait.
    pub fn last_words(&mut self, timeout: Duration) {
        self.wire.uninterrupted();
        self.timeout = timeout;
    }

    fn die(&mut self, why: String) -> Lost {
        self.dead.get_or_insert_with(|| why.clone());
        Lost::Link(why)
    }

    fn stopped(&mut self, why: Stopped) -> Lost {
        match why {
            Stopped::Interrupted => Lost::Interrupted,
            Stopped::Timeout => {
                let seconds = self.timeout.as_secs_f32();
                self.die(format!("the stub did not answer within {seconds} s"))
            }
            Stopped::Closed => self.die("the stub closed the connection".to_owned()),
            other => self.die(other.to_string()),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        let end = Instant::now() + self.timeout;
        self.wire.send(bytes, end).map_err(|why| self.stopped(why))
    }

    /// What the stub says next.
    fn answer(&mut self) -> Result<Said, Lost> {
        let end = Instant::now() + self.timeout;
        let mut noise = 0;
        loop {
            let waiting = self.come.get(self.used..).unwrap_or_default();
            let (taken, answer) = match packet::next(waiting, MOST_PACKET) {
                Piece::Packet(data, n) => (n, Some(Said::Answer(data))),
                Piece::Damaged(n) => (n, Some(Said::Damaged)),
                Piece::Ack(false) if self.acks => (1, Some(Said::Refused)),
                Piece::Ack(_) => (1, None),
                Piece::Notice(n) => (n, None),
                Piece::Noise(n) => {
                    noise += n;
                    (n, None)
                }
                Piece::More => (0, None),
            };
            self.used += taken;
            if let Some(answer) = answer {
                return Ok(answer);
            }
            if noise > MOST_NOISE {
                return Err(self.die("what answers there does not speak the GDB protocol".to_owned()));
            }
            if taken > 0 {
                continue;
            }
            self.come.drain(..self.used.min(self.come.len()));
            self.used = 0;
            if self.come.len() > 2 * MOST_PACKET + 8 {
                return Err(self.die(format!("the stub sent a packet of more than {} bytes", 2 * MOST_PACKET)));
            }
            let mut more = [0u8; 64 << 10];
            let n = self.wire.receive(&mut more, end).map_err(|why| self.stopped(why))?;
            self.come.extend(more.get(..n).unwrap_or_default());
        }
    }

    /// Waits for answers that nobody waits for any more.
    fn settle(&mut self) -> Result<(), Lost> {
        if let Some(why) = &self.dead {
            return Err(Lost::Link(why.clone()));
        }
        while self.stale > 0 {
            self.answer()?;
            self.stale -= 1;
            if self.stale == 0 && self.acks {
                self.send(b"+")?;
            }
        }
        Ok(())
    }

    /// Asks, and gives the answer.
    ///
    /// # Errors
    /// When there is none.
    pub fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>, Lost> {
        self.settle()?;
        let mut bytes = Vec::with_capacity(request.len() + 4);
        packet::encode(request, &mut bytes);
        self.send(&bytes)?;
        self.heard(&bytes)
    }

    /// The answer to `bytes`, which were sent; asks again for one that is damaged.
    fn heard(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Lost> {
        self.stale = 1;
        let (mut strays, mut failed) = (0, 0);
        loop {
            let said = self.answer()?;
            if let Said::Answer(answer) = said {
                if self.acks {
                    self.send(b"+")?;
                }
                // A stop that was reported late, a line for the console: no answer to what was asked.
                if stray(&answer, bytes) && strays < STRAYS {
                    strays += 1;
                    continue;
                }
                self.stale = 0;
                return Ok(answer);
            }
            failed += 1;
            if failed >= AGAIN {
                if self.acks && matches!(said, Said::Damaged) {
                    self.send(b"+")?;
                }
                self.stale = 0;
                return Err(Lost::Damaged);
            }
            // Without acknowledgements there is no way to have an answer sent again but to ask again.
            let again: &[u8] = if self.acks && matches!(said, Said::Damaged) { b"-" } else { bytes };
            self.send(again)?;
        }
    }

    /// Sends a request that has no answer now.
    pub fn say(&mut self, request: &[u8]) {
        let mut bytes = Vec::new();
        packet::encode(request, &mut bytes);
        // Whoever hears nothing can't be told.
        let _ = self.send(&bytes);
    }

    /// One more packet of an answer that has several.
    ///
    /// # Errors
    /// When none comes.
    pub fn more(&mut self) -> Result<Vec<u8>, Lost> {
        let said = self.answer()?;
        if self.acks {
            self.send(b"+")?;
        }
        match said {
            Said::Answer(answer) => Ok(answer),
            Said::Damaged | Said::Refused => Err(Lost::Damaged),
        }
    }

    /// Asks everything in `requests`, [`window`](Self::window) at a time, and hands each answer to `take` with its number; what was
    /// damaged is asked again, alone.
    ///
    /// # Errors
    /// When the link breaks or the user says stop; what was answered before was handed over.
    pub fn ask_all(
        &mut self,
        count: usize,
        request: impl Fn(usize, &mut Vec<u8>),
        mut take: impl FnMut(usize, Result<Vec<u8>, Lost>),
    ) -> Result<(), Lost> {
        self.settle()?;
        let mut damaged = Vec::new();
        let mut under_way: VecDeque<usize> = VecDeque::new();
        let (mut sent, mut strays, mut plain, mut bytes) = (0, 0, Vec::new(), Vec::new());
        while sent < count || !under_way.is_empty() {
            bytes.clear();
            // Half of them at a time: fewer and larger sends, and the stub never waits.
            let room = under_way.len() <= self.window / 2;
            while room && sent < count && under_way.len() < self.window {
                plain.clear();
                request(sent, &mut plain);
                // The acknowledgement of the answer before this request's: it stands where a client that waits would put it.
                if self.acks && self.stale > 0 {
                    bytes.push(b'+');
                }
                packet::encode(&plain, &mut bytes);
                under_way.push_back(sent);
                self.stale += 1;
                sent += 1;
            }
            if !bytes.is_empty() {
                self.send(&bytes)?;
            }
            let said = self.answer()?;
            if matches!(&said, Said::Answer(answer) if strays < STRAYS && stray(answer, b"$m")) {
                strays += 1;
                continue;
            }
            let Some(which) = under_way.pop_front() else { break };
            self.stale = under_way.len();
            if self.acks && self.stale == 0 {
                self.send(b"+")?;
            }
            match said {
                Said::Answer(answer) => take(which, Ok(answer)),
                Said::Damaged | Said::Refused => damaged.push(which),
            }
            if self.wire.interrupted() {
                return Err(Lost::Interrupted);
            }
        }
        for which in damaged {
            plain.clear();
            request(which, &mut plain);
            match self.ask(&plain) {
                Err(lost @ (Lost::Link(_) | Lost::Interrupted)) => return Err(lost),
                other => take(which, other),
            }
        }
        Ok(())
    }

    /// Goes on without acknowledgements, where the stub agrees.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn without_acks(&mut self) -> Result<bool, Lost> {
        let agreed = self.ask(b"QStartNoAckMode")? == b"OK";
        self.acks &= !agreed;
        Ok(agreed)
    }
}

/// Whether this is a packet that nobody asked for with `request` (a whole packet).
fn stray(answer: &[u8], request: &[u8]) -> bool {
    let digits = |at: std::ops::Range<usize>| answer.get(at).is_some_and(|d| d.iter().all(|&b| packet::nibble(b).is_some()));
    let asked = |what: &[u8]| request.get(1..).is_some_and(|r| r.starts_with(what));
    match answer.first() {
        Some(b'T') => digits(1..3) && !asked(b"?"),
        Some(b'S') => digits(1..3) && answer.len() == 3 && !asked(b"?"),
        Some(b'O') => answer != b"OK" && !asked(b"qRcmd"),
        _ => false,
    }
}
