//! AVML version 2: read in place and written, right files and wrong ones.

use crate::builders::avml::{AVML, STREAM, block, block_of, chunk, frames};
use crate::builders::{lime, pattern};
use crate::cli;
use crate::opened::{image, ranges, read};
use memsh::image::{Image, OpenOptions, Progress, WriteFormat, open_bytes, write_image};
use memsh::memo::Memo;
use memsh::{ErrorKind, PhysAddr, umem};
use std::io::{Cursor, Read};
use std::sync::Arc;

fn refused(bytes: Vec<u8>) -> String {
    let e = image(bytes).map(|i| panic!("opened as {}", i.facts.format)).unwrap_err();
    format!("{} | {}", e, e.hint_text().unwrap_or("-"))
}

/// What can be read, and how many bytes can't.
fn gaps(image: &Image, at: u64, len: usize) -> (Vec<u8>, umem) {
    let mut buf = vec![0; len];
    let gaps = image.memory.read_gaps(PhysAddr::new(umem::from(at)), &mut buf).bytes();
    (buf, gaps)
}

fn detail<'a>(image: &'a Image, name: &str) -> &'a str {
    image.facts.details.iter().find(|(n, _)| n == name).map_or("-", |(_, v)| v)
}

/// Half of it shrinks, half does not.
fn mixed(len: usize, seed: u64) -> Vec<u8> {
    let mut data = pattern(len, seed);
    for page in data.chunks_mut(8192) {
        let soft = page.len().min(4096);
        page[..soft].fill(7);
    }
    data
}

#[test]
fn blocks_are_found_and_unpacked() {
    let (a, b) = (mixed(200_000, 1), mixed(65536 * 3, 2));
    let i = image([block(0x1000, &a), block(0x10_0000, &b)].concat()).unwrap();
    assert_eq!(i.facts.format, "avml");
    assert_eq!(ranges(&i), [(0x1000, 200_000), (0x10_0000, 65536 * 3)]);
    assert_eq!((read(&i, 0x1000, a.len()), read(&i, 0x10_0000, b.len())), (a.clone(), b));
    // Across frames, and inside one.
    assert_eq!(read(&i, 0x1000 + 65530, 12), a[65530..65542]);
    assert_eq!((detail(&i, "avml_blocks"), detail(&i, "snappy_frames"), detail(&i, "lime_blocks")), ("2", "7", "0"));
    assert_eq!((i.facts.warnings.len(), i.damage()), (0, None));
}

#[test]
fn lime_blocks_may_stand_anywhere() {
    let (a, b, c) = (mixed(70_000, 1), pattern(40_000, 2), mixed(4096, 3));
    let plain = |at, data: &[u8]| lime::lime(&[(at, data)]);
    for (first, second, third) in [
        (block(0, &a), plain(0x10_0000, &b), block(0x20_0000, &c)),
        (plain(0, &a), block(0x10_0000, &b), plain(0x20_0000, &c)),
        (plain(0, &a), plain(0x10_0000, &b), block(0x20_0000, &c)),
    ] {
        let i = image([first, second, third].concat()).unwrap();
        assert_eq!(i.facts.format, "avml");
        assert_eq!((read(&i, 0, a.len()), read(&i, 0x10_0000, b.len())), (a.clone(), b.clone()));
        assert_eq!(read(&i, 0x20_0000, c.len()), c);
        assert_eq!(i.facts.warnings, [""; 0]);
    }
    // LiME alone stays LiME, which is mapped.
    assert!(image(plain(0, &a)).unwrap().memory.mapped().is_some());
}

/// The bug of a reader that waits for a frame where none is: blocks that do not shrink, as uncompressed chunks.
#[test]
fn what_does_not_shrink_is_read() {
    let data = pattern(300_000, 9);
    let stream = frames(&data);
    assert_eq!(stream[10], 1, "an uncompressed chunk");
    let i = image(block(0x1000, &data)).unwrap();
    assert_eq!(read(&i, 0x1000, data.len()), data);
}

#[test]
fn chunks_without_data_are_passed_over() {
    let data = pattern(1000, 1);
    let body = &frames(&data)[10..];
    let stream = [STREAM, &chunk(0xfe, &[0; 33]), &chunk(0x80, b"skip me"), STREAM, body, &chunk(0xfe, &[0; 5])].concat();
    let i = image([block_of(0x1000, 1000, &stream), block(0x3000, &data)].concat()).unwrap();
    assert_eq!((read(&i, 0x1000, 1000), read(&i, 0x3000, 1000)), (data.clone(), data));
    assert_eq!(i.facts.warnings, [""; 0]);
}

