//! The symbols of kernel modules (kernel/module/kallsyms.c).
//!
//! Each module has a table of ELF symbols and one of their names, and nothing in them is believed: names overlap where they please,
//! and may have no end. What a module claims is bounded by itself, and all of them are bounded together.

use super::module::{UNFORMED, addresses, parts};
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Member, Shape};
use crate::os::linux::base::lost::Lost;
use crate::symbols::SymbolTable;
use memsh_plugin::{ApiError, Text, VirtAddr, umem};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Symbols that stand for places in code or data; `SHN_UNDEF` is 0.
const UNDEFINED: u64 = 0;
/// How many symbols are gone through before Ctrl-C is asked for.
const STRIDE: usize = 4096;

/// How much is believed of what modules claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Symbols of one module: the largest of a distribution have some ten thousand.
    symbols: u64,
    /// Bytes of one module's names.
    strings: u64,
    /// Bytes of a name. The kernel itself shows 511 (`KSYM_NAME_LEN`, include/linux/kallsyms.h; 127 before 6.1).
    name: usize,
    /// Bytes that are kept of one module's names, so that one that claims too much costs the others nothing.
    names: usize,
    /// Symbols of all modules: a system with every module of a distribution loaded has two million.
    all_symbols: u64,
    /// Bytes that are read of all modules' names.
    all_strings: u64,
    /// Bytes that are kept of all modules' names.
    all_names: usize,
}

impl Bounds {
    /// Those of any system.
    pub const USUAL: Self = Self {
        symbols: 1 << 20,
        strings: 64 << 20,
        name: 4096,
        names: 16 << 20,
        all_symbols: 1 << 22,
        all_strings: 1 << 30,
        all_names: 256 << 20,
    };
}

/// The symbols of all modules.
#[derive(Default)]
pub(crate) struct ModuleTable {
    /// Ready to be asked.
    pub table: SymbolTable,
    /// What could not be read.
    pub lost: Lost,
    /// What was cut or left out of what can be read, since no kernel has as much of it.
    pub cut: Vec<String>,
}

/// The symbols of all modules, ready to be asked, and what was lost.
///
/// # Errors
/// When the modules can't be listed at all.
pub fn module_symbols(kernel: &Kernel) -> Result<(SymbolTable, Vec<Text>), ApiError> {
    let ModuleTable { table, mut lost, cut } = read(kernel, Bounds::USUAL)?.unwrap_or_default();
    cut.into_iter().for_each(|sentence| lost.push(sentence));
    Ok((table, lost.listing(Vec::<Text>::new()).lost.iter().cloned().collect()))
}

/// The symbols of all modules; none where Ctrl-C came before they were read.
///
/// # Errors
/// When the modules can't be listed at all.
pub(crate) fn read(kernel: &Kernel, bounds: Bounds) -> Result<Option<ModuleTable>, ApiError> {
    let l = &kernel.layouts.module;
    let mut lost = Lost::default();
    let mut cut = Vec::new();
    let mut all = Reader { kernel, left: bounds, bounds, table: SymbolTable::new() };
    for at in addresses(kernel, &mut lost)? {
        let block = l.read(kernel.view(), at);
        let name = String::from_utf8_lossy(block.text(l.name).unwrap_or_default()).into_owned();
        if block.uint(l.state) == Some(UNFORMED) || name.is_empty() {
            continue;
        }
        let range = hull(&parts(kernel, &block));
        let Some(id) = all.table.add_module(&name, range.clone()) else {
            cut.push(format!("symbols of module {name} and of those listed after it are left out: there are too many modules"));
            break;
        };
        let tables = block.ptr(l.kallsyms).or_else(|| block.at(l.core_kallsyms));
        match tables.map_or(Outcome::Unreadable, |t| all.module(t, id)) {
            Outcome::Whole => {}
            Outcome::Unreadable => lost.push(format!("the symbols of module {name} can't be read")),
            Outcome::Cut(names) => cut.push(format!(
                "{names} names of symbols of module {name} are cut: they are longer than {} bytes, or have no end",
                bounds.name
            )),
            Outcome::LeftOut(why) => {
                all.table.add_hole(range.unwrap_or(0..0));
                cut.push(format!("symbols of module {name} are left out: {why}"));
            }
            Outcome::Interrupted => return Ok(None),
        }
    }
    let mut table = all.table;
    table.finish();
    Ok(Some(ModuleTable { table, lost, cut }))
}

