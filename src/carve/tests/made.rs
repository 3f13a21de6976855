//! Small files of every kind.

use super::super::Kind;

/// Every kind, with what is said of it.
pub fn all() -> Vec<(Kind, Vec<u8>, &'static str)> {
    vec![
        (Kind::Png, png(), "3x5, 8 bits"),
        (Kind::Jpeg, jpeg(), "16x9"),
        (Kind::Pdf, pdf(), "version 1.4"),
        (Kind::Zip, zip(), "2 entries, one.txt first"),
        (Kind::Gzip, gzip(), "notes.txt, time 77, 9000 bytes unpacked"),
        (Kind::SevenZip, seven_zip(), "version 0.4"),
        (Kind::Sqlite, sqlite(), "3 pages of 1024 bytes"),
        (Kind::Regf, regf(), "SYSTEM, version 1.5"),
        (Kind::Elf, elf(true, false), "program, x86_64, 64 bits"),
        (Kind::Elf, elf(false, true), "program, PowerPC, 32 bits, high byte first"),
        (Kind::Macho, macho(), "library, AArch64, libx.dylib"),
        (Kind::Macho, fat(), "for x86_64 and AArch64"),
        (Kind::Pe, pe(false), "library, x86_64, time 305419896, made.dll"),
        (Kind::Pe, pe(true), "library, x86_64, time 305419896, made.dll, as in memory"),
        (Kind::Cert, certificate(), "example.org, by Made CA, until 2031-05-06"),
        (Kind::Key, rsa(), "RSA, 1024 bits"),
        (Kind::Key, pkcs8(), "EC, P-256"),
        (Kind::Key, ec(), "EC, P-256"),
        (Kind::Cert, pem(), "certificate: example.org, by Made CA"),
        (Kind::Key, pem_key(), "rsa private key: RSA, 1024 bits"),
    ]
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub fn png() -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let typed = [kind, data].concat();
        [&(data.len() as u32).to_be_bytes()[..], &typed, &crc(&typed).to_be_bytes()].concat()
    };
    let header = [&3u32.to_be_bytes()[..], &5u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &header),
        &chunk(b"IDAT", &[7; 2500]),
        &chunk(b"IDAT", &[8; 2500]),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

