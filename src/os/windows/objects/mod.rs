//! The object manager: what every object has before it, its name in the tree of directories, and the handles of processes.
//!
//! - `types`: which type an object has
//! - `header`: the structure before an object
//! - `directory`: the tree of names
//! - `describe`: what an object is called, each type by its own rule
//! - `files`: file objects by scan
//! - `keys`: paths of registry keys
//! - `handles`: tables of handles
//! - `access`: access masks in words

pub mod access;
pub mod describe;
pub mod directory;
pub mod files;
pub mod handles;
mod header;
mod keys;
#[cfg(test)]
mod tests;
mod types;

use super::base::kernel::Kernel;
use crate::os::lost::Lost;
use memsh_plugin::{Listing, VirtAddr};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use types::TypeTable;

/// The object manager of a kernel. What was found out of one object is kept for the next.
pub struct Objects<'k> {
    kernel: &'k Kernel,
    types: TypeTable,
    names: RefCell<HashMap<VirtAddr, Option<Arc<str>>>>,
    described: RefCell<HashMap<VirtAddr, Arc<describe::Description>>>,
    keys: OnceCell<Option<keys::Layout>>,
}

impl<'k> Objects<'k> {
    /// Of this kernel.
    pub fn new(kernel: &'k Kernel) -> Self {
        Self {
            kernel,
            types: TypeTable::find(kernel),
            names: RefCell::default(),
            described: RefCell::default(),
            keys: OnceCell::new(),
        }
    }

    /// The kernel.
    pub fn kernel(&self) -> &'k Kernel {
        self.kernel
    }

    /// Handles of the process whose `_EPROCESS` lies at `process`.
    pub fn handles(&self, process: VirtAddr, pid: u32) -> Listing<handles::Handle> {
        let mut lost = Lost::default();
        let items = handles::of_process(self.kernel, process, pid, &mut lost);
        lost.listing(items)
    }

    /// Every object in the tree of names, by path.
    pub fn named(&self) -> Listing<directory::Named> {
        let mut lost = Lost::default();
        let items = self.tree(&mut lost);
        lost.listing(items)
    }

    /// The `_OBJECT_TYPE`s that are known, with their names, by address.
    pub fn types(&self) -> Vec<(VirtAddr, Option<String>)> {
        self.types.all(self.kernel).into_iter().map(|at| (at, types::name(self.kernel, at))).collect()
    }

    /// How types are known, in words.
    pub fn evidence(&self) -> &str {
        &self.types.evidence
    }
}
