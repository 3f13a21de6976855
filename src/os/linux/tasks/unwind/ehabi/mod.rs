//! Unwind tables of 32-bit ARM (Exception Handling ABI for the Arm Architecture, IHI 0038; arch/arm/kernel/unwind.c).
//!
//! An index of pairs of words, sorted: where a function begins, as a distance of 31 bits from the word itself, and how it is unwound: not
//! at all, by three instructions in the word, or by more at the place that it names.
//!
//! - `code`: the instructions
//! - `find`: the kernel's index, where no symbol names it

pub mod code;
mod find;
#[cfg(test)]
mod tests;

use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::module;
use crate::os::linux::containers::list::list;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};
use std::cell::RefCell;
use std::collections::HashMap;

shapes! {
    /// `module`, for its tables: a list since 5.18, before an array of pointers.
    ModuleTablesShape: "module" {
        list: ["arch.unwind_list"],
        array: ["arch.unwind"],
    }
    /// `unwind_table`.
    UnwindTableShape: "unwind_table" {
        link: ["mod_list"],
        start: ["start"],
        stop: ["stop"],
        begin: ["begin_addr"],
        end: ["end_addr"],
    }
}

/// No index has more entries: the kernel of a distribution has some 60 000 functions.
const MOST: u64 = 1 << 20;
/// Bytes of an entry (`struct unwind_idx`).
const ENTRY: u64 = 8;
/// `EXIDX_CANTUNWIND`.
const CANNOT: u32 = 1;
/// A module has no more tables: one for each of its sections of code.
const OF_A_MODULE: usize = 64;

/// How a function is unwound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It can't be: nobody called it, or nobody says who did.
    Cannot,
    /// By these instructions.
    Code(Vec<u8>),
    /// In a way that memsh does not know, or that is not in the image.
    Unknown(String),
}

/// What the tables say of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins.
    pub start: u64,
    /// How it is unwound.
    pub how: How,
}

/// An index, and the code that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Table {
    at: u64,
    count: u64,
    low: u64,
    high: u64,
}

/// The tables of the kernel and its modules.
pub struct Tables<'k> {
    kernel: &'k Kernel,
    tables: Vec<Table>,
    known: RefCell<HashMap<u64, Option<Entry>>>,
}

impl<'k> Tables<'k> {
    /// Finds them; `None` for a kernel that was built without (CONFIG_UNWINDER_FRAME_POINTER).
    pub fn find(kernel: &'k Kernel, lost: &mut Lost) -> Option<Self> {
        let mut found = Self { kernel, tables: Vec::new(), known: RefCell::default() };
        let (at, count) = match (kernel.address("__start_unwind_idx"), kernel.address("__stop_unwind_idx")) {
            (Some(start), Some(stop)) => (number(start), to_u64(stop.offset_from(start)?)? / ENTRY),
            _ => find::index(kernel)?,
        };
        let Some(mut table) = found.table(at, count) else {
            lost.push(format!("the kernel's unwind tables at {at:#x} are not in the image or make no sense"));
            return None;
        };
        // The last function ends where the kernel does.
        let end = kernel.size.and_then(|s| kernel.base.checked_add(s)).map_or(0, number);
        table.high = table.high.max(end);
        found.tables.push(table);
        found.modules(lost);
        Some(found)
    }

    /// The index of `count` entries at `at`, if it is one.
    fn table(&self, at: u64, count: u64) -> Option<Table> {
        if count == 0 || count > MOST {
            return None;
        }
        let (low, high) = (self.function(at)?, self.function(at.checked_add((count - 1) * ENTRY)?)?);
        (low <= high).then_some(Table { at, count, low, high })
    }

    fn modules(&mut self, lost: &mut Lost) {
        let kernel = self.kernel;
        let shape = kernel.shape::<ModuleTablesShape>();
        if shape.list.is_none() && shape.array.is_none() {
            return;
        }
        for m in module::modules(kernel, &mut Lost::default()).unwrap_or_default() {
            let Some(at) = m.address.get() else { continue };
            let block = shape.read(kernel.view(), at);
            let places: Vec<VirtAddr> = match (block.at(shape.list), block.bytes(shape.array)) {
                (Some(head), _) => list(kernel.view(), head, "unwind tables of a module", lost),
                (None, Some(bytes)) => {
                    let words = bytes.as_chunks::<4>().0.iter().map(|w| u32::from_le_bytes(*w));
                    words.filter(|w| *w != 0).map(|w| VirtAddr::new(umem::from(w))).collect()
                }
                _ => continue,
            };
            let listed = shape.list.is_some();
            for place in places.into_iter().take(OF_A_MODULE) {
                match self.described(place, listed) {
                    Some(table) => self.tables.push(table),
                    None => {
                        lost.push(format!("an unwind table of module {}, at {place}, makes no sense", m.name.to_string_lossy()))
                    }
                }
            }
        }
    }

