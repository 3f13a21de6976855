//! The description of the devices' states, and what it lets us read: the processors, and the memory sizes in the CMOS.
//!
//! Each device has its fields listed in order, with sizes; a field's offset is the sum of those before it.

use super::super::open::CpuState;
use super::bytes::Bytes;
use super::stream::{Section, Stream};
use memsh_plugin::{VirtAddr, umem};
use serde_json::Value;

/// More processors than any machine has.
const MOST_CPUS: usize = 1 << 12;
/// No field that is looked at is larger.
const LARGEST: u64 = 64 << 10;

/// One device: its description and where its state is.
struct Device<'a> {
    bytes: &'a dyn Bytes,
    fields: &'a [Value],
    section: &'a Section,
}

impl<'a> Device<'a> {
    fn of(stream: &'a Stream, bytes: &'a dyn Bytes, section: &'a Section) -> Option<Self> {
        let devices = stream.description.as_ref()?.get("devices")?.as_array()?;
        let found = devices.iter().find(|d| {
            d.get("name").and_then(Value::as_str) == Some(&section.name)
                && d.get("instance_id").and_then(Value::as_u64) == Some(section.instance.into())
        })?;
        Some(Self { bytes, fields: found.get("fields")?.as_array()?, section })
    }

    /// Offset and size of a field in the device's state.
    fn field(&self, name: &str) -> Option<(u64, u64)> {
        let mut at = 0u64;
        for field in self.fields {
            let number = |key: &str| field.get(key).and_then(Value::as_u64);
            let size = number("size")?.checked_mul(number("array_len").unwrap_or(1))?;
            let end = at.checked_add(size)?;
            if field.get("name").and_then(Value::as_str) == Some(name) {
                return (end <= self.section.len && size <= LARGEST).then_some((at, size));
            }
            at = end;
        }
        None
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|f| f.get("name").and_then(Value::as_str) == Some(name))
    }

    fn content(&self, name: &str) -> Option<Vec<u8>> {
        let (at, size) = self.field(name)?;
        let mut out = vec![0; usize::try_from(size).ok()?];
        self.bytes.read(self.section.at.checked_add(at)?, &mut out).ok()?;
        Some(out)
    }

    /// A field's numbers, each of eight bytes.
    fn u64s(&self, name: &str) -> Option<Vec<u64>> {
        let content = self.content(name)?;
        Some(content.chunks_exact(8).filter_map(|c| c.try_into().ok().map(u64::from_be_bytes)).collect())
    }

    fn u64(&self, name: &str) -> Option<u64> {
        self.u64s(name)?.first().copied()
    }

    fn u32(&self, name: &str) -> Option<u32> {
        self.content(name)?.first_chunk().map(|b| u32::from_be_bytes(*b))
    }
}

/// What the processors of a stream are.
#[derive(Default)]
pub(super) struct Processors {
    pub machine: Option<&'static str>,
    pub states: Vec<CpuState>,
}

/// The sections `cpu`: `target/*/machine.c`.
pub(super) fn processors(stream: &Stream, bytes: &dyn Bytes) -> Processors {
    let mut all = Processors::default();
    let mut sections: Vec<&Section> = stream.sections.iter().filter(|s| s.name == "cpu").collect();
    sections.sort_by_key(|s| s.instance);
    for section in sections.into_iter().take(MOST_CPUS) {
        let Some(cpu) = Device::of(stream, bytes, section) else { continue };
        let (machine, state) = if cpu.has("env.cr[3]") {
            x86(&cpu)
        } else if cpu.has("cpreg_vmstate_indexes") {
            arm(&cpu)
        } else if cpu.has("env.satp") {
            riscv(&cpu)
        } else {
            continue;
        };
        // A processor that sleeps in its firmware says nothing of the system.
        all.machine = match (all.machine, machine) {
            (Some("x86_64"), _) | (_, Some("x86_64")) => Some("x86_64"),
            (first, second) => first.or(second),
        };
        all.states.push(state);
    }
    all
}

