//! The process that a plugin runs in.

use super::shared::Shared;
use super::wire::{MANY, Made, Make, WRITE, receive, receive_batch, send};
use crate::engine::to_u64;
use crate::live::Arguments;
use crate::plugins::inspect::inspect;
use crate::plugins::library::{Connector, Loaded};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{PhysAddr, PhysReadOp, PhysWriteOp, Status, umem};
use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Serves the plugin `symbol` of the file at `path` until the other process closes `socket`; `memory` is what both have mapped.
///
/// # Errors
/// When the connection breaks, or what is asked makes no sense. That the plugin fails is an answer.
pub fn serve(path: &Path, symbol: &str, mut socket: UnixStream, memory: &File) -> Result<()> {
    let io = |e: std::io::Error| Error::new(Layer::Connector, ErrorKind::Io, format!("hosting {}: {e}", path.display()));
    let mut shared = Shared::of(memory).map_err(io)?;
    let make: Make = receive(&mut socket)?;
    let connector = match connector(path, symbol, &make) {
        Ok(connector) => connector,
        Err(e) => return send(&mut socket, &Made { error: Some(e.reason().to_owned()), ..Made::default() }),
    };
    send(&mut socket, &made(&connector))?;
    while let Some((what, operations)) = receive_batch(&mut socket).map_err(io)? {
        let statuses = if what == WRITE {
            write(&connector, &operations, shared.bytes())
        } else {
            read(&connector, &operations, shared.bytes())
        };
        let bytes: Vec<u8> = statuses.iter().flat_map(|s| s.0.to_ne_bytes()).collect();
        socket.write_all(&bytes).map_err(io)?;
    }
    Ok(())
}

fn connector(path: &Path, symbol: &str, make: &Make) -> Result<Connector> {
    let wrong = |what: String| Error::new(Layer::Connector, ErrorKind::Invalid, what);
    let found = inspect(path).map_err(|why| wrong(format!("{} {why}", path.display())))?;
    let found = found.into_iter().find(|f| f.symbol == symbol).ok_or_else(|| wrong(format!("there is no {symbol} in it")))?;
    let arguments = Arguments::parse(&found.manifest.name, &make.arguments, &found.manifest.arguments)?;
    Loaded::open(path, &found)?.connector(&arguments, None, make.write)
}

fn made(connector: &Connector) -> Made {
    let (metadata, machine) = (connector.metadata(), connector.machine());
    let range = |r: &memsh_plugin::MemoryRange| Some((to_u64(r.start.value())?, to_u64(r.size)?));
    let text = |t: &memsh_plugin::Text| t.to_string_lossy().into_owned();
    Made {
        error: None,
        read_only: metadata.read_only,
        live: metadata.live,
        ideal_batch: metadata.ideal_batch,
        ranges: connector.ranges().iter().filter_map(range).collect(),
        machine: machine.machine.as_ref().map(text),
        vmcoreinfo: machine.vmcoreinfo.as_ref().map(|t| t.as_bytes().to_vec()),
        processors: machine
            .processors
            .iter()
            .map(|p| [p.root, p.root_upper, p.cr0, p.cr4, p.efer, p.instruction_pointer].map(|v| v.get()))
            .collect(),
    }
}

fn address(n: u64) -> PhysAddr {
    PhysAddr::new(umem::from(n))
}

/// The pieces of `bytes` that the operations mean, one after the other; short of what does not fit.
fn pieces<'b>(operations: &[(u64, u32)], mut bytes: &'b mut [u8]) -> Vec<(u64, &'b mut [u8])> {
    let mut out = Vec::with_capacity(operations.len().min(MANY));
    for &(at, length) in operations {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((piece, rest)) = bytes.split_at_mut_checked(length) else { break };
        out.push((at, piece));
        bytes = rest;
    }
    out
}

fn read(connector: &Connector, operations: &[(u64, u32)], bytes: &mut [u8]) -> Vec<Status> {
    let mut ops: Vec<PhysReadOp> =
        pieces(operations, bytes).into_iter().map(|(at, piece)| PhysReadOp::new(address(at), piece)).collect();
    connector.read((&mut ops[..]).into());
    let mut statuses: Vec<Status> = ops.iter().map(|op| op.status).collect();
    statuses.resize(operations.len(), Status::FAILED);
    statuses
}

fn write(connector: &Connector, operations: &[(u64, u32)], bytes: &mut [u8]) -> Vec<Status> {
    let pieces = pieces(operations, bytes);
    let mut ops: Vec<PhysWriteOp> = pieces.iter().map(|(at, piece)| PhysWriteOp::new(address(*at), piece)).collect();
    connector.write((&mut ops[..]).into());
    let mut statuses: Vec<Status> = ops.iter().map(|op| op.status).collect();
    statuses.resize(operations.len(), Status::FAILED);
    statuses
}
