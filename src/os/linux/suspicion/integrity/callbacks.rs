//! What modules may add to the kernel beside all this: program loaders, and what decides on access.

use super::Reader;
use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{Chains, list};
use crate::symbols::{TypeKind, Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `linux_binfmt`: a loader of programs.
    FormatShape: "linux_binfmt" {
        link: ["lh"],
        load: ["load_binary"],
        library: ["load_shlib"],
        dump: ["core_dump"],
    }
    /// `security_hook_list`: a function of a security module.
    SecurityShape: "security_hook_list" {
        link: ["list"],
        hook: ["hook"],
        // 6.7: a `lsm_id`; before, the name itself.
        id: ["lsmid"],
        name: ["lsm"],
    }
    /// `lsm_static_call` (6.12).
    StaticShape: "lsm_static_call" {
        key: ["key"],
        hook: ["hl"],
    }
}

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    formats(reader);
    security(reader);
    helpers(reader);
}

/// Loaders of programs (fs/exec.c). Several variables are named `formats`; the right one leads to `elf_format`.
fn formats(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let shape = kernel.shape::<FormatShape>();
    let known = ["elf_format", "script_format"].map(|n| kernel.symbols.address(n));
    let heads: Vec<VirtAddr> = kernel.symbols.all().filter(|s| s.name == "formats").map(|s| s.address).collect();
    for head in heads {
        let mut lost = Lost::default();
        let nodes = list(view, head, "list of program loaders", &mut lost);
        let loaders: Vec<VirtAddr> = nodes.into_iter().filter_map(|n| container_of(n, shape.link)).collect();
        if !loaders.iter().any(|l| known.contains(&Some(*l))) {
            continue;
        }
        reader.lost.extend(lost);
        for at in loaders {
            let block = shape.read(view, at);
            let name = reader.owners.place(at);
            for (what, member) in [("load_binary", shape.load), ("load_shlib", shape.library), ("core_dump", shape.dump)] {
                if let Some(target) = block.ptr(member) {
                    let hook = reader.registered("binfmt", format!("{name} {what}"), block.at(member), target);
                    reader.out.push(hook);
                }
            }
        }
    }
}

/// What security modules registered (security/security.c): lists up to 6.11, a table of static calls since. Only code that is
/// built into the kernel can.
fn security(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let shape = kernel.shape::<SecurityShape>();
    let view = kernel.view();
    if let Some(heads) = kernel.symbols.address("security_hook_heads") {
        let mut chains = Chains::default();
        for (name, offset, _) in members(&*kernel.types, "security_hook_heads") {
            for node in chains.nodes(view, heads.wrapping_add(umem::from(offset)), "list of security hooks", reader.lost) {
                if let Some(at) = container_of(node, shape.link) {
                    registered(reader, &shape, &name, at);
                }
            }
        }
    }
    let statics = kernel.shape::<StaticShape>();
    let step = kernel.types.size_of("struct lsm_static_call").filter(|&s| s > 0);
    let (Some(table), Some(step)) = (kernel.symbols.address("static_calls_table"), step) else { return };
    for (name, offset, size) in members(&*kernel.types, "lsm_static_calls_table") {
        for i in 0..(size / step).min(64) {
            let at = table.wrapping_add(umem::from(offset)).wrapping_add(umem::from(i * step));
            let block = statics.read(view, at);
            let Some(hook) = block.ptr(statics.hook) else { continue };
            registered(reader, &shape, &name, hook);
            // The static call's own idea of whom it calls.
            if let Some((key, target)) = block.ptr(statics.key).and_then(|k| Some((k, kernel.space.read_ptr(k).ok()?))) {
                let mut hook = reader.fixed("lsm", format!("{name} (call)"), Some(key), target);
                hook.index = Some(i);
                reader.out.push(hook);
            }
        }
    }
}

fn registered(reader: &mut Reader<'_, '_>, shape: &SecurityShape, name: &str, at: VirtAddr) {
    let kernel = reader.owners.kernel();
    let block = shape.read(kernel.view(), at);
    let Some(target) = block.ptr(shape.hook) else { return };
    let mut hook = reader.fixed("lsm", name, block.at(shape.hook), target);
    let text = block.ptr(shape.name).or_else(|| kernel.space.read_ptr(block.ptr(shape.id)?).ok());
    hook.detail = text
        .and_then(|t| kernel.space.read_cstr(t, 64).ok())
        .filter(|t| !t.is_empty())
        .map(|t| String::from_utf8_lossy(&t).into_owned());
    reader.out.push(hook);
}

/// Name, offset and size in bytes of the members of a structure.
fn members(types: &dyn Types, structure: &str) -> Vec<(String, u64, u64)> {
    let found = types.find(&format!("struct {structure}")).and_then(|id| types.resolve(id));
    let Some(TypeKind::Struct(fields)) = found.map(|(_, t)| t.kind) else { return Vec::new() };
    let size = |id| types.resolve(id).and_then(|(_, t)| t.size).unwrap_or(0);
    fields.into_iter().map(|f| (f.name, f.bit_offset / 8, size(f.type_id))).collect()
}

/// Programs that the kernel itself starts, as root: what an attacker who can write one string of the kernel replaces.
const HELPERS: [&str; 5] = ["modprobe_path", "core_pattern", "uevent_helper", "poweroff_cmd", "reboot_cmd"];
/// Anybody may write there.
const OPEN: [&str; 5] = ["/tmp/", "/var/tmp/", "/dev/", "/home/", "/proc/self/"];

fn helpers(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    for name in HELPERS {
        let Some(at) = kernel.symbols.address(name) else { continue };
        // `KMOD_PATH_LEN` and `POWEROFF_CMD_PATH_LEN` are 256, `CORENAME_MAX_SIZE` is 128.
        let Ok(text) = kernel.space.read_cstr(at, 256) else {
            reader.lost.push(format!("{name} at {at} is not in the image"));
            continue;
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        if text.is_empty() {
            continue;
        }
        let program = text.strip_prefix('|').map(str::trim_start).unwrap_or(&text);
        let runs = name != "core_pattern" || text.starts_with('|');
        let mut hook = reader.registered("helper", name, Some(at), VirtAddr::NULL);
        hook.owner = None;
        let open = runs && OPEN.iter().any(|d| program.starts_with(d));
        hook.reason = open.then_some("the kernel starts a program that anybody may write");
        hook.detail = Some(text);
        reader.out.push(hook);
    }
}
