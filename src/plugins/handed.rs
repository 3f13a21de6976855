//! What memsh hands to plugins: memories and systems of its own, behind the same tables.

use crate::engine::{AddressSpace, Memory};
use crate::os::OsLayer;
use memsh_plugin::{
    ApiError, CResult, CSliceMut, CVec, ConnectorInstanceBox, Listing, MachineInfo, MappedRun, MemoryMetadata, MemoryRange,
    MemoryView, ModuleInfo, Os, OsInfo, OsInstanceBox, PhysReadOp, PhysWriteOp, PhysicalMemory, ProcessInfo, ProcessInstanceBox,
    TranslateOp, ViewMetadata, VirtAddr, VirtReadOp, VirtWriteOp, connector_object, os_object,
};
use std::sync::Arc;

/// A memory as a connector.
pub fn memory(memory: &Memory) -> ConnectorInstanceBox<'static> {
    connector_object(Handed(Arc::clone(memory.source())))
}

struct Handed(Arc<dyn PhysicalMemory>);

impl PhysicalMemory for Handed {
    fn metadata(&self) -> MemoryMetadata {
        self.0.metadata()
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.0.ranges()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        self.0.read(ops);
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        self.0.write(ops);
    }

    fn machine(&self) -> MachineInfo {
        self.0.machine()
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        self.0.mapped_runs()
    }
}

/// A system as an OS layer.
pub fn system(layer: &OsLayer) -> OsInstanceBox<'static> {
    os_object(Below { os: Arc::clone(&layer.os), kernel: layer.kernel.clone() })
}

struct Below {
    os: Arc<dyn Os>,
    kernel: AddressSpace,
}

impl Os for Below {
    fn os_info(&self) -> OsInfo {
        self.os.os_info()
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        self.os.processes()
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        self.os.process(address)
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        self.os.kernel_modules()
    }
}

impl MemoryView for Below {
    fn view_metadata(&self) -> ViewMetadata {
        self.kernel.view_metadata()
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        self.kernel.read_virt(ops);
    }

    fn write_virt(&self, ops: CSliceMut<VirtWriteOp>) {
        self.kernel.write_virt(ops);
    }

    fn translate(&self, ops: CSliceMut<TranslateOp>) {
        self.kernel.translate(ops);
    }
}
