//! Windows hibernation files end to end: every version, every way of packing, and what is wrong with them.

use crate::builders;
use crate::builders::hiberfil::{Modern, Old, Pack, block, page, pages, set_of, state32, state64};
use crate::builders::xpress;
use crate::cli;
use crate::opened::{image, warned};
use memsh::codec::Codec;
use memsh::engine::to_u64;
use memsh::image::{Image, OpenOptions, open, open_bytes};
use memsh::memo::Memo;
use memsh::{PhysAddr, VirtAddr, umem};
use std::sync::Arc;

fn refused(bytes: Vec<u8>) -> String {
    let e = image(bytes).map(|i| panic!("opened as {}", i.facts.format)).unwrap_err();
    format!("{e} | {}", e.hint_text().unwrap())
}

fn detail<'a>(image: &'a Image, name: &str) -> Option<&'a str> {
    image.facts.details.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Reads page by page and compares; what is held must be right, the rest missing.
fn holds(image: &Image, runs: &[(u64, u64)], up_to: u64) {
    for number in 0..up_to {
        let held = runs.iter().any(|(a, n)| (*a..a + n).contains(&number));
        let mut buf = vec![0; 4096];
        let there = image.memory.read(PhysAddr::new(umem::from(number * 4096)), &mut buf).is_ok();
        assert_eq!(there, held, "page {number:#x}: {:?}", image.damage());
        if there {
            assert_eq!(buf, page(number), "page {number:#x}");
        }
    }
}

const BOOT: &[(u64, u64)] = &[(0x10, 2), (0x20, 1)];
/// Out of order, as Windows writes them.
const FIRST: &[(u64, u64)] = &[(0x44, 5), (0x30, 10), (0x60, 1)];
const SECOND: &[(u64, u64)] = &[(0x50, 16)];

fn all() -> Vec<(u64, u64)> {
    [BOOT, FIRST, SECOND].concat()
}

#[test]
fn what_the_packers_pack_the_codecs_unpack() {
    let texts = [
        vec![0; 65536],
        pages(&[(3, 16)]),
        builders::pattern(65536, 5),
        b"abcdefgh".repeat(8192),
        (0..65536u32).map(|i| (i / 300 * (i % 7)) as u8).collect(),
        b"ab".to_vec(),
        b"x".to_vec(),
    ];
    for text in texts {
        for (codec, packed) in [(Codec::Xpress, xpress::plain(&text)), (Codec::XpressHuffman, xpress::huffman(&text))] {
            let mut out = vec![0; text.len()];
            assert_eq!(codec.unpack(&packed, &mut out), Ok(text.len()), "{}", codec.name());
            assert_eq!(out, text, "{}", codec.name());
        }
    }
}

#[test]
fn restoration_sets_in_every_packing() {
    for pack in [Pack::Stored, Pack::Plain, Pack::Huffman] {
        let file = Modern::ten().boot(BOOT, pack).kernel(FIRST, pack).kernel(SECOND, pack);
        let image = image(file.build()).unwrap();
        assert_eq!(image.facts.format, "hiberfil");
        assert_eq!(image.facts.warnings, [""; 0]);
        holds(&image, &all(), 0x70);
        assert_eq!(detail(&image, "pages"), Some("35"));
        assert_eq!(detail(&image, "loader_pages"), Some("3"));
        assert_eq!(detail(&image, "kernel_pages"), Some("32"));
        assert_eq!(detail(&image, "windows"), Some("Windows 10 version 1809 to 22H2, 64-bit"));
        assert_eq!(detail(&image, "system_time"), Some("2022-06-18T04:26:40Z"));
        let name = match pack {
            Pack::Stored => "3 (3 stored)",
            Pack::Plain => "3 (3 xpress)",
            Pack::Huffman => "3 (3 xpress-huffman)",
        };
        assert_eq!(detail(&image, "compression_sets"), Some(name));
    }
}

