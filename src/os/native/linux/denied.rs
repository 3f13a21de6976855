//! Why the system did not answer, and what would change that.

use super::folder::Folder;
use super::stat::of_status;
use memsh_plugin::{ApiError, Status};
use rustix::io::Errno;
use std::io;

/// `CAP_SYS_PTRACE` and `CAP_SYSLOG` (include/uapi/linux/capability.h).
const SYS_PTRACE: u32 = 19;
const SYSLOG: u32 = 34;

/// Whether an error says that the process is no more.
pub fn is_gone(e: &io::Error) -> bool {
    matches!(Errno::from_io_error(e), Some(Errno::SRCH | Errno::NOENT))
}

/// Whether an error says that it may not be asked.
pub fn is_denied(e: &io::Error) -> bool {
    matches!(Errno::from_io_error(e), Some(Errno::PERM | Errno::ACCESS))
}

/// The error for `what` of the process, which the system refused with `e`.
pub fn error(folder: &Folder, what: &str, e: &io::Error) -> ApiError {
    let pid = folder.pid;
    if is_gone(e) && !folder.alive() {
        return gone(pid);
    }
    match is_denied(e) {
        true => ApiError::new(Status::FAILED, format!("{what} of process {pid} can't be read: {}", missing(folder))),
        false => ApiError::new(Status::FAILED, format!("{what} of process {pid} can't be read: {e}")),
    }
}

/// The error for a process that is not there.
pub fn gone(pid: u32) -> ApiError {
    ApiError::new(Status::MISSING, format!("there is no process {pid} (any more)"))
}

/// Who memsh runs as.
struct Own {
    uid: Option<u64>,
    capabilities: u64,
}

impl Own {
    fn ask() -> Self {
        let status = std::fs::read("/proc/self/status").unwrap_or_default();
        Self {
            // The effective one is the second.
            uid: of_status(&status, "Uid", 10).get(1).copied(),
            capabilities: of_status(&status, "CapEff", 16).first().copied().unwrap_or(0),
        }
    }

    fn has(&self, capability: u32) -> bool {
        self.capabilities >> capability & 1 == 1
    }
}

/// The privilege that is missing for the memory of a process: `__ptrace_may_access` (kernel/ptrace.c) and Yama
/// (Documentation/admin-guide/LSM/Yama.rst).
fn missing(folder: &Folder) -> String {
    let own = Own::ask();
    let theirs = folder.head("status").map(|s| of_status(&s, "Uid", 10)).unwrap_or_default();
    if own.has(SYS_PTRACE) {
        return "memsh has CAP_SYS_PTRACE, but not in the process's user namespace, or a security module forbids it".to_owned();
    }
    let (Some(uid), Some(their)) = (own.uid, theirs.first()) else {
        return "it needs the process's user or CAP_SYS_PTRACE".to_owned();
    };
    // All of the process's ids must be those of memsh.
    if theirs.iter().any(|t| *t != uid) {
        return format!("it belongs to user {their} and memsh runs as user {uid}; run memsh as that user or with CAP_SYS_PTRACE");
    }
    match ptrace_scope() {
        Some(1) => "kernel.yama.ptrace_scope is 1, with which only children may be read; set it to 0 or run memsh with CAP_SYS_PTRACE".to_owned(),
        Some(2) => "kernel.yama.ptrace_scope is 2, which asks for CAP_SYS_PTRACE".to_owned(),
        Some(n) if n > 2 => format!("kernel.yama.ptrace_scope is {n}, with which nobody may read a process until the next boot"),
        _ => "the process is protected (not dumpable, of another user namespace, or with capabilities that memsh lacks); run memsh with \
              CAP_SYS_PTRACE"
            .to_owned(),
    }
}

fn ptrace_scope() -> Option<u32> {
    std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok()?.trim().parse().ok()
}

/// What is missing where the kernel's addresses are shown as zero: `kallsyms_show_value` (kernel/ksyms_common.c).
pub fn addresses() -> String {
    let restrict = std::fs::read_to_string("/proc/sys/kernel/kptr_restrict").unwrap_or_default();
    match (restrict.trim(), Own::ask().has(SYSLOG)) {
        ("2", _) => "kernel.kptr_restrict is 2, with which nobody sees the kernel's addresses".to_owned(),
        (_, false) => "the kernel shows its addresses to CAP_SYSLOG only".to_owned(),
        (_, true) => "the kernel does not show its addresses, though memsh has CAP_SYSLOG".to_owned(),
    }
}
