//! VMCOREINFO: the lines of text that a kernel leaves for whoever reads its memory.
//!
//! `OSRELEASE=6.1.0`, `SYMBOL(init_uts_ns)=ffffffff82...` (hexadecimal), `OFFSET(list_head.next)=0`, `SIZE(page)=64`,
//! `LENGTH(mem_section)=2048`, `NUMBER(phys_base)=-404750336` (decimal), `KERNELOFFSET=1e600000` (hexadecimal). Written by
//! kernel/crash_core.c (kernel/vmcore_info.c since Linux 6.9); Documentation/admin-guide/kdump/vmcoreinfo.rst lists the keys.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

use memsh_plugin::{VirtAddr, umem};
use std::collections::HashMap;
use std::ops::Range;

/// Every copy of the text begins with this key (crash_save_vmcoreinfo_init writes it first).
const FIRST: &[u8] = b"OSRELEASE=";
/// The note's name with its terminator, padded to a multiple of four.
const NOTE_NAME: &[u8; 12] = b"VMCOREINFO\0\0";
/// Length of the name with its terminator, in the note's header.
const NOTE_NAME_LEN: u32 = 11;
/// VMCOREINFO_BYTES is one page, and Linux has pages of up to 256 KiB; beyond this a text is not believed.
const MAX_TEXT: usize = 256 << 10;

/// The text, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmcoreInfo {
    values: HashMap<String, String>,
    text: String,
}

impl VmcoreInfo {
    /// Takes the text apart: up to the first NUL, one `key=value` a line; other lines are passed over. Where a key stands
    /// several times the last counts, as it does for the kernel's other readers.
    pub fn parse(text: &[u8]) -> Self {
        let end = memchr::memchr(0, text).unwrap_or(text.len()).min(MAX_TEXT);
        let text = String::from_utf8_lossy(text.get(..end).unwrap_or(text)).into_owned();
        let values = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()))
            .filter(|(k, _)| !k.is_empty())
            .collect();
        Self { values, text }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is not one line.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a key as it is written: `get("SYMBOL(_stext)")`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    fn of(&self, kind: &str, name: &str) -> Option<&str> {
        self.get(&format!("{kind}({name})"))
    }

    /// Address of a symbol in the running kernel.
    pub fn symbol(&self, name: &str) -> Option<VirtAddr> {
        hex(self.of("SYMBOL", name)?).map(|v| VirtAddr::new(umem::from(v)))
    }

    /// Every `SYMBOL(name)` with its address, in no order.
    pub fn symbols(&self) -> impl Iterator<Item = (&str, VirtAddr)> + '_ {
        let name = |key: &str| Some(key.strip_prefix("SYMBOL(")?.strip_suffix(')')?.len());
        self.values.iter().filter_map(move |(key, value)| {
            let len = name(key)?;
            Some((key.get(7..7 + len)?, VirtAddr::new(umem::from(hex(value)?))))
        })
    }

    /// `NUMBER(name)`. Mostly decimal, and negative for a `phys_base` below the linked address; with `0x` hexadecimal (arm64).
    pub fn number(&self, name: &str) -> Option<i128> {
        number(self.of("NUMBER", name)?)
    }

    /// `SIZE(name)` in bytes.
    pub fn size(&self, name: &str) -> Option<u64> {
        self.of("SIZE", name)?.parse().ok()
    }

    /// `OFFSET(name)`, for example `OFFSET(list_head.next)`, in bytes.
    pub fn offset(&self, name: &str) -> Option<u64> {
        self.of("OFFSET", name)?.parse().ok()
    }

    /// `LENGTH(name)`: number of elements of an array.
    pub fn length(&self, name: &str) -> Option<u64> {
        self.of("LENGTH", name)?.parse().ok()
    }

    /// The kernel's release, as `uname -r` says it.
    pub fn osrelease(&self) -> Option<&str> {
        self.get("OSRELEASE")
    }

    /// The kernel's build id in hexadecimal.
    pub fn build_id(&self) -> Option<&str> {
        self.get("BUILD-ID")
    }

    /// Size of a page in bytes.
    pub fn page_size(&self) -> Option<u64> {
        self.get("PAGESIZE")?.parse().ok()
    }

    /// How far KASLR moved the kernel's virtual addresses, in bytes.
    pub fn kernel_offset(&self) -> Option<u64> {
        hex(self.get("KERNELOFFSET")?)
    }

    /// `NUMBER(phys_base)` as a number to add modulo 2^64: x86-64 has physical = virtual - `__START_KERNEL_map` + it.
    pub fn phys_base(&self) -> Option<u64> {
        let v = self.number("phys_base")?;
        u64::try_from(v).ok().or_else(|| i64::try_from(v).ok().map(i64::cast_unsigned))
    }

    /// When the kernel crashed, in seconds since 1970; none for a kernel that did not.
    pub fn crash_time(&self) -> Option<i64> {
        self.get("CRASHTIME")?.parse().ok()
    }
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
}

fn number(text: &str) -> Option<i128> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(i128::from),
        None => text.parse().ok(),
    }
}

/// A copy of the text in raw memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmcoreInfoCopy {
    /// The text's bytes in the chunk.
    pub range: Range<usize>,
    /// Whether it is the ELF note (which says how long it is), or the bare page that the note is made from.
    pub is_note: bool,
}

