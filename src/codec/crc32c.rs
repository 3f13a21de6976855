//! CRC-32C (Castagnoli), as the Snappy framing format uses it: eight bytes per step, from tables made when memsh is built.

/// The polynomial 0x1EDC6F41 (RFC 3720, 12.1), bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

type Table = [u32; 256];

#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler, which checks both")]
const fn tables() -> [Table; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut step = 1;
    while step < 8 {
        let mut byte = 0;
        while byte < 256 {
            let crc = tables[step - 1][byte];
            tables[step][byte] = tables[0][(crc & 0xff) as usize] ^ crc >> 8;
            byte += 1;
        }
        step += 1;
    }
    tables
}

static TABLES: [Table; 8] = tables();

#[inline]
fn look(table: &Table, byte: u8) -> u32 {
    // A byte never leaves a table of 256.
    table.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The CRC-32C of `data`.
pub fn crc32c(data: &[u8]) -> u32 {
    let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
    let mut crc = !0u32;
    let mut eights = data.chunks_exact(8);
    for eight in &mut eights {
        let Ok([a, b, c, d, e, f, g, h]) = <[u8; 8]>::try_from(eight) else { continue };
        let [a, b, c, d] = (u32::from_le_bytes([a, b, c, d]) ^ crc).to_le_bytes();
        crc = look(t7, a) ^ look(t6, b) ^ look(t5, c) ^ look(t4, d) ^ look(t3, e) ^ look(t2, f) ^ look(t1, g) ^ look(t0, h);
    }
    for &byte in eights.remainder() {
        let [low, ..] = crc.to_le_bytes();
        crc = look(t0, low ^ byte) ^ crc >> 8;
    }
    !crc
}

/// As the framing format stores it, section 3 of its description: rotated, and a constant added, so that the checksum of data that
/// hold checksums is sound.
pub fn masked_crc32c(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_values_of_rfc_3720() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let up: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&up), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(b""), 0);
    }
}
