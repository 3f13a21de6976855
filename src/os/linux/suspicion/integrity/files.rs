//! Operations of file systems (the root directory of each), of character devices, and of terminals.

use super::Reader;
use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::containers::list::list;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};
use std::collections::{HashMap, HashSet};

shapes! {
    /// `super_block`: a mounted file system.
    SuperShape: "super_block" {
        link: ["s_list"],
        operations: ["s_op"],
        root: ["s_root"],
        names: ["s_d_op", "__s_d_op"],
        kind: ["s_type"],
    }
    /// `file_system_type`.
    TypeShape: "file_system_type" { name: ["name"], }
    /// `dentry`.
    DentryShape: "dentry" { inode: ["d_inode"], }
    /// `inode`.
    InodeShape: "inode" {
        operations: ["i_op"],
        file: ["i_fop"],
    }
    /// `kobj_map`: devices by their numbers.
    MapShape: "kobj_map" { probes: ["probes"], }
    /// `probe`, of a `kobj_map`.
    ProbeShape: "probe" {
        next: ["next"],
        number: ["dev"],
        get: ["get"],
        data: ["data"],
    }
    /// `cdev`: a character device.
    DeviceShape: "cdev" { operations: ["ops"], }
    /// `char_device_struct`: numbers of character devices and who has them.
    NumbersShape: "char_device_struct" {
        next: ["next"],
        major: ["major"],
        name: ["name"],
    }
    /// `miscdevice`.
    MiscShape: "miscdevice" {
        link: ["list"],
        name: ["name"],
        operations: ["fops"],
    }
    /// `tty_driver`.
    DriverShape: "tty_driver" {
        link: ["tty_drivers"],
        name: ["name"],
        count: ["num"],
        base: ["name_base"],
        terminals: ["ttys"],
        operations: ["ops"],
    }
    /// `tty_struct`: an open terminal.
    TerminalShape: "tty_struct" {
        discipline: ["ldisc"],
        operations: ["ops"],
        name: ["name"],
    }
    /// `tty_ldisc`.
    DisciplineShape: "tty_ldisc" { operations: ["ops"], }
    /// `tty_ldisc_ops`.
    DisciplineOpsShape: "tty_ldisc_ops" { receive: ["receive_buf"], receive2: ["receive_buf2"], }
}

/// No list of these is longer.
const MOST: usize = 1 << 16;
/// Slots of the tables of character devices (`CHRDEV_MAJOR_HASH_SIZE`, and that of `kobj_map`).
const SLOTS: u64 = 255;
/// `MINORBITS` (include/linux/kdev_t.h).
const MINOR_BITS: u32 = 20;

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    systems(reader);
    characters(reader);
    misc(reader);
    terminals(reader);
}

