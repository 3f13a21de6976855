//! ELF core files that hold physical memory: QEMU's `dump-guest-memory`, `/proc/vmcore`, `makedumpfile -E`, VirtualBox.
//!
//! Offsets are those of the ELF specification (`Elf32_Ehdr`, `Elf64_Ehdr`, ...). Only `e_phoff` says where the program headers
//! are: QEMU writes an `e_ehsize` of 8 and puts them behind a section header. With 65535 segments or more `e_phnum` is 0xffff
//! and the number stands in `sh_info` of section header 0.

use super::detect::Parsed;
use super::fields::Fields;
use super::input::Input;
use super::notes::Notes;
use super::usercore;
use super::xen;
use crate::{At, Error, ErrorKind, Layer, Result};

pub(super) const EM_386: u16 = 3;
pub(super) const EM_ARM: u16 = 40;
pub(super) const EM_X86_64: u16 = 62;
pub(super) const EM_AARCH64: u16 = 183;
pub(super) const EM_RISCV: u16 = 243;

const ET_CORE: u16 = 4;
pub(super) const PT_LOAD: u32 = 1;
pub(super) const PT_NOTE: u32 = 4;
const PN_XNUM: u16 = 0xffff;

/// More segments than any writer makes (QEMU with paging on a large guest: some hundred thousand).
const MOST_SEGMENTS: u64 = 1 << 22;
/// Note segments beyond these are not read: a core has one.
const MOST_NOTES: usize = 64;

/// Whether `data` begins with `\x7fELF`.
pub(super) fn probe(data: &[u8]) -> bool {
    data.starts_with(b"\x7fELF")
}

fn damaged(why: impl Into<String>, at: u64) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why)
        .at(At::File(at))
        .hint("the file is damaged or was cut short: copy it again")
}

/// The ELF header, as far as memsh needs it.
pub(super) struct Header {
    pub(super) wide: bool,
    pub(super) big: bool,
    kind: u16,
    pub(super) machine: u16,
    phoff: u64,
    phentsize: u64,
    phnum: u64,
}

pub(super) struct Segment {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) virt: u64,
    phys: u64,
    pub(super) in_file: u64,
    pub(super) in_memory: u64,
}

impl Header {
    fn read(data: &[u8]) -> Result<Self> {
        let (wide, big) = match (data.get(4), data.get(5)) {
            (Some(class @ (1 | 2)), Some(order @ (1 | 2))) => (*class == 2, *order == 2),
            _ => return Err(damaged("the ELF header has no valid class and byte order", 4)),
        };
        let f = Fields::new(data, big);
        // Offsets in Elf32_Ehdr and Elf64_Ehdr.
        let [phoff, shoff, phentsize, phnum] = if wide { [32, 40, 54, 56] } else { [28, 32, 42, 44] };
        let read = || {
            Some((
                Header {
                    wide,
                    big,
                    kind: f.u16(16)?,
                    machine: f.u16(18)?,
                    phoff: f.word(phoff, wide)?,
                    phentsize: f.u16(phentsize)?.into(),
                    phnum: 0,
                },
                f.word(shoff, wide)?,
                f.u16(phnum)?,
            ))
        };
        let (mut header, shoff, phnum) =
            read().ok_or_else(|| damaged(format!("the file ends inside the ELF header ({} bytes)", data.len()), 0))?;
        header.phnum = match phnum {
            PN_XNUM if shoff != 0 => {
                let at = shoff.saturating_add(if wide { 44 } else { 28 });
                f.u32(at)
                    .ok_or_else(|| {
                        damaged("the number of ELF segments should stand in section header 0, which is not in the file", at)
                    })?
                    .into()
            }
            n => n.into(),
        };
        Ok(header)
    }

    /// Segment `index`; `None` when its header is not in the file.
    fn segment(&self, f: &Fields<'_>, index: u64) -> Option<Segment> {
        let at = self.phoff.checked_add(index.checked_mul(self.phentsize)?)?;
        let w = |at: u64| f.word(at, self.wide);
        // Offsets in Elf32_Phdr and Elf64_Phdr.
        let [offset, virt, phys, in_file, in_memory] = if self.wide { [8, 16, 24, 32, 40] } else { [4, 8, 12, 16, 20] };
        at.checked_add(64)?;
        Some(Segment {
            kind: f.u32(at)?,
            flags: f.u32(at + if self.wide { 4 } else { 24 })?,
            offset: w(at + offset)?,
            virt: w(at + virt)?,
            phys: w(at + phys)?,
            in_file: w(at + in_file)?,
            in_memory: w(at + in_memory)?,
        })
    }

