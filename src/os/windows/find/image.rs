//! The kernel's image in a page-table neighbourhood.

use super::super::base::kernel::Image;
use super::super::pe::{self, PeImage};
use super::roots::Root;
use crate::arch::Arch;
use crate::engine::{AddressSpace, ViewExt, index};
use crate::symbols::SymbolTable;
use memsh_plugin::{VirtAddr, umem};
use std::ops::ControlFlow;

/// Where the kernel lies: `nt` is loaded there on x86-64 since Vista (before that below it, too), and in the kernel's half on x86.
const WIDE: (u64, u64) = (0xffff_f800_0000_0000, 0xffff_ffff_ffff_ffff);
const NARROW: (u64, u64) = (0x8000_0000, 0xffff_ffff);
/// No kernel begins further before something that lies in it.
const BEFORE: umem = 64 << 20;
/// Pages whose first bytes are looked at.
const PAGES: u64 = 16 << 20;
const PAGE: umem = 0x1000;
/// No kernel is smaller: that of NT 4 takes less than a MiB.
const SMALLEST: u32 = 1 << 19;

/// Names that a kernel's export directory gives it.
const NAMES: [&str; 4] = ["ntoskrnl.exe", "ntkrnlpa.exe", "ntkrnlmp.exe", "ntkrpamp.exe"];

/// The kernel's image, its exports among the symbols, and what to say of it.
pub(super) fn find(space: &AddressSpace, root: &Root) -> Result<(Image, SymbolTable, String), String> {
    let wide = space.format().pointer_size() == 8;
    let (first, last) = if wide { WIDE } else { NARROW };
    let (first, last) = (VirtAddr::new(umem::from(first)), VirtAddr::new(umem::from(last)));
    if let Some(near) = root.near {
        let from = VirtAddr::new(near.value().saturating_sub(BEFORE).max(first.value()));
        // The nearest image that begins before the address is the one that it lies in.
        if let Some(found) = search(space, (from, near), true) {
            return Ok(found);
        }
    }
    search(space, (first, last), false)
        .ok_or_else(|| format!("{}, root {}: no kernel's image is mapped from {first} on", space.format().mode, root.root))
}

/// The kernel among the images that begin in `window`.
fn search(space: &AddressSpace, window: (VirtAddr, VirtAddr), nearest: bool) -> Option<(Image, SymbolTable, String)> {
    let mut heads = Vec::new();
    let mut seen = 0u64;
    let machine = match space.format().arch {
        Arch::AArch64 => 0xaa64,
        Arch::X86_64 => 0x8664,
        _ => 0x14c,
    };
    space.runs(window.0, window.1, &mut |runs| {
        for run in runs {
            for at in (0..run.size).step_by(index(PAGE).unwrap_or(4096)) {
                seen += 1;
                let mut head = [0u8; 2];
                if space.memory().read(run.phys.saturating_add(at), &mut head).is_ok() && head == *b"MZ" {
                    heads.push(run.virt.saturating_add(at));
                }
            }
        }
        if seen > PAGES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if nearest {
        heads.reverse();
    }
    heads.into_iter().find_map(|base| {
        let mut page = vec![0; 0x1000];
        space.read_exact(base, &mut page).ok()?;
        let header = pe::header(&page).filter(|h| h.machine == machine && h.size >= SMALLEST)?;
        kernel(space, base, header)
    })
}

/// The image at `base`, where it is a kernel.
fn kernel(space: &AddressSpace, base: VirtAddr, header: pe::Header) -> Option<(Image, SymbolTable, String)> {
    let (mut file, _) = PeImage::at(space, base)?;
    let (name, exports) = file.exports(space).unwrap_or_default();
    let pdb = file.pdb(space);
    let by_name = NAMES.iter().any(|n| name.eq_ignore_ascii_case(n));
    // Where the export directory is not resident, the name of the symbols' file tells.
    let by_pdb =
        pdb.as_ref().is_some_and(|p| NAMES.iter().any(|n| p.name.trim_end_matches(".pdb") == n.trim_end_matches(".exe")));
    if !by_name && !by_pdb {
        return None;
    }
    let mut symbols = SymbolTable::new();
    for (name, rva) in &exports {
        symbols.push(name, base.wrapping_add(umem::from(*rva)), b'T', None);
    }
    symbols.finish();
    let identity = pdb.as_ref().map_or_else(String::new, |p| format!(", {} {}", p.name, p.id));
    let detail = format!("{name} at {base}, {} KiB, {} exports{identity}", header.size / 1024, exports.len());
    Some((Image { base, size: umem::from(header.size), name, timestamp: header.timestamp, pdb }, symbols, detail))
}
