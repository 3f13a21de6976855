//! What a history of commands looks like.

use super::Line;
use crate::engine::ViewExt;
use crate::os::windows::base::kernel::Reader;
use crate::os::windows::base::text::utf16;
use memsh_plugin::{VirtAddr, umem};

/// A history has room for 50 commands unless the user wants more; the dialog takes up to 999.
const ROOM: std::ops::RangeInclusive<u16> = 1..=999;
/// `CLE_ALLOCATED` and `CLE_RESET`.
const FLAGS: u32 = 3;
/// No line is longer, in characters; nor is a program's name.
const LINE: u64 = 0x7fff;
const NAME: u64 = 260;
/// A string of up to so many bytes lies in the object itself.
const SHORT: u64 = 16;

/// One of the two forms, of one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `struct _COMMAND_HISTORY`.
    Structure { wide: bool },
    /// `class CommandHistory` in a node of `std::list`.
    Class { wide: bool },
}

/// A structure's first bytes.
#[derive(Clone, Copy)]
struct Head<'b>(&'b [u8]);

impl Head<'_> {
    fn u16(self, at: usize) -> Option<u16> {
        self.0.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
    }

    fn u32(self, at: usize) -> Option<u32> {
        self.0.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
    }

    /// A number of a pointer's size.
    fn word(self, at: usize, wide: bool) -> Option<u64> {
        match wide {
            true => self.0.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b)),
            false => self.u32(at).map(u64::from),
        }
    }
}

/// Whether a user's structure can lie there.
fn pointer(at: u64, wide: bool) -> bool {
    let (last, align) = if wide { (0x7fff_ffff_ffff, 8) } else { (0xffff_0000, 4) };
    (0x1_0000..=last).contains(&at) && at.is_multiple_of(align)
}

fn virt(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}

/// Whether somebody may have typed this.
fn is_text(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '\t' || !c.is_control() && c != char::REPLACEMENT_CHARACTER)
}

impl Shape {
    pub(super) const fn all(wide: bool) -> [Self; 2] {
        [Self::Class { wide }, Self::Structure { wide }]
    }

    /// Whether what begins so may be one, by itself alone.
    pub(super) fn may_be(self, bytes: &[u8]) -> bool {
        let head = Head(bytes);
        let fits = match self {
            Self::Class { wide } => class_fits(head, wide),
            Self::Structure { wide } => structure_fits(head, wide),
        };
        fits == Some(true)
    }

    /// The commands of the one at `at`, where it is one: what it points to agrees.
    pub(super) fn read(self, reader: &Reader<'_>, at: VirtAddr, bytes: &[u8]) -> Option<Vec<Line>> {
        let head = Head(bytes);
        let (Self::Class { wide } | Self::Structure { wide }) = self;
        // Its neighbours in the list point back.
        let [next, last] = [head.word(0, wide)?, head.word(word(wide), wide)?].map(virt);
        if reader.ptr(next.wrapping_add(reader.width())) != Some(at) || reader.ptr(last) != Some(at) {
            return None;
        }
        match self {
            Self::Class { wide } => class(reader, at, head, wide),
            Self::Structure { wide } => structure(reader, at, head, wide),
        }
    }
}

const fn word(wide: bool) -> usize {
    if wide { 8 } else { 4 }
}

/// Where the class has its members: the vector, the room, the program's name, the flags. `std::wstring` has 16 bytes for short text or
/// a pointer, its length and its capacity, in characters.
const fn class_members(wide: bool) -> [usize; 4] {
    if wide { [0x10, 0x28, 0x30, 0x58] } else { [0x08, 0x14, 0x18, 0x34] }
}

const fn string_bytes(wide: bool) -> u64 {
    if wide { 32 } else { 24 }
}

fn class_fits(head: Head<'_>, wide: bool) -> Option<bool> {
    let [vector, room, name, flags] = class_members(wide);
    let room = head.u16(room).filter(|r| ROOM.contains(r))?;
    let [begin, end, capacity] =
        [head.word(vector, wide)?, head.word(vector + word(wide), wide)?, head.word(vector + 2 * word(wide), wide)?];
    let used = end.checked_sub(begin).filter(|n| *n > 0 && n.is_multiple_of(string_bytes(wide)))?;
    let length = head.word(name + 16, wide)?;
    let space = head.word(name + 16 + word(wide), wide)?;
    let links = [head.word(0, wide)?, head.word(word(wide), wide)?];
    Some(
        links.iter().all(|l| pointer(*l, wide))
            && pointer(begin, wide)
            && capacity >= end
            && used / string_bytes(wide) <= u64::from(room)
            && (1..=NAME).contains(&length)
            && space >= length
            && head.u32(flags)? <= FLAGS,
    )
}

