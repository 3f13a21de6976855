#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::unnecessary_cast)]

use super::*;
use crate::engine::{AddressSpace, FileNumber, PagePlace, PageRun, Pager};
use crate::os::windows::testkit::{Kit, ROOT, bits};
use std::ops::ControlFlow;

/// The process, its descriptors, and the prototype entries and subsections of the section that it maps.
const PROCESS: u64 = 0x1_0000;
const VADS: u64 = 0x2_0000;
const PROTOTYPES: u64 = 0x3_0000;
const MORE: u64 = 0x3_4000;
const SUBSECTIONS: u64 = 0x4_0000;
/// What is mapped: pages of the section, the first of it at `MAPPED`; private memory, all committed; private memory, not committed.
const MAPPED: u64 = 0x7ff0_0000_0000;
const COMMITTED: u64 = 0x1_0000_0000;
const RESERVED: u64 = 0x2_0000_0000;
/// Pages of the section: four by the first prototype entries, four by those of the next part.
const PART: u64 = 4;
/// Pages with known first bytes.
const CONTENT: [u64; 2] = [0x5_0000, 0x5_1000];

const TRANSITION: u64 = 1 << 11;
const PROTOTYPE: u64 = 1 << 10;

fn va(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}

/// A descriptor: first page, pages, flags beside the protection, and the node that follows.
fn vad(kit: &mut Kit, at: u64, first: u64, pages: u64, private: bool, committed: bool, next: u64) {
    let o = kit.o;
    let width = kit.width();
    kit.word(at, 0);
    kit.word(at + width, next);
    let (low, last) = (first >> 12, (first >> 12) + pages - 1);
    kit.put(at + o.vad.first.unwrap().offset as u64, &(low as u32).to_le_bytes());
    kit.put(at + o.vad.first_high.unwrap().offset as u64, &[(low >> 32) as u8]);
    kit.put(at + o.vad.last.unwrap().offset as u64, &(last as u32).to_le_bytes());
    kit.put(at + o.vad.last_high.unwrap().offset as u64, &[(last >> 32) as u8]);
    let flags = u32::from(private) << bits(o.vad_flags.private).0 | 4 << bits(o.vad_flags.protection).0;
    kit.put(at + o.vad.flags.unwrap().offset as u64, &flags.to_le_bytes());
    kit.put(at + o.vad.flags1.unwrap().offset as u64, &(u32::from(committed) << 31 | 3).to_le_bytes());
}

/// A process with the regions above; its prototype entries are zeros.
fn kit() -> Kit {
    let mut kit = Kit::new("10.0.19041", true);
    let o = kit.o;
    let process = kit.at(PROCESS);
    kit.set(process, o.kprocess.dtb, ROOT);
    kit.set(process, o.process.vad_root, kit.at(VADS));
    kit.list(&[process]);
    let [committed, mapped, reserved] = [0, 1, 2].map(|n| kit.at(VADS) + n * 0x200);
    vad(&mut kit, committed, COMMITTED, 4, true, true, mapped);
    vad(&mut kit, mapped, MAPPED, 2 * PART, false, false, reserved);
    vad(&mut kit, reserved, RESERVED, 4, true, false, 0);
    let (first, parts) = (kit.at(PROTOTYPES), kit.at(SUBSECTIONS));
    kit.set(mapped, o.long_vad.prototypes, first);
    kit.set(mapped, o.long_vad.last_prototype, first + (PART - 1) * 8);
    kit.set(mapped, o.long_vad.subsection, parts);
    for (part, base, next) in [(parts, first, parts + 0x100), (parts + 0x100, kit.at(MORE), 0)] {
        kit.set(part, o.subsection.base, base);
        kit.put(part + o.subsection.entries.unwrap().offset as u64, &(PART as u32).to_le_bytes());
        kit.set(part, o.subsection.next, next);
    }
    kit.put(kit.at(PROTOTYPES), &[0]);
    kit.put(kit.at(MORE), &[0]);
    for (i, at) in CONTENT.into_iter().enumerate() {
        kit.put(kit.at(at), &[0x51 + i as u8; 16]);
    }
    kit
}

struct File;

impl Pager for File {
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> Result<crate::engine::Said, crate::engine::Said> {
        let FaultReason::PageFile(PagePlace { file: Some(1), page: Some(0x1d18) }) = reason else { return Err("".into()) };
        page.fill(0x77);
        Ok("a file".into())
    }
}

const ENTRIES: WindowsEntries = WindowsEntries { file: FileNumber::High, mask: Some(0), store: Some(2), vista: true };

