//! Where the threads of a process are: the registers that the kernel saved when they entered it last. Threads wait in system calls
//! nearly always, and calls are made by libraries: one that made its call from memory that no file stands behind runs foreign code.

use super::subject::{Subject, is_anonymous};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::region;
use crate::os::linux::suspicion::finding::Finding;
use crate::os::linux::tasks::unwind::program_registers;
use memsh_plugin::{VirtAddr, umem};

/// Threads whose code comes from no file.
pub fn foreign(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let mut out = Vec::new();
    for (tid, task) in &s.threads {
        let Some(registers) = program_registers(kernel, *task) else { continue };
        // What was a program's was in its half of the address space.
        let Some(ip) = registers.get("ip").filter(|ip| *ip != 0 && ip >> 63 == 0) else { continue };
        let address = |value: u64| VirtAddr::new(umem::from(value));
        let (at, sp) = (address(ip), registers.get("sp").map(address));
        let sp = sp.map_or_else(String::new, |sp| format!(", its stack at {sp}"));
        match s.regions.iter().find(|(v, _)| v.start <= ip && ip < v.end) {
            Some((vma, row)) if is_anonymous(vma, row) => {
                let evidence = format!("thread {tid} entered the kernel from {at}{sp}");
                let found = s.in_region(row, "memory", "thread in anonymous memory", evidence);
                out.push(Finding { address: Some(at), size: None, ..found });
            }
            // Helpers of the kernel's for programs, on 32-bit ARM.
            None if region::gate(kernel).is_some_and(|g| g.start <= at && at < g.end) => {}
            None if s.regions_whole && !s.regions.is_empty() => {
                let evidence = format!("thread {tid} entered the kernel from {at}, where nothing is mapped{sp}");
                out.push(Finding { address: Some(at), ..s.finding("memory", "thread outside of all regions", evidence) });
            }
            _ => {}
        }
    }
    out
}
