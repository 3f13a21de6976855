//! Reading an address space: typed values, pointers, strings, and what is missing.

use super::num::{index, to_umem};
use super::read::{Gaps, find_gaps};
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryView, Status, VirtAddr, VirtReadOp, umem};

/// A shared address space.
pub type View = std::sync::Arc<dyn MemoryView>;

/// No string of a kernel or a process that memsh asks for is longer; a missing terminator must not read on forever.
const STRING_PIECE: usize = 256;

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident -> $ty:ty),* $(,)?) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`ErrorKind::Unreadable`] when a byte is missing.
        fn $name(&self, addr: VirtAddr) -> Result<$ty> {
            let mut b = [0u8; size_of::<$ty>()];
            self.read_exact(addr, &mut b)?;
            Ok(if self.view_metadata().little_endian { <$ty>::from_le_bytes(b) } else { <$ty>::from_be_bytes(b) })
        }
    )*};
}

/// What every [`MemoryView`] can do beyond reading batches.
pub trait ViewExt: MemoryView {
    /// Fills `buf` from `addr`, or fails.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] when a byte is missing; `buf` then holds what could be read, and zeros.
    fn read_exact(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<()> {
        let len = buf.len();
        let mut ops = [VirtReadOp::new(addr, buf)];
        self.read_virt((&mut ops[..]).into());
        let [op] = &ops;
        if op.status.is_done() {
            return Ok(());
        }
        let what = match op.status {
            Status::PARTIAL => "some of them are",
            _ => "they are",
        };
        Err(Error::new(
            Layer::Virtual,
            ErrorKind::Unreadable,
            format!("can't read {len} bytes: {what} not mapped or not in the image"),
        )
        .at(At::Virt(addr)))
    }

    typed! {
        /// One byte.
        read_u8 -> u8,
        /// A 16-bit number in the target's byte order.
        read_u16 -> u16,
        /// A 32-bit number in the target's byte order.
        read_u32 -> u32,
        /// A signed 32-bit number in the target's byte order.
        read_i32 -> i32,
        /// A 64-bit number in the target's byte order.
        read_u64 -> u64,
        /// A signed 64-bit number in the target's byte order.
        read_i64 -> i64,
    }

    /// A pointer of the target's width.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] when a byte is missing.
    fn read_ptr(&self, addr: VirtAddr) -> Result<VirtAddr> {
        Ok(VirtAddr::new(match self.view_metadata().pointer_size {
            4 => umem::from(self.read_u32(addr)?),
            _ => umem::from(self.read_u64(addr)?),
        }))
    }

    /// An unsigned number of `size` bytes (1, 2, 4 or 8).
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] when a byte is missing, [`ErrorKind::Invalid`] for another size.
    fn read_uint(&self, addr: VirtAddr, size: u64) -> Result<u64> {
        Ok(match size {
            1 => self.read_u8(addr)?.into(),
            2 => self.read_u16(addr)?.into(),
            4 => self.read_u32(addr)?.into(),
            8 => self.read_u64(addr)?,
            _ => {
                return Err(
                    Error::new(Layer::Virtual, ErrorKind::Invalid, format!("a number of {size} bytes")).at(At::Virt(addr))
                );
            }
        })
    }

    /// Fills `buf` from `addr` as far as it is there, and says what is missing; missing bytes are zero.
    fn read_gaps(&self, addr: VirtAddr, buf: &mut [u8]) -> Gaps {
        if self.read_exact(addr, buf).is_ok() {
            return Gaps::none();
        }
        let page = self.view_metadata().page_size;
        // A view that names no sensible page is asked in blocks of the smallest one.
        let block = if page.is_power_of_two() { page } else { 4096 };
        find_gaps(addr, buf, block, &mut |ops| self.read_virt(ops.into()))
    }

    /// The bytes of a C string at `addr`, without its terminator, at most `max` of them.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] when the string runs into missing memory before a terminator or `max`.
    fn read_cstr(&self, addr: VirtAddr, max: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut at = addr;
        let mut piece = [0u8; STRING_PIECE];
        while out.len() < max {
            // Up to the next multiple of the piece: never across a page that the string does not reach.
            let room = STRING_PIECE - index(at.offset_in(to_umem(STRING_PIECE))).unwrap_or(0);
            let n = room.min(max - out.len());
            let Some(buf) = piece.get_mut(..n) else { break };
            self.read_exact(at, buf)?;
            match buf.iter().position(|&b| b == 0) {
                Some(end) => {
                    out.extend(buf.iter().take(end));
                    return Ok(out);
                }
                None => out.extend_from_slice(buf),
            }
            at = at.wrapping_add(to_umem(n));
        }
        Ok(out)
    }

    /// The UTF-16 string (target byte order) at `addr`, without its terminator, at most `max` code units; unpaired surrogates
    /// become U+FFFD.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] when the string runs into missing memory before a terminator or `max`.
    fn read_utf16(&self, addr: VirtAddr, max: usize) -> Result<String> {
        let mut units = Vec::new();
        let mut at = addr;
        while units.len() < max {
            match self.read_u16(at)? {
                0 => break,
                u => units.push(u),
            }
            at = at.wrapping_add(2);
        }
        Ok(String::from_utf16_lossy(&units))
    }
}

impl<T: MemoryView + ?Sized> ViewExt for T {}
