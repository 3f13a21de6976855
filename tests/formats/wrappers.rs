//! Images that are packed as a whole or cut into parts: LZ4, Snappy, zip, `.001 .002`.

use crate::builders::zip::{Member, member, zip};
use crate::builders::{lime, pattern};
use crate::cli;
use crate::opened::{all, image, ranges, refused};
use memsh::image::{OpenOptions, open, open_bytes};
use memsh::{ErrorKind, PhysAddr, umem};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes that compress, in part.
fn memory(len: usize) -> Vec<u8> {
    let mut data = pattern(len, 5);
    for page in data.chunks_mut(4096).step_by(3) {
        page.fill(0);
    }
    for page in data.chunks_mut(4096).skip(1).step_by(3) {
        let n = page.len() / 2;
        page[..n].fill(0x41);
    }
    data
}

struct Lz4 {
    independent: bool,
    block_checksum: bool,
    content_checksum: bool,
    size: Option<u64>,
    block: usize,
}

impl Default for Lz4 {
    fn default() -> Self {
        Self { independent: true, block_checksum: false, content_checksum: true, size: None, block: 64 << 10 }
    }
}

impl Lz4 {
    fn build(&self, data: &[u8]) -> Vec<u8> {
        let mut out = 0x184d_2204u32.to_le_bytes().to_vec();
        let bits = [(0x20, self.independent), (0x10, self.block_checksum), (8, self.size.is_some()), (4, self.content_checksum)];
        let flags = bits.iter().filter(|(_, on)| *on).fold(0x40, |f, (bit, _)| f | bit);
        let code = (self.block.trailing_zeros() as u8 - 8) / 2;
        let mut descriptor = vec![flags, code << 4];
        descriptor.extend(self.size.into_iter().flat_map(u64::to_le_bytes));
        let check = (twox_hash::XxHash32::oneshot(0, &descriptor) >> 8) as u8;
        out.extend(&descriptor);
        out.push(check);
        for (i, block) in data.chunks(self.block).enumerate() {
            let before =
                if self.independent { &[][..] } else { &data[(i * self.block).saturating_sub(64 << 10)..i * self.block] };
            let packed = lz4_flex::block::compress_with_dict(block, before);
            let (bytes, bit) = if packed.len() < block.len() { (&packed[..], 0) } else { (block, 1 << 31) };
            out.extend((bytes.len() as u32 | bit).to_le_bytes());
            out.extend(bytes);
            if self.block_checksum {
                out.extend(twox_hash::XxHash32::oneshot(0, bytes).to_le_bytes());
            }
        }
        out.extend([0; 4]);
        if self.content_checksum {
            out.extend(twox_hash::XxHash32::oneshot(0, data).to_le_bytes());
        }
        out
    }
}

fn lz4_legacy(data: &[u8]) -> Vec<u8> {
    let mut out = 0x184c_2102u32.to_le_bytes().to_vec();
    for block in data.chunks(8 << 20) {
        let packed = lz4_flex::block::compress(block);
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend(packed);
    }
    out
}

#[test]
fn lz4_frames_of_every_kind() {
    let data = memory(300_000 / 4096 * 4096);
    for independent in [true, false] {
        for block_checksum in [true, false] {
            for content_checksum in [true, false] {
                for size in [None, Some(data.len() as u64)] {
                    let lz4 = Lz4 { independent, block_checksum, content_checksum, size, ..Lz4::default() };
                    let i = image(lz4.build(&data)).unwrap();
                    assert_eq!(i.facts.compressed.as_deref(), Some("lz4"));
                    assert_eq!(all(&i), data);
                    assert_eq!(i.facts.warnings, [""; 0]);
                }
            }
        }
    }
    let legacy = lz4_legacy(&data);
    assert_eq!(all(&image(legacy.clone()).unwrap()), data);
    let two = [Lz4::default().build(&data), vec![0; 512], Lz4 { block: 256 << 10, ..Lz4::default() }.build(&data)].concat();
    assert_eq!(all(&image(two).unwrap()), [&data[..], &data].concat());
    assert_eq!(all(&image([&legacy[..], &legacy].concat()).unwrap()), [&data[..], &data].concat());
}

