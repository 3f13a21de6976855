//! Records of frames, on AArch64.

use super::super::aarch64;
use super::{Step, Walk, upper_half};

impl Walk<'_, '_> {
    /// Records of frames (`unwind_next`, arch/arm64/kernel/stacktrace.c): the caller's record and the return address, both in the
    /// frame of the function that was called. A record of zeros stands in saved registers, and ends a stack; since 6.13 it says itself
    /// whether those are of the kernel and lead on.
    pub(super) fn by_record(&mut self) -> Result<Step, String> {
        let kernel = self.unwinder.kernel;
        if self.bp == 0 {
            return Ok(Step::End);
        }
        if !self.bp.is_multiple_of(8) || !upper_half(self.bp) {
            return Err(format!("the frame pointer is {:#x}, which is none", self.bp));
        }
        let slot = self.bp.wrapping_add(8);
        let (fp, lr) = (self.word(self.bp)?, self.word(slot)?);
        if fp == 0 && lr == 0 {
            let Some(at) = aarch64::registers_of(kernel, self.bp) else { return Ok(Step::End) };
            let registers = self.saved_at(at)?;
            return self.interrupted(registers);
        }
        let next = slot.wrapping_add(8);
        // Tracing knows a frame by its caller's frame pointer.
        let ip = self.untraced(kernel.space.format().plain(lr), &[fp], next)?;
        self.pointed(kernel.space.format().plain(ip), next, fp)
    }
}
