//! The memory of a run: pages of the target, fetched when they are touched, and pages that the run is given. The target is never changed.

use memsh_plugin::{CResult, Session, Status, VirtAddr, VirtReadOp};
use std::collections::BTreeMap;

pub const PAGE: u64 = 4096;
/// The same, as Rust counts bytes.
const SIZE: usize = 4096;
/// Where the emulator's own memory begins, in which pages lie one after another in the order of their first touch.
pub const BASE: u64 = 1 << 16;

/// A page's bytes.
pub type Bytes = [u8; SIZE];

/// Why a page can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The target does not have it, or not all of it.
    Missing,
    /// The device or the link failed.
    Failed,
    /// The run has as much memory as it may have.
    Full,
}

/// A page of the run.
struct Page {
    /// Where it lies in the emulator's memory.
    at: u64,
    /// Whether it is the run's own: scratch, stack.
    given: bool,
    /// What it held before the first write; none while nothing was written.
    before: Option<Box<Bytes>>,
    /// A bit for each byte that was written.
    written: Option<Box<[u8; SIZE / 8]>>,
}

/// Bytes that were written, next to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub start: u64,
    pub before: Vec<u8>,
    pub after: Vec<u8>,
}

/// A page as it is needed.
pub struct Touched {
    /// Where it lies in the emulator's memory.
    pub at: u64,
    /// What must be put there, where it was not there yet.
    pub fresh: Option<Box<Bytes>>,
    /// Whether it may be written without asking again.
    pub writable: bool,
}

/// All of them.
pub struct Pages<'s> {
    session: &'s dyn Session,
    pid: Option<u32>,
    limit: u64,
    used: u64,
    /// Which page lies where in the emulator's memory: one after another.
    order: Vec<u64>,
    table: BTreeMap<u64, Page>,
}

impl<'s> Pages<'s> {
    /// Of a process, or of the kernel; at most `limit` bytes.
    pub fn new(session: &'s dyn Session, pid: Option<u32>, limit: u64) -> Self {
        Self { session, pid, limit, used: 0, order: Vec::new(), table: BTreeMap::new() }
    }

    /// Bytes that all pages may have.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Bytes that all pages have.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// A page of the target.
    pub fn fetch(&self, page: u64) -> Result<Box<Bytes>, Why> {
        let mut bytes = Box::new([0; SIZE]);
        let mut ops = [VirtReadOp::new(VirtAddr::new(page), &mut bytes[..])];
        let asked = self.session.read_virt(self.pid.into(), (&mut ops[..]).into());
        let status = match asked {
            CResult::Ok(()) => ops.first().map_or(Status::FAILED, |op| op.status),
            CResult::Err(_) => Status::MISSING,
        };
        match status {
            Status::DONE => Ok(bytes),
            Status::FAILED => Err(Why::Failed),
            _ => Err(Why::Missing),
        }
    }

    fn place(&mut self, page: u64) -> Result<u64, Why> {
        if self.used >= self.limit {
            return Err(Why::Full);
        }
        let at = BASE + self.used;
        self.used += PAGE;
        self.order.push(page);
        Ok(at)
    }

    /// Gives the run a page of its own, of zeros.
    pub fn give(&mut self, page: u64) -> Result<Touched, Why> {
        let at = self.place(page)?;
        self.table.insert(page, Page { at, given: true, before: None, written: None });
        Ok(Touched { at, fresh: Some(Box::new([0; SIZE])), writable: true })
    }

    /// The page, fetched where it was not touched before. `now` reads the emulator's memory: what a page holds before its first write is kept.
    pub fn touch(&mut self, page: u64, write: bool, now: impl FnOnce(u64) -> Option<Box<Bytes>>) -> Result<Touched, Why> {
        if let Some(known) = self.table.get_mut(&page) {
            if write && !known.given && known.before.is_none() {
                known.before = Some(now(known.at).ok_or(Why::Failed)?);
                known.written = Some(Box::new([0; SIZE / 8]));
            }
            return Ok(Touched { at: known.at, fresh: None, writable: known.given || known.before.is_some() });
        }
        let bytes = self.fetch(page)?;
        let at = self.place(page)?;
        let before = write.then(|| bytes.clone());
        let written = write.then(|| Box::new([0; SIZE / 8]));
        self.table.insert(page, Page { at, given: false, before, written });
        Ok(Touched { at, fresh: Some(bytes), writable: write })
    }

    /// The program's address of a place in the emulator's memory.
    pub fn address(&self, at: u64) -> Option<u64> {
        let offset = at.checked_sub(BASE)?;
        let page = self.order.get(usize::try_from(offset / PAGE).ok()?)?;
        Some(page.wrapping_add(offset % PAGE))
    }

    /// Where a page lies in the emulator's memory, if it was touched.
    pub fn at(&self, page: u64) -> Option<u64> {
        self.table.get(&page).map(|p| p.at)
    }

    /// Notes that bytes are being written.
    pub fn wrote(&mut self, start: u64, len: usize) {
        let mut address = start;
        let end = start.wrapping_add(len as u64);
        while address != end {
            let page = address & !(PAGE - 1);
            let bits = self.table.get_mut(&page).and_then(|p| p.written.as_mut());
            let Some(bits) = bits else {
                // The run's own; or the second page of a write that is not touched yet, of which what changes is found later.
                let next = page.wrapping_add(PAGE);
                if end.wrapping_sub(next) > len as u64 {
                    return;
                }
                address = next;
                continue;
            };
            let offset = address % PAGE;
            if let Some(byte) = usize::try_from(offset / 8).ok().and_then(|i| bits.get_mut(i)) {
                *byte |= 1 << (offset % 8);
            }
            address = address.wrapping_add(1);
        }
    }

    /// What was written to pages of the target, ascending. `now` reads the emulator's memory.
    pub fn written(&self, now: impl Fn(u64) -> Option<Box<Bytes>>) -> Vec<Written> {
        let mut all: Vec<Written> = Vec::new();
        for (start, page) in &self.table {
            let (Some(before), Some(bits), Some(after)) = (&page.before, &page.written, now(page.at)) else { continue };
            for (i, (old, new)) in before.iter().zip(after.iter()).enumerate() {
                // Instructions that are told of by no hook change bytes all the same.
                if old == new && bits.get(i / 8).is_none_or(|b| b & (1 << (i % 8)) == 0) {
                    continue;
                }
                let address = start.wrapping_add(i as u64);
                match all.last_mut() {
                    Some(last) if last.start.wrapping_add(last.after.len() as u64) == address => {
                        last.before.push(*old);
                        last.after.push(*new);
                    }
                    _ => all.push(Written { start: address, before: vec![*old], after: vec![*new] }),
                }
            }
        }
        all
    }

    /// Pages of the target that were touched.
    pub fn fetched(&self) -> usize {
        self.table.values().filter(|p| !p.given).count()
    }
}