    /// Every segment whose header is in the file, up to more than any writer makes.
    pub(super) fn segments(&self, f: &Fields<'_>) -> impl Iterator<Item = Segment> {
        (0..self.phnum.min(MOST_SEGMENTS)).map_while(|i| self.segment(f, i))
    }

    /// The address that stands for "none": the kernel's /proc/kcore gives it to what has no fixed physical address.
    const fn no_address(&self) -> u64 {
        if self.wide { u64::MAX } else { 0xffff_ffff }
    }
}

/// The name memsh gives an `e_machine`, or its number.
pub(super) fn machine_name(machine: u16, wide: bool) -> Result<&'static str, u16> {
    Ok(match (machine, wide) {
        (EM_386, _) => "x86",
        (EM_X86_64, _) => "x86_64",
        (EM_AARCH64, _) => "aarch64",
        (EM_ARM, _) => "arm",
        (EM_RISCV, true) => "riscv64",
        (EM_RISCV, false) => "riscv32",
        (8, _) => "mips",
        (20, _) => "ppc",
        (21, _) => "ppc64",
        (22, _) => "s390x",
        (258, _) => "loongarch",
        _ => return Err(machine),
    })
}

/// The error for an ELF file that is something else than a core.
fn not_a_core(kind: u16) -> Error {
    let (what, hint) = match kind {
        1 => ("a relocatable object (ET_REL), for example a kernel module file", "name the memory image instead"),
        2 => {
            ("an executable (ET_EXEC)", "name the memory image instead; if this is its kernel's vmlinux, give it with --symbols")
        }
        3 => (
            "a shared object or position-independent executable (ET_DYN)",
            "name the memory image instead; if this is its kernel's vmlinux, give it with --symbols",
        ),
        _ => ("of an unknown type", "memsh reads ELF files of type ET_CORE (4)"),
    };
    Error::new(Layer::Image, ErrorKind::Unsupported, format!("an ELF file, but not a core: it is {what}"))
        .at(At::File(16))
        .hint(hint)
}

/// What the walk over the segments counts.
#[derive(Default)]
struct Tally {
    loads: u64,
    unaddressed: u64,
    wrapping: u64,
    cut: u64,
    cut_bytes: u64,
    absent_bytes: u64,
    zero_address: u64,
}

/// What of a file elsewhere [`parse`] looks at: both headers and the notes.
#[cfg(feature = "http")]
pub(super) fn outline(sketch: &mut super::remote::Sketch<'_>) -> Result<()> {
    sketch.need(0, 64)?;
    let (Some(&class), Some(&order)) = (sketch.data().get(4), sketch.data().get(5)) else { return Ok(()) };
    let (wide, big) = (class == 2, order == 2);
    // Section header 0, which may have the number of segments.
    if let Some(shoff) = sketch.fields(big).word(if wide { 40 } else { 32 }, wide).filter(|&at| at != 0) {
        sketch.need(shoff, 64)?;
    }
    // What is wrong with the header `parse` will say.
    let Ok(header) = Header::read(sketch.data()) else { return Ok(()) };
    // A segment's header is at least as long as its fields.
    let len = header.phnum.min(MOST_SEGMENTS).saturating_mul(header.phentsize).saturating_add(64);
    sketch.need(header.phoff, len)?;
    let segments: Vec<(u32, u64, u64)> =
        header.segments(&sketch.fields(big)).map(|s| (s.kind, s.offset, s.in_file)).filter(|s| s.0 != 0).collect();
    if header.kind == ET_CORE && !segments.iter().any(|s| s.0 == PT_LOAD) {
        return Err(sketch.whole("an ELF core without segments of memory (as Xen writes it)"));
    }
    let mut notes = segments.iter().filter(|s| s.0 == PT_NOTE).take(MOST_NOTES);
    notes.try_for_each(|(_, offset, len)| sketch.need(*offset, *len))
}

