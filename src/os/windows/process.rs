//! One process, as the plugin traits ask for it.

use super::base::kernel::Kernel;
use super::base::text;
use super::{modules, peb, processes, threads, vad};
use crate::engine::AddressSpace;
use crate::os::lost::Lost;
use crate::os::view::read_through_the_space;
use memsh_plugin::*;
use std::sync::Arc;

/// A process of Windows.
#[derive(Clone)]
pub struct WindowsProcess {
    kernel: Arc<Kernel>,
    address: VirtAddr,
    space: AddressSpace,
    pid: u32,
}

/// No environment is larger, in bytes.
const ENVIRONMENT: umem = 1 << 20;

impl WindowsProcess {
    /// The process whose `_EPROCESS` lies at `address`.
    ///
    /// # Errors
    /// When it has no page tables of its own.
    pub fn new(kernel: Arc<Kernel>, address: VirtAddr) -> Result<Self, ApiError> {
        let space = peb::space(&kernel, address)
            .ok_or_else(|| ApiError::new(Status::MISSING, format!("the _EPROCESS at {address} has no root of page tables")))?;
        let pid = processes::pid(&kernel, address);
        Ok(Self { kernel, address, space, pid })
    }
}

impl Process for WindowsProcess {
    fn process_info(&self) -> ProcessInfo {
        processes::info(&self.kernel, self.address)
    }

    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError> {
        let mut lost = Lost::default();
        let items = threads::list(&self.kernel, self.address, self.pid, &mut lost);
        CResult::Ok(lost.listing(items))
    }

    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        let mut lost = Lost::default();
        let items = modules::list(&self.kernel, self.address, self.pid, &mut lost);
        CResult::Ok(lost.listing(items))
    }

    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError> {
        let mut lost = Lost::default();
        let items = vad::regions(&self.kernel, self.address, self.pid, &mut lost);
        CResult::Ok(lost.listing(items))
    }

    fn arguments(&self) -> CResult<Listing<Text>, ApiError> {
        // Windows passes one string; who splits it is the program.
        let line = peb::parameters(&self.kernel, self.address).and_then(|p| p.command_line);
        CResult::Ok(Listing::whole(line.map(Text::from).into_iter().collect()))
    }

    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError> {
        let mut lost = Lost::default();
        let mut out = Vec::new();
        if let Some((at, size)) = peb::parameters(&self.kernel, self.address).and_then(|p| p.environment) {
            match text::block(&self.space, at, size.unwrap_or(ENVIRONMENT)) {
                Some(lines) => out.extend(lines.iter().map(|l| variable(l))),
                None => lost.push(format!("process {}: its environment at {at} is not resident", self.pid)),
            }
        }
        CResult::Ok(lost.listing(out))
    }
}

/// `NAME=VALUE`; the names of drives' current directories begin with `=`.
fn variable(line: &str) -> EnvVar {
    let from = usize::from(line.starts_with('='));
    match line.get(from..).and_then(|l| l.find('=')) {
        Some(at) => EnvVar {
            key: Text::from(line.get(..from + at).unwrap_or_default()),
            value: Some(Text::from(line.get(from + at + 1..).unwrap_or_default())).into(),
        },
        None => EnvVar { key: Text::from(line), value: None.into() },
    }
}

read_through_the_space!(WindowsProcess, self => self.space);

cglue_impl_group!(WindowsProcess, ProcessInstance, {});
