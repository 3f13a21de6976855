//! What the kernel exports to its modules: `__ksymtab` and `__ksymtab_gpl` (include/linux/export.h, include/asm-generic/vmlinux.lds.h).
//!
//! An entry is a value and a name, since Linux 5.4 with a namespace behind them. They are pointers, or, with
//! `CONFIG_HAVE_ARCH_PREL32_RELOCATIONS` (since Linux 4.19), distances of 32 bits from where each itself lies. The tables follow each
//! other, each sorted by name, and a function that kallsyms knows too proves them.

use super::super::image::KernelImage;
use crate::engine::{index, to_umem};
use crate::symbols::Symbols;
use memsh_plugin::{VirtAddr, umem};

/// Functions that every kernel exports; one is enough to find the tables. Long names, of which memory holds few copies.
const ANCHORS: [&str; 4] = [
    "wait_for_completion_interruptible_timeout",
    "schedule_timeout_uninterruptible",
    "unregister_netdevice_notifier",
    "register_chrdev_region",
];
/// The strings follow the tables, with checksums of four bytes or a pointer between them.
const BEFORE_STRINGS: usize = 2 << 20;
/// Copies of an anchor's name that are looked at.
const COPIES: usize = 16;
/// No kernel exports more.
const MOST: usize = 1 << 17;
/// No name is longer (KSYM_NAME_LEN).
const LONGEST_NAME: usize = 512;
/// A kernel with fewer exports has no modules.
const FEWEST: usize = 64;
/// `__ksymtab`, `_gpl`, and of older kernels `_unused`, `_unused_gpl`, `_gpl_future`.
const TABLES: usize = 5;
/// Per-CPU variables of x86-64 are numbers from 0 up.
const PER_CPU: umem = 16 << 20;

/// An exported symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Export<'a> {
    pub(super) name: &'a str,
    pub(super) address: VirtAddr,
}

/// How an entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Two or three distances of 32 bits.
    Relative,
    /// Two or three pointers.
    Pointers,
}

/// The tables' bytes, and what is in them.
struct Tables<'a> {
    bytes: &'a [u8],
    image: KernelImage,
    /// Bytes in a pointer.
    width: usize,
    form: Form,
    /// Bytes in an entry.
    size: usize,
}

/// Every symbol that the kernel in `bytes` exports; `known` are the functions that prove them.
pub(super) fn exports<'a>(
    bytes: &'a [u8],
    image: &KernelImage,
    pointer_size: u8,
    known: &dyn Symbols,
) -> Result<Vec<Export<'a>>, String> {
    let width = usize::from(pointer_size);
    let mut why = "no export table names a function that kallsyms knows".to_owned();
    for anchor in ANCHORS {
        let Some(address) = known.address(anchor) else { continue };
        // The linker puts a name into the end of a longer one.
        let name = format!("{anchor}\0");
        for string in memchr::memmem::find_iter(bytes, name.as_bytes()).take(COPIES) {
            for form in [Form::Relative, Form::Pointers] {
                let field = if form == Form::Relative { 4 } else { width };
                for entry in references(bytes, image, form, width, string) {
                    // Of two sizes only one makes a table.
                    let sized = |fields: usize| Tables { bytes, image: *image, width, form, size: fields * field };
                    let Some(found) = [3, 2].map(sized).into_iter().map(|t| t.around(entry)).max_by_key(Vec::len) else {
                        continue;
                    };
                    if !found.iter().any(|e| e.name == anchor && code(e.address, address)) {
                        continue;
                    }
                    match proven(found, known) {
                        Ok(found) => return Ok(found),
                        Err(e) => why = e,
                    }
                }
            }
        }
    }
    Err(why)
}

/// Whether two addresses are of the same function: Thumb marks its own with bit 0.
fn code(a: VirtAddr, b: VirtAddr) -> bool {
    a.value() | 1 == b.value() | 1
}

/// Where entries lie whose name is the string at `string`.
fn references(bytes: &[u8], image: &KernelImage, form: Form, width: usize, string: usize) -> Vec<usize> {
    let field = if form == Form::Relative { 4 } else { width };
    let from = string.saturating_sub(BEFORE_STRINGS).next_multiple_of(field);
    let Some(before) = bytes.get(from..string) else { return Vec::new() };
    let fields = before.chunks_exact(field).zip((from..).step_by(field));
    let names: Vec<usize> = match form {
        Form::Relative => {
            let leads = |b: &[u8], at: usize| {
                let distance = string.checked_sub(at).and_then(|d| u32::try_from(d).ok());
                b.first_chunk().is_some_and(|b| Some(u32::from_le_bytes(*b)) == distance)
            };
            fields.filter(|(b, at)| leads(b, *at)).map(|(_, at)| at).collect()
        }
        Form::Pointers => {
            let pointer = image.virt.wrapping_add(to_umem(string)).value();
            fields.filter(|(b, _)| number(b) == Some(pointer)).map(|(_, at)| at).collect()
        }
    };
    names.into_iter().filter_map(|at| at.checked_sub(field)).collect()
}

