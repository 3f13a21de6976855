//! Xen: ELF cores of its guests, as `xl dump-core` writes them, and its notes in dumps of a host.
//!
//! Xen's `docs/misc/dump-core-format.txt` and `tools/libs/ctrl/xc_core.h`: no segments, but sections. `.xen_pages` holds pages; which ones
//! says `.xen_pfn` (u64 each) for a guest whose addresses Xen translates (HVM, PVH), or `.xen_p2m` (the guest's page number and the
//! machine's, u64 each) for a paravirtual one.

use super::detect::Parsed;
use super::fields::Fields;
use super::open::CpuState;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{VirtAddr, umem};

/// Notes of `.note.Xen`: XEN_ELFNOTE_DUMPCORE_HEADER and XEN_ELFNOTE_DUMPCORE_XEN_VERSION.
const NOTE_HEADER: u32 = 0x200_0001;
const NOTE_VERSION: u32 = 0x200_0002;
/// `XC_CORE_MAGIC` and `XC_CORE_MAGIC_HVM`.
const MAGIC_PV: u64 = 0xf00f_ebed;
const MAGIC_HVM: u64 = 0xf00f_ebee;
/// Sections beyond these are not looked at; there are some ten.
const MOST_SECTIONS: u64 = 4096;
/// Pages beyond these are not used: 256 GiB that lie in no order.
const MOST_PAGES: u64 = 1 << 26;
const MOST_CPUS: u64 = 1 << 12;
/// `sizeof(vcpu_guest_context)` of x86-64, and where in it the general registers and CR0 stand (xen/include/public/arch-x86/xen.h).
const CONTEXT: u64 = 5168;
const USER_REGS: u64 = 520;
const CONTROL: u64 = 4984;

/// What the ELF header says of its sections.
pub(super) struct Table {
    pub wide: bool,
    /// e_shoff, e_shentsize, e_shnum, e_shstrndx.
    pub offset: u64,
    pub entry: u64,
    pub count: u64,
    pub names: u64,
}

/// A section: its offset and size in the file.
#[derive(Clone, Copy)]
struct Section {
    offset: u64,
    size: u64,
}

impl Table {
    /// The table as the ELF header in `data` names it.
    pub(super) fn read(data: &[u8], wide: bool, big: bool) -> Option<Self> {
        let f = Fields::new(data, big);
        // Offsets in Elf32_Ehdr and Elf64_Ehdr.
        let [offset, entry, count, names] = if wide { [40, 58, 60, 62] } else { [32, 46, 48, 50] };
        let mut table = Self {
            wide,
            offset: f.word(offset, wide)?,
            entry: f.u16(entry)?.into(),
            count: f.u16(count)?.into(),
            names: f.u16(names)?.into(),
        };
        // More than a u16 can say stands in section 0's size.
        if table.count == 0 && table.offset != 0 {
            table.count = f.word(table.offset.checked_add(if wide { 32 } else { 20 })?, wide)?;
        }
        Some(table)
    }

    fn section(&self, f: &Fields<'_>, index: u64) -> Option<(u64, Section)> {
        let at = self.offset.checked_add(index.checked_mul(self.entry)?)?;
        // Offsets in Elf32_Shdr and Elf64_Shdr.
        let [offset, size] = if self.wide { [24, 32] } else { [16, 20] };
        let name = u64::from(f.u32(at)?);
        Some((
            name,
            Section { offset: f.word(at.checked_add(offset)?, self.wide)?, size: f.word(at.checked_add(size)?, self.wide)? },
        ))
    }

    /// The section called `name`.
    fn find(&self, f: &Fields<'_>, name: &[u8]) -> Option<Section> {
        let (_, names) = self.section(f, self.names)?;
        (0..self.count.min(MOST_SECTIONS)).find_map(|i| {
            let (at, section) = self.section(f, i)?;
            let text = f.bytes(names.offset.checked_add(at)?, u64::try_from(name.len()).ok()? + 1)?;
            (text.split_last() == Some((&0, name))).then_some(section)
        })
    }
}

