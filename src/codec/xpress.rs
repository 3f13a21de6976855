//! Xpress, plain and with Huffman codes, as `[MS-XCA]` describes them: what Windows packs hibernation files with.
//!
//! Both end where the caller's buffer is full: hibernation files pad what they hold.

/// Little-endian numbers out of the packed bytes.
struct Input<'a> {
    data: &'a [u8],
    at: usize,
}

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = self.data.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*bytes)
    }

    fn u8(&mut self) -> Option<usize> {
        self.take().map(|[b]| usize::from(b))
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn ends(&self) -> String {
        format!("the data end too early, after {} bytes", self.data.len())
    }

    /// The length of a long match behind its first byte or bytes: 16 bits, or 32 where these are zero. `least` is what shorter
    /// forms reach.
    fn long_length(&mut self, least: usize) -> Result<usize, String> {
        let mut length = usize::from(self.u16().ok_or_else(|| self.ends())?);
        if length == 0 {
            length = self.u32().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| self.ends())?;
        }
        if length < least {
            return Err(format!("a match at {:#x} of the data has length {length} in the long form", self.at));
        }
        Ok(length - least)
    }
}

/// Unpacked bytes.
struct Output<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl Output<'_> {
    fn full(&self) -> bool {
        self.len == self.out.len()
    }

    fn push(&mut self, byte: u8) -> Result<(), String> {
        let room = self.out.len();
        let to = self.out.get_mut(self.len).ok_or_else(|| format!("more than the {room} bytes of the block"))?;
        *to = byte;
        self.len += 1;
        Ok(())
    }

    /// Repeats `length` bytes from `distance` before the end. They may overlap what they give.
    fn repeat(&mut self, distance: usize, length: usize) -> Result<(), String> {
        let room = self.out.len();
        if distance > self.len {
            return Err(format!("a match reaches {distance} bytes back at {} bytes of output", self.len));
        }
        let end = self.len.checked_add(length).filter(|&e| e <= room);
        let end = end.ok_or_else(|| format!("more than the {room} bytes of the block"))?;
        let from = self.len - distance;
        if distance >= length {
            self.out.copy_within(from..from + length, self.len);
        } else {
            let span = self.out.get_mut(from..end).unwrap_or_default();
            // Piece by piece, each twice as long as what is there already.
            let mut there = distance;
            while there < span.len() {
                let piece = there.min(span.len() - there);
                span.copy_within(..piece, there);
                there += piece;
            }
        }
        self.len = end;
        Ok(())
    }
}

/// Plain LZ77, section 2.4.
///
/// # Errors
/// What is wrong with the data. Data that end before `out` is full are no error: the number of bytes tells.
pub(super) fn plain(data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut input = Input { data, at: 0 };
    let mut output = Output { out, len: 0 };
    // One bit per literal or match; the highest comes first.
    let (mut flags, mut left) = (0u32, 0u32);
    // A byte whose upper half is the next long match's.
    let mut half: Option<usize> = None;
    while !output.full() {
        if left == 0 {
            flags = match input.u32() {
                Some(flags) => flags,
                None if input.at == data.len() => break,
                None => return Err(input.ends()),
            };
            left = 32;
        }
        left -= 1;
        if flags >> left & 1 == 0 {
            let [byte] = input.take().ok_or_else(|| input.ends())?;
            output.push(byte)?;
            continue;
        }
        if input.at == data.len() {
            break;
        }
        let token = usize::from(input.u16().ok_or_else(|| input.ends())?);
        let (distance, mut length) = ((token >> 3) + 1, token & 7);
        if length == 7 {
            length = match half.take() {
                Some(byte) => byte >> 4,
                None => {
                    let byte = input.u8().ok_or_else(|| input.ends())?;
                    half = Some(byte);
                    byte & 15
                }
            };
            if length == 15 {
                length = input.u8().ok_or_else(|| input.ends())?;
                if length == 255 {
                    length = input.long_length(15 + 7)?;
                }
                length += 15;
            }
            length += 7;
        }
        output.repeat(distance, length.checked_add(3).ok_or("a match without end")?)?;
    }
    Ok(output.len)
}

