//! Whose code an address is: the kernel's own text, a module's, generated code, or memory that has no business being called.

use super::kernel::Kernel;
use super::layout::{Extent, Found, Member, Members, Shape, container_of, number, offset_of, shapes};
use super::list::list;
use super::lost::Lost;
use super::module::{addresses, module_symbols};
use crate::engine::ViewExt;
use crate::symbols::{SymbolTable, Symbols, TypeKind, Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;
use std::ops::Range;

/// No list of generated code is longer.
const MOST: usize = 1 << 16;
/// No piece of generated code is larger.
const LARGEST: u64 = 64 << 20;
/// `enum mod_mem_type` has seven.
const MEMORIES: u64 = 16;
const PAGE: u64 = 4096;

shapes! {
    /// `module`, for where its code lies.
    ModuleCodeShape: "module" {
        name: ["name"],
        // 6.4: an array of `module_memory`, one for each type.
        memory: ["mem"],
        core: ["core_layout.base", "module_core"],
        core_size: ["core_layout.size", "core_size"],
        core_text: ["core_layout.text_size", "core_text_size"],
        init: ["init_layout.base", "module_init"],
        init_size: ["init_layout.size", "init_size"],
        init_text: ["init_layout.text_size", "init_text_size"],
    }
    /// `bpf_ksym` (5.7): compiled BPF code and its name.
    BpfSymbolShape: "bpf_ksym" {
        start: ["start"],
        end: ["end"],
        name: ["name"],
        link: ["lnode"],
    }
    /// `bpf_prog_aux`, which was itself on the list before 5.7.
    BpfAuxShape: "bpf_prog_aux" {
        link: ["ksym_lnode"],
        program: ["prog"],
        name: ["name"],
    }
    /// `bpf_prog`.
    BpfProgramShape: "bpf_prog" {
        code: ["bpf_func"],
        size: ["jited_len"],
    }
    /// `ftrace_ops`: who is called by traced functions.
    FtraceCodeShape: "ftrace_ops" {
        next: ["next"],
        list: ["list"],
        trampoline: ["trampoline"],
        size: ["trampoline_size"],
    }
    /// `kprobe_insn_cache`: pages for the copied instructions of kprobes.
    SlotCacheShape: "kprobe_insn_cache" {
        pages: ["pages"],
    }
    /// `kprobe_insn_page`.
    SlotPageShape: "kprobe_insn_page" {
        list: ["list"],
        code: ["insns"],
    }
}

/// What kind of memory an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerKind {
    /// Text of the kernel itself.
    Kernel,
    /// Text that the kernel frees once it has booted.
    Init,
    /// Data of the kernel itself.
    KernelData,
    /// Text of a loaded module.
    Module,
    /// Data of a loaded module.
    ModuleData,
    /// A compiled BPF program or trampoline.
    Bpf,
    /// A trampoline that ftrace made.
    Ftrace,
    /// Instructions that kprobes copied.
    Probe,
    /// The area of modules or of `vmalloc`, where no known module or program lies.
    Vmalloc,
    /// The direct map of physical memory: data pages.
    Direct,
    /// The user's half.
    User,
    /// Kernel memory of none of these kinds.
    Other,
    /// Nothing is mapped there.
    Unmapped,
}