#[test]
fn lz4_that_is_cut_or_damaged_is_never_half_an_image() {
    let data = memory(32 << 10);
    let whole = Lz4 { block_checksum: true, block: 64 << 10, ..Lz4::default() }.build(&data);
    for len in 4..whole.len() {
        let text = refused(image(whole[..len].to_vec()));
        assert!(text.contains("end early"), "{len}: {text}");
    }
    for at in 4..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 0x40;
        assert_eq!(image(bad).map(|_| ()).unwrap_err().kind(), ErrorKind::Malformed, "{at}");
    }
    let wrong = Lz4 { size: Some(7), content_checksum: false, ..Lz4::default() }.build(&data);
    assert!(refused(image(wrong)).contains("not the number in its header"));
    let mut huge = Lz4::default().build(&data);
    huge[7..11].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    assert!(refused(image(huge)).contains("an LZ4 block of 2147483647 bytes"));
    // A block of a legacy frame that is cut.
    let legacy = lz4_legacy(&data);
    assert!(refused(image(legacy[..legacy.len() - 1].to_vec())).contains("end early"));
}

#[test]
fn lz4_bomb_ends_at_the_limit() {
    let data = vec![7; 4 << 20];
    let options = OpenOptions { max_unpacked: Some(1 << 20), ..OpenOptions::default() };
    let text = refused(open_bytes(Lz4::default().build(&data), "test", &options));
    assert!(text.contains("more than 1048576 bytes unpacked"), "{text}");
}

#[test]
fn snappy_frames() {
    let data = memory(200_704);
    let mut w = snap::write::FrameEncoder::new(Vec::new());
    w.write_all(&data).unwrap();
    let packed = w.into_inner().unwrap();
    let i = image(packed.clone()).unwrap();
    assert_eq!((i.facts.compressed.as_deref(), all(&i)), (Some("snappy"), data));
    let mut bad = packed.clone();
    bad[20] ^= 1;
    assert_eq!(image(bad).map(|_| ()).unwrap_err().kind(), ErrorKind::Malformed);
    assert!(refused(image(packed[..packed.len() - 5].to_vec())).contains("end early"));
}

#[test]
fn zip_with_one_member_of_every_method() {
    let data = memory(200_704);
    for (method, name) in [(0, "stored"), (8, "deflate"), (12, "bzip2"), (93, "zstd"), (95, "xz")] {
        for wide in [false, true] {
            let i = image(zip(&[Member { wide, ..member("mem.raw", method, &data) }])).unwrap();
            assert_eq!(i.facts.compressed, Some(format!("zip ({name})")));
            assert_eq!(i.facts.warnings, [""; 0]);
            assert_eq!(all(&i), data, "{name}");
            assert!(i.memory.mapped().is_some());
        }
    }
    let lime = lime::lime(&[(0x1000, &data)]);
    let i = image(zip(&[member("mem.lime", 8, &lime)])).unwrap();
    assert_eq!((i.facts.format.as_str(), ranges(&i)), ("lime", vec![(0x1000, data.len() as umem)]));
}

#[test]
fn zip_picks_the_only_image() {
    let data = memory(200_704);
    let log = "taken at noon\n".repeat(10_000);
    let others = [member("logs/", 0, b""), member("__MACOSX/._mem.raw", 8, &data), member("log.txt", 8, log.as_bytes())];
    let with = |m: Member| [&others[..], &[m]].concat();
    let i = image(zip(&with(member("mem.raw", 8, &data)))).unwrap();
    assert!(i.facts.details.contains(&("archive_member".into(), "mem.raw".into())), "{:?}", i.facts.details);
    assert_eq!(all(&i), data);
    // A header that is known counts more than bytes without one.
    let lime = lime::lime(&[(0x1000, &data[..4096])]);
    let mut members = with(member("mem.raw", 8, &data));
    members.push(member("other.lime", 0, &lime));
    assert_eq!(image(zip(&members)).unwrap().facts.format, "lime");
    // Two of a kind: which one?
    members.push(member("third.lime", 0, &lime));
    let text = refused(image(zip(&members)));
    assert!(text.contains("log.txt") && text.contains("third.lime (4128 bytes)"), "{text}");
    assert!(text.contains("unpack it"), "{text}");
    let text = refused(image(zip(&[member("a.raw", 8, &data), member("b.raw", 8, &data)])));
    assert!(text.contains("a zip archive of 2 files"), "{text}");
    assert!(refused(image(zip(&[member("a/", 0, b"")]))).contains("holds no files"));
}

