//! The kernel's own symbols.

use super::image::KernelImage;
use super::trace::Trace;
use crate::engine::{AddressSpace, ViewExt};
use crate::symbols::kallsyms::{self, Decoded, Layout};
use crate::symbols::{SymbolTable, Symbols, VmcoreInfo};
use memsh_plugin::MemoryView;

fn told(decoded: Decoded, warnings: &mut Vec<String>) -> (SymbolTable, String) {
    let told = !decoded.warnings.is_empty();
    warnings.extend(decoded.warnings);
    if decoded.lost > 0 && !told {
        warnings.push(format!("kallsyms: {} symbols could not be read", decoded.lost));
    }
    let detail = format!("{} symbols", decoded.symbols.count());
    (decoded.symbols, detail)
}

/// Decodes kallsyms.
pub(super) fn kallsyms(
    space: &AddressSpace,
    image: &KernelImage,
    info: Option<&VmcoreInfo>,
    trace: &mut Trace,
    warnings: &mut Vec<String>,
) -> Option<SymbolTable> {
    const STEP: &str = "kallsyms";
    let pointer_size = space.view_metadata().pointer_size;
    if let Some(layout) = info.and_then(|i| Layout::from_vmcoreinfo(i, pointer_size, true))
        && let Some(symbols) = trace.attempt(STEP, "addresses in VMCOREINFO", || {
            kallsyms::decode(space, &layout).map(|d| told(d, warnings)).map_err(|e| e.to_string())
        })
    {
        return Some(symbols);
    }
    trace.attempt(STEP, "shape of its tables in the kernel's image", || {
        let bytes = image.bytes(space.memory());
        let layout = kallsyms::discover(&bytes, image.virt, pointer_size, None).map_err(|e| e.to_string())?;
        kallsyms::decode(space, &layout).map(|d| told(d, warnings)).map_err(|e| e.to_string())
    })
}

/// VMCOREINFO as the kernel itself keeps it: `vmcoreinfo_data` points to the text (kernel/crash_core.c, kernel/vmcore_info.c).
pub(super) fn vmcoreinfo(space: &AddressSpace, symbols: &SymbolTable, trace: &mut Trace) -> Option<VmcoreInfo> {
    trace.attempt("VMCOREINFO", "the kernel's vmcoreinfo_data", || {
        let pointer = symbols.address("vmcoreinfo_data").ok_or("no such symbol")?;
        let text = space.read_ptr(pointer).map_err(|e| e.to_string())?;
        // VMCOREINFO_BYTES is one page.
        let mut buf = vec![0; 4096];
        let gaps = space.read_gaps(text, &mut buf);
        let info = VmcoreInfo::parse(&buf);
        match info.osrelease() {
            Some(release) if gaps.is_empty() => {
                let detail = format!("Linux {release}");
                Ok((info, detail))
            }
            _ => Err(format!("no text at {text}")),
        }
    })
}
