//! The way from frame to frame.

mod arm;
mod records;

use super::orc::{Base, Entry, Kind};
use super::registers::Registers;
use super::returns::Real;
use super::{Frame, FrameKind, InactiveShape, Unwinder, riscv};
use crate::arch::Arch;
use crate::engine::{ViewExt, index};
use crate::image::CpuState;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Shape, number};
use crate::os::linux::base::lost::Lost;
use crate::symbols::{Symbol, Symbols, TypesExt};
use memsh_plugin::{Perm, VirtAddr, umem};

/// More frames fit on no stack that anybody looks at.
const MOST: usize = 4096;
/// From an exception's stack to an interrupt's to the task's: a chain of stacks is short (arch/x86/kernel/dumpstack_64.c).
const STACKS: u32 = 8;
/// `EXCEPTION_STKSZ` (arch/x86/include/asm/page_64_types.h), doubled for KASAN; of interrupts `IRQ_STACK_SIZE`, 16 KiB.
const FOREIGN: u64 = 32 << 10;

/// Where to begin.
#[derive(Clone, Debug)]
pub struct Start {
    ip: u64,
    sp: u64,
    bp: u64,
    /// Registers beside these, where they are known.
    registers: Option<Registers>,
    /// Whether a processor had them: it may be anywhere in a function, and on any stack.
    runs: bool,
}

impl Start {
    /// From where a task was left: where it goes on, its stack pointer and its frame pointer.
    pub fn at(ip: u64, sp: u64, bp: u64) -> Self {
        Self { ip, sp, bp, registers: None, runs: false }
    }

    /// The same, with the registers that were kept.
    pub fn keeping(self, registers: Registers) -> Self {
        Self { registers: Some(registers), ..self }
    }

    /// From the registers that a task was left with.
    pub fn of_sleeper(kernel: &Kernel, sp: Option<VirtAddr>, bottom: VirtAddr, top: VirtAddr, lost: &mut Lost) -> Option<Self> {
        let shape = kernel.shape::<InactiveShape>();
        let size = kernel.types.size_of("struct inactive_task_frame")?;
        let Some(sp) = sp.filter(|sp| *sp >= bottom && sp.checked_add(umem::from(size)).is_some_and(|e| e <= top)) else {
            lost.push(format!(
                "the saved stack pointer {} is outside the task's stack, {bottom} to {top}",
                sp.unwrap_or(VirtAddr::NULL)
            ));
            return None;
        };
        let frame = shape.read(kernel.view(), sp);
        let (Some(ip), Some(bp)) = (frame.uint(shape.ret), frame.uint(shape.bp)) else {
            lost.push(format!("the top of the stack at {sp} is not in the image"));
            return None;
        };
        Some(Self::at(ip, number(sp.wrapping_add(umem::from(size))), bp))
    }

    /// From the registers of a processor that the image recorded.
    pub fn of_processor(cpu: &CpuState) -> Option<Self> {
        let registers = Registers(cpu.registers.clone());
        let (ip, sp) = (registers.get("ip")?, registers.get("sp")?);
        let bp = registers.frame_pointer();
        Some(Self { ip, sp, bp, registers: Some(registers), runs: true })
    }

    /// The stack pointer.
    pub fn sp(&self) -> Option<u64> {
        Some(self.sp)
    }
}

/// Registers of an interrupted frame: which of them are known.
#[derive(Clone, Debug)]
enum Saved {
    None,
    /// All of them.
    All(Registers),
    /// Those that the processor saves; the others may be known from before.
    Part(Option<Registers>),
}

/// A walk over one task's stack.
pub struct Walk<'u, 'k> {
    unwinder: &'u Unwinder<'k>,
    task: VirtAddr,
    own: (u64, u64),
    area: (u64, u64),
    ip: u64,
    sp: u64,
    bp: u64,
    saved: Saved,
    signal: bool,
    /// Whether nobody called from where it goes on: the address was put there for the return.
    label: bool,
    stacks: u32,
    runs: bool,
    /// The frames so far.
    pub frames: Vec<Frame>,
    /// The program's registers, where the way led to them.
    pub user: Option<Registers>,
}

