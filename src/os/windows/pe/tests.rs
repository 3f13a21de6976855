//! Images made by hand, honest ones and others.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::unnecessary_cast)]

use super::binding::{Module, Modules};
use super::exports::{Exports, exports};
use super::imports::{Import, imports};
use super::loaded::Loaded;
use super::rebuild::rebuild;
use crate::os::lost::Lost;
use crate::os::windows::testkit::Kit;
use memsh_plugin::{VirtAddr, umem};

/// Where the headers have what.
const SIGNATURE: usize = 0x80;
pub(in crate::os::windows) const OPTIONAL: usize = SIGNATURE + 24;
const EXPORTS: usize = 0x2000;
const IMPORTS: usize = 0x2400;
const DELAYED: usize = 0x2a00;
const DEBUG: usize = 0x2e00;
const SLOTS: usize = 0x3000;
const TEXT: u8 = 0x5a;

fn put32(image: &mut [u8], at: usize, value: usize) {
    image[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
}

fn put_text(image: &mut [u8], at: usize, text: &str) {
    image[at..at + text.len()].copy_from_slice(text.as_bytes());
}

/// Where the directory `which` has its place and size.
fn directory(wide: bool, which: usize) -> usize {
    OPTIONAL + if wide { 112 } else { 96 } + 8 * which
}

fn sections(wide: bool) -> usize {
    OPTIONAL + if wide { 0xf0 } else { 0xe0 }
}

/// A pointer-sized word.
fn put_word(image: &mut [u8], wide: bool, at: usize, value: u64) {
    let width = if wide { 8 } else { 4 };
    image[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
}

/// Five pages: headers, code, constants with exports and imports, data with the pointers, and what drivers throw away after their start.
pub(in crate::os::windows) fn image(wide: bool) -> Vec<u8> {
    let mut i = vec![0u8; 0x5000];
    put_text(&mut i, 0, "MZ");
    put32(&mut i, 0x3c, SIGNATURE);
    put_text(&mut i, SIGNATURE, "PE\0\0");
    i[SIGNATURE + 4..SIGNATURE + 6].copy_from_slice(&if wide { 0x8664u16 } else { 0x14c }.to_le_bytes());
    i[SIGNATURE + 6] = 4;
    put32(&mut i, SIGNATURE + 12, 0x4_0000);
    i[SIGNATURE + 20] = if wide { 0xf0 } else { 0xe0 };
    i[SIGNATURE + 22] = 0x22;
    i[OPTIONAL..OPTIONAL + 2].copy_from_slice(&if wide { 0x20bu16 } else { 0x10b }.to_le_bytes());
    for (at, value) in [(16, 0x1000), (32, 0x1000), (36, 0x200), (56, 0x5000), (60, 0x400), (64, 0xdead), (68, 1)] {
        put32(&mut i, OPTIONAL + at, value);
    }
    put32(&mut i, directory(wide, 0) - 4, 16);
    let all = [
        (0, EXPORTS, 0x200),
        (1, IMPORTS, 60),
        (4, 0x1_2345, 0x100),
        (6, DEBUG, 28),
        (11, 0x300, 0x20),
        (12, SLOTS, 0x40),
        (13, DELAYED, 64),
    ];
    for (which, at, size) in all {
        put32(&mut i, directory(wide, which), at);
        put32(&mut i, directory(wide, which) + 4, size);
    }
    let parts =
        [(".text", 0x1000, 0x900, 0x6000_0020), (".rdata", 0x2000, 0x1000, 0x4000_0040), (".data", 0x3000, 0x1000, 0xc000_0040)];
    let parts = parts.into_iter().chain([("INIT", 0x4000, 0x80, 0xe200_0020u32)]);
    for (n, (name, at, size, flags)) in parts.enumerate() {
        let header = sections(wide) + 40 * n;
        put_text(&mut i, header, name);
        for (offset, value) in [(8, size), (12, at), (16, size), (20, at / 2), (36, flags as usize)] {
            put32(&mut i, header + offset, value);
        }
    }
    i[0x1000..0x1900].fill(TEXT);
    // Two names of one function, one function without a name, a forwarder, a number that nobody has.
    let table = [12, 0x2180, 16, 5, 20, 4, 24, 3, 28, 0x2040, 32, 0x2060, 36, 0x2080];
    for pair in table.chunks(2) {
        put32(&mut i, EXPORTS + pair[0], pair[1]);
    }
    for (n, rva) in [0x1010, 0, 0x1020, 0x2190].into_iter().enumerate() {
        put32(&mut i, 0x2040 + 4 * n, rva);
    }
    for (n, (at, name, function)) in [(0x21b0, "Alpha", 0u8), (0x21c0, "Beta", 0), (0x21d0, "Forward", 3)].into_iter().enumerate()
    {
        put32(&mut i, 0x2060 + 4 * n, at);
        put_text(&mut i, at, name);
        i[0x2080 + 2 * n] = function;
    }
    put_text(&mut i, 0x2180, "own.dll");
    put_text(&mut i, 0x2190, "OTHER.Alpha");
    // other.dll: Alpha and number 7; an api set: Beta.
    let width = if wide { 8 } else { 4 };
    for (n, (names, library, slots)) in [(0x2600, 0x2700, SLOTS), (0x2640, 0x2720, SLOTS + 0x20)].into_iter().enumerate() {
        for (offset, value) in [(0, names), (12, library), (16, slots)] {
            put32(&mut i, IMPORTS + 20 * n + offset, value);
        }
    }
    put_text(&mut i, 0x2700, "OTHER.dll");
    put_text(&mut i, 0x2720, "api-ms-win-core-x-l1-1-0.dll");
    put_word(&mut i, wide, 0x2600, 0x2740);
    put_word(&mut i, wide, 0x2600 + width, 7 | if wide { 1 << 63 } else { 1 << 31 });
    put_word(&mut i, wide, 0x2640, 0x2750);
    put_text(&mut i, 0x2742, "Alpha");
    put_text(&mut i, 0x2752, "Beta");
    // One that is late.
    for (offset, value) in [(0, 1), (4, 0x2760), (12, SLOTS + 0x60), (16, 0x2680)] {
        put32(&mut i, DELAYED + offset, value);
    }
    put_text(&mut i, 0x2760, "late.dll");
    put_word(&mut i, wide, 0x2680, 0x2770);
    put_text(&mut i, 0x2772, "Late");
    for (offset, value) in [(12, 2), (16, 0x18), (20, 0x2e40), (24, 0x999)] {
        put32(&mut i, DEBUG + offset, value);
    }
    put_text(&mut i, 0x2e40, "RSDS");
    i
}

const RELEASES: [(&str, bool); 2] = [("10.0.19041", true), ("6.1.7601", false)];

fn base(kit: &Kit) -> u64 {
    kit.at(0x10_0000)
}

fn va(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}

/// What `look` says of the image, and what was lost.
fn with<T>(kit: &Kit, look: impl Fn(&Loaded<'_>, &mut Lost) -> T) -> (T, Vec<String>) {
    let (kernel, mut lost) = (kit.kernel(), Lost::default());
    let image = Loaded::open(&kernel.space, va(base(kit)), "own.dll", None, &mut lost).unwrap();
    let out = look(&image, &mut lost);
    (out, lost.sentences().to_vec())
}

fn given(kit: &Kit) -> (Exports, Vec<String>) {
    with(kit, |i, lost| exports(i, lost).unwrap())
}

fn taken(kit: &Kit) -> (Vec<Import>, Vec<String>) {
    with(kit, imports)
}

fn names(all: &[Import]) -> Vec<String> {
    let word = |i: &Import| i.name.clone().or(i.ordinal.map(|n| format!("#{n}"))).unwrap_or_default();
    all.iter().map(|i| format!("{}!{}", i.library.clone().unwrap_or_default(), word(i))).collect()
}

#[test]
fn exports_with_names_numbers_and_forwarders() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        kit.put(base(&kit), &image(wide));
        let (found, lost) = given(&kit);
        let rows: Vec<_> = found.all.iter().map(|e| (e.name.as_deref(), e.ordinal, e.rva, e.forwarder.as_deref())).collect();
        let all = [
            (Some("Alpha"), 5, 0x1010, None),
            (Some("Beta"), 5, 0x1010, None),
            (None, 7, 0x1020, None),
            (Some("Forward"), 8, 0x2190, Some("OTHER.Alpha")),
        ];
        assert_eq!(rows, all, "{release}");
        assert_eq!((found.library.as_deref(), lost.len()), (Some("own.dll"), 0), "{lost:?}");
    }
}

#[test]
fn exports_that_lie() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let mut i = image(wide);
        // Counts of 2^32-1: what is within the image is told, the rest is counted.
        put32(&mut i, EXPORTS + 20, 0xffff_ffff);
        put32(&mut i, EXPORTS + 24, 0xffff_ffff);
        put32(&mut i, EXPORTS + 16, 0xffff_fffe);
        kit.put(base(&kit), &i);
        let (found, lost) = given(&kit);
        assert!(found.all.iter().any(|e| e.name.as_deref() == Some("Alpha") && e.rva == 0x1010));
        assert!(lost.iter().filter(|l| l.contains("4294967295")).count() == 2, "{lost:?}");
        // Tables outside of the image.
        let mut i = image(wide);
        for at in [28, 32, 36] {
            put32(&mut i, EXPORTS + at, 0xffff_fff0);
        }
        kit.put(base(&kit), &i);
        let (found, lost) = given(&kit);
        assert!(found.all.is_empty() && lost.iter().any(|l| l.contains("4 addresses")), "{lost:?}");
        // A name that belongs to no function.
        let mut i = image(wide);
        i[0x2080] = 9;
        kit.put(base(&kit), &i);
        assert!(given(&kit).1.iter().any(|l| l.contains("1 names belong to no function")));
    }
}

