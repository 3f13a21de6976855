//! QEMU's migration streams and libvirt's save files: right ones and wrong ones.

use crate::builders::pattern;
use crate::builders::qcow2::Qcow2;
use crate::builders::qemu::{EOS, FLUSH, HOOK, PAGE, Stream, XBZRLE, ZLIB, libvirt, simple};
use crate::cli;
use crate::opened::{image, ranges, read, warnings};
use memsh::image::{Image, OpenOptions, Progress, open_bytes};
use memsh::{ErrorKind, PhysAddr, umem};
use std::io::Write;

fn refused(bytes: Vec<u8>) -> String {
    let e = image(bytes).map(|i| panic!("opened as {}", i.facts.format)).unwrap_err();
    format!("{} | {}", e, e.hint_text().unwrap_or("-"))
}

/// How many bytes can't be read.
fn missing(image: &Image, at: u64, len: usize) -> umem {
    image.memory.read_gaps(PhysAddr::new(umem::from(at)), &mut vec![0; len]).bytes()
}

fn detail<'a>(image: &'a Image, name: &str) -> &'a str {
    image.facts.details.iter().find(|(n, _)| n == name).map_or("-", |(_, v)| v)
}

fn page(seed: u64) -> Vec<u8> {
    pattern(PAGE, seed)
}

const PC: &str = "pc-i440fx-9.2";

#[test]
fn pages_stand_where_they_belong() {
    let file = simple(PC, "pc.ram", &[Some(page(1)), None, Some(page(2)), None]).finish("");
    let i = image(file).unwrap();
    assert_eq!(i.facts.format, "qemu");
    assert_eq!(ranges(&i), [(0, 4 * 4096)]);
    let want = [page(1), vec![0; PAGE], page(2), vec![0; PAGE]].concat();
    assert_eq!(read(&i, 0, 4 * PAGE), want);
    assert_eq!(read(&i, 4090, 4110), want[4090..8200]);
    assert!(i.memory.mapped().is_some(), "plain pages are mapped");
    assert_eq!((detail(&i, "machine"), detail(&i, "normal_pages"), detail(&i, "zero_pages")), (PC, "2", "2"));
    assert_eq!(warnings(&i), "");
}

#[test]
fn the_last_of_several_counts() {
    let mut s = Stream::new(PC);
    s.ram(&[("pc.bios", 0x2000), ("pc.ram", 0x3000)]).part(false);
    s.normal(Some("pc.ram"), 0, &page(1)).filled(None, 0x1000, 0).normal(None, 0x2000, &page(3));
    s.normal(Some("pc.bios"), 0, &page(9)).filled(None, 0x1000, 0).end();
    s.part(false).u64(FLUSH).normal(Some("pc.ram"), 0x1000, &page(2)).end();
    s.part(true).filled(Some("pc.ram"), 0, 0).normal(None, 0x1000, &page(4)).end();
    let i = image(s.finish("")).unwrap();
    assert_eq!(read(&i, 0, 3 * PAGE), [vec![0; PAGE], page(4), page(3)].concat());
    assert_eq!((detail(&i, "pages_sent_again"), detail(&i, "ram_parts")), ("3", "4"));
    assert_eq!(detail(&i, "device_block_1"), "pc.bios, 8192 bytes (no main memory)");
    assert_eq!(detail(&i, "ram_block_2"), "pc.ram, 12288 bytes at 0x0-0x3000");
    assert_eq!(warnings(&i), "");
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut w = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    w.write_all(data).unwrap();
    w.finish().unwrap()
}

