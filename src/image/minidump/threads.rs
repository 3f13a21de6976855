//! Threads: the list, what the system knew of each, their names, and the stacks in the lists.

use super::context::{self, Context};
use super::exception::Exception;
use super::header::{Dump, Location, THREAD_EX_LIST, THREAD_INFO_LIST, THREAD_LIST, THREAD_NAMES};
use super::memory::{self, Range, descriptor};
use super::system::System;
use crate::image::detect::Parsed;
use crate::image::process::ThreadImage;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashMap;

/// No process has more; what a hostile file claims beyond is not kept.
const MOST: u64 = 1 << 16;
/// `MINIDUMP_THREAD` and `MINIDUMP_THREAD_EX`.
const THREAD: u64 = 48;
const THREAD_EX: u64 = 64;
/// The part of `MINIDUMP_THREAD_INFO` that is read.
const LEAST_INFO: u64 = 64;
/// `MINIDUMP_THREAD_NAME`, packed.
const NAME: u64 = 12;

/// Bits of `MINIDUMP_THREAD_INFO.DumpFlags`.
const ERROR_THREAD: u32 = 0x1;
const WRITING_THREAD: u32 = 0x2;
const EXITED_THREAD: u32 = 0x4;

#[derive(Clone, Copy)]
struct Info {
    flags: u32,
    created: u64,
    exited: u64,
    start: u64,
}

/// Threads, the one that raised the exception first, and the memory that their list names.
#[derive(Default)]
pub(super) struct Threads {
    pub(super) threads: Vec<ThreadImage>,
    pub(super) stacks: Vec<Range>,
    /// First address of each stack.
    pub(super) stack_starts: Vec<u64>,
}

fn virt(value: u64) -> VirtAddr {
    VirtAddr::new(umem::from(value))
}

pub(super) fn read(dump: &Dump<'_>, system: &System, exception: Option<&Exception>, parsed: &mut Parsed) -> Threads {
    let infos = infos(dump, parsed);
    let names = names(dump, parsed);
    let mut out = Threads::default();
    let mut add = |kind: u32, each: u64, parsed: &mut Parsed| {
        let Some(s) = dump.stream(kind, &mut parsed.warnings) else { return };
        let Some(rows) = s.counted(each, MOST, &mut parsed.warnings) else { return };
        for at in rows.offsets() {
            let Some(id) = s.f.u32(at) else { break };
            if let Some(stack) = descriptor(&s.f, at + 24) {
                out.stacks.push(stack);
            }
            out.stack_starts.extend(s.f.u64(at + 24).filter(|&a| a != 0).map(|a| memory::address(a, system.wide)));
            let raised = exception.is_some_and(|e| e.thread == id);
            // The list has the registers of the handler; the exception's are those of the crash.
            let own = Dump::location(&s.f, at + 40);
            let place = exception.filter(|_| raised).and_then(|e| e.context).or(own);
            let Context { instruction, stack, registers } = registers(dump, system, place);
            let info = infos.get(&id);
            let block = s.f.u64(at + 16).filter(|&b| b != 0).map(|b| virt(memory::address(b, system.wide)));
            out.threads.push(ThreadImage {
                id,
                name: names.get(&id).cloned(),
                state: state(info, raised && exception.is_some_and(|e| e.reason.is_some()), s.f.u32(at + 4)),
                block,
                start: info.map(|i| i.start).filter(|&a| a != 0).map(|a| virt(memory::address(a, system.wide))),
                instruction,
                stack,
                registers,
            });
        }
    };
    add(THREAD_LIST, THREAD, parsed);
    add(THREAD_EX_LIST, THREAD_EX, parsed);
    if out.threads.is_empty() {
        parsed.warnings.push("the dump lists no threads".to_owned());
    }
    if let Some(e) = exception {
        out.threads.sort_by_key(|t| t.id != e.thread);
    }
    parsed.detail("threads", out.threads.len());
    out
}

fn registers(dump: &Dump<'_>, system: &System, place: Option<Location>) -> Context {
    place.map(|l| context::read(&dump.at(l), system.architecture)).unwrap_or_default()
}

fn state(info: Option<&Info>, raised: bool, suspended: Option<u32>) -> Option<String> {
    let flags = info.map_or(0, |i| i.flags);
    let text = match suspended.unwrap_or(0) {
        _ if raised => "raised the exception".to_owned(),
        _ if flags & EXITED_THREAD != 0 || info.is_some_and(|i| i.exited != 0 && i.exited >= i.created) => "exited".to_owned(),
        _ if flags & WRITING_THREAD != 0 => "wrote the dump".to_owned(),
        _ if flags & ERROR_THREAD != 0 => "could not be dumped".to_owned(),
        0 => return None,
        n => format!("suspended {n} times"),
    };
    Some(text)
}

fn infos(dump: &Dump<'_>, parsed: &mut Parsed) -> HashMap<u32, Info> {
    let warnings = &mut parsed.warnings;
    let Some(s) = dump.stream(THREAD_INFO_LIST, warnings) else { return HashMap::new() };
    let Some(rows) = s.sized(LEAST_INFO, false, MOST, warnings) else { return HashMap::new() };
    let one = |at: u64| {
        let info =
            Info { flags: s.f.u32(at + 4)?, created: s.f.u64(at + 16)?, exited: s.f.u64(at + 24)?, start: s.f.u64(at + 48)? };
        Some((s.f.u32(at)?, info))
    };
    rows.offsets().map_while(one).collect()
}

fn names(dump: &Dump<'_>, parsed: &mut Parsed) -> HashMap<u32, Vec<u8>> {
    let warnings = &mut parsed.warnings;
    let Some(s) = dump.stream(THREAD_NAMES, warnings) else { return HashMap::new() };
    let Some(rows) = s.counted(NAME, MOST, warnings) else { return HashMap::new() };
    let one = |at: u64| {
        let rva = u32::try_from(s.f.u64(at + 4)?).ok()?;
        Some((s.f.u32(at)?, dump.string(rva)?))
    };
    rows.offsets().filter_map(one).collect()
}
