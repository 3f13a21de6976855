//! The memory map of a machine, by its own account or from its command line.

use super::blocks::{self, Block, Module};
use super::cmdline::CommandLine;
use super::machine;
use super::monitor::{self, Located};
use super::qmp::Qmp;
use super::regions::{self, Region};
use crate::image::CpuState;
use crate::{Error, ErrorKind, Layer, Result};

/// What is known of a machine.
#[derive(Default)]
pub(super) struct Found {
    /// Its memory.
    pub memory: Vec<Located>,
    /// Mappings of the process in which that lies.
    pub regions: Vec<Region>,
    /// Its processors.
    pub cpus: Vec<CpuState>,
    /// Further facts: name and value.
    pub details: Vec<(String, String)>,
    /// What the analyst should know.
    pub warnings: Vec<String>,
}

impl Found {
    /// Sets a fact.
    pub(super) fn detail(&mut self, name: &str, value: impl Into<String>) {
        self.details.retain(|(n, _)| n != name);
        self.details.push((name.to_owned(), value.into()));
    }

    /// Adds the mappings in which the memory lies.
    fn with_regions(mut self, all: &[Region]) -> Self {
        let touched = |r: &&Region| self.memory.iter().any(|m| m.address < r.end && r.start < m.address.saturating_add(m.size));
        self.regions = all.iter().filter(touched).cloned().collect();
        self
    }
}

/// What the machine says of itself.
///
/// # Errors
/// When its monitor does not answer or does not say where memory lies.
pub(super) fn asked(qmp: &mut Qmp, all: &[Region]) -> Result<Found> {
    let account = monitor::ask(qmp)?;
    let mut found = Found { memory: joined(account.memory), cpus: account.cpus, details: account.details, ..Found::default() };
    found.detail("memory_map", format!("asked at {}", qmp.address()));
    Ok(found.with_regions(all))
}

/// Neighbours of one block as one: what the chipset protects against writing is printed apart.
fn joined(mut memory: Vec<Located>) -> Vec<Located> {
    memory.sort_by_key(|m| m.guest);
    let mut out: Vec<Located> = Vec::new();
    for m in memory {
        match out.last_mut() {
            Some(last)
                if last.guest.checked_add(last.size) == Some(m.guest)
                    && last.address.checked_add(last.size) == Some(m.address)
                    && last.block == m.block =>
            {
                last.size = last.size.saturating_add(m.size);
            }
            _ => out.push(m),
        }
    }
    out
}

/// What follows from the command line. `kind` overrides its machine type, `given` says where the process has each block.
///
/// # Errors
/// Where that is not certain.
pub(super) fn derived(line: &CommandLine, kind: Option<&str>, given: Option<Vec<u64>>, all: &[Region]) -> Result<Found> {
    let unknown =
        |what: &str| Error::new(Layer::Connector, ErrorKind::Unsupported, what).hint("qmp=PATH asks the machine itself");
    if line.readconfig {
        return Err(unknown("part of the machine's configuration lies in a file (-readconfig)"));
    }
    let ram = line.ram().ok_or_else(|| unknown("how much memory the machine has (-m) can't be read"))?;
    let spans = machine::spans(line, ram.size, kind)?;
    let mut parts: Vec<Block> = blocks::ram(line, ram.size)?;
    let mut found = Found::default();
    let placed = blocks::place(&spans, &parts);
    let mut wanted: Vec<(usize, machine::Span)> = placed;
    for Module { block, guest } in blocks::modules(line)? {
        match guest {
            Some(guest) => {
                wanted.push((parts.len(), machine::Span { guest, size: block.size, offset: 0 }));
                parts.push(block);
            }
            None => found.warnings.push(format!(
                "where the memory module {} ({}) lies is known to QMP only: it is left out",
                block.id,
                regions::bytes(block.size)
            )),
        }
    }
    let starts = match given {
        Some(starts) if starts.len() == parts.len() => starts,
        Some(starts) => {
            let what = format!("ram= names {} addresses, and the machine's memory consists of {}", starts.len(), parts.len());
            return Err(Error::new(Layer::Connector, ErrorKind::Invalid, what));
        }
        None => regions::find(&parts, all)?,
    };
    for (i, span) in wanted {
        if let (Some(start), Some(block)) = (starts.get(i), parts.get(i)) {
            let address = start.saturating_add(span.offset);
            found.memory.push(Located { guest: span.guest, size: span.size, address, block: block.id.clone() });
        }
    }
    found.detail("memory_map", "from the command line");
    if ram.most.is_some() {
        found.detail("hotplug", "memory that was plugged in later is known to QMP only");
    }
    Ok(found.with_regions(all))
}