#[test]
fn a_wrong_checksum_makes_its_frame_unreadable_and_no_other() {
    let data = mixed(65536 * 3, 4);
    for kind in [0, 1] {
        let data = if kind == 0 { data.clone() } else { pattern(65536 * 3, 4) };
        let mut file = block(0, &data);
        // The checksum of the first frame: behind the header, the stream identifier, and the chunk's own header.
        assert_eq!(file[42], kind);
        file[32 + 10 + 4] ^= 1;
        let i = image(file).unwrap();
        let (got, missing) = gaps(&i, 0, data.len());
        assert_eq!(missing, 65536);
        assert_eq!((&got[..65536], &got[65536..]), (&vec![0; 65536][..], &data[65536..]));
        let damage = i.damage().unwrap();
        assert!(damage.contains("checksum") && damage.contains("file offset 0x2e"), "{damage}");
    }
}

#[test]
fn damaged_data_never_pass() {
    let data = mixed(50_000, 5);
    let good = block(0x1000, &data);
    for at in (46..good.len() - 8).step_by(97) {
        let mut file = good.clone();
        file[at] ^= 0x10;
        let i = image(file).unwrap();
        let (got, missing) = gaps(&i, 0x1000, data.len());
        // A copy of equal bytes from elsewhere is no damage.
        assert!(missing == 50_000 && got == vec![0; 50_000] || missing == 0 && got == data, "{at}: {missing} bytes are missing");
    }
}

#[test]
fn every_cut_keeps_what_is_whole() {
    let (a, b) = (mixed(65536 * 2, 1), mixed(65536 * 2, 2));
    let (first, second) = (block(0, &a), block(0x10_0000, &b));
    let whole = [first.clone(), second.clone()].concat();
    let ends: Vec<usize> =
        [0, 1, 31, 32, 41, 42, 45, 46, 50, second.len() / 2, second.len() - 9, second.len() - 8, second.len() - 1].into();
    for cut in ends {
        let i = image(whole[..first.len() + cut].to_vec()).unwrap();
        assert_eq!(read(&i, 0, a.len()), a, "{cut}");
        let data_end = second.len() - 8;
        assert_eq!(i.facts.warnings.is_empty(), cut == 0, "{cut}: {:?}", i.facts.warnings);
        let there = i.facts.memory_size - a.len() as u64;
        assert_eq!(there == b.len() as u64, cut >= data_end, "{cut}: {there}");
        assert_eq!(read(&i, 0x10_0000, there as usize), b[..there as usize]);
    }
    for cut in 1..42 {
        let text = refused(first[..cut].to_vec());
        assert!(text.contains("AVML") || text.contains("too small") || text.contains("text file"), "{cut}: {text}");
    }
}

#[test]
fn after_damage_the_next_block_is_found() {
    let (a, b) = (mixed(65536 * 2, 1), mixed(65536, 2));
    let first = block(0x1000, &a);
    let mut file = [first.clone(), block(0x10_0000, &b)].concat();
    // The second chunk of the first block gets a length that leads nowhere.
    let second = 32 + 10 + 4 + u32::from_le_bytes(first[42..46].try_into().unwrap()) as usize / 256;
    file[second] = 2;
    let i = image(file).unwrap();
    assert_eq!(ranges(&i), [(0x1000, 65536), (0x10_0000, 65536)]);
    assert_eq!((read(&i, 0x1000, 65536), read(&i, 0x10_0000, 65536)), (a[..65536].to_vec(), b));
    let text = i.facts.warnings.join("\n");
    assert!(text.contains("unknown type 0x02") && text.contains(&format!("{second:#x}")), "{text}");
    assert!(text.contains("65536 of 131072 bytes are missing") && text.contains("are not used"), "{text}");
}

/// A file of blocks (address, data) of which one chunk of the first gets another head, so that it ends at `to`.
fn led_astray(blocks: &[Vec<u8>], chunk_at: usize, kind: u8, to: usize) -> Vec<u8> {
    let mut file = blocks.concat();
    let len = (to - chunk_at - 4) as u32;
    file[chunk_at] = kind;
    file[chunk_at + 1..chunk_at + 4].copy_from_slice(&len.to_le_bytes()[..3]);
    file
}

