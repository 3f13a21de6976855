//! Pages that no valid entry maps, in every release: on their way out, in a section that others map, in page files.

use crate::builders::windows::layout::{Layout, releases};
use crate::builders::windows::memory::{Mode, PAGE};
use crate::builders::windows::{Machine, Options, usual};
use crate::system::*;
use memsh::engine::{AddressSpace, FaultReason, ViewExt};
use memsh::image::{OpenOptions, open_bytes};
use memsh::os::{Hints, OsLayer, detect};
use memsh::{PhysAddr, umem};
use memsh_plugin::ProcessInfo;
use std::path::{Path, PathBuf};

/// `SwizzleBit` of builds that mask entries: these are not masked.
const SWIZZLE: u64 = 1 << 4;
const PROTOTYPE: u64 = 1 << 10;
const TRANSITION: u64 = 1 << 11;
/// The mapped file and the private memory of the usual machine.
const MAPPED: u64 = 0x60_0000;
const PRIVATE: u64 = 0x2_0000;

/// A frame filled with a byte.
fn frame(m: &mut Machine, byte: u8) -> u64 {
    let frame = m.memory.frame();
    m.memory.put_phys(frame, &[byte; PAGE as usize]);
    frame
}

/// `_MMPTE_SOFTWARE` of a page of page file 1, by the header of each time.
fn in_file(m: &Machine, page: u64) -> u64 {
    let number = if m.layout.build >= 17763 { 1 << 12 } else { 1 << 1 };
    let place = page << if m.memory.mode == Mode::X86 { 12 } else { 32 };
    number | (SWIZZLE * u64::from(m.layout.build >= 17134)) | place
}

/// `_MMPTE_PROTOTYPE` that names a prototype entry, or the one that says that the region does.
fn link(m: &Machine, at: Option<u64>) -> u64 {
    let swizzle = SWIZZLE * u64::from(m.layout.build >= 17134 && m.memory.mode != Mode::X86);
    PROTOTYPE
        | swizzle
        | match (m.memory.mode, at) {
            (Mode::X86, Some(at)) if m.layout.build >= 6000 => (at & 0x3fc) >> 1 | (at & 0x7fff_fc00) << 1,
            (Mode::X86, _) => 0xffff_f000,
            (_, None) => 0xffff_ffff_0000_0000,
            (Mode::Pae, Some(at)) => at << 32,
            (_, Some(at)) => at << 16,
        }
}

/// The machine with pages of explorer.exe changed: what they hold is the byte of the page's number, counted from 0xa0.
fn machine(layout: Layout, mode: Mode) -> (Machine, u64) {
    let mut m = usual::machine(layout, Options::new(mode));
    let (root, regions, nodes) = {
        let p = m.named("explorer.exe");
        (p.root, p.spec.regions.clone(), p.tree.nodes.clone())
    };
    let node = nodes[regions.iter().position(|r| r.start == MAPPED).unwrap()];
    let size: u64 = if mode == Mode::X86 { 4 } else { 8 };
    let prototypes = m.take(PAGE);
    let l = std::rc::Rc::clone(&m.layout);
    m.put_word(node + l.at("_MMVAD", "FirstPrototypePte"), prototypes);
    m.put_word(node + l.at("_MMVAD", "LastContiguousPte"), prototypes + 0x42 * size);
    let swizzle = SWIZZLE * u64::from(l.build >= 17134);
    let frames: Vec<u64> = (0xa0..0xa4).map(|byte| frame(&mut m, byte)).collect();
    let values = [frames[0] | 0x121, frames[1] | TRANSITION | swizzle, in_file(&m, 2), PROTOTYPE | 0x1_2340 << 12];
    for (i, value) in (0..).zip(values) {
        m.put(prototypes + i * size, &value.to_le_bytes()[..size as usize]);
        m.memory.set_entry(root, MAPPED + i * PAGE, 0);
    }
    let named = link(&m, Some(prototypes + size));
    m.memory.set_entry(root, MAPPED + PAGE, named);
    let by_region = link(&m, None);
    m.memory.set_entry(root, MAPPED + 2 * PAGE, by_region);
    m.memory.set_entry(root, PRIVATE + PAGE, frames[3] | TRANSITION | swizzle);
    let page = in_file(&m, 3);
    m.memory.set_entry(root, PRIVATE + 2 * PAGE, page);
    (m, root)
}

