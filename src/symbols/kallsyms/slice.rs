//! Bytes at hand as an address space.

use crate::engine::index;
use memsh_plugin::{CSliceMut, MemoryView, PhysAddr, Status, ViewMetadata, VirtAddr, VirtReadOp};

/// Bytes at hand, read as an address space.
pub(super) struct Slice<'a> {
    pub image: &'a [u8],
    /// Address of its first byte.
    pub start: VirtAddr,
    pub pointer_size: u8,
    pub little_endian: bool,
}

impl MemoryView for Slice<'_> {
    fn view_metadata(&self) -> ViewMetadata {
        ViewMetadata {
            pointer_size: self.pointer_size,
            little_endian: self.little_endian,
            page_size: 0x1000,
            root: PhysAddr::NULL,
        }
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            let (addr, buf) = (op.addr, op.bytes());
            let rest = addr.offset_from(self.start).and_then(index).and_then(|o| self.image.get(o..)).unwrap_or_default();
            let n = rest.len().min(buf.len());
            let whole = n == buf.len();
            if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
                to.copy_from_slice(from);
            }
            if let Some(tail) = buf.get_mut(n..) {
                tail.fill(0);
            }
            op.status = match (whole, n) {
                (true, _) => Status::DONE,
                (false, 0) => Status::MISSING,
                _ => Status::PARTIAL,
            };
        }
    }
}