impl OwnerKind {
    /// In a word or two: what the `owner` column has, where it is not a module's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Init => "kernel-init",
            Self::KernelData => "kernel-data",
            Self::Module => "module",
            Self::ModuleData => "module-data",
            Self::Bpf => "bpf",
            Self::Ftrace => "ftrace",
            Self::Probe => "kprobe",
            Self::Vmalloc => "vmalloc",
            Self::Direct => "direct-map",
            Self::User => "user",
            Self::Other => "other",
            Self::Unmapped => "unmapped",
        }
    }

    /// Why nothing in the kernel should call such an address; `None` where code lies there.
    pub fn wild(self) -> Option<&'static str> {
        match self {
            Self::Kernel | Self::Init | Self::Module | Self::Bpf | Self::Ftrace | Self::Probe => None,
            Self::KernelData => Some("points into data of the kernel"),
            Self::ModuleData => Some("points into data of a module"),
            Self::Vmalloc => Some("points to memory of no known module"),
            Self::Direct => Some("points into the direct map"),
            Self::User => Some("points to user memory"),
            Self::Other => Some("points to memory that holds no kernel code"),
            Self::Unmapped => Some("points to memory that is not mapped"),
        }
    }

    /// Why a table that only the kernel itself fills should not hold such an address.
    pub fn foreign(self) -> Option<&'static str> {
        match self {
            Self::Module => Some("a table of the kernel points into a module"),
            Self::Bpf | Self::Ftrace | Self::Probe => Some("a table of the kernel points to generated code"),
            _ => self.wild(),
        }
    }
}

/// Whose an address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// What kind of memory it is.
    pub kind: OwnerKind,
    /// The module's name, for [`OwnerKind::Module`] and [`OwnerKind::ModuleData`].
    pub module: Option<String>,
    /// `symbol` or `symbol+0x10`, where one is near; a module's begin with `module!`.
    pub symbol: Option<String>,
    /// How far behind that symbol the address lies, in bytes.
    pub distance: Option<u64>,
}

impl Owner {
    /// What the `owner` column shows: the module's name, or the kind of memory.
    pub fn word(&self) -> String {
        self.module.clone().unwrap_or_else(|| self.kind.word().to_owned())
    }

    /// The symbol without the distance from it, and without its module.
    pub fn base_name(&self) -> Option<&str> {
        let name = self.symbol.as_deref()?;
        let name = name.split_once('!').map_or(name, |(_, n)| n);
        Some(name.split_once('+').map_or(name, |(n, _)| n))
    }
}

struct Area {
    range: Range<u64>,
    kind: OwnerKind,
    name: String,
}

/// Who owns which addresses of a kernel. Made once, then asked often.
pub struct Owners<'k> {
    kernel: &'k Kernel,
    text: Range<u64>,
    init: Range<u64>,
    image: Range<u64>,
    /// Sorted by their start.
    areas: Vec<Area>,
    direct: Range<u64>,
    modules: SymbolTable,
}

impl<'k> Owners<'k> {
    /// Looks up what there is. What can't be read is told, and its addresses then count as nobody's.
    pub fn new(kernel: &'k Kernel, lost: &mut Lost) -> Self {
        let mut areas = Vec::new();
        module_areas(kernel, &mut areas, lost);
        bpf_areas(kernel, &mut areas, lost);
        ftrace_areas(kernel, &mut areas, lost);
        probe_areas(kernel, &mut areas, lost);
        areas.retain(|a| a.range.start < a.range.end);
        areas.sort_by_key(|a| a.range.start);
        let modules = module_symbols(kernel).map(|(table, _)| table).unwrap_or_default();
        let range = |from: &str, to: &str| match (kernel.symbols.address(from), kernel.symbols.address(to)) {
            (Some(from), Some(to)) => number(from)..number(to),
            _ => 0..0,
        };
        let text = range("_stext", "_etext");
        if text.is_empty() {
            lost.push("the kernel's text has no bounds: no symbols _stext and _etext; its code can't be told from other memory");
        }
        Self {
            kernel,
            text,
            init: range("_sinittext", "_einittext"),
            image: range("_text", "_end"),
            areas,
            direct: direct_map(kernel),
            modules,
        }
    }

    /// The addresses of the kernel's own text.
    pub fn text(&self) -> Range<u64> {
        self.text.clone()
    }

    /// The addresses of the kernel's image, text and data.
    pub fn image(&self) -> Range<u64> {
        self.image.clone()
    }

