//! What data must look like to be what it is taken for. No structure's layout is known here; what is asked for stands at the beginning of a
//! structure in every kernel, or is found wherever in it.

use super::super::image::KernelImage;
use crate::engine::{AddressSpace, ViewExt, to_u64, to_umem};
use crate::symbols::Symbols;
use memsh_plugin::{MemoryView, VirtAddr, umem};

/// Longer lists are not walked to their end.
const LONGEST_LIST: usize = 4096;
/// `MODULE_NAME_LEN` is 64 less a pointer.
const LONGEST_MODULE: usize = 64;
/// `CHRDEV_MAJOR_HASH_SIZE` (include/linux/fs.h).
const MAJORS: u32 = 255;
/// Gates that are looked at: those of the processor's own exceptions, some of which are reserved.
const GATES: usize = 20;

/// What an address is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing.
    Anything,
    /// A pointer to the kernel's memory.
    Pointer,
    /// The head of a circular list: its neighbours point back.
    List,
    /// The list of modules: each node lies outside the image and has a module's name behind it.
    Modules,
    /// Heads of chains whose first nodes point back, at least one of them in use. What lies before a table looks the same, so of several
    /// addresses the highest is meant.
    Table(usize),
    /// Device numbers by major number: entries that have their own in them (`chrdevs`, fs/char_dev.c).
    Majors,
    /// 0 or 1.
    Flag,
    /// Among its first words is the address of this symbol.
    Holds(&'static str, usize),
    /// A pointer to memory that has this text in its first bytes; at its very beginning where that is 0.
    Leads(&'static str, usize),
    /// Among its first words is a pointer to this text.
    Names(&'static str, usize),
    /// A printable text that begins so.
    Text(&'static str),
    /// An IDR: its flags say so (`ROOT_IS_IDR`, include/linux/radix-tree.h).
    Idr,
    /// The interrupt descriptor table of x86: its gates lead to the functions of exceptions.
    Gates,
}

impl Proof {
    /// How many functions must agree for it to be enough.
    pub(super) fn least(self) -> usize {
        match self {
            Proof::Anything => usize::MAX,
            Proof::Pointer => 2,
            _ => 1,
        }
    }
}

/// What is looked at.
pub(super) struct Prover<'a> {
    space: &'a AddressSpace,
    symbols: &'a dyn Symbols,
    image: KernelImage,
    width: umem,
}

impl<'a> Prover<'a> {
    pub(super) fn new(space: &'a AddressSpace, symbols: &'a dyn Symbols, image: KernelImage) -> Self {
        Self { space, symbols, image, width: umem::from(space.view_metadata().pointer_size) }
    }

    fn word(&self, at: VirtAddr, n: usize) -> Option<VirtAddr> {
        self.space.read_ptr(at.wrapping_add(self.width.wrapping_mul(to_umem(n)))).ok()
    }

    fn mapped(&self, at: VirtAddr) -> bool {
        // The first page is the users', and never the kernel's.
        at.value() > 4096 && self.space.translate_one(at).is_ok()
    }

    pub(super) fn holds(&self, proof: Proof, at: VirtAddr) -> bool {
        self.proves(proof, at).unwrap_or(false)
    }

    fn proves(&self, proof: Proof, at: VirtAddr) -> Option<bool> {
        Some(match proof {
            Proof::Anything => true,
            Proof::Pointer => self.mapped(self.word(at, 0)?),
            Proof::List => self.list(at),
            Proof::Modules => self.modules(at)?,
            Proof::Table(heads) => self.table(at, heads)?,
            Proof::Holds(name, words) => {
                let address = self.symbols.address(name)?;
                (0..words).any(|n| self.word(at, n) == Some(address))
            }
            Proof::Leads(text, within) => {
                let to = self.word(at, 0).filter(|&to| self.mapped(to))?;
                let mut bytes = vec![0; within.saturating_add(text.len())];
                self.space.read_gaps(to, &mut bytes);
                memchr::memmem::find(&bytes, text.as_bytes()).is_some()
            }
            Proof::Names(text, words) => (0..words).any(|n| {
                let to = self.word(at, n).filter(|&to| self.mapped(to));
                to.and_then(|to| self.space.read_cstr(to, 128).ok()).is_some_and(|t| t == text.as_bytes())
            }),
            Proof::Text(start) => {
                let text = self.space.read_cstr(at, 128).ok()?;
                text.len() > 1.max(start.len())
                    && text.starts_with(start.as_bytes())
                    && text.iter().all(|b| (b' '..0x7f).contains(b))
            }
            Proof::Idr => {
                let flags = self.space.read_u32(at.wrapping_add(4)).ok()?;
                // With it comes the mark that something is free, above the bits of an allocation's kind.
                flags & 4 != 0 && flags & 0x00ff_fff8 == 0 && flags >> 24 != 0
            }
            Proof::Flag => self.space.read_u32(at).ok()? < 2,
            Proof::Majors => self.majors(at)?,
            Proof::Gates => self.gates(at)?,
        })
    }

    /// Both neighbours of the head point back to it.
    fn list(&self, head: VirtAddr) -> bool {
        let points_back = |n, back| self.word(head, n).is_some_and(|to| self.mapped(to) && self.word(to, back) == Some(head));
        points_back(0, 1) && points_back(1, 0)
    }

    fn modules(&self, head: VirtAddr) -> Option<bool> {
        if !self.list(head) {
            return Some(false);
        }
        let mut at = self.word(head, 0)?;
        let mut seen = 0usize;
        while at != head {
            // struct module: state, the list's node, the name (include/linux/module.h, since long ago).
            let name = self.space.read_cstr(at.wrapping_add(2 * self.width), LONGEST_MODULE).ok()?;
            let letters = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            let state = self.space.read_u32(at.wrapping_sub(self.width)).ok()?;
            let inside = at.offset_from(self.image.virt).is_some_and(|d| d < self.image.size);
            seen += 1;
            if inside || name.is_empty() || !letters || state > 3 || seen > LONGEST_LIST {
                return Some(false);
            }
            let next = self.word(at, 0)?;
            if self.word(next, 1) != Some(at) {
                return Some(false);
            }
            at = next;
        }
        Some(true)
    }

    fn table(&self, at: VirtAddr, heads: usize) -> Option<bool> {
        let mut used = false;
        for n in 0..heads {
            let first = self.word(at, n)?;
            if first.value() == 0 {
                continue;
            }
            let head = at.wrapping_add(self.width.wrapping_mul(to_umem(n)));
            if self.word(first, 1) != Some(head) {
                return Some(false);
            }
            used = true;
        }
        Some(used)
    }

    fn majors(&self, at: VirtAddr) -> Option<bool> {
        let mut used = 0usize;
        for (n, major) in (0..MAJORS).enumerate() {
            let first = self.word(at, n)?;
            if first.value() != 0 {
                // struct char_device_struct: the next one, the major number.
                if self.space.read_u32(first.wrapping_add(self.width)).ok()? % MAJORS != major {
                    return Some(false);
                }
                used += 1;
            }
        }
        Some(used > 2)
    }

    /// The nodes of the list at `head`, in order.
    pub(super) fn nodes(&self, head: VirtAddr, most: usize) -> Vec<VirtAddr> {
        let mut out = Vec::new();
        let mut at = self.word(head, 0);
        while let Some(node) = at.filter(|&n| n != head && self.mapped(n))
            && out.len() < most
        {
            out.push(node);
            at = self.word(node, 0);
        }
        out
    }

    /// Where the image has the table of the descriptor at `at`: its size in 16 bits, and its address, which may be another mapping's.
    pub(super) fn described(&self, at: VirtAddr) -> Option<VirtAddr> {
        let table = self.space.read_ptr(at.wrapping_add(2)).ok().filter(|&to| self.mapped(to))?;
        let phys = self.space.translate_one(table).ok()?.phys;
        let distance = phys.offset_from(self.image.phys).filter(|&d| d < self.image.size)?;
        Some(self.image.virt.wrapping_add(distance))
    }

    fn gates(&self, at: VirtAddr) -> Option<bool> {
        let size = 2 * self.width;
        let mut named = 0usize;
        for n in 0..GATES {
            let gate = at.wrapping_add(size.wrapping_mul(to_umem(n)));
            let low = self.space.read_u32(gate).ok()?;
            let high = self.space.read_u32(gate.wrapping_add(4)).ok()?;
            let mut to = u64::from(low & 0xffff | high & 0xffff_0000);
            if self.width == 8 {
                to |= u64::from(self.space.read_u32(gate.wrapping_add(8)).ok()?) << 32;
            }
            let symbol = self.symbols.near(VirtAddr::new(umem::from(to)));
            named += usize::from(symbol.is_some_and(|(s, distance)| distance == 0 && s.name.contains("asm_exc_")));
        }
        Some(named * 4 >= GATES * 3)
    }
}

/// As a number of 64 bits.
pub(super) fn number(at: VirtAddr) -> u64 {
    to_u64(at.value()).unwrap_or(u64::MAX)
}
