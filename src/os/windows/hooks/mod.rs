//! Through what the kernel calls code, and whose code that is.
//!
//! - `owner`: the modules of the kernel by address
//! - `calls`: system calls (SSDT); `shadow`: those of win32k
//! - `inline`: functions that begin with a jump out of the kernel
//! - `interrupts`: interrupt tables (IDT)
//! - `callbacks`: what drivers registered
//! - `derived`: where callbacks are, of a kernel without symbols
//! - `requests`: the tables of driver objects (IRP)

mod callbacks;
mod calls;
mod derived;
mod inline;
mod interrupts;
pub mod owner;
mod requests;
mod shadow;

use super::base::kernel::Kernel;
use super::objects::Objects;
use crate::os::lost::Lost;
use memsh_plugin::{Listing, VirtAddr};
use owner::{Owner, Owners};

/// Tables there are.
pub const TABLES: &[&str] = &[
    "syscall",
    "idt",
    "irp",
    "inline",
    "process",
    "thread",
    "image",
    "registry",
    "object",
    "bugcheck",
    "shutdown",
    "filesystem",
];

/// A place through which the kernel calls code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Which table or list it belongs to.
    pub table: &'static str,
    /// Its number in that.
    pub index: Option<u64>,
    /// What it is called.
    pub name: String,
    /// Address of the pointer.
    pub slot: Option<VirtAddr>,
    /// Address that is called.
    pub target: VirtAddr,
    /// Whose code that is.
    pub owner: Owner,
    /// What else there is to know.
    pub detail: Option<String>,
    /// Whether the system filled it itself: nothing to see where it leads into the kernel.
    pub fixed: bool,
    /// Why it can't be right.
    pub reason: Option<&'static str>,
}

/// What is collected on the way.
struct Collector<'k> {
    kernel: &'k Kernel,
    owners: Owners,
    hooks: Vec<Hook>,
    lost: Lost,
}

/// What is known of a slot before its owner is.
struct Slot {
    table: &'static str,
    index: Option<u64>,
    name: String,
    slot: Option<VirtAddr>,
    detail: Option<String>,
}

impl Collector<'_> {
    fn push(&mut self, slot: Slot, target: VirtAddr) {
        let owner = self.owners.of(self.kernel, target);
        // In a table of the kernel's own, its own code is what belongs there; for what was registered no code is out of place but that
        // of nobody.
        let fixed = matches!(slot.table, "syscall" | "idt" | "irp" | "inline");
        let reason = match (&owner.module, owner.listed) {
            (None, _) => Some("its code is in no module"),
            (Some(_), false) => Some("its code is in a driver that no list has"),
            (Some(_), true) if slot.table == "syscall" && !owner.kernel && !owners_of_graphics(&owner) => {
                Some("a system call that is not the kernel's")
            }
            _ => None,
        };
        let Slot { table, index, name, slot, detail } = slot;
        self.hooks.push(Hook { table, index, name, slot, target, owner, detail, fixed, reason });
    }
}

/// The modules that have the second table of system calls.
fn owners_of_graphics(owner: &Owner) -> bool {
    owner.module.as_ref().is_some_and(|m| m.to_lowercase().starts_with("win32k"))
}

/// All hooks of the tables that are named, of all where none is.
pub fn list(kernel: &Kernel, wanted: &[&str]) -> Listing<Hook> {
    let objects = Objects::new(kernel);
    let mut lost = Lost::default();
    let owners = Owners::new(kernel, &objects, &mut lost);
    let mut all = Collector { kernel, owners, hooks: Vec::new(), lost };
    let want = |table: &str| wanted.is_empty() || wanted.contains(&table);
    if want("syscall") {
        calls::collect(&mut all);
        shadow::collect(&mut all, kernel);
    }
    if want("idt") {
        interrupts::collect(&mut all);
    }
    if want("irp") {
        requests::collect(&mut all, &objects);
    }
    if want("inline") {
        inline::collect(&mut all);
    }
    callbacks::collect(&mut all, &want);
    if want("object") {
        callbacks::of_types(&mut all, &objects);
    }
    let Collector { hooks, lost, .. } = all;
    lost.listing(hooks)
}
