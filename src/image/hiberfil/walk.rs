//! What every way of reading the file needs: its bytes, and somebody who may want to stop.

use crate::Result;
use crate::image::Progress;
use crate::image::fields::Fields;
use crate::image::input::Input;

/// Bytes of the file between two reports.
const REPORT: u64 = 32 << 20;
/// Steps between two reports, where the work does not follow the file.
const STEPS: u64 = 4096;

pub(super) struct Walk<'a> {
    pub file: Fields<'a>,
    progress: Option<&'a Progress>,
    reported: u64,
    steps: u64,
    /// Bytes of the file that tables and their pages may still take: what lies in it belongs to one of them only.
    room: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(input: &'a Input<'_>) -> Self {
        let file = Fields::new(input.data(), false);
        Self { file, progress: input.options.progress.as_ref(), reported: 0, steps: 0, room: file.len() }
    }

    /// Tells how far the work is, now and then.
    ///
    /// # Errors
    /// When somebody wants it to stop.
    pub(super) fn report(&mut self, at: u64) -> Result<()> {
        self.steps = self.steps.wrapping_add(1);
        if at.saturating_sub(self.reported) > REPORT || self.steps.is_multiple_of(STEPS) {
            self.reported = self.reported.max(at);
            if let Some(progress) = self.progress {
                progress.report(self.reported.min(self.file.len()), self.file.len())?;
            }
        }
        Ok(())
    }

    /// Takes `bytes` of what the file can hold in all; false where that is used up.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        let left = self.room.checked_sub(bytes);
        self.room = left.unwrap_or(self.room);
        left.is_some()
    }
}
