#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, clippy::unnecessary_cast, reason = "umem has 64 bits or more")]

use super::*;
use crate::os::windows::testkit::{Kit, ROOT};

/// A user's memory alone: the search for regions is others' business.
struct Console {
    kit: Kit,
    wide: bool,
}

const HEAP: u64 = 0x10_0000;
const OTHER: u64 = 0x10_8000;
const TEXT: u64 = 0x11_0000;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

impl Console {
    fn new(wide: bool) -> Self {
        let mut kit = Kit::new(if wide { "10.0.19041" } else { "6.1.7601" }, wide);
        kit.put(HEAP, &[0; 0x8000]);
        kit.put(OTHER, &[0; 0x1000]);
        kit.put(TEXT, &[0; 0x8000]);
        Self { kit, wide }
    }

    fn string(&mut self, at: u64, text: &str, buffer: u64) {
        let width = self.kit.width();
        let units = text.encode_utf16().count() as u64;
        if units <= 7 {
            self.kit.put(at, &utf16(text));
        } else {
            self.kit.word(at, buffer);
            self.kit.put(buffer, &utf16(text));
        }
        self.kit.word(at + 16, units);
        self.kit.word(at + 16 + width, units.max(7));
    }

    /// The class, at `at`.
    fn class(&mut self, at: u64, application: &str, lines: &[&str]) {
        let (wide, width) = (self.wide, self.kit.width());
        let [vector, room, name, _] = if wide { [0x10, 0x28, 0x30, 0x58] } else { [0x08, 0x14, 0x18, 0x34] };
        let entry = 16 + 2 * width;
        let (begin, mut text) = (TEXT, TEXT + 0x1000);
        for (i, line) in lines.iter().enumerate() {
            self.string(begin + i as u64 * entry, line, text);
            text += 0x400;
        }
        let end = begin + lines.len() as u64 * entry;
        for (i, p) in [begin, end, end].into_iter().enumerate() {
            self.kit.word(at + vector + i as u64 * width, p);
        }
        self.kit.put(at + room, &50u16.to_le_bytes());
        self.string(at + name, application, TEXT + 0x7000);
        self.kit.ring(&[at, OTHER]);
    }

    /// The structure, of which `first` says which slot is the oldest.
    fn structure(&mut self, at: u64, application: &str, lines: &[&str], first: u16, long: bool) {
        let width = self.kit.width();
        let [flags, name, counts, popups, commands] =
            if self.wide { [0x10, 0x18, 0x20, 0x38, 0x48] } else { [0x08, 0x0c, 0x10, 0x20, 0x28] };
        self.kit.put(at + flags, &[1]);
        self.kit.word(at + name, TEXT + 0x7000);
        self.kit.put(TEXT + 0x7000, &utf16(application));
        let n = lines.len() as u16;
        for (i, value) in [n, n - 1, u16::MAX, first, 4].into_iter().enumerate() {
            self.kit.put(at + counts + 2 * i as u64, &value.to_le_bytes());
        }
        self.kit.ring(&[at + popups]);
        for (i, line) in lines.iter().enumerate() {
            let text = TEXT + 0x400 * i as u64;
            self.kit.put(text, &(2 * line.encode_utf16().count() as u16).to_le_bytes());
            self.kit.put(text + if long { width } else { 2 }, &utf16(line));
            self.kit.word(at + commands + (u64::from(first) + i as u64) % 4 * width, text);
        }
        self.kit.ring(&[at, OTHER]);
    }

    fn found(&self) -> Vec<Vec<String>> {
        let kernel = self.kit.kernel();
        let reader = Reader::new(&kernel.space).of_user();
        let at = |n: u64| VirtAddr::new(umem::from(n));
        let all = part(&reader, &Shape::all(self.wide), at(HEAP), at(HEAP + 0x8000));
        let line = |l: &Line| format!("{} {}: {}", l.application, l.position, l.line.as_deref().unwrap_or("-"));
        all.iter().map(|h| h.iter().map(line).collect()).collect()
    }
}

const LONG: &str = "powershell -nop -w hidden -enc SQBFAFgA";

#[test]
fn commands_of_the_class() {
    for wide in [true, false] {
        // At the end of a page, too.
        for at in [HEAP + 0x40, HEAP + 0xfe0] {
            let mut c = Console::new(wide);
            c.class(at, "cmd.exe", &["dir", LONG, "echo ж日"]);
            assert_eq!(
                c.found(),
                [["cmd.exe 1: dir".into(), format!("cmd.exe 2: {LONG}"), "cmd.exe 3: echo ж日".to_owned()]],
                "{wide}"
            );
        }
    }
}

#[test]
fn commands_of_the_structure_in_the_order_in_which_they_were_typed() {
    for wide in [true, false] {
        for long in [true, false] {
            let mut c = Console::new(wide);
            c.structure(HEAP + 0x40, "a-program.exe", &["whoami", LONG, "exit"], 2, long);
            let expected = ["whoami", LONG, "exit"].iter().zip(1..).map(|(l, n)| format!("a-program.exe {n}: {l}"));
            assert_eq!(c.found(), [expected.collect::<Vec<_>>()], "{wide} {long}");
        }
    }
}

