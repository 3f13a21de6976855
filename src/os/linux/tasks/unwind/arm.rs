//! Stacks on 32-bit ARM: where a task was left (`__switch_to`, arch/arm/kernel/entry-armv.S), its saved registers (`pt_regs`,
//! arch/arm/include/asm/ptrace.h), and where a stack ends.

use super::StackedShape;
use super::ehabi::code::{FP, LR, PC, SP, Virtual};
use super::registers::Registers;
use super::walk::Start;
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::{Symbol, Symbols, Types, TypesExt};
use memsh_plugin::{ApiError, Status, VirtAddr, umem};

shapes! {
    /// `task_struct`, where `thread_info` is part of it (CONFIG_THREAD_INFO_IN_TASK, 5.16).
    InTaskShape: "task_struct" {
        left: ["thread_info.cpu_context"],
        // 5.15: kept at every call; what was there before, only where somebody traces.
        call: ["thread_info.abi_syscall"],
    }
    /// `thread_info`, which else begins the stack.
    OnStackShape: "thread_info" {
        left: ["cpu_context"],
        call: ["abi_syscall"],
    }
    /// `cpu_context_save` (arch/arm/include/asm/thread_info.h).
    LeftShape: "cpu_context_save" {
        r4: ["r4"],
        r5: ["r5"],
        r6: ["r6"],
        r7: ["r7"],
        r8: ["r8"],
        r9: ["r9"],
        r10: ["sl"],
        fp: ["fp"],
        sp: ["sp"],
        pc: ["pc"],
    }
    /// `pt_regs`: r0 to r15, CPSR and what r0 was when the kernel was entered.
    SavedShape: "pt_regs" {
        words: ["uregs"],
    }
}

/// The registers of `pt_regs`, in its order.
pub const NAMES: [&str; 18] =
    ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc", "cpsr", "orig_r0"];
/// `MODE_MASK` and `USR_MODE`.
const MODE: u64 = 0x1f;
const USER: u64 = 0x10;
/// `PSR_T_BIT`: Thumb.
const THUMB: u64 = 1 << 5;
/// `PSR_I_BIT` and `PSR_F_BIT`: interrupts are masked, as they never are in a program.
const MASKED: u64 = 3 << 6;
/// What `ARM_ORIG_r0` is where an interrupt or a fault entered the kernel (`usr_entry`, arch/arm/kernel/entry-armv.S).
const NO_CALL: u64 = 0xffff_ffff;
/// `__NR_SYSCALL_MASK` (arch/arm/include/uapi/asm/unistd.h): the number without the bit of the old ABI.
const NUMBER: u64 = 0x0f_ffff;
/// Above the saved registers of a program (`THREAD_START_SP`).
pub const PADDING: u64 = 8;
/// Bytes of the fifth and sixth argument, which lie below them in a system call.
const ARGUMENTS: u64 = 8;
/// How a system call returns (arch/arm/kernel/entry-common.S): the return addresses of functions behind system calls.
const CALLED: [&str; 3] = ["ret_fast_syscall", "__sys_trace_return", "__sys_trace_return_nosave"];
/// What a processor runs when it is interrupted in the kernel (arch/arm/kernel/entry-armv.S).
const INTERRUPTED: [&str; 5] = ["__irq_svc", "__dabt_svc", "__pabt_svc", "__und_svc", "__fiq_svc"];

/// Whether the kernel's types say what is needed.
pub fn able(kernel: &Kernel) -> Result<(), ApiError> {
    let (task, left) = (kernel.shape::<StackedShape>(), kernel.shape::<LeftShape>());
    let context = kernel.shape::<InTaskShape>().left.or(kernel.shape::<OnStackShape>().left);
    if task.stack.is_none() || context.is_none() || left.fp.is_none() || left.sp.is_none() || left.pc.is_none() {
        let why =
            "can't unwind stacks: task_struct.stack, thread_info.cpu_context or cpu_context_save is not among the kernel's types";
        return Err(failed(Status::UNSUPPORTED, why));
    }
    Ok(())
}

