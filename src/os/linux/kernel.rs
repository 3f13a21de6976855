//! stub
#![allow(missing_docs)]
use crate::engine::AddressSpace;
use crate::symbols::{Symbols, Types, VmcoreInfo};
use memsh_plugin::*;
use std::sync::Arc;
pub struct Kernel {
    pub space: AddressSpace,
    pub symbols: Arc<dyn Symbols>,
    pub types: Arc<dyn Types>,
    pub base: VirtAddr,
    pub size: Option<umem>,
    pub slide: Option<umem>,
    pub vmcoreinfo: Option<VmcoreInfo>,
}
impl Kernel {
    pub fn new(space: AddressSpace, symbols: Arc<dyn Symbols>, types: Arc<dyn Types>, base: VirtAddr) -> Self {
        Self { space, symbols, types, base, size: None, slide: None, vmcoreinfo: None }
    }
}
pub struct Linux(pub Arc<Kernel>);
impl Linux {
    pub fn new(k: Kernel) -> Self {
        Self(Arc::new(k))
    }
}
impl Os for Linux {
    fn os_info(&self) -> OsInfo {
        OsInfo {
            kernel_base: Maybe::Some(self.0.base),
            kernel_size: self.0.size.into(),
            kaslr_slide: self.0.slide.into(),
            ..OsInfo::default()
        }
    }
    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        CResult::Err(ApiError::new(Status::UNSUPPORTED, "x"))
    }
    fn process(&self, _: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        CResult::Err(ApiError::new(Status::UNSUPPORTED, "x"))
    }
    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        CResult::Err(ApiError::new(Status::UNSUPPORTED, "x"))
    }
}
