//! Memory of a process: `process_vm_readv` and `process_vm_writev` in batches, `/proc/PID/mem` where these can't.
//!
//! The system calls obey what the regions allow. A page that no permission lets them read (`PROT_NONE`, code that can only be run)
//! is read through `/proc/PID/mem`, which does not ask (`FOLL_FORCE`, fs/proc/base.c), and only where the page is there already by
//! `/proc/PID/pagemap`: looking must not make the process grow.

use super::folder::Folder;
use crate::engine::{index, to_u64, to_umem};
use memsh_plugin::{MemoryRange, PhysAddr, RegionInfo, Status, Text, VirtAddr, VirtReadOp, VirtWriteOp, umem};
use nix::errno::Errno;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};

/// `UIO_MAXIOV` (include/uapi/linux/uio.h).
const MOST: usize = 1024;
/// An entry of `/proc/PID/pagemap`: present, or in a swap area (Documentation/admin-guide/mm/pagemap.rst).
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
/// So many entries are read at once.
const ENTRIES: usize = 1 << 16;

/// The memory of one process.
pub struct ProcessMemory {
    folder: Arc<Folder>,
    pid: Pid,
    page: usize,
    write: bool,
    mem: OnceLock<Option<File>>,
    pagemap: OnceLock<Option<File>>,
}

/// How far a batch has come: the operation, the bytes of it that are decided, and how many of these were transferred.
#[derive(Clone, Copy, Default)]
struct Place {
    op: usize,
    decided: usize,
    moved: usize,
}

impl Place {
    /// What a whole operation has become.
    const fn status(self, len: usize) -> Status {
        match self.moved {
            n if n == len => Status::DONE,
            0 => Status::MISSING,
            _ => Status::PARTIAL,
        }
    }

    /// Decides the next `n` bytes of the batch, and sets the status of each operation that they complete.
    fn decide(&mut self, ops: &mut [VirtReadOp], mut n: usize, moved: bool) {
        while let Some(op) = ops.get_mut(self.op).filter(|_| n > 0) {
            let len = op.buf.len();
            let step = n.min(len.saturating_sub(self.decided));
            self.decided += step;
            self.moved += if moved { step } else { 0 };
            n -= step;
            if self.decided == len {
                op.status = self.status(len);
                *self = Self { op: self.op + 1, ..Self::default() };
            } else if step == 0 {
                return;
            }
        }
    }
}

impl ProcessMemory {
    /// The memory of the process of `folder`.
    pub fn new(folder: Arc<Folder>, write: bool) -> Self {
        // A pid fits: PID_MAX_LIMIT is 2^22.
        let pid = Pid::from_raw(i32::try_from(folder.pid).unwrap_or(0));
        let page = rustix::param::page_size();
        Self { folder, pid, page, write, mem: OnceLock::new(), pagemap: OnceLock::new() }
    }

    /// The system's error for reading at an address that the process has; none where it can be read.
    pub fn refusal(&self, at: VirtAddr) -> Option<std::io::Error> {
        let mut byte = [0u8; 1];
        let remote = RemoteIoVec { base: index(at.value())?, len: 1 };
        match process_vm_readv(self.pid, &mut [IoSliceMut::new(&mut byte)], &[remote]) {
            Ok(_) | Err(Errno::EFAULT) => None,
            Err(e) => self.mem().is_none().then(|| e.into()),
        }
    }

    /// Reads a batch: every operation's status is set, bytes that are not there are zero.
    pub fn read(&self, ops: &mut [VirtReadOp]) {
        let mut at = Place::default();
        // After a failure the place where it failed is looked for page by page.
        let mut by_page = false;
        while let Some(op) = ops.get_mut(at.op) {
            let (len, start) = (op.buf.len(), op.addr.checked_add(to_umem(at.decided)));
            let end = op.addr.checked_add(to_umem(len)).and_then(|e| index(e.value()));
            let (Some(start), Some(_)) = (start.and_then(|a| index(a.value())), end) else {
                op.buf.fill(0);
                op.status = Status::MISSING;
                at = Place { op: at.op + 1, ..Place::default() };
                continue;
            };
            if len == 0 {
                op.status = Status::DONE;
                at = Place { op: at.op + 1, ..Place::default() };
                continue;
            }
            let (asked, answer) = if by_page { self.read_pages(op, at.decided, start) } else { self.read_many(ops, at) };
            match answer {
                Ok(n) if n > 0 => {
                    let n = n.min(asked);
                    at.decide(ops, n, true);
                    by_page = n < asked;
                }
                Ok(_) | Err(Errno::EFAULT) if !by_page => by_page = true,
                Ok(_) | Err(Errno::EFAULT) => {
                    let step = self.page_rest(start).min(len - at.decided);
                    let Some(bytes) = op_bytes(ops, at.op).and_then(|b| b.get_mut(at.decided..at.decided + step)) else { return };
                    let there = self.read_hidden(start, bytes);
                    at.decide(ops, step, there);
                }
                // Not allowed by this way (a filter of system calls may forbid it alone), or there is none.
                Err(e) => {
                    self.read_without(ops.get_mut(at.op..).unwrap_or_default(), at.decided, e);
                    break;
                }
            }
        }
        // Another process may have got the id meanwhile: then nothing of what was read can be believed.
        if !self.folder.alive() {
            for op in ops {
                op.buf.fill(0);
                op.status = Status::FAILED;
            }
        }
    }