/// Where the registers are that a task was left with.
fn context(kernel: &Kernel, task: VirtAddr, bottom: VirtAddr) -> Option<VirtAddr> {
    let (inside, outside) = (kernel.shape::<InTaskShape>(), kernel.shape::<OnStackShape>());
    match (inside.left, outside.left) {
        (Some(m), _) => Some(task.wrapping_add(umem::from(m.offset))),
        (None, Some(m)) => Some(bottom.wrapping_add(umem::from(m.offset))),
        (None, None) => None,
    }
}

/// Where the task was left.
pub fn sleeper(kernel: &Kernel, task: VirtAddr, (bottom, top): (VirtAddr, VirtAddr), lost: &mut Lost) -> Option<Start> {
    let s = kernel.shape::<LeftShape>();
    let block = s.read(kernel.view(), context(kernel, task, bottom)?);
    let (Some(pc), Some(sp)) = (block.uint(s.pc), block.uint(s.sp)) else {
        lost.push(format!("the registers of the task at {task} are not in the image"));
        return None;
    };
    if !(number(bottom)..number(top)).contains(&sp) {
        lost.push(format!("the saved stack pointer {sp:#x} is outside the task's stack, {bottom} to {top}"));
        return None;
    }
    let fp = block.uint(s.fp).unwrap_or(0);
    let all = [
        ("r4", s.r4),
        ("r5", s.r5),
        ("r6", s.r6),
        ("r7", s.r7),
        ("r8", s.r8),
        ("r9", s.r9),
        ("r10", s.r10),
        ("r11", s.fp),
        ("sp", s.sp),
    ];
    let kept = Registers(all.into_iter().filter_map(|(name, m)| Some((name, block.uint(m)?))).collect());
    Some(Start::at(address(pc), sp, fp).keeping(kept))
}

/// A code address without the bit that says Thumb.
pub fn address(pc: u64) -> u64 {
    pc & !1
}

/// The registers saved at `at`; `None` where a byte of them is not in the image.
pub fn registers(kernel: &Kernel, at: VirtAddr) -> Option<Registers> {
    let s = kernel.shape::<SavedShape>();
    let block = s.read(kernel.view(), at);
    let (words, _) = block.bytes(s.words)?.as_chunks::<4>();
    let values = words.iter().map(|w| u64::from(u32::from_le_bytes(*w)));
    let found = Registers(NAMES.into_iter().zip(values).collect());
    found.get("cpsr").map(|_| found)
}

/// Whether they were saved while a program ran.
pub fn is_user(cpsr: u64) -> bool {
    cpsr & MODE == USER
}

/// Whether they look like a program's: of its mode, interrupts on, code where code can be.
pub fn plausible(registers: &Registers) -> bool {
    let (cpsr, pc) = (registers.get("cpsr").unwrap_or(0), registers.get("pc").unwrap_or(0));
    let aligned = if cpsr & THUMB != 0 { pc & 1 == 0 } else { pc & 3 == 0 };
    is_user(cpsr) && cpsr & MASKED == 0 && pc != 0 && aligned && registers.get("sp").is_some_and(|sp| sp != 0)
}