#[test]
fn imports_by_name_by_number_and_late() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let mut i = image(wide);
        let width = if wide { 8 } else { 4 };
        let elsewhere = kit.at(0x20_1010);
        put_word(&mut i, wide, SLOTS, elsewhere);
        // Nobody has put an address there: the file's word is there.
        put_word(&mut i, wide, SLOTS + 0x20, 0x2750);
        kit.put(base(&kit), &i);
        let (found, lost) = taken(&kit);
        assert_eq!(names(&found), ["OTHER.dll!Alpha", "OTHER.dll!#7", "api-ms-win-core-x-l1-1-0.dll!Beta", "late.dll!Late"]);
        assert!(lost.is_empty(), "{lost:?}");
        let targets: Vec<_> = found.iter().map(|i| i.target.map(|t| t.value() as u64)).collect();
        assert_eq!(targets, [Some(elsewhere), None, None, None], "{release}");
        assert_eq!(found[1].slot, va(base(&kit) + SLOTS as u64 + width));
        assert_eq!(found.iter().map(|i| i.delayed).collect::<Vec<_>>(), [false, false, false, true]);
    }
}

#[test]
fn imports_that_do_not_end_and_imports_whose_names_are_gone() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let mut i = image(wide);
        // Every descriptor up to the image's end, each of the same table, which goes up to its end, too.
        put32(&mut i, directory(wide, 1), 0x1000);
        put32(&mut i, directory(wide, 13), 0);
        for at in (0x1000..0x5000 - 20).step_by(20) {
            for (offset, value) in [(0, 0x1000), (12, 0x2700), (16, 0x1000)] {
                put32(&mut i, at + offset, value);
            }
        }
        kit.put(base(&kit), &i);
        let (found, lost) = taken(&kit);
        assert!(!found.is_empty() && found.len() <= 1 << 16 && !lost.is_empty(), "{release}: {}", found.len());
        // What a driver throws away when it has started: the pointers remain.
        let mut i = image(wide);
        put32(&mut i, directory(wide, 1), 0x4000);
        put_word(&mut i, wide, SLOTS, 0x1234_5678);
        let mut kit = Kit::new(release, wide);
        kit.put(base(&kit), &i[..0x4000]);
        let (found, lost) = taken(&kit);
        assert_eq!(names(&found), ["!", "late.dll!Late"], "{release}");
        assert_eq!(found[0].target, Some(va(0x1234_5678)));
        assert!(lost.iter().any(|l| l.contains("names of the libraries are not in memory")), "{lost:?}");
    }
}