    /// One call for as many operations as it takes, the first from `at.decided` on.
    fn read_many(&self, ops: &mut [VirtReadOp], at: Place) -> (usize, nix::Result<usize>) {
        let count = ops.len().saturating_sub(at.op).min(MOST);
        let (mut local, mut remote) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let (mut skip, mut asked) = (at.decided, 0usize);
        for op in ops.iter_mut().skip(at.op).take(MOST) {
            let start = op.addr.checked_add(to_umem(skip)).and_then(|a| index(a.value()));
            let end = op.addr.checked_add(to_umem(op.buf.len())).and_then(|e| index(e.value()));
            let bytes = op.buf.get_mut(skip..).unwrap_or_default();
            skip = 0;
            // An operation that can't be asked for ends the call; it is answered on its own.
            let (Some(base), Some(_), false) = (start, end, bytes.is_empty()) else { break };
            asked = asked.saturating_add(bytes.len());
            remote.push(RemoteIoVec { base, len: bytes.len() });
            local.push(IoSliceMut::new(bytes));
        }
        (asked, process_vm_readv(self.pid, &mut local, &remote))
    }

    /// One call for one operation from `from` on, in pieces that end where pages do: transfers stop between pieces.
    fn read_pages(&self, op: &mut VirtReadOp, from: usize, start: usize) -> (usize, nix::Result<usize>) {
        let rest = op.buf.get_mut(from..).unwrap_or_default();
        let remote = self.pieces(start, rest.len());
        let asked: usize = remote.iter().map(|r| r.len).sum();
        let bytes = rest.get_mut(..asked).unwrap_or_default();
        (asked, process_vm_readv(self.pid, &mut [IoSliceMut::new(bytes)], &remote))
    }

    /// `start..start + len`, cut where pages end; not all of it where that is more than one call takes.
    fn pieces(&self, start: usize, len: usize) -> Vec<RemoteIoVec> {
        let (mut base, mut rest) = (start, len);
        let mut out = Vec::new();
        while rest > 0 && out.len() < MOST {
            let len = self.page_rest(base).min(rest);
            out.push(RemoteIoVec { base, len });
            (base, rest) = (base.wrapping_add(len), rest - len);
        }
        out
    }

    /// Bytes from an address to the end of its page.
    fn page_rest(&self, address: usize) -> usize {
        self.page - address % self.page
    }

    /// Reads part of one page whatever is allowed there, where the page is there at all; zeros where it is not.
    fn read_hidden(&self, address: usize, bytes: &mut [u8]) -> bool {
        let there = self.is_resident(address) && self.mem().is_some_and(|f| read_at(f, address, bytes));
        if !there {
            bytes.fill(0);
        }
        there
    }

    /// The parts of `regions` that may hold something else than zeros.
    ///
    /// Of private memory that no file is behind these are the pages that are there. A search that read the others would make the
    /// process map a page of zeros for each, and a process may have reserved terabytes.
    pub fn data(&self, regions: &[RegionInfo]) -> Vec<MemoryRange> {
        let mut out = Vec::new();
        for r in regions {
            let (start, size) = (r.start.value(), r.end.value().saturating_sub(r.start.value()));
            let private = !r.shared && r.inode.get().is_none() && r.kind.as_bytes() != b"special";
            // No way leads to what the kernel maps of devices and clocks (`VM_IO`, `VM_PFNMAP`), nor to code without permission to be read.
            let unreachable = |p: &Text| p.as_bytes().starts_with(b"[vvar") || (p.as_bytes() == b"[vsyscall]" && !r.read);
            if r.path.as_ref().is_some_and(unreachable) {
                continue;
            }
            let resident = if private || !r.read { self.resident(start, size) } else { None };
            match resident {
                Some(parts) => out.extend(parts),
                None => out.push(MemoryRange { start: PhysAddr::new(start), size }),
            }
        }
        out
    }

    /// The runs of pages that are there; none where that is not told.
    fn resident(&self, start: umem, size: umem) -> Option<Vec<MemoryRange>> {
        let file = self.pagemap()?;
        let page = to_umem(self.page);
        let mut out: Vec<MemoryRange> = Vec::new();
        let mut entries = vec![0u8; ENTRIES * 8];
        let (mut at, end) = (start, start.checked_add(size)?);
        while at < end {
            let count = index((end - at) / page)?.clamp(1, ENTRIES);
            let bytes = entries.get_mut(..count * 8)?;
            file.read_exact_at(bytes, to_u64(at / page)?.checked_mul(8)?).ok()?;
            for entry in bytes.as_chunks::<8>().0 {
                if u64::from_ne_bytes(*entry) & (PRESENT | SWAPPED) != 0 {
                    match out.last_mut() {
                        Some(r) if r.start.value() + r.size == at => r.size += page,
                        _ => out.push(MemoryRange { start: PhysAddr::new(at), size: page }),
                    }
                }
                at = at.checked_add(page)?;
            }
        }
        Some(out)
    }

