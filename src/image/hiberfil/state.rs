//! `KPROCESSOR_STATE`: the processor as it was when the system went to sleep, in one of the file's first pages.
//!
//! Which page differs between versions; the record is known by control registers and descriptor tables that fit together.

use super::index::PAGE;
use crate::image::CpuState;
use crate::image::fields::Fields;
use crate::image::windows::{AMD64, I386, processor, registers};

/// CR0: protected mode and paging.
const PAGING: u64 = 0x8000_0001;
/// CR4: physical address extension.
const PAE: u64 = 1 << 5;
/// Lowest address of a 64-bit kernel.
const KERNEL: u64 = 0xffff_8000_0000_0000;

/// What was found: the page of the file that holds it, and the processor.
pub(super) struct Found {
    pub page: u64,
    pub cpu: CpuState,
    pub machine: &'static str,
    /// Of 32-bit systems.
    pub pae: Option<bool>,
}

/// Looks at the pages before `end`.
pub(super) fn find(file: &Fields<'_>, wide: bool, end: u64) -> Option<Found> {
    (1..end.min(64)).find_map(|page| {
        let at = page * PAGE;
        if wide { x86_64(file, at, page) } else { x86(file, at, page) }
    })
}

/// Special registers (CR0, CR2, CR3, CR4 and, from 0x50 on, GDTR and IDTR), then the context.
fn x86_64(file: &Fields<'_>, at: u64, page: u64) -> Option<Found> {
    let [cr0, cr3, cr4] = [0, 0x10, 0x18].map(|field| file.u64(at + field));
    let (cr0, cr3, cr4) = (cr0?, cr3?, cr4?);
    let control = cr0 & PAGING == PAGING && cr0 >> 32 == 0 && cr4 & PAE != 0 && cr4 >> 32 == 0;
    let root = cr3 & 0x000f_ffff_ffff_f000;
    let tables = file.u64(at + 0x58)? >= KERNEL && file.u64(at + 0x68)? >= KERNEL;
    if !control || !tables || root == 0 {
        return None;
    }
    // The special registers grew; the context behind them is aligned to 16 bytes.
    let registers = (0xe0..=0x140).step_by(16).map(|skip| registers(file, at + skip, AMD64)).find(|r| !r.is_empty());
    let cpu = processor(Some(root), registers.unwrap_or_default())?;
    Some(Found { page, cpu: CpuState { cr0: Some(cr0), cr4: Some(cr4), ..cpu }, machine: "x86_64", pae: None })
}

/// The context, then the special registers.
fn x86(file: &Fields<'_>, at: u64, page: u64) -> Option<Found> {
    const SPECIAL: u64 = 0x2cc;
    let number = |field: u64| file.u32(at + SPECIAL + field).map(u64::from);
    let (cr0, cr3, cr4) = (number(0)?, number(8)?, number(12)?);
    let pae = cr4 & PAE != 0;
    let root = cr3 & if pae { 0xffff_ffe0 } else { 0xffff_f000 };
    let control = cr0 & PAGING == PAGING && cr4 >> 23 == 0;
    // Bases of GDTR and IDTR, behind their limits.
    let tables = number(0x2c)? >= 0x8000_0000 && number(0x34)? >= 0x8000_0000;
    if !control || !tables || root == 0 {
        return None;
    }
    let cpu = processor(Some(root), registers(file, at, I386))?;
    Some(Found { page, cpu: CpuState { cr0: Some(cr0), cr4: Some(cr4), ..cpu }, machine: "x86", pae: Some(pae) })
}
