//! Kernel modules (kernel/module/main.c), as `/proc/modules` shows them, and their symbols.

use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Member, Shape, container_of, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::os::linux::tasks::task::arch;
use crate::symbols::SymbolTable;
use memsh_plugin::{ApiError, Maybe, ModuleInfo, Status, Text, VirtAddr, umem};
use std::ops::Range;

/// `MODULE_REF_BASE`: what the counter holds when nobody uses the module.
const REF_BASE: i64 = 1;
/// `enum module_state`: `MODULE_STATE_LIVE`, `COMING`, `GOING`, `UNFORMED`.
const STATES: [&str; 4] = ["live", "coming", "going", "unformed"];
pub(crate) const UNFORMED: u64 = 3;
/// `enum mod_mem_type` has seven; the text comes first.
const MEMORIES: u64 = 16;
/// A module's area is at most 1 GiB on x86 (`MODULES_LEN`), 2 GiB on AArch64.
const LARGEST: u64 = 2 << 30;
/// The largest modules of a distribution have some ten thousand symbols.
const SYMBOLS: u64 = 1 << 20;
const NAME: u64 = 1024;
const STRINGS: u64 = 64 << 20;

/// The parts of a module, as base and size. The first is its text.
pub(crate) fn parts(kernel: &Kernel, block: &Block) -> Vec<(VirtAddr, u64)> {
    let l = &kernel.layouts;
    let mut out = Vec::new();
    if let (Some(memory), Some(step), Some(at)) =
        (l.module.memory, l.module_memory_size.filter(|&s| s > 0), block.at(l.module.memory))
    {
        for i in 0..(memory.size / step).min(MEMORIES) {
            let part = l.module_memory.read(kernel.view(), at.wrapping_add(umem::from(i * step)));
            if let (Some(base), Some(size)) = (part.ptr(l.module_memory.base), part.uint(l.module_memory.size)) {
                out.push((base, size));
            } else if i == 0 {
                return Vec::new();
            }
        }
        return out;
    }
    let core = block.ptr(l.module.core_base).zip(block.uint(l.module.core_size));
    let init = block.ptr(l.module.init_base).zip(block.uint(l.module.init_size));
    out.extend(core);
    out.extend(init);
    out
}

