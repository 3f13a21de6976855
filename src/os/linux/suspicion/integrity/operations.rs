//! Structures of functions (`file_operations`, `seq_operations`, ...), and the files of `/proc`, which rootkits hide things from.
//!
//! Who may fill such a structure follows from where it lies: one of the kernel's own calls the kernel's own code, one of a module
//! that module's code, the kernel's, and that of modules which the module uses.

use super::{Hook, Reader};
use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::code::owner::OwnerKind;
use crate::os::linux::containers::list::list;
use crate::os::linux::containers::tree::tree;
use crate::symbols::{TypeId, TypeKind, Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;
use std::rc::Rc;

shapes! {
    /// `proc_dir_entry`: a file of `/proc`.
    EntryShape: "proc_dir_entry" {
        inode: ["proc_iops"],
        // 5.6: `proc_ops`, and for directories `proc_dir_ops` in the same place; before, `file_operations` for both.
        file: ["proc_ops", "proc_fops"],
        // In one place: which of the two it is, `file` tells.
        seq: ["seq_ops"],
        show: ["single_show"],
        write: ["write"],
        mode: ["mode"],
        name: ["name"],
        children: ["subdir"],
        node: ["subdir_node"],
    }
    /// `net`, for its part of `/proc`.
    NetProcShape: "net" {
        link: ["list"],
        number: ["ns.inum", "proc_inum"],
        entry: ["proc_net"],
    }
}

/// No `/proc` has more files that are not of processes.
const MOST: usize = 1 << 18;
/// Of fewer functions that are set nothing is concluded from how many lead to code.
const FEW: usize = 4;
/// Names of one file of `/proc` are no longer.
const NAME: usize = 256;
/// Nor are paths there (`PATH_MAX`, include/uapi/linux/limits.h).
const LONGEST: usize = 4096;
/// `S_IFMT` and `S_IFDIR`.
const MODE_KIND: u64 = 0o170_000;
const MODE_DIRECTORY: u64 = 0o040_000;

/// Files whose contents are what rootkits filter most, and the operations that only the kernel gives them.
const SOCKETS: [(&str, &str); 6] = [
    ("tcp", "tcp4_seq_ops"),
    ("tcp6", "tcp6_seq_ops"),
    ("udp", "udp_seq_ops"),
    ("udp6", "udp6_seq_ops"),
    ("raw", "raw_seq_ops"),
    ("raw6", "raw6_seq_ops"),
];

impl Reader<'_, '_> {
    /// Names and offsets of the pointers to functions in a structure.
    pub(super) fn functions(&mut self, structure: &'static str) -> Rc<Vec<(String, u64)>> {
        let types = &*self.owners.kernel().types;
        Rc::clone(self.functions.entry(structure).or_insert_with(|| Rc::new(functions(types, structure))))
    }

    /// The functions of the structure at `at`, once for each structure however many files share it.
    pub(super) fn operations(&mut self, table: &'static str, name: &str, structure: &'static str, at: VirtAddr) {
        if at.is_null() || !self.seen.insert((structure, at)) {
            return;
        }
        let kernel = self.owners.kernel();
        let holder = self.owners.of(at);
        let mut found = Vec::new();
        for (member, offset) in self.functions(structure).iter() {
            let slot = at.wrapping_add(umem::from(*offset));
            let Ok(target) = kernel.space.read_ptr(slot) else {
                self.lost.push(format!("{structure} at {at}, of {name}, is not in the image"));
                break;
            };
            // `(void *)1` and the like are no pointers.
            if target.value() < 4096 {
                continue;
            }
            let mut hook = self.fixed(table, format!("{name} {member}"), Some(slot), target);
            hook.reason = match holder.kind {
                OwnerKind::KernelData | OwnerKind::Kernel => hook.reason,
                OwnerKind::ModuleData | OwnerKind::Module => {
                    hook.kind().and_then(OwnerKind::wild).or_else(|| self.unrelated(holder.module.as_deref(), &hook))
                }
                _ => hook.kind().and_then(OwnerKind::wild),
            };
            found.push(hook);
        }
        // Whoever hooks replaces some with code of theirs. Where most lead to none, something else lies there.
        let nowhere = found.iter().filter(|h| h.kind().is_some_and(leads_nowhere)).count();
        if found.len() >= FEW && nowhere * 2 > found.len() {
            self.lost.push(format!(
                "{structure} at {at}, of {name}: {nowhere} of {} functions lead to no code, so that something else lies there",
                found.len()
            ));
            return;
        }
        self.out.append(&mut found);
    }

    /// Why a module's constants should not hold this target: another module's code that it does not use.
    pub(super) fn unrelated(&self, module: Option<&str>, hook: &Hook) -> Option<&'static str> {
        let other = hook.owner.as_ref().filter(|o| o.kind == OwnerKind::Module)?.module.as_deref()?;
        let module = module?;
        let related = module == other || self.uses.contains(&(module.to_owned(), other.to_owned()));
        (!related).then_some("a table of a module points into a module that it does not use")
    }
}

