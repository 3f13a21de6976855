//! Decompressors of single blocks, as dump files and compressed swap use them. Each fills a buffer of known size, never more.
//!
//! Whole files that are compressed (`.gz`, `.xz`, `.zst`) are [`image`](crate::image)'s business.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod crc32c;
mod lznt1;
mod lzo;
mod xpress;

pub use crc32c::masked_crc32c;

/// How a block is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// zlib (RFC 1950).
    Zlib,
    /// Deflate without a header (RFC 1951), as the kernel's crypto layer has it.
    Deflate,
    /// One zstd frame (RFC 8878).
    Zstd,
    /// Snappy without framing.
    Snappy,
    /// An LZ4 block without framing.
    Lz4,
    /// LZO1X, as liblzo2 packs it.
    Lzo,
    /// LZO1X as the kernel's `lzo-rle` packs it (zram), or plain.
    LzoRle,
    /// Xpress, plain LZ77: `[MS-XCA]` section 2.4.
    Xpress,
    /// Xpress with Huffman codes: `[MS-XCA]` section 2.2.
    XpressHuffman,
    /// LZNT1: `[MS-XCA]` section 2.5.
    Lznt1,
}

impl Codec {
    /// The name, for messages and `info`.
    pub const fn name(self) -> &'static str {
        match self {
            Codec::Zlib => "zlib",
            Codec::Deflate => "deflate",
            Codec::Zstd => "zstd",
            Codec::Snappy => "snappy",
            Codec::Lz4 => "lz4",
            Codec::Lzo => "lzo",
            Codec::LzoRle => "lzo-rle",
            Codec::Xpress => "xpress",
            Codec::XpressHuffman => "xpress-huffman",
            Codec::Lznt1 => "lznt1",
        }
    }

    /// Unpacks `data` into `out` and says how many bytes that gave.
    ///
    /// # Errors
    /// Why the data can't be unpacked, or that they give more than `out` holds.
    pub fn unpack(self, data: &[u8], out: &mut [u8]) -> Result<usize, String> {
        match self {
            Codec::Zlib => inflate(data, out, true),
            Codec::Deflate => inflate(data, out, false),
            // No bytes at all are no frame, but zstd takes them for none of its business.
            Codec::Zstd if data.is_empty() => Err("there are no data".to_owned()),
            Codec::Zstd => zstd::bulk::decompress_to_buffer(data, out).map_err(|e| e.to_string()),
            Codec::Snappy => {
                let len = snap::raw::decompress_len(data).map_err(|e| e.to_string())?;
                let room = out.len();
                let out = out.get_mut(..len).ok_or_else(|| format!("{len} bytes, more than the {room} of the block"))?;
                snap::raw::Decoder::new().decompress(data, out).map_err(|e| e.to_string())
            }
            Codec::Lz4 => lz4_flex::block::decompress_into(data, out).map_err(|e| e.to_string()),
            Codec::Lzo => lzo::unpack(data, out, false),
            Codec::LzoRle => lzo::unpack(data, out, true),
            Codec::Xpress => xpress::plain(data, out),
            Codec::XpressHuffman => xpress::huffman(data, out),
            Codec::Lznt1 => lznt1::unpack(data, out),
        }
    }
}

fn inflate(data: &[u8], out: &mut [u8], header: bool) -> Result<usize, String> {
    use flate2::{Decompress, FlushDecompress, Status};
    std::thread_local! {
        // Its tables are some 40 KiB: made once per thread, not once per page.
        static INFLATE: std::cell::RefCell<Decompress> = std::cell::RefCell::new(Decompress::new(true));
    }
    INFLATE.with_borrow_mut(|inflate| {
        inflate.reset(header);
        match inflate.decompress(data, out, FlushDecompress::Finish) {
            Ok(Status::StreamEnd) => usize::try_from(inflate.total_out()).map_err(|e| e.to_string()),
            Ok(_) if usize::try_from(inflate.total_out()) == Ok(out.len()) => {
                Err(format!("more than the {} bytes of the block", out.len()))
            }
            Ok(_) => Err(format!("the data end after {} bytes of output", inflate.total_out())),
            Err(e) => Err(e.to_string()),
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::io::Write;

    fn page() -> Vec<u8> {
        (0..4096u32).flat_map(|i| (i / 7 * 13).to_le_bytes()).take(4096).collect()
    }

    fn packed(codec: Codec) -> Vec<u8> {
        match codec {
            Codec::Zlib => {
                let mut w = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                w.write_all(&page()).unwrap();
                w.finish().unwrap()
            }
            Codec::Zstd => zstd::bulk::compress(&page(), 3).unwrap(),
            Codec::Deflate => {
                let mut w = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
                w.write_all(&page()).unwrap();
                w.finish().unwrap()
            }
            Codec::Snappy => snap::raw::Encoder::new().compress_vec(&page()).unwrap(),
            Codec::Lz4 => lz4_flex::block::compress(&page()),
            // Nothing but literals: 4096 = 18 + 15 * 255 + 253.
            Codec::Lzo => [&[0; 16], &[253][..], &page(), &[0x11, 0, 0]].concat(),
            Codec::LzoRle => [&[17, 1][..], &[0; 16], &[253][..], &page(), &[0x11, 0, 0]].concat(),
            other => unreachable!("{} has tests of its own", other.name()),
        }
    }

    const ALL: [Codec; 7] = [Codec::Zlib, Codec::Deflate, Codec::Zstd, Codec::Snappy, Codec::Lz4, Codec::Lzo, Codec::LzoRle];

    #[test]
    fn each_gives_its_page_back() {
        for codec in ALL {
            let mut out = vec![0; 4096];
            assert_eq!(codec.unpack(&packed(codec), &mut out), Ok(4096), "{}", codec.name());
            assert_eq!(out, page());
            let mut room = vec![0; 8192];
            assert_eq!(codec.unpack(&packed(codec), &mut room), Ok(4096), "{}", codec.name());
        }
    }

    #[test]
    fn none_writes_past_its_block_and_none_takes_half() {
        for codec in ALL {
            let data = packed(codec);
            assert!(codec.unpack(&data, &mut [0; 4095]).is_err(), "{}", codec.name());
            assert!(codec.unpack(&data[..data.len() / 2], &mut [0; 4096]).is_err(), "{}", codec.name());
            assert!(codec.unpack(&[], &mut [0; 4096]).is_err(), "{}", codec.name());
        }
    }
}