/// The process's space over both kinds of memory.
fn spaces(kit: &Kit, entries: &[(u64, u32, u64)]) -> [AddressSpace; 2] {
    [true, false].map(|mapped| {
        let kernel = kit.paged(entries, mapped);
        let space = kernel.space.clone().with_software(Software::Windows(ENTRIES)).with_pager(Arc::new(File));
        let shared = Shared::new(Kernel { space: space.clone(), ..kernel });
        space.with_resolver(Arc::new(shared))
    })
}

/// Where an address lies, or why nowhere, by `explain`; what translates and reads must agree.
fn whereto(space: &AddressSpace, at: u64) -> Result<u64, FaultReason> {
    let explained = space.explain(va(at)).outcome;
    let one = space.translate_one(va(at));
    assert_eq!(one.as_ref().ok(), explained.as_ref().ok());
    assert_eq!(one.err().map(|f| f.reason), explained.err().map(|f| f.reason));
    let mut ops = [memsh_plugin::TranslateOp::new(va(at))];
    space.translate_batch(&mut ops);
    assert_eq!(ops[0].status.is_done(), explained.is_ok());
    explained.map(|t| t.phys.value() as u64).map_err(|f| f.reason)
}

fn runs(space: &AddressSpace, first: u64, last: u64) -> Vec<(u64, u64, u64)> {
    let mut out = Vec::new();
    space.runs(va(first), va(last), &mut |group: &[PageRun]| {
        out.extend(group.iter().map(|r| (r.virt.value() as u64, r.phys.value() as u64, r.size as u64)));
        ControlFlow::Continue(())
    });
    out
}

/// An entry that names a prototype entry.
fn link(at: u64) -> u64 {
    at << 16 | PROTOTYPE | 0x80
}

#[test]
fn a_link_leads_to_the_page_of_the_prototype_entry() {
    let mut kit = kit();
    let proto = kit.at(PROTOTYPES) + 0x800;
    let frames = CONTENT.map(|c| kit.frame(kit.at(c)));
    let values = [frames[0] | 0x121, frames[1] | TRANSITION | 0x80, 0x1d18_0000_1080, link(0xffff_8a01_2345_6780), 0, 0x80];
    for (i, value) in values.into_iter().enumerate() {
        kit.put(proto + i as u64 * 8, &u64::to_le_bytes(value));
    }
    // Addresses without a region: the links alone count.
    let base = 0x4_0000_0000u64;
    let entries: Vec<_> = (0..6).map(|i| (base + i * 4096, 12, link(proto + i * 8))).collect();
    for space in spaces(&kit, &entries) {
        assert_eq!(whereto(&space, base + 5), Ok(frames[0] + 5));
        assert_eq!(whereto(&space, base + 4096), Ok(frames[1]));
        let place = PagePlace { file: Some(1), page: Some(0x1d18) };
        assert_eq!(whereto(&space, base + 2 * 4096), Err(FaultReason::PageFile(place)));
        assert_eq!(whereto(&space, base + 3 * 4096), Err(FaultReason::Prototype(Prototype::InFile)));
        assert_eq!(whereto(&space, base + 4 * 4096), Err(FaultReason::Prototype(Prototype::Empty)));
        assert_eq!(whereto(&space, base + 5 * 4096), Err(FaultReason::DemandZero));
        let mut bytes = [0; 3 * 4096];
        space.read_exact(va(base), &mut bytes).unwrap();
        assert_eq!((bytes[0], bytes[4096], bytes[2 * 4096]), (0x51, 0x52, 0x77));
        assert!(space.read_u8(va(base + 3 * 4096)).is_err());
        // The two frames are neighbours.
        assert_eq!(runs(&space, base, base + 0xffff), [(base, frames[0], 0x2000)]);
        let explained = space.explain(va(base));
        assert_eq!(explained.via, Some(va(proto)));
        let step = explained.steps.last().unwrap();
        assert_eq!((step.table_name, step.entry_address), ("prototype", kit.frame(proto)));
        assert_eq!((step.entry, step.page), (Some(frames[0] | 0x121), Some(frames[0])));
        let said = space.explain(va(base + 3 * 4096)).outcome.unwrap_err().to_string();
        assert!(said.starts_with("shared, and in the file that is mapped") && said.contains("prototype entry at"), "{said}");
    }
}

