//! Every module by every way that leads to modules: the list that `lsmod` shows, sysfs, the tree that finds a module by an address
//! of its code, the areas of memory that were allocated for modules, and the look of a `struct module`.

use super::module::{UNFORMED, addresses, describe, parts};
use crate::engine::search::{Options, RunSource};
use crate::engine::{PageRun, ViewExt};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, number, offset_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{chain, list};
use crate::os::linux::containers::tree::tree;
use crate::os::sweep::words;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{ApiError, Listing, ModuleInfo, VirtAddr, umem};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// A module lies within reach of the kernel's code: a call has 32 bits for the distance.
const REACH: u64 = 2 << 30;
/// `struct module` is aligned to a cache line (`____cacheline_aligned`, include/linux/module.h).
const STEP: umem = 64;
/// `nr_vmap_nodes` is at most the number of processors.
const MOST_NODES: u64 = 1 << 16;
/// What allocates memory for one module, and for nothing else (kernel/module/main.c, mm/execmem.c). The others that allocate
/// executable memory (BPF, ftrace, kprobes) have callers of their own.
const LOADERS: [&str; 5] = ["load_module", "move_module", "layout_and_allocate", "module_memory_alloc", "execmem_alloc_rw"];
/// The pool out of which code of modules and others is handed since 6.14.
const POOL: &str = "execmem_";

shapes! {
    /// `module`, for where it is known from.
    KnownShape: "module" {
        state: ["state"],
        list: ["list"],
        name: ["name"],
        back: ["mkobj.mod"],
    }
    /// `kset`: `module_kset` holds all modules' objects.
    KsetShape: "kset" {
        list: ["list"],
    }
    /// `module_kobject`.
    ModuleObjectShape: "module_kobject" {
        entry: ["kobj.entry"],
        module: ["mod"],
    }
    /// `mod_tree_root`.
    ModuleTreeShape: "mod_tree_root" {
        root: ["root.tree"],
    }
    /// `mod_tree_node`: a part of a module in the tree.
    ModuleNodeShape: "mod_tree_node" {
        module: ["mod"],
        node: ["node.node"],
    }
    /// `vmap_area`: a stretch of the kernel's virtual memory.
    AreaShape: "vmap_area" {
        list: ["list"],
        node: ["rb_node"],
        vm: ["vm"],
    }
    /// `vmap_node` (6.9): one of several trees of areas.
    AreaNodeShape: "vmap_node" {
        tree: ["busy.root"],
    }
    /// `vm_struct`.
    VmShape: "vm_struct" {
        address: ["addr"],
        size: ["size"],
        caller: ["caller"],
        pages: ["pages"],
    }
    /// `mod_initfree`: what is left of a module's start and waits to be freed. One area, or since 6.4 one for each type.
    InitFreeShape: "mod_initfree" {
        node: ["node"],
        whole: ["module_init"],
        text: ["init_text"],
        data: ["init_data"],
        rodata: ["init_rodata"],
    }
}

/// On which ways a module was found; `None` where this kernel can't be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModuleSources {
    /// The list of modules (`modules`), which the system shows.
    pub list: Option<bool>,
    /// The objects in sysfs (`module_kset`).
    pub sysfs: Option<bool>,
    /// The tree of addresses (`mod_tree`).
    pub tree: Option<bool>,
    /// An allocated area holds its memory (`vmap_area`).
    pub vmalloc: Option<bool>,
    /// Its look.
    pub signature: Option<bool>,
}

impl ModuleSources {
    /// The names of the ways on which it was found, and of those on which it was not.
    pub fn names(self) -> (Vec<&'static str>, Vec<&'static str>) {
        let all = [
            ("list", self.list),
            ("sysfs", self.sysfs),
            ("tree", self.tree),
            ("vmalloc", self.vmalloc),
            ("signature", self.signature),
        ];
        let of = |wanted| all.iter().filter(|(_, seen)| *seen == Some(wanted)).map(|(name, _)| *name).collect();
        (of(true), of(false))
    }
}

