//! Address spaces: reading, and where addresses lie.

use crate::target::Shared;
use memsh::engine::{Gaps, Memory, index, to_u64, to_umem};
use memsh::session::Space as Whose;
use memsh::{PhysAddr, VirtAddr, umem};
use memsh_plugin::TranslateOp;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyOverflowError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// After so many bytes signals are looked at.
const PART: usize = 16 << 20;
/// So many addresses are translated at once; the engine groups them by the tables they share.
const BATCH: usize = 1 << 16;

/// An address space of a target.
#[pyclass(frozen, module = "memsh._memsh")]
pub struct Space {
    shared: Arc<Shared>,
    space: Whose,
}

/// A hole: first missing address, and first one after it, which may be no address any more.
type Hole = (u128, u128);

impl Space {
    /// A space of a target.
    pub fn new(shared: Arc<Shared>, space: Whose) -> Self {
        Self { shared, space }
    }

    /// Fills `buf`, in parts, and gives the holes; they are zeros.
    fn fill(&self, py: Python<'_>, address: umem, buf: &mut [u8]) -> PyResult<Vec<Hole>> {
        // Kept open until the read has ended.
        let _open = self.shared.get()?;
        if to_umem(buf.len()).checked_sub(1).is_some_and(|last| address.checked_add(last).is_none()) {
            let what = format!("{} bytes at {address:#x} reach beyond the last address", buf.len());
            return Err(PyValueError::new_err(what));
        }
        let mut gaps = Gaps::none();
        let mut at = address;
        for part in buf.chunks_mut(PART) {
            py.check_signals()?;
            let found = py.detach(|| self.space.read_gaps(at, part));
            found.as_slice().iter().for_each(|gap| gaps.push(gap.start, gap.end));
            at = at.wrapping_add(to_umem(part.len()));
        }
        let hole = |start: u128, size: u128| (start, start.saturating_add(size));
        Ok(gaps.as_slice().iter().map(|gap| hole(gap.start.into(), gap.size().into())).collect())
    }

    /// Where each address lies, as far as it does.
    fn places(&self, addresses: &[u64], ops: &mut Vec<TranslateOp>) {
        ops.clear();
        ops.extend(addresses.iter().map(|a| TranslateOp::new(VirtAddr::new(umem::from(*a)))));
        match self.space.tables() {
            Some(tables) => tables.translate_batch(ops),
            None => {
                for op in ops {
                    let here = PhysAddr::new(op.addr.value());
                    if self.space.memory().contains(here, 1) {
                        op.translation.phys = here;
                        op.status = memsh_plugin::Status::DONE;
                    }
                }
            }
        }
    }
}

/// Where bytes will stand.
struct Room(*mut u8);

// SAFETY: a place in memory is bound to no thread.
unsafe impl Send for Room {}

impl Room {
    /// The bytes, made zeros.
    ///
    /// # Safety
    /// There are `n` that may be written to, by nobody else, for as long as `'a`.
    unsafe fn zeroed<'a>(self, n: usize) -> &'a mut [u8] {
        // SAFETY: as said.
        unsafe {
            self.0.write_bytes(0, n);
            std::slice::from_raw_parts_mut(self.0, n)
        }
    }
}

/// Whether a format of the buffer protocol (PEP 3118) has `O` in it: pointers to objects. Names of fields stand between colons.
fn has_objects(format: &[u8]) -> bool {
    format.split(|b| *b == b':').step_by(2).any(|types| types.contains(&b'O'))
}

/// A writable buffer of bytes without gaps.
fn writable<T: pyo3::buffer::Element>(buffer: &PyBuffer<T>, what: &str) -> PyResult<std::ptr::NonNull<[T]>> {
    if buffer.readonly() {
        return Err(PyBufferError::new_err(format!("{what}: the buffer can't be written to")));
    }
    buffer.as_slice_ptr().ok_or_else(|| PyBufferError::new_err(format!("{what}: the buffer is not contiguous")))
}

