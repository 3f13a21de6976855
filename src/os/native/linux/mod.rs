//! Linux: what `/proc` tells, and memory by `process_vm_readv`.
//!
//! `/proc` is parsed here and not by the crate `procfs`, which makes text of names, paths and arguments: they are bytes.

mod creds;
mod denied;
mod facts;
mod fdinfo;
mod folder;
mod images;
mod info;
mod inode;
mod kernel;
mod kinds;
mod maps;
mod memory;
mod mountinfo;
mod mounts;
mod nettables;
mod openfiles;
mod people;
mod process;
mod sockets;
mod spaces;
mod stat;
mod symbols;
mod tables;

use crate::arch::Arch;
use crate::engine::{AddressSpace, Flat, Memory};
use crate::os::{Lost, OsLayer, ProcessSpaces, foreign};
use crate::symbols::SymbolTable;
use crate::{Error, ErrorKind, Layer, Result};
use folder::Folder;
use info::Machine;
use memsh_plugin::*;
use process::NativeProcess;
use std::sync::Arc;

/// This machine's Linux.
struct NativeLinux {
    machine: Machine,
    write: bool,
}

/// This machine.
///
/// # Errors
/// When no `/proc` is mounted.
pub fn layer(write: bool) -> Result<OsLayer> {
    if let Err(e) = Folder::open(std::process::id()) {
        let what = format!("this machine can't be asked: /proc does not show memsh itself: {e}");
        return Err(Error::new(Layer::Os, ErrorKind::Io, what).hint("mount it: mount -t proc proc /proc"));
    }
    let os = Arc::new(NativeLinux { machine: Machine::ask(), write });
    let mut layer = foreign::layer(os.clone(), SymbolTable::default());
    layer.symbols = Arc::new(symbols::Kallsyms::default());
    // The kernel's memory is no process's: nothing of it is here.
    let arch = Arch::from_name(std::env::consts::ARCH).unwrap_or(Arch::X86_64);
    layer.kernel = AddressSpace::flat(Memory::nothing(), arch, Flat::new(pointer_size(), cfg!(target_endian = "big"), []));
    layer.paging = layer.kernel.paging();
    layer.told = Some(Arc::new(facts::Asked { arch }));
    let spaces: ProcessSpaces = Arc::new(move |p| os.space(p));
    layer.spaces = Some(spaces);
    Ok(layer)
}

const fn pointer_size() -> u8 {
    if cfg!(target_pointer_width = "64") { 8 } else { 4 }
}

impl NativeLinux {
    fn open(&self, address: VirtAddr) -> Result<NativeProcess, ApiError> {
        let pid = people::pid(address).ok_or_else(|| ApiError::new(Status::MISSING, format!("{address} is no process id")))?;
        NativeProcess::open(pid, &self.machine, self.write)
    }

    /// The process's memory; where it may not be looked at an error, which is better than a space full of holes.
    fn space(&self, p: &ProcessInfo) -> Result<AddressSpace> {
        if p.kernel_thread {
            let what = format!("{}/{} is a thread of the kernel: it has no memory of its own", p.name.to_string_lossy(), p.pid);
            return Err(Error::new(Layer::Virtual, ErrorKind::Unsupported, what));
        }
        let process = self.open(p.address)?;
        let regions = Arc::new(process.readable()?);
        let (memory, of) = (process.memory(), Arc::clone(&regions));
        let data: foreign::FindData = Box::new(move || memory.data(&of));
        Ok(foreign::space(Arc::new(process), &p.arch.to_string_lossy(), foreign::pieces(&regions), Some(data)))
    }
}

impl Os for NativeLinux {
    fn os_info(&self) -> OsInfo {
        kernel::os_info(&self.machine)
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        let mut lost = Lost::default();
        let pids = match people::all(&mut lost) {
            Ok(pids) => pids,
            Err(e) => return CResult::Err(e),
        };
        let (mut rows, mut refused) = (Vec::with_capacity(pids.len()), 0usize);
        for pid in pids {
            // Whoever ended meanwhile is no process any more.
            let row = Folder::open(pid).and_then(|folder| info::process(&folder, &self.machine));
            match row {
                Ok(row) => rows.push(row),
                Err(e) if denied::is_denied(&e) => refused += 1,
                Err(_) => {}
            }
        }
        if refused > 0 {
            lost.push(format!(
                "{refused} processes of others: /proc is mounted with hidepid, which needs its group gid= or CAP_SYS_PTRACE"
            ));
        }
        CResult::Ok(lost.listing(rows))
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        match self.open(address) {
            Ok(process) => CResult::Ok(group_obj!(process as ProcessInstance)),
            Err(e) => CResult::Err(e),
        }
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        CResult::from(kernel::modules())
    }
}

/// The kernel's memory is no process's: system calls do not reach it.
impl MemoryView for NativeLinux {
    fn view_metadata(&self) -> ViewMetadata {
        info::metadata(&ProcessInfo::default())
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.buf.fill(0);
            op.status = Status::UNSUPPORTED;
        }
    }
}
