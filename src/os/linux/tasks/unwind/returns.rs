//! Return addresses that tracing took off the stack, and where it put them.
//!
//! The function-graph tracer and return probes put a trampoline of theirs in place of a return address. The real one, with the
//! place on the stack that it was taken from, stands in a list of the task's.

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, number, shapes};
use crate::symbols::{TypeKind, Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

shapes! {
    /// `task_struct`, for what tracing keeps with it.
    TracedShape: "task_struct" {
        stack: ["ret_stack"],
        used: ["curr_ret_stack"],
        // 5.18
        hooks: ["rethooks.first"],
        // 5.11; before, in a hash table of all tasks.
        probes: ["kretprobe_instances.first"],
    }
    /// `ftrace_ret_stack`.
    GraphShape: "ftrace_ret_stack" {
        ret: ["ret"],
        place: ["retp"],
    }
    /// `rethook_node`.
    HookShape: "rethook_node" {
        link: ["llist"],
        ret: ["ret_addr"],
        place: ["frame"],
    }
    /// `kretprobe_instance`.
    ProbeShape: "kretprobe_instance" {
        link: ["llist"],
        ret: ["ret_addr"],
        place: ["fp"],
    }
}

/// No task has more return probes under way at a time.
const MOST: usize = 4096;
/// `SHADOW_STACK_SIZE` (kernel/trace/fgraph.c); before 6.11 50 entries of at most 48 bytes.
const GRAPH: u64 = 4096;

/// Where the trampolines are.
pub struct Trampolines<'k> {
    kernel: &'k Kernel,
    graph: Option<u64>,
    hooks: Vec<u64>,
}

/// What a return address is in truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Real {
    /// Itself.
    Same,
    /// Another one.
    Other(u64),
    /// A trampoline whose way back was not found.
    Unknown,
}

impl<'k> Trampolines<'k> {
    /// Looks for them among the symbols.
    pub fn find(kernel: &'k Kernel) -> Self {
        let of = |name: &str| kernel.address(name).map(number);
        // The newest name first: rethook since 5.18, for kretprobes on x86 since 6.0.
        let hooks = ["arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline"];
        Self { kernel, graph: of("return_to_handler"), hooks: hooks.into_iter().filter_map(of).collect() }
    }

    /// What the return address `ip`, found at `slot` of the stack of `task`, is in truth.
    pub fn real(&self, task: VirtAddr, ip: u64, slot: u64) -> Real {
        if ip == 0 {
            return Real::Same;
        }
        let found = if Some(ip) == self.graph {
            self.graphed(task, slot)
        } else if self.hooks.contains(&ip) {
            self.hooked(task, slot)
        } else {
            return Real::Same;
        };
        found.map_or(Real::Unknown, Real::Other)
    }

    /// From the tracer's own stack: entries until 6.10, since then words that hold entries among other things.
    fn graphed(&self, task: VirtAddr, slot: u64) -> Option<u64> {
        let (owner, shape) = (self.kernel.shape::<TracedShape>(), self.kernel.shape::<GraphShape>());
        let block = owner.read(self.kernel.view(), task);
        let (stack, used) = (block.ptr(owner.stack)?, u64::try_from(block.int(owner.used)?).ok()?);
        let size = self.kernel.types.size_of("struct ftrace_ret_stack")?;
        let word = u64::from(self.kernel.view().view_metadata().pointer_size).max(1);
        let bytes = match self.holds_entries() {
            true => used.checked_add(1)?.checked_mul(size)?,
            false => used.checked_mul(word)?,
        };
        let (place, ret) = (shape.place?, shape.ret?);
        // From the newest: older ones may have been taken from the same place.
        (0..bytes.min(GRAPH) / word).rev().find_map(|i| {
            let at = stack.wrapping_add(umem::from(i * word));
            let entry = at.checked_sub(umem::from(place.offset))?;
            if entry.value() < stack.value() || self.pointer(at)? != slot {
                return None;
            }
            self.pointer(entry.wrapping_add(umem::from(ret.offset))).filter(|ip| *ip != 0)
        })
    }

    /// Whether `ret_stack` points to entries, not to words.
    fn holds_entries(&self) -> bool {
        let types = &*self.kernel.types;
        let pointed = types.field("struct task_struct", "ret_stack").and_then(|f| types.resolve(f.type_id));
        match pointed.map(|(_, t)| t.kind) {
            Some(TypeKind::Pointer(to)) => {
                matches!(types.resolve(to).map(|(_, t)| t.kind), Some(TypeKind::Struct(_) | TypeKind::Forward))
            }
            _ => false,
        }
    }

    /// The word of a pointer's size at `at`.
    fn pointer(&self, at: VirtAddr) -> Option<u64> {
        self.kernel.space.read_ptr(at).ok().map(number)
    }

    fn hooked(&self, task: VirtAddr, slot: u64) -> Option<u64> {
        let owner = self.kernel.shape::<TracedShape>();
        let block = owner.read(self.kernel.view(), task);
        if owner.hooks.is_some() {
            let s = self.kernel.shape::<HookShape>();
            let found = self.chain(block.ptr(owner.hooks), slot, (s.link, s.ret, s.place));
            if found.is_some() {
                return found;
            }
        }
        let s = self.kernel.shape::<ProbeShape>();
        self.chain(block.ptr(owner.probes), slot, (s.link, s.ret, s.place))
    }

    fn chain(
        &self,
        first: Option<VirtAddr>,
        slot: u64,
        (link, ret, place): (Option<Member>, Option<Member>, Option<Member>),
    ) -> Option<u64> {
        let (ret, place) = (umem::from(ret?.offset), umem::from(place?.offset));
        let mut seen = HashSet::new();
        let mut at = first;
        while let Some(node) = at.filter(|n| !n.is_null()) {
            if seen.len() > MOST || !seen.insert(node) {
                return None;
            }
            let whole = container_of(node, link)?;
            if self.pointer(whole.wrapping_add(place))? == slot {
                // Of several hooks on one function only the innermost knows the way back; the others hold the trampoline.
                let ip = self.pointer(whole.wrapping_add(ret))?;
                if !self.hooks.contains(&ip) {
                    return Some(ip);
                }
            }
            at = self.kernel.space.read_ptr(node).ok();
        }
        None
    }
}
