//! Pages whose content lies in no frame.

use super::fault::FaultReason;

/// Knows where the content of pages lies that are not in memory: in a swap area, in compressed memory.
pub trait Pager: Send + Sync {
    /// Fills `page` with the content of the page that `reason` tells of; false where that can't be had.
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> bool;
}