#[test]
fn zip_that_lies() {
    let data = memory(100 << 10);
    let good = member("mem.raw", 8, &data);
    for m in [
        Member { packed: Some(100), ..good.clone() },
        Member { offset: Some(u32::MAX), ..good.clone() },
        Member { offset: Some(7), ..good.clone() },
        Member { method: 14, ..good.clone() },
        Member { method: 99, ..good.clone() },
        Member { flags: 1, ..good.clone() },
        Member { flags: 1, method: 0, ..good.clone() },
    ] {
        assert!(image(zip(std::slice::from_ref(&m))).is_err(), "{} {:?} {:?}", m.method, m.packed, m.offset);
    }
    assert!(refused(image(zip(&[Member { flags: 1, ..good.clone() }]))).contains("is encrypted"));
    let i = image(zip(&[Member { crc: Some(1), ..good.clone() }])).unwrap();
    assert!(i.facts.warnings[0].contains("CRC-32"), "{:?}", i.facts.warnings);
    let i = image(zip(&[Member { size: Some(1), ..good.clone() }])).unwrap();
    assert!(i.facts.warnings[0].contains("the zip archive's directory says 1"), "{:?}", i.facts.warnings);
    for m in [&good, &member("mem.raw", 0, &data)] {
        let long = zip(&[Member { packed: Some(u32::MAX), ..m.clone() }]);
        assert!(image(long).unwrap().facts.warnings[0].contains("ends inside mem.raw"));
    }
    let whole = zip(&[good]);
    for len in 4..whole.len() {
        let text = refused(image(whole[..len].to_vec()));
        assert!(text.contains("zip archive"), "{len}: {text}");
    }
    let text = refused(image(zip(&[member("a.zip", 0, &whole)])));
    assert!(text.contains("compressed twice (zip in zip (stored))"), "{text}");
}

#[test]
fn an_aff4_container_is_named() {
    let members = [member("container.description", 0, b"aff4://x"), member("information.turtle", 8, &[b'a'; 500])];
    let text = refused(image(zip(&members)));
    assert!(text.contains("an AFF4 container, which memsh does not read yet"), "{text}");
}

#[test]
fn zip_bomb_ends_at_the_limit() {
    let options = OpenOptions { max_unpacked: Some(1 << 20), ..OpenOptions::default() };
    let text = refused(open_bytes(zip(&[member("m", 8, &vec![0; 8 << 20])]), "test", &options));
    assert!(text.contains("more than 1048576 bytes unpacked"), "{text}");
}

/// Writes parts into a folder and gives the path of the first.
fn parts(folder: &Path, list: &[(&str, &[u8])]) -> PathBuf {
    for (name, data) in list {
        fs::write(folder.join(name), data).unwrap();
    }
    folder.join(list[0].0)
}

#[test]
fn split_raw_is_one_image() {
    let data = pattern(40_960, 3);
    for names in
        [["m.001", "m.002", "m.003"], ["m.000", "m.001", "m.002"], ["m.aa", "m.ab", "m.ac"], ["m.part1", "m.part2", "m.part3"]]
    {
        let folder = tempfile::tempdir().unwrap();
        let list: Vec<(&str, &[u8])> = names.iter().copied().zip(data.chunks(16_384)).collect();
        let first = parts(folder.path(), &list);
        let i = open(&first, &OpenOptions::default()).unwrap();
        assert_eq!((i.facts.format.as_str(), ranges(&i), all(&i)), ("raw", vec![(0, 40_960)], data.clone()));
        assert!(i.facts.warnings[0].contains("3 files were taken for one image of 40960 bytes, by their names"));
        assert_eq!(i.facts.warnings.len(), 1, "{:?}", i.facts.warnings);
        assert!(i.memory.mapped().is_some());
        // A later part is not the image.
        let text = refused(open(&folder.path().join(names[2]), &OpenOptions::default()));
        assert!(text.contains("whose first part is") && text.contains(names[0]), "{text}");
        // --format raw takes the one file.
        let alone = OpenOptions { format: Some("raw".into()), ..OpenOptions::default() };
        assert_eq!(ranges(&open(&first, &alone).unwrap()), [(0, 16_384)]);
    }
}

#[test]
fn split_raw_moves_as_a_whole() {
    let data = pattern(20_480, 3);
    let folder = tempfile::tempdir().unwrap();
    let first = parts(folder.path(), &[("m.001", &data[..16_384]), ("m.002", &data[16_384..])]);
    let i = open(&first, &OpenOptions { base: Some(PhysAddr::new(0x8000_0000)), ..OpenOptions::default() }).unwrap();
    assert_eq!((ranges(&i), all(&i)), (vec![(0x8000_0000, 20_480)], data.clone()));
    let i = i.rebased(PhysAddr::new(0x4000_0000)).unwrap();
    assert_eq!((ranges(&i), all(&i)), (vec![(0x4000_0000, 20_480)], data));
}

