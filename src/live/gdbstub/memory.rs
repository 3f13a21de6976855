//! Memory behind a stub: pages asked for in packets as large as the stub takes, several under way.

use super::client::{Client, Lost};
use super::packet;
use super::ranges::PAGE;
use crate::engine::{index, to_umem};
use memsh_plugin::{
    CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory, Status, umem,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A request asks for no more than this, however large packets may be: so much is lost where a byte is missing.
const MOST_READ: u64 = 64 << 10;
/// A stub that does not say how large its packets may be takes at least this much in one: 400 bytes of GDB's own default, in hex.
const LEAST_READ: u64 = 128;
/// What lets the machine go on.
pub const DETACH: &[u8] = b"D";
/// Time for the last words to a stub.
const LAST: Duration = Duration::from_secs(2);

/// A connected stub, told to let the machine go on when the last holder drops it.
pub struct Link {
    client: Mutex<Client>,
    /// Bytes that a request asks for: a power of two.
    chunk: u64,
    /// Whether the stub answers `x` with bytes as they are.
    pub binary: bool,
    /// Added to each physical address: where the machine maps all of it.
    pub offset: u64,
    /// What is said to the stub at the end.
    pub farewell: Vec<&'static [u8]>,
}

impl Link {
    /// Takes over `client`; at the end the stub is told to detach.
    pub fn new(client: Client) -> Self {
        Self { client: Mutex::new(client), chunk: LEAST_READ, binary: false, offset: 0, farewell: vec![DETACH] }
    }

    /// The dialogue, while nobody else has it.
    pub fn dialogue(&mut self) -> &mut Client {
        self.client.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets requests ask for as much as fits a packet of so many bytes.
    pub fn packets_of(&mut self, bytes: u64) {
        // Two digits a byte.
        let fits = (bytes / 2).clamp(16, MOST_READ);
        self.chunk = if fits.is_power_of_two() { fits } else { fits.next_power_of_two() / 2 };
    }

    fn client(&self) -> std::sync::MutexGuard<'_, Client> {
        // A panic elsewhere leaves answers that nobody waits for, and these are counted.
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the link is of no use any more, in a sentence.
    pub fn trouble(&self) -> Option<String> {
        self.client().dead().map(|why| format!("gdbstub: {why}; what was not read before is missing"))
    }

    /// Whether a byte can be read at each of these addresses.
    pub fn there(&self, places: &[u64]) -> Result<Vec<bool>, Lost> {
        let mut buffers = vec![[0u8; 1]; places.len()];
        let mut wants: Vec<Want> = places.iter().zip(&mut buffers).map(|(at, buf)| Want::new(*at, buf)).collect();
        self.fetch(&mut wants)?;
        Ok(wants.iter().map(|w| w.got == 1).collect())
    }

    /// Fills what can be filled; each want knows how much of it that was.
    fn fetch(&self, wants: &mut [Want<'_>]) -> Result<(), Lost> {
        let mut client = self.client();
        let letter = if self.binary { 'x' } else { 'm' };
        let places: Vec<(u64, usize)> = wants.iter().map(|w| (w.at.wrapping_add(self.offset), w.buf.len())).collect();
        let request = |i: usize, out: &mut Vec<u8>| {
            let (at, len) = places.get(i).copied().unwrap_or_default();
            out.extend_from_slice(format!("{letter}{at:x},{len:x}").as_bytes());
        };
        client.ask_all(wants.len(), request, |i, answer| {
            if let (Some(want), Ok(answer)) = (wants.get_mut(i), answer) {
                want.take(&answer, self.binary);
            }
        })
    }

    /// Writes all of `bytes` at `at`.
    fn write(&self, at: u64, bytes: &[u8]) -> Result<bool, Lost> {
        let mut client = self.client();
        // The request itself has to fit: command, address, length, and two digits a byte.
        let step = index(umem::from(self.chunk.saturating_sub(24).max(8))).unwrap_or(8);
        let mut at = at.wrapping_add(self.offset);
        for piece in bytes.chunks(step) {
            let mut request = format!("M{at:x},{:x}:", piece.len()).into_bytes();
            packet::to_hex(piece, &mut request);
            if client.ask(&request)? != b"OK" {
                return Ok(false);
            }
            at = at.wrapping_add(u64::try_from(piece.len()).unwrap_or(0));
        }
        Ok(true)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let client = self.client.get_mut().unwrap_or_else(PoisonError::into_inner);
        client.last_words(LAST);
        for word in &self.farewell {
            // A stub that does not know how to detach is told to go on.
            let understood = client.ask(word).is_ok_and(|answer| answer == b"OK");
            if !understood && *word == DETACH {
                client.say(b"c");
            }
        }
    }
}

/// Bytes that are wanted with one request.
struct Want<'a> {
    at: u64,
    buf: &'a mut [u8],
    /// How many of them came.
    got: usize,
    /// The answer had more than was asked for.
    lied: bool,
}

impl<'a> Want<'a> {
    fn new(at: u64, buf: &'a mut [u8]) -> Self {
        Self { at, buf, got: 0, lied: false }
    }

    /// Takes bytes out of an answer. One of another form (`E22`, nothing) leaves the want as it is.
    fn take(&mut self, answer: &[u8], binary: bool) {
        let got = match (binary, answer.split_first()) {
            (true, Some((b'b', bytes))) => match self.buf.get_mut(..bytes.len()) {
                Some(to) => {
                    to.copy_from_slice(bytes);
                    Some(bytes.len())
                }
                None => None,
            },
            (true, _) => Some(0),
            (false, Some((b'E', rest))) if rest.len() == 2 || rest.first() == Some(&b'.') => Some(0),
            (false, _) => packet::from_hex(answer, self.buf),
        };
        self.lied = got.is_none();
        self.got = got.unwrap_or(0);
        if let Some(rest) = self.buf.get_mut(self.got..) {
            rest.fill(0);
        }
    }
}

/// Memory behind a stub.
pub struct StubMemory {
    link: Arc<Link>,
    ranges: Vec<MemoryRange>,
    writable: bool,
    /// What came of the batch in which the link broke, by address: whoever asks page by page what is missing shall get it.
    rescued: Mutex<BTreeMap<u64, Vec<u8>>>,
}

impl StubMemory {
    /// The `ranges` (ascending, disjoint) of what is behind `link`.
    pub fn new(link: Arc<Link>, ranges: Vec<MemoryRange>, writable: bool) -> Self {
        Self { link, ranges, writable, rescued: Mutex::default() }
    }

    /// The parts of `len` bytes from `at` on that there are, as offsets from `at`. What there is not is never asked for: a device
    /// may lie there, and reading it may change it.
    fn parts(&self, at: PhysAddr, len: usize) -> Vec<std::ops::Range<usize>> {
        let (first, end) = (at.value(), at.value().saturating_add(to_umem(len)));
        let from = self.ranges.partition_point(|r| r.start.value().saturating_add(r.size) <= first);
        let inside = self.ranges.iter().skip(from).take_while(|r| r.start.value() < end);
        let clipped = inside.map(|r| (r.start.value().max(first), r.start.value().saturating_add(r.size).min(end)));
        clipped.filter_map(|(a, b)| Some(index(a - first)?..index(b - first)?)).collect()
    }

    /// Keeps what came of a batch that broke.
    fn rescue(&self, wants: &[Want<'_>]) {
        let mut kept = self.rescued.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            kept.extend(wants.iter().filter(|w| w.got > 0).map(|w| (w.at, w.buf.get(..w.got).unwrap_or_default().to_vec())));
        }
    }

    /// Fills wants from what was kept, as far as their first bytes are there.
    fn from_rescued(&self, wants: &mut [Want<'_>]) {
        let kept = self.rescued.lock().unwrap_or_else(PoisonError::into_inner);
        for want in wants.iter_mut().filter(|w| w.got == 0) {
            while let Some(rest) = want.buf.get_mut(want.got..).filter(|r| !r.is_empty()) {
                let at = want.at.saturating_add(u64::try_from(want.got).unwrap_or(0));
                let Some((start, bytes)) = kept.range(..=at).next_back() else { break };
                let from = usize::try_from(at - start).ok().and_then(|skip| bytes.get(skip..)).unwrap_or_default();
                let n = from.len().min(rest.len());
                if n == 0 {
                    break;
                }
                if let (Some(to), Some(from)) = (rest.get_mut(..n), from.get(..n)) {
                    to.copy_from_slice(from);
                }
                want.got += n;
            }
        }
    }

    /// Cuts a buffer into what each request asks for; no request goes over the end of a chunk.
    fn wants<'b>(&self, at: PhysAddr, buf: &'b mut [u8], chunk: u64, out: &mut Vec<Want<'b>>) {
        let parts = self.parts(at, buf.len());
        let (mut rest, mut gone) = (buf, 0);
        for part in parts {
            let Some((_, tail)) = rest.split_at_mut_checked(part.start - gone) else { return };
            let Some((mut piece, tail)) = tail.split_at_mut_checked(part.len()) else { return };
            gone = part.end;
            rest = tail;
            let mut place =
                crate::engine::to_u64(at.value()).unwrap_or(u64::MAX).saturating_add(u64::try_from(part.start).unwrap_or(0));
            while !piece.is_empty() {
                let room = usize::try_from(chunk - place % chunk).unwrap_or(1);
                let (now, later) = piece.split_at_mut(room.min(piece.len()));
                let n = now.len();
                out.push(Want::new(place, now));
                place = place.saturating_add(u64::try_from(n).unwrap_or(0));
                piece = later;
            }
        }
    }
}

impl PhysicalMemory for StubMemory {
    fn metadata(&self) -> MemoryMetadata {
        let size = self.ranges.iter().fold(0, |n: umem, r| n.saturating_add(r.size));
        let last = self.ranges.last().map_or(PhysAddr::NULL, |r| r.start.saturating_add(r.size.saturating_sub(1)));
        MemoryMetadata { size, max_address: last, read_only: !self.writable, live: true, ideal_batch: 0 }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.clone().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let mut wants = Vec::new();
        let mut counts = Vec::new();
        for op in ops.iter_mut() {
            let before = wants.len();
            let at = op.addr;
            op.buf.fill(0);
            self.wants(at, &mut op.buf, self.link.chunk, &mut wants);
            counts.push(wants.len() - before);
        }
        let mut failed = self.link.fetch(&mut wants).is_err();
        if failed && self.link.trouble().is_some() {
            self.from_rescued(&mut wants);
            self.rescue(&wants);
        }
        // Of what is there in part only, or not at all, every page by itself.
        let mut again = Vec::new();
        let mut places = Vec::new();
        for (i, want) in wants.iter_mut().enumerate().filter(|(_, w)| w.got < w.buf.len() && !w.lied) {
            if failed || (want.got == 0 && want.at % PAGE + u64::try_from(want.buf.len()).unwrap_or(0) <= PAGE) {
                continue;
            }
            let at = want.at + u64::try_from(want.got).unwrap_or(0);
            let rest = want.buf.get_mut(want.got..).unwrap_or_default();
            let before = again.len();
            let mut place = at;
            for piece in pages(at, rest) {
                let n = u64::try_from(piece.len()).unwrap_or(0);
                again.push(Want::new(place, piece));
                place += n;
            }
            places.push((i, again.len() - before));
        }
        if !again.is_empty() {
            failed |= self.link.fetch(&mut again).is_err();
        }
        let mut came = again.iter().map(|w| w.got).collect::<Vec<_>>().into_iter();
        let extra: Vec<(usize, usize)> = places.into_iter().map(|(i, n)| (i, came.by_ref().take(n).sum())).collect();
        drop(again);
        for (i, n) in extra {
            if let Some(want) = wants.get_mut(i) {
                want.got += n;
            }
        }
        let mut answers = wants.iter().map(|w| (w.got, w.lied)).collect::<Vec<_>>().into_iter();
        drop(wants);
        for (op, count) in ops.iter_mut().zip(counts) {
            let (got, lied) = answers.by_ref().take(count).fold((0, false), |(n, l), (got, lied)| (n + got, l | lied));
            op.status = match got {
                n if n == op.buf.len() => Status::DONE,
                _ if failed || lied => Status::FAILED,
                0 => Status::MISSING,
                _ => Status::PARTIAL,
            };
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            let whole = matches!(self.parts(op.addr, op.buf.len()).as_slice(), [part] if part.len() == op.buf.len());
            op.status = match crate::engine::to_u64(op.addr.value()) {
                _ if !self.writable => Status::READ_ONLY,
                Some(at) if whole => match self.link.write(at, &op.buf) {
                    Ok(true) => Status::DONE,
                    Ok(false) | Err(_) => Status::FAILED,
                },
                _ => Status::MISSING,
            };
        }
    }
}

/// `buf`, which begins at `at`, cut where pages end.
fn pages(at: u64, buf: &mut [u8]) -> Vec<&mut [u8]> {
    let mut out = Vec::new();
    let (mut at, mut rest) = (at, buf);
    while !rest.is_empty() {
        let room = usize::try_from(PAGE - at % PAGE).unwrap_or(1).min(rest.len());
        let (piece, tail) = rest.split_at_mut(room);
        at += u64::try_from(room).unwrap_or(1);
        out.push(piece);
        rest = tail;
    }
    out
}
