//! ORC unwind tables: for every stretch of code, where the caller's stack pointer, frame pointer and return address are
//! (arch/x86/include/asm/orc_types.h).

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::module;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};
use std::cell::RefCell;
use std::collections::HashMap;

/// No kernel has more entries (a large one has half a million).
const MOST: u64 = 1 << 24;

shapes! {
    /// `orc_entry`.
    OrcShape: "orc_entry" {
        sp_offset: ["sp_offset"],
        bp_offset: ["bp_offset"],
        sp_reg: ["sp_reg"],
        bp_reg: ["bp_reg"],
        kind: ["type"],
        // 6.3; before, what was entered by an interrupt said so by its type alone.
        signal: ["signal"],
        // Until 6.4, which made it a type of its own and numbered the types anew.
        end: ["end"],
    }
    /// `module`, for its unwind tables.
    ModuleOrcShape: "module" {
        count: ["arch.num_orcs"],
        ips: ["arch.orc_unwind_ip"],
        entries: ["arch.orc_unwind"],
    }
}

/// A register that an address is told from (`ORC_REG_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Not known, or not changed.
    Undefined,
    /// The caller's stack pointer.
    PreviousSp,
    /// A register that is kept across calls only by chance: known where all registers were saved.
    Register(&'static str),
    /// The frame pointer.
    Bp,
    /// The stack pointer.
    Sp,
    /// What the frame pointer plus the offset points to.
    BpIndirect,
    /// What the stack pointer points to, plus the offset.
    SpIndirect,
    /// A number that no kernel has had.
    Unknown,
}

/// The registers by number, as 4.19 to 6.12 have them and as 7.2 has. Nothing in the types tells which; the tables themselves do.
const NUMBERINGS: [[Base; 11]; 2] = {
    use Base::*;
    let (dx, di, r10, r13, ax) = (Register("dx"), Register("di"), Register("r10"), Register("r13"), Register("ax"));
    [
        [Undefined, PreviousSp, dx, di, Bp, Sp, r10, r13, BpIndirect, SpIndirect, Unknown],
        [Undefined, ax, dx, Sp, Bp, di, r10, r13, PreviousSp, SpIndirect, BpIndirect],
    ]
};
/// Entries that are looked at to tell the numbering.
const SAMPLES: u64 = 512;

/// What lies at the top of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is known.
    Undefined,
    /// There is no caller.
    End,
    /// A return address.
    Call,
    /// All registers (`pt_regs`).
    Registers,
    /// The part of `pt_regs` that the processor itself saves.
    Partial,
}

/// How to get from a frame to its caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the caller's stack pointer is told from.
    pub sp: (Base, i64),
    /// Where the caller's frame pointer is.
    pub bp: (Base, i64),
    /// What lies there.
    pub kind: Kind,
    /// Whether the address of this frame is that of an instruction, not of one behind a call.
    pub signal: bool,
}

impl Entry {
    /// What a jump through a null pointer needs: its return address is on top of the stack.
    pub const NULL: Entry = Entry { sp: (Base::Sp, 8), bp: (Base::Undefined, 0), kind: Kind::Call, signal: false };
    /// What code that keeps frame pointers needs: of BPF programs and others that were made at run time.
    pub const FRAME_POINTER: Entry = Entry { sp: (Base::Bp, 16), bp: (Base::PreviousSp, -16), kind: Kind::Call, signal: false };
}

/// A sorted table: distances of code from the entries of the first array, and the entries themselves.
#[derive(Clone, Copy, Debug)]
struct Table {
    ips: VirtAddr,
    entries: VirtAddr,
    count: u64,
    first: u64,
    last: u64,
}

/// The tables of the kernel and its modules.
pub struct Tables<'k> {
    kernel: &'k Kernel,
    shape: std::sync::Arc<OrcShape>,
    size: u64,
    numbering: [Base; 11],
    tables: Vec<(u64, u64, Table)>,
    known: RefCell<HashMap<u64, Option<Entry>>>,
}

impl<'k> Tables<'k> {
    /// Finds them; `None` for a kernel that was built without (CONFIG_UNWINDER_ORC).
    pub fn find(kernel: &'k Kernel, lost: &mut Lost) -> Option<Self> {
        let shape = kernel.shape::<OrcShape>();
        let size = kernel.types.size_of("struct orc_entry").filter(|s| (4..=64).contains(s))?;
        shape.sp_offset?;
        let mut found =
            Self { kernel, shape, size, numbering: [Base::Unknown; 11], tables: Vec::new(), known: RefCell::default() };
        let (ips, stop) = (kernel.address("__start_orc_unwind_ip")?, kernel.address("__stop_orc_unwind_ip")?);
        let entries = kernel.address("__start_orc_unwind")?;
        let count = stop.offset_from(ips).and_then(crate::engine::to_u64)? / 4;
        match found.table(ips, entries, count) {
            Some(table) => {
                match found.numbering_of(&table) {
                    Some(numbering) => found.numbering = numbering,
                    None => {
                        lost.push(format!("the kernel's unwind tables at {entries} are of a kind that memsh does not know"));
                        return None;
                    }
                }
                let end = kernel.address("_etext").map_or(table.last, |e| number(e).max(table.last));
                found.tables.push((table.first, end, table));
            }
            None => lost.push(format!("the kernel's unwind tables at {ips} are not in the image or make no sense")),
        }
        found.modules(lost);
        Some(found)
    }