/// The addresses from the lowest to the highest of a module's parts.
fn hull(parts: &[(VirtAddr, u64)]) -> Option<Range<umem>> {
    let used = || parts.iter().filter(|(_, size)| *size > 0);
    let start = used().map(|(base, _)| base.value()).min()?;
    let end = used().map(|(base, size)| base.value().saturating_add(umem::from(*size))).max()?;
    Some(start..end)
}

/// What became of a module's symbols.
enum Outcome {
    Whole,
    Unreadable,
    /// So many names are cut.
    Cut(usize),
    /// Some or all of them are not there, for this reason.
    LeftOut(String),
    Interrupted,
}

/// Where the fields of `struct elf64_sym`, or of the 32-bit one, are.
struct Fields {
    step: usize,
    name: Option<Member>,
    info: Option<Member>,
    section: Option<Member>,
    value: Option<Member>,
}

fn number(symbol: &[u8], member: Option<Member>) -> Option<u64> {
    let member = member?;
    let from = index(umem::from(member.offset))?;
    let field = symbol.get(from..from.checked_add(index(umem::from(member.size))?)?)?;
    let mut b = [0u8; 8];
    b.get_mut(..field.len())?.copy_from_slice(field);
    Some(u64::from_le_bytes(b))
}

/// Up to the first zero, `most` bytes at the most; whether they are all of it.
fn name_of(text: &[u8], most: usize) -> (&[u8], bool) {
    let text = text.get(..most.saturating_add(1)).unwrap_or(text);
    match memchr::memchr(0, text) {
        Some(end) => (text.get(..end).unwrap_or_default(), true),
        None => (text.get(..most).unwrap_or(text), false),
    }
}

/// Names that the compiler made for places of no interest; kallsyms looks past them as well (`is_mapping_symbol`).
fn is_named(text: &[u8]) -> bool {
    !text.is_empty() && !text.starts_with(b"$") && !text.starts_with(b".L") && !text.starts_with(b"L0")
}

/// Reads one module after another into one table.
struct Reader<'k> {
    kernel: &'k Kernel,
    bounds: Bounds,
    /// What is left of the bounds of all modules together.
    left: Bounds,
    table: SymbolTable,
}

