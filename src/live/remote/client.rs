//! The memory of a target on another machine.

use super::message::{self, ANSWER, MOST_DATA, MOST_FRAME, MOST_OPS, READ, REFUSED, WRITE};
use super::secure::{Secure, Trouble};
use crate::engine::{to_u64, to_umem};
use crate::live::socket::Stopped;
use memsh_plugin::{
    CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory, Status, umem,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An operation is cut into pieces of this, so that several are under way.
const PIECE: usize = 256 << 10;

/// The connection.
pub struct Link {
    state: Mutex<State>,
    timeout: Duration,
    /// Requests under way at once.
    window: usize,
}

struct State {
    secure: Secure,
    next: u32,
    /// Answers to come that nobody waits for any more.
    stale: usize,
    dead: Option<String>,
}

/// A piece of a read.
struct Want<'a> {
    at: u64,
    buf: &'a mut [u8],
    status: Status,
}

/// A request that is under way: its number, and which pieces it asks for.
struct Sent {
    number: u32,
    pieces: std::ops::Range<usize>,
}

impl Link {
    /// Takes over a connection on which both sides know each other.
    pub fn new(secure: Secure, timeout: Duration, window: usize) -> Self {
        Self { state: Mutex::new(State { secure, next: 0, stale: 0, dead: None }), timeout, window }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic elsewhere leaves answers that nobody waits for, and these are counted.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the connection is of no use any more, in a sentence.
    pub fn trouble(&self) -> Option<String> {
        self.state().dead.as_ref().map(|why| format!("remote: {why}; what was not read before is missing"))
    }

    /// Fills what can be filled.
    fn fetch(&self, wants: &mut [Want<'_>]) {
        let mut state = self.state();
        if state.settle(self.timeout).is_err() {
            return;
        }
        let (mut done, mut under_way) = (0, VecDeque::new());
        while done < wants.len() || !under_way.is_empty() {
            while done < wants.len() && under_way.len() < self.window {
                let pieces = batch(wants, done);
                done = pieces.end;
                let ops: Vec<(u64, u32)> = wants
                    .get(pieces.clone())
                    .unwrap_or_default()
                    .iter()
                    .map(|w| (w.at, u32::try_from(w.buf.len()).unwrap_or(0)))
                    .collect();
                let number = state.number();
                if state.send(READ, &message::request(number, &ops), self.timeout).is_err() {
                    return;
                }
                under_way.push_back(Sent { number, pieces });
            }
            let Some(sent) = under_way.pop_front() else { break };
            let pieces = wants.get_mut(sent.pieces).unwrap_or_default();
            let lengths: Vec<usize> = pieces.iter().map(|w| w.buf.len()).collect();
            let Ok(body) = state.receive(self.timeout) else { return };
            let Some((statuses, data)) = message::read_answer(&body, sent.number, &lengths, true) else {
                state.die("the server sends an answer that does not fit what was asked for".to_owned());
                return;
            };
            let mut data = data.as_slice();
            for (want, status) in pieces.iter_mut().zip(statuses) {
                want.status = status;
                if message::carried(status) {
                    let Some((bytes, rest)) = data.split_at_checked(want.buf.len()) else { return };
                    want.buf.copy_from_slice(bytes);
                    data = rest;
                }
            }
            if state.secure.interrupted() {
                return;
            }
        }
    }

    /// Writes a batch; a status each.
    fn put(&self, ops: &[(u64, &[u8])]) -> Option<Vec<Status>> {
        let mut state = self.state();
        state.settle(self.timeout).ok()?;
        let number = state.number();
        let lengths: Vec<usize> = ops.iter().map(|(_, bytes)| bytes.len()).collect();
        let table: Option<Vec<(u64, u32)>> = ops.iter().map(|(at, b)| Some((*at, u32::try_from(b.len()).ok()?))).collect();
        let mut body = message::request(number, &table?);
        ops.iter().for_each(|(_, bytes)| body.extend_from_slice(bytes));
        state.send(WRITE, &body, self.timeout).ok()?;
        let answer = state.receive(self.timeout).ok()?;
        let read = message::read_answer(&answer, number, &lengths, false);
        if read.is_none() {
            state.die("the server sends an answer that does not fit what was written".to_owned());
        }
        Some(read?.0)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).secure.close();
    }
}

impl State {
    fn die(&mut self, why: String) {
        self.dead.get_or_insert(why);
    }

    const fn number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    /// What happened makes the link useless, unless the user only said stop.
    fn lost(&mut self, trouble: &Trouble) {
        if !matches!(trouble, Trouble::Link(Stopped::Interrupted)) {
            self.die(trouble.to_string());
        }
    }