/// A little-endian number as wide as the bytes.
fn number(bytes: &[u8]) -> Option<umem> {
    match bytes.len() {
        4 => bytes.first_chunk().map(|b| umem::from(u32::from_le_bytes(*b))),
        8 => bytes.first_chunk().map(|b| umem::from(u64::from_le_bytes(*b))),
        _ => None,
    }
}

impl<'a> Tables<'a> {
    fn field(&self) -> usize {
        if self.form == Form::Relative { 4 } else { self.width }
    }

    /// What field `n` of the entry at `entry` leads to.
    fn leads(&self, entry: usize, n: usize) -> Option<umem> {
        let at = entry.checked_add(n * self.field())?;
        let raw = number(self.bytes.get(at..at.checked_add(self.field())?)?)?;
        if self.form == Form::Pointers {
            return Some(raw);
        }
        let signed = i64::from(u32::try_from(raw).ok()?.cast_signed()).cast_unsigned();
        let to = self.image.virt.wrapping_add(to_umem(at)).value().wrapping_add(umem::from(signed));
        // Addresses begin again at 0, however wide memsh's own numbers are.
        Some(to & if self.width == 4 { umem::from(u32::MAX) } else { umem::from(u64::MAX) })
    }

    /// The entry, where its name is one.
    fn entry(&self, at: usize) -> Option<Export<'a>> {
        let name = index(self.leads(at, 1)?.checked_sub(self.image.virt.value())?)?;
        let text = self.bytes.get(name..)?;
        let len = memchr::memchr(0, text.get(..LONGEST_NAME).unwrap_or(text)).filter(|&l| l > 0)?;
        let text = text.get(..len)?;
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$');
        if !text.iter().all(|&b| letter(b)) || text.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        Some(Export { name: std::str::from_utf8(text).ok()?, address: VirtAddr::new(self.leads(at, 0)?) })
    }

    /// The entries of all tables, of which the one at `entry` is a part.
    fn around(&self, entry: usize) -> Vec<Export<'a>> {
        let Some(start) = self.entry(entry) else { return Vec::new() };
        let mut before = Vec::new();
        let (mut next, mut at, mut tables) = (start, entry, TABLES);
        while before.len() < MOST
            && let Some(place) = at.checked_sub(self.size)
            && let Some(one) = self.entry(place)
        {
            if one.name >= next.name {
                tables -= 1;
                if tables == 0 {
                    break;
                }
            }
            before.push(one);
            (next, at) = (one, place);
        }
        before.reverse();
        let mut all = before;
        all.push(start);
        let (mut last, mut at, mut tables) = (start, entry, TABLES);
        while all.len() < MOST
            && let Some(place) = at.checked_add(self.size)
            && let Some(one) = self.entry(place)
        {
            if one.name <= last.name {
                tables -= 1;
                if tables == 0 {
                    break;
                }
            }
            all.push(one);
            (last, at) = (one, place);
        }
        let end = self.image.virt.value().saturating_add(self.image.size);
        let inside = |a: VirtAddr| (self.image.virt.value()..end).contains(&a.value()) || a.value() < PER_CPU && self.width == 8;
        all.retain(|e| inside(e.address));
        all
    }
}

/// The table, where what kallsyms knows of it agrees.
fn proven<'a>(found: Vec<Export<'a>>, known: &dyn Symbols) -> Result<Vec<Export<'a>>, String> {
    let (mut right, mut wrong) = (0usize, 0usize);
    let agrees = |e: &Export<'_>, address: VirtAddr| {
        // A static function elsewhere may have the same name.
        code(e.address, address) || known.near(VirtAddr::new(e.address.value() & !1)).is_some_and(|(_, distance)| distance <= 1)
    };
    for e in &found {
        match known.address(e.name) {
            Some(address) if agrees(e, address) => right += 1,
            Some(_) => wrong += 1,
            None => {}
        }
    }
    if right < FEWEST || wrong * 50 > right {
        return Err(format!("what looks like an export table disagrees with kallsyms ({wrong} of {} functions)", right + wrong));
    }
    Ok(found)
}
