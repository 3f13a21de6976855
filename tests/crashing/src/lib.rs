//! Sixteen pages of `x`; whoever reads the page at `abort` ends the process, whoever reads the one at `hang` waits for ever.

use memsh_plugin::*;
use std::time::Duration;

const SIZE: u64 = 16 * 4096;

struct Crashing {
    abort: Option<u64>,
    hang: Option<u64>,
    live: bool,
}

impl PhysicalMemory for Crashing {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata { live: self.live, read_only: !self.live, ..MemoryMetadata::snapshot(SIZE.into()) }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: SIZE.into() }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        let bytes = vec![b'x'; SIZE as usize];
        for op in ops.iter_mut() {
            let touches = |page: Option<u64>| {
                page.is_some_and(|page| {
                    let (first, end) = (op.addr.value() as u64, op.addr.value() as u64 + op.buf.len() as u64);
                    first < page + 4096 && page < end
                })
            };
            if touches(self.abort) {
                println!("stdout is nobody's here");
                std::process::abort();
            }
            if touches(self.hang) {
                std::thread::sleep(Duration::from_secs(3600));
            }
            op.fill_from(PhysAddr::NULL, &bytes);
        }
    }
}

connector! {
    name: "crashing",
    description: "memory that ends its process, or never answers",
    arguments: [
        "abort number optional - the page that ends the process",
        "hang number optional - the page that never answers",
        "live flag optional - say that it changes",
    ],
    create: |request: &ConnectorRequest| {
        let a = &request.arguments;
        Ok::<_, ApiError>(Crashing { abort: a.number("abort"), hang: a.number("hang"), live: a.flag("live") })
    },
}