#[test]
fn headers_of_every_version_since_8() {
    let narrow = |length, processed| Modern::with(length, false, (0x50, 0x54, processed));
    let wide = |length, processed| Modern::with(length, true, (0x68, 0x70, processed));
    for (file, name) in [
        (narrow(0x2c8, 0x1b0), "8 or 8.1, 32-bit"),
        (narrow(0x310, 0x1f8), "1507 or 1511, 32-bit"),
        (narrow(0x328, 0x200), "1607, 32-bit"),
        (narrow(0x338, 0x210), "1703 to 1803, 32-bit"),
        (narrow(0x340, 0x210), "1809 to 22H2, 32-bit"),
        (Modern::with(0x360, true, (0x60, 0x68, 0x1c8)), "8 or 8.1, 64-bit"),
        (wide(0x3b0, 0x218), "1507 or 1511, 64-bit"),
        (wide(0x3c8, 0x220), "1607, 64-bit"),
        (wide(0x3d8, 0x230), "1703 to 1803, 64-bit"),
        (wide(0x448, 0x230), "21H2 to 23H2, 64-bit"),
        (wide(0x4d8, 0x230), "24H2, 64-bit"),
    ] {
        let file = file.boot(BOOT, Pack::Plain).kernel(FIRST, Pack::Huffman).kernel(SECOND, Pack::Plain);
        let image = image(file.build()).unwrap();
        assert!(detail(&image, "windows").unwrap().ends_with(name), "{name}");
        assert_eq!(image.facts.warnings, [""; 0], "{name}");
        holds(&image, &all(), 0x70);
        assert_eq!(image.machine.as_deref(), name.ends_with("32-bit").then_some("x86"));
    }
}

#[test]
fn a_length_that_nobody_knows_is_read_with_a_warning_or_refused() {
    let file = |length| Modern { length, ..Modern::ten() }.boot(BOOT, Pack::Plain).kernel(FIRST, Pack::Plain);
    let image = image(file(0x520).build()).unwrap();
    assert!(warned(&image, "has 0x520 bytes, which memsh does not know"));
    holds(&image, &[BOOT, FIRST].concat(), 0x70);
    for length in [0, 0x10, 0x361, 0x2000, u32::MAX] {
        assert!(refused(file(length).build()).contains(&format!("header has {length:#x} bytes")), "{length:#x}");
    }
    let mut bytes = file(0x3e0).build();
    bytes[0x18..0x1c].copy_from_slice(&8192u32.to_le_bytes());
    assert!(refused(bytes).contains("pages of 8192 bytes"));
}

#[test]
fn a_page_in_both_sets_is_the_kernel_s() {
    let mut file = Modern::ten().kernel(&[(0x10, 2)], Pack::Plain);
    file.boot = set_of(&[(0x10, 2)], true, 0, &xpress::plain(&[7; 8192]));
    file.boot_pages = 2;
    let image = image(file.build()).unwrap();
    holds(&image, &[(0x10, 2)], 0x20);
    assert!(warned(&image, "2 pages are in the file more than once"));
}

#[test]
fn tables_of_every_version_before_8() {
    let tables = [&[(0x40, 5), (0x10, 20)][..], &[(0x80, 1), (0x90, 33), (0x70, 2)], &[(0x100, 3)]];
    for old in [Old::xp(false), Old::xp(true), Old::vista(false), Old::vista(true), Old::windows7(false), Old::windows7(true)] {
        for pack in [Pack::Plain, Pack::Stored] {
            let old = tables.iter().fold(Old { pack, ..old.clone() }, |old, t| old.table(t));
            let image = image(old.build().0).unwrap();
            assert_eq!(image.facts.warnings, [""; 0], "{:#x}", old.length);
            holds(&image, &tables.concat(), 0x110);
            assert_eq!(detail(&image, "pages"), Some("64"));
        }
    }
}

#[test]
fn one_length_of_windows_7_and_vista_is_told_apart_by_the_tables() {
    // The first Vista has headers as long as those of Windows 7, and tables as those of XP.
    let ranges = [(0x40, 5), (0x10, 20), (0x50, 3), (0x60, 3)];
    for (vista, length) in [(Old::vista(false), 0xe0), (Old::vista(true), 0x128)] {
        let image = image(Old { length, ..vista }.table(&ranges).table(&[(0x80, 4)]).build().0).unwrap();
        assert_eq!(image.facts.warnings, [""; 0]);
        holds(&image, &[&ranges[..], &[(0x80, 4)]].concat(), 0x90);
    }
}

