//! What looks as it should not, with the reason and the evidence: the rows of `malfind`.

use memsh_plugin::{ProcessInfo, Text, VirtAddr};

/// Something that does not look as the kernel or a decent program would leave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What it is, one word: `process`, `module`, `memory`, `code`, `hook`, `file`, `environment`, `trace`.
    pub kind: &'static str,
    /// The process that it belongs to.
    pub pid: Option<u32>,
    /// That process's name.
    pub process: Option<Text>,
    /// Where it lies, or what it points to.
    pub address: Option<VirtAddr>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The region, table or symbol that holds it.
    pub region: Option<Text>,
    /// Why it is told: a short phrase that is the same for all of its sort, so that one can filter by it.
    pub reason: &'static str,
    /// The facts: values, names, paths, the first bytes.
    pub evidence: String,
}

impl Finding {
    /// A finding of a process; its address is that of the process's control block.
    pub fn of(info: &ProcessInfo, kind: &'static str, reason: &'static str, evidence: String) -> Self {
        Self {
            kind,
            pid: Some(info.pid),
            process: Some(info.name.clone()),
            address: Some(info.address),
            reason,
            evidence,
            ..Self::default()
        }
    }
}
