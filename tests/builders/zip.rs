//! Zip archives.

use std::io::Write;

/// A member to be.
#[derive(Clone)]
pub struct Member {
    pub name: String,
    pub method: u16,
    pub flags: u16,
    pub data: Vec<u8>,
    /// Instead of the truth: CRC, packed size, unpacked size, offset of the local header.
    pub crc: Option<u32>,
    pub packed: Option<u32>,
    pub size: Option<u32>,
    pub offset: Option<u32>,
    /// Write the sizes and the offset as ZIP64 does.
    pub wide: bool,
}

pub fn member(name: &str, method: u16, data: &[u8]) -> Member {
    Member {
        name: name.into(),
        method,
        flags: 0,
        data: data.to_vec(),
        crc: None,
        packed: None,
        size: None,
        offset: None,
        wide: false,
    }
}

fn pack(method: u16, data: &[u8]) -> Vec<u8> {
    match method {
        8 => {
            let mut w = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            w.write_all(data).unwrap();
            w.finish().unwrap()
        }
        12 => {
            let mut w = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            w.write_all(data).unwrap();
            w.finish().unwrap()
        }
        93 => zstd::bulk::compress(data, 1).unwrap(),
        95 => {
            let mut w = liblzma::write::XzEncoder::new(Vec::new(), 1);
            w.write_all(data).unwrap();
            w.finish().unwrap()
        }
        _ => data.to_vec(),
    }
}

/// An archive of these members.
pub fn zip(members: &[Member]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for m in members {
        let packed = pack(m.method, &m.data);
        let mut crc = flate2::Crc::new();
        crc.update(&m.data);
        let at = out.len() as u32;
        let (crc, size) = (m.crc.unwrap_or(crc.sum()), m.size.unwrap_or(m.data.len() as u32));
        let (packed_size, offset) = (m.packed.unwrap_or(packed.len() as u32), m.offset.unwrap_or(at));
        let common = |o: &mut Vec<u8>, sizes: (u32, u32), extra: u16| {
            for n in [20, m.flags, m.method, 0, 0] {
                o.extend(n.to_le_bytes());
            }
            for n in [crc, sizes.0, sizes.1] {
                o.extend(n.to_le_bytes());
            }
            o.extend((m.name.len() as u16).to_le_bytes());
            o.extend(extra.to_le_bytes());
        };
        out.extend(b"PK\x03\x04");
        common(&mut out, (packed_size, size), 0);
        out.extend(m.name.as_bytes());
        out.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        let fixed = if m.wide { [u32::MAX; 3] } else { [packed_size, size, offset] };
        common(&mut directory, (fixed[0], fixed[1]), if m.wide { 28 } else { 0 });
        directory.extend([0; 10]);
        directory.extend(fixed[2].to_le_bytes());
        directory.extend(m.name.as_bytes());
        if m.wide {
            directory.extend([1, 0, 24, 0]);
            for n in [size, packed_size, offset] {
                directory.extend(u64::from(n).to_le_bytes());
            }
        }
    }
    let at = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        out.extend((members.len() as u16).to_le_bytes());
    }
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}
