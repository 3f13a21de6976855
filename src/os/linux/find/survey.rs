//! One pass over all of memory that answers what several searches ask: what VMCOREINFO texts there are, and whether there is a
//! kernel's banner at all. Without one no table can lead to a kernel that proves itself, and no further pass is worth its time.

use super::image::banner;
use super::machine::Search;
use super::sweep::sweep;
use crate::symbols::{VmcoreInfo, find_vmcoreinfo};

/// A few kernels at most lie in one memory: the running one, one for crashes, one from before a kexec.
const MOST: usize = 16;
/// The longest text that is believed.
const FOLLOW: usize = 64 << 10;
/// A banner that goes on behind a part's end is seen from its beginning.
const BANNER: usize = 512;

/// What was found.
pub(super) struct Survey {
    /// The texts of VMCOREINFO, each once; notes, which say how long they are, first.
    pub(super) texts: Vec<VmcoreInfo>,
    /// Whether anything in memory is a banner of Linux.
    pub(super) banner: bool,
}

pub(super) fn survey(search: &Search<'_>) -> Survey {
    let parts = sweep(search, 4096, FOLLOW, |chunk| {
        let texts: Vec<(bool, VmcoreInfo)> = find_vmcoreinfo(chunk.bytes)
            .filter(|copy| copy.range.start < chunk.len)
            .filter_map(|copy| Some((copy.is_note, VmcoreInfo::parse(chunk.bytes.get(copy.range)?))))
            .take(MOST)
            .collect();
        let end = chunk.len.saturating_add(BANNER).min(chunk.bytes.len());
        (texts, banner(chunk.bytes.get(..end).unwrap_or(chunk.bytes)).is_some())
    });
    let mut found: Vec<(bool, VmcoreInfo)> = Vec::new();
    let mut any = false;
    for (texts, banner) in parts {
        any |= banner;
        for (is_note, info) in texts {
            if found.len() < MOST && !found.iter().any(|(_, i)| *i == info) {
                found.push((is_note, info));
            }
        }
    }
    found.sort_by_key(|(is_note, _)| !is_note);
    Survey { texts: found.into_iter().map(|(_, info)| info).collect(), banner: any }
}
