//! The made-up operating system, through the traits that plugins implement.
#![allow(clippy::undocumented_unsafe_blocks, missing_docs, reason = "cglue's macro writes the groups' tables here")]

use super::machine::{BANNER, Machine, Program, Region};
use crate::engine::AddressSpace;
use crate::os::view::read_through_the_space;
use memsh_plugin::*;
use std::sync::Arc;

/// What the system and its processes share.
pub(super) struct State {
    pub(super) machine: Machine,
    pub(super) kernel: AddressSpace,
}

/// The system.
#[derive(Clone)]
pub struct DummyOs(pub(super) Arc<State>);

/// One of its processes.
#[derive(Clone)]
pub struct DummyProcess {
    state: Arc<State>,
    /// Which of the machine's programs.
    program: Program,
    space: AddressSpace,
}

cglue_impl_group!(DummyOs, OsInstance, {});
cglue_impl_group!(DummyProcess, ProcessInstance, {});

/// 2026-01-01 00:00:00 UTC: when every made-up machine was started.
const BOOT: UnixNanos = 1_767_225_600_000_000_000;

fn va(n: u64) -> VirtAddr {
    VirtAddr::new(umem::from(n))
}

impl DummyOs {
    fn page(&self) -> umem {
        umem::from(self.0.kernel.format().page_size())
    }

    fn arch(&self) -> Text {
        self.0.kernel.format().arch.name().into()
    }

    fn info_of(&self, p: &Program) -> ProcessInfo {
        let user = !p.regions.is_empty();
        ProcessInfo {
            address: va(p.block),
            pid: p.pid,
            ppid: Maybe::Some(p.ppid),
            name: p.name.into(),
            state: Maybe::Some("sleeping".into()),
            threads: Maybe::Some(p.threads),
            uid: Maybe::Some(p.uid),
            gid: Maybe::Some(p.uid),
            kernel_thread: !user,
            start_time: Maybe::Some(BOOT + i64::from(p.pid) * 1_000_000_000),
            dtb: user.then(|| PhysAddr::new(umem::from(p.roots.lower))).into(),
            image_path: p.arguments.first().map(|a| Text::from(a.as_str())).into(),
            command_line: user.then(|| Text::from(p.arguments.join(" "))).into(),
            arch: self.arch(),
            ..ProcessInfo::default()
        }
    }

    /// The process whose control block lies at `address`.
    ///
    /// # Errors
    /// When there is none.
    pub fn process_at(&self, address: VirtAddr) -> Result<DummyProcess, ApiError> {
        let Some(program) = self.0.machine.programs.iter().find(|p| va(p.block) == address) else {
            return Err(ApiError::new(Status::MISSING, format!("no process has its control block at {address}")));
        };
        let space = self.0.kernel.with_root(PhysAddr::new(umem::from(program.roots.lower)));
        Ok(DummyProcess { state: Arc::clone(&self.0), program: program.clone(), space })
    }
}

impl Os for DummyOs {
    fn os_info(&self) -> OsInfo {
        let banner = String::from_utf8_lossy(BANNER);
        OsInfo {
            kind: "dummy".into(),
            name: "Dummy OS".into(),
            version: "1.0".into(),
            build: Maybe::Some(banner.trim_end_matches(['\0', '\n']).into()),
            kernel_base: Maybe::Some(va(self.0.machine.kernel_base)),
            kernel_size: Maybe::Some(umem::from(self.0.machine.kernel_pages) * self.page()),
            kaslr_slide: Maybe::None,
            boot_time: Maybe::Some(BOOT),
            hostname: Maybe::Some("dummy".into()),
            cpus: Maybe::Some(1),
        }
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        CResult::Ok(Listing::whole(self.0.machine.programs.iter().map(|p| self.info_of(p)).collect()))
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        match self.process_at(address) {
            Ok(process) => CResult::Ok(group_obj!(process as ProcessInstance)),
            Err(e) => CResult::Err(e),
        }
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        let module = |m: &super::machine::Module| ModuleInfo {
            address: Maybe::Some(va(m.block)),
            name: m.name.into(),
            base: va(m.base),
            size: umem::from(m.pages) * self.page(),
            arch: self.arch(),
            state: Maybe::Some("live".into()),
            refcount: Maybe::Some(0),
            ..ModuleInfo::default()
        };
        CResult::Ok(Listing::whole(self.0.machine.modules.iter().map(module).collect()))
    }
}

read_through_the_space!(DummyOs, self => self.0.kernel);

impl DummyProcess {
    /// Its address space.
    pub fn space(&self) -> &AddressSpace {
        &self.space
    }

    fn page(&self) -> u64 {
        self.space.format().page_size()
    }

    fn end(&self, r: &Region) -> VirtAddr {
        va(r.start + r.pages * self.page())
    }
}

impl Process for DummyProcess {
    fn process_info(&self) -> ProcessInfo {
        DummyOs(Arc::clone(&self.state)).info_of(&self.program)
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        let p = &self.program;
        let start = p.regions.first().map(|r| va(r.start));
        let thread = |i: u32| ThreadInfo {
            pid: p.pid,
            tid: p.pid + i * 1000,
            name: p.name.into(),
            state: Maybe::Some("sleeping".into()),
            address: va(p.block),
            start_address: start.into(),
        };
        CResult::Ok(Listing::whole((0..p.threads).map(thread).collect()))
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        let mut out: Vec<ModuleInfo> = Vec::new();
        for r in &self.program.regions {
            let Some(path) = &r.path else { continue };
            match out.last_mut() {
                Some(m) if m.path.as_ref().is_some_and(|p| p.as_bytes() == path.as_bytes()) => {
                    m.size = self.end(r).value() - m.base.value();
                }
                _ => out.push(ModuleInfo {
                    name: path.rsplit('/').next().unwrap_or(path).into(),
                    base: va(r.start),
                    size: umem::from(r.pages * self.page()),
                    path: Maybe::Some(path.as_str().into()),
                    arch: self.space.format().arch.name().into(),
                    ..ModuleInfo::default()
                }),
            }
        }
        CResult::Ok(Listing::whole(out))
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        let region = |r: &Region| RegionInfo {
            start: va(r.start),
            end: self.end(r),
            read: r.perm.has(Perm::READ),
            write: r.perm.has(Perm::WRITE),
            execute: r.perm.has(Perm::EXECUTE),
            shared: false,
            offset: r.path.as_ref().map(|_| 0).into(),
            device_major: Maybe::None,
            device_minor: Maybe::None,
            inode: Maybe::None,
            path: match (&r.path, r.kind) {
                (Some(p), _) => Maybe::Some(p.as_str().into()),
                (None, kind) => Maybe::Some(format!("[{kind}]").into()),
            },
            kind: r.kind.into(),
        };
        CResult::Ok(Listing::whole(self.program.regions.iter().map(region).collect()))
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        CResult::Ok(Listing::whole(self.program.arguments.iter().map(|a| a.as_str().into()).collect()))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        let var = |(k, v): &(&str, String)| EnvVar { key: (*k).into(), value: Maybe::Some(v.as_str().into()) };
        CResult::Ok(Listing::whole(self.program.environment.iter().map(var).collect()))
    }
}

read_through_the_space!(DummyProcess, self => self.space);
