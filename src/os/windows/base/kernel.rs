//! A Windows kernel that was found, and reading what it wrote.

use super::offsets::{Member, Offsets};
use super::text;
use crate::arch::Arch;
use crate::engine::{AddressSpace, ViewExt, to_u64};
use crate::symbols::{Symbols, Types};
use memsh_plugin::{MemoryView, PhysAddr, VirtAddr, umem};
use std::sync::Arc;

/// The identity of a PDB file, as the program that it belongs to names it (the `RSDS` record of its debug directory).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pdb {
    /// File name, without a folder.
    pub name: String,
    /// GUID, 32 hexadecimal digits, and age behind it: as symbol servers name folders.
    pub id: String,
}

/// The kernel's image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// First address.
    pub base: VirtAddr,
    /// Size in bytes.
    pub size: umem,
    /// Name that its export directory gives it (`ntoskrnl.exe`), where that can be read.
    pub name: String,
    /// `TimeDateStamp`.
    pub timestamp: u32,
    /// Its symbols' file, where it can be read.
    pub pdb: Option<Pdb>,
}

impl Image {
    /// Whether an address lies in it.
    pub fn holds(&self, at: VirtAddr) -> bool {
        at.offset_from(self.base).is_some_and(|o| o < self.size)
    }
}

/// Which Windows it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// Major and minor version (10.0, 6.1).
    pub version: (u32, u32),
    /// Build number (19041).
    pub number: u32,
    /// `NtBuildLabEx` or `NtBuildLab`, where it can be read (`19041.1766.amd64fre.vb_release...`).
    pub lab: Option<String>,
}

/// A Windows kernel in memory.
#[derive(Clone)]
pub struct Kernel {
    /// The system's address space.
    pub space: AddressSpace,
    /// Its image.
    pub image: Image,
    /// Which one it is.
    pub build: Build,
    /// Where structures have their members.
    pub offsets: Offsets,
    /// What types they were taken from.
    pub types: Arc<dyn Types>,
    /// Exports, and what else is known by name.
    pub symbols: Arc<dyn Symbols>,
    /// `PsActiveProcessHead`.
    pub processes: VirtAddr,
    /// `PsLoadedModuleList`, where known.
    pub modules: Option<VirtAddr>,
    /// The `_EPROCESS` of System.
    pub system: VirtAddr,
    /// `KUSER_SHARED_DATA`, in the kernel's half.
    pub shared_data: VirtAddr,
    /// PDB files of its modules, and where they may be.
    pub pdbs: Option<Arc<super::super::pdbs::Pdbs>>,
}

impl Kernel {
    /// Whether pointers have 64 bits.
    pub fn wide(&self) -> bool {
        self.space.view_metadata().pointer_size == 8
    }

    /// The architecture of what is not for 32 bits: `x86_64`, `aarch64`, `x86`.
    pub fn arch(&self) -> &'static str {
        match self.space.format().arch {
            arch @ (Arch::X86_64 | Arch::AArch64) => arch.name(),
            _ => "x86",
        }
    }

    /// Reads the kernel's memory.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.space)
    }

    /// Address of a name that is known.
    pub fn address(&self, name: &str) -> Option<VirtAddr> {
        self.symbols.address(name)
    }

    /// Whether what lies at `at` begins with a `DISPATCHER_HEADER` of this kind. Its highest bit is a lock (`KOBJECT_LOCK_BIT`, wdm.h).
    pub fn is_dispatcher(&self, at: VirtAddr, kind: u8) -> bool {
        let member = self.offsets.dispatcher.kind;
        self.reader().u8_at(at, member).is_some_and(|k| k & 0x7f == kind)
    }

    /// The address space below a process's root.
    pub fn process_space(&self, root: PhysAddr) -> AddressSpace {
        self.space.with_root(root)
    }
}

/// Reads structures of one address space. What can't be read is none.
#[derive(Clone, Copy)]
pub struct Reader<'v> {
    view: &'v dyn MemoryView,
    width: umem,
    /// Whether it is the kernel's structures that are read, which lie in its half.
    kernel: bool,
}

/// User addresses end below this on x86 and x86-64 each, whatever the share of the kernel is.
const LOWEST_KERNEL: [umem; 2] = [0x8000_0000, 0xffff_8000_0000_0000];

