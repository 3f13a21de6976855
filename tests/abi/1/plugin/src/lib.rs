//! A connector as it was written for ABI 1.

use memsh_plugin::*;

struct Zeros;

impl PhysicalMemory for Zeros {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(4096)
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: 4096 }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.buf.fill(0);
            op.status = Status::DONE;
        }
    }
}

connector! {
    name: "old",
    description: "a connector of an earlier time",
    arguments: [],
    create: |_: &ConnectorRequest| Ok::<_, ApiError>(Zeros),
}
