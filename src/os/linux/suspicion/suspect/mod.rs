//! What looks as it should not among processes, modules and memory. Each detector is one file or one function, and tells only what
//! it can show: the reason is always the same phrase, the evidence has the facts.
//!
//! Nothing here judges by a list of names of malware. A finding says that something is not as the kernel or a loader leaves it;
//! there are decent programs among them (a JIT compiler, a debugger, a program that was updated while it ran).

mod code;
mod elf;
mod environment;
mod identity;
mod memory;
mod module;
mod pages;
mod preload;
mod subject;
mod task;
mod thread;

pub use module::hidden_modules;
pub use preload::preload_file;
pub use subject::{Subject, subjects};

use super::finding::Finding;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::tasks::census::Seen;
use memsh_plugin::{Listing, Text};

/// Looks for one sort of thing in the whole system.
pub type Detector = fn(&Kernel, &mut Lost) -> Vec<Finding>;

/// Looks for one sort of thing in one process.
type InProcess = fn(&Kernel, &Subject, &mut Lost) -> Vec<Finding>;

const IN_PROCESS: &[InProcess] =
    &[identity::executable, identity::kernel_thread, memory::regions, thread::foreign, code::changed, environment::loader];

/// Runs a detector and keeps what it could not read.
pub fn run(kernel: &Kernel, detector: Detector) -> Listing<Finding> {
    let mut lost = Lost::default();
    let found = detector(kernel, &mut lost);
    lost.listing(found)
}

/// What the tasks tell by themselves and compared with each other: hidden ones, impostors, borrowed credentials, tracers.
pub fn of_tasks(kernel: &Kernel, tasks: &[Seen]) -> Listing<Finding> {
    let mut lost = Lost::default();
    let mut found = task::hidden(tasks);
    found.extend(identity::impostors(kernel, tasks));
    found.extend(task::orphans(kernel, tasks));
    found.extend(task::credentials(kernel, tasks));
    found.extend(task::traced(kernel, tasks, &mut lost));
    lost.listing(found)
}

/// What one process tells: its executable, its memory, its code, its environment.
pub fn of_process(kernel: &Kernel, subject: &Subject) -> Listing<Finding> {
    let mut lost = Lost::default();
    let found = IN_PROCESS.iter().flat_map(|detector| detector(kernel, subject, &mut lost)).collect();
    lost.listing(found)
}

/// So many bytes of what is found are shown.
const SHOWN: usize = 8;

/// The first bytes of something, as evidence.
fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(SHOWN).map(|b| format!("{b:02x}")).collect();
    shown.join(" ")
}

/// Text of the target within a sentence.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// The same of a [`Text`] that may be missing.
fn shown_or(text: Option<&Text>, other: &str) -> String {
    text.map_or_else(|| other.to_owned(), |t| shown(t.as_bytes()))
}
