//! Registers that the kernel saved (`pt_regs`, arch/x86/include/asm/ptrace.h), and the system call that they speak of.

use super::{aarch64, arm, riscv};
use crate::arch::Arch;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::suspicion::integrity::numbers;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `pt_regs`.
    RegistersShape: "pt_regs" {
        r15: ["r15"],
        r14: ["r14"],
        r13: ["r13"],
        r12: ["r12"],
        bp: ["bp"],
        bx: ["bx"],
        r11: ["r11"],
        r10: ["r10"],
        r9: ["r9"],
        r8: ["r8"],
        ax: ["ax"],
        cx: ["cx"],
        dx: ["dx"],
        si: ["si"],
        di: ["di"],
        orig_ax: ["orig_ax"],
        ip: ["ip"],
        cs: ["cs"],
        flags: ["flags"],
        sp: ["sp"],
        ss: ["ss"],
    }
}

/// `USER_CS` of 32-bit programs, `USER32_CS` (arch/x86/include/asm/segment.h): GDT_ENTRY_DEFAULT_USER32_CS * 8 + 3.
const USER32_CS: u64 = 0x23;
/// Set in the number of a system call of the x32 ABI (`__X32_SYSCALL_BIT`, arch/x86/include/uapi/asm/unistd.h).
const X32: u64 = 0x4000_0000;
/// No table of system calls is longer.
const MOST: u64 = 4096;

/// Saved registers: names as the kernel's, without the `r` or `e` of the width, and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers(pub Vec<(&'static str, u64)>);

impl Registers {
    /// Reads the ones at `at`; `None` where a byte that matters is not in the image.
    pub fn read(kernel: &Kernel, at: VirtAddr) -> Option<Self> {
        if kernel.space.format().arch == Arch::RiscV64 {
            return riscv::registers(kernel, at);
        }
        if kernel.space.format().arch == Arch::AArch64 {
            return aarch64::registers(kernel, at);
        }
        if kernel.space.format().arch == Arch::Arm {
            return arm::registers(kernel, at);
        }
        let s = kernel.shape::<RegistersShape>();
        let block = s.read(kernel.view(), at);
        let all = [
            ("r15", s.r15),
            ("r14", s.r14),
            ("r13", s.r13),
            ("r12", s.r12),
            ("bp", s.bp),
            ("bx", s.bx),
            ("r11", s.r11),
            ("r10", s.r10),
            ("r9", s.r9),
            ("r8", s.r8),
            ("ax", s.ax),
            ("cx", s.cx),
            ("dx", s.dx),
            ("si", s.si),
            ("di", s.di),
            ("orig_ax", s.orig_ax),
            ("ip", s.ip),
            ("cs", s.cs),
            ("flags", s.flags),
            ("sp", s.sp),
            ("ss", s.ss),
        ];
        let value = |(name, m): (&'static str, Option<Member>)| Some((name, word(&block, m, name)?));
        let found = Self(all.into_iter().filter_map(value).collect());
        found.get("ip").and(found.get("cs")).map(|_| found)
    }

    /// A register by the kernel's name; `ip` is the instruction pointer whatever the processor calls it.
    pub fn get(&self, name: &str) -> Option<u64> {
        let known = |name: &str| self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        match name {
            "ip" => ["ip", "pc", "epc"].into_iter().find_map(known),
            _ => known(name),
        }
    }

    /// The frame pointer, whatever the processor calls it; zero where it is not known.
    pub fn frame_pointer(&self) -> u64 {
        ["bp", "s0", "x29", "r11"].into_iter().find_map(|n| self.get(n)).unwrap_or(0)
    }

    /// Whether they are those of a program: its privilege level, in the low bits of CS, is not the kernel's.
    pub fn is_user(&self) -> bool {
        if let Some(status) = self.get("status") {
            return riscv::is_user(status);
        }
        if let Some(pstate) = self.get("pstate") {
            return aarch64::is_user(pstate);
        }
        if let Some(cpsr) = self.get("cpsr") {
            return arm::is_user(cpsr);
        }
        self.get("cs").is_some_and(|cs| cs & 3 == 3)
    }

    /// Whether they look like a program's, by what the processor demands: code and stack segments of level 3, interrupts on.
    fn plausible(&self) -> bool {
        if self.get("status").is_some() {
            return riscv::plausible(self);
        }
        if self.get("pstate").is_some() {
            return aarch64::plausible(self);
        }
        if self.get("cpsr").is_some() {
            return arm::plausible(self);
        }
        // X86_EFLAGS_FIXED and X86_EFLAGS_IF.
        self.is_user() && self.get("ss").is_some_and(|ss| ss & 3 == 3) && self.get("flags").is_some_and(|f| f & 0x202 == 0x202)
    }
}

/// A register; segment registers are 16 bits of a wider field, in which other things may stand (FRED).
fn word(block: &Block, m: Option<Member>, name: &str) -> Option<u64> {
    let value = block.uint(m)?;
    Some(if matches!(name, "cs" | "ss") { value & 0xffff } else { value })
}

/// The registers of the program, as the kernel saved them at the top of a task's stack when it was entered
/// (`task_pt_regs`). Above them the kernel may leave two words (TOP_OF_KERNEL_STACK_PADDING: with FRED since 6.9, 32-bit).
pub fn of_program(kernel: &Kernel, top: VirtAddr) -> Option<(VirtAddr, Registers)> {
    let size = kernel.types.size_of("struct pt_regs").filter(|s| *s <= 1024)?;
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    // On 32-bit ARM they always are there.
    let paddings: &[umem] =
        if kernel.space.format().arch == Arch::Arm { &[umem::from(arm::PADDING)] } else { &[0, 2 * word, word] };
    paddings.iter().find_map(|padding| {
        let at = top.checked_sub(*padding)?.checked_sub(umem::from(size))?;
        Registers::read(kernel, at).filter(Registers::plausible).map(|r| (at, r))
    })
}

/// A system call that a task is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// Its number.
    pub number: u64,
    /// Its name, where the kernel's table of them has one.
    pub name: Option<String>,
    /// What it was called with: the registers that arguments are passed in, however many it takes.
    pub arguments: [u64; 6],
    /// Whether it came by the 32-bit interface.
    pub compat: bool,
}

