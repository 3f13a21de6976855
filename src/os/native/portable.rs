//! Windows and macOS, through crates that know their calls: `sysinfo` for processes, `proc-maps` for regions,
//! `read-process-memory` for memory.
//!
//! Everything here has the same face on every system that these crates know. So it is compiled for tests on Linux as well, where it
//! is held against what the Linux layer says.
//!
//! What the crates do not tell is not there: threads, modules of the kernel, whether a region is shared. Nothing is written.

use crate::engine::{AddressSpace, Flat, Memory, index, to_u64, to_umem};
use crate::os::{OsLayer, foreign};
use crate::symbols::SymbolTable;
use crate::{Result, arch::Arch};
use memsh_plugin::*;
use proc_maps::{MapRange, get_process_maps};
use read_process_memory::{CopyAddress, ProcessHandle};
use std::ffi::OsStr;
use std::io;
use std::sync::Arc;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// The crates do not say how large pages are; no system has smaller ones.
const PAGE: usize = 4096;
const NANOS: i64 = 1_000_000_000;

/// This machine, as the crates know it.
struct PortableOs;

/// One process.
struct PortableProcess {
    info: ProcessInfo,
    arguments: Vec<Text>,
    environment: Vec<EnvVar>,
    handle: io::Result<ProcessHandle>,
}

/// This machine.
///
/// # Errors
/// None here; other systems may have some.
pub fn layer(write: bool) -> Result<OsLayer> {
    let mut layer = foreign::layer(Arc::new(PortableOs), SymbolTable::default());
    let arch = Arch::from_name(std::env::consts::ARCH).unwrap_or(Arch::X86_64);
    layer.kernel = AddressSpace::flat(Memory::nothing(), arch, Flat::new(8, false, []));
    layer.paging = layer.kernel.paging();
    if write {
        layer.warnings.push(format!("memsh can't write to processes of {}; nothing will be written", std::env::consts::OS));
    }
    Ok(layer)
}

fn text(from: &OsStr) -> Text {
    Text::from(from.as_encoded_bytes())
}

fn failed(what: &str, pid: u32, e: &io::Error) -> ApiError {
    let missing = match (std::env::consts::OS, e.kind()) {
        ("macos", _) => "; macOS lets root alone look at processes, and at none that System Integrity Protection covers",
        ("windows", io::ErrorKind::PermissionDenied) => "; processes of others need an elevated memsh (SeDebugPrivilege)",
        _ => "",
    };
    ApiError::new(Status::FAILED, format!("{what} of process {pid} can't be read: {e}{missing}"))
}

/// What is asked of each process.
fn wanted() -> ProcessRefreshKind {
    let (always, nothing) = (UpdateKind::Always, ProcessRefreshKind::nothing());
    nothing.with_cmd(always).with_exe(always).with_user(always).with_environ(always).without_tasks()
}

fn info(p: &sysinfo::Process) -> ProcessInfo {
    let user = p.user_id().map(|u| (**u).to_string());
    // A number where users have numbers; a security identifier on Windows.
    let uid = user.as_deref().and_then(|u| u.parse::<u32>().ok());
    let line = p.cmd().iter().map(|a| a.as_encoded_bytes()).collect::<Vec<_>>().join(&b' ');
    let start = i64::try_from(p.start_time()).ok().filter(|&s| s > 0).and_then(|s| s.checked_mul(NANOS));
    ProcessInfo {
        address: VirtAddr::new(umem::from(p.pid().as_u32())),
        pid: p.pid().as_u32(),
        ppid: p.parent().map(sysinfo::Pid::as_u32).into(),
        name: text(p.name()),
        state: Maybe::Some(Text::from(p.status().to_string().to_lowercase())),
        uid: uid.into(),
        gid: p.group_id().and_then(|g| (*g).to_string().parse().ok()).into(),
        sid: user.filter(|_| uid.is_none()).map(Text::from).into(),
        session: p.session_id().map(sysinfo::Pid::as_u32).into(),
        start_time: start.into(),
        image_path: p.exe().filter(|e| !e.as_os_str().is_empty()).map(|e| text(e.as_os_str())).into(),
        command_line: Some(line).filter(|l| !l.is_empty()).map(Text::from).into(),
        // Nobody says so here; what reads code takes the machine's own.
        arch: Text::default(),
        ..ProcessInfo::default()
    }
}

fn metadata() -> ViewMetadata {
    let pointer_size = if cfg!(target_pointer_width = "64") { 8 } else { 4 };
    ViewMetadata { pointer_size, little_endian: cfg!(target_endian = "little"), page_size: to_umem(PAGE), root: PhysAddr::NULL }
}

