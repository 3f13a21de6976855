//! A connector behind a table of C functions, as plugins in C and C++ are.

use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::c::{
    MEMSH_DONE, MemshArgument, MemshConnector, MemshCreate, MemshMetadata, MemshRange, MemshRead, MemshRequest, MemshWrite,
};
use memsh_plugin::{
    CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory, Status, umem,
};
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

/// What a plugin's function is given for the words of its failure.
const ERROR_SIZE: usize = 1024;
/// Most ranges that are asked for.
const MAX_RANGES: usize = 1 << 20;

/// The functions that every connector needs.
type Metadata = unsafe extern "C" fn(*mut c_void, *mut MemshMetadata);
type Ranges = unsafe extern "C" fn(*mut c_void, *mut MemshRange, usize) -> usize;
type Read = unsafe extern "C" fn(*mut c_void, *mut MemshRead, usize);

/// A connector behind a table.
pub struct CTable {
    table: MemshConnector,
    metadata: Metadata,
    ranges: Ranges,
    read: Read,
}

// SAFETY: the interface (`memsh_plugin::c::MemshConnector`) asks that the functions can be called from any thread, and from many at
// once; the context is only handed to them.
unsafe impl Send for CTable {}
// SAFETY: as above.
unsafe impl Sync for CTable {}

impl CTable {
    /// What `create` makes of the arguments.
    ///
    /// # Errors
    /// What the plugin says, or that it left a needed function out.
    pub fn create(name: &str, create: MemshCreate, arguments: &[(String, String)], raw: &str, write: bool) -> Result<Self> {
        let failed = |what: String| Error::new(Layer::Connector, ErrorKind::Invalid, format!("{name}: {what}"));
        let text = |s: &str| CString::new(s).map_err(|_| failed(format!("the argument {s:?} holds a zero byte")));
        let raw = text(raw)?;
        let owned: Vec<(CString, CString)> =
            arguments.iter().map(|(k, v)| Ok((text(k)?, text(v)?))).collect::<Result<Vec<_>>>()?;
        let list: Vec<MemshArgument> = owned.iter().map(|(k, v)| MemshArgument { name: k.as_ptr(), value: v.as_ptr() }).collect();
        let request = MemshRequest { arguments: list.as_ptr(), count: list.len(), raw: raw.as_ptr(), write };
        let mut table =
            MemshConnector { context: ptr::null_mut(), metadata: None, ranges: None, read: None, write: None, destroy: None };
        let mut error = [0u8; ERROR_SIZE];
        // SAFETY: every pointer is to something that lives to the end of this function; the plugin may write `error_size` bytes of
        // `error` and fill `table`. That it keeps to this is what loading it has trusted it with.
        let status = unsafe { create(&raw const request, &raw mut table, error.as_mut_ptr().cast::<c_char>(), ERROR_SIZE) };
        if status != 0 {
            let said = CStr::from_bytes_until_nul(&error).map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            return Err(failed(if said.is_empty() { format!("the plugin failed with status {status}") } else { said }));
        }
        let (Some(metadata), Some(ranges), Some(read)) = (table.metadata, table.ranges, table.read) else {
            return Err(failed("the plugin left one of metadata, ranges and read out".to_owned()));
        };
        Ok(Self { table, metadata, ranges, read })
    }
}

impl Drop for CTable {
    fn drop(&mut self) {
        if let Some(destroy) = self.table.destroy {
            // SAFETY: the context is the plugin's own, and nothing is called with it after this.
            unsafe { destroy(self.table.context) }
        }
    }
}

fn wide(n: u64) -> umem {
    umem::from(n)
}

/// An address as C has it; none beyond 64 bits.
fn narrow(address: PhysAddr) -> Option<u64> {
    crate::engine::to_u64(address.value())
}

impl PhysicalMemory for CTable {
    fn metadata(&self) -> MemoryMetadata {
        let mut out = MemshMetadata::default();
        // SAFETY: `out` lives through the call.
        unsafe { (self.metadata)(self.table.context, &raw mut out) };
        MemoryMetadata {
            size: wide(out.size),
            max_address: PhysAddr::new(wide(out.max_address)),
            read_only: out.read_only || self.table.write.is_none(),
            live: out.live,
            ideal_batch: out.ideal_batch,
        }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        let mut list = vec![MemshRange::default(); 64];
        loop {
            // SAFETY: the list has room for as many as are asked for.
            let count = unsafe { (self.ranges)(self.table.context, list.as_mut_ptr(), list.len()) };
            if count > MAX_RANGES {
                // No list is better than the beginning of one that can't be.
                return Vec::new().into();
            }
            if count <= list.len() {
                list.truncate(count);
                break;
            }
            list.resize(count, MemshRange::default());
        }
        list.iter().map(|r| MemoryRange { start: PhysAddr::new(wide(r.start)), size: wide(r.size) }).collect::<Vec<_>>().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let mut asked: Vec<MemshRead> = ops
            .iter_mut()
            .map(|op| MemshRead {
                // An address beyond 64 bits is in no memory of this interface: its last byte is asked for, and nothing of it.
                address: narrow(op.addr).unwrap_or(u64::MAX),
                data: op.buf.as_mut_ptr(),
                length: if narrow(op.addr).is_some() { op.buf.len() } else { 0 },
                status: Status::PENDING.0,
            })
            .collect();
        // SAFETY: each operation points to its buffer, which is lent for the call, and says how long it is.
        unsafe { (self.read)(self.table.context, asked.as_mut_ptr(), asked.len()) };
        for (op, answer) in ops.iter_mut().zip(&asked) {
            op.status = if narrow(op.addr).is_some() { Status(answer.status) } else { Status::MISSING };
            if op.status != Status::DONE && op.status != Status::PARTIAL {
                op.buf.fill(0);
            }
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        let Some(write) = self.table.write else {
            ops.iter_mut().for_each(|op| op.status = Status::READ_ONLY);
            return;
        };
        let mut asked: Vec<MemshWrite> = ops
            .iter()
            .map(|op| MemshWrite {
                address: narrow(op.addr).unwrap_or(u64::MAX),
                data: op.buf.as_ptr(),
                length: if narrow(op.addr).is_some() { op.buf.len() } else { 0 },
                status: Status::PENDING.0,
            })
            .collect();
        // SAFETY: as for reads; the bytes are only read.
        unsafe { write(self.table.context, asked.as_mut_ptr(), asked.len()) };
        for (op, answer) in ops.iter_mut().zip(&asked) {
            let there = narrow(op.addr).is_some() && answer.status == MEMSH_DONE;
            op.status = if there { Status::DONE } else { Status(answer.status.min(Status::FAILED.0)) };
        }
    }
}