impl Reader<'_> {
    fn fields(&self) -> Option<Fields> {
        let l = &self.kernel.layouts;
        let wide = self.kernel.view().view_metadata().pointer_size == 8;
        let step = if wide { l.elf_sym_size } else { l.elf_sym32_size }.filter(|&s| (8..=64).contains(&s))?;
        let step = index(umem::from(step))?;
        Some(match wide {
            true => {
                let s = &l.elf_sym;
                Fields { step, name: s.name, info: s.info, section: s.section, value: s.value }
            }
            false => {
                let s = &l.elf_sym32;
                Fields { step, name: s.name, info: s.info, section: s.section, value: s.value }
            }
        })
    }

    fn module(&mut self, tables: VirtAddr, id: u16) -> Outcome {
        self.read(tables, id).unwrap_or(Outcome::Unreadable)
    }

    /// None where the tables can't be read.
    fn read(&mut self, tables: VirtAddr, id: u16) -> Option<Outcome> {
        if stopped(self.kernel.interrupt) {
            return Some(Outcome::Interrupted);
        }
        let l = &self.kernel.layouts.mod_kallsyms;
        let view = self.kernel.view();
        let head = l.read(view, tables);
        let fields = self.fields()?;
        let count = head.uint(l.count)?;
        if count > self.bounds.symbols {
            return Some(Outcome::LeftOut(format!("it claims {count}, and no module has more than {}", self.bounds.symbols)));
        }
        let Some(left) = self.left.all_symbols.checked_sub(count) else {
            return Some(Outcome::LeftOut(format!("all modules together claim more than {}", self.bounds.all_symbols)));
        };
        let count = index(umem::from(count))?;
        let mut symbols = vec![0u8; count.checked_mul(fields.step)?];
        view.read_exact(head.ptr(l.symbols)?, &mut symbols).ok()?;
        self.left.all_symbols = left;
        let last = symbols.chunks_exact(fields.step).filter_map(|s| number(s, fields.name)).max()?;
        // With the zero behind the longest name.
        let last = last.checked_add(u64::try_from(self.bounds.name).ok()?)?.checked_add(1)?;
        let left = self.left.all_strings.checked_sub(last).filter(|_| last <= self.bounds.strings);
        let Some(left) = left else {
            return Some(Outcome::LeftOut(format!(
                "their names take {last} bytes; a module's may take {}, all modules' {}",
                self.bounds.strings, self.bounds.all_strings
            )));
        };
        self.left.all_strings = left;
        let mut strings = vec![0u8; index(umem::from(last))?];
        // The table's end is not known; what lies behind it may be missing.
        let _ = view.read_gaps(head.ptr(l.strings)?, &mut strings);
        let mut kinds = vec![0u8; count];
        let typed = head.ptr(l.kinds).is_some_and(|at| view.read_exact(at, &mut kinds).is_ok());
        Some(self.push(&fields, &symbols, &strings, typed.then_some(kinds.as_slice()), id))
    }

    fn push(&mut self, fields: &Fields, symbols: &[u8], strings: &[u8], kinds: Option<&[u8]>, id: u16) -> Outcome {
        let (mut cut, mut names) = (0, self.bounds.names);
        for (i, symbol) in symbols.chunks_exact(fields.step).enumerate() {
            if i % STRIDE == STRIDE - 1 && stopped(self.kernel.interrupt) {
                return Outcome::Interrupted;
            }
            let (Some(at), Some(value)) = (number(symbol, fields.name), number(symbol, fields.value)) else { continue };
            if number(symbol, fields.section) == Some(UNDEFINED) {
                continue;
            }
            // What is not wanted is told by how it begins, before its end is looked for: all that is looked at is counted.
            let Some(text) = index(umem::from(at)).and_then(|at| strings.get(at..)).filter(|t| is_named(t)) else { continue };
            let (text, whole) = name_of(text, self.bounds.name);
            if text.is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(text);
            let (Some(left), Some(own)) = (self.left.all_names.checked_sub(text.len()), names.checked_sub(text.len())) else {
                let Bounds { names, all_names, .. } = self.bounds;
                return Outcome::LeftOut(format!("a module's names may take {names} bytes, those of all modules {all_names}"));
            };
            (self.left.all_names, names) = (left, own);
            cut += usize::from(!whole);
            let kind = match kinds {
                Some(kinds) => kinds.get(i).copied(),
                None => number(symbol, fields.info).and_then(|k| u8::try_from(k).ok()),
            };
            let kind = kind.filter(u8::is_ascii_alphabetic).unwrap_or(b'?');
            self.table.push(&text, VirtAddr::new(umem::from(value)), kind, Some(id));
        }
        if cut > 0 { Outcome::Cut(cut) } else { Outcome::Whole }
    }
}

fn stopped(interrupt: &AtomicBool) -> bool {
    interrupt.load(Ordering::Relaxed)
}

#[cfg(test)]
impl Bounds {
    /// For a small table of a test.
    pub(crate) const fn small(name: usize, all_symbols: u64, all_names: usize) -> Self {
        Self { name, all_symbols, all_names, ..Self::USUAL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_looked_at_beyond_its_longest() {
        assert_eq!(name_of(b"do_it\0more", 8), (&b"do_it"[..], true));
        assert_eq!(name_of(b"12345678\0", 8), (&b"12345678"[..], true));
        assert_eq!(name_of(b"123456789\0", 8), (&b"12345678"[..], false));
        // Where memory ends.
        assert_eq!(name_of(b"1234", 8), (&b"1234"[..], false));
        // A million names in 64 MiB without an end: a day's work where each is followed to the end of the table.
        let strings = vec![b'a'; 64 << 20];
        let looked: usize = (0..1 << 20).map(|at| name_of(strings.get(at..).unwrap_or_default(), 64).0.len()).sum();
        assert_eq!(looked, 64 << 20);
    }
}
