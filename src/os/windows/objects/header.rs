//! `_OBJECT_HEADER`, which lies before every object, and the optional headers before that.

use super::Objects;
use crate::os::windows::base::kernel::Kernel;
use memsh_plugin::{VirtAddr, umem};
use std::sync::Arc;

/// Bits of `InfoMask` (Windows 7 and later): the creator's header is the nearest to the object, then the name's.
const CREATOR: u8 = 1;
const NAME: u8 = 2;

/// How many directories deep a name is followed.
const DEEPEST: usize = 32;

/// Where an object's header lies.
pub fn header_of(kernel: &Kernel, object: VirtAddr) -> Option<VirtAddr> {
    Some(object.wrapping_sub(kernel.offsets.object_header.body?.offset))
}

/// The object behind a header.
pub fn object_of(kernel: &Kernel, header: VirtAddr) -> Option<VirtAddr> {
    Some(header.wrapping_add(kernel.offsets.object_header.body?.offset))
}

/// `_OBJECT_HEADER_CREATOR_INFO` in bytes: a list entry, a pointer and two 16-bit numbers, the same since Windows 7.
fn creator_bytes(kernel: &Kernel) -> umem {
    if kernel.wide() { 32 } else { 16 }
}

/// The `_OBJECT_HEADER_NAME_INFO` of the object at `object`, where it has one.
pub fn name_info(kernel: &Kernel, object: VirtAddr) -> Option<VirtAddr> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let header = header_of(kernel, object)?;
    let back = match (o.object_header.info_mask, o.object_header.name_info) {
        (Some(mask), _) => {
            let mask = reader.u8_at(header, Some(mask))?;
            if mask & NAME == 0 {
                return None;
            }
            let creator = if mask & CREATOR == 0 { 0 } else { creator_bytes(kernel) };
            creator + o.name_info.bytes?
        }
        (None, Some(offset)) => umem::from(reader.u8_at(header, Some(offset)).filter(|&n| n != 0)?),
        (None, None) => return None,
    };
    Some(header.wrapping_sub(back))
}

impl Objects<'_> {
    /// An object's own name, the last part of its path; none where it has no name.
    pub fn name(&self, object: VirtAddr) -> Option<String> {
        let info = name_info(self.kernel, object)?;
        self.kernel.reader().unicode_at(info, self.kernel.offsets.name_info.name).filter(|n| !n.is_empty())
    }

    /// An object's path in the tree of names: `\Device\Afd`. Where a directory on the way can't be read, what is known of its end.
    pub fn path(&self, object: VirtAddr) -> Option<String> {
        let (o, reader) = (&self.kernel.offsets, self.kernel.reader());
        let mut parts = vec![self.name(object)?];
        let mut at = object;
        let mut rooted = false;
        for _ in 0..DEEPEST {
            let Some(info) = name_info(self.kernel, at) else { break };
            let Some(directory) = reader.ptr_at(info, o.name_info.directory).filter(|&d| reader.plausible(d)) else {
                // The root has a name and is in no directory.
                rooted = parts.last().is_some_and(|n| n == "\\");
                break;
            };
            let Some(name) = self.name(directory) else { break };
            parts.push(name);
            at = directory;
        }
        if rooted {
            parts.pop();
            parts.reverse();
            return Some(format!("\\{}", parts.join("\\")));
        }
        parts.reverse();
        Some(parts.join("\\"))
    }

    /// Name of an object's type, by its header; none where that makes no sense.
    pub fn type_of(&self, object: VirtAddr) -> Option<Arc<str>> {
        let header = header_of(self.kernel, object)?;
        let kind = self.types.of(self.kernel, header)?;
        if let Some(known) = self.names.borrow().get(&kind) {
            return known.clone();
        }
        let name = super::types::name(self.kernel, kind).map(Arc::from);
        self.names.borrow_mut().insert(kind, name.clone());
        name
    }

    /// How many pointers to an object and handles of it there are, as its header counts.
    pub fn counts(&self, object: VirtAddr) -> (Option<u64>, Option<u64>) {
        let (o, reader) = (&self.kernel.offsets.object_header, self.kernel.reader());
        let Some(header) = header_of(self.kernel, object) else { return (None, None) };
        let signed = |word: Option<umem>| word.and_then(crate::engine::to_u64).filter(|&n| n < 1 << 40);
        (signed(reader.word_at(header, o.pointers)), signed(reader.word_at(header, o.handles)))
    }
}
