//! Physical memory that a file of the kernel gives out: `/proc/kcore`, `/dev/mem`, `/dev/crash`. Read in pieces, each of which may fail.

use crate::engine::{RunMap, index, to_u64, to_umem};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{
    CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory, Status, umem,
};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// What is told of the memory of the machine that memsh itself runs on.
pub const RUNS_ON: &str = "the machine runs on while it is read: what changes meanwhile may look torn";
/// Where a page fails its neighbours may not.
const PAGE: u64 = 4096;
/// A list of ranges is no longer than this.
const MOST_LIST: u64 = 4 << 20;

/// Opens a device; what is missing where it can't be is told by `missing`.
///
/// # Errors
/// [`ErrorKind::Io`] when it can't be opened.
pub fn open(path: &Path, write: bool, missing: impl Fn(io::ErrorKind) -> &'static str) -> Result<File> {
    OpenOptions::new().read(true).write(write).open(path).map_err(|e| {
        let what = format!("opening {} for {} failed: {e}", path.display(), if write { "writing" } else { "reading" });
        Error::new(Layer::Connector, ErrorKind::Io, what).hint(missing(e.kind()))
    })
}

/// Reads up to `buf.len()` bytes at `at`: fewer only at the file's end.
///
/// # Errors
/// Those of the system.
pub fn read_at(file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buf.get_mut(done..).filter(|r| !r.is_empty()) {
        match once(file, at.saturating_add(u64::try_from(done).unwrap_or(0)), rest) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

#[cfg(unix)]
fn once(file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

#[cfg(unix)]
fn put(file: &File, at: u64, buf: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, buf, at)
}

#[cfg(not(unix))]
fn once(_: &File, _: u64, _: &mut [u8]) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn put(_: &File, _: u64, _: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The RAM in `/proc/iomem` (the kernel's `kernel/resource.c`): top-level lines `00100000-7ffdffff : System RAM`.
///
/// # Errors
/// When the file can't be read, or shows zeros only, as it does without CAP_SYS_ADMIN.
pub fn system_ram(path: &Path) -> Result<Vec<MemoryRange>> {
    let failed = |what: String| Error::new(Layer::Connector, ErrorKind::Io, format!("{}: {what}", path.display()));
    let hint = "ranges= says where memory is; or run as root: /proc/iomem shows addresses to CAP_SYS_ADMIN only";
    let mut text = String::new();
    let file = File::open(path).map_err(|e| failed(e.to_string()).hint(hint))?;
    io::Read::read_to_string(&mut io::Read::take(file, MOST_LIST), &mut text).map_err(|e| failed(e.to_string()))?;
    let ram: Vec<(u64, u64)> = text.lines().filter_map(iomem_line).collect();
    if ram.iter().all(|r| *r == (0, 0)) {
        let what = if ram.is_empty() { "it names no System RAM" } else { "it shows zeros in place of addresses" };
        return Err(failed(what.to_owned()).hint(hint));
    }
    let range = |(first, last): (u64, u64)| {
        let size = umem::from(last).checked_sub(umem::from(first))?.checked_add(1)?;
        Some(MemoryRange { start: PhysAddr::new(umem::from(first)), size })
    };
    Ok(ram.into_iter().filter_map(range).collect())
}

fn iomem_line(line: &str) -> Option<(u64, u64)> {
    let (bounds, name) = line.split_once(" : ")?;
    let (first, last) = bounds.split_once('-').filter(|_| name == "System RAM" && !line.starts_with(' '))?;
    Some((u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(last, 16).ok()?))
}

/// Runs of physical memory at offsets of a device.
pub struct DeviceMemory {
    file: File,
    runs: RunMap<u64>,
    /// Bytes of the largest read, and where reads are cut: a multiple of the page, or less.
    step: u64,
    writable: bool,
}

impl DeviceMemory {
    /// Each range lies at its offset in `file`; no read is longer than `step` bytes or goes over a multiple of it.
    pub fn new(file: File, claims: impl IntoIterator<Item = (MemoryRange, u64)>, step: u64, writable: bool) -> Self {
        let cut = |offset: &u64, skip: umem| offset.saturating_add(to_u64(skip).unwrap_or(u64::MAX));
        Self { file, runs: RunMap::build(claims, cut), step: step.max(1), writable }
    }

    /// Fills `buf` from an offset; how many bytes of it were there. The others are zero.
    fn fill(&self, at: u64, buf: &mut [u8], step: u64) -> usize {
        let (mut at, mut rest, mut found) = (at, buf, 0);
        while !rest.is_empty() {
            let room = usize::try_from(step - at % step).unwrap_or(1).min(rest.len());
            let (piece, tail) = std::mem::take(&mut rest).split_at_mut(room);
            found += match read_at(&self.file, at, piece) {
                Ok(n) if n == piece.len() => n,
                // Something in it can't be read: page by page.
                _ if step > PAGE => self.fill(at, piece, PAGE),
                Ok(n) => {
                    piece.iter_mut().skip(n).for_each(|b| *b = 0);
                    n
                }
                Err(_) => {
                    piece.fill(0);
                    0
                }
            };
            at = at.saturating_add(u64::try_from(room).unwrap_or(1));
            rest = tail;
        }
        found
    }

    fn read_one(&self, addr: PhysAddr, buf: &mut [u8]) -> usize {
        let (mut at, mut rest, mut found) = (addr, buf, 0);
        while !rest.is_empty() {
            let want = to_umem(rest.len());
            let (len, offset) = match self.runs.find(at) {
                Some((range, offset, skip)) => ((range.size - skip).min(want), to_u64(skip).and_then(|s| offset.checked_add(s))),
                None => (self.runs.next_from(at).map_or(want, |r| (r.start.value() - at.value()).min(want)), None),
            };
            let Some((piece, tail)) = index(len).and_then(|n| std::mem::take(&mut rest).split_at_mut_checked(n)) else { break };
            match offset {
                Some(offset) => found += self.fill(offset, piece, self.step),
                None => piece.fill(0),
            }
            rest = tail;
            let Some(next) = at.checked_add(len) else {
                rest.fill(0);
                break;
            };
            at = next;
        }
        found
    }

    fn write_one(&self, addr: PhysAddr, bytes: &[u8]) -> Status {
        let Some((range, offset, skip)) = self.runs.find(addr).filter(|_| self.writable) else {
            return if self.writable { Status::MISSING } else { Status::READ_ONLY };
        };
        let at = to_u64(skip).and_then(|s| offset.checked_add(s));
        match at.filter(|_| range.size - skip >= to_umem(bytes.len())) {
            Some(at) => put(&self.file, at, bytes).map_or(Status::FAILED, |()| Status::DONE),
            None => Status::MISSING,
        }
    }
}

impl PhysicalMemory for DeviceMemory {
    fn metadata(&self) -> MemoryMetadata {
        let (size, read_only) = (self.runs.bytes(), !self.writable);
        MemoryMetadata { size, max_address: self.runs.last(), read_only, live: true, ideal_batch: 0 }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.runs.iter().map(|(r, _)| *r).collect::<Vec<_>>().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            let (addr, len) = (op.addr, op.buf.len());
            op.status = match self.read_one(addr, op.bytes()) {
                n if n == len => Status::DONE,
                0 => Status::MISSING,
                _ => Status::PARTIAL,
            };
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.status = self.write_one(op.addr, &op.buf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ram_in_iomem() {
        assert_eq!(iomem_line("00100000-7ffdffff : System RAM"), Some((0x10_0000, 0x7ffd_ffff)));
        assert_eq!(iomem_line("  01000000-01ffffff : Kernel code"), None);
        assert_eq!(iomem_line("  00100000-7ffdffff : System RAM"), None);
        assert_eq!(iomem_line("fee00000-fee00fff : Local APIC"), None);
    }
}
