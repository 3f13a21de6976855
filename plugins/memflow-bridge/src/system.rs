//! memflow's OS plugins as OS layers of memsh.

use crate::below::Below;
use crate::facts;
use crate::process::Task;
use crate::{batch, connector, inventory, words};
use memflow::cglue::CArc;
use memflow::mem::{MemoryView as _, VirtualTranslate as _};
use memflow::os::Os as _;
use memflow::plugins::{Loadable, LoadableOs, OsArgs, OsInstanceArcBox};
use memflow::types::Address;
use memsh_plugin::{
    ApiError, CResult, CSliceMut, Listing, Maybe, MemoryView, ModuleInfo, Os, OsInfo, OsRequest, PhysAddr, ProcessInfo,
    ProcessInstanceBox, Status, Text, TranslateOp, ViewMetadata, VirtAddr, VirtReadOp, VirtWriteOp, process_object,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A system that an OS plugin of memflow reads.
pub struct System {
    name: String,
    os: Mutex<OsInstanceArcBox<'static>>,
    info: memflow::os::OsInfo,
    write: bool,
}

/// Makes the OS layer that `request` names.
pub fn open(request: OsRequest) -> Result<System, ApiError> {
    let raw = request.arguments.raw.to_string_lossy().into_owned();
    let (name, rest) = connector::split(&raw);
    let (library, loadable) = inventory::open::<LoadableOs>(name)?;
    let arguments: OsArgs =
        rest.parse().map_err(|e| words::failed(format_args!("the arguments of memflow's OS plugin {name}, {rest:?}"), e))?;
    let memory = request.memory.into_option().map(|memory| Below::connector(memory, request.write, CArc::default()));
    let on = if memory.is_some() { "the memory below" } else { "no memory (-C NAME before it gives it one)" };
    let os = loadable.instantiate(library, memory, Some(&arguments));
    let os = os.map_err(|e| words::failed(format_args!("memflow's OS plugin {name} finds no system in {on}"), e))?;
    let info = os.info().clone();
    Ok(System { name: name.to_owned(), os: Mutex::new(os), info, write: request.write })
}

impl System {
    fn os(&self) -> MutexGuard<'_, OsInstanceArcBox<'static>> {
        self.os.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The family, where the plugin's name tells it: memflow's interface does not.
    fn kind(&self) -> &str {
        match self.name.as_str() {
            "win32" => "windows",
            "native" => std::env::consts::OS,
            other => other,
        }
    }
}

fn collected<T>(result: Result<Listing<T>, ApiError>) -> CResult<Listing<T>, ApiError> {
    result.into()
}

impl Os for System {
    fn os_info(&self) -> OsInfo {
        let known = |n: u64| if n == 0 || n == u64::MAX { Maybe::None } else { Maybe::Some(n) };
        OsInfo {
            kind: self.kind().into(),
            name: format!("memflow:{}", self.name).into(),
            kernel_base: known(self.info.base.to_umem()).into_option().map(VirtAddr::new).into(),
            kernel_size: known(self.info.size),
            ..OsInfo::default()
        }
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        words::listen();
        let mut os = self.os();
        // One by one: memflow's own list ends at the first process that it can't read.
        let addresses = os.process_address_list().map_err(|e| words::failed("the list of processes", e));
        collected(addresses.map(|addresses| {
            let mut lost: Vec<Text> = Vec::new();
            let mut items = Vec::with_capacity(addresses.len());
            for address in addresses {
                match os.process_info_by_address(address) {
                    Ok(p) => items.push(facts::process(&p)),
                    Err(e) => lost.push(format!("the process at {address:#x}: memflow says: {e}").into()),
                }
            }
            Listing { items: items.into(), lost: lost.into() }
        }))
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        words::listen();
        let own = self.os().clone();
        let opened = own.into_process_by_address(Address::from(address.value()));
        let opened = opened.map_err(|e| words::failed(format_args!("the process at {address}"), e));
        opened.map(|p| process_object(Task::new(p, self.write))).into()
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        words::listen();
        let mut os = self.os();
        let addresses: Result<Vec<Address>, _> = {
            let mut found = Vec::new();
            os.module_address_list_callback((&mut found).into()).map(|()| found)
        };
        let addresses = addresses.map_err(|e| words::failed("the list of the kernel's modules", e));
        collected(addresses.map(|addresses| facts::modules(addresses, |at| os.module_by_address(at))))
    }
}

impl MemoryView for System {
    fn view_metadata(&self) -> ViewMetadata {
        facts::view(self.info.arch, PhysAddr::NULL)
    }

    fn read_virt(&self, mut ops: CSliceMut<VirtReadOp>) {
        let mut os = self.os();
        match memflow::cglue::as_mut!(os impl MemoryView) {
            Some(view) => {
                batch::read(&mut ops, VirtAddr::value, false, &mut |p, failed| batch::virtual_memory(view, p, failed));
            }
            None => ops.iter_mut().for_each(|op| {
                op.buf.fill(0);
                op.status = Status::UNSUPPORTED;
            }),
        }
    }

    fn write_virt(&self, mut ops: CSliceMut<VirtWriteOp>) {
        let mut os = self.os();
        match memflow::cglue::as_mut!(os impl MemoryView) {
            Some(view) if self.write => {
                batch::write(&mut ops, VirtAddr::value, |at, bytes| view.write_raw(Address::from(at), bytes).is_ok());
            }
            _ => ops.iter_mut().for_each(|op| op.status = Status::READ_ONLY),
        }
    }

    fn translate(&self, mut ops: CSliceMut<TranslateOp>) {
        let mut os = self.os();
        match memflow::cglue::as_mut!(os impl VirtualTranslate) {
            Some(tables) => facts::translate(&mut ops, |at| tables.virt_to_phys(at)),
            None => ops.iter_mut().for_each(|op| op.status = Status::UNSUPPORTED),
        }
    }
}