enum Step {
    On,
    End,
}

impl<'u, 'k> Walk<'u, 'k> {
    /// A walk over the stack `own` (its lowest address, and the one after its highest) of `task`.
    pub fn new(unwinder: &'u Unwinder<'k>, task: VirtAddr, own: (u64, u64), start: Start) -> Self {
        let forked = ["ret_from_fork_asm", "ret_from_fork"].iter().find_map(|n| unwinder.kernel.address(n));
        let signal = start.runs || forked.is_some_and(|f| number(f) == start.ip);
        let runs = start.runs;
        let saved = start.registers.map_or(Saved::None, Saved::All);
        let mut walk = Self {
            unwinder,
            task,
            own,
            area: own,
            ip: start.ip,
            sp: start.sp,
            bp: start.bp,
            saved,
            signal,
            label: false,
            stacks: 0,
            runs,
            frames: Vec::new(),
            user: None,
        };
        walk.area = walk.area_of(walk.sp);
        walk
    }

    /// Goes to the end, or to where nothing leads on.
    pub fn run(&mut self, lost: &mut Lost) {
        if let Saved::All(r) = &self.saved
            && r.is_user()
        {
            self.user = Some(r.clone());
            return;
        }
        self.push();
        let unwinder = self.unwinder;
        while self.frames.len() < MOST {
            let step = match &unwinder.tables {
                Some(_) => self.by_tables(),
                None if unwinder.kernel.space.format().arch == Arch::Arm => match &unwinder.exceptions {
                    Some(tables) => self.by_arm_tables(tables),
                    None => self.by_arm_frame(),
                },
                None if self.unwinder.kernel.space.format().arch == Arch::RiscV64 => self.by_riscv_frame(),
                None if self.unwinder.kernel.space.format().arch == Arch::AArch64 => self.by_record(),
                None => self.by_frame_pointer(),
            };
            match step {
                Ok(Step::On) => self.push(),
                Ok(Step::End) => return,
                Err(why) => {
                    let at = VirtAddr::new(umem::from(self.ip));
                    return lost.push(format!(
                        "the stack of the task at {}: from {at} (frame {}) on {why}",
                        self.task,
                        self.frames.len() - 1
                    ));
                }
            }
        }
        lost.push(format!("the stack of the task at {} has more than {MOST} frames", self.task));
    }

    fn push(&mut self) {
        let address = |v: u64| VirtAddr::new(umem::from(v));
        let (ip, sp) = (address(self.ip), address(self.sp));
        self.frames.push(Frame { ip, sp, kind: FrameKind::Kernel, returns: !self.signal && !self.label });
    }

    /// The stack that an address lies on. Of stacks other than the task's own only the part above is known to be one.
    fn area_of(&self, sp: u64) -> (u64, u64) {
        match (self.own.0..self.own.1).contains(&sp) {
            true => self.own,
            false => (sp, (sp | (FOREIGN - 1)).saturating_add(1)),
        }
    }

    /// The word at `at` of the stack, of a pointer's size.
    fn word(&self, at: u64) -> Result<u64, String> {
        let size = pointer_size(self.unwinder.kernel);
        let inside = |(low, high): (u64, u64)| low <= at && at.checked_add(size).is_some_and(|end| end <= high);
        if !inside(self.area) && !inside(self.own) {
            return Err(format!("it leads out of the stack, to {at:#x}"));
        }
        self.unwinder
            .kernel
            .space
            .read_ptr(VirtAddr::new(umem::from(at)))
            .map(number)
            .map_err(|_| format!("the stack at {at:#x} is not in the image"))
    }

    /// A register of the interrupted frame, where it is known.
    fn register(&self, name: &str) -> Option<u64> {
        match &self.saved {
            Saved::All(r) | Saved::Part(Some(r)) => r.get(name),
            _ => None,
        }
    }

