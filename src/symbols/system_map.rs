//! `System.map`, the output of `nm`, and copies of `/proc/kallsyms`: one line per symbol.

use super::table::SymbolTable;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashMap;

/// What was read.
pub struct Read {
    /// The symbols.
    pub symbols: SymbolTable,
    /// Lines that are no symbol.
    pub skipped: u64,
    /// The first of them, for the report: its number, counted from 1, and its start.
    pub first_skipped: Option<(u64, String)>,
    /// Every address is zero: `/proc/kallsyms` as a user without privilege reads it (`kernel.kptr_restrict`).
    pub restricted: bool,
}

/// Symbol names of the kernel end at 511 bytes (`KSYM_NAME_LEN` in include/linux/kallsyms.h); other tools write longer ones.
const LINE: usize = 8192;

/// Whether a file that starts with `head` is one: most of its first lines are symbols.
pub fn looks_like(head: &[u8]) -> bool {
    let lines: Vec<&[u8]> = head.split(|&b| b == b'\n').filter(|l| !l.is_empty()).take(16).collect();
    // The last line of the excerpt may be cut anywhere; even so it begins as a symbol does.
    let good = lines.iter().filter(|l| line(l).is_some()).count();
    good > 0 && good * 2 >= lines.len()
}

/// Reads all symbols; lines that are none are counted.
pub fn parse(bytes: &[u8]) -> Read {
    let mut symbols = SymbolTable::new();
    let mut modules: HashMap<&str, Option<u16>> = HashMap::new();
    let (mut skipped, mut first_skipped, mut zero) = (0_u64, None, true);
    for (number, text) in (1_u64..).zip(bytes.split(|&b| b == b'\n')) {
        if text.iter().all(u8::is_ascii_whitespace) || is_undefined(text) {
            continue;
        }
        let Some(s) = line(text) else {
            skipped += 1;
            first_skipped.get_or_insert_with(|| {
                (number, String::from_utf8_lossy(text.get(..text.len().min(40)).unwrap_or_default()).escape_debug().collect())
            });
            continue;
        };
        let module = s.module.and_then(|m| *modules.entry(m).or_insert_with(|| symbols.add_module(m, None)));
        zero &= s.address == 0;
        symbols.push(s.name, VirtAddr::new(umem::from(s.address)), s.kind, module);
    }
    symbols.finish();
    let restricted = zero && super::Symbols::count(&symbols) > 0;
    Read { symbols, skipped, first_skipped, restricted }
}

struct Line<'a> {
    address: u64,
    kind: u8,
    name: &'a str,
    module: Option<&'a str>,
}

fn line(text: &[u8]) -> Option<Line<'_>> {
    if text.len() > LINE {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?.trim_end();
    let mut words = text.split_ascii_whitespace();
    let (address, kind, name) = (words.next()?, words.next()?, words.next()?);
    // `nm` writes 8 or 16 digits, and never a sign, which from_str_radix would take.
    if address.len() < 8 || address.len() > 16 || !address.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let &[kind] = kind.as_bytes() else { return None };
    if !kind.is_ascii_alphabetic() && kind != b'?' && kind != b'-' {
        return None;
    }
    let module = words.next().and_then(|m| m.strip_prefix('[')?.strip_suffix(']'));
    if words.next().is_some() {
        return None;
    }
    Some(Line { address: u64::from_str_radix(address, 16).ok()?, kind, name, module })
}

/// `                 U printf`: `nm` has no address for it, and it is no damage.
fn is_undefined(text: &[u8]) -> bool {
    let mut words = text.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    text.first() == Some(&b' ') && matches!(words.next(), Some(b"U" | b"w" | b"v")) && words.next().is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::symbols::Symbols;

    #[test]
    fn system_map_with_absolute_and_per_cpu_symbols() {
        let r = parse(b"0000000000000000 D __per_cpu_start\n0000000000001000 A fixed\nffffffff81000000 T _text\nffffffff81000000 T startup_64\n");
        assert_eq!((r.symbols.count(), r.skipped, r.restricted), (4, 0, false));
        assert_eq!(r.symbols.address("_text"), Some(VirtAddr::new(0xffff_ffff_8100_0000)));
        assert_eq!(r.symbols.address("__per_cpu_start"), Some(VirtAddr::NULL));
        assert_eq!(r.symbols.near(VirtAddr::new(0x1001)).unwrap().0.kind, 'A');
    }

    #[test]
    fn kallsyms_names_the_module() {
        let r = parse(b"ffffffff81000000 T _text\nffffffffc0000010 t ext4_find\t[ext4]\n");
        assert_eq!(r.symbols.address("ext4!ext4_find"), Some(VirtAddr::new(0xffff_ffff_c000_0010)));
    }

    #[test]
    fn all_zero_addresses_are_a_restricted_copy() {
        assert!(parse(b"0000000000000000 T _text\n0000000000000000 t x\t[m]\n").restricted);
        assert!(!parse(b"").restricted);
    }

    #[test]
    fn other_lines_are_counted_and_the_first_is_shown() {
        let r = parse(
            b"c1000000 T _text\r\nhello world\n\n+1000000 T bad\nc1000001 TT bad\n\xff\xfe\n         U printf\nc1000010 t last",
        );
        assert_eq!((r.symbols.count(), r.skipped), (2, 4));
        assert_eq!(r.first_skipped, Some((2, "hello world".to_owned())));
        assert_eq!(r.symbols.address("last"), Some(VirtAddr::new(0xc100_0010)));
    }

    #[test]
    fn told_from_other_text() {
        assert!(looks_like(b"ffffffff81000000 T _text\nffffffff8100"));
        assert!(!looks_like(b"# notes\nhello\n"));
        assert!(!looks_like(b""));
        assert!(!looks_like(b"{\"metadata\": 1}"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let r = parse(&bytes);
            proptest::prop_assert!(r.symbols.count() <= bytes.len());
        }
    }
}
