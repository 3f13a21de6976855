//! GUIDs as Windows writes them.

use crate::{Error, ErrorKind, Layer, Result};

/// Digits of each group of a written GUID.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// The bytes of `6B29FC40-CA47-1067-B31D-00DD010662DA`, braces around it or not, as a `GUID` of Windows and of EFI has them: its
/// first three groups are numbers, low byte first; the rest are bytes in order. And its text without braces.
pub(super) fn parse(text: &str) -> Result<([u8; 16], String)> {
    let bare = text.trim().trim_start_matches('{').trim_end_matches('}');
    let groups: Vec<&str> = bare.split('-').collect();
    let shaped = groups.len() == GROUPS.len()
        && groups.iter().zip(GROUPS).all(|(g, n)| g.len() == n && g.bytes().all(|b| b.is_ascii_hexdigit()));
    let value = u128::from_str_radix(&groups.concat(), 16).ok().filter(|_| shaped).ok_or_else(|| {
        Error::new(Layer::Search, ErrorKind::Invalid, format!("{text:?} is no GUID"))
            .hint("one is written 6B29FC40-CA47-1067-B31D-00DD010662DA")
    })?;
    let mut bytes = value.to_be_bytes();
    for number in [0..4, 4..6, 6..8] {
        bytes.get_mut(number).unwrap_or_default().reverse();
    }
    Ok((bytes, bare.to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    #[test]
    fn mixed_endian_as_in_memory() {
        let want = [0x40, 0xfc, 0x29, 0x6b, 0x47, 0xca, 0x67, 0x10, 0xb3, 0x1d, 0, 0xdd, 1, 6, 0x62, 0xda];
        let text = "6B29FC40-CA47-1067-B31D-00DD010662DA";
        assert_eq!(super::parse(text).unwrap(), (want, text.to_owned()));
        assert_eq!(super::parse(" {6b29fc40-ca47-1067-b31d-00dd010662da} ").unwrap().0, want);
        for bad in [
            "",
            "6B29FC40CA471067B31D00DD010662DA",
            "6B29FC40-CA47-1067-B31D-00DD010662D",
            "6B29FC40-CA47-1067-B31D-00DD010662DX",
        ] {
            assert!(super::parse(bad).is_err(), "{bad}");
        }
    }
}