#[test]
fn a_damaged_length_that_leads_past_blocks_loses_none_of_them() {
    let mut data: Vec<Vec<u8>> = (0..4).map(|seed| pattern(65536 * 2, seed + 1)).collect();
    // In the memory of the last block stands what looks like a chunk to be skipped, and rubbish behind it.
    data[3][5000..5012].copy_from_slice(&[0x90, 1, 0, 0, 9, 2, 0, 0, 0, 2, 2, 2]);
    let at = [0x10_0000u64, 0x20_0000, 0x30_0000, 0x40_0000];
    let blocks: Vec<Vec<u8>> = at.iter().zip(&data).map(|(at, data)| block(*at, data)).collect();
    let starts: Vec<usize> = blocks.iter().scan(0, |n, b| Some(std::mem::replace(n, *n + b.len()))).collect();
    let planted = starts[3] + 32 + 10 + 8 + 5000;
    // The second chunk of the first block: behind header, identifier, and a chunk of plain bytes.
    let second = 32 + 10 + 8 + 65536;
    let want: Vec<(umem, umem)> = vec![(0x10_0000, 65536), (0x20_0000, 131_072), (0x30_0000, 131_072), (0x40_0000, 131_072)];
    for kind in [0xfe, 0x80] {
        let i = image(led_astray(&blocks, second, kind, planted)).unwrap();
        assert_eq!(ranges(&i), want, "{:?}", i.facts.warnings);
        for (at, data) in at.iter().zip(&data).skip(1) {
            assert_eq!(read(&i, *at, data.len()), *data);
        }
        assert_eq!(read(&i, at[0], 65536), data[0][..65536]);
        let text = i.facts.warnings.join("\n");
        assert!(text.contains("unknown type 0x02") && text.contains("65536 of 131072 bytes are missing"), "{text}");
        assert!(text.contains(&format!("led past the one at file offset {:#x}", starts[1])), "{text}");
    }
    // It may also end where a chunk of another block begins: what comes from there is that block's.
    let i = image(led_astray(&blocks, second, 0xfe, starts[2] + 32 + 10)).unwrap();
    assert_eq!(ranges(&i), want, "{:?}", i.facts.warnings);
    assert_eq!((read(&i, at[0], 65536), read(&i, at[2], 131_072)), (data[0][..65536].to_vec(), data[2].clone()));
    // As a length of packed data it is none at all.
    let i = image(led_astray(&[blocks.clone(), blocks.clone()].concat(), second, 0, planted + blocks.concat().len())).unwrap();
    assert!(i.facts.warnings[0].contains("more than 65536 bytes can take packed"), "{:?}", i.facts.warnings);
    assert_eq!(ranges(&i), at.map(|at| (umem::from(at), 131_072)));
}

#[test]
fn a_block_in_the_memory_of_a_damaged_block_is_memory() {
    let inner = block(0x1f_0000, &pattern(3000, 5));
    let mut data = pattern(65536 * 2, 1);
    data[4096..4096 + inner.len()].copy_from_slice(&inner);
    let mut file = [block(0x10_0000, &data), block(0x20_0000, &data)].concat();
    file[32 + 10 + 8 + 65536] = 2;
    let i = image(file.clone()).unwrap();
    assert_eq!(ranges(&i), [(0x10_0000, 65536), (0x20_0000, 131_072)]);
    assert_eq!(read(&i, 0x10_0000, 65536), data[..65536]);
    // A frame with a wrong checksum proves nothing.
    file[32 + 10 + 4] ^= 1;
    assert_eq!(ranges(&image(file).unwrap()), [(0x10_0000, 65536), (0x1f_0000, 3000), (0x20_0000, 131_072)]);
}

#[test]
fn blocks_that_name_the_same_chunks_take_them_once() {
    const BLOCKS: usize = 500;
    const CHUNKS: usize = 200_000;
    let step = 32 + 10 + 4;
    let mut file = Vec::new();
    for i in 0..BLOCKS {
        file.extend(lime::header(AVML, 2, (i as u64) << 32, ((i as u64) << 32) + (1 << 31)));
        file.extend(STREAM);
        file.push(0xfe);
        file.extend(&(((BLOCKS - 1 - i) * step) as u32).to_le_bytes()[..3]);
    }
    file.extend(b"\x01\x05\0\0\0\0\0\0A".repeat(CHUNKS));
    file.extend(b"\x02\0\0\0");
    let i = image(file.clone()).unwrap();
    let frames: usize = detail(&i, "snappy_frames").parse().unwrap();
    assert!((CHUNKS..2 * CHUNKS + (1 << 17)).contains(&frames), "{frames}");
    assert!(i.facts.warnings.iter().any(|w| w.contains("are not looked for")), "{:?}", i.facts.warnings);
    // And somebody may stop it.
    let stop = OpenOptions { progress: Some(Progress::new(|_, _| false)), ..OpenOptions::default() };
    assert_eq!(open_bytes(file, "test", &stop).err().unwrap().kind(), ErrorKind::Interrupted);
}