#[test]
fn headers_that_lie() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let mut i = image(wide);
        put32(&mut i, OPTIONAL + 56, 0xffff_ffff);
        i[SIGNATURE + 6..SIGNATURE + 8].fill(0xff);
        put32(&mut i, directory(wide, 0) - 4, 0xffff_ffff);
        kit.put(base(&kit), &i);
        let ((size, count), lost) = with(&kit, |i, _| (i.headers.size, i.headers.sections.len()));
        assert!(count <= 96 && size <= 512 << 20, "{release}");
        assert!(
            lost.iter().any(|l| l.contains("0xffffffff bytes")) && lost.iter().any(|l| l.contains("65535 sections")),
            "{lost:?}"
        );
        // The list of modules knows better.
        let (kernel, mut lost) = (kit.kernel(), Lost::default());
        let image = Loaded::open(&kernel.space, va(base(&kit)), "", Some(0x5000), &mut lost).unwrap();
        assert_eq!(image.headers.size, 0x5000);
        let mut file = Vec::new();
        rebuild(&image, &mut lost).write(&image, &mut file, &mut |_| Ok(())).unwrap();
        assert!(file.len() < 0x10_0000);
        // A header far away, no header, nothing at all.
        for (at, value) in [(0x3c, 0xffff_fff0u32), (0x3c, 0), (0, 0)] {
            let mut kit = Kit::new(release, wide);
            let mut i = self::image(wide);
            put32(&mut i, at, value as usize);
            kit.put(base(&kit), &i);
            let kernel = kit.kernel();
            let e = Loaded::open(&kernel.space, va(base(&kit)), "m", None, &mut Lost::default()).err().unwrap();
            assert!(e.to_string().contains("no PE file"), "{e}");
        }
        let kernel = Kit::new(release, wide).kernel();
        let e = Loaded::open(&kernel.space, va(base(&kit)), "m", None, &mut Lost::default()).err().unwrap();
        assert!(e.to_string().contains("not in memory"), "{e}");
    }
}

