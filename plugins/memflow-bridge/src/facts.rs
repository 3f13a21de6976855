//! memflow's records as memsh's.

use memflow::architecture::ArchitectureIdent;
use memflow::error::Result;
use memflow::os::{self, ProcessState};
use memflow::prelude::v1::{Address, CTup3, MemoryRange, PageType, PhysicalAddress};
use memsh_plugin::{
    Listing, Maybe, ModuleInfo, Perm, PhysAddr, ProcessInfo, RegionInfo, Status, Text, TranslateOp, Translation, ViewMetadata,
    VirtAddr,
};

/// Most regions of a process.
const MAX_REGIONS: usize = 1 << 22;

fn text(text: &str) -> Maybe<Text> {
    if text.is_empty() { Maybe::None } else { Maybe::Some(text.into()) }
}

/// An architecture's name and the bits of its addresses.
fn arch(ident: ArchitectureIdent) -> (&'static str, u8) {
    match ident {
        ArchitectureIdent::X86(32, _) => ("x86", 32),
        ArchitectureIdent::X86(..) => ("x86_64", 64),
        ArchitectureIdent::AArch64(_) => ("aarch64", 64),
        ArchitectureIdent::Unknown(_) => ("", 64),
    }
}

/// A page-table root, where there is one.
pub fn root(dtb: Address) -> Option<PhysAddr> {
    Some(dtb).filter(|d| !d.is_null() && *d != Address::INVALID).map(|d| PhysAddr::new(d.to_umem()))
}

/// A process.
pub fn process(p: &os::ProcessInfo) -> ProcessInfo {
    let state = match p.state {
        ProcessState::Unknown => Maybe::None,
        ProcessState::Alive => Maybe::Some("alive".into()),
        ProcessState::Dead(code) => Maybe::Some(format!("dead ({code})").into()),
    };
    let ((name, bits), (_, system_bits)) = (arch(p.proc_arch), arch(p.sys_arch));
    ProcessInfo {
        address: VirtAddr::new(p.address.to_umem()),
        pid: p.pid,
        name: p.name.as_ref().into(),
        state,
        dtb: root(p.dtb1).into(),
        image_path: text(p.path.as_ref()),
        command_line: text(p.command_line.as_ref()),
        wow64: bits < system_bits,
        arch: name.into(),
        ..ProcessInfo::default()
    }
}

/// The modules that `read` gives for the keys of a list; those that it can't are lost.
pub fn modules<K: std::fmt::Debug + Clone>(
    keys: Vec<K>,
    mut read: impl FnMut(K) -> Result<os::ModuleInfo>,
) -> Listing<ModuleInfo> {
    let (mut items, mut lost) = (Vec::with_capacity(keys.len()), Vec::<Text>::new());
    for key in keys {
        match read(key.clone()) {
            // memflow-win32 0.2.0 takes the head of a list of modules for one of them.
            Ok(m) if m.base.is_null() && m.size == 0 => {}
            Ok(m) => items.push(ModuleInfo {
                address: Maybe::Some(VirtAddr::new(m.address.to_umem())),
                name: m.name.as_ref().into(),
                base: VirtAddr::new(m.base.to_umem()),
                size: m.size,
                path: text(m.path.as_ref()),
                arch: arch(m.arch).0.into(),
                ..ModuleInfo::default()
            }),
            Err(e) => lost.push(format!("the module {key:?}: memflow says: {e}").into()),
        }
    }
    Listing { items: items.into(), lost: lost.into() }
}

/// Where the half of an address space that belongs to its process ends at most: x86-64 and AArch64 split at bit 47 and 48; where a
/// 32-bit system does is its own affair.
pub fn user_end(system: ArchitectureIdent) -> u64 {
    match system {
        ArchitectureIdent::X86(32, _) => 1 << 32,
        ArchitectureIdent::AArch64(_) => 1 << 48,
        ArchitectureIdent::X86(..) | ArchitectureIdent::Unknown(_) => 1 << 47,
    }
}

/// What is mapped, in order; neighbours that are alike are one. `modules` say what lies there.
pub fn regions(mut found: Vec<MemoryRange>, end: u64, modules: &[ModuleInfo]) -> Vec<RegionInfo> {
    found.truncate(MAX_REGIONS);
    found.sort_by_key(|CTup3(start, ..)| *start);
    let module = |at: u64| {
        modules.iter().find(|m| m.base.value() <= at && at < m.base.value().saturating_add(m.size) && m.base.value() != 0)
    };
    let mut out: Vec<(u64, u64, PageType, Option<&ModuleInfo>)> = Vec::new();
    for CTup3(start, size, page) in found {
        let start = start.to_umem();
        let stop = start.saturating_add(size).min(end);
        if stop <= start {
            continue;
        }
        let page = page & (PageType::WRITEABLE | PageType::NOEXEC);
        let within = module(start);
        let same = |a: Option<&ModuleInfo>| a.map(|m| m.base) == within.map(|m| m.base);
        match out.last_mut() {
            Some((_, last, p, m)) if *last == start && *p == page && same(*m) => *last = stop,
            // memflow may give a page twice; an address belongs to one region.
            Some((_, last, ..)) if *last > start => {
                let from = *last;
                if stop > from {
                    out.push((from, stop, page, within));
                }
            }
            _ => out.push((start, stop, page, within)),
        }
    }
    let region = |(start, stop, page, within): (u64, u64, PageType, Option<&ModuleInfo>)| RegionInfo {
        start: VirtAddr::new(start),
        end: VirtAddr::new(stop),
        read: true,
        write: page.contains(PageType::WRITEABLE),
        execute: !page.contains(PageType::NOEXEC),
        path: within.map_or(Maybe::None, |m| m.path.clone()),
        kind: if within.is_some() { "module" } else { "mapped" }.into(),
        ..RegionInfo::default()
    };
    out.into_iter().map(region).collect()
}

/// An address space of this architecture.
pub fn view(ident: ArchitectureIdent, root: PhysAddr) -> ViewMetadata {
    ViewMetadata { pointer_size: arch(ident).1 / 8, little_endian: true, page_size: 4096, root }
}

/// Translates each operation by `ask`.
pub fn translate(ops: &mut [TranslateOp], mut ask: impl FnMut(Address) -> Result<PhysicalAddress>) {
    for op in ops {
        match ask(Address::from(op.addr.value())) {
            Ok(at) => {
                let kind = at.page_type();
                let perm = Perm::READ
                    .with(Perm::WRITE, kind.contains(PageType::WRITEABLE))
                    .with(Perm::EXECUTE, !kind.contains(PageType::NOEXEC));
                let shift = u8::try_from(at.page_size().max(1).trailing_zeros()).unwrap_or(12).max(12);
                op.translation = Translation { phys: PhysAddr::new(at.to_umem()), perm, page_shift: shift };
                op.status = Status::DONE;
            }
            Err(_) => op.status = Status::MISSING,
        }
    }
}
