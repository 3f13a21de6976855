//! CPU time of this thread.

use rustix::time::{ClockId, clock_gettime};
use std::time::Instant;

fn cpu_ns() -> u64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// Runs `f`, which does `units` things, over and over for about `slot_ms` milliseconds (once at least) and gives the CPU time of
/// one thing in nanoseconds.
pub fn ns_each(slot_ms: u128, units: u64, mut f: impl FnMut()) -> f64 {
    let (mut runs, wall, began) = (0u64, Instant::now(), cpu_ns());
    loop {
        f();
        runs += 1;
        if wall.elapsed().as_millis() >= slot_ms {
            return (cpu_ns() - began) as f64 / (runs * units) as f64;
        }
    }
}
