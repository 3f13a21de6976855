//! Why the dump was written: `MINIDUMP_EXCEPTION_STREAM`.

use super::header::{Dump, EXCEPTION, Location};
use super::memory;
use super::system::{Family, System};
use crate::image::detect::Parsed;
use crate::image::usercore::signal_name;

/// Breakpad's "nobody crashed, a dump was asked for" (`MD_EXCEPTION_CODE_LIN_DUMP_REQUESTED`).
const REQUESTED: u32 = 0xffff_ffff;
/// Crashpad's for the same (`kSimulatedExceptionCode`).
const SIMULATED: u32 = 0x0517_a7ed;

/// The exception, and who raised it.
pub(super) struct Exception {
    pub(super) thread: u32,
    /// Registers at that moment.
    pub(super) context: Option<Location>,
    /// In words; none where nothing had happened.
    pub(super) reason: Option<String>,
}

pub(super) fn read(dump: &Dump<'_>, system: &System, parsed: &mut Parsed) -> Option<Exception> {
    let s = dump.stream(EXCEPTION, &mut parsed.warnings)?;
    let f = &s.f;
    let thread = f.u32(0)?;
    let (code, flags) = (f.u32(8)?, f.u32(12)?);
    let at = f.u64(24).map(|a| memory::address(a, system.wide)).unwrap_or(0);
    let count = f.u32(32).unwrap_or(0).min(15);
    let parameters: Vec<u64> = (0..u64::from(count)).map_while(|i| f.u64(40 + 8 * i)).collect();
    let context = Dump::location(f, 160).filter(|l| l.rva != 0 && l.size != 0);
    let reason = match (system.family, code) {
        (_, REQUESTED | SIMULATED) => None,
        // A dump that a debugger was asked for may have an empty record.
        (_, 0) if at == 0 => None,
        (Family::Linux, _) => Some(signal(code, flags, at)),
        (Family::Darwin, _) => Some(darwin(code, flags, at)),
        _ => Some(windows(code, at, &parameters)),
    };
    parsed.detail(
        "exception",
        match &reason {
            Some(reason) => format!("{reason}, in thread {thread}"),
            None => format!("none (code {code:#x}): the dump of thread {thread} was asked for"),
        },
    );
    Some(Exception { thread, context, reason })
}

fn windows(code: u32, at: u64, parameters: &[u64]) -> String {
    let name = name(code).map_or_else(|| format!("exception {code:#x}"), |n| format!("{n} ({code:#x})"));
    let more = match (code, parameters) {
        // The kind of access, and the address.
        (0xc000_0005 | 0xc000_0006, [kind, address, ..]) => {
            let how = match kind {
                0 => "reading",
                1 => "writing",
                8 => "executing",
                _ => "accessing",
            };
            format!(", {how} {address:#x}")
        }
        // The first parameter is why (`FAST_FAIL_*`).
        (0xc000_0409, [why, ..]) => format!(", fast fail {why}"),
        _ => String::new(),
    };
    format!("{name} at {at:#x}{more}")
}

/// Linux: the signal, its `si_code`, and `si_addr`.
fn signal(code: u32, flags: u32, at: u64) -> String {
    let name = signal_name(code).map_or_else(|| format!("signal {code}"), str::to_owned);
    match flags {
        0 => format!("{name} at {at:#x}"),
        _ => format!("{name} (si_code {}) at {at:#x}", i32::from_le_bytes(flags.to_le_bytes())),
    }
}

/// Mach exceptions (mach/exception_types.h).
fn darwin(code: u32, flags: u32, at: u64) -> String {
    let name = match code {
        1 => "EXC_BAD_ACCESS",
        2 => "EXC_BAD_INSTRUCTION",
        3 => "EXC_ARITHMETIC",
        4 => "EXC_EMULATION",
        5 => "EXC_SOFTWARE",
        6 => "EXC_BREAKPOINT",
        7 => "EXC_SYSCALL",
        8 => "EXC_MACH_SYSCALL",
        9 => "EXC_RPC_ALERT",
        10 => "EXC_CRASH",
        11 => "EXC_RESOURCE",
        12 => "EXC_GUARD",
        _ => return format!("exception {code:#x} (code {flags:#x}) at {at:#x}"),
    };
    format!("{name} (code {flags:#x}) at {at:#x}")
}