    /// `unwind_next_frame` of arch/x86/kernel/unwind_orc.c.
    fn by_tables(&mut self) -> Result<Step, String> {
        let Some(tables) = &self.unwinder.tables else { return Ok(Step::End) };
        // A return address may be that of the next function, when the call never comes back.
        let code = if self.signal { self.ip } else { self.ip.wrapping_sub(1) };
        let known = if self.ip == 0 { Some(Entry::NULL) } else { tables.lookup(code) };
        let entry = match known {
            Some(e) => e,
            // Code made at run time keeps frame pointers; anything else ends here.
            None if self.has_frame_pointer() => Entry::FRAME_POINTER,
            None => return Err("no unwind table covers the code there".to_owned()),
        };
        match entry.kind {
            Kind::Undefined => return Err("the unwind tables do not say how to go on".to_owned()),
            Kind::End => return Ok(Step::End),
            _ => {}
        }
        let sp = self.canonical_frame(&entry)?;
        let was = self.sp;
        let (mut ip, mut next, mut saved) = (0, sp, Saved::None);
        match entry.kind {
            Kind::Call => {
                let slot = sp.wrapping_sub(8);
                ip = self.word(slot)?;
                ip = self.untraced(ip, &[slot], sp)?;
            }
            Kind::Registers | Kind::Partial => {
                let size = self.unwinder.kernel.types.size_of("struct pt_regs").unwrap_or(168);
                // The processor saves the last five words.
                let at = if entry.kind == Kind::Registers { sp } else { sp.wrapping_sub(size.saturating_sub(40)) };
                self.word(sp)?;
                self.word(at.wrapping_add(size).wrapping_sub(8))?;
                let registers = self.saved_at(at)?;
                if registers.is_user() {
                    self.user = Some(registers).filter(|_| entry.kind == Kind::Registers);
                    return Ok(Step::End);
                }
                ip = registers.get("ip").unwrap_or(ip);
                next = registers.get("sp").unwrap_or(0);
                saved = match entry.kind {
                    Kind::Registers => Saved::All(registers),
                    _ => Saved::Part(match std::mem::replace(&mut self.saved, Saved::None) {
                        Saved::All(r) | Saved::Part(Some(r)) => Some(r),
                        _ => None,
                    }),
                };
            }
            Kind::Undefined | Kind::End => {}
        }
        let bp = match entry.bp.0 {
            Base::Undefined => match &saved {
                Saved::All(r) => r.get("bp").unwrap_or(self.bp),
                _ => self.bp,
            },
            Base::PreviousSp => self.word(sp.wrapping_add_signed(entry.bp.1))?,
            Base::Bp => self.word(self.bp.wrapping_add_signed(entry.bp.1))?,
            _ => return Err("the unwind tables make no sense".to_owned()),
        };
        self.area = self.upwards(was, next)?;
        (self.ip, self.sp, self.bp, self.saved, self.signal) = (ip, next, bp, saved, entry.signal);
        Ok(Step::On)
    }

    /// The return address that tracing took away from one of `places`; `sp` is the caller's stack pointer. Where its record was not found
    /// the way ends, with the trampoline.
    fn untraced(&mut self, ip: u64, places: &[u64], sp: u64) -> Result<u64, String> {
        for place in places {
            match self.unwinder.trampolines.real(self.task, ip, *place) {
                Real::Same => return Ok(ip),
                Real::Other(real) => return Ok(real),
                Real::Unknown => {}
            }
        }
        (self.ip, self.sp, self.signal) = (ip, sp, false);
        self.push();
        Err("tracing took the return address away, and its record was not found".to_owned())
    }

    /// The registers that were saved at `at`. Where the processor saved some of them only, it lies below what is in use of the stack.
    fn saved_at(&self, at: u64) -> Result<Registers, String> {
        let registers = Registers::read(self.unwinder.kernel, VirtAddr::new(umem::from(at)));
        registers.ok_or_else(|| format!("the registers saved at {at:#x} are not in the image"))
    }

    /// To what was interrupted with these registers; the end where it was a program.
    fn interrupted(&mut self, registers: Registers) -> Result<Step, String> {
        if registers.is_user() {
            self.user = Some(registers);
            return Ok(Step::End);
        }
        let next = registers.get("sp").unwrap_or(0);
        self.area = self.upwards(self.sp, next)?;
        (self.ip, self.sp, self.bp) = (registers.get("ip").unwrap_or(0), next, registers.frame_pointer());
        self.signal = true;
        self.saved = Saved::All(registers);
        Ok(Step::On)
    }