#[test]
fn private_memory_that_nobody_wrote_to_is_zeros() {
    let mut kit = kit();
    // A page of the section whose prototype entry says zeros is nobody's own.
    kit.put(kit.at(PROTOTYPES), &u64::to_le_bytes(0x80));
    let outside = 0x5_0000_0000u64;
    let kernel = kit.at(0x70_0000);
    // Reserved, but this page was committed; one that was given back; one of which nothing is said; one in no region; one of the kernel.
    let entries = [(RESERVED, 12, 0x80), (RESERVED + 0x1000, 12, 0x200), (outside, 12, 0x80), (kernel, 12, 0x80)];
    for space in spaces(&kit, &entries) {
        let read = |at: u64| space.read_u64(va(at)).ok();
        assert_eq!([read(COMMITTED), read(COMMITTED + 0x3ff8), read(RESERVED)], [Some(0); 3]);
        // They are still in no frame.
        assert_eq!(whereto(&space, COMMITTED), Err(FaultReason::DemandZero));
        assert_eq!(whereto(&space, RESERVED), Err(FaultReason::DemandZero));
        assert_eq!(whereto(&space, RESERVED + 0x1000), Err(FaultReason::NotPresent));
        for at in [RESERVED + 0x1000, RESERVED + 0x2000, outside, kernel, MAPPED, COMMITTED + 0x4000] {
            assert_eq!(read(at), None, "{at:#x}");
        }
        assert!(space.elsewhere(va(COMMITTED)).unwrap().unwrap().contains("zeros"));
        // A read over pages of all kinds says which are missing.
        let mut bytes = [1u8; 0x6000];
        let gaps = space.read_gaps(va(RESERVED), &mut bytes[..0x2000]);
        assert_eq!((gaps.bytes(), bytes[0]), (0x1000, 0));
        // Nothing is mapped there.
        assert!(runs(&space, COMMITTED, COMMITTED + 0x3fff).is_empty());
    }
}

#[test]
fn an_empty_entry_is_what_the_region_says() {
    let mut kit = kit();
    let frames = CONTENT.map(|c| kit.frame(kit.at(c)));
    kit.put(kit.at(PROTOTYPES) + 8, &u64::to_le_bytes(frames[0] | 0x121));
    kit.put(kit.at(MORE) + 16, &u64::to_le_bytes(frames[1] | 0x121));
    // One page has a copy of its own, one says that the region knows it.
    let own = kit.frame(kit.at(PROCESS));
    let entries = [(MAPPED, 12, own | 7), (MAPPED + 0x6000, 12, 0xffff_ffff_0000_0480), (COMMITTED + 0x1000, 12, 0x80)];
    for space in spaces(&kit, &entries) {
        assert_eq!(whereto(&space, MAPPED), Ok(own));
        assert_eq!(whereto(&space, MAPPED + 0x1001), Ok(frames[0] + 1));
        assert_eq!(whereto(&space, MAPPED + 0x2000), Err(FaultReason::Prototype(Prototype::Empty)));
        assert_eq!(whereto(&space, MAPPED + 0x6000), Ok(frames[1]));
        assert_eq!(whereto(&space, MAPPED + 2 * PART * 4096), Err(FaultReason::NotPresent));
        assert_eq!(whereto(&space, COMMITTED), Err(FaultReason::DemandZero));
        assert_eq!(whereto(&space, COMMITTED + 0x1000), Err(FaultReason::DemandZero));
        assert_eq!(whereto(&space, RESERVED), Err(FaultReason::NotPresent));
        assert_eq!(space.read_u8(va(MAPPED + 0x1000)).unwrap(), 0x51);
        let found = runs(&space, 0, 0x7fff_ffff_ffff);
        assert_eq!(found, [(MAPPED, own, 0x1000), (MAPPED + 0x1000, frames[0], 0x1000), (MAPPED + 0x6000, frames[1], 0x1000)]);
        // Cut at both ends.
        assert_eq!(runs(&space, MAPPED + 0x1800, MAPPED + 0x1fff), [(MAPPED + 0x1800, frames[0] + 0x800, 0x800)]);
        // The caller may want no more.
        let mut calls = 0;
        let walked = space.runs(va(0), va(0x7fff_ffff_ffff), &mut |_| {
            calls += 1;
            ControlFlow::Break(())
        });
        assert_eq!((calls, walked.cut), (1, true));
    }
}

