//! Stacks on RISC-V: where a task was left (`__switch_to`, arch/riscv/kernel/entry.S), and its saved registers (`pt_regs`,
//! arch/riscv/include/asm/ptrace.h).

use super::StackedShape;
use super::registers::Registers;
use super::walk::Start;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Status, VirtAddr, umem};

shapes! {
    /// `task_struct`, for the registers that it was left with. `s` are the saved ones, the frame pointer first.
    LeftShape: "task_struct" {
        ra: ["thread.ra"],
        sp: ["thread.sp"],
        s: ["thread.s"],
    }
    /// `pt_regs`.
    SavedShape: "pt_regs" {
        epc: ["epc"],
        ra: ["ra"],
        sp: ["sp"],
        gp: ["gp"],
        tp: ["tp"],
        t0: ["t0"],
        t1: ["t1"],
        t2: ["t2"],
        s0: ["s0"],
        s1: ["s1"],
        a0: ["a0"],
        a1: ["a1"],
        a2: ["a2"],
        a3: ["a3"],
        a4: ["a4"],
        a5: ["a5"],
        a6: ["a6"],
        a7: ["a7"],
        s2: ["s2"],
        s3: ["s3"],
        s4: ["s4"],
        s5: ["s5"],
        s6: ["s6"],
        s7: ["s7"],
        s8: ["s8"],
        s9: ["s9"],
        s10: ["s10"],
        s11: ["s11"],
        t3: ["t3"],
        t4: ["t4"],
        t5: ["t5"],
        t6: ["t6"],
        status: ["status"],
        badaddr: ["badaddr"],
        cause: ["cause"],
        orig_a0: ["orig_a0"],
    }
}

/// `SR_SPP`: where the exception came from was the kernel.
const FROM_KERNEL: u64 = 1 << 8;
/// `SR_SPIE`: interrupts were on.
const INTERRUPTS: u64 = 1 << 5;
/// `EXC_SYSCALL`.
const ECALL: u64 = 8;
/// User addresses are below this in every format.
const USER_END: u64 = 1 << 56;

/// Whether the kernel's types say what is needed.
pub fn able(kernel: &Kernel) -> Result<(), ApiError> {
    let (task, left) = (kernel.shape::<StackedShape>(), kernel.shape::<LeftShape>());
    if task.stack.is_none() || left.sp.is_none() || left.ra.is_none() || left.s.is_none() {
        let why = "can't unwind stacks: task_struct.stack, task_struct.thread.sp, .ra or .s is not among the kernel's types";
        return Err(failed(Status::UNSUPPORTED, why));
    }
    Ok(())
}

/// Where the task was left.
pub fn sleeper(kernel: &Kernel, task: VirtAddr, (bottom, top): (VirtAddr, VirtAddr), lost: &mut Lost) -> Option<Start> {
    let shape = kernel.shape::<LeftShape>();
    let block = shape.read(kernel.view(), task);
    let (Some(ra), Some(sp)) = (block.uint(shape.ra), block.ptr(shape.sp)) else {
        lost.push(format!("the task at {task} is not in the image"));
        return None;
    };
    if sp < bottom || sp >= top {
        lost.push(format!("the saved stack pointer {sp} is outside the task's stack, {bottom} to {top}"));
        return None;
    }
    // The first of the saved registers is s0, the frame pointer.
    let fp = block.bytes(shape.s).and_then(|b| b.first_chunk::<8>().map(|w| u64::from_le_bytes(*w))).unwrap_or(0);
    Some(Start::at(ra, number(sp), fp))
}

