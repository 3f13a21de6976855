//! Where code lies that is not the kernel's own: modules, compiled BPF programs, and what ftrace and kprobes made.

use super::super::module::addresses;
use super::{Area, OwnerKind};
use crate::engine::ViewExt;
use crate::os::linux::base::enums;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, number, offset_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

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

/// All that is found; what can't be read is told.
pub(super) fn all(kernel: &Kernel, lost: &mut Lost) -> Vec<Area> {
    let mut areas = Vec::new();
    module_areas(kernel, &mut areas, lost);
    bpf_areas(kernel, &mut areas, lost);
    ftrace_areas(kernel, &mut areas, lost);
    probe_areas(kernel, &mut areas, lost);
    areas
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
    let found: HashSet<u64> = names.iter().filter_map(|name| enums::value(types, "mod_mem_type", name)).collect();
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
fn ftrace_ops(kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
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
pub(crate) fn called_ftrace_ops(kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
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