#[test]
fn pages_that_are_compressed_filled_or_changed() {
    let soft: Vec<u8> = (0..PAGE).map(|i| (i / 100) as u8).collect();
    let mut s = Stream::new(PC);
    s.ram(&[("pc.ram", 0x4000)]).part(true);
    let packed = zlib(&soft);
    s.page(Some("pc.ram"), 0, ZLIB).u32(packed.len() as u32).raw(&packed);
    s.filled(None, 0x1000, 0xaa);
    s.normal(None, 0x2000, &page(5)).filled(None, 0x3000, 0).end();
    // 4 bytes stay, 2 change; then 100 stay, 1 changes. And again on top of that.
    let mut changed = page(5);
    changed[4..6].copy_from_slice(&[1, 2]);
    changed[106] = 3;
    changed[0] = 9;
    for delta in [&[4u8, 2, 1, 2, 100, 1, 3][..], &[0, 1, 9]] {
        s.part(true).page(Some("pc.ram"), 0x2000, XBZRLE).u8(1).raw(&(delta.len() as u16).to_be_bytes()).raw(delta).end();
    }
    let i = image(s.finish("")).unwrap();
    let want = [soft, vec![0xaa; PAGE], changed, vec![0; PAGE]].concat();
    assert_eq!(read(&i, 0, 4 * PAGE), want);
    for at in [0, 1, 5000, 0x2004, 0x2fff] {
        assert_eq!(read(&i, at as u64, 3), want[at..at + 3]);
    }
    assert_eq!((detail(&i, "zlib_pages"), detail(&i, "xbzrle_pages")), ("1", "2"));
    assert_eq!(i.damage(), None);
}

#[test]
fn a_damaged_page_is_unreadable_and_no_other() {
    let mut s = Stream::new(PC);
    s.ram(&[("pc.ram", 0x4000)]).part(true);
    let packed = zlib(&page(1));
    s.page(Some("pc.ram"), 0, ZLIB).u32(packed.len() as u32 - 9).raw(&packed[9..]);
    // Changes to a page that never came; and changes that lead out of the page.
    s.page(None, 0x1000, XBZRLE).u8(1).raw(&[0, 3, 0, 1, 9]);
    s.filled(None, 0x2000, 0).normal(None, 0x3000, &page(3)).end();
    s.part(true).page(Some("pc.ram"), 0x2000, XBZRLE).u8(1).raw(&[0, 4, 0xff, 0x3f, 1, 9]).end();
    let i = image(s.finish("")).unwrap();
    assert_eq!(missing(&i, 0, 4 * PAGE), 3 * 4096);
    assert_eq!(read(&i, 0x3000, PAGE), page(3));
    assert!(i.damage().unwrap().contains("compressed page"), "{:?}", i.damage());
}

#[test]
fn pages_that_never_came_are_missing_not_zero() {
    let mut s = Stream::new(PC);
    s.ram(&[("pc.ram", 0x5000)]).part(true);
    s.normal(Some("pc.ram"), 0, &page(1)).filled(None, 0x3000, 0).end();
    let i = image(s.finish("")).unwrap();
    assert_eq!(ranges(&i), [(0, 4096), (0x3000, 4096)]);
    assert_eq!(missing(&i, 0, 0x5000), 0x3000);
    assert!(warnings(&i).contains("12288 of 20480 bytes of RAM are not in the stream"), "{}", warnings(&i));
}

const X86_CPU: &str = r#"{"configuration":{},"devices":[
 {"name":"cpu","instance_id":0,"fields":[{"name":"env.regs","array_len":16,"type":"uint64","size":8},{"name":"env.eip","size":8},
  {"name":"env.eflags","size":8},{"name":"env.segs","array_len":6,"size":20},{"name":"env.cr[0]","size":8},{"name":"env.cr[3]","size":8},
  {"name":"env.cr[4]","size":8},{"name":"env.efer","size":8}]},
 {"name":"mc146818rtc","instance_id":0,"fields":[{"name":"cmos_data","type":"buffer","size":128}]}],"page_size":4096}"#;

/// State of a processor as that description has it.
fn x86_state(cr3: u64, efer: u64) -> Vec<u8> {
    let mut state: Vec<u8> = (0..16u64).flat_map(|r| (0x100 + r).to_be_bytes()).collect();
    for n in [0xffff_ffff_8100_0000u64, 0x202] {
        state.extend(n.to_be_bytes());
    }
    for segment in 0..6u32 {
        state.extend((segment * 8).to_be_bytes());
        state.extend([0; 16]);
    }
    for n in [0x8000_0001u64, cr3, 0x20, efer] {
        state.extend(n.to_be_bytes());
    }
    state
}