    fn send(&mut self, kind: u8, body: &[u8], timeout: Duration) -> Result<(), ()> {
        // A frame that went in part leaves nothing to go on with, whatever stopped it.
        self.secure.send(kind, body, Instant::now() + timeout).map_err(|e| self.die(e.to_string()))?;
        self.stale += 1;
        Ok(())
    }

    /// The next answer.
    fn receive(&mut self, timeout: Duration) -> Result<Vec<u8>, ()> {
        if self.dead.is_some() {
            return Err(());
        }
        match self.secure.receive(MOST_FRAME, Instant::now() + timeout) {
            Ok((ANSWER, body)) => {
                self.stale = self.stale.saturating_sub(1);
                Ok(body)
            }
            Ok((REFUSED, body)) => {
                let why: String = String::from_utf8_lossy(&body).chars().filter(|c| !c.is_control()).take(300).collect();
                self.die(format!("the server ended it: {why}"));
                Err(())
            }
            Ok((other, _)) => {
                self.die(format!("the server sends a message of kind {other}"));
                Err(())
            }
            Err(e) => {
                self.lost(&e);
                Err(())
            }
        }
    }

    /// Waits for answers that nobody waits for any more.
    fn settle(&mut self, timeout: Duration) -> Result<(), ()> {
        while self.stale > 0 {
            self.receive(timeout)?;
        }
        if self.dead.is_some() { Err(()) } else { Ok(()) }
    }
}

/// The pieces from `from` on that fit one request.
fn batch(wants: &[Want<'_>], from: usize) -> std::ops::Range<usize> {
    let mut bytes = 0;
    let rest = wants.get(from..).unwrap_or_default();
    // Large batches are split, so that the other side reads one while this side takes in another.
    let fits = rest.iter().take(MOST_OPS).take_while(|w| {
        let first = bytes == 0;
        bytes += w.buf.len();
        first || bytes <= PIECE
    });
    from..from + fits.count().max(1)
}

/// Memory of a target on another machine.
pub struct RemoteMemory {
    link: Arc<Link>,
    ranges: Vec<MemoryRange>,
    live: bool,
    writable: bool,
}

impl RemoteMemory {
    /// What is behind `link`.
    pub fn new(link: Arc<Link>, ranges: Vec<MemoryRange>, live: bool, writable: bool) -> Self {
        Self { link, ranges, live, writable }
    }
}

impl PhysicalMemory for RemoteMemory {
    fn metadata(&self) -> MemoryMetadata {
        let size = self.ranges.iter().fold(0, |n: umem, r| n.saturating_add(r.size));
        let last = self.ranges.iter().map(|r| r.start.saturating_add(r.size.saturating_sub(1))).max().unwrap_or(PhysAddr::NULL);
        MemoryMetadata { size, max_address: last, read_only: !self.writable, live: self.live, ideal_batch: 0 }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.clone().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let (mut wants, mut counts) = (Vec::new(), Vec::new());
        for op in ops.iter_mut() {
            let before = wants.len();
            let mut at = op.addr;
            op.buf.fill(0);
            for buf in op.buf.chunks_mut(PIECE) {
                let n = to_umem(buf.len());
                let Some(place) = to_u64(at.value()) else { break };
                wants.push(Want { at: place, buf, status: Status::FAILED });
                let Some(next) = at.checked_add(n) else { break };
                at = next;
            }
            counts.push(wants.len() - before);
        }
        self.link.fetch(&mut wants);
        let mut answers: VecDeque<Status> = wants.iter().map(|w| w.status).collect();
        drop(wants);
        for (op, count) in ops.iter_mut().zip(counts) {
            op.status = joined(answers.drain(..count.min(answers.len())));
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            let (mut at, mut all) = (op.addr, Vec::new());
            for bytes in op.buf.chunks(MOST_DATA) {
                let place = to_u64(at.value()).filter(|_| self.writable);
                let answer = place.and_then(|place| self.link.put(&[(place, bytes)]));
                let status = if self.writable { Status::FAILED } else { Status::READ_ONLY };
                all.push(answer.and_then(|a| a.first().copied()).unwrap_or(status));
                at = at.saturating_add(to_umem(bytes.len()));
            }
            op.status = joined(all.into_iter());
        }
    }
}

/// The status of an operation by those of its pieces.
fn joined(pieces: impl Iterator<Item = Status>) -> Status {
    pieces
        .reduce(|a, b| match (a, b) {
            (a, b) if a == b => a,
            (Status::FAILED, _) | (_, Status::FAILED) => Status::FAILED,
            _ => Status::PARTIAL,
        })
        .unwrap_or(Status::DONE)
}