pub fn jpeg() -> Vec<u8> {
    let segment = |marker: u8, data: &[u8]| [&[0xff, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat();
    let mut out = vec![0xff, 0xd8];
    out.extend(segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"));
    out.extend(segment(0xdb, &[1; 65]));
    out.extend(segment(0xc0, &[8, 0, 9, 0, 16, 1, 1, 0x11, 0]));
    out.extend(segment(0xc4, &[0; 20]));
    out.extend(segment(0xda, &[1, 1, 0, 0, 63, 0]));
    out.extend([0x12; 5000]);
    out.extend([0xff, 0, 0x34, 0xff, 0xd0, 0x56, 0xff, 0xd9]);
    out
}

pub fn pdf() -> Vec<u8> {
    let mut out = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n".to_vec();
    out.extend([b'x'; 5000]);
    let table = out.len();
    out.extend(format!("\nxref\n0 1\n0000000000 65535 f \ntrailer << /Size 1 >>\nstartxref\n{}\n%%EOF\n", table + 1).bytes());
    out
}

pub fn zip() -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, data) in [("one.txt", vec![1u8; 3000]), ("two.txt", vec![2u8; 3000])] {
        let place = out.len() as u32;
        let common = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &crc(&data).to_le_bytes(),
            &(data.len() as u32).to_le_bytes(),
            &(data.len() as u32).to_le_bytes(),
            &(name.len() as u16).to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        out.extend([&b"PK\x03\x04"[..], &common, name.as_bytes(), &data].concat());
        directory.extend([&b"PK\x01\x02\x14\0"[..], &common, &[0; 10], &place.to_le_bytes(), name.as_bytes()].concat());
    }
    let place = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0\x02\0\x02\0");
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(place.to_le_bytes());
    out.extend(b"\x04\0made");
    out
}

pub fn gzip() -> Vec<u8> {
    use std::io::Write;
    let text: Vec<u8> = (0..9000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut packer = flate2::GzBuilder::new().filename("notes.txt").mtime(77).write(Vec::new(), flate2::Compression::default());
    packer.write_all(&text).unwrap();
    packer.finish().unwrap()
}

pub fn seven_zip() -> Vec<u8> {
    let (data, end) = (vec![9u8; 5000], vec![1u8, 2, 3, 4]);
    let start = [&(data.len() as u64).to_le_bytes()[..], &(end.len() as u64).to_le_bytes(), &crc(&end).to_le_bytes()].concat();
    [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], &crc(&start).to_le_bytes(), &start, &data, &end].concat()
}

pub fn sqlite() -> Vec<u8> {
    let mut out = vec![0u8; 3 * 1024];
    out[..16].copy_from_slice(b"SQLite format 3\0");
    out[16..24].copy_from_slice(&[4, 0, 1, 1, 0, 64, 32, 32]);
    out[24..32].copy_from_slice(&[0, 0, 0, 5, 0, 0, 0, 3]);
    out[56..60].copy_from_slice(&[0, 0, 0, 1]);
    out[92..96].copy_from_slice(&[0, 0, 0, 5]);
    for page in [100, 1024, 2048] {
        out[page..page + 8].copy_from_slice(&[13, 0, 0, 0, 0, 4, 0, 0]);
    }
    out
}

pub fn regf() -> Vec<u8> {
    let mut out = vec![0u8; 4096 + 3 * 4096];
    out[..4].copy_from_slice(b"regf");
    for (at, value) in [(4, 9u32), (8, 9), (20, 1), (24, 5), (32, 1), (36, 0x20), (40, 3 * 4096), (44, 1)] {
        out[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    for (i, unit) in "SYSTEM".encode_utf16().enumerate() {
        out[48 + 2 * i..50 + 2 * i].copy_from_slice(&unit.to_le_bytes());
    }
    let sum = out[..508].chunks(4).fold(0, |sum, w| sum ^ u32::from_le_bytes(w.try_into().unwrap()));
    out[508..512].copy_from_slice(&sum.to_le_bytes());
    for (at, size) in [(0usize, 4096u32), (4096, 8192)] {
        out[4096 + at..4100 + at].copy_from_slice(b"hbin");
        out[4100 + at..4104 + at].copy_from_slice(&(at as u32).to_le_bytes());
        out[4104 + at..4108 + at].copy_from_slice(&size.to_le_bytes());
    }
    out
}

/// Numbers at places, in an order of bytes.
struct Put {
    bytes: Vec<u8>,
    be: bool,
}

impl Put {
    fn n(&mut self, at: usize, size: usize, value: u64) -> &mut Self {
        let mut bytes = value.to_le_bytes()[..size].to_vec();
        if self.be {
            bytes.reverse();
        }
        self.bytes[at..at + size].copy_from_slice(&bytes);
        self
    }
}

pub fn elf(wide: bool, be: bool) -> Vec<u8> {
    let (head, entry, section, word) = if wide { (64, 56, 64, 8) } else { (52, 32, 40, 4) };
    let table = 0x2100;
    let mut p = Put { bytes: vec![0; table + 3 * section], be };
    p.bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1 + u8::from(wide), 1 + u8::from(be), 1]);
    p.n(16, 2, 2).n(18, 2, if wide { 62 } else { 20 }).n(20, 4, 1);
    let (phoff, shoff) = if wide { (32, 40) } else { (28, 32) };
    p.n(phoff, word, head as u64).n(shoff, word, table as u64);
    for (i, value) in [head, entry, 1, section, 3, 2].into_iter().enumerate() {
        p.n(head - 12 + 2 * i, 2, value as u64);
    }
    let (offset, virt, filesz) = if wide { (8, 16, 32) } else { (4, 8, 16) };
    p.n(head, 4, 1).n(head + offset, word, 0).n(head + virt, word, 0x40_0000).n(head + filesz, word, 0x2000);
    let (offset, length) = if wide { (24, 32) } else { (16, 20) };
    for (i, kind, from, n) in [(1, 1, 0x1000u64, 0x100u64), (2, 3, 0x2000, 0x40)] {
        let at = table + i * section;
        p.n(at + 4, 4, kind).n(at + offset, word, from).n(at + length, word, n);
    }
    p.bytes
}

pub fn macho() -> Vec<u8> {
    let mut p = Put { bytes: vec![0; 0x1800], be: false };
    p.bytes[..4].copy_from_slice(&[0xcf, 0xfa, 0xed, 0xfe]);
    p.n(4, 4, 0x0100_000c).n(12, 4, 6).n(16, 4, 2).n(20, 4, 72 + 40);
    p.n(32, 4, 0x19).n(36, 4, 72).n(72, 8, 0).n(80, 8, 0x1800);
    p.n(104, 4, 0xd).n(108, 4, 40).n(112, 4, 24);
    p.bytes[128..138].copy_from_slice(b"libx.dylib");
    p.bytes
}

pub fn fat() -> Vec<u8> {
    let mut p = Put { bytes: vec![0; 48], be: true };
    p.n(0, 4, 0xcafe_babe).n(4, 4, 2);
    for (at, cpu, offset) in [(8, 0x0100_0007, 0x1000), (28, 0x0100_000c, 0x3000)] {
        p.n(at, 4, cpu).n(at + 8, 4, offset).n(at + 12, 4, 0x1800);
    }
    let mut out = p.bytes;
    for offset in [0x1000, 0x3000] {
        out.resize(offset, 0);
        out.extend(macho());
    }
    out
}

/// A library with an export, an import and a relocation; as the loader lays it out with `loaded`.
pub fn pe(loaded: bool) -> Vec<u8> {
    let mut p = Put { bytes: vec![0; 0x400], be: false };
    p.bytes[..2].copy_from_slice(b"MZ");
    p.n(0x3c, 4, 0x80);
    p.bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    p.n(0x84, 2, 0x8664).n(0x86, 2, 2).n(0x88, 4, 0x1234_5678).n(0x94, 2, 0xf0).n(0x96, 2, 0x2022);
    let optional = 0x98;
    p.n(optional, 2, 0x20b).n(optional + 56, 4, 0x3000).n(optional + 60, 4, 0x400).n(optional + 68, 2, 3).n(
        optional + 108,
        4,
        16,
    );
    let directories = optional + 112;
    p.n(directories, 4, 0x1000).n(directories + 4, 4, 0x80);
    p.n(directories + 8, 4, 0x1100).n(directories + 12, 4, 0x28);
    p.n(directories + 40, 4, 0x2000).n(directories + 44, 4, 0xc);
    let table = optional + 0xf0;
    for (i, rva, offset) in [(0, 0x1000, 0x400), (1, 0x2000, 0x800)] {
        let at = table + 40 * i;
        p.n(at + 8, 4, 0x400).n(at + 12, 4, rva).n(at + 16, 4, 0x400).n(at + 20, 4, offset);
    }
    let mut first = Put { bytes: vec![0; 0x400], be: false };
    first.n(12, 4, 0x1080).n(0x100 + 12, 4, 0x10c0);
    first.bytes[0x80..0x88].copy_from_slice(b"made.dll");
    first.bytes[0xc0..0xcc].copy_from_slice(b"KERNEL32.dll");
    let mut second = Put { bytes: vec![0; 0x400], be: false };
    second.n(0, 4, 0x1000).n(4, 4, 0xc);
    if !loaded {
        return [p.bytes, first.bytes, second.bytes].concat();
    }
    let mut out = p.bytes;
    for (rva, data) in [(0x1000, first.bytes), (0x2000, second.bytes)] {
        out.resize(rva, 0);
        out.extend(data);
    }
    out.resize(0x3000, 0);
    out
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        n if n < 0x80 => vec![n as u8],
        n if n < 0x100 => vec![0x81, n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    };
    [&[tag][..], &length, &content].concat()
}

pub fn certificate() -> Vec<u8> {
    let name = |text: &str| {
        let pair = tlv(0x30, &[&tlv(6, &[&[0x55, 4, 3]]), &tlv(0x0c, &[text.as_bytes()])]);
        tlv(0x30, &[&tlv(0x31, &[&pair])])
    };
    let algorithm = tlv(0x30, &[&tlv(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11]]), &[5, 0]]);
    let validity = tlv(0x30, &[&tlv(0x17, &[b"210506000000Z"]), &tlv(0x17, &[b"310506000000Z"])]);
    let key = tlv(0x30, &[&algorithm, &tlv(3, &[&[0; 140]])]);
    let version = tlv(0xa0, &[&tlv(2, &[&[2]])]);
    let number = tlv(2, &[&[0x12, 0x34]]);
    let body = tlv(0x30, &[&version, &number, &algorithm, &name("Made CA"), &validity, &name("example.org"), &key]);
    tlv(0x30, &[&body, &algorithm, &tlv(3, &[&[0; 129]])])
}

