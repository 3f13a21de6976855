//! `-C inside:PID` on a system: the memory of one of its processes, as if it were a machine's.

use memsh_plugin::*;

struct Inside {
    process: ProcessInstanceBox<'static>,
    start: VirtAddr,
    size: umem,
}

impl PhysicalMemory for Inside {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.size)
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: self.size }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            let at = self.start.saturating_add(op.addr.value());
            let mut asked = [VirtReadOp::new(at, &mut op.buf)];
            self.process.read_virt((&mut asked[..]).into());
            op.status = asked[0].status;
        }
    }
}

fn on(request: &ConnectorRequest, below: OsInstanceBox<'static>) -> Result<Inside, ApiError> {
    let pid = request.arguments.number("pid").unwrap_or(0);
    let listed = Result::from(below.processes())?;
    let found = listed.items.iter().find(|p| u64::from(p.pid) == pid);
    let missing = |what: &str| ApiError::new(Status::MISSING, format!("process {pid} {what}"));
    let found = found.ok_or_else(|| missing("does not exist"))?;
    let process = Result::from(below.process(found.address))?;
    let regions = Result::from(process.regions())?;
    let first = regions.items.iter().next().ok_or_else(|| missing("has no memory"))?;
    let (start, size) = (first.start, first.end.value() - first.start.value());
    Ok(Inside { process, start, size })
}

connector! {
    name: "inside",
    description: "the first region of a process",
    arguments: ["pid number required - the process"],
    create: |_: &ConnectorRequest| -> Result<Inside, ApiError> {
        Err(ApiError::new(Status::UNSUPPORTED, "it stands on an OS layer: -C file:IMAGE -O linux -C inside:PID"))
    },
    on: on,
}
