//! `-O onetask`: a system with one process, which sees the memory below as it lies there.

use memsh_plugin::*;

struct OneTask {
    memory: ConnectorInstanceBox<'static>,
}

impl OneTask {
    /// Reads at addresses that are physical and virtual alike.
    fn read(&self, mut ops: CSliceMut<VirtReadOp>) {
        let place = |op: &VirtReadOp| PhysAddr::new(op.addr.value());
        for op in ops.iter_mut() {
            let at = place(op);
            let mut asked = [PhysReadOp::new(at, &mut op.buf)];
            self.memory.read((&mut asked[..]).into());
            op.status = asked[0].status;
        }
    }
}

const META: ViewMetadata = ViewMetadata { pointer_size: 8, little_endian: true, page_size: 4096, root: PhysAddr::NULL };

fn process() -> ProcessInfo {
    ProcessInfo { address: VirtAddr::new(1), pid: 1, name: "task".into(), arch: "x86_64".into(), ..ProcessInfo::default() }
}

impl MemoryView for OneTask {
    fn view_metadata(&self) -> ViewMetadata {
        META
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        self.read(ops);
    }
}

/// The layer and its only process share the memory.
struct Layer(std::sync::Arc<OneTask>);
struct Task(std::sync::Arc<OneTask>);

impl MemoryView for Layer {
    fn view_metadata(&self) -> ViewMetadata {
        META
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        self.0.read(ops);
    }
}

impl MemoryView for Task {
    fn view_metadata(&self) -> ViewMetadata {
        META
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        self.0.read(ops);
    }
}

impl Os for Layer {
    fn os_info(&self) -> OsInfo {
        OsInfo { kind: "onetask".into(), name: "One Task".into(), version: "1".into(), ..OsInfo::default() }
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        CResult::Ok(Listing::whole(vec![process()]))
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        match address.value() {
            1 => CResult::Ok(process_object(Task(self.0.clone()))),
            n => CResult::Err(ApiError::new(Status::MISSING, format!("there is no process {n}"))),
        }
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        CResult::Ok(Listing::whole(Vec::new()))
    }
}

impl Process for Task {
    fn process_info(&self) -> ProcessInfo {
        process()
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        CResult::Ok(Listing::whole(Vec::new()))
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        CResult::Ok(Listing::whole(Vec::new()))
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        let region = |r: &MemoryRange| {
            let start = VirtAddr::new(r.start.value());
            let end = start.saturating_add(r.size);
            RegionInfo { start, end, read: true, kind: "memory".into(), ..RegionInfo::default() }
        };
        CResult::Ok(Listing::whole(self.0.memory.ranges().iter().map(region).collect()))
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        CResult::Ok(Listing::whole(vec!["task".into()]))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        CResult::Ok(Listing::whole(Vec::new()))
    }
}

fn open(request: OsRequest) -> Result<Layer, ApiError> {
    match request.memory {
        Maybe::Some(memory) => Ok(Layer(std::sync::Arc::new(OneTask { memory }))),
        Maybe::None => Err(ApiError::new(Status::UNSUPPORTED, "it stands on a connector: -C NAME -O onetask")),
    }
}

os! {
    name: "onetask",
    description: "a system with one process, which sees physical memory as it is",
    arguments: [],
    create: open,
}
