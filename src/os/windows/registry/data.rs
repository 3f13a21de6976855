//! What the data of a value mean.

/// The type of a value, as the headers name it.
pub fn kind(kind: u32) -> String {
    match kind {
        0 => "REG_NONE",
        1 => "REG_SZ",
        2 => "REG_EXPAND_SZ",
        3 => "REG_BINARY",
        4 => "REG_DWORD",
        5 => "REG_DWORD_BIG_ENDIAN",
        6 => "REG_LINK",
        7 => "REG_MULTI_SZ",
        8 => "REG_RESOURCE_LIST",
        9 => "REG_FULL_RESOURCE_DESCRIPTOR",
        10 => "REG_RESOURCE_REQUIREMENTS_LIST",
        11 => "REG_QWORD",
        // Some keys (SAM, drivers' properties) keep a number of their own there.
        other => return format!("{other:#x}"),
    }
    .to_owned()
}

/// Data, as far as their type tells what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
    /// Several.
    Texts(Vec<String>),
    /// Anything else.
    Bytes(Vec<u8>),
}

/// UTF-16 up to a zero.
fn text(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).take_while(|u| *u != 0);
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}

/// UTF-16 texts with a zero behind each, and one more behind the last.
fn texts(bytes: &[u8]) -> Vec<String> {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
    let mut out: Vec<String> = units.split(|u| *u == 0).map(String::from_utf16_lossy).collect();
    // What is empty in the middle was written so; at the end it is the terminators.
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}

/// What stands behind the zero that ends a text, where that is not zeros alone.
pub fn behind_text(kind: u32, bytes: &[u8]) -> Option<&[u8]> {
    if !matches!(kind, 1 | 2 | 6) {
        return None;
    }
    let (units, odd) = bytes.as_chunks::<2>();
    let end = units.iter().position(|u| *u == [0; 2])?;
    let rest = bytes.get(2 * (end + 1)..).filter(|_| odd.is_empty())?;
    rest.iter().any(|b| *b != 0).then_some(rest)
}

impl Data {
    /// Of a value of this type. What does not fit its type is bytes.
    pub fn of(kind: u32, bytes: Vec<u8>) -> Self {
        match (kind, bytes.len()) {
            (1 | 2 | 6, n) if n.is_multiple_of(2) => Self::Text(text(&bytes)),
            (7, n) if n.is_multiple_of(2) => Self::Texts(texts(&bytes)),
            (4, 4) | (11, 8) => Self::Number(bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))),
            (5, 4) => Self::Number(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))),
            _ => Self::Bytes(bytes),
        }
    }

    /// The text that it is; of several the first.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Texts(texts) => texts.first().map(String::as_str),
            _ => None,
        }
    }

    /// The number that it is.
    pub fn as_number(&self) -> Option<u64> {
        match self {
            Self::Number(n) => Some(*n),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn data_by_type() {
        assert_eq!(Data::of(4, vec![1, 2, 0, 0]), Data::Number(0x201));
        assert_eq!(Data::of(5, vec![0, 0, 2, 1]), Data::Number(0x201));
        assert_eq!(Data::of(11, vec![255; 8]), Data::Number(u64::MAX));
        assert_eq!(Data::of(1, wide("Блок\0rest")), Data::Text("Блок".to_owned()));
        assert_eq!(Data::of(2, Vec::new()), Data::Text(String::new()));
        assert_eq!(Data::of(7, wide("a\0\0b\0\0")), Data::Texts(vec!["a".to_owned(), String::new(), "b".to_owned()]));
        assert_eq!(Data::of(7, wide("\0\0")), Data::Texts(Vec::new()));
        assert_eq!(behind_text(1, &wide("Блок\0rest")), Some(wide("rest").as_slice()));
        assert_eq!(behind_text(1, &wide("Блок\0\0\0")), None);
        assert_eq!((behind_text(1, &wide("Блок")), behind_text(3, &[1, 0, 0, 0, 1])), (None, None));
        // Sizes that are not those of the type.
        assert_eq!(Data::of(4, vec![1, 2]), Data::Bytes(vec![1, 2]));
        assert_eq!(Data::of(1, vec![65]), Data::Bytes(vec![65]));
        assert_eq!(Data::of(0xffff_0012, vec![1]), Data::Bytes(vec![1]));
        assert_eq!((kind(11).as_str(), kind(0xffff_0012).as_str()), ("REG_QWORD", "0xffff0012"));
    }
}
