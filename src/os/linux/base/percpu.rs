//! Per-CPU variables (include/asm-generic/percpu.h), and the processors that have them.

use super::kernel::Kernel;
use crate::engine::{ViewExt, index};
use memsh_plugin::{VirtAddr, umem};

/// No system has more processors (NR_CPUS of the largest configurations is 8192).
pub const MOST_CPUS: u64 = 1 << 16;

/// The numbers of the processors in the mask of this name (`__cpu_online_mask`, `__cpu_possible_mask`), ascending.
pub fn mask(kernel: &Kernel, name: &str) -> Option<Vec<u32>> {
    let mask = kernel.address(name)?;
    let cpus = kernel.address("nr_cpu_ids").and_then(|at| kernel.space.read_u32(at).ok()).map_or(64, u64::from);
    if cpus == 0 || cpus > MOST_CPUS {
        return None;
    }
    // Read as bytes: on the little-endian systems that memsh knows, bit n of the mask is bit n % 8 of byte n / 8.
    let mut bytes = vec![0u8; index(umem::from(cpus.div_ceil(8)))?];
    kernel.space.read_exact(mask, &mut bytes).ok()?;
    let bits = bytes.iter().flat_map(|b| (0..8).map(move |i| b >> i & 1 == 1));
    let limit = u32::try_from(cpus).ok()?;
    Some((0..limit).zip(bits).filter(|(_, set)| *set).map(|(cpu, _)| cpu).collect())
}

/// The processors that per-CPU variables exist for; processor 0 alone where the kernel does not say.
pub fn cpus(kernel: &Kernel) -> Vec<u32> {
    mask(kernel, "__cpu_possible_mask").filter(|m| !m.is_empty()).unwrap_or_else(|| vec![0])
}

/// Where processor `cpu` has its copy of the per-CPU variable that a symbol puts at `variable`: `__per_cpu_offset[cpu]` farther
/// on. A kernel for one processor has no such table, and the variable itself.
pub fn per_cpu(kernel: &Kernel, variable: VirtAddr, cpu: u32) -> Option<VirtAddr> {
    if u64::from(cpu) >= MOST_CPUS {
        return None;
    }
    let Some(table) = kernel.address("__per_cpu_offset") else { return (cpu == 0).then_some(variable) };
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let distance = kernel.space.read_ptr(table.wrapping_add(umem::from(cpu).checked_mul(word)?)).ok()?;
    Some(variable.wrapping_add(distance.value()))
}