    /// The kernel.
    pub fn kernel(&self) -> &'k Kernel {
        self.kernel
    }

    /// The symbols of the modules.
    pub fn module_symbols(&self) -> &SymbolTable {
        &self.modules
    }

    /// The text of each module: its name and addresses.
    pub fn module_text(&self) -> impl Iterator<Item = (&str, Range<u64>)> {
        self.areas.iter().filter(|a| a.kind == OwnerKind::Module).map(|a| (a.name.as_str(), a.range.clone()))
    }

    fn area(&self, at: u64) -> Option<&Area> {
        let i = self.areas.partition_point(|a| a.range.start <= at);
        // Areas may overlap where an image is torn; the nearest few are looked at.
        self.areas.get(i.saturating_sub(8)..i)?.iter().rev().find(|a| a.range.contains(&at))
    }

    /// What kind of memory `at` is.
    pub fn kind(&self, at: VirtAddr) -> OwnerKind {
        let n = number(at);
        if self.text.contains(&n) {
            return OwnerKind::Kernel;
        }
        if self.init.contains(&n) {
            return OwnerKind::Init;
        }
        if self.image.contains(&n) {
            return OwnerKind::KernelData;
        }
        if let Some(area) = self.area(n) {
            return area.kind;
        }
        // Both halves are equal on every 64-bit system that memsh knows.
        if n < 1 << 63 && self.kernel.view().view_metadata().pointer_size == 8 {
            return OwnerKind::User;
        }
        if self.kernel.space.translate_one(at).is_err() {
            return OwnerKind::Unmapped;
        }
        if self.direct.contains(&n) {
            return OwnerKind::Direct;
        }
        let vmalloc = pointer(self.kernel, "vmalloc_base");
        match vmalloc.is_none_or(|base| n >= base) {
            true => OwnerKind::Vmalloc,
            false => OwnerKind::Other,
        }
    }

    /// Whose `at` is, with its symbol.
    pub fn of(&self, at: VirtAddr) -> Owner {
        let kind = self.kind(at);
        let near = match kind {
            OwnerKind::Kernel | OwnerKind::Init | OwnerKind::KernelData => {
                self.kernel.symbols.near(at).map(|(s, d)| (s.name.to_owned(), d))
            }
            OwnerKind::Module | OwnerKind::ModuleData => {
                let named = |m: &str, n: &str| format!("{m}!{n}");
                self.modules.near(at).map(|(s, d)| (named(s.module.unwrap_or_default(), s.name), d))
            }
            OwnerKind::Bpf | OwnerKind::Ftrace | OwnerKind::Probe => self.area(number(at)).and_then(|a| {
                let distance = umem::from(number(at).checked_sub(a.range.start)?);
                (!a.name.is_empty()).then(|| (a.name.clone(), distance))
            }),
            _ => None,
        };
        let module = match kind {
            OwnerKind::Module | OwnerKind::ModuleData => self.area(number(at)).map(|a| a.name.clone()),
            _ => None,
        };
        let distance = near.as_ref().and_then(|(_, d)| crate::engine::to_u64(*d));
        let symbol = near.map(|(name, d)| if d == 0 { name } else { format!("{name}+{d:#x}") });
        Owner { kind, module, symbol, distance }
    }

    /// `symbol+0x10` of any address of the kernel or a module; the bare address where there is no symbol.
    pub fn place(&self, at: VirtAddr) -> String {
        self.of(at).symbol.unwrap_or_else(|| at.to_string())
    }
}

/// The pointer or number in a variable of the kernel.
fn pointer(kernel: &Kernel, name: &str) -> Option<u64> {
    kernel.address(name).and_then(|at| kernel.space.read_ptr(at).ok()).map(number).filter(|&n| n != 0)
}

/// The direct map: from `page_offset_base` (or what the slide-less x86-64 has, `__PAGE_OFFSET_BASE_L4`,
/// arch/x86/include/asm/page_64_types.h) over as many bytes as there is physical memory.
fn direct_map(kernel: &Kernel) -> Range<u64> {
    let base = pointer(kernel, "page_offset_base").unwrap_or(0xffff_8880_0000_0000);
    let size = crate::engine::to_u64(kernel.space.memory().metadata().size).unwrap_or(0);
    base..base.saturating_add(size)
}

