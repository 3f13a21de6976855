//! Processes of memflow's OS plugins.

use crate::{batch, facts, words};
use memflow::mem::{MemoryView as _, VirtualTranslate as _};
use memflow::os::{ModuleAddressInfo, Process as _};
use memflow::plugins::IntoProcessInstanceArcBox;
use memflow::types::Address;
use memsh_plugin::{
    ApiError, CResult, CSliceMut, EnvVar, Listing, MemoryView, ModuleInfo, Process, ProcessInfo, RegionInfo, Status, Text,
    ThreadInfo, TranslateOp, ViewMetadata, VirtAddr, VirtReadOp, VirtWriteOp,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A process. Opening one costs a clone of the OS plugin's state (memflow-win32: 64 MiB), reading from many threads takes turns.
pub struct Task {
    process: Mutex<IntoProcessInstanceArcBox<'static>>,
    info: memflow::os::ProcessInfo,
    write: bool,
}

impl Task {
    /// What memflow opened.
    pub fn new(process: IntoProcessInstanceArcBox<'static>, write: bool) -> Self {
        let info = process.info().clone();
        Self { process: Mutex::new(process), info, write }
    }

    fn process(&self) -> MutexGuard<'_, IntoProcessInstanceArcBox<'static>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded(&self) -> Result<Listing<ModuleInfo>, ApiError> {
        words::listen();
        let mut process = self.process();
        let mut found: Vec<ModuleAddressInfo> = Vec::new();
        let listed = process.module_address_list_callback(None, (&mut found).into());
        listed.map_err(|e| words::failed("the list of modules", e))?;
        Ok(facts::modules(found, |m| process.module_by_address(m.address, m.arch)))
    }
}

/// What memflow's interface does not have.
fn lacks<T>(what: &str) -> CResult<T, ApiError> {
    CResult::Err(ApiError::new(Status::UNSUPPORTED, format!("memflow's interface does not tell {what} of a process")))
}

impl Process for Task {
    fn process_info(&self) -> ProcessInfo {
        facts::process(&self.info)
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        lacks("the threads")
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        self.loaded().into()
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        let modules = self.loaded().map(|l| l.items.to_vec()).unwrap_or_default();
        let end = facts::user_end(self.info.sys_arch);
        // -1: what is mapped and nothing between.
        let found = self.process().mapped_mem_range_vec(-1, Address::NULL, Address::from(end));
        CResult::Ok(Listing::whole(facts::regions(found, end, &modules)))
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        // One text: where an argument ends is lost.
        let line = self.info.command_line.as_ref();
        let all = Some(Text::from(line)).filter(|t| !t.is_empty());
        CResult::Ok(Listing::whole(all.into_iter().collect()))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        lacks("the environment")
    }
}

impl MemoryView for Task {
    fn view_metadata(&self) -> ViewMetadata {
        facts::view(self.info.proc_arch, facts::root(self.info.dtb1).unwrap_or_default())
    }

    fn read_virt(&self, mut ops: CSliceMut<VirtReadOp>) {
        let mut process = self.process();
        batch::read(&mut ops, VirtAddr::value, false, &mut |p, failed| batch::virtual_memory(&mut *process, p, failed));
    }

    fn write_virt(&self, mut ops: CSliceMut<VirtWriteOp>) {
        if !self.write {
            ops.iter_mut().for_each(|op| op.status = Status::READ_ONLY);
            return;
        }
        let mut process = self.process();
        batch::write(&mut ops, VirtAddr::value, |at, bytes| process.write_raw(Address::from(at), bytes).is_ok());
    }

    fn translate(&self, mut ops: CSliceMut<TranslateOp>) {
        let mut process = self.process();
        match memflow::cglue::as_mut!(process impl VirtualTranslate) {
            Some(tables) => facts::translate(&mut ops, |at| tables.virt_to_phys(at)),
            None => ops.iter_mut().for_each(|op| op.status = Status::UNSUPPORTED),
        }
    }
}