/// A module that was found, or memory of one.
#[derive(Clone, Debug)]
pub struct SeenModule {
    /// What is known of it. Without a name where only its memory was found.
    pub info: ModuleInfo,
    /// Where it was found.
    pub sources: ModuleSources,
    /// Whether it is loaded and the system does not show it.
    pub hidden: bool,
}

/// Every module there is to find, the listed ones first.
///
/// # Errors
/// When the list itself can't be found.
pub fn module_scan(kernel: &Kernel, options: &Options<'_>) -> Result<Listing<SeenModule>, ApiError> {
    let mut lost = Lost::default();
    // A torn list hides nobody.
    let (listed, whole) = asked(&mut lost, |lost| addresses(kernel, lost));
    let listed = listed?;
    let (sysfs, sysfs_whole) = asked(&mut lost, |lost| sysfs(kernel, lost));
    let tree = by_address(kernel, &mut lost);
    let areas = areas(kernel, &mut lost);
    let signature = by_look(kernel, options, &mut lost);
    let known = kernel.shape::<KnownShape>();
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    let mut taken: Vec<(u64, u64)> = Vec::new();
    let all = listed.iter().chain(sysfs.iter().flatten()).chain(tree.iter().flatten()).chain(signature.iter().flatten());
    for &at in all {
        let in_list = listed.contains(&at);
        if !seen.insert(at) {
            continue;
        }
        let block = kernel.layouts.module.read(kernel.view(), at);
        if !in_list && !plausible(kernel, &known.read(kernel.view(), at)) {
            lost.push(format!("what lies at {at}, to which sysfs or the tree of addresses leads, is no module"));
            continue;
        }
        let Some(info) = describe(kernel, &block, &mut lost) else { continue };
        taken.extend(parts(kernel, &block).into_iter().filter(|p| p.1 > 0).map(|(base, size)| (number(base), size)));
        let base = number(info.base);
        let has = |way: &Option<Vec<VirtAddr>>| way.as_ref().map(|w| w.contains(&at));
        let sources = ModuleSources {
            list: Some(in_list).filter(|found| *found || whole),
            sysfs: has(&sysfs).filter(|found| *found || sysfs_whole),
            tree: has(&tree),
            vmalloc: areas.as_ref().map(|a| a.iter().any(|a| a.holds(base))),
            signature: has(&signature),
        };
        // `lsmod` passes over what is not formed yet. Such a one has no object in sysfs, neither on its way in nor out; on its way
        // out nothing but its memory is left.
        let unformed = block.uint(kernel.layouts.module.state) == Some(UNFORMED);
        let leaving = unformed && sources.sysfs != Some(true) && sources.tree != Some(true);
        let hidden = if in_list { unformed && sources.sysfs == Some(true) } else { !leaving && whole };
        if in_list && unformed && !hidden {
            continue;
        }
        out.push(SeenModule { info, sources, hidden });
    }
    let ways = (whole, sysfs.is_some() && sysfs_whole, tree.is_some(), signature.is_some());
    out.extend(orphans(kernel, areas.unwrap_or_default(), &taken, ways, &mut lost));
    Ok(lost.listing(out))
}

/// What `ask` answers, and whether nothing was lost on the way.
fn asked<T>(lost: &mut Lost, ask: impl FnOnce(&mut Lost) -> T) -> (T, bool) {
    let mut own = Lost::default();
    let answer = ask(&mut own);
    let whole = own.is_empty();
    lost.extend(own);
    (answer, whole)
}

/// Whether it can be a module: a name that can be printed and ends, a state that there is, links in the kernel.
fn plausible(kernel: &Kernel, block: &Block) -> bool {
    let known = kernel.shape::<KnownShape>();
    let name = block.bytes(known.name).is_some_and(|n| {
        let text = n.split(|&b| b == 0).next().unwrap_or(n);
        !text.is_empty() && text.len() < n.len() && text.iter().all(u8::is_ascii_graphic)
    });
    // A removed node holds LIST_POISON1 (include/linux/poison.h), which lies in no kernel.
    let linked = block.ptr(known.list).is_some_and(|p| number(p) & 7 == 0);
    name && linked && block.uint(known.state).is_some_and(|s| s <= UNFORMED)
}