/// The system call that these registers of `task` were saved for; `None` where it was an interrupt or an exception
/// (then `orig_ax` is -1). `outermost` is the function that its stack ends in, where that is known.
pub fn system_call(kernel: &Kernel, task: VirtAddr, registers: &Registers, outermost: Option<&str>) -> Option<SystemCall> {
    if kernel.space.format().arch == Arch::Arm {
        let (number, arguments) = arm::system_call(kernel, task, registers, outermost)?;
        return Some(SystemCall { number, name: named(kernel, "sys_call_table", number), arguments, compat: false });
    }
    if registers.get("status").is_some() {
        let (number, arguments) = riscv::system_call(registers)?;
        return Some(SystemCall { number, name: named(kernel, "sys_call_table", number), arguments, compat: false });
    }
    if kernel.space.format().arch == Arch::AArch64 {
        let (number, arguments, compat) = aarch64::system_call(registers)?;
        let table = if compat { "compat_sys_call_table" } else { "sys_call_table" };
        // The interface never changes; the table is not always known.
        let told = || numbers::aarch64(number).filter(|_| !compat).map(str::to_owned);
        let name = named(kernel, table, number).or_else(told);
        return Some(SystemCall { number, name, arguments, compat });
    }
    let word = u64::from(kernel.view().view_metadata().pointer_size);
    let number = registers.get("orig_ax")?;
    // The kernel compares an int.
    let number = if number >> 31 == 0 { number } else { number & 0xffff_ffff };
    if number >> 31 == 1 {
        return None;
    }
    let compat = word == 4 || registers.get("cs") == Some(USER32_CS);
    let names = if compat { ["bx", "cx", "dx", "si", "di", "bp"] } else { ["di", "si", "dx", "r10", "r8", "r9"] };
    let arguments = names.map(|n| registers.get(n).unwrap_or(0) & if compat { 0xffff_ffff } else { u64::MAX });
    let table = match compat && word == 8 {
        true => "ia32_sys_call_table",
        false => "sys_call_table",
    };
    Some(SystemCall { number, name: named(kernel, table, number & !X32), arguments, compat })
}

/// The name of the function in a slot of a table of system calls.
fn named(kernel: &Kernel, table: &str, index: u64) -> Option<String> {
    let word = u64::from(kernel.view().view_metadata().pointer_size);
    let slot = kernel.address(table).filter(|_| index < MOST)?.wrapping_add(umem::from(index * word));
    let function = kernel.space.read_ptr(slot).ok()?;
    // A function in Thumb has the lowest bit of its address set.
    let thumb = umem::from(kernel.space.format().arch == Arch::Arm && function.value() & 1 == 1);
    called(kernel, function.wrapping_sub(thumb))
}

/// The name of the function behind a system call, without what the kernel puts before it.
fn called(kernel: &Kernel, function: VirtAddr) -> Option<String> {
    let (symbol, distance) = kernel.symbols.near(function)?;
    if distance != 0 {
        return None;
    }
    let known = [
        "__x64_sys_",
        "__riscv_sys_",
        "__arm64_sys_",
        "__arm64_compat_sys_",
        "__ia32_compat_sys_",
        "__ia32_sys_",
        "__x32_compat_sys_",
        "__se_sys_",
        "__do_sys_",
        "compat_sys_",
        "sys_",
    ];
    let name = known.iter().find_map(|p| symbol.name.strip_prefix(p))?;
    Some(name.to_owned())
}