#[test]
fn processors_are_found_through_the_description() {
    let mut s = simple("pc-q35-9.0", "pc.ram", &[Some(page(1))]);
    // Footers with a device's own number in its state, and no section behind them, do not end it.
    s.device("timer", 0, b"\x7e\x00\x00\x00\x2a\xffabc");
    s.device("cpu", 0, &x86_state(0x1234_5000, 0xd01));
    let i = image(s.finish(X86_CPU)).unwrap();
    let cpu = &i.cpus[0];
    assert_eq!((cpu.root, cpu.cr0, cpu.cr4, cpu.efer), (Some(0x1234_5000), Some(0x8000_0001), Some(0x20), Some(0xd01)));
    assert_eq!(cpu.instruction_pointer.unwrap().value(), 0xffff_ffff_8100_0000);
    for (name, value) in [("ax", 0x100), ("cx", 0x101), ("sp", 0x104), ("r15", 0x10f), ("flags", 0x202), ("cs", 8), ("ss", 16)] {
        assert!(cpu.registers.contains(&(name, value)), "{name}: {:?}", cpu.registers);
    }
    assert_eq!(i.machine.as_deref(), Some("x86_64"));
    assert_eq!(detail(&i, "device_sections"), "2: timer, cpu");
    let mut s = simple("pc-q35-9.0", "pc.ram", &[Some(page(1))]);
    s.device("cpu", 0, &x86_state(0x1000, 0));
    assert_eq!(image(s.finish(X86_CPU)).unwrap().machine.as_deref(), Some("x86"));
}

#[test]
fn a_description_that_lies_gives_no_processors() {
    for description in [
        r#"{"devices":[{"name":"cpu","instance_id":0,"fields":[{"name":"env.cr[3]","size":18446744073709551615,"array_len":18446744073709551615}]}]}"#,
        r#"{"devices":[{"name":"cpu","instance_id":0,"fields":[{"name":"x","size":99999999},{"name":"env.cr[3]","size":8}]}]}"#,
        r#"{"devices":[{"name":"cpu","instance_id":0,"fields":[{"name":"env.cr[3]","size":-8}]}]}"#,
        r#"{"devices":{}}"#,
        "[[[[",
    ] {
        let mut s = simple(PC, "pc.ram", &[Some(page(1))]);
        s.device("cpu", 0, &[7; 64]);
        let i = image(s.finish(description)).unwrap();
        assert!(i.cpus.iter().all(|c| c.root.is_none()), "{description}");
        assert_eq!(read(&i, 0, PAGE), page(1));
    }
}

/// A machine of 5 GiB, of which the stream has three pages.
fn large(machine: &str, cmos: Option<(u64, u64)>) -> Image {
    let mut s = Stream::new(machine);
    s.ram(&[("pc.ram", 5 << 30), ("0000:00:02.0/vga.vram", 16 << 20)]).part(true);
    s.normal(Some("pc.ram"), 0, &page(1)).normal(None, 2 << 30, &page(2)).normal(None, 3 << 30, &page(3)).end();
    if let Some((low, high)) = cmos {
        let mut state = vec![0; 128];
        let (low, high) = ((low - (16 << 20)) >> 16, high >> 16);
        state[0x34..0x36].copy_from_slice(&low.to_le_bytes()[..2]);
        state[0x5b..0x5e].copy_from_slice(&high.to_le_bytes()[..3]);
        s.device("mc146818rtc", 0, &state);
    }
    image(s.finish(X86_CPU)).unwrap()
}

#[test]
fn ram_is_split_below_4_gib() {
    let at = |i: &Image| ranges(i).iter().map(|r| r.0).collect::<Vec<_>>();
    let i = large("pc-i440fx-9.2", None);
    assert_eq!(at(&i), [0, 2 << 30, 4 << 30]);
    assert_eq!(read(&i, 4 << 30, PAGE), page(3));
    assert!(warnings(&i).contains("max-ram-below-4g"), "{}", warnings(&i));
    let i = large("pc-q35-9.2+pve0", None);
    assert_eq!(at(&i), [0, 4 << 30, 5 << 30]);
    assert_eq!((read(&i, 4 << 30, PAGE), read(&i, 5 << 30, PAGE)), (page(2), page(3)));
    // What the CMOS says is no assumption.
    let i = large("pc-q35-9.2", Some((3 << 30, 2 << 30)));
    assert_eq!(at(&i), [0, 2 << 30, 4 << 30]);
    assert!(detail(&i, "placement").contains("CMOS"), "{}", detail(&i, "placement"));
    assert!(!warnings(&i).contains("max-ram-below-4g"), "{}", warnings(&i));
    // A guest may write other numbers there.
    assert_eq!(at(&large("pc-q35-9.2", Some((3 << 30, 1 << 30)))), [0, 4 << 30, 5 << 30]);
}