fn rebuilt(kit: &Kit) -> (Vec<u8>, u64, Vec<String>) {
    let ((file, missing), lost) = with(kit, |i, lost| {
        let mut file = Vec::new();
        let missing = rebuild(i, lost).write(i, &mut file, &mut |_| Ok(())).unwrap();
        (file, missing)
    });
    (file, missing, lost)
}

/// What pelite reads of a file: base, sections with their bytes, names of exports, imports.
fn read(file: &[u8], wide: bool) -> (u64, Vec<(String, Vec<u8>)>, usize, usize) {
    let bytes = file.to_vec();
    macro_rules! of {
        ($pe:ident) => {{
            use pelite::$pe::{Pe, PeFile};
            let pe = PeFile::from_bytes(&bytes[..]).unwrap();
            let sections = pe.section_headers().iter().map(|s| {
                let bytes = pe.get_section_bytes(s).unwrap_or_default().to_vec();
                (s.name().unwrap().to_owned(), bytes)
            });
            let exported = pe.exports().unwrap().by().unwrap().iter_names().filter(|(n, _)| n.is_ok()).count();
            let imported = pe.imports().unwrap().iter().map(|d| d.int().unwrap().filter(|i| i.is_ok()).count()).sum();
            #[allow(clippy::useless_conversion)]
            let base = u64::from(pe.optional_header().ImageBase);
            (base, sections.collect(), exported, imported)
        }};
    }
    if wide { of!(pe64) } else { of!(pe32) }
}

