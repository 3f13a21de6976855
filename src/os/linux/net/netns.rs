//! Network namespaces.

use super::shapes::{NetShape, NsProxyShape, TaskNsShape};
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Shape, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::os::linux::files::holders::Process;
use memsh_plugin::{ApiError, Status, VirtAddr, umem};
use std::collections::HashMap;
use std::sync::Arc;

/// `PROC_DYNAMIC_FIRST` (include/linux/proc_ns.h): numbers of namespaces begin here.
const FIRST_NUMBER: u64 = 0xf000_0000;

/// The network namespaces of a kernel.
pub struct Namespaces<'k> {
    kernel: &'k Kernel,
    shape: Arc<NetShape>,
    /// Those that proved true or false, with their numbers.
    known: HashMap<VirtAddr, Option<u64>>,
    all: Vec<VirtAddr>,
}

impl<'k> Namespaces<'k> {
    /// Those on the kernel's list, and those that only tasks are in.
    ///
    /// # Errors
    /// When the kernel's types or symbols know of none.
    pub(in crate::os::linux) fn find(kernel: &'k Kernel, processes: &[Process], lost: &mut Lost) -> Result<Self, ApiError> {
        let shape = kernel.shape::<NetShape>();
        let own = offset_of(shape.list)
            .ok_or_else(|| failed(Status::UNSUPPORTED, "can't list sockets: no type net; give types with --symbols"))?;
        let mut found = Self { kernel, shape, known: HashMap::new(), all: Vec::new() };
        let listed = match kernel.address("net_namespace_list") {
            Some(head) => list(kernel.view(), head, "list of network namespaces", lost),
            None => Vec::new(),
        };
        // The kernel's list is proof enough: each entry there is linked both ways.
        for at in listed.into_iter().map(|node| node.wrapping_sub(own)).chain(kernel.address("init_net")) {
            let number = found.number_at(at);
            found.add(at, number);
        }
        let (task, proxy) = (kernel.shape::<TaskNsShape>(), kernel.shape::<NsProxyShape>());
        for process in processes {
            let namespaces = task.read(kernel.view(), process.task).ptr(task.namespaces);
            if let Some(net) = namespaces.and_then(|at| proxy.read(kernel.view(), at).ptr(proxy.net)) {
                found.number(net);
            }
        }
        if found.all.is_empty() {
            let tried = "no symbol net_namespace_list or init_net, and no task has a network namespace";
            return Err(failed(Status::UNSUPPORTED, format!("can't list sockets: {tried}; give symbols with --symbols")));
        }
        Ok(found)
    }

    fn number_at(&self, at: VirtAddr) -> Option<u64> {
        self.shape.read(self.kernel.view(), at).uint(self.shape.number)
    }

    fn add(&mut self, at: VirtAddr, number: Option<u64>) {
        if self.known.insert(at, Some(number.unwrap_or(0))).is_none() {
            self.all.push(at);
        }
    }

    /// Their addresses, the system's own first where it is known.
    pub fn all(&self) -> &[VirtAddr] {
        &self.all
    }

    /// The number of the namespace at `at` (as `/proc/PID/ns/net` shows it); none where there is no namespace. One that is not
    /// known yet has to prove itself: its number is possible, and its neighbours on the kernel's list know it.
    pub fn number(&mut self, at: VirtAddr) -> Option<u64> {
        if let Some(known) = self.known.get(&at) {
            return *known;
        }
        let number = self.prove(at);
        self.known.insert(at, number);
        if number.is_some() {
            self.all.push(at);
        }
        number
    }

    fn prove(&self, at: VirtAddr) -> Option<u64> {
        let (view, own) = (self.kernel.view(), offset_of(self.shape.list)?);
        let node = at.wrapping_add(own);
        let word = umem::from(view.view_metadata().pointer_size);
        let next = view.read_ptr(node).ok()?;
        let back = view.read_ptr(next.wrapping_add(word)).ok()?;
        self.number_at(at).filter(|&n| back == node && n >= FIRST_NUMBER)
    }
}