/// Name of a Windows exception (`EXCEPTION_*` of winbase.h where there is one, else `STATUS_*` of ntstatus.h; runtimes' own).
fn name(code: u32) -> Option<&'static str> {
    Some(match code {
        0x4000_0015 => "STATUS_FATAL_APP_EXIT",
        0x4000_001e => "STATUS_WX86_SINGLE_STEP",
        0x4000_001f => "STATUS_WX86_BREAKPOINT",
        0x4001_0005 => "DBG_CONTROL_C",
        0x4001_0006 => "DBG_PRINTEXCEPTION_C",
        0x4001_000a => "DBG_PRINTEXCEPTION_WIDE_C",
        0x406d_1388 => "MS_VC_EXCEPTION (a thread was named)",
        0x8000_0001 => "EXCEPTION_GUARD_PAGE",
        0x8000_0002 => "EXCEPTION_DATATYPE_MISALIGNMENT",
        0x8000_0003 => "EXCEPTION_BREAKPOINT",
        0x8000_0004 => "EXCEPTION_SINGLE_STEP",
        0xc000_0005 => "EXCEPTION_ACCESS_VIOLATION",
        0xc000_0006 => "EXCEPTION_IN_PAGE_ERROR",
        0xc000_0008 => "EXCEPTION_INVALID_HANDLE",
        0xc000_0017 => "STATUS_NO_MEMORY",
        0xc000_001d => "EXCEPTION_ILLEGAL_INSTRUCTION",
        0xc000_0025 => "EXCEPTION_NONCONTINUABLE_EXCEPTION",
        0xc000_0026 => "EXCEPTION_INVALID_DISPOSITION",
        0xc000_008c => "EXCEPTION_ARRAY_BOUNDS_EXCEEDED",
        0xc000_008d => "EXCEPTION_FLT_DENORMAL_OPERAND",
        0xc000_008e => "EXCEPTION_FLT_DIVIDE_BY_ZERO",
        0xc000_008f => "EXCEPTION_FLT_INEXACT_RESULT",
        0xc000_0090 => "EXCEPTION_FLT_INVALID_OPERATION",
        0xc000_0091 => "EXCEPTION_FLT_OVERFLOW",
        0xc000_0092 => "EXCEPTION_FLT_STACK_CHECK",
        0xc000_0093 => "EXCEPTION_FLT_UNDERFLOW",
        0xc000_0094 => "EXCEPTION_INT_DIVIDE_BY_ZERO",
        0xc000_0095 => "EXCEPTION_INT_OVERFLOW",
        0xc000_0096 => "EXCEPTION_PRIV_INSTRUCTION",
        0xc000_00fd => "EXCEPTION_STACK_OVERFLOW",
        0xc000_0135 => "STATUS_DLL_NOT_FOUND",
        0xc000_0138 => "STATUS_ORDINAL_NOT_FOUND",
        0xc000_0139 => "STATUS_ENTRYPOINT_NOT_FOUND",
        0xc000_013a => "STATUS_CONTROL_C_EXIT",
        0xc000_0142 => "STATUS_DLL_INIT_FAILED",
        0xc000_0194 => "EXCEPTION_POSSIBLE_DEADLOCK",
        0xc000_0374 => "STATUS_HEAP_CORRUPTION",
        0xc000_0409 => "STATUS_STACK_BUFFER_OVERRUN",
        0xc000_0417 => "STATUS_INVALID_CRUNTIME_PARAMETER",
        0xc000_0420 => "STATUS_ASSERTION_FAILURE",
        0xc000_0602 => "STATUS_FAIL_FAST_EXCEPTION",
        0xe043_4352 => "a .NET exception",
        0xe043_4f4d => "a .NET exception (before 4.0)",
        0xe06d_7363 => "a C++ exception",
        _ => return None,
    })
}