/// Addresses of all modules' control blocks.
pub(crate) fn addresses(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<VirtAddr>, ApiError> {
    let head = kernel.address("modules").ok_or_else(|| {
        failed(Status::UNSUPPORTED, "can't list kernel modules: no symbol modules; give symbols with --symbols")
    })?;
    let own = offset_of(kernel.layouts.module.list)
        .ok_or_else(|| failed(Status::UNSUPPORTED, "can't list kernel modules: no type module; give types with --symbols"))?;
    Ok(list(kernel.view(), head, "module list", lost).into_iter().map(|n| n.wrapping_sub(own)).collect())
}

/// The kernel's modules, the last loaded first, as the kernel keeps them.
pub fn modules(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<ModuleInfo>, ApiError> {
    let l = &kernel.layouts.module;
    let mut out = Vec::new();
    let mut one = |at: VirtAddr, lost: &mut Lost| {
        if let Some(block) = l.read_or(kernel.view(), at, lost)
            && block.uint(l.state) != Some(UNFORMED)
        {
            out.extend(describe(kernel, &block, lost));
        }
    };
    let all = addresses(kernel, lost)?;
    let ahead = |at: &VirtAddr| {
        if let Some(block) = l.read_or(kernel.view(), *at, &mut Lost::default()) {
            describe(kernel, &block, &mut Lost::default());
        }
    };
    let Ok(()) = kernel.space.memory().for_each_ahead(&all, ahead, |at| {
        one(*at, lost);
        Ok::<(), std::convert::Infallible>(())
    });
    Ok(out)
}

/// What is known of a module that was read.
pub(crate) fn describe(kernel: &Kernel, block: &Block, lost: &mut Lost) -> Option<ModuleInfo> {
    let l = &kernel.layouts.module;
    let Some((base, size)) = whole(&parts(kernel, block)) else {
        lost.push(format!("the module at {} does not say where it lies", block.base()));
        return None;
    };
    Some(ModuleInfo {
        address: Maybe::Some(block.base()),
        name: Text::from(block.text(l.name).unwrap_or_default()),
        base,
        size: umem::from(size),
        path: Maybe::None,
        arch: Text::from(arch(kernel)),
        state: block.uint(l.state).and_then(index_of).and_then(|s| STATES.get(s)).map(|s| Text::from(*s)).into(),
        refcount: block.int(l.refcount).map(|n| n.saturating_sub(REF_BASE)).into(),
        used_by: used_by(kernel, block, lost).into(),
    })
}

fn index_of(value: u64) -> Option<usize> {
    index(umem::from(value))
}

/// Base of the text and size of all parts, as `/proc/modules` has them.
fn whole(parts: &[(VirtAddr, u64)]) -> Option<(VirtAddr, u64)> {
    let &(base, _) = parts.first()?;
    let size = parts.iter().try_fold(0u64, |sum, (_, size)| sum.checked_add(*size))?;
    (size <= LARGEST).then_some((base, size))
}

/// Names of the modules that need this one.
fn used_by(kernel: &Kernel, module: &Block, lost: &mut Lost) -> Vec<Text> {
    let l = &kernel.layouts;
    let (Some(head), Some(_)) = (module.at(l.module.users), l.module_use.source_list) else { return Vec::new() };
    let mut out = Vec::new();
    for node in list(kernel.view(), head, "users of a module", lost) {
        let dependency = container_of(node, l.module_use.source_list).map(|at| l.module_use.read(kernel.view(), at));
        if dependency.as_ref().and_then(|d| d.ptr(l.module_use.target)).is_some_and(|target| target != module.base()) {
            lost.push(format!(
                "what is listed at {node} among the users of the module at {} is none: the list is damaged, or the types are not this kernel's",
                module.base()
            ));
            continue;
        }
        let source = dependency.and_then(|d| d.ptr(l.module_use.source));
        let name = source.map(|at| l.module.read(kernel.view(), at)).and_then(|b| b.text(l.module.name).map(Text::from));
        match name {
            Some(name) => out.push(name),
            None => lost.push(format!("a user of the module at {}, listed at {node}, has no readable name", module.base())),
        }
    }
    out
}

/// The symbols of all modules, ready to be asked, and what was lost.
///
/// # Errors
/// When the modules can't be listed at all.
pub fn module_symbols(kernel: &Kernel) -> Result<(SymbolTable, Vec<Text>), ApiError> {
    let mut lost = Lost::default();
    let mut table = SymbolTable::new();
    push_symbols(kernel, &mut table, &mut lost)?;
    table.finish();
    Ok((table, lost.listing(Vec::<Text>::new()).lost.iter().cloned().collect()))
}

/// Adds the symbols of all modules to `table`.
pub(crate) fn push_symbols(kernel: &Kernel, table: &mut SymbolTable, lost: &mut Lost) -> Result<(), ApiError> {
    let l = &kernel.layouts.module;
    for at in addresses(kernel, lost)? {
        let block = l.read(kernel.view(), at);
        let name = String::from_utf8_lossy(block.text(l.name).unwrap_or_default()).into_owned();
        if block.uint(l.state) == Some(UNFORMED) || name.is_empty() {
            continue;
        }
        let range = hull(&parts(kernel, &block));
        let Some(id) = table.add_module(&name, range) else { break };
        let tables = block.ptr(l.kallsyms).or_else(|| block.at(l.core_kallsyms));
        if tables.and_then(|t| push_module(kernel, t, table, id)).is_none() {
            lost.push(format!("the symbols of module {name} can't be read"));
        }
    }
    Ok(())
}

/// The addresses from the lowest to the highest of a module's parts.
fn hull(parts: &[(VirtAddr, u64)]) -> Option<Range<umem>> {
    let used = || parts.iter().filter(|(_, size)| *size > 0);
    let start = used().map(|(base, _)| base.value()).min()?;
    let end = used().map(|(base, size)| base.value().saturating_add(umem::from(*size))).max()?;
    Some(start..end)
}

/// Symbols that stand for places in code or data; `SHN_UNDEF` is 0.
const UNDEFINED: u64 = 0;

fn push_module(kernel: &Kernel, tables: VirtAddr, table: &mut SymbolTable, module: u16) -> Option<()> {
    let l = &kernel.layouts;
    let view = kernel.view();
    let head = l.mod_kallsyms.read(view, tables);
    let count = head.uint(l.mod_kallsyms.count).filter(|&n| n <= SYMBOLS)?;
    let wide = view.view_metadata().pointer_size == 8;
    let step = if wide { l.elf_sym_size } else { l.elf_sym32_size }.filter(|&s| (8..=64).contains(&s))?;
    let (name, info, section, value) = match wide {
        true => (l.elf_sym.name, l.elf_sym.info, l.elf_sym.section, l.elf_sym.value),
        false => (l.elf_sym32.name, l.elf_sym32.info, l.elf_sym32.section, l.elf_sym32.value),
    };
    let mut bytes = vec![0u8; index_of(count.checked_mul(step)?)?];
    view.read_exact(head.ptr(l.mod_kallsyms.symbols)?, &mut bytes).ok()?;
    let number = |symbol: &[u8], m: Option<Member>| {
        let m = m?;
        let from = index_of(m.offset)?;
        let field = symbol.get(from..from.checked_add(index_of(m.size)?)?)?;
        let mut b = [0u8; 8];
        b.get_mut(..field.len())?.copy_from_slice(field);
        Some(u64::from_le_bytes(b))
    };
    let symbols = || bytes.chunks_exact(index_of(step).unwrap_or(1));
    let last = symbols().filter_map(|s| number(s, name)).max()?.checked_add(NAME).filter(|&n| n <= STRINGS)?;
    let mut strings = vec![0u8; index_of(last)?];
    // The table's end is not known; what lies behind it may be missing.
    let strtab = head.ptr(l.mod_kallsyms.strings)?;
    let _ = view.read_gaps(strtab, &mut strings);
    let mut kinds = vec![0u8; index_of(count)?];
    let typed = head.ptr(l.mod_kallsyms.kinds).is_some_and(|at| view.read_exact(at, &mut kinds).is_ok());
    for (i, symbol) in symbols().enumerate() {
        let (Some(at), Some(value)) = (number(symbol, name), number(symbol, value)) else { continue };
        if number(symbol, section) == Some(UNDEFINED) {
            continue;
        }
        let Some(text) = index_of(at).and_then(|at| strings.get(at..)) else { continue };
        let text = text.split(|&b| b == 0).next().unwrap_or_default();
        // Names that the compiler made for places of no interest; kallsyms looks past them as well (`is_mapping_symbol`).
        if text.is_empty() || text.starts_with(b"$") || text.starts_with(b".L") || text.starts_with(b"L0") {
            continue;
        }
        let kind = match typed {
            true => kinds.get(i).copied(),
            false => number(symbol, info).and_then(|k| u8::try_from(k).ok()),
        };
        let kind = kind.filter(u8::is_ascii_alphabetic).unwrap_or(b'?');
        table.push(&String::from_utf8_lossy(text), VirtAddr::new(umem::from(value)), kind, Some(module));
    }
    Some(())
}
