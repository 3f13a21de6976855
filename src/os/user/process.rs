//! The one process, and the system that it stands for.

use crate::engine::AddressSpace;
use crate::image::{ModuleImage, ProcessImage, RegionImage, ThreadImage};
use crate::os::view::read_through_the_space;
use memsh_plugin::*;
use std::sync::Arc;

/// The system of a process that stands alone.
#[derive(Clone)]
pub struct UserOs {
    pub(super) process: Arc<ProcessImage>,
    pub(super) space: AddressSpace,
}

/// A process that stands alone.
#[derive(Clone)]
pub struct UserProcess(UserOs);

fn text(bytes: &[u8]) -> Text {
    Text::from(bytes)
}

impl UserOs {
    fn info(&self) -> ProcessInfo {
        let p = &self.process;
        ProcessInfo {
            address: VirtAddr::NULL,
            pid: p.pid.unwrap_or(0),
            ppid: p.ppid.into(),
            name: text(&p.name),
            state: p.reason.as_deref().map(Text::from).into(),
            threads: u32::try_from(p.threads.len()).ok().into(),
            uid: p.uid.into(),
            gid: p.gid.into(),
            start_time: p.started.into(),
            image_path: p.path.as_deref().map(text).into(),
            command_line: (!p.arguments.is_empty()).then(|| text(&p.arguments.join(&b' '))).into(),
            arch: Text::from(p.machine.as_str()),
            ..ProcessInfo::default()
        }
    }

    fn thread(&self, t: &ThreadImage) -> ThreadInfo {
        ThreadInfo {
            pid: self.process.pid.unwrap_or(0),
            tid: t.id,
            name: t.name.as_deref().map(text).unwrap_or_default(),
            state: t.state.as_deref().map(Text::from).into(),
            address: t.block.unwrap_or(VirtAddr::NULL),
            start_address: t.start.into(),
        }
    }

    fn module(&self, m: &ModuleImage) -> ModuleInfo {
        ModuleInfo {
            name: text(m.name()),
            base: m.base,
            size: m.size,
            path: Some(text(&m.path)).into(),
            arch: Text::from(self.process.machine.as_str()),
            ..ModuleInfo::default()
        }
    }
}

fn region(r: &RegionImage) -> RegionInfo {
    RegionInfo {
        start: r.start,
        end: r.start.saturating_add(r.size),
        read: r.read,
        write: r.write,
        execute: r.execute,
        shared: r.shared,
        offset: r.offset.into(),
        path: r.path.as_deref().map(text).into(),
        kind: Text::from(r.kind.as_str()),
        ..RegionInfo::default()
    }
}

impl Os for UserOs {
    fn os_info(&self) -> OsInfo {
        OsInfo {
            kind: Text::from(self.process.system.as_str()),
            name: Text::from(format!("{}: the dump of one process", self.process.system)),
            version: Text::from(self.process.version.as_str()),
            build: self.process.build.as_deref().map(Text::from).into(),
            ..OsInfo::default()
        }
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        CResult::Ok(Listing::whole(vec![self.info()]))
    }

    fn process(&self, _: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        let process = UserProcess(self.clone());
        CResult::Ok(group_obj!(process as ProcessInstance))
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        CResult::Ok(Listing::whole(Vec::new()))
    }
}

impl Process for UserProcess {
    fn process_info(&self) -> ProcessInfo {
        self.0.info()
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        CResult::Ok(Listing::whole(self.0.process.threads.iter().map(|t| self.0.thread(t)).collect()))
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        CResult::Ok(Listing::whole(self.0.process.modules.iter().map(|m| self.0.module(m)).collect()))
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        CResult::Ok(Listing::whole(self.0.process.regions.iter().map(region).collect()))
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        CResult::Ok(Listing::whole(self.0.process.arguments.iter().map(|a| text(a)).collect()))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        let variable = |line: &Vec<u8>| {
            let mut parts = line.splitn(2, |&b| b == b'=');
            let key = text(parts.next().unwrap_or_default());
            EnvVar { key, value: parts.next().map(text).into() }
        };
        CResult::Ok(Listing::whole(self.0.process.environment.iter().map(variable).collect()))
    }
}

read_through_the_space!(UserOs, self => self.space);
read_through_the_space!(UserProcess, self => self.0.space);

cglue_impl_group!(UserOs, OsInstance, {});
cglue_impl_group!(UserProcess, ProcessInstance, {});
