//! VirtualBox's notes in its ELF cores, and its saved states by name.
//!
//! `DBGFCOREDESCRIPTOR`, `DBGFCORECPU` and `DBGFCORESEL` of VirtualBox's `include/VBox/vmm/dbgfcorefmt.h`.

use super::detect::Parsed;
use super::fields::Fields;
use super::open::CpuState;
use memsh_plugin::{VirtAddr, umem};

/// `DBGFCORE_MAGIC`.
const MAGIC: u32 = 0xc01a_c0de;

/// What the notes say.
#[derive(Default)]
pub(super) struct Vbox {
    /// Version of the core's format, version and revision of VirtualBox, processors.
    core: Option<[u32; 4]>,
    bad_core: bool,
    short_cpus: usize,
    pub cpus: Vec<CpuState>,
}

impl Vbox {
    /// The note `VBCORE`: magic, version of the format, size of this, version of VirtualBox, its revision, number of processors.
    pub(super) fn core(&mut self, desc: Fields<'_>) {
        let read = || Some([desc.u32(4)?, desc.u32(12)?, desc.u32(16)?, desc.u32(20)?]);
        match desc.u32(0).filter(|m| *m == MAGIC).and_then(|_| read()) {
            Some(core) => self.core = Some(core),
            None => self.bad_core = true,
        }
    }

    /// The note `VBCPU`: 18 general registers, six segments of 24 bytes, CR0, CR2, CR3, CR4, eight debug registers, two table
    /// registers of 16, LDTR and TR, three numbers for SYSENTER, and IA32_EFER.
    pub(super) fn cpu(&mut self, desc: Fields<'_>) {
        const NAMES: [&str; 18] =
            ["ax", "bx", "cx", "dx", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip", "sp", "bp", "flags"];
        const SEGMENTS: u64 = 18 * 8;
        const SEGMENT: u64 = 24;
        const CONTROL: u64 = SEGMENTS + 6 * SEGMENT;
        const EFER: u64 = CONTROL + 4 * 8 + 8 * 8 + 2 * 16 + 2 * SEGMENT + 3 * 8;
        let general = (0..).step_by(8).zip(NAMES).filter_map(|(at, name)| Some((name, desc.u64(at)?)));
        let selector = |name, i: u64| Some((name, u64::from(desc.u16(SEGMENTS + i * SEGMENT + 16)?)));
        let Some(root) = desc.u64(CONTROL + 16) else {
            self.short_cpus += 1;
            return;
        };
        self.cpus.push(CpuState {
            root: Some(root),
            cr0: desc.u64(CONTROL),
            cr4: desc.u64(CONTROL + 24),
            efer: desc.u64(EFER),
            instruction_pointer: desc.u64(14 * 8).map(|p| VirtAddr::new(umem::from(p))),
            registers: general.chain(selector("cs", 0)).chain(selector("ss", 5)).collect(),
            ..CpuState::default()
        });
    }

    /// Adds what is worth knowing to what is told of the image.
    pub(super) fn describe(&self, parsed: &mut Parsed) {
        if let Some([format, version, revision, cpus]) = self.core {
            parsed.detail("virtualbox_core_version", format!("{}.{}", format >> 16, format & 0xffff));
            // VBOX_FULL_VERSION_MAKE: major, minor in bytes, build in two.
            parsed.detail("virtualbox_version", format!("{}.{}.{}", version >> 24, version >> 16 & 0xff, version & 0xffff));
            parsed.detail("virtualbox_revision", revision);
            parsed.detail("cpus", cpus);
            if usize::try_from(cpus) != Ok(self.cpus.len()) {
                parsed.warnings.push(format!("the VirtualBox core claims {cpus} processors, and describes {}", self.cpus.len()));
            }
        }
        if self.bad_core {
            parsed
                .warnings
                .push("the VBCORE note does not begin with VirtualBox's magic (c01ac0de), and was not used".to_owned());
        }
        if self.short_cpus > 0 {
            parsed.warnings.push(format!("{} VBCPU notes are too short, and were not used", self.short_cpus));
        }
    }
}
