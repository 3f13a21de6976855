//! Records of frames, on AArch64.

use super::super::aarch64;
use super::{Real, Registers, Saved, Step, Walk, is_code, upper_half};
use memsh_plugin::{VirtAddr, umem};

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
            let registers = Registers::read(kernel, VirtAddr::new(umem::from(at)));
            let registers = registers.ok_or_else(|| format!("the registers saved at {at:#x} are not in the image"))?;
            if registers.is_user() {
                self.user = Some(registers);
                return Ok(Step::End);
            }
            let next = registers.get("sp").unwrap_or(0);
            self.area = self.upwards(self.sp, next)?;
            (self.ip, self.bp, self.sp) = (registers.get("pc").unwrap_or(0), registers.get("x29").unwrap_or(0), next);
            self.signal = true;
            self.saved = Saved::All(registers);
            return Ok(Step::On);
        }
        let mut ip = kernel.space.format().plain(lr);
        let next = slot.wrapping_add(8);
        // Tracing knows a frame by its caller's frame pointer.
        match self.unwinder.trampolines.real(self.task, ip, fp) {
            Real::Same => {}
            Real::Other(real) => ip = kernel.space.format().plain(real),
            Real::Unknown => {
                self.finish_at(ip, next);
                return Err("tracing took the return address away, and its record was not found".to_owned());
            }
        }
        if !is_code(kernel, ip) {
            return Err(format!(
                "the frame pointer leads to {ip:#x}, which is no code; `--guess` lists what looks like return addresses"
            ));
        }
        self.area = self.upwards(self.sp, next)?;
        (self.ip, self.sp, self.bp, self.signal, self.saved) = (ip, next, fp, false, Saved::None);
        Ok(Step::On)
    }
}