/// Chunks to be skipped hide blocks whose frames go on with chunks that others have gone through.
#[test]
fn blocks_within_blocks_are_gone_through_once() {
    const N: usize = 60_000;
    let hidden = |last, more: &[u8]| [&lime::header(AVML, 2, 0x1000, last)[..], STREAM, more].concat();
    let skipped = |len: usize| [&[0xfe][..], &u32::try_from(len).unwrap().to_le_bytes()[..3]].concat();
    let each = |hidden: Vec<u8>| [hidden.clone(), [skipped(hidden.len()), hidden].concat().repeat(N)].concat();
    let large = hidden(0x7fff_ffff, &[]);
    let step = large.len() + 4;
    let jumps = (0..N).flat_map(|i| [large.clone(), skipped((N - 1 - i) * step)].concat()).collect::<Vec<_>>();
    for (what, chunks) in [
        ("all of a large block", each(large.clone())),
        ("behind a block of a byte", each(hidden(0x1000, b"\x01\x05\0\0\0\0\0\0x"))),
        ("behind all headers", [jumps, [0xfe, 0, 0, 0].repeat(20 * N)].concat()),
    ] {
        let begun = std::time::Instant::now();
        let opened = image([chunks, vec![2; 64]].concat());
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{what}: {:?}", begun.elapsed());
        let told = opened.map_or_else(|e| e.to_string(), |i| i.facts.warnings.join("\n"));
        assert!(told.contains("AVML block"), "{what}: {told}");
    }
}

#[test]
fn headers_that_make_no_sense() {
    let good = block(0x1000, &pattern(4096, 1));
    for (header, why) in [
        (lime::header(AVML, 3, 0x2000, 0x2fff), "AVML version 3"),
        (lime::header(AVML, 1, 0x2000, 0x2fff), "AVML version 1"),
        (lime::header(AVML, 2, 0x2000, 0x1fff), "before it begins"),
        (lime::header(0x1234_5678, 2, 0, 1), "magic 0x12345678"),
        (lime::header(0x4C69_4D45, 2, 0, 1), "LiME version 2"),
        (lime::header(AVML, 2, 0, u64::MAX), "no stream identifier"),
    ] {
        let i = image([good.clone(), header.clone(), vec![0; 64]].concat()).unwrap();
        let text = i.facts.warnings.join("\n");
        assert!(text.contains(why), "{text}");
        assert_eq!(ranges(&i), [(0x1000, 4096)]);
        if header[..4] == AVML.to_le_bytes() {
            let text = refused([header, vec![0; 64]].concat());
            assert!(text.contains(why) || text.contains("holds no memory"), "{text}");
        }
    }
    // Zeros behind the last block, as tapes leave them.
    let i = image([good, vec![0; 512]].concat()).unwrap();
    assert!(i.facts.warnings[0].contains("magic 0x0"), "{:?}", i.facts.warnings);
}

#[test]
fn lengths_of_any_size() {
    let data = pattern(4096, 1);
    // A range far larger than its frames.
    let i = image(block_of(0, u64::MAX, &frames(&data))).unwrap();
    assert_eq!((ranges(&i), read(&i, 0, 4096)), (vec![(0, 4096)], data.clone()));
    assert!(i.facts.warnings[0].contains("are missing"), "{:?}", i.facts.warnings);
    // A range smaller than they are.
    let i = image(block_of(0x1000, 1000, &frames(&data))).unwrap();
    assert_eq!((ranges(&i), read(&i, 0x1000, 1000)), (vec![(0x1000, 1000)], data[..1000].to_vec()));
    assert!(i.facts.warnings[0].contains("more than its 1000 bytes"), "{:?}", i.facts.warnings);
    // A length of the stream that is wrong.
    let mut file = [block(0x1000, &data), block(0x10_0000, &data)].concat();
    let at = block(0x1000, &data).len() - 8;
    file[at..at + 8].fill(0xff);
    let i = image(file).unwrap();
    assert_eq!((read(&i, 0x1000, 4096), read(&i, 0x10_0000, 4096)), (data.clone(), data.clone()));
    assert!(i.facts.warnings[0].contains(&format!("offset {at:#x}")), "{:?}", i.facts.warnings);
    // None at all.
    let mut file = block(0x1000, &data);
    file.truncate(file.len() - 8);
    file.extend(block(0x10_0000, &data));
    assert_eq!(image(file).unwrap().facts.warnings, [""; 0]);
    // A range that ends with the last address.
    let i = image(block(u64::MAX - 4095, &data)).unwrap();
    assert_eq!(read(&i, u64::MAX - 4095, 4096), data);
}

