//! The run: the emulator, what it is told to watch, and how it ends.

use crate::end::{Access, End, Missing};
use crate::machine::Kind;
use crate::pages::{BASE, Bytes, PAGE, Pages, Touched, Why};
use crate::request::{Action, Point, Request};
use crate::scratch::Scratch;
use crate::vex::{Vetted, is_foreign};
use memsh_plugin::{ApiError, Session, Status};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use unicorn_engine::unicorn_const::{Arch, HookType, MemType, Mode, Permission, TlbEntry, TlbType, uc_error};
use unicorn_engine::{Arm64CpuModel, InsnSysX86, RegisterX86, Unicorn, X86CpuModel};

/// Instructions between two looks at the clock and at Ctrl-C.
const LOOK: u64 = 4096;
/// Time between two words about how far it is.
const TELL: Duration = Duration::from_millis(100);

pub type Emulator<'u, 's> = Unicorn<'u, Guest<'s>>;

/// Gives a row out; says whether more are wanted.
pub type Push<'p> = &'p mut dyn FnMut(Value) -> bool;

/// An instruction whose effect is not known yet.
struct Step {
    number: u64,
    address: u64,
    bytes: Vec<u8>,
    before: Vec<u64>,
    /// What a hook did there.
    name: Option<&'static str>,
}

/// What belongs to a run beside the processor.
pub struct Guest<'s> {
    pub kind: Kind,
    pub pages: Pages<'s>,
    session: &'s dyn Session,
    push: Push<'s>,
    hooks: HashMap<u64, Action>,
    system_calls: Option<Action>,
    argument_registers: &'static [i32],
    scratch: Scratch,
    until: Option<u64>,
    limit: u64,
    timeout: Duration,
    began: Instant,
    told: Instant,
    trace: bool,
    step: Option<Step>,
    vetted: Vetted,
    /// Instructions that were run.
    pub steps: u64,
    /// The last of them.
    pub last: u64,
    /// How it ended, once it did.
    pub end: Option<End>,
    /// The page that was asked for last and can't be had. Whether the program falls over it is seen when it does.
    missing: Option<Missing>,
}

/// An error of the emulator's that is no end of a run.
pub fn broken(what: &str, e: uc_error) -> ApiError {
    ApiError::new(Status::FAILED, format!("{what}: the emulator says {e:?}"))
}

impl<'s> Guest<'s> {
    pub fn new(request: &Request, session: &'s dyn Session, scratch: Scratch, push: Push<'s>) -> Self {
        let mut hooks = HashMap::new();
        let mut system_calls = None;
        for (point, action) in &request.hooks {
            match point {
                Point::Address(address) => drop(hooks.insert(request.kind.cut(*address), *action)),
                Point::SystemCall => system_calls = Some(*action),
            }
        }
        let now = Instant::now();
        Self {
            kind: request.kind,
            pages: Pages::new(session, request.pid, request.memory),
            session,
            push,
            hooks,
            system_calls,
            argument_registers: request.abi.registers,
            until: request.until.map(|a| request.kind.cut(a)).or(scratch.code_end),
            scratch,
            limit: request.steps,
            timeout: request.timeout,
            began: now,
            told: now,
            trace: request.trace,
            step: None,
            vetted: Vetted::default(),
            steps: 0,
            last: 0,
            end: None,
            missing: None,
        }
    }

    pub fn row(&mut self, row: Value) {
        if !(self.push)(row) {
            self.end.get_or_insert(End::Interrupted);
        }
    }

    /// The end that a page is that can't be had: of the stack, where the page lies below it.
    fn end_of(&self, missing: Missing) -> End {
        match self.scratch.is_below_stack(missing.page) {
            true => End::Stack(self.scratch.stack_size),
            false => End::Missing(missing),
        }
    }

    /// Whether the time is over, or the user wants no more.
    fn look(&mut self) -> Option<End> {
        let now = Instant::now();
        if now.duration_since(self.began) >= self.timeout {
            return Some(End::Time(self.timeout));
        }
        if now.duration_since(self.told) >= TELL {
            self.told = now;
            if !self.session.progress("instructions", self.steps, self.limit) {
                return Some(End::Interrupted);
            }
        }
        None
    }
}