/// Whether neither the kernel's code lies there nor any that could have been brought in.
fn leads_nowhere(kind: OwnerKind) -> bool {
    matches!(
        kind,
        OwnerKind::KernelData
            | OwnerKind::ModuleData
            | OwnerKind::Direct
            | OwnerKind::User
            | OwnerKind::Other
            | OwnerKind::Unmapped
    )
}

/// The pointers to functions among the members of a structure.
fn functions(types: &dyn Types, structure: &str) -> Vec<(String, u64)> {
    let found = types.find(&format!("struct {structure}")).and_then(|id| types.resolve(id));
    let Some(TypeKind::Struct(fields)) = found.map(|(_, t)| t.kind) else { return Vec::new() };
    let function = |id: TypeId| match types.resolve(id).map(|(_, t)| t.kind) {
        Some(TypeKind::Pointer(to)) => matches!(types.resolve(to).map(|(_, t)| t.kind), Some(TypeKind::Function)),
        _ => false,
    };
    fields.into_iter().filter(|f| function(f.type_id)).map(|f| (f.name, f.bit_offset / 8)).collect()
}

pub(super) fn proc(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    if let Some(root) = kernel.symbols.address("proc_root") {
        files(reader, root, "/proc", false);
    }
    let net = kernel.shape::<NetProcShape>();
    let first = kernel.address("init_net");
    let mut nets = Vec::new();
    if let (Some(head), Some(_)) = (kernel.address("net_namespace_list"), net.link) {
        nets.extend(
            list(view, head, "list of network namespaces", reader.lost).into_iter().filter_map(|n| container_of(n, net.link)),
        );
    }
    if nets.is_empty() {
        nets.extend(first);
    }
    for at in nets {
        let block = net.read(view, at);
        let path = match block.uint(net.number).filter(|_| Some(at) != first) {
            Some(number) => format!("net:[{number}]/proc/net"),
            None => "/proc/net".to_owned(),
        };
        if let Some(root) = block.ptr(net.entry) {
            files(reader, root, &path, true);
        }
    }
}