/// The registers saved at `at`; `None` where a byte that matters is not in the image.
pub fn registers(kernel: &Kernel, at: VirtAddr) -> Option<Registers> {
    let s = kernel.shape::<SavedShape>();
    let block = s.read(kernel.view(), at);
    let all: [(&'static str, Option<Member>); 36] = [
        ("epc", s.epc),
        ("ra", s.ra),
        ("sp", s.sp),
        ("gp", s.gp),
        ("tp", s.tp),
        ("t0", s.t0),
        ("t1", s.t1),
        ("t2", s.t2),
        ("s0", s.s0),
        ("s1", s.s1),
        ("a0", s.a0),
        ("a1", s.a1),
        ("a2", s.a2),
        ("a3", s.a3),
        ("a4", s.a4),
        ("a5", s.a5),
        ("a6", s.a6),
        ("a7", s.a7),
        ("s2", s.s2),
        ("s3", s.s3),
        ("s4", s.s4),
        ("s5", s.s5),
        ("s6", s.s6),
        ("s7", s.s7),
        ("s8", s.s8),
        ("s9", s.s9),
        ("s10", s.s10),
        ("s11", s.s11),
        ("t3", s.t3),
        ("t4", s.t4),
        ("t5", s.t5),
        ("t6", s.t6),
        ("status", s.status),
        ("badaddr", s.badaddr),
        ("cause", s.cause),
        ("orig_a0", s.orig_a0),
    ];
    let found = Registers(all.into_iter().filter_map(|(name, m)| Some((name, block.uint(m)?))).collect());
    found.get("epc").and(found.get("status")).map(|_| found)
}

/// Whether they were saved while a program ran.
pub fn is_user(status: u64) -> bool {
    status & FROM_KERNEL == 0
}

/// Whether they look like a program's: of the lower half, interrupts on, a cause that there is.
pub fn plausible(registers: &Registers) -> bool {
    let lower = |name: &str| registers.get(name).is_some_and(|v| v != 0 && v < USER_END);
    let status = registers.get("status").unwrap_or(0);
    // The highest bit tells interrupts; the number itself is small, or -1 once a signal was seen to.
    let cause = registers.get("cause").is_some_and(|c| c == u64::MAX || c & !(1 << 63) < 64);
    is_user(status) && status & INTERRUPTS != 0 && cause && lower("epc") && lower("sp")
}

/// The number of the system call that these registers were saved for, and its arguments.
pub fn system_call(registers: &Registers) -> Option<(u64, [u64; 6])> {
    if registers.get("cause") != Some(ECALL) {
        return None;
    }
    // a0 is the result by the time that the call ends.
    let arguments = ["orig_a0", "a1", "a2", "a3", "a4", "a5"].map(|n| registers.get(n).unwrap_or(0));
    Some((registers.get("a7").filter(|n| n >> 31 == 0)?, arguments))
}

/// Whether a return address is that of the way into the kernel, behind whose frame the saved registers lie.
pub fn is_entry(kernel: &Kernel, ip: u64) -> bool {
    let Some(first) = kernel.address("handle_exception").map(number) else { return false };
    // Since 6.5 the end has a name; before, `ret_from_exception` follows at once (arch/riscv/kernel/entry.S).
    let end = ["ret_from_exception_end", "ret_from_exception"].iter().find_map(|n| kernel.address(n)).map(number);
    let within = |end: u64| first < ip && ip <= end;
    match end.filter(|e| *e > first) {
        Some(end) => within(end),
        None => kernel.symbols.near(VirtAddr::new(umem::from(ip))).is_some_and(|(s, _)| s.name == "handle_exception"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[(&'static str, u64)]) -> Registers {
        Registers(values.to_vec())
    }

    #[test]
    fn what_a_program_leaves_is_told_from_noise() {
        let program = of(&[
            ("epc", 0xb_5926),
            ("sp", 0x7fff_cc50_07c0),
            ("status", 0x2_0000_0020),
            ("cause", 8),
            ("a7", 260),
            ("orig_a0", 5),
        ]);
        assert!(plausible(&program));
        assert_eq!(program.get("ip"), Some(0xb_5926));
        assert_eq!(system_call(&program), Some((260, [5, 0, 0, 0, 0, 0])));
        assert!(!plausible(&of(&[("epc", 0), ("sp", 0), ("status", 0), ("cause", 0)])), "a thread of the kernel");
        assert!(!plausible(&of(&[("epc", 1 << 63), ("sp", 1 << 63), ("status", 0x120), ("cause", 5)])));
        let interrupted = of(&[("epc", 4), ("status", 0x20), ("cause", 1 << 63 | 5), ("a7", 64)]);
        assert_eq!(system_call(&interrupted), None);
    }
}