    /// To the caller that a frame pointer led to.
    fn pointed(&mut self, ip: u64, sp: u64, bp: u64) -> Result<Step, String> {
        if !is_code(self.unwinder.kernel, ip) {
            return Err(no_code("the frame pointer leads", ip));
        }
        self.area = self.upwards(self.sp, sp)?;
        (self.ip, self.sp, self.bp, self.signal, self.saved) = (ip, sp, bp, false, Saved::None);
        Ok(Step::On)
    }

    /// Whether the frame pointer can be one: a place above on the same stack.
    fn has_frame_pointer(&self) -> bool {
        let inside = |(low, high): (u64, u64)| low <= self.bp && self.bp.checked_add(16).is_some_and(|end| end <= high);
        self.bp >= self.sp && self.bp.is_multiple_of(8) && inside(self.area)
    }

    /// The caller's stack pointer.
    fn canonical_frame(&self, entry: &Entry) -> Result<u64, String> {
        let (base, offset) = entry.sp;
        Ok(match base {
            Base::Sp => self.sp.wrapping_add_signed(offset),
            Base::Bp => self.bp.wrapping_add_signed(offset),
            Base::SpIndirect => self.word(self.sp)?.wrapping_add_signed(offset),
            Base::BpIndirect => self.word(self.bp.wrapping_add_signed(offset))?,
            Base::Register(name) => {
                let value = self.register(name);
                value.ok_or_else(|| format!("the way goes by register {name}, which was not saved"))?.wrapping_add_signed(offset)
            }
            Base::Undefined | Base::PreviousSp | Base::Unknown => return Err("the unwind tables make no sense".to_owned()),
        })
    }

    /// The stack that the next frame is on: the same one farther up, or another.
    fn upwards(&mut self, from: u64, to: u64) -> Result<(u64, u64), String> {
        let (low, high) = self.area;
        // A frame may end exactly at the top.
        if low <= to && to <= high {
            return match to > from {
                true => Ok(self.area),
                false => Err(format!("it leads back, from {from:#x} to {to:#x}")),
            };
        }
        // A task that sleeps does so on its own stack.
        let elsewhere = VirtAddr::new(umem::from(to));
        if !self.runs || self.unwinder.kernel.space.read_ptr(elsewhere).is_err() {
            return Err(format!("it leads out of the stack, to {to:#x}"));
        }
        self.stacks += 1;
        if self.stacks > STACKS {
            return Err("it goes from stack to stack without end".to_owned());
        }
        Ok(self.area_of(to))
    }

    /// Frame pointers of RISC-V (`walk_stackframe`, arch/riscv/kernel/stacktrace.c): below where one points lie the caller's and the
    /// return address.
    fn by_riscv_frame(&mut self) -> Result<Step, String> {
        let kernel = self.unwinder.kernel;
        // Behind the frame of the way into the kernel lie the registers that were saved there.
        if !self.signal && riscv::is_entry(kernel, self.ip) {
            let registers = self.saved_at(self.sp)?;
            return self.interrupted(registers);
        }
        // A thread of the kernel begins there, without a frame.
        let begins =
            kernel.symbols.near(VirtAddr::new(umem::from(self.ip))).is_some_and(|(s, _)| s.name.starts_with("ret_from_fork"));
        if self.bp == 0 || begins {
            return Ok(Step::End);
        }
        if !self.bp.is_multiple_of(8) || self.bp < 16 {
            return Err(format!("the frame pointer is {:#x}, which is none", self.bp));
        }
        let slot = self.bp - 8;
        let (mut bp, mut ip) = (self.word(self.bp - 16)?, self.word(slot)?);
        // A function that calls nobody saves its caller's frame pointer only, where the return address would be.
        let leaf = (self.own.0..self.own.1).contains(&ip) && self.signal;
        if leaf {
            (bp, ip) = (ip, self.register("ra").unwrap_or(0));
        }
        if ip == 0 {
            return Ok(Step::End);
        }
        if !leaf {
            ip = self.untraced(ip, &[slot], self.bp)?;
        }
        self.pointed(ip, self.bp, bp)
    }