/// `vmstate_x86_cpu`. Registers come in the order of the instruction set.
fn x86(cpu: &Device<'_>) -> (Option<&'static str>, CpuState) {
    const NAMES: [&str; 16] =
        ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
    /// Long mode is active.
    const LMA: u64 = 1 << 10;
    /// Bytes of one segment; the order is ES, CS, SS, DS, FS, GS.
    const SEGMENT: usize = 20;
    let (cr0, efer, ip) = (cpu.u64("env.cr[0]"), cpu.u64("env.efer"), cpu.u64("env.eip"));
    let long = efer.is_some_and(|e| e & LMA != 0);
    let mut registers: Vec<(&'static str, u64)> = NAMES.into_iter().zip(cpu.u64s("env.regs").unwrap_or_default()).collect();
    registers.extend(ip.map(|ip| ("ip", ip)));
    registers.extend(cpu.u64("env.eflags").map(|f| ("flags", f)));
    let segments = cpu.content("env.segs").unwrap_or_default();
    let selector = |n: usize| segments.get(n * SEGMENT..)?.first_chunk().map(|b| u64::from(u32::from_be_bytes(*b)));
    registers.extend(selector(1).map(|cs| ("cs", cs)));
    registers.extend(selector(2).map(|ss| ("ss", ss)));
    let paging = cr0.is_some_and(|c| c >> 31 & 1 == 1);
    let state = CpuState {
        root: cpu.u64("env.cr[3]"),
        cr0,
        cr4: cpu.u64("env.cr[4]"),
        efer,
        instruction_pointer: ip.map(|p| VirtAddr::new(umem::from(p))),
        registers,
        ..CpuState::default()
    };
    (
        if long {
            Some("x86_64")
        } else if paging {
            Some("x86")
        } else {
            None
        },
        state,
    )
}

/// `vmstate_arm_cpu`: system registers are a list of numbers, as KVM numbers them, and a list of values.
fn arm(cpu: &Device<'_>) -> (Option<&'static str>, CpuState) {
    /// `ARM64_SYS_REG` of the kernel's arch/arm64/include/uapi/asm/kvm.h for op0 3, op1 0, CRn 2, CRm 0 and an op2.
    const fn number(op2: u64) -> u64 {
        0x6030_0000_0013_0000 | 3 << 14 | 2 << 7 | op2
    }
    /// `PSTATE_nRW` (a 32-bit processor, or a 64-bit one in 32-bit state).
    const NRW: u32 = 1 << 4;
    let indexes = cpu.u64s("cpreg_vmstate_indexes").unwrap_or_default();
    let values = cpu.u64s("cpreg_vmstate_values").unwrap_or_default();
    let register = |op2: u64| indexes.iter().zip(&values).find(|(i, _)| **i == number(op2)).map(|(_, v)| *v);
    let narrow = cpu.u32("cpsr").is_some_and(|s| s & NRW != 0) && register(1).is_none();
    let ip = if narrow { None } else { cpu.u64("env.pc") };
    let state = CpuState {
        root: register(0),
        root_upper: register(1),
        instruction_pointer: ip.map(|p| VirtAddr::new(umem::from(p))),
        ..CpuState::default()
    };
    (Some(if narrow { "arm" } else { "aarch64" }), state)
}

/// `vmstate_riscv_cpu`.
fn riscv(cpu: &Device<'_>) -> (Option<&'static str>, CpuState) {
    // The registers of a 32-bit processor have four bytes.
    let wide = cpu.field("env.satp").is_some_and(|(_, size)| size == 8);
    let state = CpuState {
        root: if wide { cpu.u64("env.satp") } else { cpu.u32("env.satp").map(u64::from) },
        instruction_pointer: cpu.u64("env.pc").filter(|_| wide).map(|p| VirtAddr::new(umem::from(p))),
        ..CpuState::default()
    };
    (Some(if wide { "riscv64" } else { "riscv32" }), state)
}

/// How much RAM a PC has below and above 4 GiB, as QEMU writes it into the CMOS (`pc_cmos_init`): above 16 MiB in units of 64 KiB at
/// 0x34, above 4 GiB at 0x5b. Where less than 16 MiB are there, the first is 0, and nothing is known.
pub(super) fn cmos(stream: &Stream, bytes: &dyn Bytes) -> Option<(u64, u64)> {
    let section = stream.sections.iter().find(|s| s.name == "mc146818rtc")?;
    let content = Device::of(stream, bytes, section)?.content("cmos_data")?;
    let byte = |at: usize| content.get(at).copied().map(u64::from);
    let low = byte(0x34)? | byte(0x35)? << 8;
    let high = byte(0x5b)? | byte(0x5c)? << 8 | byte(0x5d)? << 16;
    (low > 0).then_some(((low << 16) + (16 << 20), high << 16))
}
