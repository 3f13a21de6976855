//! Stacks of tasks: which functions called which, what a program was doing when it entered the kernel.
//!
//! A task that does not run has its registers on its kernel stack, where `__switch_to_asm` put them. From there its callers
//! are found by the kernel's own unwind tables (`orc`), or by frame pointers in a kernel that was built with those. A stack is
//! hostile as everything else: each step goes upwards within the same stack, changes of stacks are counted, and what does not
//! lead on is told.
//!
//! - `orc`: the unwind tables
//! - `registers`: saved registers, and the system call they speak of
//! - `returns`: return addresses that tracing took away
//! - `riscv`, `aarch64`, `arm`: what is different there
//! - `ehabi`: the unwind tables of 32-bit ARM
//! - `walk`: the way from frame to frame

mod aarch64;
mod arm;
mod ehabi;
mod orc;
mod registers;
mod returns;
mod riscv;
#[cfg(test)]
mod tests;
mod walk;

pub use registers::{Registers, SystemCall};

use crate::arch::Arch;
use crate::image::CpuState;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::base::percpu;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Status, VirtAddr, umem};
use orc::Tables;
use returns::Trampolines;

shapes! {
    /// `task_struct`, for its stack.
    StackedShape: "task_struct" {
        stack: ["stack"],
        sp: ["thread.sp"],
        pid: ["pid"],
    }
    /// `inactive_task_frame`: what `__switch_to_asm` leaves on the stack of a task that it leaves.
    InactiveShape: "inactive_task_frame" {
        bp: ["bp"],
        ret: ["ret_addr"],
    }
    /// `rq`.
    RunQueueShape: "rq" {
        current: ["curr"],
    }
}

/// Sizes that a kernel stack can have: pages, doubled for sanitizers (THREAD_SIZE_ORDER of arch/*/include/asm/page_*types.h).
const SIZES: std::ops::RangeInclusive<umem> = 4096..=1 << 20;

/// How a frame was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A frame of the kernel that the unwinder was led to.
    Kernel,
    /// A word on the stack that looks like a return address.
    Guess,
}

/// A frame of a kernel stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where execution goes on in it.
    pub ip: VirtAddr,
    /// Its stack pointer; of a guess, where the word lies.
    pub sp: VirtAddr,
    /// How it was found.
    pub kind: FrameKind,
    /// Whether `ip` is a return address: the call is before it.
    pub returns: bool,
}

/// The stack of a task.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The processor it runs on.
    pub cpu: Option<u32>,
    /// Whether its registers are known: a running task has them in its processor, not in memory.
    pub readable: bool,
    /// Frames in the kernel, the innermost first.
    pub frames: Vec<Frame>,
    /// The program's registers when it entered the kernel; a thread of the kernel has none.
    pub user: Option<Registers>,
    /// The system call that it is in.
    pub call: Option<SystemCall>,
    /// What could not be followed.
    pub lost: Vec<String>,
}

/// Reads the stacks of one kernel's tasks.
pub struct Unwinder<'k> {
    kernel: &'k Kernel,
    tables: Option<Tables<'k>>,
    /// Those of 32-bit ARM.
    exceptions: Option<ehabi::Tables<'k>>,
    trampolines: Trampolines<'k>,
    size: Option<umem>,
    /// Processors, and the tasks that run on them.
    running: Vec<(u32, VirtAddr)>,
    cpus: Vec<CpuState>,
    /// What could not be found for all of them.
    lost: Vec<String>,
}

