//! A pointer map in a file: what it was made of, the static bases, and the pointers as differences to the one before, which takes
//! about half of what they take in memory.

use super::bases::{Base, Bases};
use super::map::{MAX_POINTERS, PointerMap};
use crate::{Error, ErrorKind, Layer, Result};
use std::io::{Read, Write};

/// The first bytes of such a file; the last is the version of what follows.
const MAGIC: [u8; 8] = *b"memshPM\x01";
/// A name is no longer, and there are no more bases.
const LONGEST_NAME: u64 = 4096;
const MOST_BASES: u64 = 1 << 20;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Saved {
    /// The pointers.
    pub map: PointerMap,
    /// What is static, as it lay then.
    pub bases: Bases,
    /// Bytes of a pointer.
    pub pointer_size: u8,
    /// What it was made of, for people: `memory.raw, firefox/142`.
    pub of: String,
}

/// Writes a map.
///
/// # Errors
/// Those of the writer.
pub fn save(out: &mut dyn Write, saved: &Saved) -> std::io::Result<()> {
    let mut buf = Vec::with_capacity(BUFFER + 64);
    buf.extend(MAGIC);
    buf.push(saved.pointer_size);
    text(&mut buf, &saved.of);
    number(&mut buf, count(saved.bases.all().len()));
    for base in saved.bases.all() {
        text(&mut buf, &base.name);
        number(&mut buf, base.start);
        number(&mut buf, base.end);
    }
    number(&mut buf, count(saved.map.len()));
    let (mut value, mut place) = (0u64, 0u64);
    for (v, p) in saved.map.values().iter().zip(saved.map.places()) {
        number(&mut buf, v.wrapping_sub(value));
        // The sign in the lowest bit, so that small differences of both signs are short.
        let difference = p.wrapping_sub(place).cast_signed();
        number(&mut buf, (difference << 1 ^ difference >> 63).cast_unsigned());
        (value, place) = (*v, *p);
        if buf.len() >= BUFFER {
            out.write_all(&buf)?;
            buf.clear();
        }
    }
    // Whoever reads this knows that nothing was cut off.
    buf.extend(MAGIC);
    out.write_all(&buf)?;
    out.flush()
}

/// Bytes written at a time.
const BUFFER: usize = 1 << 16;

/// Reads a map.
///
/// # Errors
/// [`ErrorKind::Invalid`] when it is no such file or is cut off or damaged, [`ErrorKind::Io`] when it can't be read.
pub fn load(input: &mut dyn Read) -> Result<Saved> {
    let mut reader = Reader { input, buf: vec![0; BUFFER], at: 0, len: 0 };
    let mut magic = [0; 8];
    for b in &mut magic {
        *b = reader.byte()?;
    }
    if magic != MAGIC {
        let same = magic.first_chunk::<7>() == MAGIC.first_chunk::<7>();
        let what = if same { "it was written by another version of memsh" } else { "it is no pointer map" };
        return Err(invalid(what));
    }
    let pointer_size = reader.byte()?;
    if !matches!(pointer_size, 4 | 8) {
        return Err(invalid("pointers of neither 4 nor 8 bytes"));
    }
    let of = reader.text()?;
    let bases = reader.number()?;
    if bases > MOST_BASES {
        return Err(invalid("more modules than a system has"));
    }
    let mut all = Vec::new();
    for _ in 0..bases {
        all.push(Base { name: reader.text()?, start: reader.number()?, end: reader.number()? });
    }
    let pointers = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
    if pointers > MAX_POINTERS {
        return Err(invalid("more pointers than a map has"));
    }
    // What a file claims is not believed before it is there.
    let (mut values, mut places) = (Vec::new(), Vec::new());
    let (mut value, mut place) = (0u64, 0u64);
    for _ in 0..pointers {
        value = value.checked_add(reader.number()?).ok_or_else(|| invalid("pointers that are not in order"))?;
        let n = reader.number()?;
        place = place.wrapping_add(n >> 1 ^ (n & 1).wrapping_neg());
        values.push(value);
        places.push(place);
    }
    for b in MAGIC {
        if reader.byte()? != b {
            return Err(invalid("no mark where it should end"));
        }
    }
    let map = PointerMap::sorted(values, places).ok_or_else(|| invalid("pointers that are not in order"))?;
    Ok(Saved { map, bases: Bases::new(all), pointer_size, of })
}

fn invalid(what: &str) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, format!("the pointer map can't be used: {what}"))
        .hint("make it again: ptrmap build -o FILE")
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn number(buf: &mut Vec<u8>, mut n: u64) {
    loop {
        let low = u8::try_from(n & 0x7f).unwrap_or(0);
        n >>= 7;
        if n == 0 {
            return buf.push(low);
        }
        buf.push(low | 0x80);
    }
}

fn text(buf: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let most = usize::try_from(LONGEST_NAME).unwrap_or(usize::MAX);
    let bytes = bytes.get(..most).unwrap_or(bytes);
    number(buf, count(bytes.len()));
    buf.extend(bytes);
}

struct Reader<'r> {
    input: &'r mut dyn Read,
    buf: Vec<u8>,
    at: usize,
    len: usize,
}

impl Reader<'_> {
    #[inline]
    fn byte(&mut self) -> Result<u8> {
        if self.at == self.len {
            self.at = 0;
            self.len = self.input.read(&mut self.buf).map_err(|e| {
                Error::new(Layer::Search, ErrorKind::Io, format!("the pointer map can't be read: {e}")).caused_by(e)
            })?;
            if self.len == 0 {
                return Err(invalid("it ends before its end: it was cut off"));
            }
        }
        let b = self.buf.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        Ok(b)
    }

    fn number(&mut self) -> Result<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            n |= u64::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                return Ok(n);
            }
        }
        Err(invalid("a number of more than 64 bits"))
    }

    fn text(&mut self) -> Result<String> {
        let len = self.number()?;
        if len > LONGEST_NAME {
            return Err(invalid("a name of more than 4096 bytes"));
        }
        let bytes = (0..len).map(|_| self.byte()).collect::<Result<Vec<u8>>>()?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
