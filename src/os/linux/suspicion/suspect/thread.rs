//! Where the threads of a process are: the registers that the kernel saved when they entered it last (`pt_regs`, at the end of each
//! thread's kernel stack; arch/x86/include/asm/ptrace.h, `task_pt_regs`). Threads wait in system calls nearly always, and calls are
//! made by libraries: one that made its call from memory that no file stands behind runs foreign code.

use super::subject::{Subject, is_anonymous};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::suspicion::finding::Finding;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};
use std::sync::OnceLock;

/// `THREAD_SIZE` of x86-64 is 16 KiB, 32 with KASAN; of 32-bit x86 8 KiB (arch/x86/include/asm/page_64_types.h).
const SIZES: [u64; 4] = [16 << 10, 32 << 10, 64 << 10, 8 << 10];
/// `TOP_OF_KERNEL_STACK_PADDING`: 16 with FRED and on 32-bit x86, 8 in places (arch/x86/include/asm/thread_info.h).
const PADDINGS: [u64; 3] = [0, 16, 8];
/// `__USER_CS`, `__USER32_CS`, `__USER_DS` (arch/x86/include/asm/segment.h).
const CODE: [u64; 2] = [0x33, 0x23];
const DATA: u64 = 0x2b;
/// So many tasks are asked where their registers lie.
const ASKED: usize = 256;

shapes! {
    /// `pt_regs` of x86.
    RegistersShape: "pt_regs" {
        ip: ["ip"],
        cs: ["cs"],
        sp: ["sp"],
        ss: ["ss"],
    }
    /// `task_struct`.
    StackShape: "task_struct" {
        stack: ["stack"],
    }
}

/// How far from the start of a kernel stack the registers lie; found once for a kernel.
#[derive(Default)]
struct Place(OnceLock<Option<u64>>);

impl Found for Place {
    fn find(_: &dyn Types) -> Self {
        Self::default()
    }
}

/// The registers at `distance` in the stack of a task, if they are those of user code.
fn registers(kernel: &Kernel, task: VirtAddr, distance: u64) -> Option<Block> {
    let (shape, stack) = (kernel.shape::<RegistersShape>(), kernel.shape::<StackShape>());
    let stack = stack.read(kernel.view(), task).ptr(stack.stack)?;
    let block = shape.read(kernel.view(), stack.wrapping_add(umem::from(distance)));
    // Segments are 16 bits; older kernels keep them in a whole word.
    let low = |m| block.uint(m).map(|v| v & 0xffff);
    (CODE.contains(&low(shape.cs)?) && low(shape.ss)? == DATA).then_some(block)
}

/// Where most tasks have registers of user code.
fn place(kernel: &Kernel) -> Option<u64> {
    let size = kernel.types.size_of("struct pt_regs")?;
    let tasks = kernel.processes_by_id();
    let distances = PADDINGS.iter().flat_map(|pad| SIZES.iter().map(move |s| s - pad - size));
    let votes = distances.map(|d| (tasks.iter().take(ASKED).filter(|t| registers(kernel, **t, d).is_some()).count(), d));
    // Of equal ones the first: the usual place.
    let (n, distance) = votes.fold((0, 0), |best, next| if next.0 > best.0 { next } else { best });
    (n > 0).then_some(distance)
}

/// Threads whose code comes from no file.
pub fn foreign(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let shape = kernel.shape::<RegistersShape>();
    let (Some(_), Some(_), Some(_)) = (shape.ip, shape.cs, shape.ss) else { return Vec::new() };
    let found = kernel.shape::<Place>();
    let Some(distance) = *found.0.get_or_init(|| place(kernel)) else { return Vec::new() };
    let mut out = Vec::new();
    for (tid, task) in &s.threads {
        let Some(block) = registers(kernel, *task, distance) else { continue };
        let Some(at) = block.ptr(shape.ip).filter(|at| number(*at) >> 63 == 0) else { continue };
        let sp = block.ptr(shape.sp).map_or_else(String::new, |sp| format!(", its stack at {sp}"));
        let ip = number(at);
        match s.regions.iter().find(|(v, _)| v.start <= ip && ip < v.end) {
            Some((vma, row)) if is_anonymous(vma, row) => {
                let evidence = format!("thread {tid} entered the kernel from {at}{sp}");
                let found = s.in_region(row, "memory", "thread in anonymous memory", evidence);
                out.push(Finding { address: Some(at), size: None, ..found });
            }
            None if !s.regions.is_empty() => {
                let evidence = format!("thread {tid} entered the kernel from {at}, where nothing is mapped{sp}");
                out.push(Finding { address: Some(at), ..s.finding("memory", "thread outside of all regions", evidence) });
            }
            _ => {}
        }
    }
    out
}