impl<'v> Reader<'v> {
    /// Of this space.
    pub fn new(view: &'v dyn MemoryView) -> Self {
        Self { view, width: umem::from(view.view_metadata().pointer_size), kernel: true }
    }

    /// The same for what a process keeps.
    #[must_use]
    pub fn of_user(self) -> Self {
        Self { kernel: false, ..self }
    }

    /// Of the 32-bit structures of a process in this space.
    pub fn narrow(view: &'v dyn MemoryView) -> Self {
        Self { view, width: 4, kernel: false }
    }

    /// The space.
    pub fn view(&self) -> &'v dyn MemoryView {
        self.view
    }

    /// Bytes in a pointer.
    pub fn width(&self) -> umem {
        self.width
    }

    /// Whether a structure can lie at this address.
    pub fn plausible(&self, at: VirtAddr) -> bool {
        if !self.kernel {
            return at.value() >= 0x1_0000 && at.value().is_multiple_of(self.width);
        }
        let [narrow, wide] = LOWEST_KERNEL;
        at.value() >= if self.width == 8 { wide } else { narrow } && at.value().is_multiple_of(self.width)
    }

    /// A pointer.
    pub fn ptr(&self, at: VirtAddr) -> Option<VirtAddr> {
        let pointer = self.view.read_uint(at, to_u64(self.width)?).ok()?;
        Some(VirtAddr::new(umem::from(pointer)))
    }

    /// The pointer that a member holds; none where it is null.
    pub fn ptr_at(&self, base: VirtAddr, member: Option<Member>) -> Option<VirtAddr> {
        self.ptr(base.wrapping_add(member?.offset)).filter(|p| !p.is_null())
    }

    /// A number of a pointer's size.
    pub fn word_at(&self, base: VirtAddr, member: Option<Member>) -> Option<umem> {
        self.ptr(base.wrapping_add(member?.offset)).map(VirtAddr::value)
    }

    /// One byte.
    pub fn u8_at(&self, base: VirtAddr, member: Option<Member>) -> Option<u8> {
        self.view.read_u8(base.wrapping_add(member?.offset)).ok()
    }

    /// 16 bits.
    pub fn u16_at(&self, base: VirtAddr, member: Option<Member>) -> Option<u16> {
        self.view.read_u16(base.wrapping_add(member?.offset)).ok()
    }

    /// 32 bits.
    pub fn u32_at(&self, base: VirtAddr, member: Option<Member>) -> Option<u32> {
        self.view.read_u32(base.wrapping_add(member?.offset)).ok()
    }

    /// 64 bits.
    pub fn u64_at(&self, base: VirtAddr, member: Option<Member>) -> Option<u64> {
        self.view.read_u64(base.wrapping_add(member?.offset)).ok()
    }

    /// A bit field.
    pub fn bits_at(&self, base: VirtAddr, member: Option<Member>) -> Option<u64> {
        let member = member?;
        let (low, width) = member.bits?;
        let bytes = (low + width).div_ceil(8).next_power_of_two();
        let word = self.view.read_uint(base.wrapping_add(member.offset), u64::from(bytes)).ok()?;
        Some(word >> low & (1u64.checked_shl(width)?.wrapping_sub(1)))
    }

    /// Bytes.
    pub fn bytes_at<const N: usize>(&self, base: VirtAddr, member: Option<Member>) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.view.read_exact(base.wrapping_add(member?.offset), &mut bytes).ok()?;
        Some(bytes)
    }

    /// The `UNICODE_STRING` at `at`.
    pub fn unicode(&self, at: VirtAddr) -> Option<String> {
        text::unicode_of(self.view, at, self.width)
    }

    /// The `UNICODE_STRING` that is a member.
    pub fn unicode_at(&self, base: VirtAddr, member: Option<Member>) -> Option<String> {
        self.unicode(base.wrapping_add(member?.offset))
    }

    /// What an `EX_FAST_REF` points to: its lowest bits count references.
    pub fn fast_ref_at(&self, base: VirtAddr, member: Option<Member>) -> Option<VirtAddr> {
        let mask = if self.width == 8 { 15 } else { 7 };
        let at = self.ptr_at(base, member)?;
        Some(VirtAddr::new(at.value() & !mask)).filter(|p| !p.is_null())
    }
}

/// Where a structure lies whose member lies at `at`.
pub fn container(at: VirtAddr, member: Member) -> VirtAddr {
    at.wrapping_sub(member.offset)
}
