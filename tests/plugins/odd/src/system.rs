//! `-O panicky:WHERE`: a system with one process, whose method WHERE panics.

use memsh_plugin::*;
use std::sync::Arc;

#[derive(Clone)]
struct Panicky(Arc<String>);

impl Panicky {
    fn at(&self, place: &str) {
        if *self.0 == place {
            panic!("{place} is not what it was");
        }
    }

    fn listed<T>(&self, place: &str, items: Vec<T>) -> CResult<Listing<T>, ApiError> {
        self.at(place);
        CResult::Ok(Listing::whole(items))
    }
}

fn process() -> ProcessInfo {
    ProcessInfo { address: VirtAddr::new(1), pid: 1, name: "one".into(), arch: "x86_64".into(), ..ProcessInfo::default() }
}

impl MemoryView for Panicky {
    fn view_metadata(&self) -> ViewMetadata {
        self.at("view_metadata");
        ViewMetadata { pointer_size: 8, little_endian: true, page_size: 4096, root: PhysAddr::NULL }
    }

    fn read_virt(&self, mut ops: CSliceMut<VirtReadOp>) {
        for op in ops.iter_mut() {
            op.buf.fill(b'z');
            op.status = Status::DONE;
            self.at("read_virt");
        }
    }

    fn translate(&self, _: CSliceMut<TranslateOp>) {
        self.at("translate");
    }
}

impl Os for Panicky {
    fn os_info(&self) -> OsInfo {
        self.at("os_info");
        OsInfo { kind: "panicky".into(), name: "Panicky".into(), version: "1".into(), ..OsInfo::default() }
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        self.listed("processes", vec![process()])
    }

    fn process(&self, _: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        self.at("process");
        CResult::Ok(process_object(self.clone()))
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        self.listed("kernel_modules", Vec::new())
    }
}

impl Process for Panicky {
    fn process_info(&self) -> ProcessInfo {
        self.at("process_info");
        process()
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        self.listed("threads", vec![ThreadInfo { pid: 1, tid: 1, name: "one".into(), ..ThreadInfo::default() }])
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        self.listed("modules", Vec::new())
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        let (start, end) = (VirtAddr::new(0x1000), VirtAddr::new(0x3000));
        self.listed("regions", vec![RegionInfo { start, end, read: true, kind: "memory".into(), ..RegionInfo::default() }])
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        self.listed("arguments", vec!["one".into()])
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        self.listed("environment", vec![EnvVar { key: "KEY".into(), value: Maybe::Some("value".into()) }])
    }
}

os! {
    name: "panicky",
    description: "a system that panics",
    arguments: ["place text optional nowhere the method"],
    create: |request: OsRequest| {
        let made = Panicky(Arc::new(request.arguments.get("place").unwrap_or_default()));
        made.at("create");
        Ok::<_, ApiError>(made)
    },
}