#[test]
fn other_machines_begin_elsewhere() {
    for (machine, block, more, base) in [
        ("virt-9.0", "mach-virt.ram", None, 0x4000_0000),
        ("virt-9.0", "mem", Some("virt.flash0"), 0x4000_0000),
        ("virt", "mem", Some("riscv_virt_board.mrom"), 0x8000_0000),
        ("virt", "riscv_virt_board.ram", None, 0x8000_0000u64),
    ] {
        let mut s = Stream::new(machine);
        let blocks: Vec<(&str, u64)> = [Some((block, 0x1000)), more.map(|m| (m, 0x1000))].into_iter().flatten().collect();
        s.ram(&blocks).part(true).normal(Some(block), 0, &page(1)).end();
        let i = image(s.finish("")).unwrap();
        assert_eq!(ranges(&i), [(umem::from(base), 4096)], "{machine} {block}");
        assert_eq!(warnings(&i), "");
    }
    let mut s = Stream::new("toaster-1.0");
    s.ram(&[("mem", 0x2000), ("plugged", 0x1000)]).part(true).normal(Some("mem"), 0, &page(1)).end();
    let i = image(s.finish("")).unwrap();
    let text = warnings(&i);
    assert!(text.contains("does not know where the machine \"toaster-1.0\"") && text.contains("block plugged (4096"), "{text}");
}

#[test]
fn pages_of_other_sizes_and_configurations() {
    let mut s = Stream::new("virt-9.0");
    s.configuration("configuration/target-page-bits", &16u32.to_be_bytes());
    s.configuration("configuration/uuid", &[0xab; 16]);
    s.ram(&[("mach-virt.ram", 0x20000)]).part(true);
    s.normal(Some("mach-virt.ram"), 0, &pattern(0x10000, 1)).filled(None, 0x10000, 0).end();
    let i = image(s.finish("")).unwrap();
    assert_eq!(ranges(&i), [(0x4000_0000, 0x20000)]);
    assert_eq!(read(&i, 0x4000_0000, 0x10000), pattern(0x10000, 1));
    assert_eq!((detail(&i, "page_size"), detail(&i, "uuid")), ("65536", "abababababababababababababababab"));
    // With postcopy each block of huge pages says how large they are.
    let mut s = Stream::new(PC);
    s.ram_start(4).u64(0x40_0000 + 0x1000 + 4).name("pc.ram").u64(0x40_0000).u64(0x20_0000).name("pc.bios").u64(0x1000);
    s.u64(EOS).footer(1).part(true).normal(Some("pc.ram"), 0, &page(1)).end();
    assert_eq!(read(&image(s.finish("")).unwrap(), 0, PAGE), page(1));
    let mut s = Stream::new(PC);
    s.configuration("configuration/unheard-of", &[1, 2, 3]);
    let text = refused(s.finish(""));
    assert!(text.contains("unheard-of"), "{text}");
}

/// A mapped-ram stream whose bitmap and pages are where QEMU would put them; `shift` as if the file had begun so much earlier.
fn mapped(shift: u64) -> Vec<u8> {
    let mut s = Stream::new(PC);
    s.capability("mapped-ram");
    s.ram_start(4).u64(0x6000 + 4);
    for (name, len) in [("pc.ram", 0x5000u64), ("pc.bios", 0x1000)] {
        s.name(name).u64(len).u32(1).u64(4096);
        let bitmap = s.bytes.len() as u64 + 16;
        let pages = (bitmap + 8).next_multiple_of(0x1000);
        s.u64(bitmap + shift).u64(pages + shift);
        // Pages 0, 2 and 3.
        s.raw(&0b01101u64.to_le_bytes());
        s.bytes.resize(pages as usize, 0);
        for seed in 1..=len / 4096 {
            // What the bitmap leaves out may be old.
            s.raw(&page(seed));
        }
    }
    s.u64(EOS).footer(1).part(true).end();
    s.device("timer", 0, &[0; 20]);
    s.finish("")
}

