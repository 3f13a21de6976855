//! Which type an object has.
//!
//! Up to Vista a header points to its `_OBJECT_TYPE`. Since Windows 7 it has an index into `ObTypeIndexTable`, which since
//! Windows 10 is mixed with the second byte of the header's own address and with `ObHeaderCookie`. Where the kernel's symbols are not
//! known, the table is put together from the types themselves, which know their index; and the cookie from System, which is a process.

use super::directory;
use super::header::{header_of, name_info};
use crate::engine::{ViewExt, to_u64};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::{Kernel, Reader};
use crate::os::windows::processes;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashMap;

/// Types that the kernel exports by the pointers to them.
const EXPORTED: &[(&str, &str)] = &[
    ("PsProcessType", "Process"),
    ("PsThreadType", "Thread"),
    ("PsJobType", "Job"),
    ("IoFileObjectType", "File"),
    ("IoDriverObjectType", "Driver"),
    ("IoDeviceObjectType", "Device"),
    ("ExEventObjectType", "Event"),
    ("ExSemaphoreObjectType", "Semaphore"),
    ("ExTimerObjectType", "Timer"),
    ("ExDesktopObjectType", "Desktop"),
    ("ExWindowStationObjectType", "WindowStation"),
    ("MmSectionObjectType", "Section"),
    ("CmKeyObjectType", "Key"),
    ("SeTokenObjectType", "Token"),
    ("LpcPortObjectType", "Port"),
    ("ObpDirectoryObjectType", "Directory"),
    ("ObpTypeObjectType", "Type"),
];

/// The index that the type Process has had since Windows 7.
const PROCESS: u8 = 7;
/// The first build of Windows 10.
const WITH_COOKIE: u32 = 9841;
/// Processes that a cookie is held against.
const SAMPLES: usize = 16;
/// A table with fewer types than this is looked for in the image, too.
const FEW: usize = 20;

/// How an index is written into a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// As it is.
    Plain,
    /// Mixed with this and the header's address.
    Mixed(u8),
}

impl Cookie {
    /// The index that the byte `raw` of the header at `header` stands for.
    pub(super) fn index(self, raw: u8, header: VirtAddr) -> u8 {
        match self {
            Cookie::Plain => raw,
            Cookie::Mixed(cookie) => raw ^ cookie ^ second_byte(header),
        }
    }
}

fn second_byte(at: VirtAddr) -> u8 {
    u8::try_from((at.value() >> 8) & 0xff).unwrap_or(0)
}

/// Types by what headers hold of them.
pub(super) struct TypeTable {
    cookie: Cookie,
    by_index: HashMap<u8, VirtAddr>,
    /// How they were found.
    pub(super) evidence: String,
}

/// The name of the `_OBJECT_TYPE` at `at`.
pub(super) fn name(kernel: &Kernel, at: VirtAddr) -> Option<String> {
    let (o, reader) = (&kernel.offsets.object_type, kernel.reader());
    let name = reader.unicode_at(at, o.name).filter(|n| (1..64).contains(&n.len()) && n.chars().all(|c| !c.is_control()));
    name.or_else(|| {
        // Its text may be paged out: the pointer to it says the same.
        let exported = |(symbol, _): &&(&str, &str)| kernel.address(symbol).and_then(|p| reader.ptr(p)) == Some(at);
        EXPORTED.iter().find(exported).map(|(_, name)| (*name).to_owned())
    })
}

/// The index that an `_OBJECT_TYPE` says it has.
fn own_index(kernel: &Kernel, at: VirtAddr) -> Option<u8> {
    let reader = kernel.reader();
    reader.plausible(at).then_some(())?;
    reader.u8_at(at, kernel.offsets.object_type.index)
}

fn exported(kernel: &Kernel, symbol: &str) -> Option<VirtAddr> {
    let reader = kernel.reader();
    reader.ptr(kernel.address(symbol)?).filter(|&p| reader.plausible(p))
}

