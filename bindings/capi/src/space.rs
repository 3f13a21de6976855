//! Reading and translating.

use crate::fail::{MemshCode, MemshError, guarded, null};
use crate::target::{MemshTarget, target};
use crate::words::word;
use memsh_core::engine::to_u64;
use memsh_core::session::Space;
use memsh_core::{Error, ErrorKind, Layer, VirtAddr, umem};
use memsh_plugin::TranslateOp;
use std::ffi::{c_char, c_void};

/// Addresses of a target: physical, the kernel's or a process's. It may be used by several threads at once. Freed with memsh_space_free.
pub struct MemshSpace(Space);

/// Whose addresses.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemshSpaceKind {
    /// Physical memory.
    Physical = 0,
    /// The kernel's.
    Kernel = 1,
    /// A process's.
    Process = 2,
}

/// A piece of memory that could not be read.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MemshGap {
    /// Its first address.
    pub start: u64,
    /// Its bytes.
    pub size: u64,
}

/// One read of a batch.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MemshRead {
    /// The first address.
    pub address: u64,
    /// Where the bytes go.
    pub buffer: *mut c_void,
    /// How many.
    pub size: usize,
    /// How many of them could not be read; they are zeros in the buffer.
    pub missing: u64,
}

/// One translation of a batch.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct MemshTranslation {
    /// The address.
    pub address: u64,
    /// Where it lies, where FOUND is true.
    pub physical: u64,
    /// Bytes of the page that maps it; 0 in a space without page tables.
    pub page_size: u64,
    /// What the page tables allow: 1 to read, 2 to write, 4 for programs of users, 8 to execute.
    pub permissions: u8,
    /// Whether it is mapped to memory.
    pub found: bool,
}

fn space<'a>(pointer: *const MemshSpace) -> Result<&'a Space, MemshError> {
    // SAFETY: by the header null or a space that was not freed.
    unsafe { pointer.as_ref() }.map(|s| &s.0).ok_or_else(|| null("the space"))
}

/// The buffer, zeroed, for `size` bytes at `address`, which must not go on at the lowest address again.
fn bytes<'a>(address: u64, buffer: *mut c_void, size: usize) -> Result<&'a mut [u8], MemshError> {
    let Some(last) = size.checked_sub(1) else { return Ok(&mut []) };
    if u64::try_from(last).ok().and_then(|last| address.checked_add(last)).is_none() {
        return Err(MemshError::new(MemshCode::Invalid, format!("{size} bytes at {address:#x} reach beyond the last address")));
    }
    if buffer.is_null() {
        return Err(null("the buffer"));
    }
    // SAFETY: not null, and by the header it has room for so many bytes, which nobody else uses meanwhile.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), size) };
    buffer.fill(0);
    Ok(buffer)
}

fn count(n: umem) -> u64 {
    to_u64(n).unwrap_or(u64::MAX)
}

fn unreadable(space: &Space, address: umem, missing: u64, size: usize) -> MemshError {
    let what = format!("{missing} of {size} bytes can't be read");
    Error::new(Layer::Command, ErrorKind::Unreadable, what).at(space.at(address)).into()
}

/// Opens a space into SPACE. PROCESS is a pid, or a name that only one process has; null for the others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_space(
    target: *const MemshTarget,
    kind: u32,
    process: *const c_char,
    space: *mut *mut MemshSpace,
    error: *mut *mut MemshError,
) -> MemshCode {
    guarded(error, || {
        let target = self::target(target)?;
        if space.is_null() {
            return Err(null("the place for the space"));
        }
        let opened = target.with(|session| -> Result<Space, MemshError> {
            Ok(match kind {
                0 => session.physical_space()?,
                1 => session.kernel_space()?,
                2 => session.process_space(&session.find_process(word(process, "the process")?)?)?,
                other => return Err(MemshError::new(MemshCode::Invalid, format!("{other} is no kind of space"))),
            })
        })?;
        // SAFETY: not null, and by the header a place for a pointer.
        unsafe { space.write(Box::into_raw(Box::new(MemshSpace(opened)))) };
        Ok(())
    })
}