#[test]
fn mapped_ram_lies_where_its_bitmap_says() {
    for shift in [0, 4096] {
        let i = image(mapped(shift)).unwrap();
        let want = [page(1), vec![0; PAGE], page(3), page(4), vec![0; PAGE]].concat();
        assert_eq!(read(&i, 0, 5 * PAGE), want);
        assert!(i.memory.mapped().is_some());
        assert_eq!((detail(&i, "runs"), detail(&i, "capabilities")), ("4", "mapped-ram"));
        assert_eq!(warnings(&i), "");
    }
    // Cut inside the pages.
    let whole = mapped(0);
    let i = image(whole[..0x1000 + 2 * PAGE + 100].to_vec()).unwrap();
    assert_eq!(read(&i, 0, 2 * PAGE), [page(1), vec![0; PAGE]].concat());
    assert_eq!(missing(&i, 0, 5 * PAGE), 2 * 4096);
    assert!(warnings(&i).contains("cut short") && warnings(&i).contains("RAM is not complete"), "{}", warnings(&i));
}

/// The clusters of a mapped-ram stream's bitmap need not be there: it takes a few bytes to say that terabytes are zeros.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_bitmap_of_zeros_takes_no_memory() {
    const RAM: u64 = 1 << 42;
    let mut s = Stream::new(PC);
    s.capability("mapped-ram");
    s.ram_start(4).u64(RAM | 4).name("pc.ram").u64(RAM).u32(1).u64(4096);
    let bitmap = s.bytes.len() as u64 + 16;
    s.u64(bitmap).u64(bitmap + RAM / 4096 / 8 + 4096);
    // Pages 512 to 514 are none of zeros, says the bitmap; they lie in clusters that are not there, which read as zeros.
    s.bytes.resize(bitmap as usize + 64, 0);
    s.u8(7);
    let q = Qcow2 { cluster_bits: 16, hole: 1 << 38, snapshots: vec![("one", 1_700_000_000, s.bytes)], ..Qcow2::default() };
    let file = q.build();
    let i = image(file.clone()).unwrap();
    assert_eq!((detail(&i, "normal_pages"), detail(&i, "zero_pages")), ("3", &*(RAM / 4096 - 3).to_string()));
    assert!(i.facts.memory_size > 1 << 40);
    for at in [0, 511 << 12, 512 << 12, 513 << 12, 515 << 12, 1 << 40] {
        assert_eq!(read(&i, at, 4096), vec![0; 4096], "{at:#x}");
    }
    // Somebody who waits for it may stop it while the bitmap is read.
    let stop =
        OpenOptions { progress: Some(Progress::new(|done, _| !(1 << 20..1 << 21).contains(&done))), ..OpenOptions::default() };
    assert_eq!(open_bytes(file, "test", &stop).err().unwrap().kind(), ErrorKind::Interrupted);
}

/// Pages that lie in no cluster are none: bits are believed as far as the file can hold what they name.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_bitmap_names_no_more_than_the_file_can_hold() {
    const RAM: u64 = 1 << 36;
    let mut s = Stream::new(PC);
    s.capability("mapped-ram");
    s.ram_start(4).u64(RAM | 4).name("pc.ram").u64(RAM).u32(1).u64(4096);
    let bitmap = s.bytes.len() as u64 + 16;
    s.u64(bitmap).u64(bitmap + RAM / 4096 / 8);
    s.bytes.resize((bitmap + RAM / 4096 / 8) as usize, 1);
    let q = Qcow2 { cluster_bits: 16, hole: RAM, snapshots: vec![("one", 1_700_000_000, s.bytes)], ..Qcow2::default() };
    let i = image(q.build()).unwrap();
    assert!(warnings(&i).contains("name more pages than a stream of this size can hold"), "{}", warnings(&i));
    let normal: u64 = detail(&i, "normal_pages").parse().unwrap();
    assert!((1 << 17..1 << 20).contains(&normal), "{normal}");
}

