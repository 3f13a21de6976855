//! One process.

use super::args;
use super::task::Task;
use crate::engine::AddressSpace;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::path::Paths;
use crate::os::linux::memory::image;
use crate::os::linux::memory::mm::Mm;
use crate::os::linux::memory::region::{gate, region};
use crate::os::view::read_through_the_space;
use memsh_plugin::*;
use std::sync::Arc;

/// A process of a [`Kernel`], with its address space.
#[derive(Clone)]
pub struct LinuxProcess {
    kernel: Arc<Kernel>,
    task: VirtAddr,
    info: ProcessInfo,
    space: AddressSpace,
}

impl LinuxProcess {
    /// The process whose `task_struct` lies at `address`.
    ///
    /// # Errors
    /// When no task can be read there.
    pub fn new(kernel: Arc<Kernel>, address: VirtAddr) -> Result<Self, ApiError> {
        let task = read(&kernel, address)?;
        let info = task.info(&kernel, &mut Paths::new(&kernel), &mut Lost::default());
        let space = task.space(&kernel);
        Ok(Self { kernel, task: address, info, space })
    }

    /// Its address space.
    pub fn space(&self) -> &AddressSpace {
        &self.space
    }

    fn mm(&self, lost: &mut Lost) -> Result<Option<Mm>, ApiError> {
        Ok(read(&self.kernel, self.task)?.mm(&self.kernel, lost))
    }

    /// Lists something of the user address space; a process without one has nothing of it.
    fn of_mm<T>(&self, list: impl FnOnce(&Mm, &mut Lost) -> Vec<T>) -> CResult<Listing<T>, ApiError> {
        let mut lost = Lost::default();
        match self.mm(&mut lost) {
            Ok(Some(mm)) => {
                let items = list(&mm, &mut lost);
                CResult::Ok(lost.listing(items))
            }
            Ok(None) => CResult::Ok(lost.listing(Vec::new())),
            Err(e) => CResult::Err(e),
        }
    }
}

fn read(kernel: &Kernel, address: VirtAddr) -> Result<Task, ApiError> {
    let mut lost = Lost::default();
    Task::read(kernel, address, &mut lost)
        .ok_or_else(|| failed(Status::MISSING, format!("can't read a task_struct at {address}: not in the image, or no task")))
}

impl Process for LinuxProcess {
    fn process_info(&self) -> ProcessInfo {
        self.info.clone()
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        let mut lost = Lost::default();
        match read(&self.kernel, self.task) {
            Ok(task) => {
                let threads = task.thread_list(&self.kernel, &mut lost);
                CResult::Ok(lost.listing(threads))
            }
            Err(e) => CResult::Err(e),
        }
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        self.of_mm(|mm, lost| image::mapped_images(&self.kernel, mm, &self.space, lost))
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        self.of_mm(|mm, lost| {
            let mut paths = Paths::new(&self.kernel);
            let regions = mm.regions(&self.kernel, lost);
            let rows = regions.iter().map(|vma| region(&self.kernel, mm, vma, &mut paths)).chain(gate(&self.kernel)).collect();
            lost.extend(paths.lost);
            rows
        })
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        self.of_mm(|mm, lost| args::arguments(&self.kernel, mm, &self.space, lost))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        self.of_mm(|mm, lost| args::environment(&self.kernel, mm, &self.space, lost))
    }
}

read_through_the_space!(LinuxProcess, self => self.space);

cglue_impl_group!(LinuxProcess, ProcessInstance, {});