impl Os for PortableOs {
    fn os_info(&self) -> OsInfo {
        let boot = i64::try_from(System::boot_time()).ok().and_then(|s| s.checked_mul(NANOS));
        OsInfo {
            kind: Text::from(std::env::consts::OS),
            name: Text::from(System::name().unwrap_or_else(|| std::env::consts::OS.to_owned())),
            version: Text::from(System::kernel_version().or_else(System::os_version).unwrap_or_default()),
            build: System::long_os_version().map(Text::from).into(),
            boot_time: boot.filter(|&b| b > 0).into(),
            hostname: System::host_name().map(Text::from).into(),
            cpus: std::thread::available_parallelism().ok().and_then(|n| u32::try_from(n.get()).ok()).into(),
            ..OsInfo::default()
        }
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        let mut system = System::new();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted());
        let mut rows: Vec<ProcessInfo> = system.processes().values().map(info).collect();
        rows.sort_by_key(|p| p.pid);
        CResult::Ok(Listing::whole(rows))
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        match PortableProcess::open(address) {
            Ok(process) => CResult::Ok(group_obj!(process as ProcessInstance)),
            Err(e) => CResult::Err(e),
        }
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        let what = format!("modules of the kernel can't be listed on {}", std::env::consts::OS);
        CResult::Err(ApiError::new(Status::UNSUPPORTED, what))
    }
}

/// The kernel's memory is no process's.
impl MemoryView for PortableOs {
    fn view_metadata(&self) -> ViewMetadata {
        metadata()
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.buf.fill(0);
            op.status = Status::UNSUPPORTED;
        }
    }
}

impl PortableProcess {
    fn open(address: VirtAddr) -> Result<Self, ApiError> {
        let gone = || ApiError::new(Status::MISSING, format!("there is no process {} (any more)", address.value()));
        let pid = to_u64(address.value()).and_then(|n| u32::try_from(n).ok()).ok_or_else(gone)?;
        let mut system = System::new();
        let of_system = sysinfo::Pid::from_u32(pid);
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[of_system]), true, wanted());
        let process = system.process(of_system).ok_or_else(gone)?;
        let number = pid.try_into().map_err(|_| gone())?;
        Ok(Self {
            info: info(process),
            arguments: process.cmd().iter().map(|a| text(a)).collect(),
            environment: process.environ().iter().map(|v| variable(v)).collect(),
            handle: ProcessHandle::try_from::<read_process_memory::Pid>(number),
        })
    }

    fn maps(&self) -> Result<Vec<MapRange>, ApiError> {
        let pid = self.info.pid;
        let number = pid.try_into().map_err(|_| ApiError::new(Status::MISSING, format!("{pid} is no process id")))?;
        let mut maps = get_process_maps(number).map_err(|e| failed("the list of regions", pid, &e))?;
        maps.sort_by_key(MapRange::start);
        Ok(maps)
    }

    /// Reads as much of `bytes` as is there, page by page where not all of it is.
    fn read(&self, at: VirtAddr, bytes: &mut [u8]) -> Status {
        let end = at.checked_add(to_umem(bytes.len())).and_then(|e| index(e.value()));
        let (Ok(handle), Some(start), Some(_)) = (&self.handle, index(at.value()), end) else {
            bytes.fill(0);
            return if self.handle.is_err() { Status::FAILED } else { Status::MISSING };
        };
        if handle.copy_address(start, bytes).is_ok() {
            return Status::DONE;
        }
        let (mut address, mut rest, mut there, mut pieces) = (start, bytes, 0usize, 0usize);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at_mut((PAGE - address % PAGE).min(rest.len()));
            pieces += 1;
            match handle.copy_address(address, piece) {
                Ok(()) => there += 1,
                Err(_) => piece.fill(0),
            }
            address = address.wrapping_add(piece.len());
            rest = after;
        }
        match there {
            0 => Status::MISSING,
            n if n == pieces => Status::DONE,
            _ => Status::PARTIAL,
        }
    }
}

fn variable(from: &OsStr) -> EnvVar {
    let bytes = from.as_encoded_bytes();
    // Windows keeps the folders of drives in variables whose names begin with `=`.
    let at = bytes.iter().skip(1).position(|&b| b == b'=').map(|at| at + 1);
    let (key, value) = at.and_then(|at| bytes.split_at_checked(at)).map_or((bytes, None), |(k, v)| (k, v.get(1..)));
    EnvVar { key: Text::from(key), value: value.map(Text::from).into() }
}

fn region(m: &MapRange) -> RegionInfo {
    let path = m.filename().map(|f| text(f.as_os_str()));
    RegionInfo {
        start: VirtAddr::new(to_umem(m.start())),
        end: VirtAddr::new(to_umem(m.start().saturating_add(m.size()))),
        read: m.is_read(),
        write: m.is_write(),
        execute: m.is_exec(),
        kind: Text::from(if path.is_some() { "file" } else { "anonymous" }),
        path: path.into(),
        ..RegionInfo::default()
    }
}