#[test]
fn every_cut_keeps_the_pages_before_it() {
    let mut s = simple(PC, "pc.ram", &[Some(page(1)), Some(page(2)), None]);
    s.device("cpu", 0, &x86_state(0x1000, 0xd01));
    let whole = s.finish(X86_CPU);
    let part = {
        let mut s = Stream::new(PC);
        s.ram(&[("pc.ram", 3 * 4096)]);
        s.bytes.len()
    };
    let first = part + 5 + 8 + 7;
    for cut in (0..first + 8500).step_by(61).chain(part - 30..first + 5).chain(first + 8200..whole.len()) {
        match image(whole[..cut.min(whole.len())].to_vec()) {
            Ok(i) => {
                assert!(cut >= first + PAGE, "{cut}");
                assert_eq!(read(&i, 0, PAGE), page(1));
                let second = cut >= first + PAGE + 8 + PAGE;
                assert_eq!(missing(&i, 0x1000, PAGE), if second { 0 } else { 4096 }, "{cut}");
                assert_eq!(
                    warnings(&i).contains("RAM is not complete"),
                    cut < first + 2 * (PAGE + 8) + 8 + 1,
                    "{cut}: {}",
                    warnings(&i)
                );
            }
            Err(e) => assert!(cut < first + PAGE, "{cut}: {e}"),
        }
    }
}

#[test]
fn what_makes_no_sense_is_told_with_its_place() {
    let begin = || {
        let mut s = Stream::new(PC);
        s.ram(&[("pc.ram", 0x2000)]).part(false).normal(Some("pc.ram"), 0, &page(1));
        s
    };
    let check = |mut s: Stream, why: &str| {
        let at = s.bytes.len();
        let i = image(s.raw(&[0xff; 5000]).finish("")).unwrap();
        assert_eq!(read(&i, 0, PAGE), page(1));
        assert!(warnings(&i).contains(why), "{why}: {}", warnings(&i));
        at
    };
    let mut s = begin();
    s.page(None, 0x2000, 8);
    check(s, "a page at 0x2000 of the RAM block pc.ram, which has 0x2000 bytes");
    let mut s = begin();
    s.page(Some("nobody"), 0, 8);
    check(s, "\"nobody\", which is not in the list");
    let mut s = begin();
    s.u64(HOOK);
    check(s, "RDMA");
    check(begin(), "unknown flags 0xfdf");
    let mut s = begin();
    s.page(None, 0x1000, ZLIB).u32(u32::MAX);
    check(s, "the stream ends");
    let mut s = begin();
    s.page(None, 0x1000, XBZRLE).u8(7).raw(&[0, 1]);
    check(s, "XBZRLE page of kind 7");
    let mut s = begin();
    s.end().u8(0x33);
    check(s, "unknown type 0x33");
    let mut s = begin();
    s.u64(EOS).footer(9);
    check(s, "the footer of section 1 has the number 9");
    let mut s = begin();
    s.end().u8(4).u32(5).name("endless").u32(0).u32(1);
    check(s, "the device \"endless\" has no end");
}

#[test]
fn sizes_of_any_size() {
    for (blocks, why) in [
        (&[("pc.ram", 1u64 << 60)][..], "claims"),
        (&[("pc.ram", 1 << 47)], "claims"),
        (&[("pc.ram", 1 << 45)], "holds no memory"),
    ] {
        let mut s = Stream::new(PC);
        s.ram(blocks).part(true).end();
        let text = refused(s.finish(""));
        assert!(text.contains(why), "{text}");
    }
    let mut s = Stream::new(PC);
    s.ram_start(4).u64(0x1000 + 4).name("pc.ram").u64(u64::MAX);
    assert!(refused(s.finish("")).contains("only 4096 are left"));
    // Pages far apart in a block that is larger than any file.
    let mut s = Stream::new(PC);
    s.ram(&[("pc.ram", 1 << 45)]).part(true);
    for i in 0..4000u64 {
        s.filled(if i == 0 { Some("pc.ram") } else { None }, i << 22, 0);
    }
    let i = image(s.end().finish("")).unwrap();
    assert!(warnings(&i).contains("too far apart"), "{}", warnings(&i));
    assert_eq!(read(&i, 0, PAGE), vec![0; PAGE]);
}

