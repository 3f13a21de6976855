//! What drivers registered to be called: at the start and end of processes and threads, for images, registry calls, bug checks,
//! shutdown, file systems.

use super::{Collector, Slot, derived};
use crate::engine::ViewExt;
use crate::os::windows::base::kernel::{Kernel, Reader};
use crate::os::windows::base::{list, text};
use crate::os::windows::objects::Objects;
use memsh_plugin::{VirtAddr, umem};

/// Arrays of `EX_CALLBACK`: the table that they make, their names, and the exported functions that fill them.
const ARRAYS: [(&str, &str, &str); 3] = [
    ("process", "PspCreateProcessNotifyRoutine", "PsSetCreateProcessNotifyRoutine"),
    ("thread", "PspCreateThreadNotifyRoutine", "PsSetCreateThreadNotifyRoutine"),
    ("image", "PspLoadImageNotifyRoutine", "PsSetLoadImageNotifyRoutine"),
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
    for (table, name, by) in ARRAYS.into_iter().filter(|(t, ..)| want(t)) {
        match kernel.address(name).or_else(|| derived::array(all, by, slots(kernel))) {
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
        let by = || derived::head(all, "CmRegisterCallback", registry_routine(kernel));
        match kernel.address("CallbackListHead").or_else(by) {
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

/// Bytes before the routine of a registry callback.
fn registry_routine(kernel: &Kernel) -> umem {
    if kernel.wide() { 0x28 } else { 0x1c }
}

/// Registry callbacks, since Vista: behind the list entry two numbers, a cookie of 64 bits, context, routine and altitude.
fn registry(all: &mut Collector<'_>, head: VirtAddr) {
    let reader = all.kernel.reader();
    let routine = registry_routine(all.kernel);
    let altitude = routine + reader.width();
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

/// What `ObRegisterCallbacks` adds to a type, since Vista SP1: behind the list entry two 32-bit numbers and a pointer; then the type, by
/// which an entry proves itself, the routine that is called before an operation and the one after it.
pub(super) fn of_types(all: &mut Collector<'_>, objects: &Objects<'_>) {
    let reader = all.kernel.reader();
    let Some(member) = all.kernel.offsets.object_type.callbacks else { return };
    let own = 2 * reader.width() + 8 + reader.width();
    for (kind, name) in objects.types() {
        let name = name.unwrap_or_else(|| format!("the type at {kind}"));
        for node in nodes(all, kind.wrapping_add(member.offset), &format!("callbacks of {name}")) {
            if reader.ptr(node.wrapping_add(own)) != Some(kind) {
                all.lost.push(format!("callbacks of {name}: what lies at {node} is none"));
                continue;
            }
            for (word, when) in [(1, "before"), (2, "after")] {
                let slot = node.wrapping_add(own + word * reader.width());
                if let Some(routine) = reader.ptr(slot).filter(|p| !p.is_null()) {
                    let detail = Some(format!("{when} a handle is made"));
                    all.push(Slot { table: "object", index: None, name: name.clone(), slot: Some(slot), detail }, routine);
                }
            }
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::list;
    use crate::os::windows::testkit::Kit;

    #[test]
    fn without_symbols_the_code_that_registers_says_where() {
        let mut kit = Kit::new("10.0.26100", true);
        let image = kit.head() & !0xfff;
        let (function, inner, array) = (image + 0x1000, image + 0x3000, image + 0x8000);
        kit.put(array - 0x100, &[0; 0x400]);
        let block = kit.at(0x2000);
        kit.word(array + 8, block | 15);
        kit.word(block + 8, function);
        kit.symbol("PsSetCreateProcessNotifyRoutine", function);
        // sub rsp,40; call inner; add rsp,40; ret
        let far = |from: u64, to: u64| u32::try_from(to - from).unwrap().to_le_bytes();
        kit.put(function, &[0x48, 0x83, 0xec, 0x28, 0xe8]);
        kit.put(function + 5, &far(function + 9, inner));
        kit.put(function + 9, &[0x48, 0x83, 0xc4, 0x28, 0xc3, 0xcc]);
        // lea rcx,[something else]; lea rdi,[array]; ret
        kit.put(inner, &[0x48, 0x8d, 0x0d]);
        kit.put(inner + 3, &far(inner + 7, array - 0x100));
        kit.put(inner + 7, &[0x48, 0x8d, 0x3d]);
        kit.put(inner + 10, &far(inner + 14, array));
        kit.put(inner + 14, &[0xc3, 0xcc]);
        // What is referred to first holds no block.
        kit.word(array - 0x100, 0x1234_5678);
        let kernel = kit.kernel();
        let found = list(&kernel, &["process"]);
        let seen: Vec<_> = found.items.iter().map(|h| (h.index, h.owner.kind())).collect();
        assert_eq!(seen, [(Some(1), "kernel")]);
        // Nothing is registered: it can't be told where.
        kit.word(array + 8, 0);
        let found = list(&kit.kernel(), &["process"]);
        assert!(found.items.is_empty());
        assert!(found.lost.iter().any(|l| l.to_string_lossy().contains("PspCreateProcessNotifyRoutine")));
    }

    #[test]
    fn callbacks_of_a_type_prove_themselves() {
        let mut kit = Kit::new("6.1.7601", true);
        let (pointer, kind, node, alien) = (kit.at(0x1000), kit.at(0x2000), kit.at(0x3000), kit.at(0x4000));
        kit.symbol("PsProcessType", pointer);
        kit.word(pointer, kind);
        kit.put(kind, &[0; 0x100]);
        kit.put(kind + crate::engine::to_u64(kit.o.object_type.index.unwrap().offset).unwrap(), &[7]);
        let head = kind + crate::engine::to_u64(kit.o.object_type.callbacks.unwrap().offset).unwrap();
        kit.put(node, &[0; 0x40]);
        kit.put(alien, &[0; 0x40]);
        kit.ring(&[head, node, alien]);
        kit.word(node + 0x20, kind);
        let code = kit.head() + 0x40;
        kit.word(node + 0x28, code);
        let kernel = kit.kernel();
        let found = list(&kernel, &["object"]);
        let seen: Vec<_> = found.items.iter().map(|h| (h.name.as_str(), h.owner.kind(), h.reason)).collect();
        assert_eq!(seen, [("Process", "kernel", None)]);
        assert!(found.lost.iter().any(|l| l.to_string_lossy().contains("is none")));
    }

    #[test]
    fn code_of_nobody_is_told_and_lists_in_circles_end() {
        for (release, wide) in [("6.1.7601", false), ("10.0.19041", true)] {
            let mut kit = Kit::new(release, wide);
            let width = kit.width();
            let (array, own, alien) = (kit.at(0x1000), kit.at(0x2000), kit.at(0x2100));
            kit.put(array, &[0; 512]);
            kit.symbol("PspCreateProcessNotifyRoutine", array);
            // References are counted in the lowest bits.
            kit.word(array, own | 7);
            kit.word(array + 3 * width, alien | 7);
            kit.word(array + 5 * width, 0x17);
            let code = kit.head() + 0x40;
            kit.word(own + width, code);
            let nowhere = kit.at(0x7_0000);
            kit.word(alien + width, nowhere);
            // A list whose first node leads to itself.
            let (head, node) = (kit.at(0x3000), kit.at(0x4000));
            kit.symbol("KeBugCheckCallbackListHead", head);
            kit.word(head, node);
            kit.word(head + width, node);
            kit.word(node, node);
            kit.word(node + width, head);
            let kernel = kit.kernel();
            let found = list(&kernel, &["process", "bugcheck"]);
            let seen: Vec<_> = found.items.iter().map(|h| (h.table, h.index, h.owner.kind(), h.reason.is_some())).collect();
            let process = [("process", Some(0), "kernel", false), ("process", Some(3), "other", true)];
            assert_eq!(seen.get(..2), Some(process.as_slice()), "{release}");
            let lost: Vec<_> = found.lost.iter().map(|l| l.to_string_lossy().into_owned()).collect();
            assert!(lost.iter().any(|l| l.contains("slot 5")), "{lost:?}");
            assert!(lost.iter().any(|l| l.contains("KeBugCheckCallbackListHead: the list")), "{lost:?}");
        }
    }
}