/// What `.note.Xen` says.
#[derive(Default)]
struct Header {
    magic: u64,
    cpus: u64,
    pages: u64,
    page_size: u64,
    version: Option<(u64, u64)>,
}

fn header(f: &Fields<'_>, section: Section) -> Header {
    let mut header = Header::default();
    let end = section.offset.saturating_add(section.size);
    let mut at = section.offset;
    while at < end {
        let read = || Some((f.u32(at)?, f.u32(at.checked_add(4)?)?, f.u32(at.checked_add(8)?)?));
        let Some((name, desc, kind)) = read() else { break };
        let start = at + 12 + u64::from(name).next_multiple_of(4);
        let word = |i: u64| f.u64(start.checked_add(i * 8)?);
        match kind {
            NOTE_HEADER => {
                let field = |i| word(i).unwrap_or(0);
                (header.magic, header.cpus, header.pages, header.page_size) = (field(0), field(1), field(2), field(3));
            }
            NOTE_VERSION => header.version = word(0).zip(word(1)),
            _ => {}
        }
        at = start + u64::from(desc).next_multiple_of(4);
    }
    header
}

/// Where the page of each entry lies in memory.
enum Map {
    /// `.xen_pfn`: one number for each page.
    Pfn(Section),
    /// `.xen_p2m`: two, of which the second is the machine's.
    P2m(Section),
}

/// Whether the ELF file has the sections of a Xen guest's core.
pub(super) fn has_sections(data: &[u8], wide: bool, big: bool) -> bool {
    Table::read(data, wide, big).is_some_and(|t| t.find(&Fields::new(data, big), b".xen_pages").is_some())
}

/// Reads the core of a Xen guest into `parsed`.
///
/// # Errors
/// When a section that is needed is not there.
pub(super) fn parse(data: &[u8], wide: bool, big: bool, parsed: &mut Parsed) -> Result<()> {
    let f = Fields::new(data, big);
    let missing = |name: &str| {
        Error::new(
            Layer::Image,
            ErrorKind::Malformed,
            format!("a Xen core without the section {name}, which says where its memory lies"),
        )
        .at(At::File(0))
        .hint("the file is damaged or was cut short: copy it again")
    };
    let table = Table::read(data, wide, big).ok_or_else(|| missing(".xen_pages"))?;
    let pages = table.find(&f, b".xen_pages").ok_or_else(|| missing(".xen_pages"))?;
    let head = table.find(&f, b".note.Xen").map(|s| header(&f, s)).unwrap_or_default();
    let map = match (table.find(&f, b".xen_pfn"), table.find(&f, b".xen_p2m")) {
        (Some(s), _) => Map::Pfn(s),
        (None, Some(s)) => Map::P2m(s),
        (None, None) => return Err(missing(".xen_pfn")),
    };
    let page = match head.page_size {
        n if n.is_power_of_two() && (4096..=65536).contains(&n) => n,
        n => {
            parsed.warnings.push(format!("the Xen core's header says pages of {n} bytes; 4096 were assumed"));
            4096
        }
    };
    let (section, width) = match map {
        Map::Pfn(s) => (s, 8),
        Map::P2m(s) => (s, 16),
    };
    let entries = section.size / width;
    let there = pages.size.min(f.len().saturating_sub(pages.offset)) / page;
    if there < entries || pages.size / page != entries {
        parsed.warnings.push(format!(
            "the Xen core lists {entries} pages; {} have room in .xen_pages, and {there} are in the file",
            pages.size / page
        ));
    }
    place(&f, parsed, &map, (section, width), pages.offset, page, entries.min(there));
    let kind = match (head.magic, &map) {
        (MAGIC_HVM, _) | (_, Map::Pfn(_)) => "HVM or PVH",
        (MAGIC_PV, Map::P2m(_)) | (_, Map::P2m(_)) => "paravirtual",
    };
    parsed.detail("xen_guest", kind);
    if let Map::P2m(_) = map {
        parsed.warnings.push(
            "a paravirtual Xen guest: its page tables hold machine addresses, and so do the addresses here; page numbers of the guest itself \
             are others"
                .to_owned(),
        );
    }
    parsed.detail("xen_pages", entries);
    if head.pages != 0 && head.pages != entries {
        parsed.warnings.push(format!("the Xen core's header says {} pages, its list has {entries}", head.pages));
    }
    if let Some((major, minor)) = head.version {
        parsed.detail("xen_version", format!("{major}.{minor}"));
    }
    if let Some(s) = table.find(&f, b".xen_prstatus").filter(|_| parsed.machine.as_deref() == Some("x86_64")) {
        parsed.cpus = cpus(&f, s, head.cpus);
    }
    Ok(())
}

