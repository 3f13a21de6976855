//! The kernel's own symbols.

use super::constants;
use super::image::KernelImage;
use super::trace::Trace;
use crate::engine::{AddressSpace, ViewExt, index, to_u64};
use crate::memo::{Memo, Reader, Writer, hash};
use crate::symbols::kallsyms::{self, Decoded, Layout};
use crate::symbols::{SymbolTable, Symbols, VmcoreInfo};
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::ops::Range;

fn told(decoded: Decoded, warnings: &mut Vec<String>) -> (SymbolTable, String) {
    let told = !decoded.warnings.is_empty();
    warnings.extend(decoded.warnings);
    if decoded.lost > 0 && !told {
        warnings.push(format!("kallsyms: {} symbols could not be read", decoded.lost));
    }
    let detail = format!("{} symbols", decoded.symbols.count());
    (decoded.symbols, detail)
}

/// Under what name the memo keeps where the tables are, and the symbols made of them.
const PLACE: &str = "kallsyms.place";
const SYMBOLS: &str = "kallsyms";
/// No kernel's tables are larger, in bytes.
const TABLES: umem = 128 << 20;
const PAGE: umem = 4096;

/// The symbols of an earlier start, where the tables are still the same bytes.
fn remembered(space: &AddressSpace, memo: &Memo) -> Result<(SymbolTable, String), String> {
    let place = memo.get(PLACE, 0).ok_or("nothing is kept of this image")?;
    let mut place = Reader(&place);
    let extent = place.u64().zip(place.u64()).map(|(from, to)| VirtAddr::new(umem::from(from))..VirtAddr::new(umem::from(to)));
    let input = extent.and_then(|e| input(space, &e)).ok_or("the tables are not where they were")?;
    let bytes = memo.get(SYMBOLS, input).ok_or("the tables are no longer the same")?;
    let symbols = SymbolTable::from_bytes(&bytes).ok_or("what was kept makes no sense")?;
    let detail = format!("{} symbols", symbols.count());
    Ok((symbols, detail))
}

/// Of a memory that must be unpacked, one in so many pages tells whether something is the same as before.
const SAMPLED: umem = 16;

/// Hash of the bytes in `extent`, of a sample of them where memory must be unpacked; none where one is missing.
pub(super) fn input(space: &AddressSpace, extent: &Range<VirtAddr>) -> Option<u64> {
    let size = extent.end.offset_from(extent.start).filter(|&n| n > 0 && n <= TABLES)?;
    if space.memory().mapped().is_some() {
        let mut bytes = vec![0; index(size)?];
        return space.read_gaps(extent.start, &mut bytes).is_empty().then(|| hash(&bytes));
    }
    let mut bytes = Vec::new();
    for at in (0..size).step_by(index(SAMPLED * PAGE)?) {
        let mut page = vec![0; index((size - at).min(PAGE))?];
        if !space.read_gaps(extent.start.wrapping_add(at), &mut page).is_empty() {
            return None;
        }
        bytes.extend_from_slice(&page);
    }
    bytes.extend_from_slice(&to_u64(size)?.to_le_bytes());
    Some(hash(&bytes))
}

fn remember(space: &AddressSpace, decoded: &Decoded, memo: Option<&Memo>) {
    let Some(memo) = memo.filter(|_| decoded.lost == 0 && decoded.warnings.is_empty()) else { return };
    let Some(input) = input(space, &decoded.extent) else { return };
    let mut place = Writer::default();
    place.umem(decoded.extent.start.value());
    place.umem(decoded.extent.end.value());
    memo.put(PLACE, 0, place.done());
    memo.put(SYMBOLS, input, decoded.symbols.to_bytes());
}

/// Decodes kallsyms.
pub(super) fn kallsyms(
    space: &AddressSpace,
    image: &KernelImage,
    info: Option<&VmcoreInfo>,
    memo: Option<&Memo>,
    trace: &mut Trace,
    warnings: &mut Vec<String>,
) -> Option<SymbolTable> {
    const STEP: &str = "kallsyms";
    if let Some(memo) = memo.filter(|m| m.get(PLACE, 0).is_some())
        && let Some(symbols) = trace.attempt(STEP, "cache of an earlier start", || remembered(space, memo))
    {
        return Some(symbols);
    }
    let decoded = |layout: &Layout, warnings: &mut Vec<String>| {
        let decoded = kallsyms::decode(space, layout).map_err(|e| e.to_string())?;
        remember(space, &decoded, memo);
        Ok(told(decoded, warnings))
    };
    let pointer_size = space.view_metadata().pointer_size;
    if let Some(layout) = info.and_then(|i| Layout::from_vmcoreinfo(i, pointer_size, true))
        && let Some(symbols) = trace.attempt(STEP, "addresses in VMCOREINFO", || decoded(&layout, warnings))
    {
        return Some(symbols);
    }
    trace.attempt(STEP, "shape of its tables in the kernel's image", || {
        let memory = space.memory();
        let layout = match image.in_place(memory).is_none().then(|| constants::kallsyms(space, image, pointer_size)).flatten() {
            Some(layout) => layout,
            None => {
                let bytes = image.bytes(memory);
                kallsyms::discover(&bytes, image.virt, pointer_size, None).map_err(|e| e.to_string())?
            }
        };
        decoded(&layout, warnings)
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
