//! PDB files: as they come, and with a sound container around streams that are not.

use crate::types::load_as;

const BLOCK: usize = 512;
/// Identity, and a header of the debug stream that leads to the streams of symbols and sections.
const INFO: [u8; 28] = *b"\x94\x2e\x31\x01\0\0\0\0\x01\0\0\0GUID-of-the-file";

fn debug(machine: u16) -> Vec<u8> {
    let mut out = vec![0; 64 + 22];
    out[..4].copy_from_slice(&[0xff; 4]);
    out[8] = 1;
    out[20] = 5;
    out[48] = 22;
    out[58..60].copy_from_slice(&machine.to_le_bytes());
    out[64..].fill(0xff);
    for (number, stream) in [(5, 6u8), (10, 6), (4, 7)] {
        out[64 + 2 * number..66 + 2 * number].copy_from_slice(&[stream, 0]);
    }
    out
}

/// A file of these streams.
fn container(streams: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0; BLOCK];
    let mut directory = (streams.len() as u32).to_le_bytes().to_vec();
    streams.iter().for_each(|s| directory.extend((s.len() as u32).to_le_bytes()));
    let mut put = |bytes: &[u8]| {
        let first = out.len() / BLOCK;
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
        (first..out.len() / BLOCK).flat_map(|b| (b as u32).to_le_bytes()).collect::<Vec<u8>>()
    };
    for stream in streams {
        directory.extend(put(stream));
    }
    let list = put(&directory);
    let root = put(&list);
    out[..32].copy_from_slice(b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0");
    out[32..36].copy_from_slice(&(BLOCK as u32).to_le_bytes());
    out[44..48].copy_from_slice(&(directory.len() as u32).to_le_bytes());
    out[52..56].copy_from_slice(&root[..4]);
    out
}

/// The first byte says what the rest is: a file, or the lengths of four streams and what is in them.
pub fn file(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    if kind & 1 == 0 {
        load_as("any.pdb", rest);
        return;
    }
    let Some((lengths, mut rest)) = rest.split_first_chunk::<8>() else { return };
    let mut parts: [&[u8]; 4] = [&[]; 4];
    for (part, length) in parts.iter_mut().zip(lengths.as_chunks::<2>().0) {
        (*part, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
    }
    let [types, symbols, sections, moved] = parts;
    let mut tpi = Vec::new();
    [20_040_203, 56, 0x1000, 0xffff, types.len() as u32].iter().for_each(|n: &u32| tpi.extend(n.to_le_bytes()));
    tpi.resize(56, 0);
    tpi.extend(types);
    let debug = debug(if kind & 2 == 0 { 0x8664 } else { 0x14c });
    // Sections of its own where there are none.
    let own = [&[0; 8], &0x7fff_ffffu32.to_le_bytes()[..], &0x1000u32.to_le_bytes(), &[0; 24]].concat();
    let sections = if sections.is_empty() { &own } else { sections };
    load_as("parts.pdb", &container(&[&[], &INFO, &tpi, &debug, &[], symbols, sections, moved]));
}
