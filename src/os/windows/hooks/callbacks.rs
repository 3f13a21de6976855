//! What drivers registered to be called: at the start and end of processes and threads, for images, registry calls, bug checks,
//! shutdown, file systems.

use super::{Collector, Slot};
use crate::engine::ViewExt;
use crate::os::windows::base::kernel::{Kernel, Reader};
use crate::os::windows::base::{list, text};
use memsh_plugin::{VirtAddr, umem};

/// Arrays of `EX_CALLBACK`, and the table that they make.
const ARRAYS: [(&str, &str); 3] = [
    ("process", "PspCreateProcessNotifyRoutine"),
    ("thread", "PspCreateThreadNotifyRoutine"),
    ("image", "PspLoadImageNotifyRoutine"),
];

/// `IRP_MJ_SHUTDOWN` (wdm.h).
const SHUTDOWN: umem = 0x10;
/// The longest component of a bug check callback.
const LONGEST: usize = 64;

/// A list of structures that begin with a list entry, and in which of their words the routine and a text or driver stand.
struct List {
    table: &'static str,
    head: &'static str,
    /// Words before the routine.
    routine: umem,
    /// Words before a pointer to the name of who registered it.
    component: Option<umem>,
}

/// wdm.h: `KBUGCHECK_CALLBACK_RECORD`, `KBUGCHECK_REASON_CALLBACK_RECORD`; the notification packet of file systems.
const LISTS: [List; 3] = [
    List { table: "bugcheck", head: "KeBugCheckCallbackListHead", routine: 2, component: Some(5) },
    List { table: "bugcheck", head: "KeBugCheckReasonCallbackListHead", routine: 2, component: Some(3) },
    List { table: "filesystem", head: "IopFsNotifyChangeQueueHead", routine: 3, component: None },
];

fn component(reader: &Reader<'_>, at: VirtAddr) -> Option<String> {
    let bytes = reader.view().read_cstr(reader.ptr(at).filter(|&p| !p.is_null())?, LONGEST).ok()?;
    let name = text::zero_ended(&bytes).to_string_lossy().into_owned();
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() || c == ' ')).then_some(name)
}

pub(super) fn collect(all: &mut Collector<'_>, want: &dyn Fn(&str) -> bool) {
    let kernel = all.kernel;
    let mut unknown = Vec::new();
    for (table, name) in ARRAYS.into_iter().filter(|(t, _)| want(t)) {
        match kernel.address(name) {
            Some(at) => array(all, table, name, at),
            None => unknown.push(name),
        }
    }
    for what in LISTS.iter().filter(|l| want(l.table)) {
        match kernel.address(what.head) {
            Some(head) => walk(all, what, head),
            None => unknown.push(what.head),
        }
    }
    if want("registry") {
        match kernel.address("CallbackListHead") {
            Some(head) => registry(all, head),
            None => unknown.push("CallbackListHead"),
        }
    }
    if want("shutdown") {
        match kernel.address("IopNotifyShutdownQueueHead") {
            Some(head) => shutdown(all, head),
            None => unknown.push("IopNotifyShutdownQueueHead"),
        }
    }
    if !unknown.is_empty() {
        all.lost.push(format!("callbacks that were not found, for want of symbols of this build: {}", unknown.join(", ")));
    }
}

/// Slots of an array: 8 up to Server 2003, then 64.
fn slots(kernel: &Kernel) -> u8 {
    if kernel.build.number < 6000 { 8 } else { 64 }
}

