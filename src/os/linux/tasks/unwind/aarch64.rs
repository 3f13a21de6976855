//! Stacks on AArch64: where a task was left (`cpu_switch_to`, arch/arm64/kernel/entry.S), its saved registers (`pt_regs`,
//! arch/arm64/include/asm/ptrace.h), and records of frames (arch/arm64/kernel/stacktrace.c).

use super::StackedShape;
use super::registers::Registers;
use super::walk::Start;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Status, VirtAddr};

shapes! {
    /// `task_struct`, for the registers that it was left with.
    LeftShape: "task_struct" {
        fp: ["thread.cpu_context.fp"],
        sp: ["thread.cpu_context.sp"],
        pc: ["thread.cpu_context.pc"],
    }
    /// `pt_regs`.
    SavedShape: "pt_regs" {
        regs: ["regs"],
        sp: ["sp"],
        pc: ["pc"],
        pstate: ["pstate"],
        first: ["orig_x0"],
        number: ["syscallno"],
        // A record of a frame inside the registers: what is interrupted leads there.
        record: ["stackframe"],
    }
    /// `frame_record_meta`, 6.13: a record that says what it is.
    MetaShape: "frame_record_meta" {
        kind: ["type"],
    }
}

const NAMES: [&str; 31] = [
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18",
    "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
];
/// `PSR_MODE_MASK`: 0 is EL0.
const MODE: u64 = 0xf;
/// `PSR_MODE32_BIT`: a 32-bit program.
const MODE_32: u64 = 1 << 4;
/// `PSR_I_BIT`: interrupts are masked, as they never are in a program.
const MASKED: u64 = 1 << 7;
/// `FRAME_META_TYPE_PT_REGS` (arch/arm64/include/asm/stacktrace/frame.h).
const META_REGISTERS: u64 = 2;

/// Whether the kernel's types say what is needed.
pub fn able(kernel: &Kernel) -> Result<(), ApiError> {
    let (task, left) = (kernel.shape::<StackedShape>(), kernel.shape::<LeftShape>());
    if task.stack.is_none() || left.fp.is_none() || left.sp.is_none() || left.pc.is_none() {
        let why = "can't unwind stacks: task_struct.stack or task_struct.thread.cpu_context is not among the kernel's types";
        return Err(failed(Status::UNSUPPORTED, why));
    }
    Ok(())
}

/// Where the task was left.
pub fn sleeper(kernel: &Kernel, task: VirtAddr, (bottom, top): (VirtAddr, VirtAddr), lost: &mut Lost) -> Option<Start> {
    let shape = kernel.shape::<LeftShape>();
    let block = shape.read(kernel.view(), task);
    let (Some(pc), Some(sp), Some(fp)) = (block.uint(shape.pc), block.ptr(shape.sp), block.uint(shape.fp)) else {
        lost.push(format!("the task at {task} is not in the image"));
        return None;
    };
    if sp < bottom || sp >= top {
        lost.push(format!("the saved stack pointer {sp} is outside the task's stack, {bottom} to {top}"));
        return None;
    }
    Some(Start::at(kernel.space.format().plain(pc), number(sp), fp))
}

/// The registers saved at `at`; `None` where a byte that matters is not in the image.
pub fn registers(kernel: &Kernel, at: VirtAddr) -> Option<Registers> {
    let s = kernel.shape::<SavedShape>();
    let block = s.read(kernel.view(), at);
    let (words, _) = block.bytes(s.regs)?.as_chunks::<8>();
    let general = NAMES.into_iter().zip(words.iter().map(|w| u64::from_le_bytes(*w)));
    let rest = [("sp", s.sp), ("pc", s.pc), ("pstate", s.pstate), ("orig_x0", s.first), ("syscallno", s.number)];
    let value = |(name, m): (&'static str, Option<Member>)| Some((name, block.uint(m)?));
    let found = Registers(general.chain(rest.into_iter().filter_map(value)).collect());
    found.get("pc").and(found.get("pstate")).map(|_| found)
}

/// Whether they were saved while a program ran.
pub fn is_user(pstate: u64) -> bool {
    pstate & MODE == 0
}

/// Whether they are of a 32-bit program.
pub fn is_compat(registers: &Registers) -> bool {
    registers.get("pstate").is_some_and(|p| p & MODE_32 != 0)
}

/// Whether they look like a program's: of the lower half, interrupts on.
pub fn plausible(registers: &Registers) -> bool {
    let lower = |name: &str| registers.get(name).is_some_and(|v| v >> 55 == 0 && v != 0);
    let pstate = registers.get("pstate").unwrap_or(u64::MAX);
    is_user(pstate) && pstate & MASKED == 0 && pstate >> 32 == 0 && lower("pc")
}

/// The number of the system call that these registers were saved for, its arguments, and whether it came by the 32-bit interface.
pub fn system_call(registers: &Registers) -> Option<(u64, [u64; 6], bool)> {
    // -1 is none (NO_SYSCALL).
    let number = registers.get("syscallno").map(|n| n & 0xffff_ffff).filter(|n| n >> 31 == 0)?;
    let compat = is_compat(registers);
    // x0 is the result by the time that the call ends.
    let arguments = ["orig_x0", "x1", "x2", "x3", "x4", "x5"].map(|n| registers.get(n).unwrap_or(0));
    Some((number, arguments.map(|a| if compat { a & 0xffff_ffff } else { a }), compat))
}

/// What the record of a frame at `record` is, where it is the one in saved registers and tells so itself (6.13): where these begin.
pub fn registers_of(kernel: &Kernel, record: u64) -> Option<u64> {
    let meta = kernel.shape::<MetaShape>();
    let kind = meta.read(kernel.view(), VirtAddr::new(memsh_plugin::umem::from(record))).uint(meta.kind)?;
    (kind == META_REGISTERS).then_some(())?;
    record.checked_sub(kernel.shape::<SavedShape>().record?.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_leaves_is_told_from_noise() {
        let of = |pc, pstate, call| {
            Registers(vec![("x1", 7), ("sp", 0xffff_f000), ("pc", pc), ("pstate", pstate), ("orig_x0", 3), ("syscallno", call)])
        };
        let program = of(0x41_2345, 0x8000_1000, 63);
        assert!(plausible(&program));
        assert_eq!(system_call(&program), Some((63, [3, 7, 0, 0, 0, 0], false)));
        assert_eq!(system_call(&of(0x41_2345, 0x6000_0010, 3)).map(|c| c.2), Some(true));
        assert_eq!(system_call(&of(0x41_2345, 0, 0xffff_ffff)), None);
        assert!(!plausible(&of(0xffff_8000_1000_0000, 0x6040_0005, 0)), "the kernel's own");
        assert!(!plausible(&of(0, 0, 0)), "a thread of the kernel");
    }
}