#[test]
fn other_versions_and_no_stream() {
    let text = refused(Stream::with_version(PC, 2).finish(""));
    assert!(text.contains("version 2; memsh knows version 3"), "{text}");
    let mut s = Stream::new(PC);
    s.ram_start(3).list(&[("pc.ram", 4096)]);
    assert!(refused(s.finish("")).contains("RAM of version 3; memsh knows version 4"));
    for cut in 4..8 {
        assert!(refused(Stream::new(PC).bytes[..cut].to_vec()).contains("the stream ends"), "{cut}");
    }
    let options = OpenOptions { format: Some("qemu".to_owned()), ..OpenOptions::default() };
    let e = open_bytes(vec![1; 5000], "test", &options).map(|_| panic!("opened")).unwrap_err();
    assert!(e.to_string().contains("no QEMU migration stream"), "{e}");
}

const XML: &str = "<domain type='kvm'>\n <name>web &lt;1&gt;</name>\n <uuid>0-1</uuid>\n <memory unit='KiB'>16</memory>\n <os><type arch='x86_64' machine='pc-q35-8.2'>hvm</type></os>\n</domain>";

#[test]
fn libvirt_wraps_it_with_and_without_compression() {
    let stream = simple("pc-q35-8.2", "pc.ram", &[Some(page(1)), None]).finish("");
    let gzip = {
        let mut w = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        w.write_all(&stream).unwrap();
        w.finish().unwrap()
    };
    for (format, data, name) in [
        (0, stream.clone(), "none"),
        (1, gzip, "gzip"),
        (5, zstd::bulk::compress(&stream, 3).unwrap(), "zstd"),
        // What it is counts, not what the header says.
        (3, stream.clone(), "xz"),
    ] {
        for big in [false, true] {
            let i = image(libvirt(XML, format, big, &data)).unwrap();
            assert_eq!((i.facts.format.as_str(), detail(&i, "compression")), ("libvirt", name));
            assert_eq!(read(&i, 0, 2 * PAGE), [page(1), vec![0; PAGE]].concat());
            for (key, value) in [
                ("domain", "web <1>"),
                ("uuid", "0-1"),
                ("domain_machine", "pc-q35-8.2"),
                ("domain_arch", "x86_64"),
                ("domain_memory", "16"),
                ("machine", "pc-q35-8.2"),
                ("was_running", "yes"),
            ] {
                assert_eq!(detail(&i, key), value, "{key}");
            }
        }
    }
    let text = refused(libvirt(XML, 4, false, &[0x89, b'L', b'Z', b'O', 0, 13, 10]));
    assert!(text.contains("lzop") && text.contains("tail -c +"), "{text}");
    let text = refused(libvirt(XML, 0, false, &[1, 2, 3, 4]));
    assert!(text.contains("01 02 03 04"), "{text}");
}

#[test]
fn libvirt_headers_that_make_no_sense() {
    let stream = simple("pc-q35-8.2", "pc.ram", &[Some(page(1))]).finish("");
    let good = libvirt(XML, 0, false, &stream);
    let mut part = good.clone();
    part[..16].copy_from_slice(b"LibvirtQemudPart");
    assert!(warnings(&image(part).unwrap()).contains("not finished"));
    let with = |at: usize, n: u32| {
        let mut file = good.clone();
        file[at..at + 4].copy_from_slice(&n.to_le_bytes());
        refused(file)
    };
    assert!(with(16, 3).contains("version 3"));
    assert!(with(16, 0).contains("version 0"));
    for len in [u32::MAX, good.len() as u32] {
        assert!(with(20, len).contains(&format!("{len} bytes of XML")), "{}", with(20, len));
    }
    for cut in 16..92 {
        assert!(refused(good[..cut].to_vec()).contains("libvirt header"), "{cut}");
    }
    assert!(refused(good[..good.len() - stream.len()].to_vec()).contains("XML follow"));
}

#[test]
fn the_program_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.state");
    std::fs::write(&path, simple(PC, "pc.ram", &[Some(page(1)), None]).finish("")).unwrap();
    let run = cli::memsh(&[&path.to_string_lossy(), "read", "--phys", "0x0", "-n", "16", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let hex: String = page(1)[..16].iter().map(|b| format!("{b:02x}")).collect();
    assert!(run.stdout.contains(&hex), "{}", run.stdout);
}