#[test]
fn a_rebuilt_file_is_read_by_others() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let i = image(wide);
        // The last page is not resident.
        kit.put(base(&kit), &i[..0x4000]);
        let (file, missing, lost) = rebuilt(&kit);
        assert_eq!((missing, lost.len()), (0x80, 0), "{lost:?}");
        let (at, sections, exported, imported) = read(&file, wide);
        assert_eq!((at, exported, imported), (base(&kit), 3, 3), "{release}");
        let found: Vec<_> = sections.iter().map(|(n, b)| (n.as_str(), b.len())).collect();
        assert_eq!(found, [(".text", 0xa00), (".rdata", 0x1000), (".data", 0x1000), ("INIT", 0x200)], "{release}");
        assert!(sections[0].1[..0x900].iter().all(|b| *b == TEXT) && sections[0].1[0x900..].iter().all(|b| *b == 0));
        // Headers are changed as they have to be, and nothing else is.
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!(
            [number(SIGNATURE + 12), number(OPTIONAL + 64), number(directory(wide, 4)), number(directory(wide, 11))],
            [0; 4]
        );
        assert_eq!(number(OPTIONAL + 56), 0x5000);
        // The debug directory lies in the second section, its record, too.
        let rdata = 0x400 + 0xa00;
        assert_eq!(number(rdata + DEBUG - 0x2000 + 24) as usize, rdata + 0x2e40 - 0x2000);
        assert_eq!(&file[rdata + 0x2e40 - 0x2000..][..4], b"RSDS");
    }
}

#[test]
fn sections_that_overlap_or_leave_the_image_are_cut() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let mut i = image(wide);
        let header = sections(wide);
        // Over the next ones; where another is; beyond the end.
        put32(&mut i, header + 8, 0xffff_ffff);
        put32(&mut i, header + 40 + 12, 0x1000);
        put32(&mut i, header + 120 + 12, 0xffff_f000);
        put32(&mut i, OPTIONAL + 36, 3);
        kit.put(base(&kit), &i);
        let (file, _, lost) = rebuilt(&kit);
        assert!(file.len() < 0x8000, "{release}: {:#x}", file.len());
        assert!(lost.iter().any(|l| l.contains(".text")) && lost.iter().any(|l| l.contains("left empty")), "{lost:?}");
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!((number(header + 8), number(header + 16), number(header + 40 + 16)), (0x2000, 0x2000, 0), "{release}");
        // A driver whose sections are closer than pages is as its file is.
        let mut i = image(wide);
        put32(&mut i, OPTIONAL + 32, 0x80);
        put32(&mut i, OPTIONAL + 36, 0x80);
        kit.put(base(&kit), &i);
        let (file, ..) = rebuilt(&kit);
        assert_eq!((file.len(), file[0x1000..DEBUG] == i[0x1000..DEBUG]), (0x5000, true), "{release}");
    }
}

