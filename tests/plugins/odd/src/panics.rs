//! `panics:WHERE`: a page of zeros whose method WHERE panics.

use memsh_plugin::*;

struct Panics(String);

impl Panics {
    fn at(&self, place: &str) {
        if self.0 == place {
            panic!("{place} is not what it was");
        }
    }
}

impl PhysicalMemory for Panics {
    fn metadata(&self) -> MemoryMetadata {
        self.at("metadata");
        MemoryMetadata { read_only: false, ..MemoryMetadata::snapshot(4096) }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.at("ranges");
        vec![MemoryRange { start: PhysAddr::NULL, size: 4096 }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.buf.fill(b'z');
            op.status = Status::DONE;
            self.at("read");
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        self.at("mapped_runs");
        Vec::new().into()
    }

    fn machine(&self) -> MachineInfo {
        self.at("machine");
        MachineInfo::default()
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        self.at("drop");
    }
}

fn open(request: &ConnectorRequest) -> Result<Panics, ApiError> {
    let made = Panics(request.arguments.get("place").unwrap_or_default());
    made.at("create");
    Ok(made)
}

connector! {
    name: "panics",
    description: "a page of zeros that panics",
    arguments: ["place text required - the method"],
    create: open,
    targets: |_: &ConnectorRequest| -> Result<Vec<(String, String)>, ApiError> { panic!("no targets today") },
}