fn sysfs(kernel: &Kernel, lost: &mut Lost) -> Option<Vec<VirtAddr>> {
    let (set, object) = (kernel.shape::<KsetShape>(), kernel.shape::<ModuleObjectShape>());
    let at = kernel.view().read_ptr(kernel.address("module_kset")?).ok().filter(|p| !p.is_null())?;
    let head = at.wrapping_add(offset_of(set.list)?);
    let (Some(_), Some(_)) = (object.entry, object.module) else { return None };
    let nodes = list(kernel.view(), head, "modules in sysfs", lost);
    // What was built into the kernel has an object and no module.
    let module = |n| object.read(kernel.view(), container_of(n, object.entry)?).ptr(object.module);
    Some(nodes.into_iter().filter_map(module).collect())
}

/// The tree of addresses is kept twice (`latch_tree`), so that one is whole while the other is changed.
fn by_address(kernel: &Kernel, lost: &mut Lost) -> Option<Vec<VirtAddr>> {
    let (root, node) = (kernel.shape::<ModuleTreeShape>(), kernel.shape::<ModuleNodeShape>());
    let first = kernel.address("mod_tree")?.wrapping_add(offset_of(root.root)?);
    let (within, _) = (offset_of(node.node)?, node.module?);
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let size = umem::from(kernel.types.size_of("struct rb_node")?);
    let walk = |second: bool, lost: &mut Lost| {
        let (root, skip) = if second { (first.wrapping_add(word), size) } else { (first, 0) };
        let nodes = tree(kernel.view(), &kernel.layouts.rb_node, root, "tree of modules' addresses", lost);
        let module = |n: VirtAddr| node.read(kernel.view(), n.wrapping_sub(within + skip)).ptr(node.module);
        let mut out: Vec<VirtAddr> = nodes.into_iter().filter_map(module).collect();
        out.sort_unstable();
        out.dedup();
        out
    };
    let mut own = Lost::default();
    let found = walk(false, &mut own);
    if own.is_empty() {
        return Some(found);
    }
    Some(walk(true, lost))
}

/// Memory that was allocated for modules.
struct Area {
    start: u64,
    size: u64,
    /// Who asked for it.
    caller: String,
}

impl Area {
    fn holds(&self, at: u64) -> bool {
        at.checked_sub(self.start).is_some_and(|d| d < self.size)
    }

    /// Whether it was made for one module.
    fn is_module(&self) -> bool {
        LOADERS.contains(&self.caller.as_str())
    }
}

fn areas(kernel: &Kernel, lost: &mut Lost) -> Option<Vec<Area>> {
    let (shape, vm) = (kernel.shape::<AreaShape>(), kernel.shape::<VmShape>());
    let _ = (shape.vm?, vm.caller?);
    let found = match kernel.address("vmap_area_list") {
        Some(head) => {
            let nodes = list(kernel.view(), head, "areas of virtual memory", lost);
            nodes.into_iter().filter_map(|n| container_of(n, shape.list)).collect::<Vec<_>>()
        }
        None => in_nodes(kernel, lost)?,
    };
    let mut out = Vec::new();
    // A large area's list of pages is an area too, and has the same caller (mm/vmalloc.c, __vmalloc_area_node).
    let mut lists = HashSet::new();
    for at in found {
        let Some(block) = shape.read(kernel.view(), at).ptr(shape.vm).map(|v| vm.read(kernel.view(), v)) else { continue };
        lists.extend(block.ptr(vm.pages).map(number));
        let (Some(start), Some(size)) = (block.ptr(vm.address), block.uint(vm.size)) else { continue };
        let Some((caller, _)) = block.ptr(vm.caller).and_then(|c| kernel.symbols.near(c)) else { continue };
        // The compiler's copies of a function have its name and more.
        let name = caller.name.split('.').next().unwrap_or(caller.name);
        if LOADERS.contains(&name) || name.starts_with(POOL) {
            out.push(Area { start: number(start), size, caller: name.to_owned() });
        }
    }
    out.retain(|a| !lists.contains(&a.start));
    Some(out)
}

