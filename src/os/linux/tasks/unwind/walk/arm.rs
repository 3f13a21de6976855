//! Frames of 32-bit ARM: by the tables of the exception ABI, or by frame pointers.

use super::super::arm;
use super::super::ehabi::code::{Caller, FP, LR, PC, SP, run};
use super::super::ehabi::{Entry, How, Tables};
use super::{Saved, Step, Walk, is_code, no_code};
use crate::os::linux::base::layout::number;

impl Walk<'_, '_> {
    /// `unwind_frame` of arch/arm/kernel/unwind.c.
    pub(super) fn by_arm_tables(&mut self, tables: &Tables<'_>) -> Result<Step, String> {
        if self.ip == 0 {
            return Ok(Step::End);
        }
        // A return address may be that of the next function, when the call never comes back.
        let back = if self.signal || self.label { 0 } else { 2 };
        let entry = tables.lookup(self.ip.wrapping_sub(back));
        let ended = arm::is_end(self.unwinder.kernel, self.sp, self.own.1);
        let Saved::All(known) = &self.saved else { return Err("the registers of the frame are not known".to_owned()) };
        let mut registers = arm::to_virtual(known);
        registers.set(SP, u32::try_from(self.sp).ok());
        let caller = match entry {
            // Before its first instruction a function has done nothing to the stack; some never do.
            entry if self.signal && self.is_untouched(entry.as_ref()) => {
                registers.set(PC, registers.get(LR));
                Caller { registers, slot: None, interrupted: false }
            }
            None | Some(Entry { how: How::Cannot, .. }) if ended => return Ok(Step::End),
            None => return Err("no unwind table covers the code there".to_owned()),
            Some(Entry { how: How::Cannot, .. }) => {
                return Err("the unwind tables say that the function there can't be unwound".to_owned());
            }
            Some(Entry { how: How::Unknown(why), .. }) => return Err(why),
            Some(Entry { how: How::Code(code), .. }) => run(&code, registers, &mut |at| self.word(u64::from(at)).map(narrow))?,
        };
        self.called_by(&caller)
    }

    /// Whether the function that was interrupted, of which the tables say this, has no frame where it was.
    fn is_untouched(&self, entry: Option<&Entry>) -> bool {
        let kernel = self.unwinder.kernel;
        match entry {
            Some(Entry { how: How::Code(_), start }) => *start == self.ip,
            Some(Entry { how: How::Unknown(_), .. }) => false,
            // The way out of a system call has none either, and is called by nobody.
            _ => arm::function(kernel, self.ip).is_some_and(|(name, distance)| {
                !arm::is_entry(&name) && arm::is_bare(kernel, self.ip.wrapping_sub(distance), self.ip)
            }),
        }
    }

    /// Goes on to the caller that a frame was found to have.
    fn called_by(&mut self, caller: &Caller) -> Result<Step, String> {
        let kernel = self.unwinder.kernel;
        let of = |register| caller.registers.get(register).map_or(0, u64::from);
        let (mut ip, next, fp) = (arm::address(of(PC)), of(SP), of(FP));
        if ip == 0 {
            return Ok(Step::End);
        }
        if !caller.interrupted {
            // Return probes know it by the caller's frame pointer.
            ip = arm::address(self.untraced(ip, &[caller.slot.map_or(0, u64::from), fp], next)?);
        }
        if !is_code(kernel, ip) {
            // A processor began on an empty stack, before its addresses were the kernel's.
            if self.own.1.checked_sub(next) == Some(arm::PADDING) {
                return Ok(Step::End);
            }
            return Err(no_code("the unwind tables lead", ip));
        }
        // The tables hold where a function calls others, not on its first and last steps, where an interrupt may come. A call before the
        // return address proves it, or that the stack is used up.
        let proved = || arm::follows_call(kernel, ip) || arm::is_end(kernel, next, self.own.1);
        if self.signal && !caller.interrupted && !proved() {
            return Err(format!(
                "it is not known: the interrupt may have come before the frame stood, and {ip:#x} follows no call; `--guess` lists what \
                 looks like return addresses"
            ));
        }
        // A function that was interrupted may have no frame of its own, once.
        if !(self.signal && next == self.sp) {
            self.area = self.upwards(self.sp, next)?;
        }
        (self.ip, self.sp, self.bp, self.signal) = (ip, next, fp, caller.interrupted);
        self.label = arm::is_label(kernel, ip);
        self.saved = Saved::All(arm::of_virtual(&caller.registers, caller.interrupted));
        Ok(Step::On)
    }