/// Frees a space; nothing for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_space_free(space: *mut MemshSpace) {
    if !space.is_null() {
        // SAFETY: by the header it came from memsh_space and was not freed.
        drop(unsafe { Box::from_raw(space) });
    }
}

/// Reads SIZE bytes at ADDRESS. MEMSH_CODE_UNREADABLE when any of them is missing; those that are there are in the buffer all the same,
/// the others zeros: memsh_read_gaps says which.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_read(
    space: *const MemshSpace,
    address: u64,
    buffer: *mut c_void,
    size: usize,
    error: *mut *mut MemshError,
) -> MemshCode {
    guarded(error, || {
        let space = self::space(space)?;
        let gaps = space.read_gaps(umem::from(address), bytes(address, buffer, size)?);
        match gaps.as_slice().first() {
            None => Ok(()),
            Some(gap) => Err(unreadable(space, gap.start, count(gaps.bytes()), size)),
        }
    })
}

/// Reads what of SIZE bytes at ADDRESS is there, and writes the first ROOM gaps, ascending, to GAPS; missing bytes are zeros in the
/// buffer. FOUND is how many gaps there are, which may be more than ROOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_read_gaps(
    space: *const MemshSpace,
    address: u64,
    buffer: *mut c_void,
    size: usize,
    gaps: *mut MemshGap,
    room: usize,
    found: *mut usize,
    error: *mut *mut MemshError,
) -> MemshCode {
    guarded(error, || {
        if found.is_null() || room > 0 && gaps.is_null() {
            return Err(null("the place for gaps"));
        }
        let missing = self::space(space)?.read_gaps(umem::from(address), bytes(address, buffer, size)?);
        for (i, gap) in missing.as_slice().iter().enumerate().take(room) {
            let gap = MemshGap { start: count(gap.start), size: count(gap.size()) };
            // SAFETY: by the header there is room for so many, and `i` is below it.
            unsafe { gaps.add(i).write(gap) };
        }
        // SAFETY: not null, and by the header a place for a number.
        unsafe { found.write(missing.as_slice().len()) };
        Ok(())
    })
}

/// Reads COUNT pieces; each says how many of its bytes are missing. One that can't be read fails no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_read_batch(
    space: *const MemshSpace,
    reads: *mut MemshRead,
    count: usize,
    error: *mut *mut MemshError,
) -> MemshCode {
    guarded(error, || {
        let space = self::space(space)?;
        for read in list(reads, count, "the reads")? {
            let gaps = space.read_gaps(umem::from(read.address), bytes(read.address, read.buffer, read.size)?);
            read.missing = self::count(gaps.bytes());
        }
        Ok(())
    })
}

/// Translates COUNT addresses at once; neighbours share their walk through the page tables. One that is not mapped fails no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memsh_translate(
    space: *const MemshSpace,
    translations: *mut MemshTranslation,
    count: usize,
    error: *mut *mut MemshError,
) -> MemshCode {
    guarded(error, || {
        let tables = self::space(space)?.tables().ok_or_else(|| {
            MemshError::new(MemshCode::Invalid, "physical addresses are not translated: take the kernel's space or a process's")
        })?;
        let all = list(translations, count, "the translations")?;
        // What the batch takes is bounded, however many there are.
        for part in all.chunks_mut(1 << 16) {
            let mut ops: Vec<TranslateOp> = part.iter().map(|t| TranslateOp::new(VirtAddr::new(umem::from(t.address)))).collect();
            tables.translate_batch(&mut ops);
            for (t, op) in part.iter_mut().zip(&ops) {
                t.found = op.status.is_done();
                t.physical = if t.found { self::count(op.translation.phys.value()) } else { 0 };
                t.page_size = if t.found && !tables.is_flat() { self::count(op.translation.page_size()) } else { 0 };
                t.permissions = if t.found { op.translation.perm.0 } else { 0 };
            }
        }
        Ok(())
    })
}

fn list<'a, T>(first: *mut T, count: usize, what: &str) -> Result<&'a mut [T], MemshError> {
    if count == 0 {
        return Ok(&mut []);
    }
    if first.is_null() {
        return Err(null(what));
    }
    // SAFETY: not null, and by the header it holds so many, which nobody else uses meanwhile.
    Ok(unsafe { std::slice::from_raw_parts_mut(first, count) })
}