/// Symbols of a Huffman table: 256 literals and 256 matches.
const SYMBOLS: usize = 512;
/// No code is longer.
const LONGEST: u32 = 15;
/// What a table is good for: a new one stands behind this many unpacked bytes.
const BLOCK: usize = 65536;
/// Stands for the end where nothing follows it; else an ordinary match. Writers put it at the end of all blocks.
const END: usize = 256;

/// For each 15 bits: the symbol whose code they begin with, above the length of its code.
type Table = [u16; 1 << LONGEST];

/// Huffman codes over LZ77, section 2.2.
///
/// # Errors
/// What is wrong with the data. Data that end before `out` is full are no error: the number of bytes tells. Where it is to tell, `out`
/// must be larger by far, for the mark of the end may be read as a match of three bytes.
pub(super) fn huffman(data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    std::thread_local! {
        // 64 KiB: made once per thread, not once per block.
        static TABLE: std::cell::RefCell<Box<Table>> = std::cell::RefCell::new(Box::new([0; 1 << LONGEST]));
    }
    TABLE.with_borrow_mut(|table| {
        let mut input = Input { data, at: 0 };
        let mut output = Output { out, len: 0 };
        while !output.full() && input.at < data.len() {
            let lengths = input.take::<{ SYMBOLS / 2 }>().ok_or_else(|| input.ends())?;
            build(&lengths, table)?;
            let mut end = None;
            match (block(&mut input, table, &mut output, &mut end), end) {
                (Ok(()), _) => {}
                // What seemed to follow the mark is none: it was the mark.
                (Err(_), Some(end)) => return Ok(end),
                (Err(why), None) => return Err(why),
            }
        }
        Ok(output.len)
    })
}

/// Fills the table from the lengths of the codes, two to a byte: shorter codes first, and of one length in the order of symbols.
fn build(lengths: &[u8; SYMBOLS / 2], table: &mut Table) -> Result<(), String> {
    let length = |symbol: usize| {
        let byte = lengths.get(symbol / 2).copied().unwrap_or(0);
        u32::from(if symbol.is_multiple_of(2) { byte & 15 } else { byte >> 4 })
    };
    let mut at = 0;
    for bits in 1..=LONGEST {
        for symbol in (0..SYMBOLS).filter(|&s| length(s) == bits) {
            let count = 1usize << (LONGEST - bits);
            let entry = u16::try_from(symbol << 4 | usize::try_from(bits).unwrap_or(0)).unwrap_or(0);
            let to = table.get_mut(at..at + count).ok_or("a Huffman table with more codes than there are")?;
            to.fill(entry);
            at += count;
        }
    }
    match at == table.len() {
        true => Ok(()),
        false => Err("a Huffman table with codes that mean nothing".to_owned()),
    }
}

/// Bits of the packed data, the highest first, 16 at a time; what is no bit code (lengths) stands between them in whole bytes.
struct Bits {
    next: u32,
    /// How many of `next` are good, less 16.
    extra: u32,
    /// How many were made up behind the end of the data.
    made_up: u32,
}

impl Bits {
    fn new(input: &mut Input<'_>) -> Self {
        let mut bits = Self { next: 0, extra: 16, made_up: 0 };
        let high = bits.more(input);
        bits.next = high << 16 | bits.more(input);
        bits
    }

    fn more(&mut self, input: &mut Input<'_>) -> u32 {
        match input.u16() {
            Some(word) => u32::from(word),
            None => {
                // A writer may leave out the zeros at the end.
                input.at = input.data.len();
                self.made_up += 16;
                0
            }
        }
    }

    fn skip(&mut self, count: u32, input: &mut Input<'_>) -> Result<(), String> {
        self.next = self.next.checked_shl(count).unwrap_or(0);
        if count > self.extra {
            let word = self.more(input);
            let short = count - self.extra;
            self.next |= word << short;
            self.extra = 16 - short;
        } else {
            self.extra -= count;
        }
        match self.made_up > self.extra + 16 {
            true => Err(input.ends()),
            false => Ok(()),
        }
    }
}

