//! Cells of a hive: keys, values, lists.
//!
//! The form is that of hive files, the same since NT 4 (Maxim Suhanov, "Windows registry file format specification"; ReactOS, hivedata.h).
//! A cell is named by an index; whoever implements [`Bytes`] knows where that lies. Every number in a cell may be a lie.

use crate::os::windows::base::time::from_filetime;
use memsh_plugin::UnixNanos;
use std::collections::HashSet;

/// What cells lie in.
pub trait Bytes {
    /// Fills `out` from the byte of this index on; false where a byte of it is not there.
    fn fill(&self, at: u32, out: &mut [u8]) -> bool;
}

/// The bit of an index that tells volatile cells, which are in no file.
pub const VOLATILE: u32 = 1 << 31;
/// An index that leads nowhere (`HCELL_NIL`).
pub const NONE: u32 = u32::MAX;

/// `KEY_HIVE_EXIT`: another hive begins here.
const HIVE_EXIT: u16 = 2;
/// `KEY_HIVE_ENTRY`: it is the root of its hive.
const HIVE_ENTRY: u16 = 4;
/// `KEY_SYM_LINK`: the key stands for another.
const LINK: u16 = 0x10;
/// `KEY_PREDEF_HANDLE`: it stands for another part of the registry (`HKEY_PERFORMANCE_TEXT`), whose number is where others count values.
const PREDEFINED: u16 = 0x40;
/// `KEY_COMP_NAME`: the name's characters have a byte each.
const NARROW: u16 = 0x20;
/// `VALUE_COMP_NAME`: the same of a value.
const NARROW_VALUE: u16 = 1;
/// The bit of a value's size that says that its data are in the place of their cell.
const INLINE: u32 = 1 << 31;
/// Above this a value's data may be in pieces of this many bytes (`CM_KEY_VALUE_BIG`).
const PIECE: usize = 16344;

/// A key's fields end here, and its name begins.
const KEY: usize = 0x4c;
const VALUE: usize = 0x14;

/// Names of keys have at most 255 characters, of values 16383 (documented); names of keys of two bytes each.
const LONGEST_KEY: u16 = 512;
const LONGEST_VALUE: u16 = 0x7fff;
/// Subkeys or values that are listed of a key.
const MOST: usize = 1 << 20;
/// Lists of lists. Windows has one level of them.
const DEEPEST: u8 = 3;
/// Data of a value, in bytes: nothing in a registry is larger.
pub const LARGEST: usize = 16 << 20;
/// What is read of data at once: no memory is set aside for what is not there.
const STEP: usize = 1 << 16;

/// A key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Index of its cell.
    pub cell: u32,
    /// `KEY_*`.
    pub flags: u16,
    /// Name, without a path.
    pub name: String,
    /// When it, its values or its list of subkeys was last changed.
    pub written: Option<UnixNanos>,
    /// Index of its parent's cell.
    pub parent: u32,
    /// How many subkeys it has: stable ones, volatile ones.
    pub counts: [u32; 2],
    lists: [u32; 2],
    values: u32,
    value_list: u32,
    /// Index and bytes of the cell with its class.
    class: (u32, u16),
    /// What lies where the lists are, of a key that another hive begins at: the cell and the two places where the pointer to it may be.
    pub reference: [u8; 16],
}

impl Key {
    /// Whether its subkeys are in another hive.
    pub fn leaves_hive(&self) -> bool {
        self.flags & HIVE_EXIT != 0
    }

    /// Whether its hive begins with it.
    pub fn begins_hive(&self) -> bool {
        self.flags & HIVE_ENTRY != 0
    }

    /// Whether it stands for another key.
    pub fn is_link(&self) -> bool {
        self.flags & LINK != 0
    }

    /// Whether it is in no file.
    pub fn is_volatile(&self) -> bool {
        self.cell & VOLATILE != 0
    }

    /// How many values it has.
    pub fn value_count(&self) -> u32 {
        self.values
    }
}

/// A value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// Index of its cell.
    pub cell: u32,
    /// Name; empty for the key's own.
    pub name: String,
    /// `REG_*`.
    pub kind: u32,
    /// Size of its data in bytes.
    pub size: u32,
    /// Its data where they are short; else the index of their cell.
    data: [u8; 4],
    inline: bool,
}

/// An entry of a list: where it leads, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// Index of the cell.
    pub cell: u32,
    /// What is in it, where that can be read and is what it should be.
    pub found: Option<T>,
}

/// The entries of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<T> {
    /// Those that are there.
    pub all: Vec<Entry<T>>,
    /// What is not right with the list.
    pub wrong: Vec<String>,
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { all: Vec::new(), wrong: Vec::new() }
    }
}

