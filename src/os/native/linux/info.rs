//! What `/proc` says of a process as a whole.

use super::folder::Folder;
use super::stat::{self, Stat};
use crate::engine::to_umem;
use memsh_plugin::{Maybe, PhysAddr, ProcessInfo, Text, UnixNanos, ViewMetadata, VirtAddr, umem};
use std::io;

/// Arguments in a row of `ps`; longer ones are the business of `cmdline`.
const NANOS: u64 = 1_000_000_000;

/// What the rows of processes need of the machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// When it was started, to the second: the kernel tells no more.
    pub boot: Option<UnixNanos>,
    /// Ticks of a second, in which starts of processes are told.
    pub ticks: u64,
}

impl Machine {
    /// Asks this machine.
    pub fn ask() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let seconds = stat.lines().find_map(|l| l.strip_prefix("btime ")?.trim().parse::<i64>().ok());
        Self { boot: seconds.and_then(|s| s.checked_mul(1_000_000_000)), ticks: rustix::param::clock_ticks_per_second() }
    }

    fn time(&self, ticks: u64) -> Option<UnixNanos> {
        let nanos = u128::from(ticks) * u128::from(NANOS) / u128::from(self.ticks.max(1));
        self.boot?.checked_add(i64::try_from(nanos).ok()?)
    }
}

/// The row of the process of `folder`.
///
/// # Errors
/// When the process has ended, or nothing of it may be read.
pub fn process(folder: &Folder, machine: &Machine) -> io::Result<ProcessInfo> {
    let stat = Stat::parse(&folder.head("stat")?).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let (uid, gid) = stat::ids(&folder.head("status")?);
    let kernel = stat.is_kernel();
    let (line, program) = match kernel {
        true => (None, Program::default()),
        false => (Some(command_line(folder.read("cmdline")?)), Program::of(folder)),
    };
    let native = || std::env::consts::ARCH;
    let arch = match program.elf {
        Some((_, machine)) => machine_name(machine).unwrap_or(""),
        None if kernel => native(),
        None => "",
    };
    Ok(ProcessInfo {
        address: VirtAddr::new(umem::from(folder.pid)),
        pid: folder.pid,
        ppid: Maybe::Some(stat.ppid),
        state: stat.state().map(Text::from).into(),
        threads: Maybe::Some(stat.threads),
        uid: uid.into(),
        gid: gid.into(),
        kernel_thread: kernel,
        start_time: machine.time(stat.start).into(),
        image_path: program.path.map(Text::from).into(),
        command_line: line.filter(|l| !l.is_empty()).map(Text::from).into(),
        wow64: cfg!(target_pointer_width = "64") && program.elf.is_some_and(|(class, _)| class == 1),
        arch: Text::from(arch),
        name: Text::from(stat.name),
        ..ProcessInfo::default()
    })
}

/// The arguments joined by spaces, as the Linux layer writes them.
fn command_line(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    for b in bytes.iter_mut().filter(|b| **b == 0) {
        *b = b' ';
    }
    bytes
}

/// The program that a process runs; empty where it may not be known.
#[derive(Default)]
struct Program {
    path: Option<Vec<u8>>,
    /// Class and machine of its ELF header.
    elf: Option<(u8, u16)>,
}

impl Program {
    fn of(folder: &Folder) -> Self {
        let path = folder.link("exe").ok();
        // A program of a file system that does not answer is not waited for where even its name can't be read.
        let head = path.as_ref().and_then(|_| folder.head("exe").ok());
        Self { path, elf: head.and_then(|h| elf(&h)) }
    }
}

/// Class (1: 32 bits, 2: 64 bits) and machine of an ELF file's header (gabi, chapter 4), in the byte order that it states.
pub fn elf(header: &[u8]) -> Option<(u8, u16)> {
    let &[0x7f, b'E', b'L', b'F', class, order, ..] = header else { return None };
    let &[a, b] = header.get(18..20)? else { return None };
    Some((class, if order == 2 { u16::from_be_bytes([a, b]) } else { u16::from_le_bytes([a, b]) }))
}

/// Machine numbers of the ELF header (`e_machine`; gabi, chapter 4), by the names that memsh has for them.
pub fn machine_name(number: u16) -> Option<&'static str> {
    Some(match number {
        3 => "x86",
        40 => "arm",
        62 => "x86_64",
        183 => "aarch64",
        243 if cfg!(target_pointer_width = "32") => "riscv32",
        243 => "riscv64",
        _ => return None,
    })
}

/// What a process's address space looks like.
pub fn metadata(process: &ProcessInfo) -> ViewMetadata {
    ViewMetadata {
        pointer_size: if process.wow64 || cfg!(target_pointer_width = "32") { 4 } else { 8 },
        little_endian: cfg!(target_endian = "little"),
        page_size: to_umem(rustix::param::page_size()),
        root: PhysAddr::NULL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_whose_they_are() {
        let mut header = [0u8; 20];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        header[18] = 62;
        assert_eq!(elf(&header), Some((2, 62)));
        assert_eq!(elf(&header[..19]), None);
        header[5] = 2;
        assert_eq!(elf(&header), Some((2, 62 << 8)), "big-endian");
        assert_eq!(elf(b"#!/bin/sh and more than twenty bytes"), None);
    }

    #[test]
    fn starts_are_counted_from_the_boot() {
        let machine = Machine { boot: Some(1_000_000_000), ticks: 100 };
        assert_eq!(machine.time(250), Some(3_500_000_000));
        assert_eq!(machine.time(u64::MAX), None);
    }

    #[test]
    fn arguments_are_joined() {
        assert_eq!(command_line(b"a\0b c\0\0".to_vec()), b"a b c ");
        assert_eq!(command_line(b"title".to_vec()), b"title");
        assert_eq!(command_line(Vec::new()), b"");
    }
}
