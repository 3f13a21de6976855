//! The loader's entries and driver objects by the tags of their pool blocks: they outlive being taken off a list or out of a directory.

use super::Told;
use crate::engine::search::Options;
use crate::engine::{ViewExt, index};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::base::offsets::Member;
use crate::os::windows::base::text;
use crate::os::windows::pool::{self, header_bytes};
use memsh_plugin::{VirtAddr, umem};

/// The load module database (pooltag.txt).
const TAG: [u8; 4] = *b"MmLd";
/// Driver objects.
const OBJECT: [u8; 4] = *b"Driv";
/// `IO_TYPE_DRIVER` (wdm.h), with which a driver object begins; its size follows.
const DRIVER: u64 = 4;
/// Between a block's header and the object's lie the headers that are optional; no object has more of them, in bytes.
const OPTIONAL: umem = 0xa0;
/// An entry has no more bytes.
const ENTRY: usize = 0x200;

/// What lies in blocks of both kinds.
#[derive(Debug, Default)]
pub(super) struct Tagged {
    pub(super) entries: Vec<Told>,
    pub(super) objects: Vec<Told>,
}

/// Entries of the loader and driver objects anywhere in physical memory; none where it is not known how they look.
pub(super) fn search(kernel: &Kernel, options: &Options<'_>, lost: &mut Lost) -> Option<Tagged> {
    kernel.offsets.driver.base?;
    let mut out = Tagged::default();
    for block in pool::blocks(kernel, &[TAG, OBJECT], options, lost) {
        let Some(content) = block.places.first().map(|at| at.wrapping_add(header_bytes(kernel))) else { continue };
        match block.tag {
            TAG => out.entries.extend(entry(kernel, content)),
            _ => out.objects.extend(object(kernel, content)),
        }
    }
    Some(out)
}

/// A structure in a block, which never lies across pages.
struct Structure<'k> {
    kernel: &'k Kernel,
    bytes: [u8; ENTRY],
}

impl<'k> Structure<'k> {
    fn at(kernel: &'k Kernel, at: VirtAddr) -> Option<Self> {
        let mut bytes = [0u8; ENTRY];
        let room = index(0x1000 - (at.value() & 0xfff))?.min(ENTRY);
        kernel.space.read_exact(at, bytes.get_mut(..room)?).ok()?;
        Some(Self { kernel, bytes })
    }

    fn width(&self) -> usize {
        if self.kernel.wide() { 8 } else { 4 }
    }

    fn number(&self, offset: umem, len: usize) -> Option<u64> {
        let mut word = [0u8; 8];
        let from = index(offset)?;
        word.get_mut(..len)?.copy_from_slice(self.bytes.get(from..from.checked_add(len)?)?);
        Some(u64::from_le_bytes(word))
    }

    fn member(&self, member: Option<Member>, len: usize) -> Option<u64> {
        self.number(member?.offset, len)
    }

    /// The `UNICODE_STRING` that is a member; its text lies elsewhere.
    fn string(&self, member: Option<Member>) -> Option<String> {
        let at = member?.offset;
        let (len, most) = (self.number(at, 2)?, self.number(at + 2, 2)?);
        let buffer = VirtAddr::new(umem::from(self.number(at + self.kernel.reader().width(), self.width())?));
        let sane = len > 0 && len <= most && len.is_multiple_of(2);
        let text = text::utf16(&self.kernel.space, Some(buffer).filter(|_| sane)?, index(umem::from(len))?)?;
        text.chars().all(|c| !c.is_control()).then_some(text)
    }

    /// Where an image lies, and its size.
    fn image(&self, base: Option<Member>, size: Option<Member>) -> Option<(VirtAddr, umem)> {
        let base = VirtAddr::new(umem::from(self.member(base, self.width())?));
        let size = umem::from(self.member(size, 4)?);
        (self.kernel.reader().plausible(base) && super::sane(base, size)).then_some((base, size))
    }
}

/// The entry at an address. Blocks with this tag hold other things, too: one without a name that can be read is no more than
/// numbers that fit.
fn entry(kernel: &Kernel, at: VirtAddr) -> Option<Told> {
    let (o, structure) = (&kernel.offsets.driver, Structure::at(kernel, at)?);
    let (base, size) = structure.image(o.base, o.size)?;
    let (name, path) = (structure.string(o.name), structure.string(o.path));
    (name.is_some() || path.is_some()).then_some(Told { base, size, name, path })
}

/// The driver object in the block whose content begins at `at`.
fn object(kernel: &Kernel, at: VirtAddr) -> Option<Told> {
    let o = &kernel.offsets.driver_object;
    let (bytes, header) = (o.bytes?, kernel.offsets.object_header.body?.offset);
    (0..=OPTIONAL).step_by(index(header_bytes(kernel))?).find_map(|gap| {
        let structure = Structure::at(kernel, at.wrapping_add(header + gap))?;
        let is_one = structure.number(0, 2)? == DRIVER && umem::from(structure.number(2, 2)?) == bytes;
        let (base, size) = structure.image(o.start, o.size).filter(|_| is_one)?;
        let name = structure.string(o.name).map(|n| text::base_name(&n).to_owned());
        Some(Told { base, size, name, path: None })
    })
}
