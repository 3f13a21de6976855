//! Small memory dumps (type 4, "minidump" in the control panel, `TRIAGE_DUMP32`/`TRIAGE_DUMP64`): the stack of the thread that
//! failed, a list of drivers, a copy of KDBG and pieces of memory by virtual address. They hold no physical memory.
//!
//! All offsets in it are offsets in the file.

use super::header::Header;
use crate::image::detect::Parsed;
use crate::image::windows::{WindowsHints, render};
use memsh_plugin::{VirtAddr, umem};

/// Bits of `MiniDumpFields`.
const DATA_PAGE: u32 = 0x100;
const DEBUGGER_DATA: u32 = 0x200;
const DATA_BLOCKS: u32 = 0x400;
/// Bit of `TriageOptions`: something did not fit.
const OVERFLOWED: u32 = 0x100;

/// More drivers or blocks than any dump of a few megabytes has.
const MOST: u64 = 16_384;
/// A driver's name is a path of at most this many UTF-16 units.
const LONGEST_NAME: u64 = 1024;

/// One width's structures.
struct Layout {
    top_of_stack: u64,
    data_page: u64,
    debugger_data: u64,
    data_blocks: u64,
    /// In `DUMP_DRIVER_ENTRY`: `LdrEntry.DllBase` and `LdrEntry.SizeOfImage`.
    dll_base: u64,
    size_of_image: u64,
    /// Sizes of `DUMP_DRIVER_ENTRY` that were seen.
    strides: &'static [u64],
}

const WIDE: Layout = Layout {
    top_of_stack: 0x48,
    data_page: 0x60,
    debugger_data: 0x70,
    data_blocks: 0x78,
    dll_base: 0x38,
    size_of_image: 0x48,
    strides: &[0x90, 0x98, 0xa8],
};

const NARROW: Layout = Layout {
    top_of_stack: 0x48,
    data_page: 0x4c,
    debugger_data: 0x58,
    data_blocks: 0x60,
    dll_base: 0x1c,
    size_of_image: 0x24,
    strides: &[0x50, 0x54, 0x60],
};

/// What the numbers of a driver list were read as.
struct Driver {
    name: String,
    base: u64,
    size: u32,
}

pub(super) fn parse(header: &Header<'_>, parsed: &mut Parsed, hints: &mut WindowsHints) {
    let (file, at) = (&header.file, header.layout.size);
    let layout = if header.layout.wide { &WIDE } else { &NARROW };
    let number = |field: u64| header.u32(at + field).map(u64::from);
    match number(8).and_then(|valid| file.bytes(valid, 4)) {
        Some(b"TRGD") => {}
        _ => parsed.warnings.push(format!(
            "the triage header at file offset {at:#x} does not lead to the mark TRGD that ends such a dump: it was cut short or \
             is damaged"
        )),
    }
    if let Some(size) = number(4).filter(|&size| size > file.len()) {
        parsed.warnings.push(format!("the triage dump should have {size} bytes, the file has {}", file.len()));
    }
    let fields = header.u32(header.layout.mini_fields).unwrap_or(0);
    if let Some(pack) = number(0).filter(|&n| n != 0) {
        parsed.detail("service_pack_build", pack);
    }
    if let (Some(offset), Some(size), Some(top)) = (number(0x28), number(0x2c), header.address(at + layout.top_of_stack)) {
        add_block(parsed, hints, file.len(), "call stack", top, offset, size);
        parsed.detail("stack", format!("{size} bytes at {top}"));
    }
    if fields & DATA_PAGE != 0 {
        let page = layout.data_page;
        let word = if header.layout.wide { 8 } else { 4 };
        if let (Some(address), Some(offset), Some(size)) =
            (header.address(at + page), number(page + word), number(page + word + 4))
        {
            add_block(parsed, hints, file.len(), "data page", address, offset, size);
        }
    }
    if fields & DEBUGGER_DATA != 0 {
        debugger_data(header, layout, parsed, hints);
    }
    if fields & DATA_BLOCKS != 0 {
        data_blocks(header, layout, parsed, hints);
    }
    drivers(header, layout, parsed);
    if number(0x44).is_some_and(|options| options & u64::from(OVERFLOWED) != 0) {
        parsed.warnings.push("Windows had more to write than fits into a triage dump: its lists are not complete".to_owned());
    }
    let bytes: u64 = hints.virtual_blocks.iter().map(|b| u64::from(b.2)).sum();
    parsed.detail("virtual_memory", format!("{} blocks, {bytes} bytes", hints.virtual_blocks.len()));
}

/// Notes a piece of virtual memory, where its bytes lie in the file.
fn add_block(parsed: &mut Parsed, hints: &mut WindowsHints, file: u64, what: &str, address: VirtAddr, offset: u64, size: u64) {
    match u32::try_from(size) {
        _ if size == 0 => {}
        Ok(short) if offset.checked_add(size).is_some_and(|end| end <= file) => {
            hints.virtual_blocks.push((address, offset, short));
        }
        _ => parsed.warnings.push(format!(
            "the {what} of the triage dump (virtual address {address}, {size} bytes at file offset {offset:#x}) lies past the \
             end of the file"
        )),
    }
}

