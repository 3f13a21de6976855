//! memflow's connectors as connectors of memsh.

use crate::pool::Pool;
use crate::{batch, inventory, words};
use memflow::cglue::COption;
use memflow::mem::PhysicalMemory as _;
use memflow::plugins::{ConnectorArgs, ConnectorInstanceArcBox, Loadable, LoadableConnector};
use memsh_plugin::{
    ApiError, CSliceMut, CVec, ConnectorRequest, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory,
    Status,
};

/// A physical memory that a connector of memflow reads.
pub struct Connector {
    pool: Pool<ConnectorInstanceArcBox<'static>>,
    metadata: MemoryMetadata,
    write: bool,
}

/// `NAME[:TARGET[:OPTIONS[:MIDDLEWARE]]]`: the name, and the rest in memflow's syntax.
pub fn split(raw: &str) -> (&str, &str) {
    raw.split_once(':').unwrap_or((raw, ""))
}

/// Makes the connector that `request` names.
pub fn open(request: &ConnectorRequest) -> Result<Connector, ApiError> {
    let raw = request.arguments.raw.to_string_lossy().into_owned();
    let (name, rest) = split(&raw);
    let (library, loadable) = inventory::open::<LoadableConnector>(name)?;
    let mut arguments: ConnectorArgs =
        rest.parse().map_err(|e| words::failed(format_args!("the arguments of memflow's connector {name}, {rest:?}"), e))?;
    // memsh has a cache of its own, which knows what is live; memflow's is used where it is asked for (`:::cache=true`).
    if matches!(arguments.middleware_args.cache, COption::None) {
        arguments.middleware_args.cache = COption::Some(false);
    }
    let made = loadable.instantiate(library, None, Some(&arguments));
    let memory = made.map_err(|e| words::failed(format_args!("memflow's connector {name} can't be made of {rest:?}"), e))?;
    let said = memory.metadata();
    let last = said.max_address.to_umem();
    let metadata = MemoryMetadata {
        size: last.saturating_add(1),
        max_address: PhysAddr::new(last),
        read_only: said.readonly || !request.write,
        // memflow does not tell a file from a machine that runs.
        live: true,
        ideal_batch: if said.ideal_batch_size == u32::MAX { 0 } else { said.ideal_batch_size },
    };
    Ok(Connector { pool: Pool::new(memory), metadata, write: request.write && !said.readonly })
}

/// What the connector that `request` names can see now.
pub fn targets(request: &ConnectorRequest) -> Result<Vec<(String, String)>, ApiError> {
    let raw = request.arguments.raw.to_string_lossy().into_owned();
    let (name, _) = split(&raw);
    if name.is_empty() {
        return Err(ApiError::new(Status::UNSUPPORTED, "name one of memflow's connectors: plugins targets memflow:NAME"));
    }
    let (_library, loadable) = inventory::open::<LoadableConnector>(name)?;
    let found = loadable.target_list().map_err(|e| words::failed(format_args!("targets of memflow's connector {name}"), e))?;
    Ok(found.iter().map(|t| (t.name.to_string(), String::new())).collect())
}

impl PhysicalMemory for Connector {
    fn metadata(&self) -> MemoryMetadata {
        self.metadata
    }

    // memflow says where memory ends and nothing of holes: reading in one answers that nothing is there.
    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: self.metadata.size }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        self.pool.with(|memory| {
            batch::read(&mut ops, PhysAddr::value, true, &mut |pieces, failed| batch::physical(memory, pieces, failed));
        });
    }

    fn write(&self, mut ops: CSliceMut<PhysWriteOp>) {
        if !self.write {
            ops.iter_mut().for_each(|op| op.status = Status::READ_ONLY);
            return;
        }
        self.pool.with(|memory| {
            batch::write(&mut ops, PhysAddr::value, |at, bytes| {
                memory.phys_write(memflow::types::Address::from(at).into(), bytes).is_ok()
            });
        });
    }
}