fn module_areas(kernel: &Kernel, areas: &mut Vec<Area>, lost: &mut Lost) {
    let shape = kernel.shape::<ModuleCodeShape>();
    let memories = &kernel.layouts.module_memory;
    let step = kernel.layouts.module_memory_size.filter(|&s| s > 0);
    let texts = memories_named(&*kernel.types, &["MOD_TEXT", "MOD_INIT_TEXT"], &[0, 4]);
    let Ok(all) = addresses(kernel, lost) else {
        lost.push("the list of modules can't be read: their code can't be told from other memory");
        return;
    };
    for at in all {
        let Some(block) = shape.read_or(kernel.view(), at, lost) else { continue };
        let name = block.text(shape.name).map(|n| String::from_utf8_lossy(n).into_owned()).unwrap_or_default();
        let mut push = |base: u64, from: u64, to: u64, kind| {
            if let (Some(start), Some(end), true) = (base.checked_add(from), base.checked_add(to), to <= LARGEST) {
                areas.push(Area { range: start..end, kind, name: name.clone() });
            }
        };
        if let (Some(memory), Some(step), Some(array)) = (shape.memory, step, block.at(shape.memory)) {
            for i in 0..(memory.size / step).min(MEMORIES) {
                let part = memories.read(kernel.view(), array.wrapping_add(umem::from(i * step)));
                if let (Some(base), Some(size)) = (part.ptr(memories.base), part.uint(memories.size)) {
                    let kind = if texts.contains(&i) { OwnerKind::Module } else { OwnerKind::ModuleData };
                    push(number(base), 0, size, kind);
                }
            }
            continue;
        }
        let members = [(shape.core, shape.core_size, shape.core_text), (shape.init, shape.init_size, shape.init_text)];
        for (base, size, text) in members {
            if let (Some(base), Some(size)) = (block.ptr(base), block.uint(size)) {
                let text = block.uint(text).unwrap_or(size).min(size);
                push(number(base), 0, text, OwnerKind::Module);
                push(number(base), text, size, OwnerKind::ModuleData);
            }
        }
    }
}

/// Which of a module's memories are those of these names of `enum mod_mem_type` (include/linux/module.h).
fn memories_named(types: &dyn Types, names: &[&str], usual: &[u64]) -> HashSet<u64> {
    let named = types.find("enum mod_mem_type").and_then(|id| types.resolve(id)).map(|(_, t)| t.kind);
    let found: HashSet<u64> = match named {
        Some(TypeKind::Enum(values)) => values
            .into_iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .filter_map(|(_, value)| u64::try_from(value).ok())
            .collect(),
        _ => HashSet::new(),
    };
    if found.is_empty() { usual.iter().copied().collect() } else { found }
}

fn bpf_areas(kernel: &Kernel, areas: &mut Vec<Area>, lost: &mut Lost) {
    let Some(head) = kernel.address("bpf_kallsyms") else { return };
    let view = kernel.view();
    let (symbol, aux, program) =
        (kernel.shape::<BpfSymbolShape>(), kernel.shape::<BpfAuxShape>(), kernel.shape::<BpfProgramShape>());
    let text = |b: Option<&[u8]>| b.map(|n| String::from_utf8_lossy(n).into_owned()).unwrap_or_default();
    for node in list(view, head, "list of BPF programs", lost).into_iter().take(MOST) {
        let (range, name) = if let Some(at) = container_of(node, symbol.link) {
            let block = symbol.read(view, at);
            (block.uint(symbol.start).zip(block.uint(symbol.end)), text(block.text(symbol.name)))
        } else if let Some(at) = container_of(node, aux.link) {
            let block = aux.read(view, at);
            let code = block.ptr(aux.program).map(|p| program.read(view, p));
            let range = code.and_then(|c| {
                let start = number(c.ptr(program.code)?);
                Some((start, start.checked_add(c.uint(program.size)?)?))
            });
            (range, text(block.text(aux.name)))
        } else {
            lost.push("compiled BPF programs can't be found: no type bpf_ksym or bpf_prog_aux");
            return;
        };
        match range.filter(|(start, end)| start < end && end - start <= LARGEST) {
            Some((start, end)) => areas.push(Area { range: start..end, kind: OwnerKind::Bpf, name }),
            None => lost.push(format!("the BPF program listed at {node} does not say where it lies")),
        }
    }
}