/// A page of the emulator's own memory.
pub fn held(emulator: &Emulator<'_, '_>, at: u64) -> Option<Box<Bytes>> {
    let mut bytes: Box<Bytes> = Box::new([0; 4096]);
    emulator.mem_read(at, &mut bytes[..]).ok()?;
    Some(bytes)
}

/// Makes a page ready and gives its place.
fn touch(emulator: &mut Emulator<'_, '_>, page: u64, write: bool) -> Result<Touched, Why> {
    // What it holds is read before the table is changed: both belong to the emulator.
    let known = emulator.get_data_mut().pages.touch(page, false, |_| None)?;
    if let Some(fresh) = &known.fresh {
        emulator.mem_write(known.at, &fresh[..]).map_err(|_| Why::Failed)?;
    }
    if !write || known.writable {
        return Ok(known);
    }
    let now = held(emulator, known.at);
    emulator.get_data_mut().pages.touch(page, true, |_| now)
}

/// Reads memory as the program sees it.
pub fn read(emulator: &mut Emulator<'_, '_>, address: u64, buf: &mut [u8]) -> Result<(), Why> {
    transfer(emulator, address, buf.len(), false, |emulator, at, offset, len| {
        let part = buf.get_mut(offset..offset + len).ok_or(Why::Failed)?;
        emulator.mem_read(at, part).map_err(|_| Why::Failed)
    })
}

/// Writes memory as the program does.
pub fn write(emulator: &mut Emulator<'_, '_>, address: u64, bytes: &[u8]) -> Result<(), Why> {
    transfer(emulator, address, bytes.len(), true, |emulator, at, offset, len| {
        let part = bytes.get(offset..offset + len).ok_or(Why::Failed)?;
        emulator.mem_write(at, part).map_err(|_| Why::Failed)
    })
}

fn transfer<'u, 's>(
    emulator: &mut Emulator<'u, 's>,
    address: u64,
    len: usize,
    writes: bool,
    mut part: impl FnMut(&mut Emulator<'u, 's>, u64, usize, usize) -> Result<(), Why>,
) -> Result<(), Why> {
    let mut done = 0;
    while done < len {
        let here = address.wrapping_add(done as u64);
        let inside = here % PAGE;
        let touched = touch(emulator, here - inside, writes)?;
        let room = usize::try_from(PAGE - inside).unwrap_or(1).min(len - done);
        part(emulator, touched.at + inside, done, room)?;
        done += room;
    }
    Ok(())
}

/// The pointer at an address.
fn pointer(emulator: &mut Emulator<'_, '_>, address: u64) -> Result<u64, Why> {
    let width = usize::try_from(emulator.get_data().kind.width()).unwrap_or(8);
    let mut bytes = [0; 8];
    read(emulator, address, bytes.get_mut(..width).unwrap_or_default())?;
    Ok(u64::from_le_bytes(bytes))
}

/// Ends the run.
fn end(emulator: &mut Emulator<'_, '_>, how: End) {
    emulator.get_data_mut().end.get_or_insert(how);
    // It stops before the next instruction; where it can't, the next hook tries again.
    let _ = emulator.emu_stop();
}

/// What all registers hold.
pub fn registers(emulator: &Emulator<'_, '_>) -> Vec<u64> {
    let kind = emulator.get_data().kind;
    kind.registers().iter().map(|(_, id)| kind.cut(emulator.reg_read(*id).unwrap_or(0))).collect()
}

