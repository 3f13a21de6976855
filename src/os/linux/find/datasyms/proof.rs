//! What data must look like to be what it is taken for. No structure's layout is known here; what is asked for stands at the beginning of a
//! structure in every kernel, or is found wherever in it.

use crate::engine::{AddressSpace, ViewExt, to_u64, to_umem};
use crate::symbols::Symbols;
use memsh_plugin::{MemoryView, VirtAddr, umem};

/// Longer lists are not walked to their end.
const LONGEST_LIST: usize = 4096;
/// `MODULE_NAME_LEN` is 64 less a pointer.
const LONGEST_MODULE: usize = 64;
/// System calls that are looked at.
const CALLS: usize = 24;
/// Gates that are looked at: those of the processor's own exceptions, some of which are reserved.
const GATES: usize = 20;

/// What an address is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing.
    Anything,
    /// A pointer to the kernel's memory.
    Pointer,
    /// A number of 32 bits that is a power of two of at least a page.
    PowerOfTwo,
    /// The head of a circular list: its neighbours point back.
    List,
    /// The list of modules: each node lies outside the image and has a module's name behind it.
    Modules,
    /// Heads of chains whose first nodes point back, at least one of them in use.
    Table(usize),
    /// Among its first words is the address of this symbol.
    Holds(&'static str, usize),
    /// A pointer to memory that has this text in its first bytes; at its very beginning where that is 0.
    Leads(&'static str, usize),
    /// A printable text that begins so.
    Text(&'static str),
    /// An IDR: its flags say so (`ROOT_IS_IDR`, include/linux/radix-tree.h).
    Idr,
    /// The table of system calls: addresses of functions whose names say so.
    Calls,
    /// The interrupt descriptor table of x86: its gates lead to the functions of exceptions.
    Gates,
}

/// What is looked at.
pub(super) struct Prover<'a> {
    space: &'a AddressSpace,
    symbols: &'a dyn Symbols,
    /// First and last address of the image.
    image: (umem, umem),
    width: umem,
}

impl<'a> Prover<'a> {
    pub(super) fn new(space: &'a AddressSpace, symbols: &'a dyn Symbols, image: (umem, umem)) -> Self {
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
            Proof::PowerOfTwo => {
                let n = self.space.read_u32(at).ok()?;
                n.is_power_of_two() && n >= 4096
            }
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
            Proof::Text(start) => {
                let text = self.space.read_cstr(at, 128).ok()?;
                text.len() > 1.max(start.len())
                    && text.starts_with(start.as_bytes())
                    && text.iter().all(|b| (b' '..0x7f).contains(b))
            }
            Proof::Idr => {
                let flags = self.space.read_u32(at.wrapping_add(4)).ok()?;
                // With it comes the mark that something is free, above the bits of an allocation's kind.
                flags & 4 != 0 && flags & !(7 | 7 << 24) == 0 && flags >> 24 != 0
            }
            Proof::Calls => (0..CALLS).all(|n| {
                let call = self.word(at, n).and_then(|to| self.symbols.near(to));
                call.is_some_and(|(s, distance)| distance == 0 && s.name.contains("sys_"))
            }),
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
            let inside = (self.image.0..=self.image.1).contains(&at.value());
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