#[test]
fn windows_2000_packs_nothing() {
    let mut bytes = Old { length: 0x60, ..Old::xp(false) }.build().0;
    let table = 6 * 4096;
    bytes.resize(table + 4096, 0);
    // Two entries: page of the file, first page, last page + 1.
    for (at, value) in [(12, 2u32), (16, 7), (20, 0x20), (24, 0x22), (32, 9), (36, 0x40), (40, 0x54)] {
        bytes[table + at..table + at + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes.extend(pages(&[(0x20, 2), (0x40, 20)]));
    let image = image(bytes).unwrap();
    holds(&image, &[(0x20, 2), (0x40, 20)], 0x60);
    assert_eq!(detail(&image, "windows"), Some("Windows 2000, 32-bit"));
    assert_eq!(detail(&image, "compression_sets"), Some("3 (3 stored)"));
}

/// Tables of Windows 2000 whose entries all name the same pages of the file.
#[test]
fn pages_of_the_file_are_dealt_once() {
    const TABLES: u32 = 40;
    const ENTRIES: u32 = 250;
    const PAGES: u32 = 100;
    let mut bytes = Old { length: 0x60, ..Old::xp(false) }.build().0;
    bytes.resize((6 + TABLES + PAGES) as usize * 4096, 7);
    for t in 0..TABLES {
        let table = (6 + t) as usize * 4096;
        let mut put = |at: usize, n: u32| bytes[table + at..table + at + 4].copy_from_slice(&n.to_le_bytes());
        put(4, if t + 1 < TABLES { 7 + t } else { 0 });
        put(12, ENTRIES);
        for i in 0..ENTRIES {
            let start = (t * ENTRIES + i) * PAGES;
            for (n, value) in [6 + TABLES, start, start + PAGES].into_iter().enumerate() {
                put(16 + i as usize * 16 + n * 4, value);
            }
        }
    }
    let i = image(bytes.clone()).unwrap();
    let pages: u32 = detail(&i, "pages").unwrap().parse().unwrap();
    assert!((PAGES..=6 + TABLES + PAGES).contains(&pages), "{pages}");
    assert!(warned(&i, "name more than the file has room for"), "{:?}", i.facts.warnings);
    assert!(i.memory.read(PhysAddr::new(umem::from(u64::from(PAGES - 1) * 4096)), &mut [0; 4096]).is_ok());
}

/// Tables of Windows 7 before the same packed blocks, as many as find them.
#[test]
fn packed_blocks_are_dealt_as_often_as_they_fit_into_the_file() {
    const TABLES: usize = 60;
    // A block of 16 pages that is stored holds further tables, and 1500 blocks follow.
    let small = block(&vec![0; 65536], Pack::Plain);
    let mut bytes = Old::windows7(false).build().0;
    bytes.resize(6 * 4096, 0);
    for t in 0..TABLES {
        let mut table = vec![0; 4096];
        let next = if t + 1 < TABLES { 6 + 3 * (t as u32 + 1) } else { 0 };
        for (at, n) in [(0, next), (4, 1), (8, t as u32 * 32_000), (12, (t as u32 + 1) * 32_000)] {
            table[at..at + 4].copy_from_slice(&n.to_le_bytes());
        }
        bytes.extend(table);
        // A block that ends where that of the next table begins.
        let mut head = b"\x81\x81xpress".to_vec();
        head.extend((2u32 | (3 * 4096 - 32 - 1) << 10).to_le_bytes());
        head.resize(32, 0);
        bytes.extend(head);
        bytes.resize((6 + 3 * (t + 1)) * 4096, 0);
    }
    bytes.extend(vec![0; 4096]);
    bytes.extend(small.repeat(2000));
    let size = bytes.len();
    let i = image(bytes).unwrap();
    assert!(warned(&i, "name more than the file has room for"), "{:?}", i.facts.warnings);
    let packed: usize = detail(&i, "packed_bytes").unwrap().parse().unwrap();
    assert!(packed <= size, "{packed} of {size}");
}

#[test]
fn the_processor_s_state_gives_root_and_registers() {
    let state = Some(state64(0x1ad002, 0xffff_f800_0012_3456));
    let file = Modern { state, ..Modern::ten() }.kernel(FIRST, Pack::Plain);
    let image = image(file.build()).unwrap();
    assert_eq!(image.cpus[0].root, Some(0x1ad000));
    assert_eq!(image.cpus[0].cr4, Some(0x3506f8));
    assert_eq!(image.cpus[0].instruction_pointer, Some(VirtAddr::new(0xffff_f800_0012_3456)));
    assert_eq!(image.machine.as_deref(), Some("x86_64"));
    assert!(detail(&image, "directory_table_base").unwrap().starts_with("0x1ad000 "));
    assert_eq!(image.windows.unwrap().dtb, Some(PhysAddr::new(0x1ad000)));

    for (cr4, cr3, root) in [(0x6f8, 0x0123_4567, 0x0123_4560), (0x6d8, 0x0123_4567, 0x0123_4000)] {
        let state = Some(state32(cr3, 0x8052_1234, cr4));
        let old = Old { state, state_page: 2, ..Old::xp(false) }.table(&[(0x10, 3)]);
        let image = self::image(old.build().0).unwrap();
        assert_eq!(image.cpus[0].root, Some(root));
        assert_eq!(image.machine.as_deref(), Some("x86"));
        assert_eq!(image.windows.unwrap().pae, Some(cr4 & 0x20 != 0));
        assert_eq!(image.cpus[0].instruction_pointer, Some(VirtAddr::new(0x8052_1234)));
    }
    // What does not fit together is none.
    let mut state = state64(0x1ad000, 1);
    state[0x58..0x60].fill(0);
    let image = self::image(Modern { state: Some(state), ..Modern::ten() }.kernel(FIRST, Pack::Plain).build()).unwrap();
    assert!(image.cpus.is_empty());
}

#[test]
fn states_are_said() {
    let file = |signature: &[u8; 4]| Modern { signature: *signature, ..Modern::ten() }.kernel(FIRST, Pack::Plain);
    for (signature, state) in [(b"HIBR", "hibernated"), (b"WAKE", "resumed from"), (b"RSTR", "resume under way")] {
        let image = image(file(signature).build()).unwrap();
        assert_eq!(detail(&image, "state"), Some(state));
        assert_eq!(warned(&image, "has resumed from this file"), signature == b"WAKE");
        holds(&image, FIRST, 0x70);
    }
    // Resumed, and wiped.
    let mut bytes = file(b"WAKE").build();
    bytes[4096..].fill(0);
    let text = refused(bytes);
    assert!(text.contains("resumed from this hibernation file and cleared it"), "{text}");
    // Lower case, up to XP.
    let old = Old { signature: *b"wake", ..Old::xp(false) }.table(&[(0x10, 3)]);
    assert!(warned(&image(old.build().0).unwrap(), "has resumed"));
    // A link.
    let mut link = b"linkmulti(0)disk(0)rdisk(0)partition(2)\\hiberfil.sys\0".to_vec();
    link.resize(4096, 0);
    assert!(refused(link).contains("only says where the hibernation file is: multi(0)disk(0)rdisk(0)partition(2)\\hiberfil.sys"));
    // NTFS's log and texts begin like some of them.
    let mut log = b"RSTR\x1e\0\x09\0".to_vec();
    log.resize(8192, 0);
    assert_eq!(image(log).unwrap().facts.format, "raw");
    let text = b"linked lists in hiberfiles".repeat(200);
    assert!(!refused(text).contains("only says where"));
}

#[test]
fn a_cleared_header_is_said_plainly() {
    // Windows 7 leaves the tables: they are found.
    for old in [Old::windows7(true), Old::windows7(false), Old::xp(false), Old::vista(true)] {
        let (mut bytes, _) = old.table(&[(0x10, 20)]).table(&[(0x40, 2)]).build();
        bytes[..4096].fill(0);
        let image = image(bytes).unwrap();
        assert_eq!(detail(&image, "state"), Some("header cleared"));
        assert!(warned(&image, "is cleared (Windows does so when it resumes)"));
        holds(&image, &[(0x10, 20), (0x40, 2)], 0x50);
    }
    // Windows 8 and later: nothing can be placed without it.
    let mut bytes = Modern::ten().kernel(FIRST, Pack::Plain).build();
    bytes[..4096].fill(0);
    let e = open_bytes(bytes.clone(), "E01/HIBERFIL.SYS", &OpenOptions::default()).map(|_| ()).unwrap_err();
    assert!(e.to_string().contains("header of this hibernation file is cleared"), "{e}");
    assert!(e.hint_text().unwrap().contains("--format raw"));
    let raw = OpenOptions { format: Some("raw".into()), ..OpenOptions::default() };
    assert_eq!(open_bytes(bytes, "HIBERFIL.SYS", &raw).unwrap().facts.format, "raw");
}

#[test]
fn a_file_cut_short_at_any_place_keeps_what_it_has() {
    let file = Modern::ten().boot(BOOT, Pack::Huffman).kernel(FIRST, Pack::Plain).kernel(SECOND, Pack::Plain);
    let whole = file.build();
    for cut in (16..whole.len()).step_by(61) {
        match image(whole[..cut].to_vec()) {
            Ok(image) => {
                assert!(warned(&image, "restoration set"), "{cut:#x}: {:?}", image.facts.warnings);
                for range in &image.facts.ranges {
                    for at in (range.start.value()..range.start.value() + range.size).step_by(4096) {
                        let mut buf = vec![0; 4096];
                        image.memory.read(PhysAddr::new(at), &mut buf).unwrap();
                        assert_eq!(buf, page(to_u64(at).unwrap() / 4096));
                    }
                }
            }
            Err(e) => assert!(e.hint_text().is_some() && cut < 9 * 4096, "{cut:#x}: {e}"),
        }
    }
    let whole = Old::windows7(true).table(&[(0x10, 20)]).table(&[(0x40, 2)]).build().0;
    for cut in (16..whole.len() - 4096).step_by(61) {
        match image(whole[..cut].to_vec()) {
            Ok(image) => assert!(warned(&image, "lost"), "{cut:#x}: {:?}", image.facts.warnings),
            Err(e) => assert!(e.hint_text().is_some(), "{cut:#x}: {e}"),
        }
    }
}

#[test]
fn sets_that_lie_end_the_chain_there() {
    let broken = |bad: Vec<u8>| {
        let mut file = Modern::ten().kernel(FIRST, Pack::Plain);
        let good = file.kernel.clone();
        file.kernel.extend(bad);
        file.kernel.extend(good);
        file.kernel_pages = 100;
        image(file.build()).unwrap()
    };
    for (bad, why) in [
        (vec![0; 64], "is cleared (zeros)"),
        (vec![0xff; 4096 * 3], "past the last physical address"),
        (set_of(&[(1, 16), (20, 1)], true, 0, &[1; 100]), "claims 17 pages in 100 bytes"),
        (set_of(&[(1, 1)], true, 0, &[1; 4097]), "claims 1 pages in 4097 bytes"),
        (set_of(&[], true, 0, &[1; 100]), "makes no sense"),
        (set_of(&[(1, 1)], true, 0, &[]), "makes no sense"),
        (set_of(&[(1 << 40, 1)], true, 0, &[1; 8]), "names page 0x10000000000"),
    ] {
        let image = broken(bad);
        assert!(warned(&image, "ends after 16 of 100 pages: the compression set at file offset"), "{why}");
        assert!(warned(&image, why), "{why}: {:?}", image.facts.warnings);
        holds(&image, FIRST, 0x70);
    }
}

#[test]
fn a_set_that_can_t_be_unpacked_is_missing_and_counted() {
    for (method, data) in [(0, xpress::plain(&[7; 4096])), (2, vec![0x99; 300]), (0, vec![0xff; 50]), (2, vec![0; 300])] {
        let mut file = Modern::ten().kernel(FIRST, Pack::Plain);
        file.kernel.extend(set_of(&[(0x100, 2)], true, method, &data));
        file.kernel_pages += 2;
        let image = image(file.build()).unwrap();
        assert_eq!(image.facts.warnings, [""; 0]);
        assert!(image.memory.read(PhysAddr::new(0x10_0000), &mut [0; 16]).is_err());
        let damage = image.damage().unwrap();
        assert!(damage.contains("compression set at file offset") && damage.contains("xpress"), "{damage}");
        holds(&image, FIRST, 0x70);
    }
}

#[test]
fn counts_and_places_that_lie() {
    let set = |at: usize, value: u64| {
        let mut bytes = Modern::ten().boot(BOOT, Pack::Plain).kernel(FIRST, Pack::Plain).build();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        image(bytes)
    };
    for huge in [u64::MAX, 1 << 52, u64::from(u32::MAX)] {
        // Where the kernel's set begins: that of the loader is left.
        let image = set(0x70, huge).unwrap();
        assert!(warned(&image, &format!("the kernel restoration set (16 pages) should begin at page {huge:#x}")));
        holds(&image, BOOT, 0x70);
        // How many pages it has: what follows is no set.
        let image = set(0x230, huge).unwrap();
        assert!(warned(&image, &format!("ends after 16 of {huge} pages")), "{:?}", image.facts.warnings);
        holds(&image, &[BOOT, FIRST].concat(), 0x70);
    }
    let image = set(0x60, 5).unwrap();
    assert!(warned(&image, "virtualization-based security"));
}

#[test]
fn tables_that_lie() {
    let (good, at) = Old::windows7(true).table(&[(0x10, 20)]).table(&[(0x40, 2)]).build();
    let with = |offset: usize, value: u64| {
        let mut bytes = good.clone();
        bytes[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        image(bytes)
    };
    // The second table: too many entries, a reversed range, a page that can't be, a next page that can't be, a circle.
    for (offset, value, why) in [
        (8, 0x1_0000_0000 - 1, "claims 4294967295 entries"),
        (8, 0, "claims 0 entries"),
        (16, 0x99, "has a range from page 0x99 to 0x42"),
        (24, u64::MAX, "has a range from page 0x40"),
        (0, u64::MAX, "names page 0xffffffffffffffff as the next one"),
    ] {
        let image = with(at[1] + offset, value).unwrap();
        assert!(warned(&image, why), "{why}: {:?}", image.facts.warnings);
        holds(&image, &[(0x10, 20)], 0x30);
    }
    let image = with(at[1], (at[0] / 4096) as u64).unwrap();
    assert!(warned(&image, "run in a circle at page 0x6"));
    holds(&image, &[(0x10, 20), (0x40, 2)], 0x50);
    // The header's word is not needed.
    let image = with(0x68, 3).unwrap();
    assert!(warned(&image, "names page 0x3 of the file as the first table of page ranges; that is none"));
    holds(&image, &[(0x10, 20), (0x40, 2)], 0x50);
}

#[test]
fn blocks_that_lie() {
    let (good, at) = Old::windows7(true).table(&[(0x10, 20)]).build();
    let first = at[0] + 4096;
    let second = first + block(&pages(&[(0x10, 16)]), Pack::Plain).len();
    let with = |offset: usize, value: u32| {
        let mut bytes = good.clone();
        bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        image(bytes).unwrap()
    };
    for (value, why) in [(u32::MAX, "which can't be"), (3 | 20_000 << 10, "which can't be"), (16, "claims 17 pages")] {
        let image = with(second + 8, value);
        assert!(warned(&image, why) && warned(&image, "4 pages are lost"), "{:?}", image.facts.warnings);
        holds(&image, &[(0x10, 16)], 0x40);
    }
    let image = with(second, 0);
    assert!(warned(&image, "is not there (no \\x81\\x81xpress): 4 pages are lost"), "{:?}", image.facts.warnings);
}

#[test]
fn an_index_is_kept_only_when_it_took_long_and_is_read_like_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hiberfil.sys");
    let file = Modern::ten().boot(BOOT, Pack::Huffman).kernel(FIRST, Pack::Plain).kernel(SECOND, Pack::Stored);
    std::fs::write(&path, file.build()).unwrap();
    let options = || OpenOptions { memo: Some(Arc::new(Memo::new(folder.path(), &path))), ..OpenOptions::default() };
    let first = options();
    holds(&open(&path, &first).unwrap(), &all(), 0x70);
    assert!(first.memo.unwrap().get("hiberfil-index", file.build().len() as u64).is_none(), "it took no time");
}

#[test]
fn the_program_says_at_once_that_this_is_windows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hiberfil.sys");
    let file = Modern { state: Some(state64(0x1ad000, 0xffff_f800_0012_3456)), ..Modern::ten() };
    std::fs::write(&path, file.kernel(FIRST, Pack::Huffman).build()).unwrap();
    let path = path.to_str().unwrap();
    let info = cli::memsh(&[path, "info"]);
    assert!(info.stdout.contains("windows: Windows 10 version 1809 to 22H2, 64-bit"), "{}", info.stdout);
    assert!(
        info.stderr.contains("this hibernation file is of Windows, but no page-table root in it maps its kernel"),
        "{}",
        info.stderr
    );
    let read = cli::memsh(&[path, "read", "--phys", "0x44000", "16", "--json"]);
    assert_eq!(read.status, 0, "{}", read.stderr);
}

/// Pairs of files NAME.raw and NAME.plain or NAME.huffman, packed by somebody else.
#[test]
#[ignore = "needs packed data: MEMSH_XPRESS_VECTORS names a folder"]
fn what_others_pack_is_unpacked_right() {
    let mut seen = 0;
    for entry in std::fs::read_dir(std::env::var("MEMSH_XPRESS_VECTORS").unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let codec = match path.extension().and_then(|e| e.to_str()) {
            Some("plain") => Codec::Xpress,
            Some("huffman") => Codec::XpressHuffman,
            _ => continue,
        };
        let (packed, raw) = (std::fs::read(&path).unwrap(), std::fs::read(path.with_extension("raw")).unwrap());
        let mut out = vec![0; raw.len()];
        assert_eq!(codec.unpack(&packed, &mut out), Ok(raw.len()), "{}", path.display());
        assert!(out == raw, "{}", path.display());
        seen += 1;
    }
    println!("{seen} files");
    assert!(seen > 0);
}