fn text(reader: &Reader<'_, '_>, at: Option<VirtAddr>) -> String {
    let bytes = at.and_then(|at| reader.owners.kernel().space.read_cstr(at, 256).ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn systems(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let (shape, kind) = (kernel.shape::<SuperShape>(), kernel.shape::<TypeShape>());
    let (dentry, inode) = (kernel.shape::<DentryShape>(), kernel.shape::<InodeShape>());
    let (Some(head), Some(_)) = (kernel.symbols.address("super_blocks"), shape.link) else { return };
    for node in list(view, head, "list of file systems", reader.lost) {
        let Some(at) = container_of(node, shape.link) else { continue };
        let Some(block) = shape.read_or(view, at, reader.lost) else { continue };
        let name = block.ptr(shape.kind).and_then(|at| kind.read(view, at).ptr(kind.name));
        let name = format!("{} /", text(reader, name));
        if let Some(at) = block.ptr(shape.operations) {
            reader.operations("super_operations", &name, "super_operations", at);
        }
        if let Some(at) = block.ptr(shape.names) {
            reader.operations("dentry_operations", &name, "dentry_operations", at);
        }
        let root = block.ptr(shape.root).and_then(|at| dentry.read_or(view, at, reader.lost)?.ptr(dentry.inode));
        let Some(root) = root.and_then(|at| inode.read_or(view, at, reader.lost)) else { continue };
        if let Some(at) = root.ptr(inode.operations) {
            reader.operations("inode_operations", &name, "inode_operations", at);
        }
        if let Some(at) = root.ptr(inode.file) {
            reader.operations("file_operations", &name, "file_operations", at);
        }
    }
}

/// Who has which numbers of character devices.
fn names(reader: &mut Reader<'_, '_>) -> HashMap<u64, String> {
    let kernel = reader.owners.kernel();
    let shape = kernel.shape::<NumbersShape>();
    let mut out = HashMap::new();
    let mut seen = HashSet::new();
    let Some(table) = kernel.symbols.address("chrdevs") else { return out };
    for first in slots(reader, table, SLOTS) {
        let mut at = Some(first);
        while let Some(entry) = at.filter(|a| seen.insert(*a) && seen.len() < MOST) {
            let block = shape.read(kernel.view(), entry);
            if let (Some(major), Some(name)) = (block.uint(shape.major), block.text(shape.name)) {
                out.entry(major).or_insert_with(|| String::from_utf8_lossy(name).into_owned());
            }
            at = block.ptr(shape.next);
        }
    }
    out
}

fn slots(reader: &Reader<'_, '_>, table: VirtAddr, count: u64) -> Vec<VirtAddr> {
    let kernel = reader.owners.kernel();
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let slot = |i| kernel.space.read_ptr(table.wrapping_add(umem::from(i) * word)).ok().filter(|p| !p.is_null());
    (0..count).filter_map(slot).collect()
}

fn characters(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let (map, probe, device) = (kernel.shape::<MapShape>(), kernel.shape::<ProbeShape>(), kernel.shape::<DeviceShape>());
    let exact = kernel.symbols.address("exact_match");
    let table = kernel.symbols.address("cdev_map").and_then(|at| kernel.space.read_ptr(at).ok());
    let Some(table) = table.and_then(|at| map.read(kernel.view(), at).at(map.probes)) else { return };
    if probe.next.is_none() || device.operations.is_none() {
        return;
    }
    let names = names(reader);
    let mut seen = HashSet::new();
    for first in slots(reader, table, SLOTS) {
        let mut at = Some(first);
        while let Some(entry) = at.filter(|a| seen.insert(*a) && seen.len() < MOST) {
            let Some(block) = probe.read_or(kernel.view(), entry, reader.lost) else { break };
            at = block.ptr(probe.next);
            // Only these have a device behind them; the first of each chain loads a module.
            if block.ptr(probe.get) != exact || exact.is_none() {
                continue;
            }
            let Some(operations) = block.ptr(probe.data).and_then(|at| device.read(kernel.view(), at).ptr(device.operations))
            else {
                continue;
            };
            let number = block.uint(probe.number).unwrap_or(0);
            let (major, minor) = (number >> MINOR_BITS, number & ((1 << MINOR_BITS) - 1));
            let owner = names.get(&major).map(|n| format!(" {n}")).unwrap_or_default();
            reader.operations("file_operations", &format!("char {major}:{minor}{owner}"), "file_operations", operations);
        }
    }
}

fn misc(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let shape = kernel.shape::<MiscShape>();
    let (Some(head), Some(_)) = (kernel.symbols.address("misc_list"), shape.link) else { return };
    for node in list(kernel.view(), head, "list of misc devices", reader.lost).into_iter().take(MOST) {
        let Some(at) = container_of(node, shape.link) else { continue };
        let Some(block) = shape.read_or(kernel.view(), at, reader.lost) else { continue };
        let name = text(reader, block.ptr(shape.name));
        if let Some(at) = block.ptr(shape.operations) {
            reader.operations("file_operations", &format!("misc {name}"), "file_operations", at);
        }
    }
}

/// What receives the characters of each terminal: a keylogger's place (drivers/tty/tty_io.c, tty_ldisc.c).
fn terminals(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let shape = kernel.shape::<DriverShape>();
    let (Some(head), Some(_)) = (kernel.symbols.address("tty_drivers"), shape.link) else { return };
    for node in list(view, head, "list of terminal drivers", reader.lost) {
        let Some(at) = container_of(node, shape.link) else { continue };
        let block = shape.read(view, at);
        let name = text(reader, block.ptr(shape.name));
        if let Some(at) = block.ptr(shape.operations) {
            reader.operations("tty", &name, "tty_operations", at);
        }
        let count = block.uint(shape.count).unwrap_or(0).min(1 << 12);
        let word = umem::from(view.view_metadata().pointer_size);
        let Some(terminals) = block.ptr(shape.terminals) else { continue };
        for i in 0..count {
            let terminal = kernel.space.read_ptr(terminals.wrapping_add(umem::from(i) * word));
            if let Some(at) = terminal.ok().filter(|t| !t.is_null()) {
                terminal_of(reader, at);
            }
        }
    }
    let Some(table) = kernel.symbols.address("tty_ldiscs") else { return };
    // `NR_LDISCS` is 30 or, since 5.12, 31.
    for at in slots(reader, table, 30) {
        let holder = reader.owners.of(at).kind;
        if matches!(holder, super::OwnerKind::KernelData | super::OwnerKind::ModuleData) {
            reader.operations("tty", "line discipline", "tty_ldisc_ops", at);
        }
    }
}

fn terminal_of(reader: &mut Reader<'_, '_>, at: VirtAddr) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let shape = kernel.shape::<TerminalShape>();
    let (discipline, operations) = (kernel.shape::<DisciplineShape>(), kernel.shape::<DisciplineOpsShape>());
    let block: Block = shape.read(view, at);
    let name = block.text(shape.name).map(|n| String::from_utf8_lossy(n).into_owned()).unwrap_or_default();
    if let Some(at) = block.ptr(shape.operations) {
        reader.operations("tty", &name, "tty_operations", at);
    }
    let held = block.ptr(shape.discipline).and_then(|at| discipline.read_or(view, at, reader.lost));
    let Some(ops) = held.and_then(|b| b.ptr(discipline.operations)) else { return };
    // Every terminal is told with what receives its characters, though most share it.
    let calls = operations.read(view, ops);
    let members = [("receive_buf", operations.receive), ("receive_buf2", operations.receive2)];
    let told = members.into_iter().find_map(|(n, m)| Some((n, calls.at(m)?, calls.ptr(m)?)));
    reader.operations("tty", &name, "tty_ldisc_ops", ops);
    if let Some((member, slot, target)) = told {
        let known = reader.out.iter().any(|h| h.slot == Some(slot) && h.name == format!("{name} {member}"));
        if !known {
            let mut hook = reader.registered("tty", format!("{name} {member}"), Some(slot), target);
            hook.fixed = true;
            // A shared structure is suspicious once, under the name of the terminal that was met first.
            hook.reason = None;
            reader.out.push(hook);
        }
    }
}