/// Reads header, segments and notes.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    if !probe(data) {
        return Err(Error::new(Layer::Image, ErrorKind::Malformed, "no ELF header (7f 45 4c 46) at the beginning of the file")
            .at(At::File(0))
            .hint("leave --format away to let memsh find the format"));
    }
    let header = Header::read(data)?;
    if header.kind != ET_CORE {
        return Err(not_a_core(header.kind));
    }
    let f = Fields::new(data, header.big);
    let mut parsed = Parsed::new("elf");
    let least = if header.wide { 56 } else { 32 };
    if header.phnum > 0 && header.phentsize < least {
        return Err(damaged(format!("ELF program headers of {} bytes, should be {least}", header.phentsize), 0));
    }

    let mut notes = Notes::default();
    let mut note_segments = 0;
    let mut tally = Tally::default();
    let wanted = header.phnum.min(MOST_SEGMENTS);
    let mut seen = 0;
    while seen < wanted {
        let Some(segment) = header.segment(&f, seen) else { break };
        seen += 1;
        match segment.kind {
            PT_LOAD => load(&header, &f, &segment, &mut tally, &mut parsed),
            PT_NOTE if note_segments < MOST_NOTES => {
                note_segments += 1;
                let there = segment.in_file.min(f.len().saturating_sub(segment.offset));
                if let Some(bytes) = f.bytes(segment.offset, there) {
                    notes.add(bytes, header.big, header.wide, header.machine);
                }
            }
            _ => {}
        }
    }
    if seen < header.phnum {
        parsed.warnings.push(format!("only {seen} of {} ELF program headers are in the file", header.phnum));
    }
    if is_process(&notes, &tally) {
        return Ok(usercore::parse(&header, &f));
    }
    // Xen keeps a guest's memory in sections, without a single segment.
    let xen = tally.loads == 0 && xen::has_sections(data, header.wide, header.big);
    if !xen {
        judge(&header, &tally)?;
    }
    describe(&header, &tally, &mut parsed);

    match machine_name(header.machine, header.wide) {
        Ok(name) => parsed.machine = Some(name.to_owned()),
        Err(number) => parsed.warnings.push(format!("memsh has no name for the ELF machine {number}")),
    }
    for (name, found) in [
        ("note_vmcoreinfo", notes.vmcoreinfo.is_some()),
        ("note_qemu_cpu", !notes.qemu.is_empty()),
        ("note_virtualbox", notes.virtualbox),
        ("note_xen", notes.xen),
    ] {
        if found {
            parsed.details.push((name.into(), "yes".into()));
        }
    }
    notes.vbox.describe(&mut parsed);
    parsed.cpus = notes.cpus();
    if xen {
        xen::parse(data, header.wide, header.big, &mut parsed)?;
    } else if notes.xen {
        parsed.warnings.push(
            "a dump of a Xen host: addresses are the machine's, and the kernel in it (dom0) may be paravirtual, with addresses of its own"
                .to_owned(),
        );
    }
    parsed.vmcoreinfo = notes.vmcoreinfo;
    Ok(parsed)
}

fn load(header: &Header, f: &Fields<'_>, segment: &Segment, tally: &mut Tally, parsed: &mut Parsed) {
    tally.loads += 1;
    // Memory without bytes: pages the dumper left out (makedumpfile), which may have held anything.
    tally.absent_bytes = tally.absent_bytes.saturating_add(segment.in_memory.saturating_sub(segment.in_file));
    if segment.phys == header.no_address() {
        tally.unaddressed += 1;
        return;
    }
    tally.zero_address += u64::from(segment.phys == 0 && segment.virt != 0);
    let there = segment.in_file.min(f.len().saturating_sub(segment.offset));
    if there < segment.in_file {
        tally.cut += 1;
        tally.cut_bytes = tally.cut_bytes.saturating_add(segment.in_file - there);
    }
    if there == 0 {
        return;
    }
    if segment.phys.checked_add(there - 1).is_none() {
        tally.wrapping += 1;
        return;
    }
    parsed.claim(segment.phys, there, segment.offset);
}

impl Tally {
    /// Whether no segment says where in physical memory it lies.
    const fn unplaced(&self) -> bool {
        self.loads > 0 && self.zero_address + self.unaddressed == self.loads
    }
}

/// Whether this is the core of one user-mode process. The program of a /proc/kcore is the kernel.
fn is_process(notes: &Notes, tally: &Tally) -> bool {
    let machine = notes.vmcoreinfo.is_some() || !notes.qemu.is_empty() || notes.xen || notes.virtualbox;
    tally.unplaced() && !machine && (notes.process || notes.program.as_ref().is_some_and(|p| p != "vmlinux"))
}

/// Whether this core is one of physical memory at all.
fn judge(header: &Header, tally: &Tally) -> Result<()> {
    let refuse = |what: String, hint: &str| Err(Error::new(Layer::Image, ErrorKind::Unsupported, what).hint(hint));
    if tally.unplaced() && (tally.loads > 1 || tally.unaddressed > 0) {
        return refuse(
            format!("an ELF core whose {} segments carry no physical addresses", tally.loads),
            "it is a core of virtual memory (a user process, or an old /proc/kcore); memsh needs p_paddr",
        );
    }
    if tally.loads == 0 {
        let found =
            if header.phnum == 0 { "no segments".to_owned() } else { format!("{} segments, none of them PT_LOAD", header.phnum) };
        return Err(damaged(format!("an ELF core with {found}: there is no memory in it"), 0));
    }
    Ok(())
}