    /// How registers are numbered: almost every function finds its caller by the stack pointer, hardly one by another register
    /// that has the same number in the other numbering.
    fn numbering_of(&self, table: &Table) -> Option<[Base; 11]> {
        let s = &self.shape;
        let mut votes = [0u64; 2];
        for i in (0..table.count).step_by(usize::try_from(table.count / SAMPLES).ok()?.max(1)) {
            let at = table.entries.wrapping_add(umem::from(i * self.size));
            let register = s.read(self.kernel.view(), at).uint(s.sp_reg).and_then(|r| usize::try_from(r).ok());
            for (vote, numbering) in votes.iter_mut().zip(&NUMBERINGS) {
                *vote += u64::from(register.and_then(|r| numbering.get(r)) == Some(&Base::Sp));
            }
        }
        let [old, new] = votes;
        match (old > 4 * new, new > 4 * old) {
            (true, _) => NUMBERINGS.first().copied(),
            (_, true) => NUMBERINGS.last().copied(),
            _ => None,
        }
    }

    fn base(&self, value: u64) -> Base {
        usize::try_from(value).ok().and_then(|i| self.numbering.get(i)).copied().unwrap_or(Base::Unknown)
    }

    fn modules(&mut self, lost: &mut Lost) {
        let shape = self.kernel.shape::<ModuleOrcShape>();
        if shape.ips.is_none() {
            return;
        }
        let Ok(modules) = module::modules(self.kernel, &mut Lost::default()) else { return };
        for m in modules {
            let Some(at) = m.address.get() else { continue };
            let block = shape.read(self.kernel.view(), at);
            let (Some(count), Some(ips), Some(entries)) =
                (block.uint(shape.count), block.ptr(shape.ips), block.ptr(shape.entries))
            else {
                continue;
            };
            let base = number(m.base);
            let end = base.saturating_add(crate::engine::to_u64(m.size).unwrap_or(0));
            match self.table(ips, entries, count) {
                Some(table) => self.tables.push((base, end, table)),
                None if count == 0 => {}
                None => lost.push(format!("the unwind tables of module {} make no sense", m.name.to_string_lossy())),
            }
        }
    }

    fn table(&self, ips: VirtAddr, entries: VirtAddr, count: u64) -> Option<Table> {
        if count == 0 || count > MOST {
            return None;
        }
        let mut table = Table { ips, entries, count, first: 0, last: 0 };
        table.first = self.ip(&table, 0)?;
        table.last = self.ip(&table, count - 1)?;
        (table.first <= table.last).then_some(table)
    }

    /// The code that entry `i` begins with: the first array holds distances from each of its own entries.
    fn ip(&self, table: &Table, i: u64) -> Option<u64> {
        let at = table.ips.wrapping_add(umem::from(i.checked_mul(4)?));
        let distance = self.kernel.space.read_u32(at).ok()?.cast_signed();
        Some(number(at).wrapping_add_signed(distance.into()))
    }

    /// How to go on from the code at `ip`; `None` where no table covers it.
    pub fn lookup(&self, ip: u64) -> Option<Entry> {
        if ip == 0 {
            return Some(Entry::NULL);
        }
        if let Some(known) = self.known.borrow().get(&ip) {
            return *known;
        }
        let found =
            self.tables.iter().filter(|(low, high, _)| (*low..=*high).contains(&ip)).find_map(|(.., t)| self.search(t, ip));
        self.known.borrow_mut().insert(ip, found);
        found
    }

    fn search(&self, table: &Table, ip: u64) -> Option<Entry> {
        if ip < table.first {
            return None;
        }
        let (mut low, mut high) = (0, table.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.ip(table, middle)? <= ip {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let at = table.entries.wrapping_add(umem::from(low.checked_sub(1)?.checked_mul(self.size)?));
        self.entry(at)
    }

    fn entry(&self, at: VirtAddr) -> Option<Entry> {
        let s = &self.shape;
        let block = s.read(self.kernel.view(), at);
        let sp_reg = self.base(block.uint(s.sp_reg)?);
        let kind = block.uint(s.kind)?;
        let kind = match s.end {
            // UNWIND_HINT_TYPE_CALL, _REGS, _REGS_PARTIAL until 6.3.
            Some(_) if block.uint(s.end) == Some(1) => Kind::End,
            Some(_) if sp_reg == Base::Undefined => Kind::Undefined,
            Some(_) => [Kind::Call, Kind::Registers, Kind::Partial].get(usize::try_from(kind).ok()?).copied()?,
            // ORC_TYPE_UNDEFINED and so on since 6.4.
            None => {
                let all = [Kind::Undefined, Kind::End, Kind::Call, Kind::Registers, Kind::Partial];
                all.get(usize::try_from(kind).ok()?).copied()?
            }
        };
        let signal = match s.signal {
            Some(_) => block.uint(s.signal) == Some(1),
            None => matches!(kind, Kind::Registers | Kind::Partial),
        };
        Some(Entry {
            sp: (sp_reg, block.int(s.sp_offset)?),
            bp: (self.base(block.uint(s.bp_reg)?), block.int(s.bp_offset)?),
            kind,
            signal,
        })
    }
}