/// Each slot refers to a block: a count of users, the routine, a context.
fn array(all: &mut Collector<'_>, table: &'static str, name: &str, at: VirtAddr) {
    let kernel = all.kernel;
    let reader = kernel.reader();
    let mask = if kernel.wide() { 15 } else { 7 };
    for index in 0..slots(kernel) {
        let slot = at.wrapping_add(reader.width() * umem::from(index));
        let Some(word) = reader.ptr(slot) else {
            all.lost.push(format!("{name} can't be read at {slot}"));
            continue;
        };
        let block = VirtAddr::new(word.value() & !mask);
        if block.is_null() {
            continue;
        }
        match reader.ptr(block.wrapping_add(reader.width())).filter(|p| reader.plausible(block) && !p.is_null()) {
            Some(routine) => {
                let slot = Slot { table, index: Some(u64::from(index)), name: name.to_owned(), slot: Some(slot), detail: None };
                all.push(slot, routine);
            }
            None => all.lost.push(format!("{name}: the callback in slot {index} can't be read at {block}")),
        }
    }
}

/// Nodes of a list; a head that nobody has written to yet has none.
fn nodes(all: &mut Collector<'_>, head: VirtAddr, name: &str) -> Vec<VirtAddr> {
    let reader = all.kernel.reader();
    if reader.ptr(head).is_some_and(VirtAddr::is_null)
        && reader.ptr(head.wrapping_add(reader.width())).is_some_and(VirtAddr::is_null)
    {
        return Vec::new();
    }
    list::nodes(&reader, head, name, &mut all.lost)
}

fn walk(all: &mut Collector<'_>, what: &List, head: VirtAddr) {
    let reader = all.kernel.reader();
    for node in nodes(all, head, what.head) {
        let slot = node.wrapping_add(what.routine * reader.width());
        let Some(routine) = reader.ptr(slot) else {
            all.lost.push(format!("{}: the callback at {node} can't be read", what.head));
            continue;
        };
        let detail = what.component.and_then(|words| component(&reader, node.wrapping_add(words * reader.width())));
        all.push(Slot { table: what.table, index: None, name: what.head.to_owned(), slot: Some(slot), detail }, routine);
    }
}

/// Registry callbacks, since Vista: behind the list entry two numbers, a cookie of 64 bits, context, routine and altitude.
fn registry(all: &mut Collector<'_>, head: VirtAddr) {
    let reader = all.kernel.reader();
    let (routine, altitude) = if all.kernel.wide() { (0x28, 0x30) } else { (0x1c, 0x20) };
    for node in nodes(all, head, "CallbackListHead") {
        let slot = node.wrapping_add(routine);
        let Some(target) = reader.ptr(slot) else {
            all.lost.push(format!("CallbackListHead: the callback at {node} can't be read"));
            continue;
        };
        let detail = reader.unicode(node.wrapping_add(altitude)).filter(|a| !a.is_empty() && a.len() < 64);
        let detail = detail.map(|a| format!("altitude {a}"));
        all.push(Slot { table: "registry", index: None, name: "CallbackListHead".to_owned(), slot: Some(slot), detail }, target);
    }
}

/// Devices that want to know of the end: their driver's routine for it is called.
fn shutdown(all: &mut Collector<'_>, head: VirtAddr) {
    let kernel = all.kernel;
    let (o, reader) = (&kernel.offsets, kernel.reader());
    for node in nodes(all, head, "IopNotifyShutdownQueueHead") {
        let device = reader.ptr(node.wrapping_add(2 * reader.width())).filter(|&d| reader.plausible(d));
        let driver = device.and_then(|d| reader.ptr_at(d, o.device.driver)).filter(|&d| reader.plausible(d));
        let slot = driver.zip(o.driver_object.major).map(|(d, m)| d.wrapping_add(m.offset + SHUTDOWN * reader.width()));
        let Some((slot, target)) = slot.and_then(|slot| Some((slot, reader.ptr(slot)?))) else {
            all.lost.push(format!("IopNotifyShutdownQueueHead: the entry at {node} can't be read"));
            continue;
        };
        let detail = driver.and_then(|d| reader.unicode_at(d, o.driver_object.name));
        let name = "IopNotifyShutdownQueueHead".to_owned();
        all.push(Slot { table: "shutdown", index: None, name, slot: Some(slot), detail }, target);
    }
}