fn ftrace_areas(kernel: &Kernel, areas: &mut Vec<Area>, lost: &mut Lost) {
    let shape = kernel.shape::<FtraceCodeShape>();
    for at in ftrace_ops(kernel, lost) {
        let block = shape.read(kernel.view(), at);
        if let (Some(start), Some(size)) = (block.uint(shape.trampoline).filter(|&t| t != 0), block.uint(shape.size)) {
            let end = start.saturating_add(size.min(LARGEST));
            areas.push(Area { range: start..end, kind: OwnerKind::Ftrace, name: "ftrace_trampoline".to_owned() });
        }
    }
}

/// The `ftrace_ops` of the kernel: those that are called (`ftrace_ops_list`), and those whose trampolines have a name
/// (`ftrace_ops_trampoline_list`, 5.9).
pub(super) fn ftrace_ops(kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
    let shape = kernel.shape::<FtraceCodeShape>();
    let mut out = called_ftrace_ops(kernel, lost);
    if let (Some(head), Some(_)) = (kernel.address("ftrace_ops_trampoline_list"), shape.list) {
        for node in list(kernel.view(), head, "list of ftrace trampolines", lost).into_iter().take(MOST) {
            if let Some(at) = container_of(node, shape.list).filter(|at| !out.contains(at)) {
                out.push(at);
            }
        }
    }
    out
}

/// The `ftrace_ops` that traced functions call, in the order of `ftrace_ops_list` (kernel/trace/ftrace.c).
pub(super) fn called_ftrace_ops(kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
    let shape = kernel.shape::<FtraceCodeShape>();
    let end = kernel.address("ftrace_list_end");
    let mut out = Vec::new();
    let mut at = kernel.address("ftrace_ops_list").and_then(|head| kernel.space.read_ptr(head).ok());
    while let Some(ops) = at.filter(|a| !a.is_null() && Some(*a) != end) {
        if out.contains(&ops) || out.len() >= 4096 {
            lost.push(format!("list of ftrace users: it runs in a circle at {ops}"));
            break;
        }
        let Some(block) = shape.read_or(kernel.view(), ops, lost) else { break };
        let next = block.ptr(shape.next);
        // The list's last element (a static of the kernel, not always named) has no next.
        if next.is_none() && end.is_none() {
            break;
        }
        out.push(ops);
        at = next;
    }
    out
}

fn probe_areas(kernel: &Kernel, areas: &mut Vec<Area>, lost: &mut Lost) {
    let (cache, page) = (kernel.shape::<SlotCacheShape>(), kernel.shape::<SlotPageShape>());
    let (Some(pages), Some(_)) = (offset_of(cache.pages), page.list) else { return };
    for name in ["kprobe_insn_slots", "kprobe_optinsn_slots"] {
        let Some(head) = kernel.address(name).map(|at| at.wrapping_add(pages)) else { continue };
        // A list that was never used is not even initialized on some kernels.
        if kernel.space.read_ptr(head).is_ok_and(|p| p.is_null()) {
            continue;
        }
        for node in list(kernel.view(), head, "list of kprobe pages", lost).into_iter().take(MOST) {
            let code = container_of(node, page.list).and_then(|at| page.read(kernel.view(), at).ptr(page.code));
            if let Some(start) = code.map(number) {
                areas.push(Area { range: start..start.saturating_add(PAGE), kind: OwnerKind::Probe, name: name.to_owned() });
            }
        }
    }
}