#[test]
fn a_line_that_is_not_there_is_null_and_what_lies_is_none() {
    for wide in [true, false] {
        let mut c = Console::new(wide);
        c.class(HEAP + 0x40, "cmd.exe", &["dir", LONG]);
        let second = TEXT + 16 + 2 * c.kit.width();
        c.kit.word(second, 0x7ff_0000);
        assert_eq!(c.found(), [["cmd.exe 1: dir", "cmd.exe 2: -"]], "{wide}");
        // A length that does not fit its room.
        c.kit.word(second + 16, u64::from(u32::MAX));
        assert_eq!(c.found(), [["cmd.exe 1: dir", "cmd.exe 2: -"]], "{wide}");
        // More commands than there is room for; an end before the beginning; a neighbour that points elsewhere.
        let vector = HEAP + 0x40 + if wide { 0x10 } else { 8 };
        let (width, entry) = (c.kit.width(), 16 + 2 * c.kit.width());
        let put = |value: u64| {
            let mut c = Console::new(wide);
            c.class(HEAP + 0x40, "cmd.exe", &["dir"]);
            c.kit.word(vector + width, value);
            c.kit.word(vector + 2 * width, value);
            c.found()
        };
        assert_eq!(put(TEXT + entry), [["cmd.exe 1: dir"]]);
        assert!(put(TEXT + 51 * entry).is_empty() && put(TEXT - entry).is_empty() && put(TEXT).is_empty());
        c.kit.word(OTHER + width, HEAP);
        assert!(c.found().is_empty());
    }
}

#[test]
fn a_structure_that_points_to_itself_is_none() {
    for wide in [true, false] {
        let mut c = Console::new(wide);
        for at in (HEAP..HEAP + 0x8000).step_by(c.kit.width() as usize) {
            c.kit.word(at, HEAP);
        }
        assert!(c.found().is_empty());
        let mut c = Console::new(wide);
        c.structure(HEAP + 0x40, "cmd.exe", &["dir"], 3, false);
        assert_eq!(c.found().len(), 1);
        // Its only command lies nowhere.
        let slot = HEAP + 0x40 + if wide { 0x48 + 3 * 8 } else { 0x28 + 3 * 4 };
        c.kit.word(slot, u64::from(u32::MAX));
        assert!(c.found().is_empty());
    }
}

#[test]
fn a_string_with_room_for_more_than_there_is_memory_is_read_by_its_pointer() {
    for wide in [true, false] {
        let mut c = Console::new(wide);
        c.class(HEAP + 0x40, "a-program.exe", &["dir", LONG]);
        let width = c.kit.width();
        let name = HEAP + 0x40 + if wide { 0x30 } else { 0x18 };
        for string in [name, TEXT + 16 + 2 * width] {
            c.kit.word(string + 16 + width, u64::MAX);
        }
        assert_eq!(c.found(), [["a-program.exe 1: dir".into(), format!("a-program.exe 2: {LONG}")]], "{wide}");
    }
}

#[test]
fn a_region_too_large_to_be_searched_is_said() {
    let mut kit = Kit::new("10.0.19041", true);
    let process = kit.at(0);
    kit.process(process, 0x1a4, "conhost.exe");
    for (pages, expected) in [(0x4_0000, 0), (0x4_0001, 1)] {
        kit.vads(process, kit.at(0x30_0000), &[(0x10_0000, pages, 4), (0x200, 4, 4)]);
        let listing = history(&kit.kernel(), VirtAddr::new(umem::from(process)), &|| true);
        assert_eq!(listing.lost.len(), expected, "{:?}", listing.lost);
        assert!(listing.lost.iter().all(|l| l.to_string_lossy().contains("1 regions of more than 1 GiB")));
    }
}

#[test]
fn more_histories_than_can_be_true_end_the_search_and_are_said() {
    let mut c = Console::new(true);
    let process = c.kit.at(0);
    c.kit.process(process, 0x1a4, "conhost.exe");
    let dtb = c.kit.o.kprocess.dtb;
    c.kit.set(process, dtb, ROOT);
    // Each is alone in its list, and all have the same command.
    c.string(TEXT, "dir", 0);
    let (heap, pages) = (0x1000_0000u64, 0x80);
    for n in 0..pages * 0x1000 / 0x60 {
        let at = heap + n * 0x60;
        c.kit.ring(&[at]);
        for (offset, value) in [(0x10, TEXT), (0x18, TEXT + 32), (0x20, TEXT + 32), (0x28, 50), (0x58, 0)] {
            c.kit.word(at + offset, value);
        }
        c.string(at + 0x30, "cmd.exe", 0);
    }
    c.kit.vads(process, c.kit.at(0x30_0000), &[(heap >> 12, pages, 4)]);
    let listing = history(&c.kit.paged(&[], true), VirtAddr::new(umem::from(process)), &|| true);
    assert!(listing.items.len() >= HISTORIES);
    let lost: Vec<_> = listing.lost.iter().map(|l| l.to_string_lossy().into_owned()).collect();
    assert_eq!(lost, ["the search ended after 4096 histories: no console has as many"]);
}
