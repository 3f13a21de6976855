//! Processes that the system does not show.

use super::super::census::Seen;
use crate::os::finding::Finding;

/// Processes that are alive and not in the system's list.
pub fn hidden(all: &[Seen]) -> Vec<Finding> {
    let tell = |s: &Seen| {
        let evidence = format!("found by {}; not in {}", s.sources.names(true).join(", "), s.missing_from().join(", "));
        Finding::of(&s.info, "process", "process hidden from the process list", evidence)
    };
    all.iter().filter(|s| s.hidden).map(tell).collect()
}
