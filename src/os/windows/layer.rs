//! The system as the plugin traits ask for it.

use super::base::kernel::{Kernel, Pdb};
use super::base::time::from_filetime;
use super::find::shared;
use super::{drivers, process::WindowsProcess, processes};
use crate::os::OsLayer;
use crate::os::lost::Lost;
use crate::os::view::read_through_the_space;
use memsh_plugin::*;
use std::sync::Arc;

/// A Windows system.
#[derive(Clone)]
pub struct Windows(pub Arc<Kernel>);

/// The layer that a kernel makes.
pub(super) fn layer(kernel: Kernel, warnings: Vec<String>) -> OsLayer {
    let kernel = Arc::new(kernel);
    OsLayer {
        os: Arc::new(Windows(Arc::clone(&kernel))),
        kernel: kernel.space.clone(),
        paging: kernel.space.paging(),
        symbols: Arc::clone(&kernel.symbols),
        types: Arc::clone(&kernel.types),
        linux: None,
        told: None,
        windows: Some(kernel),
        spaces: None,
        warnings,
    }
}

impl Os for Windows {
    fn os_info(&self) -> OsInfo {
        let kernel = &self.0;
        let (major, minor) = kernel.build.version;
        let shared = shared::read(&kernel.space, kernel.shared_data);
        // Ticks since the start that do not count time asleep: the time of the start where it never slept.
        let boot = processes::created(kernel, kernel.system);
        OsInfo {
            kind: Text::from("windows"),
            name: Text::from(crate::image::release(kernel.build.number).unwrap_or("Windows")),
            version: Text::from(format!("{major}.{minor}.{}", kernel.build.number)),
            build: Some(Text::from(kernel.build.number.to_string())).into(),
            kernel_base: Some(kernel.image.base).into(),
            kernel_size: Some(kernel.image.size).into(),
            boot_time: boot.or_else(|| from_filetime(shared?.system_time.checked_sub(shared?.interrupt_time)?)).into(),
            cpus: super::cpus::count(kernel).into(),
            ..OsInfo::default()
        }
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        let mut lost = Lost::default();
        let items = processes::list(&self.0, &mut lost);
        CResult::Ok(lost.listing(items))
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        match WindowsProcess::new(Arc::clone(&self.0), address) {
            Ok(process) => CResult::Ok(group_obj!(process as ProcessInstance)),
            Err(e) => CResult::Err(e),
        }
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        let mut lost = Lost::default();
        drivers::list(&self.0, &mut lost).map(|items| lost.listing(items)).into()
    }
}

read_through_the_space!(Windows, self => self.0.space);

cglue_impl_group!(Windows, OsInstance, {});

impl Kernel {
    /// The identity of its symbols' file.
    pub fn pdb(&self) -> Option<&Pdb> {
        self.image.pdb.as_ref()
    }
}
