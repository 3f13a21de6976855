//! The system as a whole: its name, its version, when it was started.

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Shape, offset_of};
use crate::os::linux::base::percpu;
use memsh_plugin::{Maybe, OsInfo, Text, UnixNanos, VirtAddr};

/// What the kernel says of itself in `init_uts_ns`, its timekeeper and its processor masks.
pub fn os_info(kernel: &Kernel) -> OsInfo {
    let uts = &kernel.layouts.uts;
    let block = kernel.address("init_uts_ns").map(|at| uts.read(kernel.view(), at));
    let text = |m| block.as_ref().and_then(|b| b.text(m)).filter(|t| !t.is_empty()).map(Text::from);
    let release = text(uts.release).or_else(|| Some(Text::from(kernel.vmcoreinfo.as_ref()?.osrelease()?))).unwrap_or_default();
    OsInfo {
        kind: Text::from("linux"),
        name: text(uts.sysname).unwrap_or_else(|| Text::from("Linux")),
        version: release,
        build: text(uts.version).into(),
        kernel_base: Maybe::Some(kernel.base),
        kernel_size: kernel.size.into(),
        kaslr_slide: kernel.slide.into(),
        boot_time: kernel.boot_time().into(),
        hostname: text(uts.nodename).into(),
        cpus: online_cpus(kernel).into(),
    }
}

/// `__num_online_cpus`, or the bits of `__cpu_online_mask`.
fn online_cpus(kernel: &Kernel) -> Option<u32> {
    let counted = kernel.address("__num_online_cpus").and_then(|at| kernel.space.read_u32(at).ok());
    if let Some(n) = counted.filter(|&n| n > 0 && u64::from(n) <= percpu::MOST_CPUS) {
        return Some(n);
    }
    let online = percpu::mask(kernel, "__cpu_online_mask")?;
    u32::try_from(online.len()).ok().filter(|&n| n > 0)
}

/// When the system was started: `offs_real - offs_boot` of the timekeeper (kernel/time/timekeeping.c).
///
/// The timekeeper lies somewhere at the start of `tk_core`, whose type has no name before 6.13. It is known by the invariant
/// `offs_real == -wall_to_monotonic`, which `tk_set_wall_to_mono` keeps. On i386 a number of 64 bits is aligned to four bytes.
pub fn boot_time(kernel: &Kernel) -> Option<UnixNanos> {
    at_offset(kernel, timekeeper(kernel)?)
}

/// Where the system's timekeeper lies.
pub fn timekeeper(kernel: &Kernel) -> Option<VirtAddr> {
    // 6.17 keeps several of them in an array, the system's own first.
    let core = kernel.address("tk_core").or_else(|| kernel.address("timekeeper_data"))?;
    let named = offset_of(kernel.layouts.tk_data.timekeeper);
    let mut places = named.into_iter().chain((0..=128).step_by(4)).map(|at| core.wrapping_add(at));
    places.find(|at| at_offset(kernel, *at).is_some())
}

fn at_offset(kernel: &Kernel, timekeeper: VirtAddr) -> Option<UnixNanos> {
    let shape = &kernel.layouts.timekeeper;
    let block = shape.read(kernel.view(), timekeeper);
    let (seconds, nanos) = (block.int(shape.wall_sec)?, block.int(shape.wall_nsec)?);
    let (real, boot) = (block.int(shape.real)?, block.int(shape.boot)?);
    let wall = seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?;
    (real != 0 && wall.checked_neg()? == real && boot >= 0).then(|| real.checked_sub(boot))?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::os::linux::testkit::{Kit, u};

    fn kit() -> Kit {
        let mut kit = Kit::new();
        kit.types.structure(
            "timekeeper",
            0x80,
            &[("offs_real", 0x20, u(8)), ("offs_boot", 0x28, u(8)), ("wall_to_monotonic", 0x40, "timespec64".into())],
        );
        kit.types.structure("timespec64", 16, &[("tv_sec", 0, u(8)), ("tv_nsec", 8, u(8))]);
        kit.symbol("tk_core", 0x1000);
        kit
    }

    fn put(kit: &mut Kit, at: u64, real: i64) {
        kit.put(at + 0x20, &real.to_le_bytes());
        kit.put(at + 0x28, &7i64.to_le_bytes());
        kit.put(at + 0x40, &(-1_700_000_000i64).to_le_bytes());
        kit.put(at + 0x48, &5i64.to_le_bytes());
    }

    #[test]
    fn the_boot_time_is_taken_where_the_invariant_holds() {
        for at in [0x1010, 0x1004] {
            let mut kit = kit();
            put(&mut kit, at, 1_699_999_999_999_999_995);
            assert_eq!(boot_time(&kit.kernel()), Some(1_699_999_999_999_999_988), "{at:#x}");
        }
    }

    #[test]
    fn no_boot_time_rather_than_a_wrong_one() {
        let mut kit = kit();
        put(&mut kit, 0x1010, 1_699_999_999_999_999_996);
        assert_eq!(boot_time(&kit.kernel()), None);
    }
}