/// Claims the pages; those that follow each other in memory and file as one.
fn place(f: &Fields<'_>, parsed: &mut Parsed, map: &Map, (section, width): (Section, u64), first: u64, page: u64, count: u64) {
    let (mut absent, mut wrong) = (0u64, 0u64);
    let mut run: Option<(u64, u64, u64)> = None;
    if count > MOST_PAGES {
        parsed.warnings.push(format!("only the first {MOST_PAGES} of {count} pages of the Xen core are used"));
    }
    for i in 0..count.min(MOST_PAGES) {
        let at = section.offset.saturating_add(i * width);
        let number = match map {
            Map::Pfn(_) => f.u64(at),
            Map::P2m(_) => at.checked_add(8).and_then(|at| f.u64(at)),
        };
        // The list itself is cut.
        let Some(number) = number else {
            parsed.warnings.push(format!("the Xen core's list of pages ends at file offset {at:#x}, after {i} of {count} pages"));
            break;
        };
        let offset = first.saturating_add(i * page);
        let start = match number.checked_mul(page).filter(|s| s.checked_add(page).is_some()) {
            Some(start) => start,
            None => {
                // ~0: no page was there.
                absent += u64::from(number == u64::MAX);
                wrong += u64::from(number != u64::MAX);
                continue;
            }
        };
        match &mut run {
            Some((s, o, n)) if s.checked_add(*n) == Some(start) && o.checked_add(*n) == Some(offset) => *n += page,
            _ => {
                if let Some((s, o, n)) = run.replace((start, offset, page)) {
                    parsed.claim(s, n, o);
                }
            }
        }
    }
    if let Some((s, o, n)) = run {
        parsed.claim(s, n, o);
    }
    if absent > 0 {
        parsed.detail("not_dumped", format!("{absent} pages that the guest did not have"));
    }
    if wrong > 0 {
        parsed
            .warnings
            .push(format!("{wrong} pages of the Xen core have numbers beyond the last physical address and were left out"));
    }
}

/// `vcpu_guest_context` of x86-64, one per processor.
fn cpus(f: &Fields<'_>, section: Section, claimed: u64) -> Vec<CpuState> {
    const NAMES: [&str; 15] = ["r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di"];
    // Behind them a word of entry vector, then rip, cs, rflags, rsp, ss.
    const BEHIND: [(&str, u64); 5] = [("ip", 16), ("cs", 17), ("flags", 18), ("sp", 19), ("ss", 20)];
    let count = (section.size / CONTEXT).min(claimed).min(MOST_CPUS);
    (0..count)
        .filter_map(|i| {
            let bytes = f.bytes(section.offset.checked_add(i * CONTEXT)?, CONTEXT)?;
            let c = Fields::new(bytes, false);
            let general = NAMES.into_iter().zip(0u64..).chain(BEHIND);
            let registers = general.filter_map(|(name, i)| {
                let at = USER_REGS + i * 8;
                // Of a selector's word only the lower half is the selector.
                let value = if matches!(name, "cs" | "ss") { c.u16(at).map(u64::from) } else { c.u64(at) };
                Some((name, value?))
            });
            Some(CpuState {
                root: c.u64(CONTROL + 24),
                cr0: c.u64(CONTROL),
                cr4: c.u64(CONTROL + 32),
                instruction_pointer: c.u64(USER_REGS + 16 * 8).map(|p| VirtAddr::new(umem::from(p))),
                registers: registers.collect(),
                ..CpuState::default()
            })
        })
        .collect()
}
