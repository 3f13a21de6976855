//! Archives.

use super::{File, Kind, LARGEST, View};
use flate2::{Crc, Decompress, FlushDecompress, Status};

/// The directory's end is looked for this far behind the beginning.
const REACH: u64 = 64 << 20;
/// More entries than these are not gone through.
const ENTRIES: u32 = 1 << 16;

/// Zip (APPNOTE.TXT 6.3): entries, a directory of them, its end. The directory says where it and every entry lie, counted from the first.
pub fn zip(view: &View<'_>) -> Option<File> {
    let name = entry(view, 0)?;
    let mut from = 0;
    while let Some(end) = view.find(b"PK\x05\x06", from, REACH) {
        from = end + 4;
        let (Some(count), Some(size), Some(offset), Some(comment)) =
            (view.u16(end + 10, false), view.u32(end + 12, false), view.u32(end + 16, false), view.u16(end + 20, false))
        else {
            break;
        };
        // An archive within this one has an end of its own.
        if u64::from(offset) + u64::from(size) != end || count == 0 {
            continue;
        }
        let total = end + 22 + u64::from(comment);
        let sound = directory(view, u64::from(offset), end, u32::from(count));
        let detail = format!("{count} entries, {name} first");
        return Some(File::new(view, Kind::Zip, total, 0, sound.unwrap_or(total), detail));
    }
    // No directory: what of the entries holds together.
    let mut at = 0;
    let mut count = 0u32;
    while let Some(next) = follows(view, at).filter(|_| count < ENTRIES) {
        count += 1;
        at = next;
        if entry(view, at).is_none() {
            break;
        }
    }
    let there = view.available(at.min(LARGEST));
    let known = File::new(view, Kind::Zip, there.max(30) + 1, 30, there.max(30), format!("no directory, {name} first"));
    Some(File { size: known.there, ..known })
}

/// The name of an entry whose header makes sense.
fn entry(view: &View<'_>, at: u64) -> Option<String> {
    let head: [u8; 30] = view.array(at)?;
    let word = |i: usize| Some(u16::from_le_bytes([*head.get(i)?, *head.get(i + 1)?]));
    let (version, method, length) = (word(4)? & 0xff, word(8)?, word(26)?);
    let sane =
        head.starts_with(b"PK\x03\x04") && version <= 63 && matches!(method, 0..=19 | 93..=99) && (1..=1024).contains(&length);
    let name = view.get(at + 30, usize::from(length)).filter(|_| sane)?;
    let name = String::from_utf8(name).ok()?;
    (!name.chars().any(char::is_control)).then_some(name)
}

/// The end of an entry that says how long it is.
fn follows(view: &View<'_>, at: u64) -> Option<u64> {
    let (flags, packed) = (view.u16(at + 6, false)?, view.u32(at + 18, false)?);
    let (name, extra) = (view.u16(at + 26, false)?, view.u16(at + 28, false)?);
    let end = at + 30 + u64::from(name) + u64::from(extra) + u64::from(packed);
    (flags & 8 == 0 && end <= LARGEST).then_some(end)
}

/// Where an archive breaks off: at the first entry that its directory names and that is not there. None where it does not.
fn directory(view: &View<'_>, from: u64, end: u64, count: u32) -> Option<u64> {
    let mut at = from;
    let mut broken: Option<u64> = None;
    for _ in 0..count {
        let listed = view.array(at).filter(|s| s == b"PK\x01\x02" && at < end);
        let (Some(_), Some(place), Some(name), Some(extra), Some(comment)) =
            (listed, view.u32(at + 42, false), view.u16(at + 28, false), view.u16(at + 30, false), view.u16(at + 32, false))
        else {
            return Some(broken.map_or(from, |b| b.min(from)));
        };
        if view.array(u64::from(place)) != Some(*b"PK\x03\x04") {
            broken = Some(broken.map_or(u64::from(place), |b| b.min(u64::from(place))));
        }
        at += 46 + u64::from(name) + u64::from(extra) + u64::from(comment);
    }
    broken
}

/// Bytes that a stream may unpack to before it is believed to have no end.
const UNPACKED: u64 = 512 << 20;