impl TypeTable {
    pub(super) fn find(kernel: &Kernel) -> Self {
        if kernel.offsets.object_header.type_index.is_none() {
            let evidence = "headers point to their types".to_owned();
            return Self { cookie: Cookie::Plain, by_index: HashMap::new(), evidence };
        }
        let (cookie, how) = cookie(kernel);
        let mut by_index = HashMap::new();
        let mut sources = vec![how];
        let mut take = |source: &str, types: Vec<(u8, VirtAddr)>| {
            let before = by_index.len();
            for (index, at) in types {
                by_index.entry(index).or_insert(at);
            }
            if by_index.len() > before {
                sources.push(format!("{} types by {source}", by_index.len() - before));
            }
            by_index.len() < FEW
        };
        let named = kernel.address("ObTypeIndexTable").map(|at| slots(kernel, at)).unwrap_or_default();
        let _ = take("ObTypeIndexTable", named)
            && take("their directory", of_directory(kernel))
            && take("the table in the image", table_in_image(kernel))
            && take("exports", of_exports(kernel));
        Self { cookie, by_index, evidence: sources.join(", ") }
    }

    /// The types that are known.
    pub(super) fn all(&self, kernel: &Kernel) -> Vec<VirtAddr> {
        let mut out: Vec<VirtAddr> = match self.by_index.is_empty() {
            true => EXPORTED.iter().filter_map(|(symbol, _)| exported(kernel, symbol)).collect(),
            false => self.by_index.values().copied().collect(),
        };
        out.sort_unstable();
        out.dedup();
        out
    }

    /// The `_OBJECT_TYPE` of the object whose header lies at `header`.
    pub(super) fn of(&self, kernel: &Kernel, header: VirtAddr) -> Option<VirtAddr> {
        let (o, reader) = (&kernel.offsets.object_header, kernel.reader());
        match o.type_index {
            Some(member) => {
                let raw = reader.u8_at(header, Some(member))?;
                self.by_index.get(&self.cookie.index(raw, header)).copied()
            }
            None => reader.ptr_at(header, o.kind).filter(|&p| reader.plausible(p)),
        }
    }
}

/// How indices are written, by what is known of processes: the symbol, or what System's header must mean.
fn cookie(kernel: &Kernel) -> (Cookie, String) {
    let reader = kernel.reader();
    let member = kernel.offsets.object_header.type_index;
    let named = kernel.address("ObHeaderCookie").and_then(|at| kernel.space.read_u8(at).ok());
    let process = exported(kernel, "PsProcessType").and_then(|at| own_index(kernel, at)).unwrap_or(PROCESS);
    let raw = |object| {
        let header = header_of(kernel, object)?;
        Some((reader.u8_at(header, member)?, header))
    };
    let derived = raw(kernel.system).map(|(raw, header)| raw ^ second_byte(header) ^ process);
    let mut samples = processes::addresses(kernel, &mut Lost::default());
    samples.truncate(SAMPLES);
    samples.push(kernel.system);
    let agree = |cookie: Cookie| {
        samples.iter().filter_map(|&at| raw(at)).filter(|&(raw, header)| cookie.index(raw, header) == process).count()
    };
    let plain = (Cookie::Plain, "type indices as they are".to_owned());
    let named = named.map(|c| (Cookie::Mixed(c), format!("ObHeaderCookie {c:#04x} by its symbol")));
    let derived = derived.map(|c| (Cookie::Mixed(c), format!("ObHeaderCookie {c:#04x}, by System being a process")));
    // Of those that explain equally many, the first.
    let (first, last) = match kernel.build.number >= WITH_COOKIE {
        true => ([named, derived].into_iter().flatten().collect::<Vec<_>>(), vec![plain.clone()]),
        false => (vec![plain.clone()], [named, derived].into_iter().flatten().collect()),
    };
    let mut best: Option<(usize, (Cookie, String))> = None;
    for candidate in first.into_iter().chain(last) {
        let n = agree(candidate.0);
        if best.as_ref().is_none_or(|(most, _)| n > *most) {
            best = Some((n, candidate));
        }
    }
    best.map_or(plain, |(_, c)| c)
}

