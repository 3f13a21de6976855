//! What looks as it should not among processes, memory, modules and threads. Each detector is one file or one function, and tells only
//! what it can show: the reason is always the same phrase, the evidence has the facts.
//!
//! Nothing here judges by a list of names of malware. A finding says that something is not as the system leaves it; there are decent
//! programs among them (a JIT compiler, a debugger, a security product that hooks functions).

mod code;
mod identity;
mod kernel;
mod memory;
mod module;
mod patched;
mod subject;
mod task;
#[cfg(test)]
mod tests;
mod thread;
mod wiped;

pub use subject::Subject;

use super::base::kernel::Kernel;
use super::census::Seen;
use super::drivers::scan::SeenModule;
use super::hooks;
use crate::os::finding::Finding;
use crate::os::lost::Lost;
use memsh_plugin::Listing;

/// Looks for one sort of thing in one process.
type InProcess = fn(&Kernel, &Subject, &mut Lost) -> Vec<Finding>;

const IN_PROCESS: &[InProcess] = &[identity::program, memory::regions, thread::starts, module::lists, module::half_listed];

/// What the processes tell by themselves and compared with each other: hidden ones, impostors.
pub fn of_processes(kernel: &Kernel, all: &[Seen]) -> Vec<Finding> {
    let mut found = task::hidden(all);
    found.extend(identity::impostors(kernel, all));
    found
}

/// The process with all that the detectors ask of it; what could not be read is told with it.
pub fn subject(kernel: &Kernel, seen: &Seen) -> (Option<Subject>, Listing<Finding>) {
    let mut lost = Lost::default();
    let subject = Subject::read(kernel, seen, &mut lost);
    let found = subject.iter().flat_map(|s| IN_PROCESS.iter().flat_map(|detector| detector(kernel, s, &mut Lost::default())));
    let found = found.collect();
    (subject, lost.listing(found))
}

/// Code of programs and libraries that is not the same in all processes that have it. `of` says whose findings are wanted.
pub fn patched(kernel: &Kernel, subjects: &[Subject], go_on: &mut dyn FnMut() -> bool) -> Vec<Finding> {
    patched::images(kernel, subjects, go_on)
}

/// What the kernel itself tells: hooked tables and functions, modules that its list does not have.
pub fn of_kernel(kernel: &Kernel, modules: &[SeenModule]) -> Listing<Finding> {
    let mut found = kernel::hidden(kernel, modules);
    let hooks = hooks::list(kernel, &[]);
    found.extend(kernel::hooked(&hooks.items));
    Listing { items: found.into(), lost: hooks.lost }
}

/// So many bytes of what is found are shown.
const SHOWN: usize = 8;

/// The first bytes of something, as evidence.
fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(SHOWN).map(|b| format!("{b:02x}")).collect();
    shown.join(" ")
}