#[test]
fn an_import_is_hooked_only_where_that_is_certain() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let [own, other, third, nowhere] = [0x10_0000, 0x20_0000, 0x30_0000, 0x40_0000].map(|o| kit.at(o));
        kit.put(own, &image(wide));
        // It forwards its `Forward` to itself under another name, and so on.
        kit.put(other, &image(wide));
        kit.put(third, &image(wide));
        let kernel = kit.kernel();
        let module = |name: &str, base| Module { name: name.to_owned(), base: va(base), size: 0x5000 };
        let all = vec![module("own.exe", own), module("Other.DLL", other), module("third.dll", third)];
        let modules = Modules::new(&kernel.space, all.clone(), true);
        let import = |library: &str, name: &str, target: u64| Import {
            library: Some(library.to_owned()),
            name: Some(name.to_owned()),
            ordinal: None,
            slot: va(own + SLOTS as u64),
            target: Some(va(target)),
            delayed: false,
        };
        let judge = |i: &Import| {
            let bound = modules.judge(i);
            (bound.module, bound.symbol, bound.hooked)
        };
        let is = |m: &str, s: &str, hooked| (Some(m.to_owned()), Some(s.to_owned()), hooked);
        assert_eq!(judge(&import("OTHER.dll", "Alpha", other + 0x1010)), is("Other.DLL", "Beta", Some(false)));
        assert_eq!(judge(&import("OTHER.dll", "Alpha", other + 0x1033)), is("Other.DLL", "Beta+0x23", Some(false)));
        // Into another module, and into none.
        assert_eq!(judge(&import("OTHER.dll", "Beta", third + 0x1500)), is("third.dll", "Beta+0x4f0", Some(true)));
        assert_eq!(judge(&import("OTHER.dll", "Beta", nowhere)), (None, None, Some(true)));
        // A forwarder is followed.
        assert_eq!(judge(&import("third.dll", "Forward", other + 0x1010)).2, Some(false));
        // Nobody knows what an api set stands for, what a library that is not there has, what a name that it does not have means.
        assert_eq!(judge(&import("api-ms-win-x-l1-1-0.dll", "Alpha", third + 0x1500)).2, None);
        assert_eq!(judge(&import("api-ms-win-x-l1-1-0.dll", "Beta", third + 0x1010)).2, Some(false));
        assert_eq!(judge(&import("gone.dll", "Alpha", third + 0x1500)).2, None);
        assert_eq!(judge(&import("other.dll", "Gamma", third + 0x1500)).2, None);
        // Late ones lead into the image itself at first.
        let late = Import { delayed: true, ..import("other.dll", "Alpha", own + 0x1100) };
        assert_eq!(judge(&late).2, Some(false));
        // Where modules are missing from the list, nothing follows from leading to none.
        let torn = Modules::new(&kernel.space, all, false);
        assert_eq!(torn.judge(&import("OTHER.dll", "Beta", nowhere)).hooked, None);
    }
}

#[test]
fn forwarders_in_a_circle_end() {
    let mut kit = Kit::new("10.0.19041", true);
    let (own, other) = (kit.at(0x10_0000), kit.at(0x20_0000));
    let mut i = image(true);
    put_text(&mut i, 0x2190, "OTHER.Forward");
    kit.put(own, &i);
    kit.put(other, &i);
    let kernel = kit.kernel();
    let module = |name: &str, base| Module { name: name.to_owned(), base: va(base), size: 0x5000 };
    let modules = Modules::new(&kernel.space, vec![module("own.dll", own), module("other.dll", other)], true);
    let import = Import {
        library: Some("other.dll".to_owned()),
        name: Some("Forward".to_owned()),
        ordinal: None,
        slot: va(own),
        target: Some(va(own + 0x1010)),
        delayed: false,
    };
    assert_eq!(modules.judge(&import).hooked, None);
    // Nor do many of one name, each of which leads to all of them.
    let many = (0..40).map(|n| module("other.dll", other + n * 0x5000)).chain([module("own.dll", own)]).collect();
    (0..40).for_each(|n| kit.put(other + n * 0x5000, &i));
    let kernel = kit.kernel();
    assert_eq!(Modules::new(&kernel.space, many, true).judge(&import).hooked, None);
}

#[test]
fn assemblies_have_a_header_of_their_own() {
    for (magic, directories) in [(0x10b_u16, 96), (0x20b, 112)] {
        let mut page = vec![0u8; 0x1000];
        page[..2].copy_from_slice(b"MZ");
        page[0x3c] = 0x80;
        page[0x80..0x84].copy_from_slice(b"PE\0\0");
        page[0x98..0x9a].copy_from_slice(&magic.to_le_bytes());
        page[0x98 + 57] = 0x20;
        page[0x98 + directories - 4] = 16;
        assert!(super::header(&page).is_some() && !super::is_managed(&page));
        page[0x98 + directories + 14 * 8 + 1] = 0x20;
        assert!(super::is_managed(&page));
        // Fewer directories than that.
        page[0x98 + directories - 4] = 14;
        assert!(!super::is_managed(&page));
    }
    assert!(!super::is_managed(b"MZ"));
}