/// gzip (RFC 1952). Its size is known by unpacking it alone; what comes out is counted and thrown away.
pub fn gzip(view: &View<'_>) -> Option<File> {
    let [.., method, flags, t0, t1, t2, t3, extra, system] = view.array::<10>(0)?;
    if method != 8 || flags & 0xe0 != 0 || !matches!(extra, 0 | 2 | 4) || !(system <= 13 || system == 255) {
        return None;
    }
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + u64::from(view.u16(at, false)?);
    }
    let mut text = |on: bool| {
        if !on {
            return Some(None);
        }
        let text = view.text(at, 255)?;
        at += text.len() as u64 + 1;
        Some(Some(text))
    };
    let name = text(flags & 8 != 0)?;
    text(flags & 16 != 0)?;
    at += if flags & 2 != 0 { 2 } else { 0 };
    let time = u32::from_le_bytes([t0, t1, t2, t3]);
    let mut detail = name.unwrap_or_else(|| "no name".to_owned());
    if time != 0 {
        detail += &format!(", time {time}");
    }
    let header = at;
    let (end, unpacked, crc) = inflate(view, at)?;
    view.count_unpacked(unpacked);
    let whole = crc.is_some_and(|crc| view.u32(end, false) == Some(crc) && view.u32(end + 4, false) == Some(low(unpacked)));
    detail += &format!(", {unpacked} bytes unpacked");
    if whole {
        return Some(File::new(view, Kind::Gzip, end + 8, 0, end + 8, detail));
    }
    // Chance unpacks to something, too.
    let file = File::new(view, Kind::Gzip, end + 1, header, end, detail);
    (unpacked >= 4096).then_some(File { size: file.there, ..file })
}

const fn low(n: u64) -> u32 {
    let [a, b, c, d, ..] = n.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Unpacks from `at` on: where it ended, how much came out, and its CRC where it came to its end.
fn inflate(view: &View<'_>, at: u64) -> Option<(u64, u64, Option<u32>)> {
    let mut unpack = Decompress::new(false);
    let mut crc = Crc::new();
    let mut out = vec![0; 64 << 10];
    let mut held: Vec<u8> = Vec::new();
    loop {
        let (before_in, before_out) = (unpack.total_in(), unpack.total_out());
        if held.is_empty() {
            held = view.upto(at + before_in, 64 << 10);
        }
        if held.is_empty() || before_out > UNPACKED || before_in > LARGEST {
            return Some((at + before_in, before_out, None));
        }
        let status = unpack.decompress(&held, &mut out, FlushDecompress::None);
        let taken = usize::try_from(unpack.total_in() - before_in).ok()?;
        let made = usize::try_from(unpack.total_out() - before_out).ok()?;
        crc.update(out.get(..made)?);
        held.drain(..taken.min(held.len()));
        match status {
            Ok(Status::StreamEnd) => return Some((at + unpack.total_in(), unpack.total_out(), Some(crc.sum()))),
            Ok(_) if taken > 0 || made > 0 => {}
            // It is broken, or does not go on.
            _ => return Some((at + unpack.total_in(), unpack.total_out(), None)),
        }
    }
}

/// 7z (7zFormat.txt of the LZMA SDK): a header with a CRC of its own says where the end header lies, and its CRC.
pub fn seven_zip(view: &View<'_>) -> Option<File> {
    let head: [u8; 32] = view.array(0)?;
    let crc_of = |bytes: &[u8]| {
        let mut crc = Crc::new();
        crc.update(bytes);
        crc.sum()
    };
    if view.u32(8, false)? != crc_of(head.get(12..)?) {
        return None;
    }
    let (offset, length, crc) = (view.u64(12, false)?, view.u64(20, false)?, view.u32(28, false)?);
    let start = offset.checked_add(32).filter(|n| *n <= LARGEST)?;
    let size = start.checked_add(length).filter(|n| *n <= LARGEST)?;
    let end = view.get(start, usize::try_from(length).ok()?);
    let whole = end.is_some_and(|end| crc_of(&end) == crc);
    let [_, _, _, _, _, _, major, minor] = view.array(0)?;
    Some(File::new(
        view,
        Kind::SevenZip,
        size,
        32,
        if whole { size } else { start.min(size - 1) },
        format!("version {major}.{minor}"),
    ))
}