/// Gives out the instruction that is over, with what it changed.
pub fn settle(emulator: &mut Emulator<'_, '_>) {
    let Some(step) = emulator.get_data_mut().step.take() else { return };
    let kind = emulator.get_data().kind;
    let after = registers(emulator);
    let changed = kind.registers().iter().zip(step.before.iter().zip(&after));
    let changed = changed.filter(|((name, id), (old, new))| old != new && *id != kind.program_counter() && *name != "eflags");
    let changed: Vec<String> = changed.map(|((name, _), (_, new))| format!("{name}={new:#x}")).collect();
    let row = json!({
        "kind": "step",
        "step": step.number,
        "address": format!("{:#x}", step.address),
        "name": step.name,
        "bytes": hex(&step.bytes),
        "changed": (!changed.is_empty()).then(|| changed.join(" ")),
    });
    emulator.get_data_mut().row(row);
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Before each instruction.
fn step(emulator: &mut Emulator<'_, '_>, address: u64, size: u32) {
    settle(emulator);
    let guest = emulator.get_data_mut();
    // What was missing for the instruction before was not needed after all.
    guest.missing = None;
    if guest.end.is_none() {
        guest.end = match () {
            () if address == guest.scratch.back => Some(End::Returned),
            () if guest.until == Some(address) => Some(End::Until),
            () if guest.steps >= guest.limit => Some(End::Steps(guest.limit)),
            () if guest.steps.is_multiple_of(LOOK) => guest.look(),
            () => None,
        };
    }
    if guest.end.is_some() {
        // Whoever comes back is not at an instruction of the program's.
        if guest.end != Some(End::Returned) {
            guest.last = address;
        }
        let _ = emulator.emu_stop();
        return;
    }
    guest.last = address;
    if guest.kind != Kind::AArch64 && !guest.vetted.has(address) {
        let kind = guest.kind;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0).min(15)];
        if read(emulator, address, &mut bytes).is_ok() && is_foreign(kind, &bytes) {
            return end(emulator, End::Invalid);
        }
        emulator.get_data_mut().vetted.put(address);
    }
    let guest = emulator.get_data_mut();
    let action = guest.hooks.get(&address).copied();
    if guest.trace {
        // Of what is no instruction the size is no size.
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0).min(16)];
        let there = read(emulator, address, &mut bytes).is_ok();
        let before = registers(emulator);
        let name = action.map(named);
        let bytes = if there { bytes } else { Vec::new() };
        let guest = emulator.get_data_mut();
        guest.step = Some(Step { number: guest.steps, address, bytes, before, name });
    }
    let guest = emulator.get_data_mut();
    guest.steps += 1;
    if let Some(action) = action {
        act(emulator, action, address, size);
    }
}

const fn named(action: Action) -> &'static str {
    match action {
        Action::Return(..) => "ret",
        Action::Skip => "skip",
        Action::Stop => "stop",
        Action::Log => "log",
    }
}

/// What a hook at an address does.
fn act(emulator: &mut Emulator<'_, '_>, action: Action, address: u64, size: u32) {
    let guest = emulator.get_data();
    let (kind, steps, traced) = (guest.kind, guest.steps, guest.trace);
    if !traced || action == Action::Log {
        let values: Vec<String> = arguments(emulator).iter().map(|v| format!("{v:#x}")).collect();
        let row = json!({
            "kind": "hook",
            "step": steps.saturating_sub(1),
            "address": format!("{address:#x}"),
            "name": named(action),
            "text": values.join(" "),
        });
        emulator.get_data_mut().row(row);
    }
    match action {
        Action::Log => {}
        Action::Stop => end(emulator, End::Hook),
        Action::Skip => {
            if let Err(e) = emulator.reg_write(kind.program_counter(), kind.cut(address.wrapping_add(u64::from(size)))) {
                end(emulator, End::Other(format!("{e:?}")));
            }
        }
        Action::Return(value, pop) => {
            if let Err(how) = come_back(emulator, kind, value, pop) {
                end(emulator, how);
            }
        }
    }
}

/// As if the function at the present instruction returned.
fn come_back(emulator: &mut Emulator<'_, '_>, kind: Kind, value: u64, pop: u64) -> Result<(), End> {
    let other = |e: uc_error| End::Other(format!("{e:?}"));
    let back = match kind {
        Kind::AArch64 => emulator.reg_read(unicorn_engine::RegisterARM64::X30).map_err(other)?,
        Kind::X86 | Kind::X8664 => {
            let stack = kind.cut(emulator.reg_read(kind.stack_pointer()).map_err(other)?);
            let missing = |why| End::Missing(Missing { page: stack & !(PAGE - 1), access: Access::Read, why });
            let back = pointer(emulator, stack).map_err(missing)?;
            let popped = stack.wrapping_add(kind.width()).wrapping_add(pop);
            emulator.reg_write(kind.stack_pointer(), kind.cut(popped)).map_err(other)?;
            back
        }
    };
    emulator.reg_write(kind.result(), kind.cut(value)).map_err(other)?;
    emulator.reg_write(kind.program_counter(), kind.cut(back)).map_err(other)
}