    /// Frame pointers (arch/x86/kernel/unwind_frame.c): each points to the caller's, with the return address behind it.
    fn by_frame_pointer(&mut self) -> Result<Step, String> {
        if pointer_size(self.unwinder.kernel) != 8 {
            return Err("memsh does not unwind stacks of 32-bit x86; `--guess` lists what looks like return addresses".to_owned());
        }
        if self.bp == 0 {
            return Ok(Step::End);
        }
        // A frame pointer with its lowest bit set points to saved registers (ENCODE_FRAME_POINTER, arch/x86/include/asm/frame.h).
        if self.bp & 1 == 1 {
            let at = self.bp & !1;
            self.word(at)?;
            let registers = self.saved_at(at)?;
            return self.interrupted(registers);
        }
        let slot = self.bp.wrapping_add(8);
        let (bp, ip) = (self.word(self.bp)?, self.word(slot)?);
        if ip == 0 {
            return Ok(Step::End);
        }
        let next = slot.wrapping_add(8);
        let ip = self.untraced(ip, &[slot], next)?;
        self.pointed(ip, next, bp)
    }
}

fn no_code(guide: &str, ip: u64) -> String {
    format!("{guide} to {ip:#x}, which is no code; `--guess` lists what looks like return addresses")
}

/// Whether an address can be one of code: a symbol of code lies before it, in the kernel or a module, or one that is missing may, and it is
/// mapped to be run.
fn is_code(kernel: &Kernel, ip: u64) -> bool {
    let at = VirtAddr::new(umem::from(ip));
    let code = |near: Option<(Symbol<'_>, umem)>| near.is_some_and(|(s, _)| s.is_code());
    let runs = || kernel.space.translate_one(at).is_ok_and(|t| t.perm.has(Perm::EXECUTE));
    code(kernel.symbols.near(at)) || code(kernel.module_symbols().near(at)) || kernel.symbols.is_missing(at) && runs()
}

/// Bytes of a pointer.
fn pointer_size(kernel: &Kernel) -> u64 {
    u64::from(kernel.view().view_metadata().pointer_size)
}

/// All words from `from` to `top` that look like return addresses, with the frames that are known among them.
pub fn guesses(kernel: &Kernel, from: u64, top: u64, known: &[Frame]) -> Vec<Frame> {
    let len = index(umem::from(top.saturating_sub(from))).unwrap_or(0).min(1 << 20);
    let mut bytes = vec![0u8; len];
    let gaps = kernel.view().read_gaps(VirtAddr::new(umem::from(from)), &mut bytes);
    let size = if pointer_size(kernel) == 4 { 4 } else { 8u8 };
    let narrow = kernel.space.format().arch == Arch::Arm;
    let mut out: Vec<Frame> = known.to_vec();
    for (at, word) in (from..).step_by(size.into()).zip(bytes.chunks_exact(size.into())) {
        let missing = gaps.as_slice().iter().any(|g| g.start <= umem::from(at) && umem::from(at) < g.end);
        let word = word.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        let ip = if narrow { super::arm::address(word) } else { kernel.space.format().plain(word) };
        // A return address lies just below the stack pointer of the frame that it leads to; on ARM other registers may lie between.
        let leads = |f: &Frame| number(f.ip) == ip && (narrow || number(f.sp) == at.wrapping_add(8));
        let looks = || is_code(kernel, ip) && (!narrow || super::arm::follows_call(kernel, ip));
        if !missing && !known.iter().any(leads) && looks() {
            let at = VirtAddr::new(umem::from(at));
            out.push(Frame { ip: VirtAddr::new(umem::from(ip)), sp: at, kind: FrameKind::Guess, returns: true });
        }
    }
    out.sort_by_key(|f| f.sp);
    out
}

/// Whether an address is of the kernel's half.
fn upper_half(address: u64) -> bool {
    address >> 63 == 1
}
