//! Pages whose content lies in no frame.

use super::fault::FaultReason;
use std::borrow::Cow;

/// A few words: where a page was, or why it can't be had.
pub type Said = Cow<'static, str>;

/// Knows where the content of pages lies that are not in memory: in a swap area, in compressed memory.
pub trait Pager: Send + Sync {
    /// Fills `page` with the content of the page that `reason` tells of, and says where it was: `zram`, `the swap cache`, a file's name.
    ///
    /// # Errors
    /// Why it can't be had. Nothing at all (an empty text) where such pages are not this pager's.
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> Result<Said, Said>;
}