/// Mapped files that can run; mappings of one file that follow each other are one.
fn modules(regions: &[RegionInfo]) -> Vec<ModuleInfo> {
    let mut out: Vec<(ModuleInfo, bool)> = Vec::new();
    for r in regions {
        let Some(path) = r.path.as_ref() else { continue };
        match out.last_mut() {
            Some((m, execute)) if m.path == r.path => {
                m.size = r.end.value().saturating_sub(m.base.value());
                *execute |= r.execute;
            }
            _ => {
                let name = path.as_bytes().rsplit(|b| matches!(b, b'/' | b'\\')).next().unwrap_or_default();
                let size = r.end.value().saturating_sub(r.start.value());
                let module =
                    ModuleInfo { name: Text::from(name), base: r.start, size, path: r.path.clone(), ..ModuleInfo::default() };
                out.push((module, r.execute));
            }
        }
    }
    out.into_iter().filter(|(_, execute)| *execute).map(|(m, _)| m).collect()
}

impl Process for PortableProcess {
    fn process_info(&self) -> ProcessInfo {
        self.info.clone()
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        let what = format!("threads can't be listed on {}", std::env::consts::OS);
        CResult::Err(ApiError::new(Status::UNSUPPORTED, what))
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        CResult::from(self.maps().map(|maps| Listing::whole(modules(&maps.iter().map(region).collect::<Vec<_>>()))))
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        CResult::from(self.maps().map(|maps| Listing::whole(maps.iter().map(region).collect())))
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        CResult::Ok(Listing::whole(self.arguments.clone()))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        CResult::Ok(Listing::whole(self.environment.clone()))
    }
}

impl MemoryView for PortableProcess {
    fn view_metadata(&self) -> ViewMetadata {
        metadata()
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.status = self.read(op.addr, &mut op.buf);
        }
    }
}

cglue_impl_group!(PortableProcess, ProcessInstance, {});

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn own() -> PortableProcess {
        PortableProcess::open(VirtAddr::new(umem::from(std::process::id()))).unwrap()
    }

    #[test]
    fn the_crates_and_the_linux_layer_say_the_same() {
        let (here, there) = (layer(false).unwrap(), crate::os::native::layer().unwrap());
        let of = |layer: &OsLayer| {
            let all = Result::from(layer.os.processes()).unwrap();
            all.items.iter().find(|p| p.pid == std::process::id()).cloned().unwrap()
        };
        let (a, b) = (of(&here), of(&there));
        assert_eq!((a.ppid.get(), a.uid.get(), a.gid.get()), (b.ppid.get(), b.uid.get(), b.gid.get()));
        assert_eq!((a.image_path.as_ref(), a.command_line.as_ref()), (b.image_path.as_ref(), b.command_line.as_ref()));
        assert!(a.start_time.get().unwrap().abs_diff(b.start_time.get().unwrap()) <= 2_000_000_000);
        let regions = |layer: &OsLayer, p: &ProcessInfo| {
            let opened = Result::from(layer.os.process(p.address)).unwrap();
            let all = Result::from(opened.regions()).unwrap();
            // Other tests map and unmap meanwhile; files of programs stay.
            let files = all.items.iter().filter(|r| r.execute && r.path.as_ref().is_some_and(|p| p.as_bytes().starts_with(b"/")));
            files.map(|r| (r.start, r.end, r.permissions(), r.path.as_ref().cloned())).collect::<Vec<_>>()
        };
        assert_eq!(regions(&here, &a), regions(&there, &b));
        assert!(regions(&here, &a).len() >= 2);
    }

    #[test]
    fn memory_is_read_as_far_as_it_is_there() {
        let held = b"what this process holds".to_vec();
        let process = own();
        let mut buffer = vec![0; held.len()];
        assert_eq!(process.read(VirtAddr::new(to_umem(held.as_ptr().addr())), &mut buffer), Status::DONE);
        assert_eq!(buffer, held);
        let regions = Result::from(process.regions()).unwrap().items.to_vec();
        let hole = regions.windows(2).find(|w| w[0].read && w[0].kind.as_bytes() == b"file" && w[0].end < w[1].start).unwrap();
        let mut buffer = vec![1; 2 * PAGE];
        assert_eq!(process.read(hole[0].end.wrapping_sub(to_umem(PAGE)), &mut buffer), Status::PARTIAL);
        assert!(buffer[PAGE..].iter().all(|b| *b == 0));
        assert_eq!(process.read(VirtAddr::new(umem::MAX - 4), &mut buffer), Status::MISSING);
        assert_eq!(process.read(hole[0].end, &mut buffer[..8]), Status::MISSING);
    }

    #[test]
    fn variables_of_drives_keep_their_names() {
        let v = variable(OsStr::new("=C:=C:\\Users"));
        assert_eq!((v.key.as_bytes(), v.value.as_ref().unwrap().as_bytes()), (&b"=C:"[..], &b"C:\\Users"[..]));
        assert!(variable(OsStr::new("bare")).value.as_ref().is_none());
    }
}
