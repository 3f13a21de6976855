//! A connector of memsh as one of memflow: what memflow's OS plugins stand on.

use memflow::cglue;
use memflow::prelude::v1::*;
use memsh_plugin::{ConnectorInstanceBox, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory as Source, Status};
use std::sync::Arc;

/// Pages by which a partial read is told apart.
const PAGE: usize = 4096;

/// memsh's memory, shared by the clones that memflow makes.
#[derive(Clone)]
pub struct Below {
    memory: Arc<ConnectorInstanceBox<'static>>,
    write: bool,
}

cglue_impl_group!(Below, ConnectorInstance, {});

impl Below {
    /// `memory` as memflow takes it, without a cache of memflow's before it. `library` stays loaded as long as it lives.
    pub fn connector(memory: ConnectorInstanceBox<'static>, write: bool, library: LibArc) -> ConnectorInstanceArcBox<'static> {
        let below = Self { memory: Arc::new(memory), write };
        memflow::plugins::connector::create_instance(below, library, &ConnectorArgs::default(), true)
    }
}

impl PhysicalMemory for Below {
    fn phys_read_raw_iter(&mut self, MemOps { inp, mut out, mut out_fail }: PhysicalReadMemOps) -> Result<()> {
        let mut asked: Vec<(PhysicalAddress, Address, CSliceMut<u8>)> = inp.map(|CTup3(a, meta, b)| (a, meta, b)).collect();
        let mut ops: Vec<PhysReadOp> = asked.iter_mut().map(|(a, _, b)| PhysReadOp::new(PhysAddr::new(a.to_umem()), b)).collect();
        self.memory.read(ops.as_mut_slice().into());
        let answers: Vec<Status> = ops.iter().map(|op| op.status).collect();
        drop(ops);
        for ((address, meta, bytes), status) in asked.into_iter().zip(answers) {
            if status == Status::DONE {
                opt_call(out.as_deref_mut(), CTup2(meta, bytes));
                continue;
            }
            if status != Status::PARTIAL {
                opt_call(out_fail.as_deref_mut(), CTup2(meta, bytes));
                continue;
            }
            // Which pages there are, one by one.
            let mut offset = 0usize;
            let mut left: &mut [u8] = bytes.into();
            while !left.is_empty() {
                let at = address.to_umem().wrapping_add(offset as umem);
                let to_end = (PAGE - (at as usize) % PAGE).min(left.len());
                let (page, rest) = left.split_at_mut(to_end);
                let mut op = [PhysReadOp::new(PhysAddr::new(at), page)];
                self.memory.read(op.as_mut_slice().into());
                let done = op[0].status == Status::DONE;
                let said = CTup2(meta + offset, CSliceMut::from(page));
                if done {
                    opt_call(out.as_deref_mut(), said)
                } else {
                    opt_call(out_fail.as_deref_mut(), said)
                };
                offset += to_end;
                left = rest;
            }
        }
        Ok(())
    }

    fn phys_write_raw_iter(&mut self, MemOps { inp, mut out, mut out_fail }: PhysicalWriteMemOps) -> Result<()> {
        for CTup3(address, meta, bytes) in inp {
            let mut op = [PhysWriteOp::new(PhysAddr::new(address.to_umem()), &bytes)];
            if self.write {
                self.memory.write(op.as_mut_slice().into());
            }
            let done = op[0].status == Status::DONE;
            let said = CTup2(meta, bytes);
            if done {
                opt_call(out.as_deref_mut(), said)
            } else {
                opt_call(out_fail.as_deref_mut(), said)
            };
        }
        Ok(())
    }

    fn metadata(&self) -> PhysicalMemoryMetadata {
        let said = self.memory.metadata();
        PhysicalMemoryMetadata {
            max_address: said.max_address.value().into(),
            real_size: said.size,
            readonly: said.read_only || !self.write,
            ideal_batch_size: if said.ideal_batch == 0 { u32::MAX } else { said.ideal_batch },
        }
    }
}
