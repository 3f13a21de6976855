//! The tokens that names are made of.

/// How many tokens there are: one for each value of a byte.
pub(super) const TOKENS: usize = 256;
/// Length of the index in bytes: a 16-bit offset for each token.
pub(super) const INDEX_LEN: usize = TOKENS * 2;
/// KSYM_NAME_LEN: no token is longer than the longest name.
const TOKEN_MAX: usize = 512;
/// No name is longer, kind included: eight times KSYM_NAME_LEN, for what other tools may have made.
pub(super) const NAME_MAX: usize = 4096;
/// Offsets have 16 bits.
const TABLE_MAX: usize = 0x1_0000 + TOKEN_MAX;
/// What the assembler may align a label to: `.balign 4`, `.balign 8`; `.align 4` and `.align 8` are powers of two on some
/// architectures (16, 256).
pub(super) const ALIGNMENTS: [usize; 4] = [4, 8, 16, 256];

/// The ten digits are tokens of themselves in every kernel, because its names have all of them, and stand side by side.
const DIGITS: &[u8; 20] = b"0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0";
const FIRST_DIGIT: usize = 0x30;
const AFTER_DIGITS: usize = 0x3a;

/// The tokens of one kernel.
pub(super) struct Tokens {
    text: Vec<u8>,
    spans: Vec<(usize, usize)>,
    /// The first bytes of each token again: copying a fixed number of them and cutting is faster than copying the right number.
    starts: Vec<[u8; SHORT]>,
}

/// Nearly all tokens are shorter.
const SHORT: usize = 16;

/// Where tokens are in a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub table: usize,
    pub index: usize,
    pub little_endian: bool,
}

fn offset(index: &[u8], i: usize, little_endian: bool) -> Option<usize> {
    let b: [u8; 2] = index.get(i * 2..i * 2 + 2)?.try_into().ok()?;
    Some(usize::from(if little_endian { u16::from_le_bytes(b) } else { u16::from_be_bytes(b) }))
}

impl Tokens {
    /// How many bytes of the table are worth reading, by its index.
    pub fn table_len(index: &[u8], little_endian: bool) -> Option<usize> {
        Some(offset(index, TOKENS - 1, little_endian)? + TOKEN_MAX)
    }

    /// Takes a table apart; none when the index does not fit it.
    pub fn parse(table: &[u8], index: &[u8], little_endian: bool) -> Option<Self> {
        let mut spans = Vec::with_capacity(TOKENS);
        let mut starts = Vec::with_capacity(TOKENS);
        let mut expected = 0;
        for i in 0..TOKENS {
            let start = offset(index, i, little_endian)?;
            let rest = table.get(start..)?;
            let len = memchr::memchr(0, rest.get(..TOKEN_MAX).unwrap_or(rest))?;
            if start != expected {
                return None;
            }
            expected = start + len + 1;
            spans.push((start, start + len));
            let mut short = [0; SHORT];
            short.iter_mut().zip(rest.iter().take(len)).for_each(|(to, from)| *to = *from);
            starts.push(short);
        }
        Some(Self { text: table.get(..expected)?.to_vec(), spans, starts })
    }

    /// The text of a token.
    pub fn get(&self, token: u8) -> &[u8] {
        let span = self.spans.get(usize::from(token)).copied().unwrap_or_default();
        self.text.get(span.0..span.1).unwrap_or_default()
    }

    /// Puts the whole name, kind first, into `out`; of one that is longer than [`NAME_MAX`] not all.
    pub fn expand(&self, tokens: &[u8], out: &mut Vec<u8>) {
        out.clear();
        for &t in tokens {
            let i = usize::from(t);
            let (Some(&(from, to)), Some(short)) = (self.spans.get(i), self.starts.get(i)) else { continue };
            if to - from > SHORT {
                // Made of these, the stored bytes of a name may stand for five hundred times as many.
                if out.len() > NAME_MAX {
                    return;
                }
                out.extend_from_slice(self.get(t));
                continue;
            }
            let end = out.len() + (to - from);
            out.extend_from_slice(short);
            out.truncate(end);
        }
    }

    /// Length of the whole name, kind included.
    pub fn expanded_len(&self, tokens: &[u8]) -> usize {
        tokens.iter().map(|&t| self.get(t).len()).sum()
    }
}

/// The token tables in `bytes`, each proved by the index that follows it. Labels are aligned relative to `bytes[0]` + `skew`.
pub(super) fn places(bytes: &[u8], skew: usize) -> impl Iterator<Item = Place> + '_ {
    memchr::memmem::find_iter(bytes, DIGITS).filter_map(move |digits| place(bytes, digits, skew))
}

fn place(bytes: &[u8], digits: usize, skew: usize) -> Option<Place> {
    // From the digits on to the end of the table, over the tokens that follow.
    let mut end = digits + DIGITS.len();
    for _ in AFTER_DIGITS..TOKENS {
        let rest = bytes.get(end..)?;
        let len = memchr::memchr(0, rest.get(..TOKEN_MAX).unwrap_or(rest))?;
        let token = rest.get(..len)?;
        // No token stands twice, so a digit here is the sign of something else, such as a run of digits without end.
        if !token.iter().all(u8::is_ascii_graphic) || matches!(token, [d] if d.is_ascii_digit()) {
            return None;
        }
        end += len + 1;
    }
    ALIGNMENTS.into_iter().find_map(|align| {
        let at = (end + skew).next_multiple_of(align).checked_sub(skew)?;
        let index = bytes.get(at..at.checked_add(INDEX_LEN)?)?;
        [true, false].into_iter().find_map(|little_endian| {
            let start = digits.checked_sub(offset(index, FIRST_DIGIT, little_endian)?)?;
            let table = bytes.get(start..end)?;
            (table.len() <= TABLE_MAX).then_some(())?;
            let tokens = Tokens::parse(table, index, little_endian)?;
            // The index must end where the table ends, or it belongs to something else.
            (tokens.text.len() == table.len()).then_some(Place { table: start, index: at, little_endian })
        })
    })
}

/// Offsets of what is proved to be a kallsyms token table with its index, ascending: the surest sign of a kernel image in raw
/// memory. A table that runs over the end of `chunk` is not found; let chunks overlap by 8 KiB.
pub fn token_table_candidates(chunk: &[u8]) -> Vec<usize> {
    places(chunk, 0).map(|p| p.table).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_of_long_tokens_is_not_put_together_beyond_the_longest() {
        // Token 0 has 500 bytes, each other one its own.
        let (mut table, mut index) = (Vec::new(), Vec::new());
        for i in 0..TOKENS {
            index.extend(u16::try_from(table.len()).unwrap().to_le_bytes());
            table.extend(if i == 0 { vec![b'a'; 500] } else { vec![b'b'] });
            table.push(0);
        }
        let tokens = Tokens::parse(&table, &index, true).unwrap();
        let mut out = Vec::new();
        tokens.expand(&[1, 0, 1, 0], &mut out);
        assert_eq!(out.len(), 1002);
        // 8 MB, were it made whole.
        tokens.expand(&[0; 0x4000], &mut out);
        assert!(out.len() > NAME_MAX && out.len() <= NAME_MAX + 500, "{}", out.len());
    }
}
