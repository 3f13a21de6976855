//! Trace sites: the first instruction of nearly every function, a call that the kernel replaces by a no-operation while nothing
//! traces the function (kernel/trace/ftrace.c, arch/x86/kernel/ftrace.c).

use super::code::Patch;
use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::owner::{OwnerKind, Owners};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

shapes! {
    /// `ftrace_page`: a group of records.
    GroupShape: "ftrace_page" {
        next: ["next"],
        records: ["records"],
        count: ["index"],
    }
    /// `dyn_ftrace`: a trace site.
    SiteShape: "dyn_ftrace" {
        ip: ["ip"],
        flags: ["flags"],
    }
}

/// `FTRACE_FL_ENABLED` and `FTRACE_FL_DISABLED` (include/linux/ftrace.h).
const ENABLED: u64 = 1 << 31;
const DISABLED: u64 = 1 << 25;
/// A group is a few pages; a kernel has some fifty thousand sites.
const MOST_GROUPS: usize = 1 << 16;
const MOST_SITES: u64 = 1 << 20;
/// A call and the no-operation in its place.
const SITE: usize = 5;

pub(super) fn patches(owners: &Owners<'_>, lost: &mut Lost) -> Vec<Patch> {
    let kernel = owners.kernel();
    let view = kernel.view();
    let (group, site) = (kernel.shape::<GroupShape>(), kernel.shape::<SiteShape>());
    let mut out = Vec::new();
    let Some(head) = kernel.symbols.address("ftrace_pages_start") else { return out };
    let Some(step) = kernel.types.size_of("struct dyn_ftrace").filter(|&s| s > 0 && s <= 256) else { return out };
    let mut seen = HashSet::new();
    let mut at = kernel.space.read_ptr(head).ok();
    while let Some(page) = at.filter(|a| !a.is_null()) {
        if !seen.insert(page) || seen.len() > MOST_GROUPS {
            lost.push(format!("the records of trace sites run in a circle at {page}"));
            break;
        }
        let Some(block) = group.read_or(view, page, lost) else { break };
        let (Some(records), Some(count)) = (block.ptr(group.records), block.uint(group.count)) else { break };
        for i in 0..count.min(MOST_SITES) {
            let record = site.read(view, records.wrapping_add(umem::from(i * step)));
            let (Some(ip), Some(flags)) = (record.ptr(site.ip), record.uint(site.flags)) else {
                lost.push(format!("records of trace sites at {records} are not in the image"));
                break;
            };
            out.extend(patch(owners, ip, flags));
        }
        at = block.ptr(group.next);
    }
    out
}

fn patch(owners: &Owners<'_>, ip: VirtAddr, flags: u64) -> Option<Patch> {
    let kind = owners.kind(ip);
    // What was freed after the boot, or belongs to a module that is gone.
    if !matches!(kind, OwnerKind::Kernel | OwnerKind::Module) || flags & DISABLED != 0 {
        return None;
    }
    let mut bytes = [0u8; SITE];
    owners.kernel().space.read_exact(ip, &mut bytes).ok()?;
    let (&code, rest) = bytes.split_first()?;
    let target = |rest: &[u8]| {
        let distance = i32::from_le_bytes(rest.try_into().ok()?);
        Some(number(ip).wrapping_add(5).wrapping_add_signed(i64::from(distance)))
    };
    let enabled = flags & ENABLED != 0;
    let (target, reason) = match (code, bytes) {
        // The no-operations of five bytes: of all x86-64, and of the first ones.
        (_, [0x0f, 0x1f, 0x44, 0x00, _] | [0x66, 0x66, 0x66, 0x66, 0x90] | [0x66, 0x66, 0x66, 0x90, _]) => return None,
        (0xe8, _) => {
            let target = VirtAddr::new(umem::from(target(rest)?));
            let reason = match owners.kind(target) {
                kind if kind.wild().is_some() => kind.wild(),
                OwnerKind::Module => Some("a trace site calls a module"),
                _ if !enabled => Some("a trace site calls although nothing traces it"),
                _ => None,
            };
            (Some(target), reason)
        }
        // A breakpoint stands there while the kernel itself changes a site.
        (0xcc, _) => return None,
        (0xe9, _) => (target(rest).map(|t| VirtAddr::new(umem::from(t))), Some("a trace site holds other code")),
        _ => (None, Some("a trace site holds other code")),
    };
    Some(Patch {
        what: "trace",
        address: ip,
        place: owners.of(ip),
        size: u64::try_from(SITE).unwrap_or(0),
        bytes: bytes.to_vec(),
        owner: target.map(|t| owners.of(t)),
        target,
        reason,
    })
}
