//! Page-table roots that could be Windows'.

use super::shared;
use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, Memory, Software, WindowsEntries, root_groups, root_groups_until};
use crate::os::Hints;
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// A root, and what it was found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) paging: Paging,
    pub(super) root: PhysAddr,
    /// An address near the kernel's code or data, where one came along.
    pub(super) near: Option<VirtAddr>,
}

impl Root {
    /// Its address space, with entries understood as Windows means them.
    pub(super) fn space(&self, memory: &Memory) -> AddressSpace {
        AddressSpace::new(memory.clone(), self.paging, self.root).with_software(Software::Windows(WindowsEntries::default()))
    }
}

/// The format of Windows on ARM64: one page is the root of both halves (as MemProcFS walks it, `mm_arm64.c`).
const ARM64: Paging = Paging::AArch64K4B48Whole;

/// The formats that Windows uses, those of `arch` where one is named.
pub(super) fn pagings(hints: &Hints) -> Vec<Paging> {
    let all = [Paging::X86_64, Paging::X86_64La57, Paging::X86Pae, Paging::X86, ARM64];
    let narrow = |p: &Paging| p.format().pointer_size() == 4;
    let machine = hints.windows.as_ref().and_then(|w| w.machine).or(hints.machine.as_deref());
    let fits = |p: &Paging| match (hints.arch, machine) {
        (Some(arch), _) => p.format().arch == arch,
        (None, Some("x86_64")) => p.format().arch == Arch::X86_64,
        (None, Some("aarch64")) => *p == ARM64,
        // A 32-bit system in a dump that says so; one of a 64-bit machine may hold it, too.
        (None, Some("x86")) => narrow(p) || hints.windows.is_none() && *p != ARM64,
        (None, Some(_)) => false,
        (None, None) => true,
    };
    all.into_iter().filter(fits).collect()
}

/// CR3 without its flags; on ARM64 the page of both roots, of which TTBR1 has the upper half, without the ASID.
pub(super) fn frame(cr3: u64, paging: Paging) -> PhysAddr {
    let mask = match paging {
        Paging::X86Pae => 0xffff_ffe0,
        ARM64 => 0x0000_ffff_ffff_f000,
        _ => 0x000f_ffff_ffff_f000,
    };
    PhysAddr::new(umem::from(cr3 & mask))
}

/// What the user, the image's header or its processors name.
pub(super) fn named(hints: &Hints) -> Vec<Root> {
    let windows = hints.windows.as_ref();
    let near = hints.kernel_base.or_else(|| {
        let w = windows?;
        w.kernel_base.or(w.ps_loaded_module_list).or(w.kd_debugger_data_block).or(w.ps_active_process_head)
    });
    let given = hints.dtb.or_else(|| windows?.dtb);
    let given = given.and_then(|p| crate::engine::to_u64(p.value()));
    let registers = hints.cpus.iter().filter_map(|c| c.root);
    let mut out = Vec::new();
    for cr3 in given.into_iter().chain(registers) {
        for paging in pagings(hints) {
            let root = Root { paging, root: frame(cr3, paging), near };
            if !out.contains(&root) {
                out.push(root);
            }
        }
    }
    out
}

/// `PROCESSOR_START_BLOCK` in the first MiB, with which x86-64 processors are started (as MemProcFS and PCILeech describe it): a jump
/// and flags at 0, the address of `HalpLMStub` at 0x70, CR3 at 0xa0.
pub(super) fn low_stub(memory: &Memory) -> Vec<Root> {
    const END: umem = 0x10_0000;
    const LEN: usize = 0xa8;
    let pages: Vec<PhysAddr> = (0x1000..END).step_by(0x1000).map(PhysAddr::new).collect();
    let (bytes, read) = memory.read_each(&pages, LEN);
    let mut out = Vec::new();
    for (page, _) in bytes.chunks_exact(LEN).zip(read).filter(|(_, read)| *read) {
        let word = |o: usize| page.get(o..o + 8).and_then(<[u8]>::first_chunk).map_or(0, |b| u64::from_le_bytes(*b));
        let (code, stub, cr3) = (word(0), word(0x70), word(0xa0));
        if code & 0xffff_ffff_ffff_00ff != 0x0000_0001_0006_00e9
            || stub & 0xffff_f800_0000_0003 != 0xffff_f800_0000_0000
            || cr3 == 0
            || cr3 & 0xffff_ff00_0000_0fff != 0
        {
            continue;
        }
        let near = Some(VirtAddr::new(umem::from(stub)));
        for paging in [Paging::X86_64, Paging::X86_64La57] {
            out.push(Root { paging, root: PhysAddr::new(umem::from(cr3)), near });
        }
    }
    out
}

/// Every root that maps `KUSER_SHARED_DATA`, by one pass over memory per format; of tables that share it, one.
pub(super) fn sharing(memory: &Memory, hints: &Hints) -> Vec<Root> {
    let mut out = Vec::new();
    for paging in pagings(hints) {
        let at = shared_data(paging);
        let groups = match hints.interrupt {
            Some(stop) => root_groups_until(memory, paging, at, stop),
            None => root_groups(memory, paging, at),
        };
        for group in groups.iter().take(GROUPS) {
            let fits = |&root: &PhysAddr| {
                let root = Root { paging, root, near: None };
                shared::read(&root.space(memory), at).is_some().then_some(root)
            };
            out.extend(group.roots.iter().take(TRIES).find_map(fits));
        }
    }
    out
}

/// Groups of tables, and tables of a group, that are looked into.
const GROUPS: usize = 256;
const TRIES: usize = 8;

/// Where the kernel maps `KUSER_SHARED_DATA` with this format.
pub(super) fn shared_data(paging: Paging) -> VirtAddr {
    VirtAddr::new(umem::from(if paging.format().pointer_size() == 8 { shared::WIDE } else { shared::NARROW }))
}