impl<'k> Unwinder<'k> {
    /// Finds what it needs. `cpus` are the processors as the image recorded them.
    ///
    /// # Errors
    /// When the kernel's types do not say where a task's stack is, or its architecture is none that memsh unwinds.
    pub fn new(kernel: &'k Kernel, cpus: &[CpuState]) -> Result<Self, ApiError> {
        let (task, frame) = (kernel.shape::<StackedShape>(), kernel.shape::<InactiveShape>());
        let arch = kernel.space.format().arch;
        if arch == Arch::RiscV64 {
            riscv::able(kernel)?;
        } else if arch == Arch::AArch64 {
            aarch64::able(kernel)?;
        } else if arch == Arch::Arm {
            arm::able(kernel)?;
        } else if task.stack.is_none() || task.sp.is_none() || frame.ret.is_none() {
            let why = "can't unwind stacks: task_struct.stack, task_struct.thread.sp or inactive_task_frame is not among the kernel's types";
            return Err(failed(Status::UNSUPPORTED, why));
        }
        let mut lost = Lost::default();
        let tables = Tables::find(kernel, &mut lost);
        let exceptions = (arch == Arch::Arm).then(|| ehabi::Tables::find(kernel, &mut lost)).flatten();
        let running = running(kernel, &mut lost);
        let size = stack_size(kernel);
        if size.is_none() {
            lost.push("the size of kernel stacks is unknown (no __start_init_task, __start_init_stack): each is taken for as large as its task's registers prove");
        }
        let lost = lost.listing::<()>(Vec::new()).lost.iter().map(|t| t.to_string_lossy().into_owned()).collect();
        Ok(Self { kernel, tables, exceptions, trampolines: Trampolines::find(kernel), size, running, cpus: cpus.to_vec(), lost })
    }

    /// What could not be found for all stacks.
    pub fn lost(&self) -> &[String] {
        &self.lost
    }

    /// Processors, and the tasks that run on them.
    pub fn running(&self) -> &[(u32, VirtAddr)] {
        &self.running
    }

    /// Whether the kernel has unwind tables; without them frame pointers are followed.
    pub fn has_tables(&self) -> bool {
        self.tables.is_some() || self.exceptions.is_some()
    }

    /// The stack of the task at `task`; `guess` adds every word on it that looks like a return address.
    pub fn stack(&self, task: VirtAddr, guess: bool) -> Stack {
        let shape = self.kernel.shape::<StackedShape>();
        let mut out = Stack { readable: true, ..Stack::default() };
        let block = shape.read(self.kernel.view(), task);
        let Some(bottom) = block.ptr(shape.stack) else {
            // A zombie's stack is gone, and its pointer null.
            if block.is_missing() {
                out.lost.push(format!("the task at {task} is not in the image"));
            }
            return out;
        };
        let Some(top) = self.top(bottom) else {
            out.lost.push(format!("the stack of the task at {task}, at {bottom}: its size is unknown"));
            return out;
        };
        out.cpu = self.running.iter().find(|(_, t)| *t == task).map(|(cpu, _)| *cpu);
        let mut lost = Lost::default();
        let start = match out.cpu {
            Some(cpu) => usize::try_from(cpu).ok().and_then(|i| self.cpus.get(i)).and_then(walk::Start::of_processor),
            None if self.kernel.space.format().arch == Arch::RiscV64 => {
                riscv::sleeper(self.kernel, task, (bottom, top), &mut lost)
            }
            None if self.kernel.space.format().arch == Arch::AArch64 => {
                aarch64::sleeper(self.kernel, task, (bottom, top), &mut lost)
            }
            None if self.kernel.space.format().arch == Arch::Arm => arm::sleeper(self.kernel, task, (bottom, top), &mut lost),
            None => walk::Start::of_sleeper(self.kernel, block.ptr(shape.sp), bottom, top, &mut lost),
        };
        let Some(start) = start else {
            out.readable = out.cpu.is_none();
            out.lost = sentences(lost);
            return out;
        };
        let mut walk = walk::Walk::new(self, task, (number(bottom), number(top)), start.clone());
        walk.run(&mut lost);
        let outermost = walk.outermost();
        out.frames = walk.frames;
        // A thread of the kernel ends in `ret_from_fork`; what lies at the top of its stack is no program's.
        out.user = walk.user.or_else(|| registers::of_program(self.kernel, top).filter(|_| out.cpu.is_none()).map(|(_, r)| r));
        // A processor in user mode is in no system call, whatever its note says.
        let called = out.user.as_ref().filter(|_| out.cpu.is_none() || !out.frames.is_empty());
        out.call = called.and_then(|r| registers::system_call(self.kernel, task, r, outermost.as_deref()));
        if guess {
            let from = start.sp().filter(|sp| (number(bottom)..number(top)).contains(sp)).unwrap_or(number(bottom));
            out.frames = walk::guesses(self.kernel, from, number(top), &out.frames);
        }
        out.lost = sentences(lost);
        out
    }