/// What the registers of arguments hold; on 32-bit x86 the first words on the stack as well.
fn arguments(emulator: &mut Emulator<'_, '_>) -> Vec<u64> {
    let (kind, registers) = (emulator.get_data().kind, emulator.get_data().argument_registers);
    let mut values: Vec<u64> = registers.iter().map(|id| kind.cut(emulator.reg_read(*id).unwrap_or(0))).collect();
    if kind == Kind::X86 {
        let stack = kind.cut(emulator.reg_read(kind.stack_pointer()).unwrap_or(0));
        let words = (1..=4).map_while(|i| pointer(emulator, stack.wrapping_add(i * 4)).ok());
        values.extend(words);
    }
    values
}

/// When a page is needed that is not among the processor's.
fn fill(emulator: &mut Emulator<'_, '_>, page: u64, kind: MemType) -> Option<TlbEntry> {
    // Pages of Arm are smaller here: the start of one may lie within a page of ours.
    let address = emulator.get_data().kind.cut(page);
    let page = address & !(PAGE - 1);
    let access = match kind {
        MemType::WRITE => Access::Write,
        MemType::FETCH => Access::Execute,
        _ => Access::Read,
    };
    match touch(emulator, page, access == Access::Write) {
        Ok(touched) => {
            let perms = if touched.writable { Permission::ALL } else { Permission::READ | Permission::EXEC };
            Some(TlbEntry { paddr: touched.at + (address - page), perms })
        }
        Err(why) => {
            emulator.get_data_mut().missing = Some(Missing { page, access, why });
            None
        }
    }
}

fn system_call(emulator: &mut Emulator<'_, '_>) {
    match emulator.get_data().system_calls {
        None => end(emulator, End::SystemCall),
        Some(Action::Stop) => end(emulator, End::Hook),
        Some(action) => {
            let (kind, guest) = (emulator.get_data().kind, emulator.get_data());
            let number = match kind {
                Kind::AArch64 => unicorn_engine::RegisterARM64::X8 as i32,
                _ => kind.result(),
            };
            let (steps, last) = (guest.steps, guest.last);
            let number = kind.cut(emulator.reg_read(number).unwrap_or(0));
            let row = json!({"kind": "hook", "step": steps.saturating_sub(1), "address": format!("{last:#x}"), "name": "syscall",
                "text": format!("{number:#x}")});
            emulator.get_data_mut().row(row);
            if let Action::Return(value, _) = action
                && let Err(e) = emulator.reg_write(kind.result(), kind.cut(value))
            {
                end(emulator, End::Other(format!("{e:?}")));
            }
        }
    }
}

/// An interrupt or exception.
fn interrupt(emulator: &mut Emulator<'_, '_>, number: u32) {
    let guest = emulator.get_data();
    let system = matches!((guest.kind, number), (Kind::X86 | Kind::X8664, 0x80 | 0x2e) | (Kind::AArch64, 2));
    match guest.missing {
        Some(missing) => {
            let how = guest.end_of(missing);
            end(emulator, how);
        }
        None if system => system_call(emulator),
        None => end(emulator, End::Exception(number)),
    }
}