    fn pagemap(&self) -> Option<&File> {
        self.pagemap.get_or_init(|| self.folder.file("pagemap", false).ok()).as_ref()
    }

    fn is_resident(&self, address: usize) -> bool {
        let mut entry = [0u8; 8];
        let at = u64::try_from(address / self.page).unwrap_or(u64::MAX).saturating_mul(8);
        self.pagemap().is_some_and(|f| f.read_exact_at(&mut entry, at).is_ok())
            && u64::from_ne_bytes(entry) & (PRESENT | SWAPPED) != 0
    }

    fn mem(&self) -> Option<&File> {
        self.mem.get_or_init(|| self.folder.file("mem", self.write).ok()).as_ref()
    }

    /// Reads operations, the first from `from` on, where the system call failed with `error` altogether.
    fn read_without(&self, ops: &mut [VirtReadOp], from: usize, error: Errno) {
        let file = if error == Errno::ESRCH { None } else { self.mem() };
        let mut from = from;
        for op in ops {
            let (start, bytes) = (index(op.addr.value()), op.buf.get_mut(from..).unwrap_or_default());
            let (Some(file), Some(start)) = (file, start.and_then(|s| s.checked_add(from))) else {
                bytes.fill(0);
                op.status = Status::FAILED;
                from = 0;
                continue;
            };
            let mut place = Place { op: 0, decided: from, moved: from };
            let mut address = start;
            for piece in self.pieces_of(start, bytes) {
                let there = read_at(file, address, piece);
                if !there {
                    piece.fill(0);
                }
                place.moved += if there { piece.len() } else { 0 };
                address = address.wrapping_add(piece.len());
            }
            op.status = place.status(op.buf.len());
            from = 0;
        }
    }

    /// `bytes`, which lie at `start`, cut where pages end.
    fn pieces_of<'b>(&self, start: usize, bytes: &'b mut [u8]) -> impl Iterator<Item = &'b mut [u8]> {
        let head = self.page_rest(start).min(bytes.len());
        let (first, rest) = bytes.split_at_mut(head);
        std::iter::once(first).chain(rest.chunks_mut(self.page))
    }

    /// Writes a batch, where the memory was opened for writing.
    ///
    /// Pages that the process itself can't write to are written through `/proc/PID/mem`, as a debugger does; they become the
    /// process's own copy.
    pub fn write(&self, ops: &mut [VirtWriteOp]) {
        for op in ops.iter_mut() {
            op.status = if self.write { self.write_one(op.addr, &op.buf) } else { Status::READ_ONLY };
        }
    }

    fn write_one(&self, addr: VirtAddr, bytes: &[u8]) -> Status {
        let end = addr.checked_add(to_umem(bytes.len())).and_then(|e| index(e.value()));
        let (Some(start), Some(_)) = (index(addr.value()), end) else { return Status::MISSING };
        let (mut place, mut refused) = (Place::default(), false);
        while let Some(rest) = bytes.get(place.decided..).filter(|r| !r.is_empty()) {
            let address = start.wrapping_add(place.decided);
            let remote = self.pieces(address, rest.len());
            let asked: usize = remote.iter().map(|r| r.len).sum();
            let answer = process_vm_writev(self.pid, &[IoSlice::new(rest.get(..asked).unwrap_or_default())], &remote);
            match answer {
                Ok(n) if n > 0 => {
                    place.decided += n;
                    place.moved += n;
                }
                Err(Errno::ESRCH) => return Status::FAILED,
                _ => {
                    let piece = rest.get(..self.page_rest(address).min(rest.len())).unwrap_or_default();
                    let written = match self.mem() {
                        Some(file) => file.write_at(piece, offset(address)).is_ok_and(|n| n == piece.len()),
                        None => return Status::FAILED,
                    };
                    refused |= !written && self.is_resident(address);
                    place.moved += if written { piece.len() } else { 0 };
                    place.decided += piece.len();
                }
            }
        }
        match place.status(bytes.len()) {
            _ if !self.folder.alive() => Status::FAILED,
            Status::MISSING if refused => Status::READ_ONLY,
            other => other,
        }
    }
}

fn op_bytes<'o>(ops: &'o mut [VirtReadOp], i: usize) -> Option<&'o mut [u8]> {
    ops.get_mut(i).map(|op| &mut *op.buf)
}

/// Position of an address in `/proc/PID/mem`.
fn offset(address: usize) -> u64 {
    u64::try_from(to_umem(address)).unwrap_or(u64::MAX)
}

fn read_at(file: &File, address: usize, bytes: &mut [u8]) -> bool {
    file.read_exact_at(bytes, offset(address)).is_ok()
}