/// The `std::wstring` at `at`.
fn string(reader: &Reader<'_>, at: VirtAddr, most: u64) -> Option<String> {
    let [length, space] = [16, 16 + reader.width()].map(|o| reader.ptr(at.wrapping_add(o)).map(VirtAddr::value));
    let length = crate::engine::to_u64(length?).filter(|n| (1..=most).contains(n))?;
    let space = crate::engine::to_u64(space?).filter(|n| *n >= length)?;
    // Seven characters and their end fit into the object.
    let buffer = if space < SHORT / 2 { at } else { reader.ptr(at)? };
    utf16(reader.view(), buffer, usize::try_from(length * 2).ok()?).filter(|t| is_text(t))
}

fn class(reader: &Reader<'_>, at: VirtAddr, head: Head<'_>, wide: bool) -> Option<Vec<Line>> {
    let [vector, _, name, _] = class_members(wide);
    let application = string(reader, at.wrapping_add(umem::try_from(name).ok()?), NAME)?;
    let (begin, end) = (head.word(vector, wide)?, head.word(vector + word(wide), wide)?);
    let entries = (begin..end).step_by(usize::try_from(string_bytes(wide)).ok()?).map(virt);
    let lines = entries.map(|at| (at, string(reader, at, LINE)));
    lines_of(application, lines.collect())
}

/// Where the structure has its members: flags, the pointer to the name, five counts, the list of pop-ups, the commands.
const fn structure_members(wide: bool) -> [usize; 5] {
    if wide { [0x10, 0x18, 0x20, 0x38, 0x48] } else { [0x08, 0x0c, 0x10, 0x20, 0x28] }
}

/// Number of commands, the last that was added, the last that was shown, the first, and the room for them.
fn counts(head: Head<'_>, wide: bool) -> Option<[u16; 5]> {
    let [_, _, counts, ..] = structure_members(wide);
    Some([
        head.u16(counts)?,
        head.u16(counts + 2)?,
        head.u16(counts + 4)?,
        head.u16(counts + 6)?,
        head.u16(counts + 8).filter(|r| ROOM.contains(r))?,
    ])
}

fn structure_fits(head: Head<'_>, wide: bool) -> Option<bool> {
    let [flags, name, _, popups, _] = structure_members(wide);
    let [used, added, shown, first, room] = counts(head, wide)?;
    let or_none = |n: u16| n < room || n == u16::MAX;
    let links = [0, word(wide), popups, popups + word(wide)].map(|o| head.word(o, wide));
    Some(
        (1..=room).contains(&used)
            && or_none(added)
            && or_none(shown)
            && first < room
            && head.u32(flags)? <= FLAGS
            && links.iter().all(|l| l.is_some_and(|l| pointer(l, wide)))
            // Text is aligned to its characters.
            && pointer(head.word(name, wide)? & !6, wide),
    )
}

/// Text that ends with a zero.
fn zero_ended(reader: &Reader<'_>, at: VirtAddr) -> Option<String> {
    let mut units = Vec::new();
    for n in 0..NAME {
        match reader.view().read_u16(at.wrapping_add(umem::from(n * 2))).ok()? {
            0 => return Some(String::from_utf16_lossy(&units)).filter(|t| is_text(t)),
            unit => units.push(unit),
        }
    }
    None
}

/// A command: its length in bytes and its characters. The length has 16 bits, in the last builds the size of a pointer.
fn command(reader: &Reader<'_>, at: VirtAddr) -> Option<String> {
    let length = usize::from(reader.view().read_u16(at).ok()?);
    if length == 0 || length % 2 == 1 {
        return None;
    }
    [2, reader.width()].into_iter().find_map(|o| utf16(reader.view(), at.wrapping_add(o), length).filter(|t| is_text(t)))
}

fn structure(reader: &Reader<'_>, at: VirtAddr, head: Head<'_>, wide: bool) -> Option<Vec<Line>> {
    let [_, name, .., commands] = structure_members(wide);
    let application = zero_ended(reader, virt(head.word(name, wide)?))?;
    let [used, _, _, first, room] = counts(head, wide)?;
    let slot = |n: u16| {
        let n = u32::from(first) + u32::from(n);
        at.wrapping_add(umem::try_from(commands).unwrap_or(0) + umem::from(n % u32::from(room)) * reader.width())
    };
    let entries = (0..used).filter_map(|n| reader.ptr(slot(n)));
    lines_of(application, entries.map(|at| (at, command(reader, at))).collect())
}

/// The lines of a history, where at least one of them is text.
fn lines_of(application: String, lines: Vec<(VirtAddr, Option<String>)>) -> Option<Vec<Line>> {
    lines.iter().any(|(_, line)| line.is_some()).then(|| {
        let number = |(address, line), position| Line { application: application.clone(), position, line, address };
        lines.into_iter().zip(1..).map(|(line, n)| number(line, n)).collect()
    })
}