/// An emulator with its hooks, whose pages come when they are touched.
pub fn prepared<'s>(guest: Guest<'s>) -> Result<Emulator<'s, 's>, ApiError> {
    let (kind, limit) = (guest.kind, guest.pages.limit());
    let (arch, mode) = match kind {
        Kind::X86 => (Arch::X86, Mode::MODE_32),
        Kind::X8664 => (Arch::X86, Mode::MODE_64),
        Kind::AArch64 => (Arch::ARM64, Mode::LITTLE_ENDIAN),
    };
    let failed = |e| broken("making a processor", e);
    let mut emulator = Unicorn::new_with_data(arch, mode, guest).map_err(failed)?;
    let model: i32 = match kind {
        Kind::AArch64 => Arm64CpuModel::UC_CPU_ARM64_MAX.into(),
        _ => X86CpuModel::UC_CPU_X86_SKYLAKE_CLIENT.into(),
    };
    emulator.ctl_set_cpu_model(model).map_err(failed)?;
    emulator.ctl_tlb_type(TlbType::VIRTUAL).map_err(failed)?;
    let room = usize::try_from(limit)
        .map_err(|_| ApiError::new(Status::INVALID, "so much memory is more than this machine can address"))?;
    emulator.mem_map(BASE, room, Permission::ALL).map_err(failed)?;
    let (begin, stop) = (0, u64::MAX);
    emulator.add_tlb_hook(begin, stop, fill).map_err(failed)?;
    emulator.add_code_hook(begin, stop, step).map_err(failed)?;
    // With a table of pages that is not the processor's, hooks are told places in the emulator's own memory.
    let wrote = |emulator: &mut Emulator<'_, 's>, _: MemType, at: u64, size: usize, _: i64| {
        let guest = emulator.get_data_mut();
        if let Some(address) = guest.pages.address(at) {
            guest.pages.wrote(address, size.min(64));
            guest.vetted.written(address, size as u64);
        }
        true
    };
    emulator.add_mem_hook(HookType::MEM_WRITE, begin, stop, wrote).map_err(failed)?;
    emulator.add_intr_hook(interrupt).map_err(failed)?;
    let invalid = |emulator: &mut Emulator<'_, 's>| {
        let missing = emulator.get_data().missing;
        let how = missing.map_or(End::Invalid, |m| emulator.get_data().end_of(m));
        end(emulator, how);
        false
    };
    emulator.add_insn_invalid_hook(invalid).map_err(failed)?;
    if kind != Kind::AArch64 {
        emulator.add_insn_sys_hook(InsnSysX86::SYSCALL, begin, stop, system_call).map_err(failed)?;
        emulator.add_insn_sys_hook(InsnSysX86::SYSENTER, begin, stop, system_call).map_err(failed)?;
        let port_in = |emulator: &mut Emulator<'_, 's>, port: u32, _: usize| {
            end(emulator, End::Port(port));
            0
        };
        emulator.add_insn_in_hook(port_in).map_err(failed)?;
        let port_out = |emulator: &mut Emulator<'_, 's>, port: u32, _: usize, _: u32| end(emulator, End::Port(port));
        emulator.add_insn_out_hook(port_out).map_err(failed)?;
    }
    Ok(emulator)
}

/// Watches the block of a thread that is not known, once it is there. Only that may be read of it which a program can't tell from its own: where it
/// is, and what guards stacks and pointers.
pub fn guard_thread(emulator: &mut Emulator<'_, '_>, thread: u64) -> Result<(), ApiError> {
    let failed = |e| broken("making a thread", e);
    emulator.reg_write(RegisterX86::FS_BASE, thread).map_err(failed)?;
    let Some(page) = emulator.get_data().pages.at(thread & !(PAGE - 1)) else { return Ok(()) };
    let begin = page + thread % PAGE;
    let known = move |emulator: &mut Emulator<'_, '_>, _: MemType, at: u64, _: usize, _: i64| {
        let offset = at.wrapping_sub(begin);
        if !matches!(offset, 0 | 0x10 | 0x28 | 0x30) {
            end(emulator, End::ThreadLocal(offset));
        }
        true
    };
    emulator.add_mem_hook(HookType::MEM_READ | HookType::MEM_WRITE, page, page + (PAGE - 1), known).map_err(failed)?;
    Ok(())
}

/// Runs until there is a reason to end, which is then in the guest.
pub fn run(emulator: &mut Emulator<'_, '_>, start: u64) {
    let guest = emulator.get_data_mut();
    guest.began = Instant::now();
    guest.last = start;
    let back = guest.scratch.back;
    // Where a single instruction takes for ever (`rep` over all of memory), the emulator's own clock ends it.
    let patience = guest.timeout.saturating_add(Duration::from_secs(1)).as_micros();
    let outcome = emulator.emu_start(start, back, u64::try_from(patience).unwrap_or(u64::MAX), 0);
    let kind = emulator.get_data().kind;
    let now = kind.cut(emulator.reg_read(kind.program_counter()).unwrap_or(0));
    settle(emulator);
    let guest = emulator.get_data_mut();
    let timed_out = guest.began.elapsed() >= guest.timeout;
    let missing = guest.missing.map(|m| guest.end_of(m));
    guest.end.get_or_insert(match (outcome, missing) {
        (Ok(()), _) if now == back => End::Returned,
        (Ok(()), None) if timed_out => End::Time(guest.timeout),
        (_, Some(how)) => how,
        (Ok(()), None) => End::Halted,
        (Err(uc_error::INSN_INVALID), None) => End::Invalid,
        (Err(e), None) => End::Other(format!("{e:?}")),
    });
}