#[test]
fn a_missing_or_short_part_is_told() {
    let data = pattern(65_536, 3);
    let folder = tempfile::tempdir().unwrap();
    let (a, b, c) = (&data[..16_384], &data[16_384..32_768], &data[32_768..]);
    let first = parts(folder.path(), &[("m.001", a), ("m.003", b)]);
    let text = refused(open(&first, &OpenOptions::default()));
    assert!(text.contains("part m.002 of the split file is missing"), "{text}");
    parts(folder.path(), &[("m.002", &b[..4096])]);
    let i = open(&first, &OpenOptions::default()).unwrap();
    assert!(i.facts.warnings[1].contains("part 2 has another size than the first"), "{:?}", i.facts.warnings);
    parts(folder.path(), &[("m.002", b), ("m.003", c)]);
    let i = open(&first, &OpenOptions::default()).unwrap();
    assert!(i.facts.warnings[1].contains("part 3 has another size than the first"), "{:?}", i.facts.warnings);
    // One that is an image of its own.
    parts(folder.path(), &[("m.003", &lime::lime(&[(0, a)]))]);
    let text = refused(open(&first, &OpenOptions::default()));
    assert!(text.contains("it begins like a lime image"), "{text}");
}

#[test]
fn sidecars_are_the_other_parts() {
    let data = pattern(32_768, 3);
    let folder = tempfile::tempdir().unwrap();
    let first = parts(folder.path(), &[("one.bin", &data[..16_384]), ("two.bin", &data[16_384..])]);
    let options = OpenOptions { sidecars: vec![folder.path().join("two.bin")], ..OpenOptions::default() };
    let i = open(&first, &options).unwrap();
    assert_eq!(all(&i), data);
    assert!(i.facts.warnings[0].contains("as --sidecar names them"), "{:?}", i.facts.warnings);
    // Who has no use for one says so.
    fs::write(folder.path().join("x.lime"), lime::lime(&[(0, &data)])).unwrap();
    let i = open(&folder.path().join("x.lime"), &options).unwrap();
    assert!(i.facts.warnings[0].contains("--sidecar was not used"), "{:?}", i.facts.warnings);
}

#[test]
fn split_images_with_headers_are_joined() {
    let data = pattern(32_768, 3);
    let lime = lime::lime(&[(0x1000, &data)]);
    let packed = zstd::bulk::compress(&lime, 1).unwrap();
    for whole in [lime, packed] {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = whole.split_at(10_000);
        let first = parts(folder.path(), &[("m.001", a), ("m.002", b)]);
        let i = open(&first, &OpenOptions::default()).unwrap();
        assert_eq!((i.facts.format.as_str(), all(&i)), ("lime", data.clone()));
        assert!(i.facts.warnings[0].contains("2 files were taken for one image"), "{:?}", i.facts.warnings);
    }
    // Each with its own header: two images.
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (lime::lime(&[(0x1000, &data[..4096])]), lime::lime(&[(0x9000, &data[4096..])]));
    let first = parts(folder.path(), &[("m.001", &a), ("m.002", &b)]);
    assert_eq!(ranges(&open(&first, &OpenOptions::default()).unwrap()), [(0x1000, 4096)]);
    assert_eq!(ranges(&open(&folder.path().join("m.002"), &OpenOptions::default()).unwrap()), [(0x9000, 28_672)]);
}

#[test]
fn the_program_tells_what_it_unpacked_and_joined() {
    let folder = tempfile::tempdir().unwrap();
    let data = memory(200_704);
    let path = folder.path().join("mem.zip");
    fs::write(&path, zip(&[member("mem.raw", 8, &data)])).unwrap();
    let run = cli::memsh(&[path.to_str().unwrap(), "read", "--phys", "0x1000", "-n", "16", "--raw"]);
    assert_eq!((run.status, run.stdout), (0, String::from_utf8_lossy(&data[0x1000..0x1010]).into_owned()), "{}", run.stderr);
    let first = parts(folder.path(), &[("m.001", &data[..102_400]), ("m.003", &data[102_400..])]);
    let run = cli::memsh(&[first.to_str().unwrap(), "info"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("m.002 of the split file is missing"), "{}", run.stderr);
}