/// Since 6.9: several trees of areas, in an array.
fn in_nodes(kernel: &Kernel, lost: &mut Lost) -> Option<Vec<VirtAddr>> {
    let (shape, area) = (kernel.shape::<AreaNodeShape>(), kernel.shape::<AreaShape>());
    let (within, step) = (offset_of(shape.tree)?, kernel.types.size_of("struct vmap_node")?);
    let first = kernel.view().read_ptr(kernel.address("vmap_nodes")?).ok()?;
    let count = kernel.address("nr_vmap_nodes").and_then(|at| kernel.space.read_u32(at).ok()).map_or(1, u64::from);
    let mut out = Vec::new();
    for i in 0..count.min(MOST_NODES) {
        let root = first.wrapping_add(umem::from(i * step)).wrapping_add(within);
        let nodes = tree(kernel.view(), &kernel.layouts.rb_node, root, "areas of virtual memory", lost);
        out.extend(nodes.into_iter().filter_map(|n| container_of(n, area.node)));
    }
    Some(out)
}

/// Memory that was allocated for a module, and no module says that it is its own. Where the list is not `whole`, nobody hides it.
fn orphans(
    kernel: &Kernel,
    areas: Vec<Area>,
    taken: &[(u64, u64)],
    (whole, sysfs, tree, signature): (bool, bool, bool, bool),
    lost: &mut Lost,
) -> Vec<SeenModule> {
    let waiting = to_be_freed(kernel, lost);
    let no = |asked: bool| asked.then_some(false);
    let free = |a: &Area| {
        let used = taken.iter().any(|(base, size)| a.holds(*base) || a.start.checked_sub(*base).is_some_and(|d| d < *size));
        a.is_module() && !used && !waiting.iter().any(|w| a.holds(*w))
    };
    areas
        .into_iter()
        .filter(free)
        .map(|a| SeenModule {
            info: ModuleInfo { base: VirtAddr::new(umem::from(a.start)), size: umem::from(a.size), ..ModuleInfo::default() },
            sources: ModuleSources {
                list: no(whole),
                sysfs: no(sysfs),
                tree: no(tree),
                vmalloc: Some(true),
                signature: no(signature),
            },
            hidden: whole,
        })
        .collect()
}

/// What modules needed only to start is freed a little later, by a work queue (`init_free_list`).
fn to_be_freed(kernel: &Kernel, lost: &mut Lost) -> Vec<u64> {
    let shape = kernel.shape::<InitFreeShape>();
    let Some(head) = kernel.address("init_free_list") else { return Vec::new() };
    let nodes = chain(kernel.view(), head, "modules' starts to be freed", lost);
    let of = |n| {
        let at = container_of(n, shape.node)?;
        let block = shape.read(kernel.view(), at);
        Some([shape.whole, shape.text, shape.data, shape.rodata].map(|m| block.ptr(m)))
    };
    nodes.into_iter().filter_map(of).flatten().flatten().map(number).collect()
}

/// What looks like a `struct module` near the kernel: the object in it leads back to it.
fn by_look(kernel: &Kernel, options: &Options<'_>, lost: &mut Lost) -> Option<Vec<VirtAddr>> {
    let known = kernel.shape::<KnownShape>();
    let back = offset_of(known.back)?;
    let base = number(kernel.base);
    let (first, last) = (base.saturating_sub(REACH), base.saturating_add(REACH));
    let image = base..base.saturating_add(kernel.size.and_then(crate::engine::to_u64).unwrap_or(0));
    let mut runs: Vec<PageRun> = Vec::new();
    kernel.space.runs(VirtAddr::new(umem::from(first)), VirtAddr::new(umem::from(last)), &mut |group| {
        runs.extend(group.iter().filter(|r| !image.contains(&number(r.virt))));
        if options.interrupt.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let source = RunSource::new(kernel.space.memory(), runs);
    let quiet = Options { progress: &|_, _| (), ..*options };
    let swept = words(&source, STEP, back & (STEP - 1), &quiet, |at, word| umem::from(word) == at.wrapping_sub(back));
    if swept.cut {
        lost.push("the search of memory for modules was cut short");
    }
    let module = |at: umem| VirtAddr::new(at.wrapping_sub(back));
    Some(swept.at.into_iter().map(module).filter(|at| plausible(kernel, &known.read(kernel.view(), *at))).collect())
}