    /// Frame pointers (arch/arm/kernel/stacktrace.c). Where GCC's points lie, downwards, the program counter of the function's beginning,
    /// the return address, the caller's stack pointer and its frame pointer; where Clang's points, upwards, the caller's frame pointer and the
    /// return address. What holds is what fits.
    pub(super) fn by_arm_frame(&mut self) -> Result<Step, String> {
        let kernel = self.unwinder.kernel;
        let function = arm::function(kernel, self.ip).map(|(name, _)| name).unwrap_or_default();
        if !self.signal && arm::is_interrupt(&function) {
            self.word(self.sp)?;
            let registers = self.saved_at(self.sp)?;
            let ip = registers.get("ip").unwrap_or(0);
            if !registers.is_user() && !is_code(kernel, ip) {
                return Err(format!("the registers saved at {:#x} lead to {ip:#x}, which is no code", self.sp));
            }
            return self.interrupted(registers);
        }
        if self.bp == 0 || arm::is_end(kernel, self.sp, self.own.1) {
            return Ok(Step::End);
        }
        if !self.bp.is_multiple_of(4) || self.bp < 12 {
            return Err(format!("the frame pointer is {:#x}, which is none", self.bp));
        }
        let at = self.bp;
        let (slot, ip, next, fp) = match self.gcc_frame(at) {
            Ok(found) => found,
            Err(why) => self.clang_frame(at).map_err(|_| why)?,
        };
        if ip == 0 {
            return Ok(Step::End);
        }
        let ip = arm::address(self.untraced(ip, &[slot, fp], next)?);
        let step = self.pointed(ip, next, fp)?;
        self.label = arm::is_label(kernel, ip);
        Ok(step)
    }

    /// The frame that `mov ip, sp; push {fp, ip, lr, pc}; sub fp, ip, #4` makes: where the return address lies, that address, the caller's
    /// stack and frame pointers.
    fn gcc_frame(&self, at: u64) -> Result<(u64, u64, u64, u64), String> {
        /// Below the frame of a function with a variable number of arguments r0 to r3 are pushed.
        const ARGUMENTS: u64 = 16;
        let [pc, lr, sp, fp] = [at, at - 4, at - 8, at - 12].map(|a| self.word(a));
        let (pc, lr, sp, fp) = (arm::address(pc?), arm::address(lr?), sp?, fp?);
        // The stack pointer was saved as it was before, and the program counter is of the first instructions of some function.
        let before = at.wrapping_add(4);
        let fits = (before..=before.wrapping_add(ARGUMENTS)).contains(&sp) && is_code(self.unwinder.kernel, pc);
        fits.then_some((at - 4, lr, sp, fp)).ok_or_else(|| format!("the frame pointer {at:#x} points to no frame"))
    }

    /// The frame that `push {fp, lr}; mov fp, sp` makes.
    fn clang_frame(&self, at: u64) -> Result<(u64, u64, u64, u64), String> {
        let slot = at.wrapping_add(4);
        let (fp, lr) = (self.word(at)?, arm::address(self.word(slot)?));
        // The caller's frame is farther up; the outermost has none.
        let fits = (fp == 0 || fp > at) && (lr == 0 || is_code(self.unwinder.kernel, lr));
        fits.then_some((slot, lr, at.wrapping_add(8), fp)).ok_or_else(|| format!("the frame pointer {at:#x} points to no frame"))
    }

    /// The function that the way ends in, where there is one.
    pub fn outermost(&self) -> Option<String> {
        let last = self.frames.last()?;
        arm::function(self.unwinder.kernel, number(last.ip)).map(|(name, _)| name)
    }
}

/// A word of the stack as the tables' instructions have it.
fn narrow(word: u64) -> u32 {
    u32::try_from(word & 0xffff_ffff).unwrap_or(0)
}
