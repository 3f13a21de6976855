//! The kernel's log (kernel/printk).
//!
//! - `ring`: the lockless ring of 5.10 and later
//! - `records`: the record buffer before it

mod records;
mod ring;
#[cfg(test)]
mod tests;

use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::lost::Lost;
use memsh_plugin::{ApiError, Listing, Status, UnixNanos, VirtAddr};

/// `CALLER_ID`s with this bit are processors, the others tasks (kernel/printk/printk.c).
const BY_CPU: u64 = 0x8000_0000;
/// A text's length is a 16-bit number; more than that never belongs to one record.
const LONGEST: u64 = 1 << 16;

/// Who logged a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A thread, by its id.
    Thread(u32),
    /// A processor, outside of any thread (an interrupt).
    Cpu(u32),
}

/// A message of the kernel's log. Of a torn one what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number since the system started.
    pub sequence: Option<u64>,
    /// Nanoseconds since the system started, by the scheduler's clock (which stands still while the system is suspended).
    pub nanoseconds: Option<u64>,
    /// When, by the system's clock; none where the start of the system is unknown.
    pub time: Option<UnixNanos>,
    /// 0 (emergency) to 7 (debugging).
    pub level: Option<u8>,
    /// 0 for the kernel; others for what user programs wrote (`LOG_USER` and so on, without the level).
    pub facility: Option<u8>,
    /// Who logged it.
    pub caller: Option<Caller>,
    /// Short name of the task that logged it, where the kernel keeps that (7.0).
    pub process: Option<Vec<u8>>,
    /// `SUBSYSTEM` of the device that it is about.
    pub subsystem: Option<Vec<u8>>,
    /// `DEVICE`: `+pci:0000:00:01.0`, `b8:0`, `c4:64`, `n2`.
    pub device: Option<Vec<u8>>,
    /// The text; several lines where it was logged as one message.
    pub text: Option<Vec<u8>>,
}

/// The messages that are still there, oldest first. Those that somebody cleared (`dmesg -C`) are still there.
///
/// # Errors
/// When the kernel has neither ring, or it is not in the image.
pub fn messages(kernel: &Kernel) -> Result<Listing<Message>, ApiError> {
    let mut lost = Lost::default();
    let items = match kernel.address("prb") {
        Some(at) => ring::messages(kernel, at, &mut lost)?,
        None => records::messages(kernel, &mut lost)?,
    };
    Ok(lost.listing(items))
}

fn unreadable(what: &str, at: VirtAddr) -> ApiError {
    failed(
        Status::FAILED,
        format!(
            "can't read the kernel's log: {what} at {at} is not in the image or makes no sense; `scan --phys TEXT` finds what is left of it"
        ),
    )
}

fn caller(id: u64) -> Option<Caller> {
    let number = u32::try_from(id & !BY_CPU).ok()?;
    Some(if id & BY_CPU == 0 { Caller::Thread(number) } else { Caller::Cpu(number) })
}

fn time(kernel: &Kernel, nanoseconds: Option<u64>) -> Option<UnixNanos> {
    kernel.boot_time()?.checked_add(i64::try_from(nanoseconds?).ok()?)
}

fn text(bytes: Option<&[u8]>) -> Option<Vec<u8>> {
    bytes.filter(|b| !b.is_empty()).map(<[u8]>::to_vec)
}