#[test]
fn links_that_lead_nowhere_or_in_circles_end() {
    let mut kit = kit();
    let proto = kit.at(PROTOTYPES);
    let [gone, circle] = [kit.at(0x9_0000), kit.at(0xa_0000)];
    let base = 0x4_0000_0000u64;
    let entries = [
        // To a process's own memory, to nothing, to what is no multiple of an entry's size, and to a page that is where it leads itself.
        (base, 12, link(0x1_0000_0000)),
        (base + 0x1000, 12, link(gone)),
        (base + 0x2000, 12, link(proto + 4)),
        (base + 0x3000, 12, link(circle)),
        (circle, 12, link(circle)),
        // In transition, but there is no such frame.
        (base + 0x4000, 12, 0x7fff_ffff_f000 | TRANSITION),
    ];
    // A part of the section that follows itself, far from the page that is looked for.
    let o = kit.o;
    let parts = kit.at(SUBSECTIONS);
    kit.set(parts, o.subsection.next, parts);
    kit.put(parts + o.subsection.entries.unwrap().offset as u64, &0u32.to_le_bytes());
    for space in spaces(&kit, &entries) {
        let prototype = |p| Err(FaultReason::Prototype(p));
        assert_eq!(whereto(&space, base), prototype(Prototype::Unknown));
        assert_eq!(whereto(&space, base + 0x1000), prototype(Prototype::Unreadable));
        assert_eq!(whereto(&space, base + 0x2000), prototype(Prototype::Unknown));
        assert_eq!(whereto(&space, base + 0x3000), prototype(Prototype::Unreadable));
        assert_eq!(whereto(&space, circle), prototype(Prototype::Unreadable));
        assert_eq!(whereto(&space, base + 0x4000), Err(FaultReason::Transition));
        assert_eq!(whereto(&space, MAPPED + 0x7000), prototype(Prototype::Unknown));
        assert_eq!(runs(&space, base, base + 0xffff), []);
        assert_eq!(runs(&space, MAPPED, MAPPED + 0xffff), []);
    }
}

#[test]
fn a_region_of_128_tib_ends() {
    let mut kit = kit();
    let o = kit.o;
    let frame = kit.frame(kit.at(CONTENT[0]));
    let only = kit.at(VADS);
    vad(&mut kit, only, 0, 0x7_ffff_ffff, false, false, 0);
    let first = kit.at(PROTOTYPES);
    kit.set(only, o.long_vad.prototypes, first);
    kit.set(only, o.long_vad.last_prototype, u64::MAX - 7);
    kit.put(first + 0x18, &u64::to_le_bytes(frame | 0x121));
    for space in spaces(&kit, &[]) {
        assert_eq!(runs(&space, 0, 0x7fff_ffff_ffff).first(), Some(&(0x3000, frame, 0x1000)));
    }
}

#[test]
fn page_tables_in_transition_are_followed() {
    let mut kit = kit();
    let o = kit.o;
    kit.set(kit.at(PROCESS), o.process.vad_root, 0);
    let frame = kit.frame(kit.at(CONTENT[0]));
    // The page of prototype entries serves as a table: its first entry is a page on its way out.
    kit.put(kit.at(PROTOTYPES), &(frame | TRANSITION | 0x80).to_le_bytes());
    let table = kit.frame(kit.at(PROTOTYPES));
    let base = 0x4_0000_0000u64;
    let entries = [
        (base, 21, table | TRANSITION | 0x80),
        (base + (1 << 30), 30, 0x7fff_ffff_f000 | TRANSITION),
        (base + (2 << 30), 30, 0x1d18_0000_1080),
        // A table that is its own table below.
        (base + (1 << 39), 39, ROOT | TRANSITION),
    ];
    for space in spaces(&kit, &entries) {
        assert_eq!(whereto(&space, base + 7), Ok(frame + 7));
        assert_eq!(whereto(&space, base + 0x1000), Err(FaultReason::NotPresent));
        let steps = space.explain(va(base)).steps;
        assert_eq!(steps[2].next, Some(table));
        assert_eq!(whereto(&space, base + (1 << 30)), Err(FaultReason::Transition));
        let place = PagePlace { file: Some(1), page: Some(0x1d18) };
        assert_eq!(whereto(&space, base + (2 << 30)), Err(FaultReason::PageFile(place)));
        assert_eq!(runs(&space, base, base + (1 << 31)), [(base, frame, 0x1000)]);
        let mut pages = 0;
        let mut walk = |last| {
            space.runs(va(0), va(last), &mut |group| {
                pages += group.len();
                ControlFlow::Continue(())
            })
        };
        assert_eq!(walk(base + (3 << 30)).missing_tables, 2);
        // Through the table that is its own.
        walk(0x7fff_ffff_ffff);
        assert!(pages > 2);
    }
}