/// The number of the system call that these registers of `task` were saved for, and its arguments. `outermost` is the function that its
/// stack ends in, where that is known.
pub fn system_call(kernel: &Kernel, task: VirtAddr, registers: &Registers, outermost: Option<&str>) -> Option<(u64, [u64; 6])> {
    let first = registers.get("orig_r0")?;
    // -1 is also what many calls are made with (wait4(-1, ...)): only the way into the kernel tells.
    let called = outermost.is_some_and(|name| CALLED.contains(&name));
    if first == NO_CALL && !called {
        return None;
    }
    let (inside, outside) = (kernel.shape::<InTaskShape>(), kernel.shape::<OnStackShape>());
    let kept = match (inside.call, outside.call) {
        (Some(_), _) => inside.read(kernel.view(), task).uint(inside.call),
        (None, Some(_)) if inside.left.is_none() => {
            let stacked = kernel.shape::<StackedShape>();
            let bottom = stacked.read(kernel.view(), task).ptr(stacked.stack)?;
            outside.read(kernel.view(), bottom).uint(outside.call)
        }
        // In r7, as every program of the EABI has it.
        _ => registers.get("r7"),
    };
    let arguments = ["orig_r0", "r1", "r2", "r3", "r4", "r5"].map(|n| registers.get(n).unwrap_or(0));
    Some((kept? & NUMBER, arguments))
}

/// Whether all of a stack that ends at `top` is used up at `sp`: above lie the saved registers of the program, or the place for them, and
/// in a system call two arguments below.
pub fn is_end(kernel: &Kernel, sp: u64, top: u64) -> bool {
    let size = kernel.types.size_of("struct pt_regs").unwrap_or(0);
    let registers = PADDING.saturating_add(size);
    top.checked_sub(sp).is_some_and(|above| [registers, registers + ARGUMENTS].contains(&above))
}

/// Whether a function belongs to the ways into the kernel and out of it: what is in the link register there is no return address.
pub fn is_entry(function: &str) -> bool {
    let ways =
        ["vector_", "ret_", "__ret_", "__sys_trace", "__irq_", "__fiq_", "__dabt_", "__pabt_", "__und_", "slow_work", "no_work"];
    ways.iter().any(|way| function.starts_with(way))
}

/// Whether a function is one that a processor runs when it is interrupted in the kernel: the registers of then lie where its frame begins.
pub fn is_interrupt(function: &str) -> bool {
    INTERRUPTED.contains(&function)
}

/// The name of the function at `ip`, of the kernel or a module, and the distance from its beginning; none where no code is known.
pub fn function(kernel: &Kernel, ip: u64) -> Option<(String, u64)> {
    let at = VirtAddr::new(umem::from(ip));
    let of = |found: Option<(Symbol<'_>, umem)>| {
        let (symbol, distance) = found.filter(|(s, _)| s.is_code())?;
        Some((symbol.name.to_owned(), to_u64(distance)?))
    };
    of(kernel.symbols.near(at)).or_else(|| of(kernel.module_symbols().near(at)))
}

/// Whether the instruction before `ip` goes elsewhere and can come back to it: a call, or a jump through a register or a pointer, before
/// which the code may have put `ip` into the link register. False also where it is not in the image.
pub fn follows_call(kernel: &Kernel, ip: u64) -> bool {
    let before = |bytes: u64| VirtAddr::new(umem::from(ip.wrapping_sub(bytes)));
    let half = |bytes: u64| kernel.space.read_u16(before(bytes)).ok();
    // Thumb (Arm ARM DDI 0406C, A8.8.25 and A8.8.26): BL and BLX (immediate), BLX (register).
    let long = half(4).is_some_and(|h| h & 0xf800 == 0xf000) && half(2).is_some_and(|h| h & 0xc000 == 0xc000);
    if long || half(2).is_some_and(|h| h & 0xff87 == 0x4780) {
        return true;
    }
    let Some(w) = kernel.space.read_u32(before(4)).ok().filter(|_| ip & 3 == 0) else { return false };
    match w >> 28 {
        // BLX (immediate).
        15 => w & 0xfe00_0000 == 0xfa00_0000,
        // BL, BLX (register), BX, MOV pc, LDR pc.
        _ => {
            w & 0x0f00_0000 == 0x0b00_0000
                || w & 0x0fff_ffd0 == 0x012f_ff10
                || w & 0x0fff_fff0 == 0x01a0_f000
                || w & 0x0c10_f000 == 0x0410_f000
        }
    }
}