/// Unpacks one table's worth. `end` becomes the length of the output where the data said that this may be all: whether it is
/// shows when the rest makes no sense.
fn block(input: &mut Input<'_>, table: &Table, output: &mut Output<'_>, end: &mut Option<usize>) -> Result<(), String> {
    let mut bits = Bits::new(input);
    // A match may reach a little past the end of its block.
    let last = output.len.saturating_add(BLOCK);
    while output.len < last && !output.full() {
        let index = usize::try_from(bits.next >> (32 - LONGEST)).unwrap_or(0);
        let entry = usize::from(table.get(index).copied().unwrap_or(0));
        let (symbol, length) = (entry >> 4, entry & 15);
        bits.skip(u32::try_from(length).unwrap_or(0), input)?;
        if let Ok(literal) = u8::try_from(symbol) {
            output.push(literal)?;
            continue;
        }
        if symbol == END && input.at == input.data.len() && bits.next == 0 {
            end.get_or_insert(output.len);
        }
        let (mut length, distance_bits) = (symbol & 15, u32::try_from(symbol >> 4 & 15).unwrap_or(0));
        if length == 15 {
            length = input.u8().ok_or_else(|| input.ends())?;
            if length == 255 {
                length = input.long_length(15)?;
            }
            length += 15;
        }
        let below = bits.next.checked_shr(32 - distance_bits).unwrap_or(0);
        let distance = usize::try_from(below).unwrap_or(0) + (1usize << distance_bits);
        bits.skip(distance_bits, input)?;
        output.repeat(distance, length.checked_add(3).ok_or("a match without end")?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

    fn abc() -> Vec<u8> {
        b"abc".repeat(100)
    }

    fn hex(text: &str) -> Vec<u8> {
        text.split_whitespace().map(|b| u8::from_str_radix(b, 16).unwrap()).collect()
    }

    fn unpack(f: fn(&[u8], &mut [u8]) -> Result<usize, String>, data: &[u8], len: usize) -> Result<Vec<u8>, String> {
        let mut out = vec![0; len];
        let n = f(data, &mut out)?;
        out.truncate(n);
        Ok(out)
    }

    /// The examples of section 3.1.
    fn plain_examples() -> [(Vec<u8>, Vec<u8>); 2] {
        let mut alphabet = hex("3f 00 00 00");
        alphabet.extend(ALPHABET);
        [(alphabet, ALPHABET.to_vec()), (hex("ff ff ff 1f 61 62 63 17 00 0f ff 26 01"), abc())]
    }

    /// The examples of section 3.2: bytes of the table that are not zero, and what follows it.
    fn huffman_examples() -> [(Vec<u8>, Vec<u8>); 2] {
        let table = |set: &[(usize, &str)], tail: &str| {
            let mut out = vec![0; 256];
            for (at, bytes) in set {
                let bytes = hex(bytes);
                out[*at..*at + bytes.len()].copy_from_slice(&bytes);
            }
            out.extend(hex(tail));
            out
        };
        let letters = table(
            &[(48, "50 55 55 55 55 55 55 55 55 55 55 45 44 04"), (128, "04")],
            "d8 52 3e d7 94 11 5b e9 19 5f f9 d6 7c df 8d 04 00 00 00 00",
        );
        let repeated = table(&[(48, "30 23"), (128, "02"), (143, "20")], "a8 dc 00 00 ff 26 01");
        [(letters, ALPHABET.to_vec()), (repeated, abc())]
    }

    #[test]
    fn the_specification_s_examples() {
        for (packed, bytes) in plain_examples() {
            // The buffer's size need not be known before.
            for room in [bytes.len(), bytes.len() + 1, 4096] {
                assert_eq!(unpack(plain, &packed, room).as_ref(), Ok(&bytes));
            }
        }
        for (packed, bytes) in huffman_examples() {
            for room in [bytes.len(), 4096] {
                assert_eq!(unpack(huffman, &packed, room).as_ref(), Ok(&bytes));
            }
        }
    }

    #[test]
    fn padding_behind_a_full_buffer_is_nothing() {
        let (mut packed, bytes) = plain_examples()[1].clone();
        packed.extend([0xee; 7]);
        assert_eq!(unpack(plain, &packed, bytes.len()), Ok(bytes));
        let (mut packed, bytes) = huffman_examples()[1].clone();
        packed.extend([0xee; 7]);
        assert_eq!(unpack(huffman, &packed, bytes.len()), Ok(bytes));
    }

    #[test]
    fn a_match_that_does_not_fit_is_an_error() {
        assert!(unpack(plain, &plain_examples()[1].0, 299).unwrap_err().contains("more than the 299"));
        assert!(unpack(huffman, &huffman_examples()[1].0, 299).unwrap_err().contains("more than the 299"));
    }

    #[test]
    fn no_half_gives_the_whole() {
        for (f, examples) in [(plain as fn(&[u8], &mut [u8]) -> _, plain_examples()), (huffman, huffman_examples())] {
            for (packed, bytes) in examples {
                for cut in 0..packed.len() - 1 {
                    // The last bytes of the alphabet's Huffman code are the end mark and zeros.
                    let got = unpack(f, &packed[..cut], bytes.len());
                    let last =
                        f as usize == huffman as fn(&[u8], &mut [u8]) -> _ as usize && bytes == ALPHABET && cut >= 256 + 15;
                    assert!(last || got.as_ref() != Ok(&bytes), "{cut} of {}", packed.len());
                }
            }
        }
    }

    #[test]
    fn matches_before_the_beginning_are_errors() {
        // A match first: distance 1, length 3.
        assert!(unpack(plain, &hex("00 00 00 80 00 00"), 3).unwrap_err().contains("reaches 1 bytes back"));
        let all = hex(&"99 ".repeat(256));
        let table_only = unpack(huffman, &[all, hex("00 80 00 00 00 00")].concat(), 3);
        assert!(table_only.unwrap_err().contains("reaches 1 bytes back"));
    }

    #[test]
    fn lengths_that_can_t_be_are_errors() {
        // 255, then 16 bits that are less than what shorter forms hold.
        let short = hex("ff ff ff 1f 61 62 63 17 00 0f ff 15 00");
        assert!(unpack(plain, &short, 300).unwrap_err().contains("long form"));
        // 32 bits, nearly all set.
        let endless = hex("ff ff ff 1f 61 62 63 17 00 0f ff 00 00 ff ff ff ff");
        assert!(unpack(plain, &endless, 300).unwrap_err().contains("more than the 300"));
        let fits = hex("ff ff ff 1f 61 62 63 17 00 0f ff 00 00 26 01 00 00");
        assert_eq!(unpack(plain, &fits, 300), Ok(abc()));
    }

    #[test]
    fn tables_that_say_too_much_or_too_little_are_errors() {
        let mut few = vec![0; 260];
        few[0] = 1;
        assert!(unpack(huffman, &few, 8).unwrap_err().contains("mean nothing"));
        let many = vec![0x11; 260];
        assert!(unpack(huffman, &many, 8).unwrap_err().contains("more codes"));
    }

    /// All 512 symbols with nine bits each.
    fn nine_bits(symbols: &[u16]) -> Vec<u8> {
        let bits: Vec<bool> = symbols.iter().flat_map(|s| (0..9).rev().map(move |b| s >> b & 1 == 1)).collect();
        let words = bits.chunks(16).map(|c| c.iter().enumerate().fold(0u16, |w, (i, &b)| w | u16::from(b) << (15 - i)));
        let mut out = vec![0x99; 256];
        out.extend(words.flat_map(u16::to_le_bytes));
        // What is read ahead.
        out.extend([0; 2]);
        out
    }

    #[test]
    fn a_second_block_has_its_own_table_and_reaches_back_into_the_first() {
        let literals: Vec<u16> = (0..=255).cycle().take(BLOCK).collect();
        let mut packed = nine_bits(&literals);
        // Distance 1 and length 3, a literal, the same again.
        packed.extend(nine_bits(&[256, b'!'.into(), 256]));
        let mut want: Vec<u8> = (0..=255).cycle().take(BLOCK).collect();
        want.extend(b"\xff\xff\xff!!!!");
        let got = unpack(huffman, &packed, want.len()).unwrap();
        assert_eq!((got.len(), &got[BLOCK..]), (want.len(), &want[BLOCK..]));
        assert!(got == want);
    }
}