#[test]
fn a_bomb_unpacks_no_more_than_its_frame() {
    // 2^32 - 1 bytes unpacked, says the varint.
    let body = [&[0; 4][..], &[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1, 2]].concat();
    let stream = [STREAM, &chunk(0, &body)].concat();
    let text = refused(block_of(0, 1 << 32, &stream));
    assert!(text.contains("more than 65536"), "{text}");
}

#[test]
fn overlapping_blocks_agree_with_themselves() {
    let (a, b) = (mixed(65536, 1), mixed(65536, 2));
    let i = image([block(0, &a), block(0x8000, &b), block(0x8000, &a)].concat()).unwrap();
    assert_eq!(ranges(&i), [(0, 0x18000)]);
    assert_eq!((read(&i, 0, 65536), read(&i, 0x10000, 0x8000)), (a, b[0x8000..].to_vec()));
}

#[test]
fn an_index_that_is_kept_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let data = mixed(500_000, 3);
    let file = [block(0x1000, &data), lime::lime(&[(0x40_0000, &data)])].concat();
    std::fs::write(&path, &file).unwrap();
    let memo = Arc::new(Memo::new(&folder.path().join("cache"), &path));
    let options = OpenOptions { memo: Some(memo), ..OpenOptions::default() };
    for _ in 0..2 {
        let i = memsh::image::open(&path, &options).unwrap();
        assert_eq!((read(&i, 0x1000, 500_000), read(&i, 0x40_0000, 500_000)), (data.clone(), data.clone()));
        assert_eq!(detail(&i, "avml_blocks"), "1");
    }
}

/// As avml's own reader does it: header, frames, eight bytes of length.
fn unpack(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut all = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let number = |at: usize| u64::from_le_bytes(rest[at..at + 8].try_into().unwrap());
        assert_eq!((&rest[..4], &rest[4..8], number(24)), (&b"AVML"[..], &[2, 0, 0, 0][..], 0));
        let (first, last) = (number(8), number(16));
        let mut data = Vec::new();
        let mut stream = Cursor::new(&rest[32..]);
        let mut decoder = snap::read::FrameDecoder::new(&mut stream).take(last - first + 1);
        decoder.read_to_end(&mut data).unwrap();
        assert_eq!(data.len() as u64, last - first + 1);
        let used = stream.position() as usize;
        assert_eq!(number(32 + used), used as u64);
        all.push((first, data));
        rest = &rest[32 + used + 8..];
    }
    all
}

#[test]
fn what_is_written_is_read_by_avml_and_by_us() {
    let (a, b) = (mixed(40 << 20, 1), mixed(5000, 2));
    let mut low = a;
    // The second block of 16 MiB is all zeros.
    low[16 << 20..32 << 20].fill(0);
    let from = image(lime::lime(&[(0x10_0000, &low), (0x1_0000_0000, &b)])).unwrap();
    let mut out = Cursor::new(Vec::new());
    let summary = write_image(&from.memory, from.memory.ranges(), &WriteFormat::Avml, &mut out, None).unwrap();
    let file = out.into_inner();
    assert_eq!((summary.bytes, summary.unreadable), (file.len() as u64, 0));
    let blocks = unpack(&file);
    let firsts: Vec<u64> = blocks.iter().map(|b| b.0).collect();
    assert_eq!(firsts, [0x10_0000, 0x10_0000 + (32 << 20), 0x1_0000_0000]);
    assert_eq!((&blocks[0].1[..], &blocks[1].1[..], &blocks[2].1), (&low[..16 << 20], &low[32 << 20..], &b));
    let back = image(file).unwrap();
    assert_eq!(ranges(&back), [(0x10_0000, 16 << 20), (0x10_0000 + (32 << 20), 8 << 20), (0x1_0000_0000, 5000)]);
    assert_eq!(read(&back, 0x10_0000, 16 << 20), low[..16 << 20]);
    assert_eq!(read(&back, 0x1_0000_0000, 5000), b);
}

#[test]
fn the_program_writes_it_and_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.avml").to_string_lossy().into_owned();
    let run = cli::sample(&["dump", "phys", "--format", "avml", "-o", &path]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let ps = cli::memsh(&[&path, "ps", "--csv"]);
    assert_eq!(ps.status, 0, "{}", ps.stderr);
    assert_eq!(ps.stdout, cli::sample(&["ps", "--csv"]).stdout);
}
