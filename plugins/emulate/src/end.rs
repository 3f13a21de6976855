//! How a run ended.

use crate::pages::Why;
use std::time::Duration;

/// How an address was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    Execute,
}

/// A page that was asked for and can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    pub page: u64,
    pub access: Access,
    pub why: Why,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The function came back.
    Returned,
    /// It came to `until`, or to the end of the code that was given.
    Until,
    /// A hook said so.
    Hook,
    /// So many instructions were run.
    Steps(u64),
    /// So much time passed.
    Time(Duration),
    /// The user wanted no more.
    Interrupted,
    Missing(Missing),
    /// More than the stack was pushed.
    Stack(u64),
    /// Thread-local data at this offset, of a thread that is not known.
    ThreadLocal(u64),
    SystemCall,
    /// An interrupt or exception of this number.
    Exception(u32),
    /// The emulator knows no such instruction.
    Invalid,
    /// Input or output through this port.
    Port(u32),
    /// An instruction that waits for an interrupt, which never comes.
    Halted,
    /// Something else that the emulator says.
    Other(String),
}

impl End {
    /// For programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Until => "until",
            Self::Hook => "hook",
            Self::Steps(_) => "steps",
            Self::Time(_) => "time",
            Self::Interrupted => "interrupted",
            Self::Missing(m) => match m.why {
                Why::Missing => "missing",
                Why::Failed => "failed",
                Why::Full => "memory",
            },
            Self::Stack(_) => "stack",
            Self::ThreadLocal(_) => "thread-local",
            Self::SystemCall => "system call",
            Self::Exception(_) => "exception",
            Self::Invalid => "invalid",
            Self::Port(_) => "port",
            Self::Halted => "halted",
            Self::Other(_) => "emulator",
        }
    }

    /// Whether the run came to the end that it was made for.
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Returned | Self::Until | Self::Hook)
    }

    /// For people; `at` is the last instruction.
    pub fn text(&self, at: u64, x86: bool) -> String {
        match self {
            Self::Returned => "the function returned".to_owned(),
            Self::Until => format!("came to {at:#x}"),
            Self::Hook => format!("the hook at {at:#x} ended it"),
            Self::Steps(n) => format!("{n} instructions were run, and no end was in sight at {at:#x} (--steps)"),
            Self::Time(t) => format!("{t:?} passed, and no end was in sight at {at:#x} (--timeout)"),
            Self::Interrupted => format!("interrupted at {at:#x}"),
            Self::Missing(Missing { page, access, why }) => {
                let how = match access {
                    Access::Read => "read",
                    Access::Write => "written",
                    Access::Execute => "run",
                };
                match why {
                    Why::Missing => format!("the page {page:#x} is not in the target; it was to be {how} at {at:#x}"),
                    Why::Failed => format!("the page {page:#x} could not be read from the target; it was to be {how} at {at:#x}"),
                    Why::Full => format!(
                        "more memory was touched than the run may have; the page {page:#x} was next at {at:#x} (--memory)"
                    ),
                }
            }
            Self::Stack(size) => format!("the stack of {size} bytes was full at {at:#x} (--stack)"),
            Self::ThreadLocal(offset) => {
                let signed = offset.cast_signed();
                let sign = if signed < 0 { '-' } else { '+' };
                let place = format!("fs{sign}{:#x}", signed.unsigned_abs());
                format!("thread-local data ({place}) was asked for at {at:#x}, and no thread's is known (--reg fs_base=ADDR)")
            }
            Self::SystemCall => {
                format!("a system call at {at:#x}; there is no system here (--hook syscall=ret:VALUE answers it)")
            }
            Self::Exception(n) => match exception(*n, x86) {
                Some(name) => format!("exception {n} ({name}) at {at:#x}"),
                None => format!("exception {n} at {at:#x}"),
            },
            Self::Invalid => {
                format!("the emulator knows no such instruction at {at:#x} (of x86 it lacks AVX and what came after)")
            }
            Self::Port(n) => format!("input or output through port {n:#x} at {at:#x}; there is no device here"),
            Self::Halted => format!("waits for an interrupt at {at:#x}"),
            Self::Other(text) => format!("the emulator gave up at {at:#x}: {text}"),
        }
    }
}

/// Names of exceptions: x86's vectors (Intel SDM 3A, table 6-1), and QEMU's numbers for Arm.
const fn exception(number: u32, x86: bool) -> Option<&'static str> {
    Some(match (x86, number) {
        (true, 0) => "division",
        (true, 1) => "debug",
        (true, 3) => "breakpoint",
        (true, 4) => "overflow",
        (true, 5) => "bounds",
        (true, 6) => "undefined instruction",
        (true, 13) => "general protection",
        (true, 14) => "page fault",
        (true, 16) => "floating point",
        (true, 17) => "alignment",
        (true, 19) => "SIMD floating point",
        (true, 0x80) => "system call",
        (false, 1) => "undefined instruction",
        (false, 2) => "system call",
        (false, 3) => "instruction abort",
        (false, 4) => "data abort",
        (false, 7) => "breakpoint",
        _ => return None,
    })
}