/// Models of `-cpu` that have 32 bits only (target/arm/tcg/cpu32.c).
const ARM32: &[&str] =
    &["arm", "cortex-a7", "cortex-a8", "cortex-a9", "cortex-a15", "cortex-m", "cortex-r5", "pxa", "sa11", "ti925"];

/// The instruction set that the machine runs. Of x86 it is known only from a processor: a 64-bit one may run a 32-bit system.
pub(super) fn instruction_set(line: &CommandLine, kind: &str, cpus: &[CpuState]) -> Option<&'static str> {
    // EFER.LMA (Intel SDM, volume 3, 2.2.1).
    const LONG: u64 = 1 << 10;
    match machine::machine_name(&line.program, kind)? {
        "x86_64" => {
            let modes: Vec<bool> = cpus.iter().filter_map(|c| c.efer).map(|e| e & LONG != 0).collect();
            match modes.as_slice() {
                [] => None,
                modes if modes.contains(&true) => Some("x86_64"),
                _ => Some("x86"),
            }
        }
        "aarch64" if line.cpu.as_deref().is_some_and(|c| ARM32.iter().any(|m| c.starts_with(m))) => Some("arm"),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line(text: &str) -> CommandLine {
        CommandLine::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    fn region(start: u64, size: u64) -> Region {
        Region { start, end: start + size, data: true, ..Region::default() }
    }

    const GIB: u64 = 1 << 30;

    #[test]
    fn a_machine_of_one_block() {
        let l = line("qemu-system-x86_64 -m 4G -M q35");
        let found = derived(&l, None, None, &[region(0x7000_0000_0000, 4 * GIB)]).unwrap();
        let map: Vec<_> = found.memory.iter().map(|m| (m.guest, m.size, m.address)).collect();
        assert_eq!(
            map,
            [
                (0, 0xa_0000, 0x7000_0000_0000),
                (0xc_0000, 2 * GIB - 0xc_0000, 0x7000_000c_0000),
                (4 * GIB, 2 * GIB, 0x7000_8000_0000),
            ]
        );
        assert_eq!(found.regions.len(), 1);
        // Named by hand, though nothing of that size is mapped.
        let found = derived(&l, Some("pc"), Some(vec![0x5000]), &[]).unwrap();
        assert_eq!(found.memory.last().map(|m| (m.guest, m.address)), Some((4 * GIB, 0x5000 + 3 * GIB)));
        assert!(derived(&l, None, Some(vec![1, 2]), &[]).is_err());
    }

    #[test]
    fn modules_without_an_address_are_told() {
        let l = line(
            "qemu-system-x86_64 -m 1G,slots=2,maxmem=4G -object memory-backend-ram,id=a,size=512M -device pc-dimm,memdev=a -object memory-backend-ram,id=b,size=256M -device pc-dimm,memdev=b,addr=0x140000000",
        );
        let found = derived(&l, None, None, &[region(GIB, GIB), region(8 * GIB, 256 << 20)]).unwrap();
        assert_eq!(found.memory.last().map(|m| (m.guest, m.address)), Some((5 * GIB, 8 * GIB)));
        assert!(found.warnings.iter().any(|w| w.contains("memory module a (512 MiB)")), "{:?}", found.warnings);
        assert!(derived(&line("qemu-system-x86_64 -readconfig x"), None, None, &[]).is_err());
    }

    #[test]
    fn neighbours_are_one_piece() {
        let piece = |guest, size, address| Located { guest, size, address, block: "pc.ram".to_owned() };
        let pieces = vec![
            piece(0x3000, 0x1000, 0x13000),
            piece(0, 0x1000, 0x10000),
            piece(0x1000, 0x1000, 0x11000),
            piece(0x4000, 1, 0x15000),
        ];
        assert_eq!(joined(pieces), [piece(0, 0x2000, 0x10000), piece(0x3000, 0x1000, 0x13000), piece(0x4000, 1, 0x15000)]);
    }

    #[test]
    fn instruction_sets() {
        let cpu = |efer| CpuState { efer, ..CpuState::default() };
        let x86 = line("qemu-system-x86_64");
        assert_eq!(instruction_set(&x86, "pc", &[]), None);
        assert_eq!(instruction_set(&x86, "pc", &[cpu(None), cpu(Some(0xd01))]), Some("x86_64"));
        assert_eq!(instruction_set(&x86, "pc", &[cpu(Some(0x800))]), Some("x86"));
        assert_eq!(instruction_set(&line("qemu-system-aarch64 -cpu cortex-a15"), "virt", &[]), Some("arm"));
        assert_eq!(instruction_set(&line("qemu-system-aarch64 -cpu max,sve=off"), "virt", &[]), Some("aarch64"));
    }
}