#[pymethods]
impl Space {
    /// `phys`, `kernel` or `pid`.
    #[getter]
    fn kind(&self) -> &'static str {
        self.space.kind()
    }

    /// The process's id, where it is a process's.
    #[getter]
    fn pid(&self) -> Option<u32> {
        self.space.process().map(|p| p.pid)
    }

    /// Bytes of a pointer.
    #[getter]
    fn pointer_size(&self) -> u8 {
        self.space.pointer_size()
    }

    /// `n` bytes from `address`, and the holes in them (as `(start, end)`), which are zeros.
    fn read<'py>(&self, py: Python<'py>, address: umem, n: usize) -> PyResult<(Bound<'py, PyBytes>, Vec<Hole>)> {
        let size = n.try_into()?;
        // SAFETY: the call gives a new object, or null with an exception set.
        let bytes = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyBytes_FromStringAndSize(std::ptr::null(), size))? };
        // SAFETY: it is a bytes object.
        let room = Room(unsafe { ffi::PyBytes_AsString(bytes.as_ptr()) }.cast());
        // New pages are made here, which takes as long as the read itself: not with the GIL.
        // SAFETY: a bytes object has room for its `n` bytes; nobody else knows of it yet, so nobody reads or writes there.
        let buf = py.detach(|| unsafe { room.zeroed(n) });
        let holes = self.fill(py, address, buf)?;
        Ok((bytes.cast_into::<PyBytes>()?, holes))
    }

    /// Fills a writable buffer from `address`, in place, and gives the holes in it, which are zeros.
    fn read_into(&self, py: Python<'_>, address: umem, buffer: Bound<'_, PyAny>) -> PyResult<Vec<Hole>> {
        let view = pyo3::buffer::PyUntypedBuffer::get(&buffer)?;
        if view.readonly() || !view.is_c_contiguous() {
            return Err(PyBufferError::new_err("read_into: the buffer must be writable and contiguous"));
        }
        if has_objects(view.format().to_bytes()) {
            return Err(PyBufferError::new_err("read_into: the buffer holds Python objects; bytes of memory are none"));
        }
        let (start, len) = (view.buf_ptr().cast::<u8>(), view.len_bytes());
        if len == 0 {
            return Ok(Vec::new());
        }
        // SAFETY: a buffer without gaps holds `len` bytes at `start` for as long as `view` lives; its owner must not move or free
        // them meanwhile, by the buffer protocol. Python code that writes there at the same time gets what it asked for, as with
        // numpy: bytes of both.
        let buf = unsafe { std::slice::from_raw_parts_mut(start, len) };
        let holes = self.fill(py, address, buf);
        drop(view);
        holes
    }

    /// The physical address of each of `addresses` (64 bits, unsigned) into `places`, and whether it has one into `valid`.
    fn translate_into(
        &self,
        py: Python<'_>,
        addresses: PyBuffer<u64>,
        places: PyBuffer<u64>,
        valid: PyBuffer<u8>,
    ) -> PyResult<usize> {
        let _open = self.shared.get()?;
        let from = addresses.as_slice_ptr().ok_or_else(|| PyBufferError::new_err("addresses: the buffer is not contiguous"))?;
        let (to, ok) = (writable(&places, "places")?, writable(&valid, "valid")?);
        if to.len() != from.len() || ok.len() != from.len() {
            return Err(PyValueError::new_err("the buffers differ in length"));
        }
        let (from, to, ok) = (from.cast::<u64>(), to.cast::<u64>(), ok.cast::<u8>());
        let mut ops = Vec::new();
        let mut batch = vec![0u64; BATCH.min(addresses.item_count())];
        let (mut done, mut found) = (0, 0);
        while done < addresses.item_count() {
            py.check_signals()?;
            let n = BATCH.min(addresses.item_count() - done);
            batch.truncate(n);
            // SAFETY: the buffers hold as many items as `addresses` has, aligned for their type (`PyBuffer` checks that); they are read and
            // written with the GIL, so by nobody else.
            unsafe { from.add(done).copy_to_nonoverlapping(std::ptr::NonNull::new_unchecked(batch.as_mut_ptr()), n) };
            py.detach(|| self.places(&batch, &mut ops));
            for (i, op) in (done..).zip(&ops) {
                let place = op.status.is_done().then(|| to_u64(op.translation.phys.value())).flatten();
                found += usize::from(place.is_some());
                // SAFETY: as above.
                unsafe {
                    to.add(i).write(place.unwrap_or(0));
                    ok.add(i).write(u8::from(place.is_some()));
                }
            }
            done += n;
        }
        Ok(found)
    }

    /// Memory ranges of the space's memory: `(start, size)`.
    fn ranges(&self) -> Vec<(umem, umem)> {
        self.space.memory().ranges().iter().map(|r| (r.start.value(), r.size)).collect()
    }

    /// `n` bytes from `address` in place, without a copy, where the image holds them as they are and next to each other.
    fn window(&self, py: Python<'_>, address: umem, n: usize) -> PyResult<Option<Window>> {
        let _open = self.shared.get()?;
        let size = to_umem(n);
        if self.space.memory().mapped().is_none() {
            return Ok(None);
        }
        let Ok(places) = py.detach(|| self.space.places(address, size)) else { return Ok(None) };
        let Some(first) = places.first().map(|p| p.phys) else { return Ok(None) };
        let mut next = first.value();
        for place in &places {
            if place.phys.value() != next {
                return Ok(None);
            }
            next = next.checked_add(place.size).ok_or_else(|| PyOverflowError::new_err("the range ends beyond all memory"))?;
        }
        let memory = self.space.memory().clone();
        let in_place = memory.mapped().and_then(|m| m.slice(first, n)).is_some();
        Ok(in_place.then_some(Window { memory, first, size }))
    }
}

/// Bytes of an image in place, for `memoryview`.
#[pyclass(frozen, module = "memsh._memsh")]
pub struct Window {
    memory: Memory,
    first: PhysAddr,
    size: umem,
}

#[pymethods]
impl Window {
    /// The buffer protocol: read-only bytes.
    ///
    /// # Safety
    /// Python's: `view` is valid.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let this = slf.get();
        let bytes = index(this.size).and_then(|n| this.memory.mapped()?.slice(this.first, n));
        let bytes = bytes.ok_or_else(|| PyBufferError::new_err("the bytes are not in place any more"))?;
        let len = bytes.len().try_into()?;
        // SAFETY: the bytes are mapped for as long as the memory lives, which this object holds, which the view holds (`obj`).
        // Nobody writes to them: the buffer is read-only (the last but one argument), and a wish to write is refused by this call.
        let done =
            unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), bytes.as_ptr().cast::<c_void>().cast_mut(), len, 1, flags) };
        if done == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }
}
