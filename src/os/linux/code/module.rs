//! Kernel modules (kernel/module/main.c), as `/proc/modules` shows them.

use crate::engine::index;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Shape, container_of, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::os::linux::tasks::task::arch;
use memsh_plugin::{ApiError, Maybe, ModuleInfo, Status, Text, VirtAddr, umem};

/// `MODULE_REF_BASE`: what the counter holds when nobody uses the module.
const REF_BASE: i64 = 1;
/// `enum module_state`: `MODULE_STATE_LIVE`, `COMING`, `GOING`, `UNFORMED`.
const STATES: [&str; 4] = ["live", "coming", "going", "unformed"];
pub(crate) const UNFORMED: u64 = 3;
/// `enum mod_mem_type` has seven; the text comes first.
const MEMORIES: u64 = 16;
/// A module's area is at most 1 GiB on x86 (`MODULES_LEN`), 2 GiB on AArch64.
const LARGEST: u64 = 2 << 30;

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
