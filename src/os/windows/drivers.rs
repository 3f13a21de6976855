//! Drivers: `PsLoadedModuleList`, `_KLDR_DATA_TABLE_ENTRY`.

pub mod objects;
pub mod scan;
pub mod unloaded;

use super::base::kernel::{Kernel, container};
use super::base::list;
use crate::os::lost::Lost;
use memsh_plugin::*;

/// All that are linked, in the list's order.
///
/// # Errors
/// When the list was not found.
pub fn list(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<ModuleInfo>, ApiError> {
    let unknown = |what: &str| ApiError::new(Status::MISSING, format!("the list of drivers: {what}"));
    let head = kernel.modules.ok_or_else(|| unknown("PsLoadedModuleList was not found"))?;
    let links = kernel.offsets.driver.links.ok_or_else(|| unknown("_KLDR_DATA_TABLE_ENTRY is not known"))?;
    let (o, reader) = (&kernel.offsets.driver, kernel.reader());
    let mut out = Vec::new();
    for node in list::nodes(&reader, head, "PsLoadedModuleList", lost) {
        let at = container(node, links);
        let Some(base) = reader.ptr_at(at, o.base) else {
            lost.push(format!("the driver at {at} can't be read"));
            continue;
        };
        out.push(ModuleInfo {
            address: Some(at).into(),
            name: reader.unicode_at(at, o.name).map(Text::from).unwrap_or_default(),
            base,
            size: reader.u32_at(at, o.size).map(umem::from).unwrap_or(0),
            path: reader.unicode_at(at, o.path).filter(|p| !p.is_empty()).map(Text::from).into(),
            arch: Text::from(kernel.arch()),
            refcount: reader.u16_at(at, o.load_count).map(i64::from).into(),
            ..ModuleInfo::default()
        });
    }
    Ok(out)
}
