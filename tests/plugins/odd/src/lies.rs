//! `lies:HOW`: a memory that says what can't be.

use memsh_plugin::*;

struct Lies {
    how: String,
    bytes: Vec<u8>,
}

const fn range(start: u64, size: u64) -> MemoryRange {
    MemoryRange { start: PhysAddr::new(start as umem), size: size as umem }
}

impl PhysicalMemory for Lies {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(umem::MAX)
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        match self.how.as_str() {
            "overlap" => vec![range(0, 0x2000), range(0x1000, 0x2000)],
            "descending" => vec![range(0x8000, 0x1000), range(0, 0x1000)],
            "wrap" => vec![MemoryRange { start: PhysAddr::new(umem::MAX - 0xfff), size: 0x2000 }],
            "empty" => vec![range(0x1000, 0)],
            "none" => Vec::new(),
            "many" => (0..(1 << 24) + 1).map(|i| range(i * 2, 1)).collect(),
            _ => vec![range(0, 0x2000)],
        }
        .into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.buf.fill(b'!');
            op.status = match self.how.as_str() {
                "status" => Status(77),
                "negative" => Status(-12345),
                "pending" => Status::PENDING,
                _ => Status::DONE,
            };
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        match self.how.as_str() {
            // Three pages, of which the ranges know two.
            "runs" => vec![MappedRun { start: PhysAddr::NULL, data: self.bytes.as_slice().into() }],
            "runs-overlap" => {
                let page = self.bytes.get(..0x1800).unwrap_or_default();
                [0u64, 0x800].map(|at| MappedRun { start: PhysAddr::new(at.into()), data: page.into() }).to_vec()
            }
            _ => Vec::new(),
        }
        .into()
    }
}

connector! {
    name: "lies",
    description: "a memory that says what can't be",
    arguments: ["how text required - the lie"],
    create: |request: &ConnectorRequest| {
        let how = request.arguments.get("how").unwrap_or_default();
        if how == "words" {
            return Err(ApiError::new(Status(4711), "\u{1b}[31mred\u{7}\nand a second line".repeat(1000)));
        }
        Ok(Lies { how, bytes: vec![b'r'; 0x3000] })
    },
    targets: |_: &ConnectorRequest| Ok(vec![("a\tb\tc".to_owned(), "\u{1b}[31m".to_owned()), (String::new(), String::new())]),
}