fn u16_of(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn u32_of(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

/// The index so many bytes behind another, in the same half.
fn beyond(at: u32, by: u32) -> Option<u32> {
    let low = (at & !VOLATILE).checked_add(by).filter(|low| low & VOLATILE == 0)?;
    Some(low | at & VOLATILE)
}

/// Characters of one byte each, or UTF-16.
fn name_of(bytes: &[u8], narrow: bool) -> String {
    match narrow {
        true => bytes.iter().map(|&b| char::from(b)).collect(),
        false => {
            let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
            String::from_utf16_lossy(&units)
        }
    }
}

/// Reads cells.
pub struct Cells<'b, B: ?Sized>(pub &'b B);

impl<B: Bytes + ?Sized> Cells<'_, B> {
    /// Where the content of a cell begins, and its size. A cell that is free holds nothing.
    fn content(&self, cell: u32) -> Option<(u32, u32)> {
        if cell == NONE || !cell.is_multiple_of(8) {
            return None;
        }
        let mut size = [0; 4];
        if !self.0.fill(cell, &mut size) {
            return None;
        }
        // Cells in use have their size negated.
        let size = i32::from_le_bytes(size).checked_neg().and_then(|n| u32::try_from(n).ok())?;
        Some((beyond(cell, 4)?, size.checked_sub(4)?))
    }

    /// The first `len` bytes of a cell's content, all of which it must have.
    fn bytes(&self, cell: u32, len: usize) -> Option<Vec<u8>> {
        let (at, room) = self.content(cell)?;
        if len > usize::try_from(room).ok()? || len > LARGEST {
            return None;
        }
        let mut out = Vec::new();
        while out.len() < len {
            let from = out.len();
            out.resize(len.min(from + STEP), 0);
            let here = beyond(at, u32::try_from(from).ok()?)?;
            if !self.0.fill(here, out.get_mut(from..)?) {
                return None;
            }
        }
        Some(out)
    }

    /// The key in a cell.
    pub fn key(&self, cell: u32) -> Option<Key> {
        let head = self.bytes(cell, KEY)?;
        let flags = u16_of(&head, 2)?;
        let length = u16_of(&head, 0x48)?;
        if !head.starts_with(b"nk") || length > LONGEST_KEY {
            return None;
        }
        let whole = self.bytes(cell, KEY + usize::from(length))?;
        let number = |at| u32_of(&head, at);
        Some(Key {
            cell,
            flags,
            name: name_of(whole.get(KEY..)?, flags & NARROW != 0),
            written: from_filetime(u64::from(number(4)?) | u64::from(number(8)?) << 32),
            parent: number(0x10)?,
            counts: [number(0x14)?, number(0x18)?],
            lists: [number(0x1c)?, number(0x20)?],
            values: number(0x24)?,
            value_list: number(0x28)?,
            class: (number(0x30)?, u16_of(&head, 0x4a)?),
            reference: *head.get(0x1c..)?.first_chunk()?,
        })
    }

    /// The value in a cell.
    pub fn value(&self, cell: u32) -> Option<Value> {
        let head = self.bytes(cell, VALUE)?;
        let length = u16_of(&head, 2)?;
        if !head.starts_with(b"vk") || length > LONGEST_VALUE {
            return None;
        }
        let whole = self.bytes(cell, VALUE + usize::from(length))?;
        let size = u32_of(&head, 4)?;
        let inline = size & INLINE != 0;
        Some(Value {
            cell,
            name: name_of(whole.get(VALUE..)?, u16_of(&head, 0x10)? & NARROW_VALUE != 0),
            kind: u32_of(&head, 0xc)?,
            size: size & !INLINE,
            data: *head.get(8..)?.first_chunk()?,
            inline,
        })
    }

    /// What a key's class says; few keys have one.
    pub fn class(&self, key: &Key) -> Option<String> {
        let (cell, length) = key.class;
        let bytes = self.bytes(cell, usize::from(length))?;
        (length > 0).then(|| name_of(&bytes, false))
    }

    /// The data of a value.
    pub fn data(&self, value: &Value) -> Option<Vec<u8>> {
        let size = usize::try_from(value.size).ok()?;
        if value.inline {
            return value.data.get(..size).map(<[u8]>::to_vec);
        }
        if size == 0 {
            return Some(Vec::new());
        }
        let cell = u32::from_le_bytes(value.data);
        // A cell that has room for all of it holds it, however it begins.
        let whole = self.bytes(cell, size);
        if whole.is_some() || size <= PIECE {
            return whole;
        }
        let head = self.bytes(cell, 8).filter(|h| h.starts_with(b"db"))?;
        self.pieces(&head, size)
    }

    /// Data in pieces: a count, and the cell with the list of their cells.
    fn pieces(&self, head: &[u8], size: usize) -> Option<Vec<u8>> {
        let count = usize::from(u16_of(head, 2)?);
        if size > LARGEST || size > count.checked_mul(PIECE)? {
            return None;
        }
        let list = self.bytes(u32_of(head, 4)?, count.checked_mul(4)?)?;
        let mut out = Vec::new();
        for piece in list.as_chunks::<4>().0 {
            let rest = size.checked_sub(out.len())?;
            out.extend(self.bytes(u32::from_le_bytes(*piece), rest.min(PIECE))?);
            if out.len() == size {
                return Some(out);
            }
        }
        None
    }

    /// The cells of a list of subkeys.
    fn leaves(&self, cell: u32, depth: u8, seen: &mut HashSet<u32>, out: &mut Entries<u32>) {
        if !seen.insert(cell) {
            return out.wrong.push("a list of subkeys stands in itself".to_owned());
        }
        let head = self.bytes(cell, 4);
        let count = head.as_deref().and_then(|h| u16_of(h, 2));
        let kind = head.as_deref().and_then(|h| h.first_chunk::<2>().copied());
        let (Some(count), Some(kind)) = (count, kind) else {
            return out.wrong.push("a list of subkeys can't be read".to_owned());
        };
        let step = match &kind {
            // With each a part of its name, or a hash of it.
            b"lf" | b"lh" => 8,
            b"li" | b"ri" => 4,
            _ => return out.wrong.push("a list of subkeys is none".to_owned()),
        };
        let Some(list) = self.bytes(cell, 4 + usize::from(count) * step) else {
            return out.wrong.push(format!("a list of {count} subkeys can't be read"));
        };
        for entry in list.get(4..).unwrap_or_default().chunks_exact(step) {
            let Some(next) = u32_of(entry, 0) else { return };
            if out.all.len() >= MOST {
                return;
            }
            match (&kind == b"ri", depth) {
                (true, 0) => return out.wrong.push("lists of subkeys are too deep".to_owned()),
                (true, _) => self.leaves(next, depth - 1, seen, out),
                (false, _) => out.all.push(Entry { cell: next, found: Some(next) }),
            }
        }
    }

    /// The subkeys of a key, those of its volatile part behind the others.
    pub fn subkeys(&self, key: &Key) -> Entries<Key> {
        let mut out = Entries::default();
        if key.leaves_hive() {
            return out;
        }
        for (i, (count, list)) in key.counts.into_iter().zip(key.lists).enumerate() {
            // How many volatile ones there were when the file was written is of no meaning any more.
            if count == 0 || i == 1 && list == NONE {
                continue;
            }
            let mut cells = Entries::default();
            self.leaves(list, DEEPEST, &mut HashSet::new(), &mut cells);
            let whole = cells.wrong.is_empty();
            out.wrong.append(&mut cells.wrong);
            let counted = usize::try_from(count).unwrap_or(usize::MAX);
            if cells.all.len() != counted && whole {
                out.wrong.push(format!("a key counts {count} subkeys, and {} are in its list", cells.all.len()));
            }
            for (i, entry) in cells.all.iter().enumerate() {
                let found = self.key(entry.cell);
                // What stands behind the last is left over from before, unless it is a subkey all the same.
                if i < counted || found.as_ref().is_some_and(|k| k.parent == key.cell) {
                    out.all.push(Entry { cell: entry.cell, found });
                }
            }
        }
        out
    }

    /// The values of a key.
    pub fn values(&self, key: &Key) -> Entries<Value> {
        let mut out = Entries::default();
        // A key that another hive begins at has something else there.
        if key.values == 0 || key.flags & (HIVE_EXIT | PREDEFINED) != 0 {
            return out;
        }
        let count = usize::try_from(key.values).unwrap_or(usize::MAX).min(MOST);
        let Some(list) = self.bytes(key.value_list, count * 4) else {
            out.wrong.push(format!("a list of {} values can't be read", key.values));
            return out;
        };
        for cell in list.as_chunks::<4>().0 {
            let cell = u32::from_le_bytes(*cell);
            out.all.push(Entry { cell, found: self.value(cell) });
        }
        out
    }

    /// The subkey of this name, in any case.
    pub fn child(&self, key: &Key, name: &str) -> Option<Key> {
        let wanted = name.to_lowercase();
        self.subkeys(key).all.into_iter().filter_map(|e| e.found).find(|k| k.name.to_lowercase() == wanted)
    }

    /// The value of this name, in any case.
    pub fn value_named(&self, key: &Key, name: &str) -> Option<Value> {
        let wanted = name.to_lowercase();
        self.values(key).all.into_iter().filter_map(|e| e.found).find(|v| v.name.to_lowercase() == wanted)
    }
}