/// The copies of VMCOREINFO in `chunk`, ascending. A copy that is overwritten, or is a program's format string, is left out; so
/// is one whose text the chunk does not hold entirely.
pub fn find_vmcoreinfo(chunk: &[u8]) -> impl Iterator<Item = VmcoreInfoCopy> + '_ {
    let mut starts = memchr::memmem::find_iter(chunk, FIRST).peekable();
    std::iter::from_fn(move || Some((starts.next()?, starts.peek().copied()))).filter_map(|(start, next)| {
        let described = note(chunk, start);
        // The key stands once in a text; so no byte is looked at twice, whatever the memory holds.
        let rest = chunk.get(start..next.unwrap_or(chunk.len()))?;
        let rest = rest.get(..described.unwrap_or(MAX_TEXT)).unwrap_or(rest);
        let len = rest.iter().position(|&b| b != b'\n' && !(b' '..0x7f).contains(&b)).unwrap_or(rest.len());
        let text = rest.get(..len)?;
        believable(text).then(|| VmcoreInfoCopy { range: start..start + len, is_note: described.is_some() })
    })
}

/// Length that the ELF note whose content begins at `start` gives, if one does.
fn note(chunk: &[u8], start: usize) -> Option<usize> {
    let head = chunk.get(start.checked_sub(24)?..start)?;
    let (numbers, name) = head.split_at_checked(12)?;
    if name != NOTE_NAME {
        return None;
    }
    let word = |at: usize| -> Option<[u8; 4]> { numbers.get(at..at + 4)?.try_into().ok() };
    let read: fn([u8; 4]) -> u32 = match word(0)? {
        n if n == NOTE_NAME_LEN.to_le_bytes() => u32::from_le_bytes,
        n if n == NOTE_NAME_LEN.to_be_bytes() => u32::from_be_bytes,
        _ => return None,
    };
    usize::try_from(read(word(4)?)).ok().filter(|&n| n <= MAX_TEXT)
}

/// A release that looks like one, a page size, and a symbol with an address: no stray string has all of them.
fn believable(text: &[u8]) -> bool {
    let info = VmcoreInfo::parse(text);
    let release = info.osrelease().is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()) && r.contains('.'));
    let page = info.page_size().is_some_and(|p| p.is_power_of_two() && p >= 1024);
    release && page && info.symbol("init_uts_ns").or_else(|| info.symbol("_stext")).is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"OSRELEASE=6.1.0-50-amd64\nBUILD-ID=06f8\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffffa11fb100\n\
        OFFSET(list_head.prev)=8\nSIZE(page)=64\nLENGTH(free_area.free_list)=5\nNUMBER(phys_base)=-404750336\n\
        NUMBER(kimage_voffset)=0xffff7fff90000000\nKERNELOFFSET=1e600000\nCRASHTIME=1700000000\n";

    fn note() -> Vec<u8> {
        let mut out = vec![11, 0, 0, 0];
        out.extend(u32::try_from(TEXT.len()).unwrap().to_le_bytes());
        out.extend([0; 4]);
        out.extend(NOTE_NAME);
        out.extend(TEXT);
        out
    }

    #[test]
    fn every_form_of_value_is_read() {
        let v = VmcoreInfo::parse(TEXT);
        assert_eq!(v.osrelease(), Some("6.1.0-50-amd64"));
        assert_eq!(v.build_id(), Some("06f8"));
        assert_eq!(v.page_size(), Some(4096));
        assert_eq!(v.symbol("init_uts_ns"), Some(VirtAddr::new(0xffff_ffff_a11f_b100)));
        assert_eq!(v.offset("list_head.prev"), Some(8));
        assert_eq!(v.size("page"), Some(64));
        assert_eq!(v.length("free_area.free_list"), Some(5));
        assert_eq!(v.number("phys_base"), Some(-404_750_336));
        assert_eq!(v.phys_base(), Some(0u64.wrapping_sub(404_750_336)));
        assert_eq!(v.number("kimage_voffset"), Some(0xffff_7fff_9000_0000));
        assert_eq!(v.kernel_offset(), Some(0x1e60_0000));
        assert_eq!(v.crash_time(), Some(1_700_000_000));
        assert_eq!(v.symbol("absent"), None);
        assert_eq!(v.symbols().collect::<Vec<_>>(), [("init_uts_ns", VirtAddr::new(0xffff_ffff_a11f_b100))]);
    }

    #[test]
    fn both_forms_are_found_in_memory_and_format_strings_are_not() {
        let mut memory = b"crash_core: OSRELEASE=%s\n\0 OSRELEASE=6.1\nPAGESIZE=nonsense\n\0".to_vec();
        memory.resize(0x1000, 0);
        memory.extend(TEXT);
        memory.resize(0x2000, 0);
        memory.extend(note());
        // Something printable follows; only the note's own length says where the text ends.
        memory.extend(b"EVIL=1\n");
        let found: Vec<_> = find_vmcoreinfo(&memory).collect();
        assert_eq!(
            found,
            [
                VmcoreInfoCopy { range: 0x1000..0x1000 + TEXT.len(), is_note: false },
                VmcoreInfoCopy { range: 0x2018..0x2018 + TEXT.len(), is_note: true },
            ]
        );
    }

    #[test]
    fn a_memory_full_of_beginnings_is_read_once() {
        let lines: Vec<u8> = b"OSRELEASE=6.1\nPAGESIZE=4096\n".iter().copied().cycle().take(1 << 20).collect();
        assert_eq!(find_vmcoreinfo(&lines).count(), 0);
    }

    proptest! {
        #[test]
        fn damage_never_panics(cut in 0usize..400, flips in prop::collection::vec((0usize..400, 0u8..8), 0..8)) {
            let mut bytes = note();
            for (at, bit) in flips {
                let n = bytes.len();
                bytes[at % n] ^= 1 << bit;
            }
            bytes.truncate(cut);
            for copy in find_vmcoreinfo(&bytes) {
                VmcoreInfo::parse(&bytes[copy.range]).phys_base();
            }
            VmcoreInfo::parse(&bytes);
        }
    }
}