/// What a table holds: from the third slot on, each the type of that index.
fn slots(kernel: &Kernel, table: VirtAddr) -> Vec<(u8, VirtAddr)> {
    let reader = kernel.reader();
    let mut out = Vec::new();
    for index in 2..=u8::MAX {
        let Some(at) = reader.ptr(table.wrapping_add(reader.width() * umem::from(index))).filter(|p| !p.is_null()) else { break };
        if own_index(kernel, at) == Some(index) && name(kernel, at).is_some() {
            out.push((index, at));
        }
    }
    out
}

/// Types in the directory where the type Process is, `\ObjectTypes`.
fn of_directory(kernel: &Kernel) -> Vec<(u8, VirtAddr)> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let mut out = Vec::new();
    let Some(process) = exported(kernel, "PsProcessType") else { return out };
    let types = name_info(kernel, process).and_then(|info| reader.ptr_at(info, o.name_info.directory));
    let Some(types) = types.filter(|&d| reader.plausible(d)) else { return out };
    for at in directory::entries(kernel, types, &mut Lost::default()) {
        if let Some(index) = own_index(kernel, at).filter(|&i| i >= 2) {
            // A type's own name is that under which it stands in the directory.
            let listed = name_info(kernel, at).and_then(|info| reader.unicode_at(info, o.name_info.name));
            if listed.is_some() && listed == name(kernel, at) {
                out.push((index, at));
            }
        }
    }
    out
}

fn of_exports(kernel: &Kernel) -> Vec<(u8, VirtAddr)> {
    EXPORTED
        .iter()
        .filter_map(|(symbol, _)| exported(kernel, symbol))
        .filter_map(|at| Some((own_index(kernel, at).filter(|&i| i >= 2)?, at)))
        .collect()
}

/// No kernel's image is searched beyond this, in bytes.
const LARGEST: u64 = 64 << 20;

/// The table as it stands in the kernel's data: pointers to types in the order of their indices, around the one to Process.
fn table_in_image(kernel: &Kernel) -> Vec<(u8, VirtAddr)> {
    let Some(process) = exported(kernel, "PsProcessType") else { return Vec::new() };
    let Some(index) = own_index(kernel, process).filter(|&i| i >= 2) else { return Vec::new() };
    let width = kernel.reader().width();
    for hit in pointers_in_image(kernel, process) {
        let found = slots(kernel, hit.wrapping_sub(width * umem::from(index)));
        if found.len() >= usize::from(index) {
            return found;
        }
    }
    Vec::new()
}

/// Where in the kernel's image this pointer stands, aligned.
pub fn pointers_in_image(kernel: &Kernel, pointer: VirtAddr) -> Vec<VirtAddr> {
    let reader: Reader<'_> = kernel.reader();
    let width = if reader.width() == 8 { 8 } else { 4 };
    let wanted = to_u64(pointer.value()).unwrap_or(0).to_le_bytes();
    let wanted = wanted.get(..width).unwrap_or_default();
    let size = to_u64(kernel.image.size).unwrap_or(0).min(LARGEST);
    let mut out = Vec::new();
    let mut page = [0u8; 0x1000];
    for offset in (0..size).step_by(page.len()) {
        let at = kernel.image.base.wrapping_add(umem::from(offset));
        if kernel.space.read_exact(at, &mut page).is_err() {
            continue;
        }
        for (i, word) in page.chunks_exact(width).enumerate() {
            if word == wanted {
                let inside = u64::try_from(i * width).unwrap_or(0);
                out.push(at.wrapping_add(umem::from(inside)));
            }
        }
    }
    out
}