pub fn rsa() -> Vec<u8> {
    let number = |size: usize| tlv(2, &[&[&[0, 0x81][..], &vec![0x42; size - 1]].concat()]);
    let parts: Vec<Vec<u8>> = [tlv(2, &[&[0]]), number(128), tlv(2, &[&[1, 0, 1]])]
        .into_iter()
        .chain([number(128), number(64), number(64), number(64), number(64), number(64)])
        .collect();
    tlv(0x30, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

pub fn ec() -> Vec<u8> {
    let public = tlv(0xa1, &[&tlv(3, &[&[4; 66]])]);
    tlv(0x30, &[&tlv(2, &[&[1]]), &tlv(4, &[&[0x77; 32]]), &tlv(0xa0, &[&tlv(6, &[P256])]), &public])
}

pub fn pkcs8() -> Vec<u8> {
    let inner = tlv(0x30, &[&tlv(2, &[&[1]]), &tlv(4, &[&[0x77; 32]]), &tlv(0xa1, &[&tlv(3, &[&[4; 66]])])]);
    let algorithm = tlv(0x30, &[&tlv(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]]), &tlv(6, &[P256])]);
    tlv(0x30, &[&tlv(2, &[&[0]]), &algorithm, &tlv(4, &[&inner])])
}

fn armored(label: &str, data: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in data.chunks(3) {
        let n = three.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        let digits: String = (0..4).map(|i| char::from(DIGITS[(n >> (18 - 6 * i)) as usize & 63])).collect();
        text += digits.get(..three.len() + 1).unwrap();
        text += &"=".repeat(3 - three.len());
    }
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n")).into_bytes()
}

pub fn pem() -> Vec<u8> {
    armored("CERTIFICATE", &certificate())
}

pub fn pem_key() -> Vec<u8> {
    armored("RSA PRIVATE KEY", &rsa())
}
