//! kdump files around the target's bytes: the headers are in their places, and the bytes are spent on what they say.

const BLOCK: usize = 4096;
/// Where status, block size, blocks of the sub-header and of the bitmaps, and the number of pages stand.
const NUMBERS: usize = 424;
const DESCRIPTORS: usize = 4 * BLOCK;

/// Takes up to `n` bytes from the front.
fn take<'d>(data: &mut &'d [u8], n: usize) -> &'d [u8] {
    let (head, tail) = data.split_at(n.min(data.len()));
    *data = tail;
    head
}

/// A file whose headers make sense but for what `data` writes over them.
fn file(mut data: &[u8], headers: bool) -> Vec<u8> {
    let mut out = vec![0; DESCRIPTORS];
    out[..8].copy_from_slice(b"KDUMP   ");
    out[8] = 6;
    for (i, n) in [1u32, 4096, 1, 2, 256].into_iter().enumerate() {
        out[NUMBERS + i * 4..][..4].copy_from_slice(&n.to_le_bytes());
    }
    out[BLOCK + 96..][..8].copy_from_slice(&256u64.to_le_bytes());
    if headers {
        for at in [8, 404, BLOCK] {
            let bytes = take(&mut data, if at == 8 { 4 } else { 104 });
            out[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
    for at in [2 * BLOCK, 3 * BLOCK] {
        let bytes = take(&mut data, 8);
        out[at..at + bytes.len()].copy_from_slice(bytes);
    }
    // Descriptors point behind themselves more often than chance would have it.
    for d in take(&mut data, 64 * 8).chunks_exact(8) {
        let offset = DESCRIPTORS as u64 + u64::from(u16::from_le_bytes([d[0], d[1]]) % 4096);
        let size = u32::from(u16::from_le_bytes([d[2], d[3]])) << (d[4] & 16);
        out.extend(if d[4] & 0x80 == 0 { offset } else { u64::MAX - offset }.to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(u32::from(d[5]).to_le_bytes());
        out.extend([0; 8]);
    }
    out.extend(data);
    out
}

/// Opens a kdump file made of `data`, flattened or not.
pub fn kdump(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else { return };
    let plain = file(data, mode & 1 != 0);
    if mode & 2 == 0 {
        return super::image(&plain, Some("kdump"));
    }
    let mut out = b"makedumpfile\0\0\0\0".to_vec();
    out.extend([1u64, 1].iter().flat_map(|n| n.to_be_bytes()));
    out.resize(4096, 0);
    // Pieces of changing size, some of them written twice or left out, the last as the bytes end.
    let size = 64 + usize::from(mode) * 17;
    for (i, piece) in plain.chunks(size).enumerate() {
        let how = data.get(i % data.len().max(1)).copied().unwrap_or(0);
        let at = (i * size) as u64;
        let at = match how & 0xf {
            0 => at.wrapping_sub(u64::from(how)),
            1 => continue,
            _ => at,
        };
        out.extend(at.to_be_bytes());
        out.extend((piece.len() as u64 + u64::from(how == 0x22)).to_be_bytes());
        out.extend(piece);
    }
    if mode & 4 == 0 {
        out.extend([0xff; 16]);
    }
    super::image(&out, Some("kdump"));
}

/// Unpacks LZO.
pub fn lzo(data: &[u8]) {
    let mut out = [0; 4096];
    for codec in [memsh::codec::Codec::Lzo, memsh::codec::Codec::LzoRle] {
        for room in [4096, 100] {
            if let Ok(n) = codec.unpack(data, &mut out[..room]) {
                assert!(n <= room);
            }
        }
    }
}
