//! What every way of reading the file needs: its bytes, and somebody who may want to stop.

use crate::Result;
use crate::image::Progress;
use crate::image::fields::Fields;
use crate::image::input::Input;

/// Bytes of the file between two reports.
const REPORT: u64 = 32 << 20;

pub(super) struct Walk<'a> {
    pub file: Fields<'a>,
    progress: Option<&'a Progress>,
    reported: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(input: &'a Input<'_>) -> Self {
        Self { file: Fields::new(input.data(), false), progress: input.options.progress.as_ref(), reported: 0 }
    }

    /// Tells how far the work is, now and then.
    ///
    /// # Errors
    /// When somebody wants it to stop.
    pub(super) fn report(&mut self, at: u64) -> Result<()> {
        if at.saturating_sub(self.reported) > REPORT {
            self.reported = at;
            if let Some(progress) = self.progress {
                progress.report(at.min(self.file.len()), self.file.len())?;
            }
        }
        Ok(())
    }
}
