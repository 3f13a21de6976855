//! How text is written in memory.

use crate::{Error, ErrorKind, Layer, Result};
use encoding_rs::Encoding;
use std::fmt;

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8, and so ASCII.
    Utf8,
    /// UTF-16, low byte first.
    Utf16,
    /// UTF-16, high byte first.
    Utf16Be,
    /// ISO 8859-1: each byte is the character with its number.
    Latin1,
    /// One that browsers know.
    Other(Legacy),
}

/// An encoding from before Unicode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legacy(&'static Encoding);

/// Names of Windows' and others' code pages that browsers have no word for.
const PAGES: [(&str, &str); 4] = [("cp932", "shift_jis"), ("cp936", "gbk"), ("cp949", "euc-kr"), ("cp950", "big5")];

impl Charset {
    /// The encoding with this name: `utf8`, `utf16`, `utf16be`, `latin1`, or one of the names in the Encoding Standard
    /// (`cp1252`, `windows-1251`, `koi8-r`, `shift_jis`, `euc-jp`, `gb18030`, `big5`, ...).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there is none.
    pub fn parse(name: &str) -> Result<Self> {
        let name = name.trim().to_ascii_lowercase();
        Ok(match name.as_str() {
            "utf8" | "utf-8" | "ascii" => Self::Utf8,
            "utf16" | "utf-16" | "utf16le" | "utf-16le" | "ucs2" | "ucs-2" => Self::Utf16,
            "utf16be" | "utf-16be" => Self::Utf16Be,
            "latin1" | "latin-1" | "iso-8859-1" | "iso8859-1" => Self::Latin1,
            _ => {
                let label = PAGES.iter().find(|p| p.0 == name).map_or(name.as_str(), |p| p.1);
                let known = Encoding::for_label(label.as_bytes());
                let known = known.or_else(|| Encoding::for_label(label.replace('_', "-").as_bytes()));
                // Some can be read and not written.
                Self::Other(Legacy(known.filter(|e| e.output_encoding() == *e).ok_or_else(|| {
                    invalid(format!("there is no encoding named {name:?}"))
                        .hint("some are utf8, utf16, utf16be, latin1, cp1252, cp1251, koi8-r, shift_jis, euc-jp, gb18030, big5")
                })?))
            }
        })
    }

    /// Text in this encoding; `None` when it can't be written in it.
    pub(super) fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf16 => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Latin1 => text.chars().map(|c| u8::try_from(c).ok()).collect(),
            Self::Other(Legacy(encoding)) => {
                let (bytes, _, lost) = encoding.encode(text);
                (!lost).then(|| bytes.into_owned())
            }
        }
    }

    /// Bytes as text; `None` when they are none in this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        let units = |big: bool| {
            let (pairs, rest) = bytes.as_chunks::<2>();
            let units = pairs.iter().map(|p| if big { u16::from_be_bytes(*p) } else { u16::from_le_bytes(*p) });
            rest.is_empty().then(|| char::decode_utf16(units).collect::<std::result::Result<_, _>>().ok()).flatten()
        };
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Utf16 => units(false),
            Self::Utf16Be => units(true),
            Self::Latin1 => Some(bytes.iter().map(|b| char::from(*b)).collect()),
            Self::Other(Legacy(encoding)) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
            }
        }
    }

    /// Whether a character has the same bytes wherever it stands.
    pub(super) fn is_stateless(self) -> bool {
        !matches!(self, Self::Other(Legacy(e)) if e == encoding_rs::ISO_2022_JP)
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Utf8 => "utf8".into(),
            Self::Utf16 => "utf16".into(),
            Self::Utf16Be => "utf16be".into(),
            Self::Latin1 => "latin1".into(),
            Self::Other(Legacy(e)) => e.name().to_ascii_lowercase(),
        })
    }
}

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Charset;

    #[test]
    fn text_has_the_bytes_that_the_encoding_says() {
        for (name, text, want) in [
            ("utf8", "é", &[0xc3, 0xa9][..]),
            ("utf16", "é", &[0xe9, 0]),
            ("UTF-16BE", "é", &[0, 0xe9]),
            ("latin1", "é\u{85}", &[0xe9, 0x85]),
            ("cp1252", "€", &[0x80]),
            ("windows-1251", "Ж", &[0xc6]),
            ("koi8-r", "Ж", &[0xf6]),
            ("shift_jis", "ア", &[0x83, 0x41]),
            ("cp932", "ア", &[0x83, 0x41]),
            ("euc-jp", "ア", &[0xa5, 0xa2]),
            ("gb18030", "中", &[0xd6, 0xd0]),
            ("big5", "中", &[0xa4, 0xa4]),
            ("ibm866", "Ж", &[0x86]),
        ] {
            let charset = Charset::parse(name).unwrap();
            assert_eq!(charset.encode(text).as_deref(), Some(want), "{name}");
            assert_eq!(charset.decode(want).as_deref(), Some(text), "{name}");
            assert_eq!(Charset::parse(&charset.to_string()).unwrap(), charset);
        }
        for (name, text) in [("latin1", "€"), ("cp1252", "Ж"), ("koi8-r", "中")] {
            assert_eq!(Charset::parse(name).unwrap().encode(text), None, "{name}");
        }
        for name in ["", "utf7", "cp99999", "replacement"] {
            assert!(Charset::parse(name).is_err(), "{name}");
        }
        assert_eq!(Charset::Utf16.decode(&[0, 0xd8]), None);
        assert_eq!(Charset::Utf8.decode(&[0xff]), None);
    }
}