    /// The table that a `struct unwind_table` describes; `place` is its node in the module's list, or the structure itself.
    fn described(&self, place: VirtAddr, listed: bool) -> Option<Table> {
        /// Without its type: two words of the list's node, then `start`, `origin`, `stop`, `begin_addr`, `end_addr`
        /// (arch/arm/include/asm/unwind.h), in the structure of every kernel so far. What is read is held against itself below.
        const WORDS: [umem; 4] = [8, 16, 20, 24];
        let kernel = self.kernel;
        let s = kernel.shape::<UnwindTableShape>();
        let [start, stop, begin, end] = if s.start.is_some() {
            let base = if listed { place.checked_sub(umem::from(s.link?.offset))? } else { place };
            let block = s.read(kernel.view(), base);
            [block.uint(s.start)?, block.uint(s.stop)?, block.uint(s.begin)?, block.uint(s.end)?]
        } else {
            let mut words = [0; 4];
            for (word, at) in words.iter_mut().zip(WORDS) {
                *word = u64::from(kernel.space.read_u32(place.wrapping_add(at)).ok()?);
            }
            words
        };
        let bytes = stop.checked_sub(start)?;
        if begin >= end || !bytes.is_multiple_of(ENTRY) {
            return None;
        }
        let table = self.table(start, bytes / ENTRY)?;
        // All that it speaks of is the code that it is for.
        (begin <= table.low && table.high < end).then_some(Table { low: begin, high: end - 1, ..table })
    }

    /// The function of the entry at `at`.
    fn function(&self, at: u64) -> Option<u64> {
        prel31(at, self.word(at)?)
    }

    fn word(&self, at: u64) -> Option<u32> {
        self.kernel.space.read_u32(VirtAddr::new(umem::from(at))).ok()
    }

    /// What the tables say of the function that the instruction at `ip` belongs to; `None` where none covers it.
    pub fn lookup(&self, ip: u64) -> Option<Entry> {
        if let Some(known) = self.known.borrow().get(&ip) {
            return known.clone();
        }
        let found = self.tables.iter().filter(|t| t.low <= ip && ip <= t.high).find_map(|t| self.search(t, ip));
        self.known.borrow_mut().insert(ip, found.clone());
        found
    }

    fn search(&self, table: &Table, ip: u64) -> Option<Entry> {
        let (mut low, mut high) = (0, table.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.function(table.at + middle * ENTRY)? <= ip {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let at = table.at + low.checked_sub(1)? * ENTRY;
        let start = self.function(at)?;
        Some(Entry { start, how: self.how(at + 4) })
    }

    /// What the second word of an entry, at `at`, says.
    fn how(&self, at: u64) -> How {
        let missing = || How::Unknown("the unwind tables are not in the image".to_owned());
        let Some(word) = self.word(at) else { return missing() };
        if word == CANNOT {
            return How::Cannot;
        }
        if word >> 31 == 1 {
            return instructions(word, true, &mut |_| None).unwrap_or_else(missing);
        }
        let Some(extra) = prel31(at, word) else { return missing() };
        let Some(first) = self.word(extra) else { return missing() };
        instructions(first, false, &mut |i| self.word(extra.checked_add(4 * u64::from(i))?)).unwrap_or_else(missing)
    }
}

/// The instructions of a compact entry that begins with `first`; `more` reads the words behind it (1 is the next). `None` where one can't be
/// read.
fn instructions(first: u32, inline: bool, more: &mut dyn FnMut(u32) -> Option<u32>) -> Option<How> {
    let [kind, b1, b2, b3] = first.to_be_bytes();
    let (mut code, words) = match kind {
        // __aeabi_unwind_cpp_pr0: three instructions.
        0x80 => (vec![b1, b2, b3], 0),
        // __aeabi_unwind_cpp_pr1 and pr2: so many words more.
        0x81 | 0x82 if !inline => (vec![b2, b3], u32::from(b1)),
        _ => return Some(How::Unknown("the unwind tables name a routine of another language".to_owned())),
    };
    for i in 1..=words {
        code.extend(more(i)?.to_be_bytes());
    }
    Some(How::Code(code))
}

/// The place that a word at `at` names by a distance of 31 bits; `None` for a word that is none.
fn prel31(at: u64, word: u32) -> Option<u64> {
    if word >> 31 == 1 {
        return None;
    }
    // The sign is bit 30.
    let distance = (word << 1).cast_signed() >> 1;
    Some(at.wrapping_add_signed(distance.into()) & 0xffff_ffff)
}