    fn top(&self, bottom: VirtAddr) -> Option<VirtAddr> {
        top(self.kernel, self.size, bottom)
    }
}

/// The end of the stack that begins at `bottom`.
fn top(kernel: &Kernel, size: Option<umem>, bottom: VirtAddr) -> Option<VirtAddr> {
    if let Some(size) = size {
        return bottom.checked_add(size);
    }
    proved(kernel, bottom)
}

/// The same where the size is not known: the registers of a program at the top prove it.
fn proved(kernel: &Kernel, bottom: VirtAddr) -> Option<VirtAddr> {
    // `MIN_THREAD_SHIFT` of AArch64 is 14.
    let least = if kernel.space.format().arch == Arch::AArch64 { 16384 } else { 8192 };
    [8192, 16384, 32768, 65536]
        .into_iter()
        .filter(|size| *size >= least)
        .filter_map(|size: u32| bottom.checked_add(umem::from(size)))
        .find(|top| registers::of_program(kernel, *top).is_some())
}

/// The size that the stacks of most processes prove to have.
fn proved_size(kernel: &Kernel) -> Option<umem> {
    /// So many processes are asked.
    const ASKED: usize = 64;
    let shape = kernel.shape::<StackedShape>();
    let mut votes: Vec<(usize, umem)> = Vec::new();
    for task in kernel.processes_by_id().into_iter().take(ASKED) {
        let Some(bottom) = shape.read(kernel.view(), task).ptr(shape.stack) else { continue };
        let Some(size) = proved(kernel, bottom).and_then(|top| top.offset_from(bottom)) else { continue };
        match votes.iter_mut().find(|(_, s)| *s == size) {
            Some((n, _)) => *n += 1,
            None => votes.push((1, size)),
        }
    }
    votes.into_iter().max().filter(|(n, _)| *n > 1).map(|(_, size)| size)
}

/// The registers of a program that its thread entered the kernel with last; of a thread that runs, those of the time before.
pub fn program_registers(kernel: &Kernel, task: VirtAddr) -> Option<Registers> {
    let shape = kernel.shape::<StackedShape>();
    let bottom = shape.read(kernel.view(), task).ptr(shape.stack)?;
    registers::of_program(kernel, top(kernel, stack_size(kernel), bottom)?).map(|(_, registers)| registers)
}

fn sentences(lost: Lost) -> Vec<String> {
    lost.listing::<()>(Vec::new()).lost.iter().map(|t| t.to_string_lossy().into_owned()).collect()
}

/// `THREAD_SIZE`: that of the first task's stack, which the linker script gives bounds (include/asm-generic/vmlinux.lds.h); else what
/// processes prove.
fn stack_size(kernel: &Kernel) -> Option<umem> {
    let told = [("__start_init_stack", "__end_init_stack"), ("__start_init_task", "__end_init_task")].into_iter().find_map(
        |(from, to)| {
            let size = kernel.address(to)?.offset_from(kernel.address(from)?)?;
            (SIZES.contains(&size) && size.is_power_of_two()).then_some(size)
        },
    );
    told.or_else(|| proved_size(kernel))
}

/// The tasks that run: `runqueues[cpu].curr`.
fn running(kernel: &Kernel, lost: &mut Lost) -> Vec<(u32, VirtAddr)> {
    let (Some(queues), shape) = (kernel.address("runqueues"), kernel.shape::<RunQueueShape>()) else {
        lost.push("no symbol runqueues: which tasks run, and have no stack that can be read, is unknown");
        return Vec::new();
    };
    let current = |cpu: u32| {
        let at = percpu::per_cpu(kernel, queues, cpu)?;
        shape.read(kernel.view(), at).ptr(shape.current)
    };
    let mut out = Vec::new();
    for cpu in percpu::cpus(kernel) {
        match current(cpu) {
            Some(task) => out.push((cpu, task)),
            // A processor that was never started has an empty queue.
            None if cpu == 0 => lost.push("the run queue of processor 0 can't be read: which task runs there is unknown"),
            None => {}
        }
    }
    out
}
