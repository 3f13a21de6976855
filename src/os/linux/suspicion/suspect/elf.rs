//! Whether an ELF file begins at a place in memory (gabi, chapters 4 and 5).

/// What an ELF header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    /// Whether it is a 64-bit one.
    pub wide: bool,
    /// `e_type`: 2 is a program with fixed addresses, 3 one without, or a library.
    pub kind: u16,
    /// `e_machine`.
    pub machine: u16,
    /// Its parts that are loaded: address, size in memory, flags (`PF_X` is 1).
    pub loads: Vec<(u64, u64, u32)>,
    /// Where its program headers lie, and how many there are: what is not in the bytes that were given is not in `loads`.
    pub headers: (u64, u16),
}

/// `PT_LOAD`.
const LOAD: u32 = 1;
/// `PF_X`.
pub const EXECUTE: u32 = 1;

fn number(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(len)?)?;
    Some(field.iter().rev().fold(0, |v, b| v << 8 | u64::from(*b)))
}

/// The header at the beginning of `bytes`, where all of it is possible. Little-endian, as every system that memsh reads.
pub fn header(bytes: &[u8]) -> Option<Elf> {
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    let n = |at, len| number(bytes, at, len);
    let wide = match n(4, 1)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let kind = u16::try_from(n(16, 2)?).ok()?;
    // EI_DATA little-endian, EI_VERSION and e_version 1.
    if (n(5, 1)?, n(6, 1)?, n(20, 4)?) != (1, 1, 1) || !matches!(kind, 1..=4) {
        return None;
    }
    let (at, step, count, size) = match wide {
        true => (n(32, 8)?, n(54, 2)?, n(56, 2)?, 56),
        false => (n(28, 4)?, n(42, 2)?, n(44, 2)?, 32),
    };
    let count = u16::try_from(count).ok()?;
    if count > 0 && step != size {
        return None;
    }
    let mut loads = Vec::new();
    for i in 0..u64::from(count) {
        let Some(base) = at.checked_add(i * step).and_then(|b| usize::try_from(b).ok()) else { break };
        let part = |offset: usize, len| base.checked_add(offset).and_then(|at| number(bytes, at, len));
        let (flags, address, memory) = match wide {
            true => (part(4, 4), part(16, 8), part(40, 8)),
            false => (part(24, 4), part(8, 4), part(20, 4)),
        };
        let (Some(kind), Some(flags), Some(address), Some(memory)) = (part(0, 4), flags, address, memory) else { break };
        if kind == u64::from(LOAD) {
            loads.push((address, memory, u32::try_from(flags).unwrap_or(0)));
        }
    }
    let machine = u16::try_from(n(18, 2)?).ok()?;
    Some(Elf { wide, kind, machine, loads, headers: (at, count) })
}

impl Elf {
    /// For a sentence.
    pub fn describe(&self) -> String {
        let bits = if self.wide { 64 } else { 32 };
        let kind = match self.kind {
            1 => "relocatable file",
            2 => "executable",
            3 => "shared object",
            _ => "core file",
        };
        // include/uapi/linux/elf-em.h.
        let machine = match self.machine {
            3 => "x86".to_owned(),
            40 => "ARM".to_owned(),
            62 => "x86-64".to_owned(),
            183 => "AArch64".to_owned(),
            243 => "RISC-V".to_owned(),
            other => format!("machine {other}"),
        };
        format!("{bits}-bit ELF {kind} ({machine}), {} program headers", self.headers.1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    fn file() -> Vec<u8> {
        let mut b = vec![0u8; 256];
        b.splice(0..7, *b"\x7fELF\x02\x01\x01");
        b.splice(16..24, [3, 0, 62, 0, 1, 0, 0, 0]);
        b.splice(32..40, 64u64.to_le_bytes());
        b.splice(54..58, [56, 0, 2, 0]);
        b.splice(64..72, [1, 0, 0, 0, 5, 0, 0, 0]);
        b.splice(80..88, 0x1000u64.to_le_bytes());
        b.splice(104..112, 0x234u64.to_le_bytes());
        b
    }

    #[test]
    fn a_header_tells_its_parts() {
        let elf = header(&file());
        assert_eq!(elf.as_ref().map(|e| (e.kind, e.machine, e.loads.clone())), Some((3, 62, vec![(0x1000, 0x234, 5)])));
        assert!(elf.is_some_and(|e| e.describe().starts_with("64-bit ELF shared object")));
    }

    #[test]
    fn four_letters_are_no_file() {
        for (at, value) in [(0, 0u8), (4, 3), (5, 2), (6, 0), (16, 9), (20, 7), (54, 55)] {
            let mut b = file();
            b.splice(at..=at, [value]);
            assert_eq!(header(&b), None, "{at}");
        }
        assert_eq!(header(b"\x7fELF\x02\x01\x01"), None);
    }

    #[test]
    fn headers_beyond_what_is_there_are_left_out() {
        let elf = header(&file()[..70]);
        assert!(elf.is_some_and(|e| e.loads.is_empty() && e.headers == (64, 2)));
    }
}