/// Whether `ip` is a way out of the kernel that nobody called from: `ret_fast_syscall`, which the kernel puts into the link register itself.
pub fn is_label(kernel: &Kernel, ip: u64) -> bool {
    function(kernel, ip).is_some_and(|(name, distance)| distance == 0 && is_entry(&name)) && !follows_call(kernel, ip)
}

/// Whether the function that begins at `start` has touched neither stack nor link register before `ip`, and gone straight there: a function of
/// a few instructions, such as one that waits for an interrupt, of which the tables say nothing. A32 only.
pub fn is_bare(kernel: &Kernel, start: u64, ip: u64) -> bool {
    /// Such functions are short.
    const LONGEST: u64 = 32 * 4;
    let apart = |field: u32| !(13..=14).contains(&(field & 15));
    let harmless = |w: u32| match (w >> 28, w >> 25 & 7) {
        // DSB, DMB, ISB.
        (15, _) => w & 0xffff_ff00 == 0xf57f_f000,
        // Data processing, loads and stores of one register, coprocessors, by their fields Rn and Rd.
        (_, 0..=3 | 7) => apart(w >> 16) && apart(w >> 12) && w >> 24 & 15 != 15,
        // Loads and stores of several registers, branches.
        _ => false,
    };
    ip >= start
        && ip - start <= LONGEST
        && (start..ip).step_by(4).all(|at| kernel.space.read_u32(VirtAddr::new(umem::from(at))).is_ok_and(harmless))
}

/// The registers of a frame, as the tables' instructions need them.
pub fn to_virtual(registers: &Registers) -> Virtual {
    let mut out = Virtual::default();
    for (i, name) in NAMES.iter().enumerate().take(PC + 1) {
        out.set(i, registers.get(name).and_then(|v| u32::try_from(v).ok()));
    }
    out
}

/// The same back. Of a frame that was `interrupted` all are known; a call keeps r4 to r11, and the stack pointer.
pub fn of_virtual(registers: &Virtual, interrupted: bool) -> Registers {
    let kept = |i: usize| interrupted || (4..=FP).contains(&i) || i == SP;
    let known = registers.all().filter(|(i, _)| kept(*i) && (interrupted || *i != LR));
    Registers(known.filter_map(|(i, v)| Some((*NAMES.get(i)?, u64::from(v?)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pc: u64, cpsr: u64) -> Registers {
        Registers(vec![("r0", 1), ("r7", 168), ("sp", 0xbeff_f000), ("pc", pc), ("cpsr", cpsr), ("orig_r0", 3)])
    }

    #[test]
    fn what_a_program_leaves_is_told_from_noise() {
        assert!(plausible(&of(0x1_2344, 0x6000_0010)));
        assert!(plausible(&of(0xb6f0_1236, 0x2000_0030)), "Thumb");
        assert!(plausible(&of(0xffff_0fc0, 0x10)), "a helper of the kernel's");
        for (pc, cpsr) in [(0x1_2346, 0x10), (0x1_2345, 0x30), (0, 0x10), (0xc010_0000, 0x6000_0013), (0x1_2344, 0x90), (0, 0)] {
            assert!(!plausible(&of(pc, cpsr)), "{pc:x} {cpsr:x}");
        }
    }

    #[test]
    fn registers_go_into_the_tables_and_back() {
        let given = of(0x1_2344, 0x10);
        let interrupted = of_virtual(&to_virtual(&given), true);
        assert_eq!(interrupted.get("r0"), Some(1));
        assert_eq!(interrupted.get("pc"), Some(0x1_2344));
        let called = of_virtual(&to_virtual(&given), false);
        assert_eq!((called.get("r7"), called.get("sp")), (Some(168), Some(0xbeff_f000)));
        assert_eq!((called.get("r0"), called.get("lr"), called.get("pc")), (None, None, None), "a call does not keep these");
    }
}