/// The files below `root`.
fn files(reader: &mut Reader<'_, '_>, root: VirtAddr, path: &str, net: bool) {
    let kernel = reader.owners.kernel();
    let shape = kernel.shape::<EntryShape>();
    if shape.children.is_none() || shape.node.is_none() {
        reader.lost.push("the files of /proc can't be listed: no type proc_dir_entry");
        return;
    }
    let mut todo = vec![(root, path.to_owned())];
    let (mut seen, mut nodes) = (HashSet::new(), 0);
    while let Some((at, path)) = todo.pop() {
        if !seen.insert(at) || seen.len() > MOST || path.len() > LONGEST {
            reader.lost.push(format!("{root}: the tree of files of /proc runs in a circle at {at}"));
            continue;
        }
        let Some(block) = shape.read_or(kernel.view(), at, reader.lost) else { continue };
        let top = net && at != root && path.rsplit_once('/').is_some_and(|(folder, _)| folder.ends_with("/proc/net"));
        file(reader, &shape, &block, &path, top);
        // Of what is no folder these are bytes of something else: a damaged link leads into any structure. A namespace's root has no
        // mode (`proc_net_ns_init`, fs/proc/proc_net.c).
        let folder = at == root || block.uint(shape.mode).is_none_or(|m| m & MODE_KIND == MODE_DIRECTORY);
        let Some(children) = block.at(shape.children).filter(|_| folder) else { continue };
        let below = tree(kernel.view(), &kernel.layouts.rb_node, children, &path, reader.lost);
        // Folders that share what lies in them, as only damage or a forger makes them, would be gone through once for each.
        nodes += below.len();
        if nodes > MOST {
            reader
                .lost
                .push(format!("{path}: more than {MOST} files of /proc, which is not to be believed: the rest is left out"));
            return;
        }
        for node in below {
            let Some(child) = container_of(node, shape.node) else { continue };
            let name = shape.read(kernel.view(), child).ptr(shape.name);
            let name = name.and_then(|n| kernel.space.read_cstr(n, NAME).ok()).unwrap_or_default();
            todo.push((child, format!("{path}/{}", String::from_utf8_lossy(&name))));
        }
    }
}

fn file(reader: &mut Reader<'_, '_>, shape: &EntryShape, block: &Block, path: &str, top: bool) {
    let kernel = reader.owners.kernel();
    let own = |names: &[&str], at: VirtAddr| names.iter().any(|n| kernel.symbols.address(n) == Some(at));
    if let Some(at) = block.ptr(shape.inode) {
        reader.operations("inode_operations", path, "inode_operations", at);
    }
    let directory = block.uint(shape.mode).is_some_and(|m| m & MODE_KIND == MODE_DIRECTORY);
    let Some(at) = block.ptr(shape.file) else { return };
    let structure = if directory || kernel.types.find("struct proc_ops").is_none() { "file_operations" } else { "proc_ops" };
    reader.operations("file_operations", path, structure, at);
    let slot = block.at(shape.file);
    if path == "/proc" {
        replaced(reader, path, slot, at, "proc_root_operations");
    }
    let mut call = None;
    if own(&["proc_seq_ops", "proc_net_seq_ops", "proc_seq_fops", "proc_net_seq_fops"], at) {
        if let Some(seq) = block.ptr(shape.seq) {
            reader.operations("seq_operations", path, "seq_operations", seq);
        }
    } else if own(&["proc_single_ops", "proc_net_single_ops", "proc_single_fops", "proc_net_single_fops"], at) {
        call = block.at(shape.show).zip(block.ptr(shape.show)).map(|(slot, target)| ("show", slot, target));
    }
    let write = block.at(shape.write).zip(block.ptr(shape.write)).map(|(slot, target)| ("write", slot, target));
    for (what, slot, target) in call.into_iter().chain(write) {
        let mut hook = reader.registered("seq_operations", format!("{path} {what}"), Some(slot), target);
        hook.fixed = true;
        reader.out.push(hook);
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let wanted = SOCKETS.iter().find(|(n, _)| top && *n == name);
    if let Some((_, symbol)) = wanted {
        if own(&["proc_net_seq_ops", "proc_net_seq_fops"], at) {
            if let Some(seq) = block.ptr(shape.seq) {
                replaced(reader, path, block.at(shape.seq), seq, symbol);
            }
        } else if kernel.symbols.address("proc_net_seq_ops").or_else(|| kernel.symbols.address("proc_net_seq_fops")).is_some() {
            replaced(reader, path, slot, at, "proc_net_seq_ops");
        }
    }
}

/// Tells a pointer to other operations than the kernel's own.
fn replaced(reader: &mut Reader<'_, '_>, path: &str, slot: Option<VirtAddr>, at: VirtAddr, symbol: &str) {
    let Some(right) = reader.owners.kernel().symbols.address(symbol) else { return };
    if at != right {
        let mut hook = reader.registered("seq_operations", format!("{path} operations"), slot, at);
        hook.reason = Some("other operations than the kernel's own");
        hook.detail = Some(format!("not {symbol}"));
        reader.out.push(hook);
    }
}
