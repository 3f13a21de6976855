//! The checksum of the Snappy framing format.

/// The CRC-32C of `data`, rotated, and with a constant added, so that the checksum of data that hold checksums is sound: section 3 of
/// the format's description.
pub fn masked_crc32c(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::crc32c::crc32c;

    #[test]
    fn masks_as_the_format_does() {
        // The sum of nothing is 0.
        assert_eq!(masked_crc32c(b""), 0xa282_ead8);
    }

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