/// The copy of `KDDEBUGGER_DATA64`: `List` of 16 bytes, the tag `KDBG`, its size, and the kernel's base at 0x18.
fn debugger_data(header: &Header<'_>, layout: &Layout, parsed: &mut Parsed, hints: &mut WindowsHints) {
    let place = header.layout.size + layout.debugger_data;
    let (Some(offset), Some(size)) = (header.u32(place).map(u64::from), header.u32(place + 4).map(u64::from)) else { return };
    let data = header.file.bytes(offset, size).unwrap_or_default();
    if data.get(16..20) != Some(b"KDBG") {
        parsed.warnings.push(format!("the copy of KDBG ({size} bytes at file offset {offset:#x}) does not carry its tag"));
        return;
    }
    parsed.detail("kdbg_copy", format!("{size} bytes at file offset {offset:#x}"));
    if let (Some(address), Ok(size)) = (hints.kd_debugger_data_block, u32::try_from(size)) {
        hints.virtual_blocks.push((address, offset, size));
    }
    if let Some(base) = header.file.u64(offset + 0x18).filter(|&b| b != 0) {
        let base = VirtAddr::new(umem::from(base));
        hints.kernel_base = Some(base);
        parsed.detail("kernel_base", base);
    }
}

/// `TRIAGE_DATA_BLOCK`: address, offset and size, 16 bytes in either width.
fn data_blocks(header: &Header<'_>, layout: &Layout, parsed: &mut Parsed, hints: &mut WindowsHints) {
    let place = header.layout.size + layout.data_blocks;
    let (Some(offset), Some(count)) = (header.u32(place).map(u64::from), header.u32(place + 4).map(u64::from)) else { return };
    if count > MOST {
        parsed
            .warnings
            .push(format!("the triage dump claims {count} data blocks (file offset {:#x}): {MOST} are read", place + 4));
    }
    for i in 0..count.min(MOST) {
        let at = offset + i * 16;
        let (Some(address), Some(offset), Some(size)) = (header.file.u64(at), header.file.u32(at + 8), header.file.u32(at + 12))
        else {
            parsed.warnings.push(format!("data block {i} of {count} lies past the end of the file (file offset {at:#x})"));
            break;
        };
        let address = VirtAddr::new(umem::from(address));
        add_block(parsed, hints, header.file.len(), "data block", address, u64::from(offset), u64::from(size));
    }
}

/// The list of drivers. Windows' versions differ in the size of an entry: the one is taken with which all entries make sense.
fn drivers(header: &Header<'_>, layout: &Layout, parsed: &mut Parsed) {
    let number = |field: u64| header.u32(header.layout.size + field).map(u64::from);
    let (Some(list), Some(count), Some(pool)) = (number(0x30), number(0x34), number(0x38)) else { return };
    if count == 0 {
        return;
    }
    let counted = count.min(MOST);
    // Names usually follow the list at once.
    let gap = pool.checked_sub(list).map(|gap| gap / count).filter(|gap| (0x30..=0x400).contains(gap) && gap % 4 == 0);
    let read = |stride: u64| -> Vec<Driver> { (0..counted).map_while(|i| driver(header, layout, list + i * stride)).collect() };
    let best = gap.into_iter().chain(layout.strides.iter().copied()).map(read).max_by_key(Vec::len).unwrap_or_default();
    if u64::try_from(best.len()) != Ok(count) {
        parsed
            .warnings
            .push(format!("of {count} drivers in the list at file offset {list:#x} only {} could be read", best.len()));
    }
    parsed.detail("drivers", best.len());
    let broken = number(0x40).filter(|&at| at != 0).and_then(|at| driver(header, layout, at));
    if let Some(broken) = broken {
        parsed.detail("driver_at_fault", broken.name);
    }
    for d in best {
        parsed.detail(&format!("driver_{:#x}", d.base), format!("{} ({:#x} bytes)", d.name, d.size));
    }
}

/// `DUMP_DRIVER_ENTRY`: offset of the name, and the loader's entry. None where it does not look like one.
fn driver(header: &Header<'_>, layout: &Layout, at: u64) -> Option<Driver> {
    let name = name(header, u64::from(header.file.u32(at)?))?;
    let base = header.file.word(at.checked_add(layout.dll_base)?, header.layout.wide)?;
    let size = header.file.u32(at.checked_add(layout.size_of_image)?)?;
    (base % 4096 == 0 && base != 0 && size != 0).then_some(Driver { name, base, size })
}

/// `DUMP_STRING`: number of UTF-16 units, and these.
fn name(header: &Header<'_>, at: u64) -> Option<String> {
    let units = u64::from(header.file.u32(at)?);
    if units == 0 || units > LONGEST_NAME {
        return None;
    }
    let bytes = header.file.bytes(at + 4, units * 2)?;
    let units = bytes.chunks_exact(2).filter_map(|b| Some(u16::from_le_bytes(b.try_into().ok()?)));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    // Text from the image: nothing in it may steer a terminal.
    Some(if text.is_ascii() { render(text.as_bytes()) } else { text.escape_debug().to_string() })
}
