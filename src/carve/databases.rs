//! Files of pages that say where they belong.

use super::{File, Kind, LARGEST, View};

/// Blocks of a hive, and the page before them.
const BLOCK: u64 = 4096;

/// A hive of the registry: a base block with a checksum, then bins that say how far they lie from the first.
pub fn regf(view: &View<'_>) -> Option<File> {
    let base: Vec<u8> = view.get(0, 512)?;
    let (words, []) = base.as_chunks::<4>() else { return None };
    let number = |i: usize| words.get(i).map(|w| u32::from_le_bytes(*w));
    let sum = words.iter().take(127).fold(0, |sum, w| sum ^ u32::from_le_bytes(*w));
    // Zero and all ones are never written.
    let sum = match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    };
    let (major, minor, size) = (number(5)?, number(6)?, number(10)?);
    if sum != number(127)? || major != 1 || minor > 6 || size == 0 || !size.is_multiple_of(4096) {
        return None;
    }
    let size = BLOCK + u64::from(size);
    let name: Vec<u16> =
        base.get(48..112)?.as_chunks::<2>().0.iter().map(|u| u16::from_le_bytes(*u)).take_while(|u| *u != 0).collect();
    let name = String::from_utf16_lossy(&name).chars().filter(|c| !c.is_control()).collect::<String>();
    let dirty = if number(1)? == number(2)? { "" } else { ", being written" };
    let detail = format!("{}, version 1.{minor}{dirty}", if name.is_empty() { "no name" } else { &name });
    let mut at = BLOCK;
    while at < size.min(LARGEST) {
        let bin = view.array(at) == Some(*b"hbin") && view.u32(at + 4, false).map(u64::from) == Some(at - BLOCK);
        let length = view.u32(at + 8, false).map(u64::from).filter(|n| bin && *n > 0 && n.is_multiple_of(BLOCK));
        let Some(next) = length.and_then(|n| at.checked_add(n)).filter(|n| *n <= size) else { break };
        at = next;
    }
    Some(File::new(view, Kind::Regf, size, BLOCK, at, detail))
}

/// SQLite 3 (fileformat2.html): the header says how large and how many pages are; each page begins like one.
pub fn sqlite(view: &View<'_>) -> Option<File> {
    let head: [u8; 100] = view.array(0)?;
    let page = match u16::from_be_bytes([*head.get(16)?, *head.get(17)?]) {
        1 => 65536,
        n if n >= 512 && n.is_power_of_two() => u64::from(n),
        _ => return None,
    };
    // Versions 1 and 2, and fractions that have never been others.
    if !head.starts_with(b"SQLite format 3\0")
        || !matches!(head.get(18..20)?, [1..=2, 1..=2])
        || head.get(21..24)? != [64, 32, 32]
    {
        return None;
    }
    let count = u64::from(view.u32(28, true)?);
    let known = count > 0 && view.u32(24, true)? == view.u32(92, true)?;
    let encoding = match view.u32(56, true)? {
        2 => ", UTF-16",
        3 => ", UTF-16 high byte first",
        _ => "",
    };
    let detail = format!("{} pages of {page} bytes{encoding}", if known { count.to_string() } else { "unknown".to_owned() });
    let count = if known { count } else { LARGEST / page };
    let size = count.checked_mul(page).filter(|n| *n <= LARGEST)?;
    let good = (0..count).take_while(|n| sqlite_page(view, n * page, page, count, *n == 0).is_some()).count();
    let sound = u64::try_from(good).ok()? * page;
    let size = if known { size } else { sound + 1 };
    // Without a page of its own the header is all there is.
    let file = File::new(view, Kind::Sqlite, size, page, sound.max(100), detail);
    Some(File { size: if known { file.size } else { file.there }, ..file })
}

/// A page is one of a tree, or begins with the number of another page.
fn sqlite_page(view: &View<'_>, at: u64, size: u64, count: u64, first: bool) -> Option<()> {
    view.get(at + size - 1, 1)?;
    let header = if first { 100 } else { 0 };
    let [kind, f1, f2, n1, n2, c1, c2, _] = view.array::<8>(at + header)?;
    let (free, cells) = (u64::from(u16::from_be_bytes([f1, f2])), u64::from(u16::from_be_bytes([n1, n2])));
    let content = u64::from(u16::from_be_bytes([c1, c2]));
    let tree = matches!(kind, 2 | 5 | 10 | 13) && free < size && cells * 2 + 8 <= size && content <= size;
    let other = !first && u64::from(view.u32(at, true)?) <= count;
    // Of a map of pointers the first byte is a kind.
    let map = !first && matches!(kind, 1..=5) && u64::from(view.u32(at + 1, true)?) <= count;
    (tree || other || map).then_some(())
}