fn open(m: &Machine, pagefile: &[PathBuf]) -> OsLayer {
    let image = open_bytes(m.raw(), "tiny", &OpenOptions::default()).unwrap();
    found(detect(&image.memory, &Hints { pagefile: pagefile.to_vec(), ..Hints::default() }))
}

fn pagefile(folder: &Path, name: &str, first: u8) -> PathBuf {
    let pages: Vec<u8> = (first..first + 4).flat_map(|byte| [byte; PAGE as usize]).collect();
    std::fs::write(folder.join(name), pages).unwrap();
    folder.join(name)
}

fn byte(space: &AddressSpace, at: u64) -> Option<u8> {
    space.read_u8(virt(at + 7)).ok()
}

fn reason(space: &AddressSpace, at: u64) -> Option<&'static str> {
    space.translate_one(virt(at)).err().map(|f| f.reason.name())
}

fn check(layout: Layout, mode: Mode, files: &[PathBuf]) {
    let (m, root) = machine(layout, mode);
    let what = &format!("{} {mode:?}", m.layout.build);
    let process = ProcessInfo { dtb: Some(PhysAddr::new(umem::from(root))).into(), ..ProcessInfo::default() };
    let with = open(&m, files).process_space(&process).unwrap();
    let without = open(&m, &[]).process_space(&process).unwrap();
    // Windows 10 1803 changed the place of the file's number in an update.
    let known = m.layout.build != 17134;
    assert_eq!((byte(&with, MAPPED), byte(&with, MAPPED + PAGE)), (Some(0xa0), Some(0xa1)), "{what}");
    assert_eq!(byte(&with, MAPPED + 2 * PAGE), known.then_some(0xa2), "{what}");
    assert_eq!(byte(&with, PRIVATE + PAGE), Some(0xa3), "{what}");
    assert_eq!(byte(&with, PRIVATE + 2 * PAGE), known.then_some(0xa3), "{what}");
    assert_eq!((byte(&without, PRIVATE + 2 * PAGE), byte(&without, MAPPED + 2 * PAGE)), (None, None), "{what}");
    assert_eq!((reason(&with, MAPPED), reason(&with, MAPPED + PAGE)), (None, None), "{what}");
    assert_eq!(reason(&with, MAPPED + 2 * PAGE), Some("pagefile"), "{what}");
    assert_eq!((reason(&with, MAPPED + 3 * PAGE), byte(&with, MAPPED + 3 * PAGE)), (Some("prototype"), None), "{what}");
    assert_eq!(reason(&with, PRIVATE + 2 * PAGE), Some("pagefile"), "{what}");
    let fault = with.translate_one(virt(PRIVATE + 2 * PAGE)).unwrap_err();
    let FaultReason::PageFile(place) = fault.reason else { panic!("{what}: {fault}") };
    assert_eq!((place.file, place.page), (known.then_some(1), Some(3)), "{what}");
    assert!(with.explain(virt(MAPPED)).via.is_some() && with.explain(virt(PRIVATE + PAGE)).via.is_none(), "{what}");
    // Those that are in memory are among what is mapped.
    let mut pages = 0;
    with.runs(virt(MAPPED), virt(MAPPED + 4 * PAGE - 1), &mut |runs| {
        pages += runs.iter().map(|r| r.size as u64 / PAGE).sum::<u64>();
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(pages, 2, "{what}");
}

fn every(wide: bool) {
    let folder = tempfile::tempdir().unwrap();
    let files = [pagefile(folder.path(), "pagefile.sys", 0x10), pagefile(folder.path(), "swapfile.sys", 0xa0)];
    for release in releases(wide) {
        let build = release.split('.').nth(2).unwrap().parse::<u32>().unwrap();
        for mode in usual::modes(wide, build) {
            if build >= 2600 {
                check(Layout::of(wide, &release), mode, &files);
            }
        }
    }
}

#[test]
fn pages_of_sections_and_page_files_of_64_bits() {
    every(true);
}

#[test]
fn pages_of_sections_and_page_files_of_32_bits() {
    every(false);
}