fn describe(header: &Header, tally: &Tally, parsed: &mut Parsed) {
    let class = if header.wide { "64-bit" } else { "32-bit" };
    let order = if header.big { "big-endian" } else { "little-endian" };
    parsed.details.push(("elf_class".into(), format!("{class} {order}")));
    parsed.details.push(("elf_segments".into(), tally.loads.to_string()));
    if tally.absent_bytes > 0 {
        parsed
            .details
            .push(("not_dumped".into(), format!("{} bytes (memory that the segments name without bytes)", tally.absent_bytes)));
    }
    if tally.cut > 0 {
        parsed.warnings.push(format!(
            "the file is truncated: {} of {} segments reach beyond its end, {} bytes are missing",
            tally.cut, tally.loads, tally.cut_bytes
        ));
    }
    if tally.wrapping > 0 {
        parsed.warnings.push(format!("{} segments run past the last physical address and were left out", tally.wrapping));
    }
    if tally.unaddressed > 0 {
        parsed.details.push(("virtual_only".into(), format!("{} segments without a physical address", tally.unaddressed)));
    }
}

/// What of a core's segments is physical memory, where its file can't be mapped: `/proc/kcore`.
pub(crate) struct Outline {
    /// Physical address, offset in the file, bytes.
    pub loads: Vec<(u64, u64, u64)>,
    /// Segments that have no physical address.
    pub unaddressed: u64,
    /// As memsh names it.
    pub machine: Option<&'static str>,
    /// Text of the VMCOREINFO note.
    pub vmcoreinfo: Option<Vec<u8>>,
}

/// Reads header, segments and notes of a core with `read`, which gives bytes of the file at an offset.
///
/// # Errors
/// Those of `read`; and when this is no core, or none with physical addresses.
pub(crate) fn outline_of(read: &mut dyn FnMut(u64, usize) -> Result<Vec<u8>>) -> Result<Outline> {
    let mut head = read(0, 64)?;
    if !probe(&head) {
        return Err(damaged("no ELF header (7f 45 4c 46) at the beginning of the file", 0));
    }
    let first = Header::read(&head)?;
    if first.kind != ET_CORE {
        return Err(not_a_core(first.kind));
    }
    let end = first.phnum.checked_mul(first.phentsize).and_then(|len| len.checked_add(first.phoff));
    let end = end.and_then(|end| usize::try_from(end).ok()).filter(|end| *end <= MOST_OUTLINE && first.phnum < PN_XNUM.into());
    let end = end.ok_or_else(|| damaged("the ELF program headers would be too long", first.phoff))?;
    head = read(0, end.max(64))?;
    let f = Fields::new(&head, first.big);
    let mut out = Outline { loads: Vec::new(), unaddressed: 0, machine: None, vmcoreinfo: None };
    out.machine = machine_name(first.machine, first.wide).ok();
    let (mut notes, mut zeros) = (Notes::default(), 0);
    for segment in first.segments(&f) {
        match segment.kind {
            PT_NOTE if notes.vmcoreinfo.is_none() => {
                let len = usize::try_from(segment.in_file).unwrap_or(usize::MAX).min(MOST_OUTLINE);
                // Notes that can't be read cost what they would have said.
                if let Ok(bytes) = read(segment.offset, len) {
                    notes.add(&bytes, first.big, first.wide, first.machine);
                }
            }
            PT_LOAD if segment.phys == first.no_address() => out.unaddressed += 1,
            PT_LOAD if segment.phys.checked_add(segment.in_file).is_some() => {
                zeros += u64::from(segment.phys == 0 && segment.virt != 0);
                out.loads.push((segment.phys, segment.offset, segment.in_file));
            }
            _ => {}
        }
    }
    out.vmcoreinfo = notes.vmcoreinfo;
    if out.loads.is_empty() || (out.loads.len() > 1 && zeros == u64::try_from(out.loads.len()).unwrap_or(0)) {
        return Err(Error::new(Layer::Image, ErrorKind::Unsupported, "a core whose segments carry no physical addresses")
            .hint("kernels before 4.11 write none into /proc/kcore, nor do cores of a process: memsh needs p_paddr"));
    }
    Ok(out)
}

/// Headers and notes of a core that can't be mapped are no longer than this.
const MOST_OUTLINE: usize = 4 << 20;
